import { SkbError } from './errors.js';
import type { SkBuff } from './skb.js';

/** Bytes in the skb's own area, without `frag_list`. */
export function skb_headlen(skb: SkBuff): number {
  return (skb.len - skb.data_len) | 0;
}

/** True when part of the packet is in `frag_list`. */
export function skb_is_nonlinear(skb: SkBuff): boolean {
  return skb.data_len !== 0;
}

/** Free bytes before the data. */
export function skb_headroom(skb: SkBuff): number {
  return (skb.data - skb.head) | 0;
}

/** Free bytes after the data; 0 for a nonlinear skb. */
export function skb_tailroom(skb: SkBuff): number {
  return skb.data_len !== 0 ? 0 : (skb.end - skb.tail) | 0;
}

/** `skb_reserve`: `n` bytes of headroom; only on an empty skb. OVERRUN beyond the area. */
export function skb_reserve(skb: SkBuff, n: number): void {
  if (skb.tail + n > skb.end || skb.len !== 0) bad_range(skb, 'OVERRUN', 'skb_reserve', n);
  skb.data = (skb.data + n) | 0;
  skb.tail = (skb.tail + n) | 0;
}

/** `skb_put`: `n` bytes more at the end; returns the address of the first of them. OVERRUN past the end. */
export function skb_put(skb: SkBuff, n: number): number {
  const at = skb.tail;
  if (skb.data_len !== 0) bad_range(skb, 'NONLINEAR', 'skb_put', n);
  if (at + n > skb.end || n < 0) bad_range(skb, 'OVERRUN', 'skb_put', n);
  skb.tail = (at + n) | 0;
  skb.len = (skb.len + n) | 0;
  return at;
}

/** `skb_push`: `n` bytes more in front; returns the new `data`. UNDERRUN under the head. */
export function skb_push(skb: SkBuff, n: number): number {
  const at = (skb.data - n) | 0;
  if (at < skb.head || n < 0) bad_range(skb, 'UNDERRUN', 'skb_push', n);
  skb.data = at;
  skb.len = (skb.len + n) | 0;
  return at;
}

/**
 * `skb_pull`: takes `n` bytes off the front; returns the new `data`, or 0 (Linux: NULL) when there are fewer. The bytes must
 * be in the head: NONLINEAR otherwise (a kernel's BUG), so ask `pskb_may_pull` first.
 */
export function skb_pull(skb: SkBuff, n: number): number {
  if (n > skb.len || n < 0) {
    if (skb.users === 0) bad_range(skb, 'USE_AFTER_FREE', 'skb_pull', n);
    return 0;
  }
  if (skb.len - n < skb.data_len) bad_range(skb, 'NONLINEAR', 'skb_pull', n);
  skb.len = (skb.len - n) | 0;
  skb.data = (skb.data + n) | 0;
  return skb.data;
}

/** `__skb_pull` without a check that can fail: the caller has established the bytes. */
export function __skb_pull(skb: SkBuff, n: number): number {
  skb.len = (skb.len - n) | 0;
  skb.data = (skb.data + n) | 0;
  return skb.data;
}

/** `skb_trim`: shortens a linear packet to `len`; does nothing when it is shorter. NONLINEAR: use `pskb_trim`. */
export function skb_trim(skb: SkBuff, len: number): void {
  if (len >= skb.len) return;
  if (skb.data_len !== 0) bad_range(skb, 'NONLINEAR', 'skb_trim', len);
  skb.len = len;
  skb.tail = (skb.data + len) | 0;
}

export function skb_reset_mac_header(skb: SkBuff): void {
  skb.mac_header = skb.data;
}

export function skb_reset_network_header(skb: SkBuff): void {
  skb.network_header = skb.data;
}

export function skb_reset_transport_header(skb: SkBuff): void {
  skb.transport_header = skb.data;
}

function bad_range(
  skb: SkBuff,
  code: 'OVERRUN' | 'UNDERRUN' | 'NONLINEAR' | 'USE_AFTER_FREE',
  op: string,
  n: number,
): never {
  if (skb.users === 0) throw new SkbError('USE_AFTER_FREE', skb.id, `${op}(${n}) on freed skb #${skb.id}`);
  const room = `headroom ${skb.data - skb.head}, len ${skb.len}, data_len ${skb.data_len}, tailroom ${skb.end - skb.tail}`;
  throw new SkbError(code, skb.id, `${op}(${n}) on skb #${skb.id}: ${room}`);
}
