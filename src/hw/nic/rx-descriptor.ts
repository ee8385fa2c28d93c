import { RCTL_BSEX, RCTL_BSIZE_SHIFT, RCTL_FLXBUF_SHIFT, RXD_STAT_DD, RXD_STAT_EOP } from './registers/bits.js';

/*
 * Write-back formats of receive descriptors (the four words of a descriptor in the chip's cache, from index `w`).
 * `checks` is the result of verifyChecksums with CE added: status byte | error byte << 8.
 */

/** Legacy: the address stays; length | packet checksum << 16; status | errors << 8. */
export function writeLegacy(
  words: Int32Array,
  w: number,
  length: number,
  packetChecksum: number,
  checks: number,
  last: boolean,
): void {
  words[w + 2] = length | (packetChecksum << 16);
  words[w + 3] = last ? RXD_STAT_DD | RXD_STAT_EOP | checks : RXD_STAT_DD;
}

/** Extended: no RSS; IP identification | packet checksum << 16; status | errors << 24; length. */
export function writeExtended(
  words: Int32Array,
  w: number,
  length: number,
  idAndChecksum: number,
  checks: number,
  last: boolean,
): void {
  words[w] = 0;
  words[w + 1] = idAndChecksum;
  words[w + 2] = last ? RXD_STAT_DD | RXD_STAT_EOP | (checks & 0xff) | ((checks & 0xff00) << 16) : RXD_STAT_DD;
  words[w + 3] = length;
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
