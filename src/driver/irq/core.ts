import type { Cpu, CpuSet, VectorEntry } from '../../cpu/index.js';
import { IOAPIC_BASE, IOAPIC_SIZE, type RootComplex } from '../../hw/pcie/index.js';
import { Cloneable, type SimTarget } from '../../sim/index.js';
import { DriverError } from '../errors.js';
import { ioremap } from '../mmio.js';
import { Printk } from '../printk.js';
import { IoApicChip, msiAddress } from './chips.js';
import {
  FLOW_EDGE,
  FLOW_FASTEOI,
  IRQF_TRIGGER_FALLING,
  IRQF_TRIGGER_HIGH,
  IRQF_TRIGGER_LOW,
  IRQF_TRIGGER_RISING,
  NR_GSIS,
  SPURIOUS_APIC_VECTOR,
} from './constants.js';
import { type IrqChip, IrqDesc } from './desc.js';
import { handle_irq } from './flow.js';
import { proc_interrupts } from './proc.js';
import { VectorTable } from './vectors.js';

const OP_EOI = 0;
const OP_RESEND = 1;

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
  /** Interrupts whose vector leads nowhere (a line freed with one under way), and the local APIC's own spurious ones. */
  stray: number;
  spurious: number;

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
    this.ioapic = io === null ? null : new IoApicChip(io);
    this.stray = this.spurious = 0;
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
      handle_irq(this, desc, cpu);
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

  /** Sends the interrupt once more (`check_irq_resend`): for edges that arrived while it was disabled. */
  resend(desc: IrqDesc): void {
    this.cpus.smp_processor().effect(this.target, OP_RESEND, desc.irq, 0);
  }

  handle(op: number, a: number, _b: number): void {
    if (op === OP_EOI) {
      this.cpus.cpus[a].lapic?.eoi();
      return;
    }
    const desc = this.descs[a];
    if (desc !== null && desc.vector >= 0) this.rc.messageTarget?.message(msiAddress(desc.cpu), desc.vector);
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

  /** A new interrupt number for messages of `chip`; its edge flow and vector are set up when it is requested. */
  irq_alloc_desc(chip: IrqChip, bdf: number): IrqDesc {
    let irq = NR_GSIS;
    while (irq < this.descs.length && this.descs[irq] !== null) irq++;
    const desc = new IrqDesc(irq, chip, 0, FLOW_EDGE, IRQF_TRIGGER_RISING, bdf, this.cpus.cpus.length);
    this.descs[irq] = desc;
    return desc;
  }

  /** Gives a message's number back. IRQ_IN_USE while handlers are registered. */
  irq_free_desc(desc: IrqDesc): void {
    if (desc.actions.length !== 0) {
      throw new DriverError('IRQ_IN_USE', `irq ${desc.irq} is freed while ${desc.actions[0].name} handles it`);
    }
    this.release_vector(desc);
    this.descs[desc.irq] = null;
  }

  /** Gives the descriptor a vector on one of its CPUs. NO_VECTOR when all are in use. */
  assign_vector(desc: IrqDesc): void {
    const cpu = this.vectors.bestCpu(desc.affinity);
    const vector = this.vectors.take(cpu, desc.irq);
    if (vector < 0) throw new DriverError('NO_VECTOR', `no vector is free on CPU ${cpu} for irq ${desc.irq}`);
    desc.cpu = cpu;
    desc.vector = vector;
  }

  release_vector(desc: IrqDesc): void {
    this.moved(desc);
    if (desc.vector < 0) return;
    this.vectors.release(desc.cpu, desc.vector);
    desc.cpu = desc.vector = -1;
  }

  /** The move to another CPU is complete: nothing can come to the old place any more. */
  private moved(desc: IrqDesc): void {
    if (desc.old_vector < 0) return;
    this.vectors.release(desc.old_cpu, desc.old_vector);
    desc.old_cpu = desc.old_vector = -1;
  }

  /** `/proc/interrupts`. */
  interrupts(): string {
    return proc_interrupts(this);
  }
}
