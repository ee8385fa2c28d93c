import type { Cpu } from './cpu.js';

/** A CPU's local interrupt controller. It calls `cpu.interrupt()` when `pending` becomes true. */
export interface InterruptController {
  /** A vector that the CPU may take now waits. */
  pending: boolean;
  /** Takes the highest pending vector into service and returns its number. */
  acknowledge(): number;
  /** End of interrupt for the vector in service; the irq core's flow handler calls it. */
  eoi(): void;
  /** Whether `vector` has arrived and waits to be taken (IRR); a controller that cannot tell leaves it out. */
  requested?(vector: number): boolean;
}

/** What interrupt vectors lead to: the irq core. One call is one HARDIRQ block. */
export interface VectorEntry {
  do_IRQ(cpu: Cpu, vector: number): void;
  /**
   * A non-maskable interrupt, as a HARDIRQ block that does not run softirqs when it ends. Without this it is only
   * counted ({@link Cpu.nmis}) and traced.
   */
  do_NMI?(cpu: Cpu): void;
}
