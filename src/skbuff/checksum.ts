import { csum_finish, csum_fold, csum_partial } from '../bytes/index.js';
import { EINVAL } from '../uapi/index.js';
import { pskb_expand_head, pskb_trim, skb_cloned } from './clone.js';
import { CHECKSUM_COMPLETE, CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY } from './constants.js';
import type { SkBuff } from './skb.js';

/** Exchanges the bytes of a 16-bit sum: what an odd start does to the sum of the bytes behind it (RFC 1071 §2 B). */
function swap16(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8);
}

/**
 * `skb_checksum`: 16-bit one's-complement sum of `len` bytes from `offset` (counted from `skb.data`, chain included), taken as
 * big-endian words that start at `offset`, added to the folded sum `csum`. The range must lie in the packet.
 */
export function skb_checksum(skb: SkBuff, offset: number, len: number, csum: number): number {
  const headlen = (skb.len - skb.data_len) | 0;
  const arena = skb.pool.arena;
  if (offset + len <= headlen) return csum_fold(csum_partial(arena.u8, arena.u32, (skb.data + offset) | 0, len, csum));
  let sum = csum;
  let pos = 0;
  let at = offset;
  if (at < headlen) {
    pos = headlen - at;
    sum = csum_fold(csum_partial(arena.u8, arena.u32, (skb.data + at) | 0, pos, sum));
    at = 0;
  } else at -= headlen;
  for (let f = skb.frag_list; f !== null && pos < len; f = f.next) {
    if (at >= f.len) {
      at -= f.len;
      continue;
    }
    const n = Math.min(len - pos, f.len - at);
    const part = skb_checksum(f, at, n, 0);
    sum = csum_fold(sum + ((pos & 1) !== 0 ? swap16(part) : part));
    pos += n;
    at = 0;
  }
  return sum;
}

/**
 * `skb_checksum_help`: stores the transport checksum that CHECKSUM_PARTIAL left open, for devices that cannot. The field holds
 * the sum of the pseudo header; an outcome of 0 is stored as 0xffff. Returns 0, -EINVAL (offsets outside the packet) or -ENOMEM.
 */
export function skb_checksum_help(skb: SkBuff): number {
  if (skb.ip_summed === CHECKSUM_COMPLETE) {
    skb.ip_summed = CHECKSUM_NONE;
    return 0;
  }
  if (skb.ip_summed !== CHECKSUM_PARTIAL) return 0;
  const offset = (skb.csum_start - skb.data) | 0;
  const field = offset + skb.csum_offset;
  if (offset < 0 || field + 2 > skb.len - skb.data_len) return -EINVAL;
  if (skb_cloned(skb)) {
    const err = pskb_expand_head(skb, 0, 0);
    if (err !== 0) return err;
  }
  const sum = csum_finish(skb_checksum(skb, offset, (skb.len - offset) | 0, 0));
  skb.pool.arena.dv.setUint16(skb.data + field, sum === 0 ? 0xffff : sum);
  skb.ip_summed = CHECKSUM_NONE;
  return 0;
}

/** `skb_csum_unnecessary`: nobody has to sum this packet's bytes (again). */
export function skb_csum_unnecessary(skb: SkBuff): boolean {
  return skb.ip_summed === CHECKSUM_UNNECESSARY || skb.csum_valid !== 0 || skb.ip_summed === CHECKSUM_PARTIAL;
}

/**
 * `skb_checksum_complete`: sums the packet from `skb.data` on with the pseudo-header sum in `skb.csum`. 0 means valid, and is
 * remembered in `csum_valid`; any other value is a bad checksum. Without work when `skb_csum_unnecessary`.
 */
export function skb_checksum_complete(skb: SkBuff): number {
  return skb_csum_unnecessary(skb) ? 0 : checksum_complete(skb);
}

function checksum_complete(skb: SkBuff): number {
  const sum = csum_finish(skb_checksum(skb, 0, skb.len, skb.csum));
  if (sum === 0) skb.csum_valid = 1;
  return sum;
}

/** `skb_postpull_rcsum`: takes `len` pulled bytes at the arena offset `start` out of a CHECKSUM_COMPLETE sum. */
export function skb_postpull_rcsum(skb: SkBuff, start: number, len: number): void {
  if (skb.ip_summed !== CHECKSUM_COMPLETE) return;
  const arena = skb.pool.arena;
  const part = csum_fold(csum_partial(arena.u8, arena.u32, start, len, 0));
  const rest = csum_fold(skb.csum + (~part & 0xffff));
  skb.csum = (len & 1) !== 0 ? swap16(rest) : rest;
}

/** `pskb_trim_rcsum`: `pskb_trim` that keeps a CHECKSUM_COMPLETE sum true. 0 or -ENOMEM. */
export function pskb_trim_rcsum(skb: SkBuff, len: number): number {
  if (len >= skb.len) return 0;
  if (skb.ip_summed === CHECKSUM_COMPLETE) {
    const part = skb_checksum(skb, len, (skb.len - len) | 0, 0);
    const cut = (len & 1) !== 0 ? swap16(part) : part;
    skb.csum = csum_fold(skb.csum + (~cut & 0xffff));
  }
  return pskb_trim(skb, len);
}
