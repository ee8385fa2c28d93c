/** ICMPv6 (RFC 4443 §2.1) and neighbour discovery messages (RFC 4861 §4). */
import { type In6, in6_load, in6_new, in6_store } from '../core/index.js';

export const ICMPV6_CODE = 1;
export const ICMPV6_CHECK = 2;
export const ICMPV6_REST = 4;
export const ICMPV6_HLEN = 8;

export const ICMPV6_DEST_UNREACH = 1;
export const ICMPV6_PKT_TOOBIG = 2;
export const ICMPV6_TIME_EXCEED = 3;
export const ICMPV6_PARAMPROB = 4;
/** Types from here on inform, those below are errors. */
export const ICMPV6_INFOMSG_MASK = 0x80;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_MGM_QUERY = 130;
export const ICMPV6_MGM_REPORT = 131;
export const ICMPV6_MGM_REDUCTION = 132;
export const NDISC_ROUTER_SOLICITATION = 133;
export const NDISC_ROUTER_ADVERTISEMENT = 134;
export const NDISC_NEIGHBOUR_SOLICITATION = 135;
export const NDISC_NEIGHBOUR_ADVERTISEMENT = 136;
export const NDISC_REDIRECT = 137;
export const ICMPV6_MLD2_REPORT = 143;

/** Codes of ICMPV6_DEST_UNREACH. */
export const ICMPV6_NOROUTE = 0;
export const ICMPV6_ADM_PROHIBITED = 1;
export const ICMPV6_NOT_NEIGHBOUR = 2;
export const ICMPV6_ADDR_UNREACH = 3;
export const ICMPV6_PORT_UNREACH = 4;
export const ICMPV6_POLICY_FAIL = 5;
export const ICMPV6_REJECT_ROUTE = 6;

/** Codes of ICMPV6_TIME_EXCEED. */
export const ICMPV6_EXC_HOPLIMIT = 0;
export const ICMPV6_EXC_FRAGTIME = 1;

/** Codes of ICMPV6_PARAMPROB. */
export const ICMPV6_HDR_FIELD = 0;
export const ICMPV6_UNK_NEXTHDR = 1;
export const ICMPV6_UNK_OPTION = 2;
export const ICMPV6_HDR_INCOMP = 3;

/** Bytes of a neighbour solicitation or advertisement without options: header, flags word, target. */
export const ND_MSG_LEN = 24;
export const ND_TARGET = 8;
export const ND_OPT_SOURCE_LL_ADDR = 1;
export const ND_OPT_TARGET_LL_ADDR = 2;
/** Flags of an advertisement, in its 32-bit word. */
export const NA_ROUTER: number = 1 << 31;
export const NA_SOLICITED: number = 1 << 30;
export const NA_OVERRIDE: number = 1 << 29;

/** Plain form of a solicitation (135) or advertisement (136); `lladdr` is the link-layer address option, null when absent. */
export interface NdRecord {
  type: number;
  check: number;
  flags: number;
  target: In6;
  lladdr: Uint8Array | null;
}

/** The message at `off` of `len` bytes, or null: too short, another type, a code, or options that do not parse. */
export function nd_parse(dv: DataView, off: number, len: number): NdRecord | null {
  if (len < ND_MSG_LEN || dv.getUint8(off + ICMPV6_CODE) !== 0) return null;
  const type = dv.getUint8(off);
  if (type !== NDISC_NEIGHBOUR_SOLICITATION && type !== NDISC_NEIGHBOUR_ADVERTISEMENT) return null;
  const target = in6_new();
  in6_load(dv, off + ND_TARGET, target);
  const want = type === NDISC_NEIGHBOUR_SOLICITATION ? ND_OPT_SOURCE_LL_ADDR : ND_OPT_TARGET_LL_ADDR;
  const at = nd_find_lladdr(dv, off + ND_MSG_LEN, len - ND_MSG_LEN, want);
  if (at < 0) return null;
  const lladdr = at === 0 ? null : new Uint8Array(dv.buffer, dv.byteOffset + at, 6).slice();
  return { type, check: dv.getUint16(off + ICMPV6_CHECK), flags: dv.getInt32(off + ICMPV6_REST), target, lladdr };
}

/** Writes the message; returns its length. */
export function nd_emit(dv: DataView, off: number, r: NdRecord): number {
  dv.setUint8(off, r.type);
  dv.setUint8(off + ICMPV6_CODE, 0);
  dv.setUint16(off + ICMPV6_CHECK, r.check);
  dv.setInt32(off + ICMPV6_REST, r.flags);
  in6_store(dv, off + ND_TARGET, r.target);
  if (r.lladdr === null) return ND_MSG_LEN;
  const opt = off + ND_MSG_LEN;
  dv.setUint8(opt, r.type === NDISC_NEIGHBOUR_SOLICITATION ? ND_OPT_SOURCE_LL_ADDR : ND_OPT_TARGET_LL_ADDR);
  dv.setUint8(opt + 1, 1);
  for (let i = 0; i < 6; i++) dv.setUint8(opt + 2 + i, r.lladdr[i]);
  return ND_MSG_LEN + 8;
}

/**
 * Offset of the six bytes of the first link-layer address option of type `want` among `len` bytes of options, 0 when there is none, -1 when an
 * option has length 0 or runs out of the message (RFC 4861 §4.6, §7.1). Unknown options are skipped.
 */
export function nd_find_lladdr(dv: DataView, off: number, len: number, want: number): number {
  let at = off;
  let left = len;
  let found = 0;
  while (left > 0) {
    if (left < 2) return -1;
    const size = dv.getUint8(at + 1) * 8;
    if (size === 0 || size > left) return -1;
    if (dv.getUint8(at) === want && found === 0) found = at + 2;
    at += size;
    left -= size;
  }
  return found;
}
