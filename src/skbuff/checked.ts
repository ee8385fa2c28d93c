import { SkbError } from './errors.js';
import type { SkbPool } from './pool.js';
import type { SkBuff, SkbBuffer } from './skb.js';

/** The byte that fills freed buffers, Linux' POISON_FREE. */
export const POISON_FREE = 0x6b;
const POISON_WORD = 0x6b6b6b6b;

/** Fills a freed data area with the free pattern. */
export function poison(pool: SkbPool, buf: SkbBuffer): void {
  pool.arena.u8.fill(POISON_FREE, buf.addr, buf.addr + buf.size);
  buf.poisoned = 1;
}

/** Verifies the free pattern when a data area is used again; a changed byte was written after the free. */
export function checkPoison(pool: SkbPool, buf: SkbBuffer, id: number): void {
  if (buf.poisoned === 0) return;
  buf.poisoned = 0;
  const i32 = pool.arena.i32;
  const first = buf.addr >>> 2;
  const last = (buf.addr + buf.size) >>> 2;
  for (let i = first; i < last; i++) {
    if (i32[i] !== POISON_WORD) {
      const at = i * 4 - buf.addr;
      throw new SkbError('USE_AFTER_FREE', id, `buffer at 0x${hex(buf.addr)} was written at +${at} after it was freed`);
    }
  }
}

/** Verifies every free data area of the pool now, not only when it is used again. */
export function skb_check_poison(pool: SkbPool): void {
  for (const head of pool.free) {
    for (let skb = head; skb !== null; skb = skb.next) {
      const buf = skb.buf as SkbBuffer;
      if (buf.poisoned === 0) continue;
      checkPoison(pool, buf, skb.id);
      buf.poisoned = 1;
    }
  }
}

/** One skb that is still in use, as a leak report names it. */
export interface SkbLeak {
  id: number;
  users: number;
  len: number;
  protocol: number;
  journey: number;
  dev: string;
  /** True while it lies in a device's receive ring. */
  posted: boolean;
}

/** All skbs of the pool in use, in the order of their ids. */
export function skb_live(pool: SkbPool): SkbLeak[] {
  const out: SkbLeak[] = [];
  for (const skb of pool.skbs) {
    if (skb === null || skb.users === 0) continue;
    out.push({
      id: skb.id,
      users: skb.users,
      len: skb.len,
      protocol: skb.protocol,
      journey: skb.journey,
      dev: skb.dev === null ? '' : skb.dev.name,
      posted: skb.buf !== null && skb.buf.posted !== 0,
    });
  }
  return out;
}

/** Throws LEAK, listing them, when any skb is in use. For the end of a run whose devices are closed and queues empty. */
export function skb_assert_no_leak(pool: SkbPool): void {
  const live = skb_live(pool);
  const first = live[0];
  if (first === undefined) return;
  const text = live
    .slice(0, 8)
    .map((s) => `#${s.id} len ${s.len} proto 0x${hex(s.protocol)} ${s.dev} journey ${s.journey}`)
    .join('; ');
  throw new SkbError('LEAK', first.id, `${live.length} skb(s) never freed: ${text}`);
}

/**
 * A driver gives the skb's data area to the device, which may write there until `skb_ring_take`. Throws RING_SLOT_REUSED
 * when someone else may still read it: it is posted already, shared with a clone, or referenced twice.
 */
export function skb_ring_give(skb: SkBuff): void {
  const buf = skb.buf;
  if (skb.users === 0 || buf === null) throw new SkbError('USE_AFTER_FREE', skb.id, 'freed skb given to a ring');
  if (buf.posted !== 0 || buf.dataref !== 1 || skb.users !== 1) {
    const why = buf.posted !== 0 ? 'is in a ring already' : 'is still referenced elsewhere';
    throw new SkbError('RING_SLOT_REUSED', skb.id, `data area of skb #${skb.id} ${why}`);
  }
  buf.posted = 1;
}

/** The driver has the data area back from the device. */
export function skb_ring_take(skb: SkBuff): void {
  (skb.buf as SkbBuffer).posted = 0;
}

/** Text of a number in hexadecimal. */
export function hex(n: number): string {
  return (n >>> 0).toString(16);
}
