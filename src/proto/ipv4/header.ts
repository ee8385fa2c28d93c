/**
 * The IPv4 header (RFC 791 §3.1). Accessors need 20 bytes from `off` on (`iph_ok`); options need `iph_ihl() * 4`.
 */
import { csum_finish, csum_fold, csum_partial } from '../../bytes/index.js';

export const IPH_TOS = 1;
export const IPH_TOT_LEN = 2;
export const IPH_ID = 4;
export const IPH_FRAG_OFF = 6;
export const IPH_TTL = 8;
export const IPH_PROTOCOL = 9;
export const IPH_CHECK = 10;
export const IPH_SADDR = 12;
export const IPH_DADDR = 16;
/** Bytes of a header without options. */
export const IPH_LEN = 20;

/** Bits of the fragment field: don't fragment, more fragments, offset in units of 8 bytes. */
export const IP_DF = 0x4000;
export const IP_MF = 0x2000;
export const IP_OFFSET = 0x1fff;
/** Greatest datagram. */
export const IP_MAX_MTU = 0xffff;

/** Whether a header without options fits. */
export function iph_ok(len: number): boolean {
  return len >= IPH_LEN;
}
export function iph_version(dv: DataView, off: number): number {
  return dv.getUint8(off) >>> 4;
}
/** Header length in 32-bit words. */
export function iph_ihl(dv: DataView, off: number): number {
  return dv.getUint8(off) & 15;
}
export function iph_tos(dv: DataView, off: number): number {
  return dv.getUint8(off + IPH_TOS);
}
export function iph_tot_len(dv: DataView, off: number): number {
  return dv.getUint16(off + IPH_TOT_LEN);
}
export function iph_id(dv: DataView, off: number): number {
  return dv.getUint16(off + IPH_ID);
}
export function iph_frag_off(dv: DataView, off: number): number {
  return dv.getUint16(off + IPH_FRAG_OFF);
}
export function iph_ttl(dv: DataView, off: number): number {
  return dv.getUint8(off + IPH_TTL);
}
export function iph_protocol(dv: DataView, off: number): number {
  return dv.getUint8(off + IPH_PROTOCOL);
}
export function iph_check(dv: DataView, off: number): number {
  return dv.getUint16(off + IPH_CHECK);
}
export function iph_saddr(dv: DataView, off: number): number {
  return dv.getInt32(off + IPH_SADDR);
}
export function iph_daddr(dv: DataView, off: number): number {
  return dv.getInt32(off + IPH_DADDR);
}

/** Whether the header is of a fragment: more follow, or it is not the first. */
export function ip_is_fragment(dv: DataView, off: number): boolean {
  return (iph_frag_off(dv, off) & (IP_MF | IP_OFFSET)) !== 0;
}

/** Writes the header checksum of a header of `ihl` words. */
export function ip_send_check(u8: Uint8Array, u32: Uint32Array, off: number, ihl: number): void {
  u8[off + IPH_CHECK] = 0;
  u8[off + IPH_CHECK + 1] = 0;
  const check = csum_finish(csum_partial(u8, u32, off, ihl * 4, 0));
  u8[off + IPH_CHECK] = check >>> 8;
  u8[off + IPH_CHECK + 1] = check;
}

/** Whether the header of `ihl` words sums up to a good checksum. */
export function ip_fast_csum_ok(u8: Uint8Array, u32: Uint32Array, off: number, ihl: number): boolean {
  if (ihl !== 5 || (off & 3) !== 0) return csum_partial(u8, u32, off, ihl * 4, 0) === 0xffff;
  // Words of the machine's order do: the sum of a good header is all ones either way (RFC 1071 §2 (B)).
  const i = off >> 2;
  let sum = 0;
  for (let k = i; k < i + 5; k++) {
    const word = u32[k] | 0;
    sum += (word & 0xffff) + (word >>> 16);
  }
  return csum_fold(sum) === 0xffff;
}

/** Plain form. Addresses are int32; `options` has a multiple of 4 bytes, 40 at most. */
export interface Ipv4Record {
  tos: number;
  tot_len: number;
  id: number;
  frag_off: number;
  ttl: number;
  protocol: number;
  check: number;
  saddr: number;
  daddr: number;
  options: Uint8Array;
}

/** The header at `off`, or null when it does not fit into `len` bytes or is not one of version 4. */
export function ip_parse(dv: DataView, off: number, len: number): Ipv4Record | null {
  if (!iph_ok(len) || iph_version(dv, off) !== 4) return null;
  const hlen = iph_ihl(dv, off) * 4;
  if (hlen < IPH_LEN || hlen > len) return null;
  return {
    tos: iph_tos(dv, off),
    tot_len: iph_tot_len(dv, off),
    id: iph_id(dv, off),
    frag_off: iph_frag_off(dv, off),
    ttl: iph_ttl(dv, off),
    protocol: iph_protocol(dv, off),
    check: iph_check(dv, off),
    saddr: iph_saddr(dv, off),
    daddr: iph_daddr(dv, off),
    options: new Uint8Array(dv.buffer, dv.byteOffset + off + IPH_LEN, hlen - IPH_LEN).slice(),
  };
}

/** Writes the header with the checksum field as given; returns its length. */
export function ip_emit(dv: DataView, off: number, r: Ipv4Record): number {
  const hlen = IPH_LEN + r.options.length;
  dv.setUint8(off, 0x40 | (hlen >> 2));
  dv.setUint8(off + IPH_TOS, r.tos);
  dv.setUint16(off + IPH_TOT_LEN, r.tot_len);
  dv.setUint16(off + IPH_ID, r.id);
  dv.setUint16(off + IPH_FRAG_OFF, r.frag_off);
  dv.setUint8(off + IPH_TTL, r.ttl);
  dv.setUint8(off + IPH_PROTOCOL, r.protocol);
  dv.setUint16(off + IPH_CHECK, r.check);
  dv.setInt32(off + IPH_SADDR, r.saddr);
  dv.setInt32(off + IPH_DADDR, r.daddr);
  for (let i = 0; i < r.options.length; i++) dv.setUint8(off + IPH_LEN + i, r.options[i]);
  return hlen;
}
