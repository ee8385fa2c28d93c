import { Cloneable } from '../../sim/index.js';

/** A device's interrupt handler; returns IRQ_NONE, IRQ_HANDLED. Keep it a top-level function: it is part of cloned state. */
export type IrqHandler<T> = (irq: number, dev_id: T) => number;

/** One registered handler of a line (`struct irqaction`). */
export interface IrqAction {
  handler: IrqHandler<unknown>;
  flags: number;
  name: string;
  dev_id: unknown;
}

/** What the interrupt core asks of a controller (`struct irq_chip`). Acknowledging is the local APIC's and needs no chip. */
export interface IrqChip {
  /** As /proc/interrupts prints it. */
  readonly name: string;
  /** Programs vector and CPU (`desc.vector`, `desc.cpu`) and lets interrupts pass. */
  startup(desc: IrqDesc): void;
  /** No more interrupts. */
  shutdown(desc: IrqDesc): void;
  mask(desc: IrqDesc): void;
  unmask(desc: IrqDesc): void;
  /** `desc.vector` and `desc.cpu` changed while it runs. */
  retarget(desc: IrqDesc): void;
}

/** One interrupt line or message of a host (`struct irq_desc`). */
export class IrqDesc extends Cloneable {
  readonly irq: number;
  readonly chip: IrqChip;
  /** IO-APIC pin, or 0 for a message. */
  readonly hwirq: number;
  /** FLOW_*. */
  readonly flow: number;
  /** IRQF_TRIGGER_* the line has. */
  trigger: number;
  /** Bus address of the function a message belongs to, -1 for a pin. */
  readonly bdf: number;
  readonly actions: IrqAction[];
  /** IRQS_* bits. */
  state: number;
  /** Nesting of `disable_irq`; 1 without handlers. */
  depth: number;
  /** CPU and vector in use, -1 when none. */
  cpu: number;
  vector: number;
  /** Those before a move, until an interrupt has arrived at the new place. */
  old_cpu: number;
  old_vector: number;
  /** CPUs it may go to. */
  affinity: number[];
  /** Interrupts handled, by CPU. */
  readonly kstat: Float64Array;
  /** The spurious detector's counters (/proc/irq/N/spurious). */
  irq_count: number;
  irqs_unhandled: number;
  last_unhandled: number;
  /** Handlers that asked for a thread there is none of, and results that are no combination of the known ones. */
  no_thread: number;
  bogus: number;

  constructor(irq: number, chip: IrqChip, hwirq: number, flow: number, trigger: number, bdf: number, cpus: number) {
    super();
    this.irq = irq;
    this.chip = chip;
    this.hwirq = hwirq;
    this.flow = flow;
    this.trigger = trigger;
    this.bdf = bdf;
    this.actions = [];
    this.state = 0;
    this.depth = 1;
    this.cpu = this.vector = this.old_cpu = this.old_vector = -1;
    this.affinity = Array.from({ length: cpus }, (_, i) => i);
    this.kstat = new Float64Array(cpus);
    this.irq_count = this.irqs_unhandled = this.last_unhandled = 0;
    this.no_thread = this.bogus = 0;
  }
}
