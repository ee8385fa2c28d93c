import { Cloneable } from '../../sim/index.js';
import type { IrqAction } from './action.js';
import { IRQS_DISABLED, IRQS_MASKED } from './constants.js';

/** What the interrupt core asks of a controller (`struct irq_chip`). The local APIC's part needs no chip. */
export interface IrqChip {
  /** As /proc/interrupts prints it. */
  readonly name: string;
  /** IRQCHIP_* bits. */
  readonly flags: number;
  /** Programs vector and CPU (`desc.vector`, `desc.cpu`) and lets interrupts pass. */
  startup(desc: IrqDesc): void;
  /** No more interrupts. */
  shutdown(desc: IrqDesc): void;
  /** Called after `desc.state` has or has lost IRQS_MASKED. */
  mask(desc: IrqDesc): void;
  unmask(desc: IrqDesc): void;
  /** `desc.vector` and `desc.cpu` changed while it runs. */
  retarget(desc: IrqDesc): void;
  /** The target may not change now: the controller waits for the end of an interrupt. */
  irq_in_service?(desc: IrqDesc): boolean;
  /** For chips whose `mask` and the like go through `IrqCore.program`: makes the registers what `desc` says now. */
  sync?(desc: IrqDesc, what: number): void;
  /** Acknowledge (edge and level flow) and end (fasteoi flow) of an interrupt that did not come by a vector. */
  irq_ack?(desc: IrqDesc): void;
  irq_eoi?(desc: IrqDesc): void;
  /** Sets the trigger (IRQF_TRIGGER_*); 0 or -errno. Without it the line keeps its own. */
  irq_set_type?(desc: IrqDesc, trigger: number): number;
  /** Before the first handler and after the last; the former returns 0 or -errno. */
  irq_request_resources?(desc: IrqDesc): number;
  irq_release_resources?(desc: IrqDesc): void;
}

/** Who is told when a line is quiet. */
export interface IrqWaiter {
  target: number;
  op: number;
  a: number;
  /** Threads must have ended too. */
  threads: boolean;
}

/** One interrupt line or message of a host (`struct irq_desc`). */
export class IrqDesc extends Cloneable {
  readonly irq: number;
  chip: IrqChip;
  /** IO-APIC pin or number of the message in its function; -1 behind another controller. */
  readonly hwirq: number;
  /** FLOW_*. */
  flow: number;
  /** IRQF_TRIGGER_* the line has. */
  trigger: number;
  /** Bus address of the function a message belongs to, -1 for a pin. */
  readonly bdf: number;
  readonly actions: IrqAction[];
  /** Actions that were freed and whose thread has not ended yet. */
  readonly stopping: IrqAction[];
  /** IRQS_* and IRQD_* bits. */
  state: number;
  /** IRQ_* bits. */
  settings: number;
  /** Nesting of `disable_irq`; 1 without handlers. */
  depth: number;
  /** CPU and vector in use, -1 when none. */
  cpu: number;
  vector: number;
  /** Those before a move, until an interrupt has arrived at the new place. */
  old_cpu: number;
  old_vector: number;
  /** CPU whose block with this line's handlers has not ended yet, -1 for none; kept with several CPUs only. */
  busy_cpu: number;
  /** CPUs it may go to. */
  affinity: number[];
  /** CPUs asked for while a move is under way (IRQD_SETAFFINITY_PENDING). */
  pending_affinity: number[];
  affinity_hint: number[] | null;
  /** Interrupts handled, by CPU. */
  readonly kstat: Float64Array;
  /** Threads woken and not done; ONESHOT sharers among them whose bit is set. */
  threads_active: number;
  threads_oneshot: number;
  /** Interrupts handled by threads, and that count at the last hard interrupt (bit 31: judgement deferred). */
  threads_handled: number;
  threads_handled_last: number;
  readonly waiters: IrqWaiter[];
  /** The spurious detector's counters (/proc/irq/N/spurious). */
  irq_count: number;
  irqs_unhandled: number;
  last_unhandled: number;
  /** Handlers that asked for a thread they do not have, and results that are no combination of the known ones. */
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
    this.stopping = [];
    this.state = IRQS_DISABLED | IRQS_MASKED;
    this.settings = 0;
    this.depth = 1;
    this.cpu = this.vector = this.old_cpu = this.old_vector = this.busy_cpu = -1;
    this.affinity = Array.from({ length: cpus }, (_, i) => i);
    this.pending_affinity = [];
    this.affinity_hint = null;
    this.kstat = new Float64Array(cpus);
    this.threads_active = this.threads_oneshot = this.threads_handled = this.threads_handled_last = 0;
    this.waiters = [];
    this.irq_count = this.irqs_unhandled = this.last_unhandled = 0;
    this.no_thread = this.bogus = 0;
  }
}
