import type { SimTarget } from '../../sim/index.js';
import type { ConfigSpace } from './config-space.js';
import { PcieError } from './errors.js';
import { hexAddress } from './map.js';
import type { PciFunction, RootComplex } from './root-complex.js';

/** The op of a posted register write sent to an {@link IoMem}: `handle(OP_WRITE, offset, value)`. */
export const OP_WRITE = 0;

/**
 * A mapping of register space, as `ioremap` gives it. Whether the BAR still answers is checked at each access: with
 * memory decoding off or the BAR moved, a read gives ones and a write is dropped, and both are counted.
 */
export class IoMem implements SimTarget {
  /** Id of this mapping as an event target: posted writes go to it with op {@link OP_WRITE}. */
  readonly target: number;
  /** Physical address (int32) and bytes mapped. */
  readonly base: number;
  readonly length: number;
  private readonly rc: RootComplex;
  /** The BAR that decoded this range when it was mapped. */
  private fn: PciFunction | null = null;
  private config: ConfigSpace | null = null;
  private bar = 0;
  private barBase = 0;
  /** Offset of the mapping in that BAR. */
  private delta = 0;

  constructor(rc: RootComplex, base: number, length: number) {
    this.rc = rc;
    this.base = base;
    this.length = length;
    this.target = rc.sim.attach(this);
  }

  /** Remembers the BAR that holds the whole mapping. */
  hint(fn: PciFunction, bar: number): void {
    this.fn = fn;
    this.config = fn.config;
    this.bar = bar;
    this.barBase = fn.config.barBase[bar];
    this.delta = (this.base - this.barBase) | 0;
  }

  /** Reads 32 bits (int32) at a 4-aligned offset. @throws PcieError IOMEM_RANGE */
  read32(offset: number): number {
    if ((offset & 3) !== 0 || offset < 0 || offset + 4 > this.length) throw this.outside(offset);
    const fn = this.fn;
    if (fn !== null && this.answers()) return this.rc.deviceRead(fn, this.bar, this.delta + offset);
    return this.readElsewhere(fn, (this.base + offset) | 0);
  }

  /** What was mapped is no device's (the IO-APIC), or does not answer any more. */
  private readElsewhere(fn: PciFunction | null, addr: number): number {
    if (fn === null) return this.rc.read32(addr);
    fn.counters.mmioReadRefused++;
    return this.rc.strayRead(fn, addr);
  }

  /** Writes 32 bits at a 4-aligned offset. @throws PcieError IOMEM_RANGE */
  write32(offset: number, value: number): void {
    if ((offset & 3) !== 0 || offset < 0 || offset + 4 > this.length) throw this.outside(offset);
    const fn = this.fn;
    if (fn !== null && this.answers()) fn.device.mmioWrite(this.bar, this.delta + offset, value);
    else this.writeElsewhere(fn, (this.base + offset) | 0, value);
  }

  private writeElsewhere(fn: PciFunction | null, addr: number, value: number): void {
    if (fn === null) {
      this.rc.write32(addr, value);
      return;
    }
    fn.counters.mmioWriteRefused++;
    this.rc.strayWrite(fn, addr, value);
  }

  handle(op: number, a: number, b: number): void {
    if (op === OP_WRITE) this.write32(a, b);
  }

  private answers(): boolean {
    const config = this.config as ConfigSpace;
    return config.memEnabled && config.barBase[this.bar] === this.barBase;
  }

  private outside(offset: number): PcieError {
    return new PcieError(
      'IOMEM_RANGE',
      `offset ${offset} in a mapping of ${this.length} bytes at ${hexAddress(this.base)}`,
    );
  }
}
