import {
  PCI_MSI_ADDRESS_HI,
  PCI_MSI_ADDRESS_LO,
  PCI_MSI_DATA_32,
  PCI_MSI_DATA_64,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_64BIT,
  type RootComplex,
} from '../../hw/pcie/index.js';
import { TP } from '../../sim/index.js';
import { type MappedIo, readl, writel } from '../mmio.js';
import {
  FLOW_EDGE,
  IRQCHIP_ONESHOT_SAFE,
  IRQF_TRIGGER_FALLING,
  IRQF_TRIGGER_LOW,
  IRQS_MASKED,
  IRQS_STARTED,
  NR_GSIS,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqChip, IrqDesc } from './desc.js';

/** Register select and window of the IO-APIC, and the first redirection register (82093AA datasheet). */
const IOREGSEL = 0x00;
const IOWIN = 0x10;
const IOREDTBL = 0x10;
const REDIR_ACTIVE_LOW = 1 << 13;
const REDIR_REMOTE_IRR = 1 << 14;
const REDIR_LEVEL = 1 << 15;
const REDIR_MASKED = 1 << 16;
const NO_TARGET = -1;

/** What `sync` brings up to date: the mask alone, or the target too. */
export const SYNC_MASK = 0;
export const SYNC_TARGET = 1;

/** A posted write that takes effect now; traced as the CPU's whose block ends. */
function write32(io: MappedIo, offset: number, value: number): void {
  const { trace } = io.cpus.sim;
  if (trace.on && trace.cpu >= 0) trace.put(TP.MMIO_WRITE, trace.cpu, 0, offset, value, 0);
  io.mem.write32(offset, value);
}

/**
 * Pins of the IO-APIC, programmed through its registers like any other device. Each write is computed from the descriptor when
 * it takes effect, not when it is asked for: two CPUs whose blocks overlap leave the register as the descriptor says, which a
 * kernel gets from `ioapic_lock`.
 */
export class IoApicChip implements IrqChip {
  readonly name: string = 'IO-APIC';
  readonly flags: number = 0;
  readonly io: MappedIo;
  readonly irqs: IrqCore;
  /** What each pin's entry says now: cpu << 8 | vector. */
  readonly targets: Int32Array;

  constructor(io: MappedIo, irqs: IrqCore) {
    this.io = io;
    this.irqs = irqs;
    this.targets = new Int32Array(NR_GSIS).fill(NO_TARGET);
  }

  startup(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_TARGET, 6);
  }

  shutdown(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_MASK, 2);
  }

  mask(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_MASK, 2);
  }

  unmask(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_MASK, 2);
  }

  retarget(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_TARGET, 6);
  }

  /**
   * With a new target masked while it moves, so that no message leaves with half of it; the high word before the low one. Masked
   * as an edge pin, which takes Remote IRR away: should the old target have accepted a message meanwhile, its EOI would no longer
   * find its vector in the entry, and the pin would be dead. A line that is still asserted then sends to the new target too.
   */
  sync(desc: IrqDesc, _what: number): void {
    const pin = desc.hwirq;
    const target = desc.vector < 0 ? NO_TARGET : (desc.cpu << 8) | desc.vector;
    if (this.targets[pin] !== target) {
      this.targets[pin] = target;
      this.write(pin * 2, REDIR_MASKED);
      if (target !== NO_TARGET) this.write(pin * 2 + 1, desc.cpu << 24);
    }
    this.write(pin * 2, this.entry(desc));
  }

  /** A message of a level pin was accepted and not ended: its EOI must still find the vector in the entry. */
  irq_in_service(desc: IrqDesc): boolean {
    writel(this.io, IOREGSEL, IOREDTBL + desc.hwirq * 2);
    return (readl(this.io, IOWIN) & REDIR_REMOTE_IRR) !== 0;
  }

  /** Without a vector: all zero but masked, edge, which also takes Remote IRR away. */
  private entry(desc: IrqDesc): number {
    if (desc.vector < 0) return REDIR_MASKED;
    const activeLow = (desc.trigger & (IRQF_TRIGGER_LOW | IRQF_TRIGGER_FALLING)) !== 0;
    const masked = (desc.state & (IRQS_MASKED | IRQS_STARTED)) !== IRQS_STARTED;
    return (
      (desc.vector & 0xff) |
      (activeLow ? REDIR_ACTIVE_LOW : 0) |
      (desc.flow === FLOW_EDGE ? 0 : REDIR_LEVEL) |
      (masked ? REDIR_MASKED : 0)
    );
  }

  private write(register: number, value: number): void {
    write32(this.io, IOREGSEL, IOREDTBL + register);
    write32(this.io, IOWIN, value);
  }
}

/**
 * The MSI of one function: the message lies in its capability. A function without the mask register cannot be masked; what
 * arrives while disabled is then remembered as pending.
 */
export class MsiChip implements IrqChip {
  readonly name: string;
  readonly flags: number = IRQCHIP_ONESHOT_SAFE;
  readonly rc: RootComplex;
  readonly bdf: number;
  /** Offset of the MSI capability, and of its mask register (0: none). */
  readonly cap: number;
  readonly mask_pos: number;

  constructor(rc: RootComplex, bdf: number, cap: number, mask_pos: number, name: string) {
    this.rc = rc;
    this.bdf = bdf;
    this.cap = cap;
    this.mask_pos = mask_pos;
    this.name = name;
  }

  startup(desc: IrqDesc): void {
    this.retarget(desc);
    this.update(desc);
  }

  shutdown(desc: IrqDesc): void {
    this.update(desc);
  }

  mask(desc: IrqDesc): void {
    this.update(desc);
  }

  unmask(desc: IrqDesc): void {
    this.update(desc);
  }

  /** Address 0xFEE00000 with the destination in bits 19:12; data = vector, fixed delivery, edge. */
  retarget(desc: IrqDesc): void {
    const { rc, bdf, cap } = this;
    const is64 = (rc.ecamRead(bdf, cap + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_64BIT) !== 0;
    rc.ecamWrite(bdf, cap + PCI_MSI_ADDRESS_LO, 4, msiAddress(desc.cpu));
    if (is64) rc.ecamWrite(bdf, cap + PCI_MSI_ADDRESS_HI, 4, 0);
    rc.ecamWrite(bdf, cap + (is64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 2, desc.vector & 0xff);
  }

  private update(desc: IrqDesc): void {
    if (this.mask_pos === 0) return;
    const bit = 1 << desc.hwirq;
    const old = this.rc.ecamRead(this.bdf, this.mask_pos, 4);
    const masked = (desc.state & (IRQS_MASKED | IRQS_STARTED)) !== IRQS_STARTED;
    this.rc.ecamWrite(this.bdf, this.mask_pos, 4, masked ? old | bit : old & ~bit);
  }
}

/** Words of an MSI-X table entry, as hw/msi lays it out. */
const MSIX_ENTRY_SIZE = 16;
const MSIX_ENTRY_LOWER_ADDR = 0;
const MSIX_ENTRY_UPPER_ADDR = 4;
const MSIX_ENTRY_DATA = 8;
const MSIX_ENTRY_VECTOR_CTRL = 12;
const MSIX_ENTRY_CTRL_MASKBIT = 1;

/** The MSI-X table of one function, through its BAR. Each vector has a Mask bit; what comes while it is set waits in the PBA. */
export class MsixChip implements IrqChip {
  readonly name: string;
  readonly flags: number = IRQCHIP_ONESHOT_SAFE;
  readonly irqs: IrqCore;
  /** The table, from its first entry. */
  readonly io: MappedIo;

  constructor(irqs: IrqCore, io: MappedIo, name: string) {
    this.irqs = irqs;
    this.io = io;
    this.name = name;
  }

  startup(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_TARGET, 5);
  }

  shutdown(desc: IrqDesc): void {
    this.mask(desc);
  }

  /** The read makes sure that no message is under way any more: it pushes them ahead of its answer. */
  mask(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_MASK, 1);
    readl(this.io, desc.hwirq * MSIX_ENTRY_SIZE + MSIX_ENTRY_VECTOR_CTRL);
  }

  unmask(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_MASK, 1);
  }

  retarget(desc: IrqDesc): void {
    this.irqs.program(desc, SYNC_TARGET, 5);
  }

  /** The specification wants the entry masked while address or data change. */
  sync(desc: IrqDesc, what: number): void {
    const { io } = this;
    const at = desc.hwirq * MSIX_ENTRY_SIZE;
    const masked = (desc.state & (IRQS_MASKED | IRQS_STARTED)) !== IRQS_STARTED;
    if (what === SYNC_TARGET) {
      write32(io, at + MSIX_ENTRY_VECTOR_CTRL, MSIX_ENTRY_CTRL_MASKBIT);
      write32(io, at + MSIX_ENTRY_LOWER_ADDR, msiAddress(desc.cpu));
      write32(io, at + MSIX_ENTRY_UPPER_ADDR, 0);
      write32(io, at + MSIX_ENTRY_DATA, desc.vector & 0xff);
    }
    write32(io, at + MSIX_ENTRY_VECTOR_CTRL, masked ? MSIX_ENTRY_CTRL_MASKBIT : 0);
  }
}

/** Stands where an interrupt number has no controller yet (`no_irq_chip`). */
export class NoIrqChip implements IrqChip {
  readonly name: string = 'none';
  readonly flags: number = 0;
  startup(_desc: IrqDesc): void {}
  shutdown(_desc: IrqDesc): void {}
  mask(_desc: IrqDesc): void {}
  unmask(_desc: IrqDesc): void {}
  retarget(_desc: IrqDesc): void {}
}

/** Message address (int32) of the local APIC with that id (Intel SDM vol. 3A, 10.12.1). */
export function msiAddress(apicId: number): number {
  return 0xfee00000 | (apicId << 12);
}
