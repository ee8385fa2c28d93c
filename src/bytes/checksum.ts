/**
 * The Internet checksum (RFC 1071; update in place: RFC 1624). Sums are one's-complement sums of big-endian
 * 16-bit words, kept as numbers 0 .. 0xffff once folded, NOT complemented; `csum_finish` complements.
 */

/** Folds a sum (0 .. 2^32 - 1, or the same bits as an int32) to 16 bits with end-around carry. */
export function csum_fold(sum: number): number {
  let s = (sum & 0xffff) + (sum >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  return (s & 0xffff) + (s >>> 16);
}

/** The checksum field for a sum: folded and complemented, 0 .. 0xffff. */
export function csum_finish(sum: number): number {
  return ~csum_fold(sum) & 0xffff;
}

/** One's-complement sum of two folded sums. */
export function csum_add(a: number, b: number): number {
  const s = a + b;
  return (s & 0xffff) + (s >>> 16);
}

/**
 * Sum of `length` bytes from `offset` as big-endian 16-bit words (an odd last byte is padded with zero on the right),
 * added to `sum` (any integer 0 .. 2^31 - 1). `u8` and `u32` must view the same little-endian buffer from byte 0.
 * Returns 0 .. 0xffff, not complemented. Reads nothing outside the range.
 */
export function csum_partial(u8: Uint8Array, u32: Uint32Array, offset: number, length: number, sum: number): number {
  const end = (offset + length) | 0;
  let at = offset | 0;
  let tail = 0;
  let odd = 0;
  let s0 = 0;
  if (at & 1 && at < end) {
    // RFC 1071 §2 (B): a sum taken from an odd byte is the byte-swapped sum; the first byte counts as a high byte.
    odd = 1;
    tail = u8[at] << 8;
    at++;
  }
  if (at & 2 && at + 1 < end) {
    s0 = u8[at] | (u8[at + 1] << 8);
    at += 2;
  }
  let i = at >> 2;
  const words = at & 3 ? i : i + ((end - at) >> 2);
  const quads = words - 3;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  // Four independent exact double accumulators: no carries to chase, no dependency between the additions.
  while (i < quads) {
    s0 += u32[i];
    s1 += u32[i + 1];
    s2 += u32[i + 2];
    s3 += u32[i + 3];
    i += 4;
  }
  for (; i < words; i++) s1 += u32[i];
  if (!(at & 3)) at = words << 2;
  if (at + 1 < end) {
    s2 += u8[at] | (u8[at + 1] << 8);
    at += 2;
  }
  if (at < end) s3 += u8[at];
  // Exact below 2^53. Folded here and not by a call: a double handed to a call that is not inlined allocates.
  const total = s0 + s1 + s2 + s3;
  const high = Math.floor(total / 4294967296) | 0;
  const low = total | 0;
  let s = (low & 0xffff) + (low >>> 16) + (high & 0xffff) + (high >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  // The words were read little-endian; from an odd start their bytes are already swapped (RFC 1071 §2 (B)).
  if (odd === 0) s = ((s & 0xff) << 8) | (s >>> 8);
  return csum_fold(s + tail + (sum & 0xffff) + (sum >>> 16));
}

/**
 * Sum of the IPv4 pseudo header (RFC 768, RFC 9293 §3.1) added to `sum`. Addresses are int32 in host order
 * (10.0.0.1 = 0x0a000001), `len` the length of the upper layer 0 .. 65535. Returns 0 .. 0xffff, not complemented.
 */
export function csum_tcpudp_v4(saddr: number, daddr: number, len: number, proto: number, sum: number): number {
  const s = (saddr & 0xffff) + (saddr >>> 16) + (daddr & 0xffff) + (daddr >>> 16) + len + proto + csum_fold(sum);
  return csum_fold(s);
}

/**
 * Sum of the IPv6 pseudo header (RFC 8200 §8.1) added to `sum`; the addresses are 16 bytes each at `srcOff` and
 * `dstOff` of `dv`, `len` 0 .. 2^31 - 1. Returns 0 .. 0xffff, not complemented.
 */
export function csum_ipv6(
  dv: DataView,
  srcOff: number,
  dstOff: number,
  len: number,
  proto: number,
  sum: number,
): number {
  let s = (len & 0xffff) + (len >>> 16) + proto + csum_fold(sum);
  for (let i = 0; i < 16; i += 2) s += dv.getUint16(srcOff + i) + dv.getUint16(dstOff + i);
  return csum_fold(s);
}

/**
 * The checksum field after a 16-bit word of the covered data changed from `from` to `to`
 * (RFC 1624 §3 equation 3: HC' = ~(~HC + ~m + m')). All 0 .. 0xffff.
 */
export function csum_replace2(check: number, from: number, to: number): number {
  return ~csum_fold((~check & 0xffff) + (~from & 0xffff) + (to & 0xffff)) & 0xffff;
}

/** As csum_replace2 for a 32-bit word (int32, host order) at an even offset. */
export function csum_replace4(check: number, from: number, to: number): number {
  const s = (~check & 0xffff) + (~from & 0xffff) + (~from >>> 16) + (to & 0xffff) + (to >>> 16);
  return ~csum_fold(s) & 0xffff;
}
