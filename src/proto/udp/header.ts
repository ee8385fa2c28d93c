/** The UDP header (RFC 768), 8 bytes. */

export const UDP_SOURCE = 0;
export const UDP_DEST = 2;
export const UDP_LEN = 4;
export const UDP_CHECK = 6;
export const UDP_HLEN = 8;

export function udp_ok(len: number): boolean {
  return len >= UDP_HLEN;
}
export function udp_source(dv: DataView, off: number): number {
  return dv.getUint16(off);
}
export function udp_dest(dv: DataView, off: number): number {
  return dv.getUint16(off + UDP_DEST);
}
export function udp_len(dv: DataView, off: number): number {
  return dv.getUint16(off + UDP_LEN);
}
export function udp_check(dv: DataView, off: number): number {
  return dv.getUint16(off + UDP_CHECK);
}

/** Plain form. */
export interface UdpRecord {
  source: number;
  dest: number;
  len: number;
  check: number;
}

/** The header at `off`, or null when `len` is too short. */
export function udp_parse(dv: DataView, off: number, len: number): UdpRecord | null {
  if (!udp_ok(len)) return null;
  return { source: udp_source(dv, off), dest: udp_dest(dv, off), len: udp_len(dv, off), check: udp_check(dv, off) };
}

/** Writes the header; returns its length. */
export function udp_emit(dv: DataView, off: number, r: UdpRecord): number {
  dv.setUint16(off, r.source);
  dv.setUint16(off + UDP_DEST, r.dest);
  dv.setUint16(off + UDP_LEN, r.len);
  dv.setUint16(off + UDP_CHECK, r.check);
  return UDP_HLEN;
}
