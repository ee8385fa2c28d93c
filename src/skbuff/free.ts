import { TP } from '../sim/index.js';
import { hex, poison } from './checked.js';
import { SKB_CONSUMED } from './drop-reasons.js';
import { SkbError } from './errors.js';
import type { SkbPool } from './pool.js';
import type { SkBuff, SkbBuffer } from './skb.js';

/** Value of the offsets of a freed skb: every access through them is out of range. */
const FREED = 0x7fffffff;

/** `skb_get`: one more reference to the same object. */
export function skb_get(skb: SkBuff): SkBuff {
  skb.users++;
  return skb;
}

/** `skb_shared`: more than one reference to the object. */
export function skb_shared(skb: SkBuff): boolean {
  return skb.users !== 1;
}

/** `consume_skb`: drops a reference to a packet that served its purpose. DOUBLE_FREE when there is none left. */
export function consume_skb(skb: SkBuff): void {
  if (skb.users > 1) {
    skb.users--;
    return;
  }
  free_one(skb, SKB_CONSUMED);
}

/**
 * `kfree_skb_reason`: drops a reference; with the last one the packet counts as dropped for `reason` (in `pool.drops`, the
 * digest and the trace). SKB_CONSUMED makes it `consume_skb`. DOUBLE_FREE when there is no reference left.
 */
export function kfree_skb_reason(skb: SkBuff, reason: number): void {
  if (skb.users > 1) {
    skb.users--;
    return;
  }
  free_one(skb, reason);
}

/** `kfree_skb_list_reason`: frees a chain linked by `next`. */
export function kfree_skb_list_reason(list: SkBuff | null, reason: number): void {
  let skb = list;
  while (skb !== null) {
    const next = skb.next;
    skb.next = null;
    kfree_skb_reason(skb, reason);
    skb = next;
  }
}

/** `skb_orphan`: the packet leaves its socket, whose destructor runs. */
export function skb_orphan(skb: SkBuff): void {
  const sk = skb.sk;
  if (sk === null) return;
  skb.sk = null;
  sk.skb_destructor(skb);
}

function free_one(skb: SkBuff, reason: number): void {
  const pool = skb.pool;
  const buf = skb.buf as SkbBuffer;
  if (skb.users !== 1 || skb.list !== null || (buf.posted !== 0 && buf.dataref === 1)) bad_free(skb);
  if (reason === SKB_CONSUMED) {
    pool.consumed++;
    const trace = pool.sim.trace;
    if (trace.on) trace.put(TP.SKB_FREE, pool.who, skb.journey, skb.id, skb.len, 0);
  } else {
    count_drop(pool, skb, reason);
  }
  if (skb.sk !== null) skb_orphan(skb);
  if (skb.frag_list !== null) {
    const frags = skb.frag_list;
    skb.frag_list = null;
    free_frags(frags, reason);
  }
  release(skb, buf);
}

function bad_free(skb: SkBuff): never {
  if (skb.users !== 1) throw new SkbError('DOUBLE_FREE', skb.id, `skb #${skb.id} is free already`);
  if (skb.list !== null) throw new SkbError('USE_AFTER_FREE', skb.id, `skb #${skb.id} freed while it is on a queue`);
  const at = hex((skb.buf as SkbBuffer).addr);
  throw new SkbError('RING_SLOT_REUSED', skb.id, `skb #${skb.id} freed while 0x${at} is in a receive ring`);
}

function count_drop(pool: SkbPool, skb: SkBuff, reason: number): void {
  const sim = pool.sim;
  pool.dropped++;
  pool.drops[reason]++;
  sim.digest.mix(reason);
  sim.digest.mixTime();
  if (sim.trace.on) sim.trace.put(TP.SKB_DROP, pool.who, skb.journey, skb.id, reason, skb.len);
}

/** A chain may be shared with a clone: each part loses one reference; those that stay alive stay linked. */
function free_frags(list: SkBuff, reason: number): void {
  let skb: SkBuff | null = list;
  while (skb !== null) {
    const next: SkBuff | null = skb.next;
    kfree_skb_reason(skb, reason);
    skb = next;
  }
}

function release(skb: SkBuff, buf: SkbBuffer): void {
  const pool = skb.pool;
  pool.live--;
  skb.users = 0;
  skb.dev = null;
  skb.dst = null;
  skb.prev = null;
  skb.head = skb.data = skb.tail = FREED;
  skb.end = skb.len = skb.data_len = 0;
  put_buffer(skb, buf);
  if (skb.buf === null) {
    skb.next = pool.bare;
    pool.bare = skb;
  } else {
    skb.next = pool.free[buf.cls];
    pool.free[buf.cls] = skb;
  }
}

/** Drops the skb's reference to its data area; `skb.buf` stays only when the area is now free and the pool's own. */
function put_buffer(skb: SkBuff, buf: SkbBuffer): void {
  if (--buf.dataref > 0) {
    skb.buf = null;
    return;
  }
  if (skb.pool.checked) poison(skb.pool, buf);
  const owner = buf.owner;
  if (owner !== null) {
    skb.buf = null;
    owner.page_returned(buf);
  }
}

/** Replaces the data area of a live skb by `fresh` (`pskb_expand_head`, copies); the old one loses a reference. */
export function swap_buffer(skb: SkBuff, fresh: SkbBuffer): void {
  const old = skb.buf as SkbBuffer;
  put_buffer(skb, old);
  if (skb.buf !== null) {
    const pool = skb.pool;
    const keeper = pool.take_bare();
    keeper.buf = old;
    keeper.next = pool.free[old.cls];
    pool.free[old.cls] = keeper;
  }
  skb.buf = fresh;
}
