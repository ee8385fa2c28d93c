import type { FramePool } from '../../wire/index.js';
import type { DevicePort } from '../pcie/index.js';
import { NIC_DROP_COUNT } from './drops.js';
import type { InterruptUnit } from './interrupts/irq.js';
import type { RegisterFile } from './registers/file.js';
import type { TimeSync } from './time-sync.js';

/* Timer operations of the device. */
export const TIMER_ITR = 0;
export const TIMER_RDTR = 1;
export const TIMER_RADV = 2;
export const TIMER_TIDV = 3;
export const TIMER_TADV = 4;
export const TIMER_AUTONEG = 5;
export const TIMER_TX_FIFO = 6;
/* Timers of the data path: ACK delay, line free, end of a pause. */
export const TIMER_RAID = 32;
export const TIMER_TX_LINE = 33;
export const TIMER_PAUSE = 34;
/** End of an MDIO transaction. */
export const TIMER_MDIC = 40;
/** The window of MSI-X vector `a`. */
export const TIMER_EITR = 7;

/* Kinds of DMA read, in the low bits of the tag. */
export const TAG_RX_DESCRIPTORS = 0;
export const TAG_TX_DESCRIPTORS = 1;
export const TAG_TX_DATA = 2;
export const TAG_KIND_MASK = 3;
export const TAG_SHIFT = 2;

/** Longest frame of the chip, with CRC (DEFAULT_JUMBO of Linux' e1000e). */
export const LONGEST_FRAME = 9234;
/** On-chip packet memory, shared by both FIFOs as PBA says. */
export const PACKET_BUFFER_BYTES: number = 40 * 1024;

/** What the units of the device share. */
export interface NicParts {
  readonly port: DevicePort;
  readonly pool: FramePool;
  readonly file: RegisterFile;
  readonly irq: InterruptUnit;
  /** Frames lost by reason (NIC_*). */
  readonly drops: Float64Array;
  readonly timeSync: TimeSync;
}

/** A fresh array of drop counters. */
export function newDrops(): Float64Array {
  return new Float64Array(NIC_DROP_COUNT);
}

/** Receive FIFO bytes that a PBA value gives; the transmit FIFO has the rest. */
export function receiveFifoBytes(pba: number): number {
  const kib = pba & 0xffff;
  return (kib < 1 ? 1 : kib > 39 ? 39 : kib) * 1024;
}
