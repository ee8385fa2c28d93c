import { EFAULT } from '../uapi/index.js';
import type { SkbPool } from './pool.js';
import type { SkBuff, SkbBuffer } from './skb.js';

/** Below this many bytes a byte loop beats `set` with a kept view. */
const LOOP_BELOW = 32;
/** Kept views have a multiple of this many bytes (1 << VIEW_SHIFT); the rest of a copy is a loop. */
const VIEW_SHIFT = 5;
/** Copies longer than this take one exact view: its cost drowns in the copy's. */
const VIEW_MAX = 2048;

/**
 * `skb_copy_bits`: copies `len` bytes from `offset` (counted from `skb.data`, chain included) to the arena offset `to`.
 * Returns 0, or -EFAULT when the packet does not have them (nothing is copied then).
 */
export function skb_copy_bits(skb: SkBuff, offset: number, to: number, len: number): number {
  if (offset < 0 || len < 0 || offset + len > skb.len) return -EFAULT;
  copy_bits(skb, offset, to, len);
  return 0;
}

function copy_bits(skb: SkBuff, offset: number, to: number, len: number): void {
  const headlen = (skb.len - skb.data_len) | 0;
  let at = offset;
  let left = len;
  let dst = to;
  if (at < headlen) {
    const n = Math.min(left, headlen - at);
    skb.pool.arena.u8.copyWithin(dst, skb.data + at, skb.data + at + n);
    left -= n;
    dst += n;
    at = 0;
  } else at -= headlen;
  for (let f = skb.frag_list; f !== null && left > 0; f = f.next) {
    if (at >= f.len) {
      at -= f.len;
      continue;
    }
    const n = Math.min(left, f.len - at);
    copy_bits(f, at, dst, n);
    left -= n;
    dst += n;
    at = 0;
  }
}

/**
 * Copies `len` bytes from `offset` of the packet into a user's array at `to_off`, as `skb_copy_datagram_iter` does for
 * `recvfrom`. Returns 0, or -EFAULT when packet or array are shorter (nothing is copied then).
 */
export function skb_copy_datagram(skb: SkBuff, offset: number, to: Uint8Array, to_off: number, len: number): number {
  if (offset < 0 || len < 0 || offset + len > skb.len || to_off + len > to.length) return -EFAULT;
  if (skb.data_len === 0) copy_to_user(skb, (skb.data + offset) | 0, to, to_off, len);
  else copy_out(skb, offset, to, to_off, len);
  return 0;
}

function copy_out(skb: SkBuff, offset: number, to: Uint8Array, to_off: number, len: number): void {
  const headlen = (skb.len - skb.data_len) | 0;
  let at = offset;
  let left = len;
  let dst = to_off;
  if (at < headlen) {
    const n = Math.min(left, headlen - at);
    copy_to_user(skb, (skb.data + at) | 0, to, dst, n);
    left -= n;
    dst += n;
    at = 0;
  } else at -= headlen;
  for (let f = skb.frag_list; f !== null && left > 0; f = f.next) {
    if (at >= f.len) {
      at -= f.len;
      continue;
    }
    const n = Math.min(left, f.len - at);
    copy_out(f, at, to, dst, n);
    left -= n;
    dst += n;
    at = 0;
  }
}

/** Copies from the skb's own area. Views are kept per data area: payloads start at the same offset nearly always. */
function copy_to_user(skb: SkBuff, from: number, to: Uint8Array, to_off: number, len: number): void {
  const u8 = skb.pool.arena.u8;
  let done = 0;
  if (len > VIEW_MAX) {
    to.set(u8.subarray(from, from + len), to_off);
    return;
  }
  if (len >= LOOP_BELOW) {
    const buf = skb.buf as SkbBuffer;
    if (buf.view_start !== from || buf.view_base !== u8) forget_views(buf, from, u8);
    done = (len >> VIEW_SHIFT) << VIEW_SHIFT;
    to.set(kept_view(buf.views, u8, from, done), to_off);
  }
  for (let i = done; i < len; i++) to[to_off + i] = u8[from + i];
}

function forget_views(buf: SkbBuffer, from: number, base: Uint8Array): void {
  buf.view_start = from;
  buf.view_base = base;
  buf.views.length = 0;
}

/** The view of `length` bytes (a multiple of 1 << VIEW_SHIFT) at `from`, made when first asked for. */
function kept_view(views: (Uint8Array | null)[], base: Uint8Array, from: number, length: number): Uint8Array {
  const index = length >> VIEW_SHIFT;
  if (index < views.length) {
    const kept = views[index];
    if (kept !== null) return kept;
  }
  return make_view(views, base, from, length);
}

function make_view(views: (Uint8Array | null)[], base: Uint8Array, from: number, length: number): Uint8Array {
  const index = length >> VIEW_SHIFT;
  while (views.length <= index) views.push(null);
  const made = base.subarray(from, from + length);
  views[index] = made;
  return made;
}

/**
 * Copies `len` bytes at `off` of a user's array to the arena offset `to`, as `sendto` does. The views of the array last used
 * are kept, so that a caller who sends from one buffer makes no garbage.
 */
export function copy_from_user(pool: SkbPool, to: number, from: Uint8Array, off: number, len: number): void {
  const u8 = pool.arena.u8;
  if (off === 0 && len === from.length && len >= LOOP_BELOW) {
    u8.set(from, to);
    return;
  }
  let done = 0;
  if (len > VIEW_MAX) {
    u8.set(from.subarray(off, off + len), to);
    return;
  }
  if (len >= LOOP_BELOW) {
    if (pool.user_base !== from || pool.user_start !== off) {
      pool.user_base = from;
      pool.user_start = off;
      pool.user_views.length = 0;
    }
    done = (len >> VIEW_SHIFT) << VIEW_SHIFT;
    u8.set(kept_view(pool.user_views, from, off, done), to);
  }
  for (let i = done; i < len; i++) u8[to + i] = from[off + i];
}

/** The packet's bytes as a fresh array, for tests, taps and reports. */
export function skb_bytes(skb: SkBuff): Uint8Array {
  const out = new Uint8Array(skb.len);
  copy_out(skb, 0, out, 0, skb.len);
  return out;
}
