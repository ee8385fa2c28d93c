import {
  RCTL_BSEX,
  RCTL_BSIZE_SHIFT,
  RCTL_FLXBUF_SHIFT,
  RXD_STAT_DD,
  RXD_STAT_EOP,
  RXDPS_HDRSTAT_HDRSP,
} from '../registers/bits.js';

/*
 * Write-back formats of receive descriptors (the four words of a descriptor in the chip's cache, from index `w`).
 * `checks`: status bits 15:0, which a legacy descriptor has 8 of | error byte << 16. `tci`: tag of a frame whose tag was
 * stripped.
 */

/** Legacy: the address stays; length | packet checksum << 16; status | errors << 8 | special << 16. */
export function writeLegacy(
  words: Int32Array,
  w: number,
  length: number,
  packetChecksum: number,
  checks: number,
  tci: number,
  last: boolean,
): void {
  words[w + 2] = length | (packetChecksum << 16);
  words[w + 3] = last
    ? RXD_STAT_DD | RXD_STAT_EOP | (checks & 0xff) | ((checks & 0xff0000) >>> 8) | (tci << 16)
    : RXD_STAT_DD;
}

/** Extended: RSS type | queue << 8; hash, or IP identification | fragment checksum << 16; status | errors << 24; length | tag << 16. */
export function writeExtended(
  words: Int32Array,
  w: number,
  length: number,
  mrq: number,
  hashOrSums: number,
  checks: number,
  tci: number,
  last: boolean,
): void {
  words[w] = mrq;
  words[w + 1] = hashOrSums;
  words[w + 2] = last ? RXD_STAT_DD | RXD_STAT_EOP | extendedStatus(checks) : RXD_STAT_DD;
  words[w + 3] = length | (tci << 16);
}

/** Status and errors of the extended formats. */
export function extendedStatus(checks: number): number {
  return (checks & 0xffff) | ((checks & 0xff0000) << 8);
}

/**
 * The upper half of a packet-split descriptor: header status, then the lengths of buffers 1 to 3. `header` is the length of
 * the header if it was split off, else 0.
 */
export function writeSplitUpper(
  words: Int32Array,
  w: number,
  header: number,
  length1: number,
  length2: number,
  length3: number,
): void {
  words[w] = (header === 0 ? 0 : header | RXDPS_HDRSTAT_HDRSP) | (length1 << 16);
  words[w + 1] = length2 | (length3 << 16);
  words[w + 2] = 0;
  words[w + 3] = 0;
}

/** Bytes of one receive buffer, from RCTL. */
export function receiveBufferBytes(rctl: number): number {
  const flex = (rctl >>> RCTL_FLXBUF_SHIFT) & 15;
  if (flex !== 0) return flex * 1024;
  const size = (rctl >>> RCTL_BSIZE_SHIFT) & 3;
  // BSIZE 00 with BSEX is reserved; it is taken as 2048 bytes.
  if ((rctl & RCTL_BSEX) !== 0 && size !== 0) return 32768 >> size;
  return 2048 >> size;
}

/** Bytes of buffer `k` (0 to 3) of a packet-split descriptor, from PSRCTL: units of 128 for the header buffer, of 1024 for the others. */
export function splitBufferBytes(psrctl: number, k: number): number {
  if (k === 0) return (psrctl & 0x7f) << 7;
  return ((psrctl >>> (8 * k)) & 0x3f) << 10;
}
