// What the driver knows of the chip: registers, descriptors, and the few things it asks of them.
import { dma_alloc_coherent, dma_free_coherent, type MappedIo, type PciDev, readl, writel } from 'softirq/driver';

const CTRL = 0x0000;
const CTRL_SLU = 1 << 6;
const CTRL_RST = 1 << 26;
const STATUS = 0x0008;
const STATUS_LU = 1 << 1;
const ICR = 0x00c0;
const IMS = 0x00d0;
const IMC = 0x00d8;
const RCTL = 0x0100;
const RCTL_ON = (1 << 1) | (1 << 4) | (1 << 15) | (1 << 26); // enable, all multicast, broadcast, strip the FCS
const TCTL = 0x0400;
const TCTL_ON = (1 << 1) | (1 << 3); // enable, pad short packets
const RDBAL = 0x2800;
const RDT = 0x2818;
const TDBAL = 0x3800;
const TDT = 0x3818;
const RAL0 = 0x5400;
const RAH0 = 0x5404;

/** Interrupt causes: a packet sent, the link changed, descriptors run low, overrun, a packet received. */
export const LSC: number = 1 << 2;
const CAUSES = 0x01 | LSC | 0x10 | 0x40 | 0x80;

/** Descriptors per ring, and bytes of one. */
export const COUNT = 128;
const BYTES = 16;
/** In the last word of a descriptor: done, end of packet; and the errors of a received one. */
const DONE = 0x01;
const EOP = 0x02;
const ERRORS = 0xff00;
/** Command of a descriptor to send: one whole packet, insert the FCS, report when it is done. */
const SEND = 0x0b << 24;

/** A ring of legacy descriptors in memory that driver and device share. */
export class Ring {
  readonly pdev: PciDev;
  /** Address of descriptor 0; 0 when the machine has no memory left. */
  readonly dma: number;
  /** The next descriptor the driver fills, and the next one it looks at. */
  fill = 0;
  clean = 0;

  constructor(pdev: PciDev) {
    this.pdev = pdev;
    this.dma = dma_alloc_coherent(pdev, COUNT * BYTES);
  }

  free(): void {
    dma_free_coherent(this.pdev, COUNT * BYTES, this.dma);
  }

  /** Word `word` of descriptor `i`: an int32. */
  get(i: number, word: number): number {
    return this.pdev.core.rc.memory.arena.i32[(this.dma + i * BYTES) / 4 + word];
  }

  /** Descriptor `i` names `addr`; `command` is its third word, 0 for one to receive into. */
  set(i: number, addr: number, command: number): void {
    this.pdev.core.rc.memory.arena.i32.set([addr, 0, command, 0], (this.dma + i * BYTES) / 4);
  }

  /** The device has written descriptor `i` back. */
  done(i: number): boolean {
    return (this.get(i, 3) & DONE) !== 0;
  }

  /** A whole packet without errors lies where descriptor `i` points. */
  good(i: number): boolean {
    return (this.get(i, 3) & (EOP | ERRORS)) === EOP;
  }

  get full(): boolean {
    return next(this.fill) === this.clean;
  }
}

export function next(i: number): number {
  return (i + 1) % COUNT;
}

/** One chip. */
export class Hw {
  readonly io: MappedIo;

  constructor(io: MappedIo) {
    this.io = io;
  }
}

/** Everything off and back to its reset values; no DMA is under way afterwards. */
export function hw_reset(hw: Hw): void {
  writel(hw.io, IMC, -1);
  writel(hw.io, RCTL, 0);
  writel(hw.io, TCTL, 0);
  writel(hw.io, CTRL, readl(hw.io, CTRL) | CTRL_RST);
  readl(hw.io, STATUS);
  writel(hw.io, IMC, -1);
}

/** The address that the reset loaded from the NVM. */
export function hw_mac(hw: Hw): Uint8Array {
  const [low, high] = [readl(hw.io, RAL0), readl(hw.io, RAH0)];
  return Uint8Array.of(low, low >>> 8, low >>> 16, low >>> 24, high, high >>> 8);
}

/** Reads and thereby clears the causes, and masks them all: what the chip wants is known, the rest is the poll's. */
export function hw_ack_interrupt(hw: Hw): number {
  const icr = readl(hw.io, ICR);
  if (icr !== 0) writel(hw.io, IMC, -1);
  return icr;
}

export function hw_enable_interrupts(hw: Hw): void {
  writel(hw.io, IMS, CAUSES);
}

/** Rings in, receiver and transmitter on, link wanted. */
export function hw_start(hw: Hw, rx: Ring, tx: Ring): void {
  for (const [base, ring] of [
    [RDBAL, rx],
    [TDBAL, tx],
  ] as const) {
    writel(hw.io, base, ring.dma);
    writel(hw.io, base + 0x04, 0);
    writel(hw.io, base + 0x08, COUNT * BYTES);
    writel(hw.io, base + 0x10, 0);
    writel(hw.io, base + 0x18, 0);
  }
  writel(hw.io, RCTL, RCTL_ON);
  writel(hw.io, TCTL, TCTL_ON);
  writel(hw.io, CTRL, readl(hw.io, CTRL) | CTRL_SLU);
}

export function hw_link_up(hw: Hw): boolean {
  return (readl(hw.io, STATUS) & STATUS_LU) !== 0;
}

/** Gives the device the receive descriptors before `tail`. */
export function hw_receive(hw: Hw, tail: number): void {
  writel(hw.io, RDT, tail);
}

/** A packet to send in descriptor `i` of the ring. */
export function hw_fill(tx: Ring, i: number, addr: number, length: number): void {
  tx.set(i, addr, SEND | length);
}

/** Gives the device the transmit descriptors before `tail`; the read makes the write take effect now. */
export function hw_transmit(hw: Hw, tail: number): void {
  writel(hw.io, TDT, tail);
  readl(hw.io, STATUS);
}
