import type { InterruptController } from '../../cpu/index.js';
import { Cloneable } from '../../sim/index.js';
import { FIRST_DEVICE_VECTOR, LAST_DEVICE_VECTOR, SYSCALL_VECTOR } from './constants.js';

const NONE = -1;

/** Which interrupt number each vector of each CPU stands for. */
export class VectorTable extends Cloneable {
  /** 256 entries per CPU: interrupt number or -1. */
  readonly irq: Int32Array;
  /** Vectors in use, by CPU. */
  readonly used: Int32Array;

  constructor(cpus: number) {
    super();
    this.irq = new Int32Array(cpus * 256).fill(NONE);
    this.used = new Int32Array(cpus);
  }

  /** The interrupt number behind `vector` on `cpu`, or -1. */
  lookup(cpu: number, vector: number): number {
    return this.irq[(cpu << 8) | vector];
  }

  /** The CPU of `allowed` with the fewest vectors in use, the lowest among equals; -1 for none allowed. */
  bestCpu(allowed: readonly number[]): number {
    let best = NONE;
    for (const cpu of allowed) if (best === NONE || this.used[cpu] < this.used[best]) best = cpu;
    return best;
  }

  /**
   * Takes the lowest free vector of `cpu` for `irq`; -1 when all are in use. One that still waits in the CPU's controller
   * `lapic` is not free: it belongs to the interrupt that had it before.
   */
  take(cpu: number, irq: number, lapic: InterruptController | null): number {
    for (let vector = FIRST_DEVICE_VECTOR; vector <= LAST_DEVICE_VECTOR; vector++) {
      const at = (cpu << 8) | vector;
      if (vector === SYSCALL_VECTOR || this.irq[at] !== NONE || lapic?.requested?.(vector) === true) continue;
      this.irq[at] = irq;
      this.used[cpu]++;
      return vector;
    }
    return NONE;
  }

  release(cpu: number, vector: number): void {
    this.irq[(cpu << 8) | vector] = NONE;
    this.used[cpu]--;
  }
}
