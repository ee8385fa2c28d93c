import { Cloneable } from '../../sim/index.js';
import type { IntxTarget } from '../pcie/index.js';
import { IOAPIC_PINS, type IoApic } from './io-apic.js';

/** First global system interrupt of the PCI lines; there are four of them. */
export const INTX_GSI_BASE = 16;
const LINES = 4;
const SLOTS = 32;

/** The global system interrupt that `pin` (1..4 = INTA#..INTD#) of `slot` is wired to: 16 + (slot + pin - 1) mod 4. */
export function intxGsi(slot: number, pin: number): number {
  return INTX_GSI_BASE + ((slot + pin - 1) & (LINES - 1));
}

/**
 * The wires from PCI slots to the IO-APIC. Functions on one line share it: the line is pulled low while at least one of
 * them asserts (wired or), and is high, its idle level, when none does. So its redirection entry must be active low.
 * Every pin of every function pulls for itself, and only once however often it says so.
 */
export class IntxRouter extends Cloneable implements IntxTarget {
  /** Pins that pull each global system interrupt. */
  readonly asserting: Int32Array;
  /** Per slot a bit for each pin of each function that asserts: bit 4 * function + pin - 1. */
  private readonly asserted: Int32Array;
  private readonly ioapic: IoApic;

  constructor(ioapic: IoApic) {
    super();
    this.asserting = new Int32Array(IOAPIC_PINS);
    this.asserted = new Int32Array(SLOTS);
    this.ioapic = ioapic;
    for (let line = 0; line < LINES; line++) ioapic.setPin(INTX_GSI_BASE + line, 1);
  }

  route(slot: number, pin: number): number {
    return intxGsi(slot, pin);
  }

  /** Function `fn` (0..7) of `slot` asserts or deasserts one of its pins. */
  intx(slot: number, pin: number, level: number, fn: number = 0): void {
    const bit = 1 << (4 * fn + pin - 1);
    if (((this.asserted[slot] & bit) !== 0) === (level !== 0)) return;
    this.asserted[slot] ^= bit;
    const gsi = intxGsi(slot, pin);
    this.asserting[gsi] += level !== 0 ? 1 : -1;
    this.ioapic.setPin(gsi, this.asserting[gsi] !== 0 ? 0 : 1);
  }

  /** Function `fn` of `slot` asserts that pin. */
  asserts(slot: number, pin: number, fn: number = 0): boolean {
    return (this.asserted[slot] & (1 << (4 * fn + pin - 1))) !== 0;
  }

  /** A device is gone or was reset without a word: nothing of `slot`, or of its function `fn`, pulls a line any more. */
  release(slot: number, fn: number = -1): void {
    for (let f = 0; f < 8; f++) {
      if (fn >= 0 && f !== fn) continue;
      for (let pin = 1; pin <= LINES; pin++) this.intx(slot, pin, 0, f);
    }
  }
}
