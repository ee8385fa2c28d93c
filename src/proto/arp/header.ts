/** The ARP packet for Ethernet and IPv4 (RFC 826), 28 bytes. */

export const ARP_HRD = 0;
export const ARP_PRO = 2;
export const ARP_HLN = 4;
export const ARP_PLN = 5;
export const ARP_OP = 6;
export const ARP_SHA = 8;
export const ARP_SPA = 14;
export const ARP_THA = 18;
export const ARP_TPA = 24;
/** Bytes of the packet. */
export const ARP_LEN = 28;

export const ARPOP_REQUEST = 1;
export const ARPOP_REPLY = 2;

/** Whether `len` bytes hold the whole packet. */
export function arp_ok(len: number): boolean {
  return len >= ARP_LEN;
}

export function arp_hrd(dv: DataView, off: number): number {
  return dv.getUint16(off);
}
export function arp_pro(dv: DataView, off: number): number {
  return dv.getUint16(off + ARP_PRO);
}
export function arp_hln(dv: DataView, off: number): number {
  return dv.getUint8(off + ARP_HLN);
}
export function arp_pln(dv: DataView, off: number): number {
  return dv.getUint8(off + ARP_PLN);
}
export function arp_op(dv: DataView, off: number): number {
  return dv.getUint16(off + ARP_OP);
}
export function arp_spa(dv: DataView, off: number): number {
  return dv.getInt32(off + ARP_SPA);
}
export function arp_tpa(dv: DataView, off: number): number {
  return dv.getInt32(off + ARP_TPA);
}

/** Plain form. Protocol addresses are int32. */
export interface ArpRecord {
  hrd: number;
  pro: number;
  hln: number;
  pln: number;
  op: number;
  sha: Uint8Array;
  spa: number;
  tha: Uint8Array;
  tpa: number;
}

/** The packet at `off`, or null when `len` is too short. */
export function arp_parse(dv: DataView, off: number, len: number): ArpRecord | null {
  if (!arp_ok(len)) return null;
  const bytes = new Uint8Array(dv.buffer, dv.byteOffset + off, ARP_LEN);
  return {
    hrd: arp_hrd(dv, off),
    pro: arp_pro(dv, off),
    hln: arp_hln(dv, off),
    pln: arp_pln(dv, off),
    op: arp_op(dv, off),
    sha: bytes.slice(ARP_SHA, ARP_SHA + 6),
    spa: arp_spa(dv, off),
    tha: bytes.slice(ARP_THA, ARP_THA + 6),
    tpa: arp_tpa(dv, off),
  };
}

/** Writes the packet; returns its length. */
export function arp_emit(dv: DataView, off: number, r: ArpRecord): number {
  dv.setUint16(off, r.hrd);
  dv.setUint16(off + ARP_PRO, r.pro);
  dv.setUint8(off + ARP_HLN, r.hln);
  dv.setUint8(off + ARP_PLN, r.pln);
  dv.setUint16(off + ARP_OP, r.op);
  for (let i = 0; i < 6; i++) {
    dv.setUint8(off + ARP_SHA + i, r.sha[i]);
    dv.setUint8(off + ARP_THA + i, r.tha[i]);
  }
  dv.setInt32(off + ARP_SPA, r.spa);
  dv.setInt32(off + ARP_TPA, r.tpa);
  return ARP_LEN;
}
