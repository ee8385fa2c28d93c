import type { Cpu, CpuSet, VectorEntry } from '../../cpu/index.js';
import { IOAPIC_BASE, IOAPIC_SIZE, type RootComplex } from '../../hw/pcie/index.js';
import { Cloneable, type SimTarget } from '../../sim/index.js';
import { DriverError } from '../errors.js';
import { ioremap } from '../mmio.js';
import { Printk } from '../printk.js';
import { irq_move_masked_irq } from './affinity.js';
import { IoApicChip, msiAddress, NoIrqChip } from './chips.js';
import {
  FLOW_BAD,
  FLOW_EDGE,
  FLOW_FASTEOI,
  IRQD_SETAFFINITY_PENDING,
  IRQF_TRIGGER_FALLING,
  IRQF_TRIGGER_HIGH,
  IRQF_TRIGGER_LOW,
  IRQF_TRIGGER_NONE,
  IRQF_TRIGGER_RISING,
  NR_GSIS,
  SPURIOUS_APIC_VECTOR,
} from './constants.js';
import { type IrqChip, IrqDesc } from './desc.js';
import { handle_irq } from './flow.js';
import { misrouted_irq, poll_spurious_irqs } from './poll.js';
import { proc_interrupts } from './proc.js';
import { irq_block_done, irq_settle, irq_thread_exited, wake_threads_waitq } from './sync.js';
import type { IrqThread } from './thread.js';
import { VectorTable } from './vectors.js';

const OP_EOI = 0;
const OP_RESEND = 1;
const OP_SYNC = 2;
const OP_DONE = 3;
const OP_MOVE = 4;
const OP_THREAD_DONE = 5;
const OP_THREAD_EXIT = 6;
const OP_SETTLE = 7;
/** Kernel timers: the poll of lines the spurious detector switched off, and interrupts to be resent in software. */
const OP_POLL = 8;
const OP_SW_RESEND = 9;

/** The interrupt core of one host: descriptors, vectors, and the entry the CPUs' interrupts lead to. */
export class IrqCore extends Cloneable implements VectorEntry, SimTarget {
  readonly cpus: CpuSet;
  readonly rc: RootComplex;
  readonly log: Printk;
  readonly target: number;
  /** By interrupt number. */
  readonly descs: (IrqDesc | null)[];
  readonly vectors: VectorTable;
  readonly ioapic: IoApicChip | null;
  readonly no_irq_chip: NoIrqChip;
  /** Interrupts whose vector leads nowhere (a line freed with one under way), and the local APIC's own spurious ones. */
  stray: number;
  spurious: number;
  /** Several CPUs: the handlers of a line may be under way on another one. */
  readonly smp: boolean;
  /** CPUs that interrupts without a mask of their own may go to (/proc/irq/default_smp_affinity). */
  default_affinity: number[];
  /** The kernel's boot option: 0 none, 1 `irqfixup`, 2 `irqpoll`: look at all lines' handlers when nobody cared. */
  irqfixup: number;
  /** Allocations of the irq core that fail from now on (fault injection, as failslab): gives -ENOMEM. */
  failslab: number;
  /** Bad results told of so far; the kernel tells of the first 100. */
  bad_reports: number;
  /** Threads by slot. */
  readonly threads: (IrqThread | null)[];
  /** Interrupt numbers to be resent in software. */
  readonly sw_resend: number[];
  /** The lines' handlers are being polled. */
  polling: boolean;
  private poll_timer: number;
  private resend_timer: number;

  /** Becomes the entry of every CPU of the set. */
  constructor(cpus: CpuSet, rc: RootComplex) {
    super();
    this.cpus = cpus;
    this.rc = rc;
    this.log = new Printk(rc.sim);
    this.target = rc.sim.attach(this);
    this.descs = new Array<IrqDesc | null>(NR_GSIS).fill(null);
    this.vectors = new VectorTable(cpus.cpus.length);
    const io = ioremap(rc, cpus, IOAPIC_BASE, IOAPIC_SIZE);
    this.ioapic = io === null ? null : new IoApicChip(io, this);
    this.no_irq_chip = new NoIrqChip();
    this.stray = this.spurious = 0;
    this.smp = cpus.cpus.length > 1;
    this.default_affinity = cpus.cpus.map((cpu) => cpu.id);
    this.irqfixup = this.failslab = this.bad_reports = 0;
    this.threads = [];
    this.sw_resend = [];
    this.polling = false;
    this.poll_timer = this.resend_timer = -1;
    for (const cpu of cpus.cpus) cpu.entry = this;
  }

  /** The descriptor of an interrupt number, or null. */
  irq_to_desc(irq: number): IrqDesc | null {
    return this.descs[irq] ?? null;
  }

  do_IRQ(cpu: Cpu, vector: number): void {
    const irq = this.vectors.lookup(cpu.id, vector);
    if (irq >= 0) {
      const desc = this.descs[irq] as IrqDesc;
      if (desc.old_vector >= 0 && cpu.id === desc.cpu && vector === desc.vector) this.moved(desc);
      handle_irq(this, desc, cpu, true);
      return;
    }
    if (vector === SPURIOUS_APIC_VECTOR) {
      this.spurious++;
      return;
    }
    this.stray++;
    this.eoi(cpu);
  }

  /** Ends the interrupt in service: a write to the CPU's own APIC, in order with the block's other writes. */
  eoi(cpu: Cpu): void {
    cpu.posted(this.target, OP_EOI, cpu.id, 0);
  }

  /** Sends the interrupt once more to its CPU. */
  retrigger(desc: IrqDesc): void {
    this.cpus.smp_processor().effect(this.target, OP_RESEND, desc.irq, 0);
  }

  /**
   * Registers of the controller follow the descriptor (`IrqChip.sync`), as posted writes of the block under way: `writes` of them
   * are paid for.
   */
  program(desc: IrqDesc, what: number, writes: number): void {
    const cpu = this.cpus.current;
    if (cpu === null) {
      desc.chip.sync?.(desc, what);
      return;
    }
    cpu.cost += writes * cpu.costs.mmio_write;
    cpu.posted(this.target, OP_SYNC, desc.irq, what);
  }

  /** At the end of the block of `cpu` under way (or now): the line's handlers are no longer under way there. */
  block_end(desc: IrqDesc, cpu: Cpu): void {
    cpu.effect(this.target, OP_DONE, desc.irq, cpu.id);
  }

  /** As {@link block_end}, for a change of target that waits for the EOI; `unmask`: the line was open before. */
  move_after_eoi(desc: IrqDesc, unmask: boolean): void {
    const cpu = this.cpus.smp_processor();
    cpu.posted(this.target, OP_MOVE, desc.irq, unmask ? 1 : 0);
  }

  thread_done(thread: IrqThread): void {
    this.effect(OP_THREAD_DONE, thread.slot);
  }

  thread_exit(thread: IrqThread): void {
    this.effect(OP_THREAD_EXIT, thread.slot);
  }

  /** Looks at the end of the block whether those who wait for a quiet line may go on. */
  settle_later(desc: IrqDesc): void {
    if (desc.waiters.length !== 0) this.effect(OP_SETTLE, desc.irq);
  }

  private effect(op: number, a: number): void {
    this.cpus.smp_processor().effect(this.target, op, a, 0);
  }

  handle(op: number, a: number, b: number): void {
    if (op === OP_EOI) {
      this.cpus.cpus[a].lapic?.eoi();
      return;
    }
    if (op === OP_THREAD_DONE || op === OP_THREAD_EXIT) {
      const thread = this.threads[a];
      if (thread !== null && op === OP_THREAD_DONE) wake_threads_waitq(this, thread.desc);
      else if (thread !== null) irq_thread_exited(this, thread);
    } else if (op === OP_POLL) {
      poll_spurious_irqs(this);
    } else if (op === OP_SW_RESEND) {
      this.resend_in_software();
    } else {
      const desc = this.irq_to_desc(a);
      if (desc !== null) this.handleDesc(op, desc, b);
    }
  }

  private handleDesc(op: number, desc: IrqDesc, b: number): void {
    if (op === OP_SYNC) desc.chip.sync?.(desc, b);
    else if (op === OP_DONE) irq_block_done(this, desc, b);
    else if (op === OP_MOVE) irq_move_masked_irq(this, desc, b !== 0);
    else if (op === OP_SETTLE) irq_settle(this, desc);
    else if (desc.vector >= 0) this.rc.messageTarget?.message(msiAddress(desc.cpu), desc.vector);
  }

  /**
   * `irq_sw_resend`: the interrupt of a controller behind another one is handled as if it had come, in the timer softirq. False
   * on a host without kernel timers.
   */
  queue_sw_resend(irq: number): boolean {
    const timers = this.cpus.timers;
    if (timers === null) return false;
    this.sw_resend.push(irq);
    if (this.resend_timer < 0) this.resend_timer = timers.createTimer(this.target, OP_SW_RESEND, 0);
    timers.mod_timer(this.resend_timer, 0);
    return true;
  }

  /** With the boot options `irqfixup` and `irqpoll`: whether an interrupt was some other line's. */
  misrouted(desc: IrqDesc, ret: number): void {
    misrouted_irq(this, desc, ret);
  }

  private resend_in_software(): void {
    for (const irq of this.sw_resend.splice(0)) {
      const desc = this.irq_to_desc(irq);
      if (desc !== null) handle_irq(this, desc, this.cpus.smp_processor(), false);
    }
  }

  /**
   * (Re)arms the poll of the lines that the spurious detector switched off, `delay_ns` from now. A weak timer: a simulation with
   * nothing else to do ends. A host without kernel timers does not poll.
   */
  arm_poll(delay_ns: number): void {
    const timers = this.cpus.timers;
    if (timers === null) return;
    if (this.poll_timer < 0) this.poll_timer = timers.createTimer(this.target, OP_POLL, 0, true);
    timers.mod_timer(this.poll_timer, delay_ns);
  }

  /**
   * `acpi_register_gsi`: makes an IO-APIC pin an interrupt. PCI lines are level and active low; the number is the pin's.
   * Returns it, or -1 when the machine has no such pin.
   */
  acpi_register_gsi(gsi: number, level: boolean, activeLow: boolean): number {
    if (this.ioapic === null || !(gsi >= 0 && gsi < NR_GSIS)) return -1;
    if (this.descs[gsi] !== null) return gsi;
    const edge = activeLow ? IRQF_TRIGGER_FALLING : IRQF_TRIGGER_RISING;
    const trigger = level ? (activeLow ? IRQF_TRIGGER_LOW : IRQF_TRIGGER_HIGH) : edge;
    const flow = level ? FLOW_FASTEOI : FLOW_EDGE;
    this.descs[gsi] = new IrqDesc(gsi, this.ioapic, gsi, flow, trigger, -1, this.cpus.cpus.length);
    return gsi;
  }

  /** A new interrupt number for message `hwirq` of `chip`; its vector is set up when it is requested. */
  irq_alloc_desc(chip: IrqChip, bdf: number, hwirq: number = 0): IrqDesc {
    return this.newDesc(chip, hwirq, FLOW_EDGE, IRQF_TRIGGER_RISING, bdf);
  }

  /** A new interrupt number without a controller: `irq_set_chip_and_handler` gives it one. */
  irq_alloc_bare(): IrqDesc {
    return this.newDesc(this.no_irq_chip, -1, FLOW_BAD, IRQF_TRIGGER_NONE, -1);
  }

  private newDesc(chip: IrqChip, hwirq: number, flow: number, trigger: number, bdf: number): IrqDesc {
    let irq = NR_GSIS;
    while (irq < this.descs.length && this.descs[irq] !== null) irq++;
    const desc = new IrqDesc(irq, chip, hwirq, flow, trigger, bdf, this.cpus.cpus.length);
    this.descs[irq] = desc;
    return desc;
  }

  /** Gives a number back. IRQ_IN_USE while handlers are registered. */
  irq_free_desc(desc: IrqDesc): void {
    if (desc.actions.length !== 0) {
      throw new DriverError('IRQ_IN_USE', `irq ${desc.irq} is freed while ${desc.actions[0].name} handles it`);
    }
    this.release_vector(desc);
    this.descs[desc.irq] = null;
  }

  /** Gives the descriptor a vector on one of its CPUs; false, and a line in the log, when all are in use. */
  assign_vector(desc: IrqDesc): boolean {
    const cpu = this.vectors.bestCpu(desc.affinity);
    const vector = this.vectors.take(cpu, desc.irq, this.cpus.cpus[cpu].lapic);
    if (vector < 0) {
      this.log.print(`no vector is free on CPU ${cpu} for irq ${desc.irq}`);
      return false;
    }
    desc.cpu = cpu;
    desc.vector = vector;
    return true;
  }

  release_vector(desc: IrqDesc): void {
    this.moved(desc);
    if (desc.vector >= 0) {
      this.vectors.release(desc.cpu, desc.vector);
      desc.cpu = desc.vector = -1;
    }
    this.settle_later(desc);
  }

  /** The move to another CPU is complete: nothing can come to the old place any more, and the next move may start. */
  private moved(desc: IrqDesc): void {
    if (desc.old_vector < 0) return;
    this.vectors.release(desc.old_cpu, desc.old_vector);
    desc.old_cpu = desc.old_vector = -1;
    if ((desc.state & IRQD_SETAFFINITY_PENDING) !== 0 && desc.flow === FLOW_EDGE)
      irq_move_masked_irq(this, desc, false);
  }

  /** `/proc/interrupts`. */
  interrupts(): string {
    return proc_interrupts(this);
  }
}
