/**
 * The Ethernet II header (14 bytes): destination, source, EtherType. Accessors take the offset of the first byte; `eth_ok` is the one length
 * check.
 */

export const ETH_DST = 0;
export const ETH_SRC = 6;
export const ETH_TYPE = 12;
/** Bytes of the header. */
export const ETH_HDR_LEN = 14;

/** Whether a header fits into `len` bytes. */
export function eth_ok(len: number): boolean {
  return len >= ETH_HDR_LEN;
}

/** EtherType in host order. */
export function eth_proto(dv: DataView, off: number): number {
  return dv.getUint16(off + ETH_TYPE);
}

/** Plain form of the header. */
export interface EthRecord {
  dst: Uint8Array;
  src: Uint8Array;
  proto: number;
}

/** The header at `off` of a view that has `len` bytes from there, or null. */
export function eth_parse(dv: DataView, off: number, len: number): EthRecord | null {
  if (!eth_ok(len)) return null;
  const bytes = new Uint8Array(dv.buffer, dv.byteOffset + off, ETH_HDR_LEN);
  return { dst: bytes.slice(0, 6), src: bytes.slice(6, 12), proto: eth_proto(dv, off) };
}

/** Writes the header; returns its length. */
export function eth_emit(dv: DataView, off: number, r: EthRecord): number {
  for (let i = 0; i < 6; i++) {
    dv.setUint8(off + i, r.dst[i]);
    dv.setUint8(off + ETH_SRC + i, r.src[i]);
  }
  dv.setUint16(off + ETH_TYPE, r.proto);
  return ETH_HDR_LEN;
}

/** Writes a header whose addresses are six bytes each of `dst` and `src` (from `src_off` 0), without allocating. */
export function eth_build(u8: Uint8Array, off: number, dst: Uint8Array, src: Uint8Array, proto: number): void {
  for (let i = 0; i < 6; i++) {
    u8[off + i] = dst[i];
    u8[off + ETH_SRC + i] = src[i];
  }
  u8[off + ETH_TYPE] = proto >>> 8;
  u8[off + ETH_TYPE + 1] = proto;
}
