import { TXD_EXTCMD_TSTAMP, TXD_POPTS_IXSM, TXD_POPTS_TXSM } from '../registers/bits.js';
import type { TxContext } from './tx-segment.js';

/** Shortest frame without CRC: shorter data is padded. */
export const MIN_LENGTH = 60;

/** Most packets (or context descriptors) between parsing and completion. */
export const PACKET_SLOTS = 32;
const MASK = PACKET_SLOTS - 1;

/* What a slot holds. */
export const SLOT_CONTEXT = 0;
export const SLOT_FRAME = 1;
/** Descriptors that carry nothing to the wire: they are completed and the loss is counted. */
export const SLOT_DISCARD = 2;

/* Checksums to insert: of the IP header; of the transport, which may be UDP's. */
export const OFFLOAD_IP = 1;
export const OFFLOAD_L4 = 2;
export const OFFLOAD_UDP = 4;
/** The time of its first bit is to be latched. */
export const OFFLOAD_STAMP = 8;

/** Packets under way, oldest first, in parallel arrays: a ring of slots. */
export class TxPackets {
  count = 0;
  first = 0;
  readonly kind: Int32Array = new Int32Array(PACKET_SLOTS);
  readonly frame: Int32Array = new Int32Array(PACKET_SLOTS);
  /** Bytes that leave, before padding; with a VLAN tag that is inserted. */
  readonly length: Int32Array = new Int32Array(PACKET_SLOTS);
  /** Descriptors that the packet takes. */
  readonly descriptors: Int32Array = new Int32Array(PACKET_SLOTS);
  /** DMA reads not yet complete. */
  readonly pending: Int32Array = new Int32Array(PACKET_SLOTS);
  /** A DMA read failed. */
  readonly failed: Int32Array = new Int32Array(PACKET_SLOTS);
  /** Command bits (31:24) of the last descriptor. */
  readonly command: Int32Array = new Int32Array(PACKET_SLOTS);
  readonly offload: Int32Array = new Int32Array(PACKET_SLOTS);
  /** Tag control information of the VLAN tag to insert, -1 for none. The data lies {@link VLAN_HLEN} bytes into the frame then. */
  readonly tag: Int32Array = new Int32Array(PACKET_SLOTS).fill(-1);
  /** First and second word of the context in force: css | cso << 8 | cse << 16. */
  readonly ipContext: Int32Array = new Int32Array(PACKET_SLOTS);
  readonly l4Context: Int32Array = new Int32Array(PACKET_SLOTS);

  /** DMA reads are under way. */
  reading(): boolean {
    for (let k = 0; k < this.count; k++) if (this.pending[(this.first + k) & MASK] > 0) return true;
    return false;
  }

  /** Takes the next slot; only when `count` < PACKET_SLOTS. What a frame needs besides is set by {@link setFrame}. */
  push(kind: number, descriptors: number): number {
    const slot = (this.first + this.count) & MASK;
    this.count++;
    this.kind[slot] = kind;
    this.descriptors[slot] = descriptors;
    this.pending[slot] = 0;
    return slot;
  }

  /** The frame of a slot: whole so far, without checksums to insert or a tag. */
  setFrame(slot: number, frame: number, length: number, command: number): void {
    this.frame[slot] = frame;
    this.length[slot] = length;
    this.command[slot] = command;
    this.failed[slot] = 0;
    this.offload[slot] = 0;
    this.tag[slot] = -1;
  }

  /** The checksums that POPTS asks for, at the places of a context descriptor. */
  planContext(slot: number, context: TxContext, popts: number): void {
    if ((popts & (TXD_POPTS_IXSM | TXD_POPTS_TXSM | TXD_EXTCMD_TSTAMP)) === 0) return;
    let offload = (popts & TXD_POPTS_IXSM) !== 0 ? OFFLOAD_IP : 0;
    if ((popts & TXD_POPTS_TXSM) !== 0) offload |= context.isUdp() ? OFFLOAD_L4 | OFFLOAD_UDP : OFFLOAD_L4;
    if ((popts & TXD_EXTCMD_TSTAMP) !== 0) offload |= OFFLOAD_STAMP;
    this.offload[slot] = offload;
    this.ipContext[slot] = context.ip;
    this.l4Context[slot] = context.l4;
  }

  /** The checksum that a legacy descriptor asks for: from byte `css` to the end, at byte `cso`. */
  planLegacy(slot: number, css: number, cso: number): void {
    this.offload[slot] = OFFLOAD_L4;
    this.l4Context[slot] = css | (cso << 8);
  }

  /** Frames that have not left: their descriptors are not complete either. */
  frames(): number {
    let n = 0;
    for (let i = 0; i < this.count; i++) if (this.kind[(this.first + i) & MASK] === SLOT_FRAME) n++;
    return n;
  }

  /** Lets the oldest slot go. */
  shift(): void {
    this.first = (this.first + 1) & MASK;
    this.count--;
  }
}
