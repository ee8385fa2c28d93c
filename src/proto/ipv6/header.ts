/** The IPv6 header (RFC 8200 §3), 40 bytes, and the fragment header (§4.5), 8 bytes. */
import { type In6, in6_load, in6_new, in6_store } from '../core/index.js';

export const IP6_PAYLOAD_LEN = 4;
export const IP6_NEXTHDR = 6;
export const IP6_HOP_LIMIT = 7;
export const IP6_SADDR = 8;
export const IP6_DADDR = 24;
export const IP6_HLEN = 40;
/** Greatest payload without jumbograms. */
export const IPV6_MAXPLEN = 65535;
/** Least MTU of a link that carries IPv6 (RFC 8200 §5). */
export const IPV6_MIN_MTU = 1280;

export const FRAG_HLEN = 8;
/** More fragments follow: bit 0 of the offset field; its upper 13 bits are the offset in bytes when masked. */
export const IP6_MF = 1;
export const IP6_OFFSET = 0xfff8;

export function ip6_ok(len: number): boolean {
  return len >= IP6_HLEN;
}
export function ip6_version(dv: DataView, off: number): number {
  return dv.getUint8(off) >>> 4;
}
export function ip6_tclass(dv: DataView, off: number): number {
  return (dv.getUint16(off) >>> 4) & 0xff;
}
export function ip6_flowlabel(dv: DataView, off: number): number {
  return dv.getInt32(off) & 0xfffff;
}
export function ip6_payload_len(dv: DataView, off: number): number {
  return dv.getUint16(off + IP6_PAYLOAD_LEN);
}
export function ip6_nexthdr(dv: DataView, off: number): number {
  return dv.getUint8(off + IP6_NEXTHDR);
}
export function ip6_hop_limit(dv: DataView, off: number): number {
  return dv.getUint8(off + IP6_HOP_LIMIT);
}

/** Plain form. */
export interface Ipv6Record {
  tclass: number;
  flowlabel: number;
  payload_len: number;
  nexthdr: number;
  hop_limit: number;
  saddr: In6;
  daddr: In6;
}

/** The header at `off`, or null when it does not fit or is not one of version 6. */
export function ip6_parse(dv: DataView, off: number, len: number): Ipv6Record | null {
  if (!ip6_ok(len) || ip6_version(dv, off) !== 6) return null;
  const saddr = in6_new();
  const daddr = in6_new();
  in6_load(dv, off + IP6_SADDR, saddr);
  in6_load(dv, off + IP6_DADDR, daddr);
  return {
    tclass: ip6_tclass(dv, off),
    flowlabel: ip6_flowlabel(dv, off),
    payload_len: ip6_payload_len(dv, off),
    nexthdr: ip6_nexthdr(dv, off),
    hop_limit: ip6_hop_limit(dv, off),
    saddr,
    daddr,
  };
}

/** Writes the header; returns its length. */
export function ip6_emit(dv: DataView, off: number, r: Ipv6Record): number {
  dv.setInt32(off, (6 << 28) | (r.tclass << 20) | r.flowlabel);
  dv.setUint16(off + IP6_PAYLOAD_LEN, r.payload_len);
  dv.setUint8(off + IP6_NEXTHDR, r.nexthdr);
  dv.setUint8(off + IP6_HOP_LIMIT, r.hop_limit);
  in6_store(dv, off + IP6_SADDR, r.saddr);
  in6_store(dv, off + IP6_DADDR, r.daddr);
  return IP6_HLEN;
}

/** Plain form of the fragment header; `offset` in bytes (a multiple of 8), `id` an int32. */
export interface Frag6Record {
  nexthdr: number;
  offset: number;
  more: boolean;
  id: number;
}

/** The fragment header at `off`, or null when `len` is too short. */
export function frag6_parse(dv: DataView, off: number, len: number): Frag6Record | null {
  if (len < FRAG_HLEN) return null;
  const field = dv.getUint16(off + 2);
  return {
    nexthdr: dv.getUint8(off),
    offset: field & IP6_OFFSET,
    more: (field & IP6_MF) !== 0,
    id: dv.getInt32(off + 4),
  };
}

/** Writes the fragment header; returns its length. */
export function frag6_emit(dv: DataView, off: number, r: Frag6Record): number {
  dv.setUint8(off, r.nexthdr);
  dv.setUint8(off + 1, 0);
  dv.setUint16(off + 2, r.offset | (r.more ? IP6_MF : 0));
  dv.setInt32(off + 4, r.id);
  return FRAG_HLEN;
}
