import { LAYOUT, registerAt } from './table.js';

const STATISTICS_FIRST = 0x4000;
const STATISTICS_LAST = 0x40fc;

function keptEntries(): Int32Array {
  const entries = [
    // The semaphores: drivers hold them across the reset.
    ...[0x0f00, 0x5b50, 0x5b58, 0x5b5c],
    // Wake-up status (WUS): only loss of power clears it (8254x manual, 14.7).
    0x5810,
    // The packet that woke the system (WUPL, WUPM): "not cleared by any reset" (8254x manual, 13.6.7 and 13.6.8).
    ...[0x5900, ...Array.from({ length: 32 }, (_, n) => 0x5a00 + 4 * n)],
    // PBA: Linux' e1000e writes it right before the reset and not after.
    0x1000,
    // GCR, GCR2: the PCI Express block belongs to the reset of the bus, as configuration space does (unverified).
    ...[0x5b00, 0x5b64],
  ].map(registerAt);
  for (let i = 0; i < LAYOUT.count; i++) {
    if (LAYOUT.offset[i] >= STATISTICS_FIRST && LAYOUT.offset[i] <= STATISTICS_LAST) entries.push(i);
  }
  return Int32Array.from(entries);
}

/**
 * Entries that CTRL.RST leaves as they are. The feature list of the 82574's datasheet has it reset "everything except the
 * configuration space"; what follows is an exception made for a reason, and none is verified on the chip. Statistics 4000 to
 * 40fc are among them: Intel's software developer's manual of the 8254x family says that they are "not hardware initialized" and that reading clears them (13.7), or that hardware initializes
 * them on the way to D0 (14.8); it names no other event. It knows none beyond TSCTFC: the interrupt counters go.
 */
const KEPT: Int32Array = keptEntries();

/** The values that CTRL.RST does not touch, to be put back by {@link restoreKept}. */
export function saveKept(values: Int32Array): Int32Array {
  return KEPT.map((i) => values[i]);
}

export function restoreKept(values: Int32Array, kept: Int32Array): void {
  for (let k = 0; k < KEPT.length; k++) values[KEPT[k]] = kept[k];
}
