/**
 * IPv6 addresses in structures: four int32 words in host order, `2001:db8::1` being `[0x20010db8, 0, 0, 1]`. In packets they are 16 bytes at
 * an offset of a DataView. Scopes and types: RFC 4291 §2.
 */
import { csum_fold, hash32_3 } from '../../bytes/index.js';

/** Four int32 words, most significant first. */
export type In6 = Int32Array;

/** Scopes of multicast and unicast addresses (RFC 4291 §2.7). */
export const IPV6_ADDR_SCOPE_INTFLOCAL = 1;
export const IPV6_ADDR_SCOPE_LINKLOCAL = 2;
export const IPV6_ADDR_SCOPE_SITELOCAL = 5;
export const IPV6_ADDR_SCOPE_GLOBAL = 14;

/** A new address, `::` unless words are given. */
export function in6_new(w0: number = 0, w1: number = 0, w2: number = 0, w3: number = 0): In6 {
  return Int32Array.of(w0, w1, w2, w3);
}

/** Reads the 16 bytes at `off`. */
export function in6_load(dv: DataView, off: number, out: In6): void {
  out[0] = dv.getInt32(off);
  out[1] = dv.getInt32(off + 4);
  out[2] = dv.getInt32(off + 8);
  out[3] = dv.getInt32(off + 12);
}

/** Writes the 16 bytes at `off`. */
export function in6_store(dv: DataView, off: number, a: In6): void {
  dv.setInt32(off, a[0]);
  dv.setInt32(off + 4, a[1]);
  dv.setInt32(off + 8, a[2]);
  dv.setInt32(off + 12, a[3]);
}

/** Reads 16 bytes in network order. */
export function in6_from_bytes(bytes: Uint8Array, off: number, out: In6): In6 {
  for (let i = 0; i < 4; i++) {
    const at = off + 4 * i;
    out[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  return out;
}

/** Writes 16 bytes in network order. */
export function in6_to_bytes(a: In6, bytes: Uint8Array, off: number): void {
  for (let i = 0; i < 16; i++) bytes[off + i] = a[i >> 2] >>> (24 - 8 * (i & 3));
}

/** dst = src. */
export function in6_copy(dst: In6, src: In6): void {
  dst[0] = src[0];
  dst[1] = src[1];
  dst[2] = src[2];
  dst[3] = src[3];
}

/** dst = the four words. */
export function in6_set(dst: In6, w0: number, w1: number, w2: number, w3: number): void {
  dst[0] = w0;
  dst[1] = w1;
  dst[2] = w2;
  dst[3] = w3;
}

export function in6_eq(a: In6, b: In6): boolean {
  return a[3] === b[3] && a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

/** Whether the first `plen` bits (0–128) agree. */
export function in6_prefix_eq(a: In6, b: In6, plen: number): boolean {
  return in6_common_prefix(a, b) >= plen;
}

/** Number of leading bits that agree, 0–128. */
export function in6_common_prefix(a: In6, b: In6): number {
  for (let i = 0; i < 4; i++) {
    const x = a[i] ^ b[i];
    if (x !== 0) return 32 * i + Math.clz32(x);
  }
  return 128;
}

export function in6_is_any(a: In6): boolean {
  return (a[0] | a[1] | a[2] | a[3]) === 0;
}

export function in6_is_loopback(a: In6): boolean {
  return (a[0] | a[1] | a[2]) === 0 && a[3] === 1;
}

/** ff00::/8 */
export function in6_is_multicast(a: In6): boolean {
  return a[0] >>> 24 === 0xff;
}

/** fe80::/10 */
export function in6_is_linklocal(a: In6): boolean {
  return a[0] >>> 22 === 0x3fa;
}

/** ::ffff:0:0/96 */
export function in6_is_v4mapped(a: In6): boolean {
  return (a[0] | a[1]) === 0 && a[2] === 0xffff;
}

/** Whether a destination is valid on one link only: link-local unicast, or multicast of interface or link scope. */
export function in6_is_linkscope(a: In6): boolean {
  return in6_is_linklocal(a) || (in6_is_multicast(a) && ((a[0] >>> 16) & 15) <= IPV6_ADDR_SCOPE_LINKLOCAL);
}

/** Scope number of RFC 4291 §2.7; unicast scopes are mapped as RFC 6724 §3.1 says (loopback counts as link-local). */
export function in6_scope(a: In6): number {
  if (in6_is_multicast(a)) return (a[0] >>> 16) & 15;
  if (in6_is_linklocal(a) || in6_is_loopback(a)) return IPV6_ADDR_SCOPE_LINKLOCAL;
  return IPV6_ADDR_SCOPE_GLOBAL;
}

/** The solicited-node multicast address of `a`: ff02::1:ffXX:XXXX (RFC 4291 §2.7.1). */
export function in6_solict_mult(a: In6, out: In6): In6 {
  in6_set(out, 0xff020000 | 0, 0, 1, (a[3] & 0xffffff) | (0xff << 24));
  return out;
}

/** Hash of an address with a key, int32. */
export function in6_hash(a: In6, key: number): number {
  return hash32_3(a[0] ^ a[1], a[2], a[3], key);
}

/** Sum of the IPv6 pseudo header (RFC 8200 §8.1) of addresses in words, added to the folded `sum`. 0–0xffff, not complemented. */
export function in6_pseudo_sum(saddr: In6, daddr: In6, len: number, proto: number, sum: number): number {
  let s = (len & 0xffff) + (len >>> 16) + proto + sum;
  for (let i = 0; i < 4; i++) {
    const a = saddr[i];
    const b = daddr[i];
    s += (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff);
  }
  return csum_fold(s);
}
