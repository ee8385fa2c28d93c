import { ENOMEM } from '../uapi/index.js';
import { skb_copy_bits } from './copy.js';
import { skb_headlen } from './data.js';
import { SkbError } from './errors.js';
import { consume_skb, skb_get, swap_buffer } from './free.js';
import { init_skb } from './pool.js';
import type { SkBuff, SkbBuffer } from './skb.js';

/** `skb_cloned`: the data may be written by nobody, because a clone reads it too. */
export function skb_cloned(skb: SkBuff): boolean {
  return skb.cloned !== 0 && (skb.buf as SkbBuffer).dataref !== 1;
}

/**
 * `skb_clone`: a second packet over the same data. Both count as cloned; the clone belongs to no socket. The parts in
 * `frag_list` are shared by reference.
 */
export function skb_clone(skb: SkBuff): SkBuff {
  const pool = skb.pool;
  if (skb.users === 0) throw new SkbError('USE_AFTER_FREE', skb.id, `skb_clone of freed skb #${skb.id}`);
  const n = pool.take_bare();
  init_skb(n, skb.head, skb.end);
  const buf = skb.buf as SkbBuffer;
  buf.dataref++;
  n.buf = buf;
  n.data = skb.data;
  n.tail = skb.tail;
  n.len = skb.len;
  n.data_len = skb.data_len;
  n.truesize = skb.truesize;
  n.mac_header = skb.mac_header;
  n.network_header = skb.network_header;
  n.transport_header = skb.transport_header;
  n.csum_start = skb.csum_start;
  copy_header(n, skb);
  skb.cloned = n.cloned = 1;
  n.frag_list = skb.frag_list;
  for (let f = skb.frag_list; f !== null; f = f.next) skb_get(f);
  pool.count_alloc(n, 0);
  return n;
}

/** Fields that a clone and a copy both take over: everything but data, offsets, references and owner. */
function copy_header(to: SkBuff, from: SkBuff): void {
  to.protocol = from.protocol;
  to.pkt_type = from.pkt_type;
  to.ip_summed = from.ip_summed;
  to.csum = from.csum;
  to.csum_valid = from.csum_valid;
  to.csum_offset = from.csum_offset;
  to.dev = from.dev;
  to.dst = from.dst;
  to.journey = from.journey;
  to.hash = from.hash;
  to.priority = from.priority;
  to.mark = from.mark;
  to.skb_iif = from.skb_iif;
  to.cb0 = from.cb0;
  to.cb1 = from.cb1;
  to.cb2 = from.cb2;
  to.cb3 = from.cb3;
  to.cb4 = from.cb4;
  to.cb5 = from.cb5;
  to.cb6 = from.cb6;
  to.cb7 = from.cb7;
}

/** Moves the header offsets of `to` as those of `from` lie, `delta` bytes further. An unset offset (0) stays unset. */
function shift_headers(to: SkBuff, from: SkBuff, delta: number): void {
  to.mac_header = from.mac_header === 0 ? 0 : (from.mac_header + delta) | 0;
  to.network_header = from.network_header === 0 ? 0 : (from.network_header + delta) | 0;
  to.transport_header = from.transport_header === 0 ? 0 : (from.transport_header + delta) | 0;
  to.csum_start = from.csum_start === 0 ? 0 : (from.csum_start + delta) | 0;
}

/** `skb_copy`: a private, linear copy with the same headroom. Null when no memory is left. */
export function skb_copy(skb: SkBuff): SkBuff | null {
  return skb_copy_expand(skb, (skb.data - skb.head) | 0, skb.data_len !== 0 ? 0 : (skb.end - skb.tail) | 0);
}

/** `skb_copy_expand`: a private, linear copy with `headroom` and `tailroom` free bytes. Null when no memory is left. */
export function skb_copy_expand(skb: SkBuff, headroom: number, tailroom: number): SkBuff | null {
  const n = skb.pool.alloc_skb(headroom + skb.len + tailroom);
  if (n === null) return null;
  n.data = (n.head + headroom) | 0;
  n.len = skb.len;
  n.tail = (n.data + n.len) | 0;
  const back = Math.min(headroom, (skb.data - skb.head) | 0);
  const u8 = skb.pool.arena.u8;
  u8.copyWithin(n.data - back, skb.data - back, skb.data);
  skb_copy_bits(skb, 0, n.data, skb.len);
  copy_header(n, skb);
  shift_headers(n, skb, (n.data - skb.data) | 0);
  skb.pool.arena.tags[n.head >>> 11] = skb.journey;
  return n;
}

/**
 * `pskb_expand_head`: gives the packet a private data area with `nhead` more bytes in front and `ntail` more behind.
 * All addresses into the old area are stale. Returns 0 or -ENOMEM. SHARED when others hold the same object.
 */
export function pskb_expand_head(skb: SkBuff, nhead: number, ntail: number): number {
  if (skb.users !== 1)
    throw new SkbError('SHARED', skb.id, `pskb_expand_head on skb #${skb.id} with ${skb.users} users`);
  const pool = skb.pool;
  const size = (skb.end - skb.head + nhead + ntail + 63) & ~63;
  const fresh = pool.take_buffer(size);
  if (fresh === null) return -ENOMEM;
  const u8 = pool.arena.u8;
  u8.copyWithin(fresh.addr + nhead, skb.head, skb.tail);
  const delta = (fresh.addr + nhead - skb.head) | 0;
  shift_headers(skb, skb, delta);
  skb.head = fresh.addr;
  skb.data = (skb.data + delta) | 0;
  skb.tail = (skb.tail + delta) | 0;
  skb.end = (fresh.addr + size) | 0;
  skb.cloned = 0;
  pool.arena.tags[fresh.addr >>> 11] = skb.journey;
  swap_buffer(skb, fresh);
  return 0;
}

/** `skb_cow`: makes the data private with at least `headroom` bytes in front. 0 or -ENOMEM. */
export function skb_cow(skb: SkBuff, headroom: number): number {
  const have = (skb.data - skb.head) | 0;
  if (have >= headroom && !skb_cloned(skb)) return 0;
  return pskb_expand_head(skb, have >= headroom ? 0 : (headroom - have + 63) & ~63, 0);
}

/** `skb_share_check`: a packet this caller may change the fields of; the given reference is used up. */
export function skb_share_check(skb: SkBuff): SkBuff {
  if (skb.users === 1) return skb;
  const n = skb_clone(skb);
  consume_skb(skb);
  return n;
}

/** `skb_unshare`: a packet whose data this caller may change; the given reference is used up. Null: no memory. */
export function skb_unshare(skb: SkBuff): SkBuff | null {
  if (!skb_cloned(skb) && skb.users === 1) return skb;
  const n = skb_copy(skb);
  consume_skb(skb);
  return n;
}

/** `skb_linearize`: brings the whole packet into the head. 0 or -ENOMEM. */
export function skb_linearize(skb: SkBuff): number {
  return skb.data_len === 0 || pskb_pull_tail(skb, skb.data_len) ? 0 : -ENOMEM;
}

/** `pskb_may_pull`: the first `len` bytes are in the head, moved there if need be. False: the packet is shorter. */
export function pskb_may_pull(skb: SkBuff, len: number): boolean {
  const headlen = (skb.len - skb.data_len) | 0;
  if (len <= headlen) return true;
  if (len > skb.len) return false;
  return pskb_pull_tail(skb, (len - headlen) | 0);
}

/** `pskb_pull`: like `skb_pull`, for packets whose bytes may lie in `frag_list`; 0 when the packet is shorter. */
export function pskb_pull(skb: SkBuff, len: number): number {
  if (!pskb_may_pull(skb, len)) return 0;
  skb.len = (skb.len - len) | 0;
  skb.data = (skb.data + len) | 0;
  return skb.data;
}

/** `__pskb_pull_tail`: moves `delta` bytes from the front of the chain to the end of the head. */
function pskb_pull_tail(skb: SkBuff, delta: number): boolean {
  const lack = skb.tail + delta - skb.end;
  if (lack > 0 || skb_cloned(skb)) {
    if (pskb_expand_head(skb, 0, lack > 0 ? lack + 128 : 0) !== 0) return false;
  }
  skb_copy_bits(skb, skb_headlen(skb), skb.tail, delta);
  unshare_frags(skb);
  let left = delta;
  while (left > 0) {
    const frag = skb.frag_list as SkBuff;
    if (frag.len > left) {
      if (pskb_pull(frag, left) === 0) return false;
      break;
    }
    left -= frag.len;
    skb.frag_list = frag.next;
    frag.next = null;
    consume_skb(frag);
  }
  skb.tail = (skb.tail + delta) | 0;
  skb.data_len = (skb.data_len - delta) | 0;
  return true;
}

/** Replaces parts that a clone of this packet holds too by clones of them, so that the chain may be changed. */
function unshare_frags(skb: SkBuff): void {
  let shared = false;
  for (let f = skb.frag_list; f !== null; f = f.next) shared ||= f.users !== 1;
  if (!shared) return;
  let last: SkBuff | null = null;
  let f = skb.frag_list;
  while (f !== null) {
    const n = skb_clone(f);
    if (last === null) skb.frag_list = n;
    else last.next = n;
    last = n;
    const next: SkBuff | null = f.next;
    consume_skb(f);
    f = next;
  }
}

/** `pskb_trim`: shortens a packet to `len` bytes, chain included; does nothing when it is shorter. 0 or -ENOMEM. */
export function pskb_trim(skb: SkBuff, len: number): number {
  if (len >= skb.len) return 0;
  const headlen = skb_headlen(skb);
  if (skb.data_len !== 0) {
    unshare_frags(skb);
    trim_frags(skb, len - headlen);
  }
  if (len <= headlen) skb.tail = (skb.data + len) | 0;
  skb.data_len = Math.max(0, len - headlen);
  skb.len = len;
  return 0;
}

/** Keeps the first `keep` bytes of the chain (none when it is 0 or less) and frees the rest as consumed. */
function trim_frags(skb: SkBuff, keep: number): void {
  let left = keep;
  let last: SkBuff | null = null;
  let f = skb.frag_list;
  while (f !== null) {
    const next: SkBuff | null = f.next;
    if (left <= 0) {
      if (last === null) skb.frag_list = null;
      else last.next = null;
      f.next = null;
      consume_skb(f);
    } else {
      if (f.len > left) pskb_trim(f, left);
      left -= f.len;
      last = f;
    }
    f = next;
  }
}
