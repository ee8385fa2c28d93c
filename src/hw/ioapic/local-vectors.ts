import { Cloneable } from '../../sim/index.js';
import {
  APIC_INPUT_POLARITY,
  APIC_LVT_LEVEL_TRIGGER,
  APIC_LVT_MASKED,
  APIC_LVT_REMOTE_IRR,
  APIC_SEND_PENDING,
  DELIVERY_EXTINT,
  DELIVERY_FIXED,
  TRIGGER_EDGE,
  TRIGGER_LEVEL,
} from './apic-regs.js';
import type { LocalApic } from './local-apic.js';

/** Entries of the local vector table, in the order of their registers (0x320 on). */
export const LVT_TIMER = 0;
export const LVT_THERMAL = 1;
export const LVT_PERFORMANCE = 2;
export const LVT_LINT0 = 3;
export const LVT_LINT1 = 4;
export const LVT_ERROR = 5;
export const LVT_ENTRIES = 6;

const LINTS = 2;
/** Bits that software may write, by entry: vector and mask, then period, delivery mode, polarity, trigger as there are. */
const LVT_RW: readonly number[] = [0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff];

/**
 * The local vector table: what the timer, the thermal sensor, the performance counters, the pins LINT0 and LINT1 and the
 * error register become (SDM vol. 3A, 10.6.1). A masked entry signals nothing and remembers nothing, save that a level
 * pin counts by its level when it is unmasked. Only fixed level LINT entries have Remote IRR; every other mode of a pin
 * is taken at its edge.
 */
export class LocalVectors extends Cloneable {
  /** The registers, without Delivery Status. */
  readonly entry: Int32Array;
  /** A bit per entry whose interrupt waits in IRR: its Delivery Status. */
  waiting: number;
  /** Electrical level of LINT0 (bit 0) and LINT1 (bit 1). */
  lines: number;
  private readonly apic: LocalApic;

  constructor(apic: LocalApic) {
    super();
    this.entry = new Int32Array(LVT_ENTRIES).fill(APIC_LVT_MASKED);
    this.waiting = 0;
    this.lines = 0;
    this.apic = apic;
  }

  /** All entries as after power-up; the pins keep their level. */
  reset(): void {
    this.entry.fill(APIC_LVT_MASKED);
    this.waiting = 0;
  }

  /** What software disabling does to the entries. */
  maskAll(): void {
    for (let i = 0; i < LVT_ENTRIES; i++) this.entry[i] |= APIC_LVT_MASKED;
  }

  read(i: number): number {
    return (this.waiting & (1 << i)) === 0 ? this.entry[i] : this.entry[i] | APIC_SEND_PENDING;
  }

  /** A write to entry `i`. While the APIC is software-disabled the mask bit stays set (SDM 10.4.7.2). */
  write(i: number, value: number): void {
    const was = this.entry[i];
    let entry = (value & LVT_RW[i]) | (was & APIC_LVT_REMOTE_IRR);
    if (!this.apic.enabled()) entry |= APIC_LVT_MASKED;
    if ((entry & APIC_LVT_LEVEL_TRIGGER) === 0) entry &= ~APIC_LVT_REMOTE_IRR;
    if (((was ^ entry) & 0xff) !== 0) this.waiting &= ~(1 << i);
    this.entry[i] = entry;
    const n = i - LVT_LINT0;
    if (n >= 0 && n < LINTS) this.unmasked(i, was);
  }

  /** Source `i` signals an interrupt: by its entry a vector in IRR, or what the mode says. True when it was taken. */
  raise(i: number): boolean {
    const entry = this.entry[i];
    if ((entry & APIC_LVT_MASKED) !== 0) return false;
    // SDM, figure "Local Vector Table": since the Pentium 4 a performance interrupt masks its own entry.
    if (i === LVT_PERFORMANCE) this.entry[i] = entry | APIC_LVT_MASKED;
    const mode = (entry >> 8) & 7;
    if (mode !== DELIVERY_FIXED) return this.apic.control(mode);
    const trigger = (entry & APIC_LVT_LEVEL_TRIGGER) === 0 ? TRIGGER_EDGE : TRIGGER_LEVEL;
    if (!this.apic.accept(entry & 0xff, trigger)) return false;
    this.waiting |= 1 << i;
    return true;
  }

  /** Sets the electrical level of pin LINT0 or LINT1. */
  setPin(n: number, level: number): void {
    const bit = 1 << n;
    if (((this.lines & bit) !== 0) === (level !== 0)) return;
    this.lines ^= bit;
    const i = LVT_LINT0 + n;
    if (!this.active(i)) return;
    if (isLevel(this.entry[i])) this.service(i);
    else this.raise(i);
  }

  /** The CPU took `vector` out of IRR. */
  taken(vector: number): void {
    for (let i = 0; i < LVT_ENTRIES; i++) if ((this.entry[i] & 0xff) === vector) this.waiting &= ~(1 << i);
  }

  /** The CPU ended `vector`, which came by level: pins that wait for it may signal again. */
  eoi(vector: number): void {
    for (let i = LVT_LINT0; i <= LVT_LINT1; i++) {
      const entry = this.entry[i];
      if ((entry & APIC_LVT_REMOTE_IRR) === 0 || (entry & 0xff) !== vector) continue;
      this.entry[i] = entry & ~APIC_LVT_REMOTE_IRR;
      this.service(i);
    }
  }

  private active(i: number): boolean {
    const high = (this.lines & (1 << (i - LVT_LINT0))) !== 0;
    return high === ((this.entry[i] & APIC_INPUT_POLARITY) === 0);
  }

  /** Signals for a level pin that is due. */
  private service(i: number): void {
    const entry = this.entry[i];
    if (!isLevel(entry) || (entry & APIC_LVT_REMOTE_IRR) !== 0 || !this.active(i)) return;
    if (this.raise(i)) this.entry[i] |= APIC_LVT_REMOTE_IRR;
  }

  /** The entry of a pin was written: a level that is already there counts now. ExtINT is a level of the 8259A's pin. */
  private unmasked(i: number, was: number): void {
    const entry = this.entry[i];
    const extInt = ((entry >> 8) & 7) === DELIVERY_EXTINT;
    if (extInt && (was & APIC_LVT_MASKED) !== 0 && this.active(i)) this.raise(i);
    else this.service(i);
  }
}

/** A fixed entry with level trigger: all other modes are edges whatever the trigger bit says. */
function isLevel(entry: number): boolean {
  return (entry & (APIC_LVT_LEVEL_TRIGGER | 0x700)) === APIC_LVT_LEVEL_TRIGGER;
}
