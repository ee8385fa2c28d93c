import {
  PCI_MSI_ADDRESS_HI,
  PCI_MSI_ADDRESS_LO,
  PCI_MSI_DATA_32,
  PCI_MSI_DATA_64,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_64BIT,
  type RootComplex,
} from '../../hw/pcie/index.js';
import { type MappedIo, writel } from '../mmio.js';
import { FLOW_FASTEOI, IRQF_TRIGGER_FALLING, IRQF_TRIGGER_LOW } from './constants.js';
import type { IrqChip, IrqDesc } from './desc.js';

/** Register select and window of the IO-APIC, and the first redirection register (82093AA datasheet). */
const IOREGSEL = 0x00;
const IOWIN = 0x10;
const IOREDTBL = 0x10;
const REDIR_ACTIVE_LOW = 1 << 13;
const REDIR_LEVEL = 1 << 15;
const REDIR_MASKED = 1 << 16;

/** Pins of the IO-APIC, programmed through its registers like any other device. */
export class IoApicChip implements IrqChip {
  readonly name: string = 'IO-APIC';
  readonly io: MappedIo;

  constructor(io: MappedIo) {
    this.io = io;
  }

  /** The high word first: the low one takes the mask away. */
  startup(desc: IrqDesc): void {
    this.write(desc.hwirq * 2 + 1, desc.cpu << 24);
    this.unmask(desc);
  }

  shutdown(desc: IrqDesc): void {
    this.mask(desc);
  }

  mask(desc: IrqDesc): void {
    this.write(desc.hwirq * 2, this.entry(desc) | REDIR_MASKED);
  }

  unmask(desc: IrqDesc): void {
    this.write(desc.hwirq * 2, this.entry(desc));
  }

  /** Masked while it moves, so that no message leaves with half of the new target. */
  retarget(desc: IrqDesc): void {
    this.mask(desc);
    this.startup(desc);
  }

  private entry(desc: IrqDesc): number {
    const low = (desc.trigger & (IRQF_TRIGGER_LOW | IRQF_TRIGGER_FALLING)) !== 0;
    const level = desc.flow === FLOW_FASTEOI;
    return (desc.vector & 0xff) | (low ? REDIR_ACTIVE_LOW : 0) | (level ? REDIR_LEVEL : 0);
  }

  private write(register: number, value: number): void {
    writel(this.io, IOREGSEL, IOREDTBL + register);
    writel(this.io, IOWIN, value);
  }
}

/**
 * The MSI of one function: the message lies in its capability. There is no mask bit, so masking does nothing: what arrives
 * while disabled is remembered as pending.
 */
export class MsiChip implements IrqChip {
  readonly name: string;
  readonly rc: RootComplex;
  readonly bdf: number;
  /** Offset of the MSI capability. */
  readonly cap: number;

  constructor(rc: RootComplex, bdf: number, cap: number, name: string) {
    this.rc = rc;
    this.bdf = bdf;
    this.cap = cap;
    this.name = name;
  }

  startup(desc: IrqDesc): void {
    this.retarget(desc);
  }

  shutdown(_desc: IrqDesc): void {}
  mask(_desc: IrqDesc): void {}
  unmask(_desc: IrqDesc): void {}

  /** Address 0xFEE00000 with the destination in bits 19:12; data = vector, fixed delivery, edge. */
  retarget(desc: IrqDesc): void {
    const { rc, bdf, cap } = this;
    const is64 = (rc.ecamRead(bdf, cap + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_64BIT) !== 0;
    rc.ecamWrite(bdf, cap + PCI_MSI_ADDRESS_LO, 4, msiAddress(desc.cpu));
    if (is64) rc.ecamWrite(bdf, cap + PCI_MSI_ADDRESS_HI, 4, 0);
    rc.ecamWrite(bdf, cap + (is64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 2, desc.vector & 0xff);
  }
}

/** Message address (int32) of the local APIC with that id (Intel SDM vol. 3A, 10.12.1). */
export function msiAddress(apicId: number): number {
  return 0xfee00000 | (apicId << 12);
}
