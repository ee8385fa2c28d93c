import type { IntxTarget } from '../pcie/index.js';
import { IOAPIC_PINS, type IoApic } from './io-apic.js';

/** First global system interrupt of the PCI lines; there are four of them. */
export const INTX_GSI_BASE = 16;
const LINES = 4;

/** The global system interrupt that `pin` (1..4 = INTA#..INTD#) of `slot` is wired to: 16 + (slot + pin - 1) mod 4. */
export function intxGsi(slot: number, pin: number): number {
  return INTX_GSI_BASE + ((slot + pin - 1) & (LINES - 1));
}

/**
 * The wires from PCI slots to the IO-APIC. Devices on one line share it: the line is pulled low while at least one of
 * them asserts (wired or), and is high, its idle level, when none does. So its redirection entry must be active low.
 */
export class IntxRouter implements IntxTarget {
  /** Per line a bit per slot that asserts it. */
  readonly asserted: Int32Array = new Int32Array(IOAPIC_PINS);
  private readonly ioapic: IoApic;

  constructor(ioapic: IoApic) {
    this.ioapic = ioapic;
    for (let line = 0; line < LINES; line++) ioapic.setPin(INTX_GSI_BASE + line, 1);
  }

  route(slot: number, pin: number): number {
    return intxGsi(slot, pin);
  }

  intx(slot: number, pin: number, level: number): void {
    const gsi = intxGsi(slot, pin);
    if (level !== 0) this.asserted[gsi] |= 1 << slot;
    else this.asserted[gsi] &= ~(1 << slot);
    this.ioapic.setPin(gsi, this.asserted[gsi] !== 0 ? 0 : 1);
  }
}
