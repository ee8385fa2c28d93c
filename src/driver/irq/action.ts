import { Cloneable } from '../../sim/index.js';
import type { IrqThread } from './thread.js';

/**
 * A device's interrupt handler; returns IRQ_NONE, IRQ_HANDLED or IRQ_WAKE_THREAD. Keep it a top-level function: it is part of
 * cloned state.
 */
export type IrqHandler<T> = (irq: number, dev_id: T) => number;

/** One registered handler of a line (`struct irqaction`). */
export class IrqAction extends Cloneable {
  handler: IrqHandler<unknown>;
  readonly thread_fn: IrqHandler<unknown> | null;
  flags: number;
  readonly name: string;
  readonly dev_id: unknown;
  thread: IrqThread | null;
  /** Its bit among the ONESHOT sharers of the line, 0..63; -1: not ONESHOT. */
  oneshot: number;
  /** It was told about once that it has no thread. */
  warned: boolean;
  /** Completion of `free_irq`; target -1: none. */
  free_target: number;
  free_op: number;
  free_a: number;

  constructor(
    handler: IrqHandler<unknown>,
    thread_fn: IrqHandler<unknown> | null,
    flags: number,
    name: string,
    dev_id: unknown,
  ) {
    super();
    this.handler = handler;
    this.thread_fn = thread_fn;
    this.flags = flags;
    this.name = name;
    this.dev_id = dev_id;
    this.thread = null;
    this.oneshot = -1;
    this.warned = false;
    this.free_target = -1;
    this.free_op = this.free_a = 0;
  }
}
