import { LAYOUT } from './table.js';

const RO = 1;
const RC = 2;
const W1C = 3;
const WO = 4;
const WS = 5;

/** Offset flag of a write in {@link RegisterFile.unknown}. */
export const UNKNOWN_WRITE = 1;

/**
 * The values of all registers, read and written by access class. Effects beyond the class belong to the device
 * logic, which works on `values` (by entry, see indices.ts).
 */
export class RegisterFile {
  readonly values: Int32Array = LAYOUT.reset.slice();
  /** Accesses to offsets that have no register: key = offset | 1 for a write (| 0 for a read), value = count. */
  readonly unknown: Map<number, number> = new Map();
  /** Number of such accesses. */
  unknownRegister = 0;

  /** Entry of the register at a byte offset, or -1. */
  static find(offset: number): number {
    const i = LAYOUT.index[offset >> 2];
    return (offset & 3) === 0 && i !== undefined ? i : -1;
  }

  /** Every register back to its reset value. */
  reset(): void {
    this.values.set(LAYOUT.reset);
  }

  /** A read by software, with the side effects of the access class. */
  read(i: number): number {
    const access = LAYOUT.access[i];
    if (access === WO) return 0;
    const value = this.values[i];
    if (access === RC) this.clear(i);
    return value;
  }

  private clear(i: number): void {
    const pair = LAYOUT.pair[i];
    if (pair === 1) return;
    this.values[i] = 0;
    if (pair === 2) this.values[i - 1] = 0;
  }

  /** A write by software: the bits of the mask, as the access class says. */
  write(i: number, value: number): void {
    const access = LAYOUT.access[i];
    if (access === RO || access === RC || access === WO) return;
    const mask = LAYOUT.mask[i];
    const old = this.values[i];
    if (access === W1C) this.values[i] = old & ~(value & mask);
    else if (access === WS) this.values[i] = old | (value & mask);
    else this.values[i] = (old & ~mask) | (value & mask);
  }

  /** Counts an access to an offset without a register. */
  countUnknown(offset: number, write: number): void {
    const key = (offset & ~3) | write;
    this.unknown.set(key, (this.unknown.get(key) ?? 0) + 1);
    this.unknownRegister++;
  }
}
