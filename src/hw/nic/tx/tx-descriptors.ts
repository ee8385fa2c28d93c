import { DescriptorRing } from '../descriptor-ring.js';
import { type NicParts, TAG_SHIFT, TAG_TX_DESCRIPTORS } from '../parts.js';
import { TXD_CMD_DEXT, TXD_CMD_EOP, TXD_DTYP_DATA, TXD_DTYP_MASK } from '../registers/bits.js';
import * as R from '../registers/indices.js';

/** The ring of transmit queue 0 or 1. */
export function transmitRing(parts: NicParts, queue: 0 | 1): DescriptorRing {
  const first = queue === 0;
  return new DescriptorRing(parts.file, parts.port, {
    base: first ? R.TDBAL : R.TDBAL1,
    baseHigh: first ? R.TDBAH : R.TDBAH1,
    length: first ? R.TDLEN : R.TDLEN1,
    head: first ? R.TDH : R.TDH1,
    tail: first ? R.TDT : R.TDT1,
    control: first ? R.TXDCTL : R.TXDCTL1,
    tag: TAG_TX_DESCRIPTORS | (queue << TAG_SHIFT),
    ring: first ? 1 : 3,
  });
}

/**
 * Descriptors of a packet that begins with number `from` of those on chip, a data descriptor (legacy, or `extended`): up to the
 * one with EOP. 0 when that is not on chip; negative, the number in front of it, when one of another type comes first.
 */
export function packetDescriptors(ring: DescriptorRing, words: Int32Array, from: number, extended: boolean): number {
  for (let k = from; k < ring.cached; k++) {
    const command = words[ring.word(k) + 2];
    const isExtended = (command & TXD_CMD_DEXT) !== 0;
    if (isExtended !== extended || (extended && (command & TXD_DTYP_MASK) !== TXD_DTYP_DATA)) return from - k;
    if ((command & TXD_CMD_EOP) !== 0) return k - from + 1;
  }
  return 0;
}

/** Bytes of data of `count` descriptors. */
export function dataLength(
  ring: DescriptorRing,
  words: Int32Array,
  from: number,
  count: number,
  extended: boolean,
): number {
  let length = 0;
  for (let k = 0; k < count; k++) length += words[ring.word(from + k) + 2] & (extended ? 0xfffff : 0xffff);
  return length;
}
