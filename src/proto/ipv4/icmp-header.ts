/** The ICMP header (RFC 792), 8 bytes: type, code, checksum, and four bytes that depend on the type. */

export const ICMP_TYPE = 0;
export const ICMP_CODE = 1;
export const ICMP_CHECK = 2;
export const ICMP_REST = 4;
export const ICMP_HLEN = 8;

export const ICMP_ECHOREPLY = 0;
export const ICMP_DEST_UNREACH = 3;
export const ICMP_SOURCE_QUENCH = 4;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO = 8;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETERPROB = 12;
export const ICMP_TIMESTAMP = 13;
export const ICMP_TIMESTAMPREPLY = 14;
export const ICMP_INFO_REQUEST = 15;
export const ICMP_INFO_REPLY = 16;
export const ICMP_ADDRESS = 17;
export const ICMP_ADDRESSREPLY = 18;
/** Greatest type Linux knows. */
export const NR_ICMP_TYPES = 18;

/** Codes of ICMP_DEST_UNREACH. */
export const ICMP_NET_UNREACH = 0;
export const ICMP_HOST_UNREACH = 1;
export const ICMP_PROT_UNREACH = 2;
export const ICMP_PORT_UNREACH = 3;
export const ICMP_FRAG_NEEDED = 4;
export const ICMP_SR_FAILED = 5;
export const NR_ICMP_UNREACH = 15;

/** Codes of ICMP_TIME_EXCEEDED. */
export const ICMP_EXC_TTL = 0;
export const ICMP_EXC_FRAGTIME = 1;

export function icmp_ok(len: number): boolean {
  return len >= ICMP_HLEN;
}
export function icmp_type(dv: DataView, off: number): number {
  return dv.getUint8(off);
}
export function icmp_code(dv: DataView, off: number): number {
  return dv.getUint8(off + ICMP_CODE);
}
/** The four bytes after the checksum: id and sequence, gateway, MTU, pointer. */
export function icmp_rest(dv: DataView, off: number): number {
  return dv.getInt32(off + ICMP_REST);
}

/** Plain form. `rest` is an int32. */
export interface IcmpRecord {
  type: number;
  code: number;
  check: number;
  rest: number;
}

/** The header at `off`, or null when `len` is too short. Serves ICMPv6 too, whose first 8 bytes have the same layout. */
export function icmp_parse(dv: DataView, off: number, len: number): IcmpRecord | null {
  if (!icmp_ok(len)) return null;
  return {
    type: icmp_type(dv, off),
    code: icmp_code(dv, off),
    check: dv.getUint16(off + ICMP_CHECK),
    rest: icmp_rest(dv, off),
  };
}

/** Writes the header; returns its length. */
export function icmp_emit(dv: DataView, off: number, r: IcmpRecord): number {
  dv.setUint8(off, r.type);
  dv.setUint8(off + ICMP_CODE, r.code);
  dv.setUint16(off + ICMP_CHECK, r.check);
  dv.setInt32(off + ICMP_REST, r.rest);
  return ICMP_HLEN;
}
