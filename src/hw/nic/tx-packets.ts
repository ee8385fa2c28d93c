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

/** Packets under way, oldest first, in parallel arrays: a ring of slots. */
export class TxPackets {
  count = 0;
  first = 0;
  readonly kind: Int32Array = new Int32Array(PACKET_SLOTS);
  readonly frame: Int32Array = new Int32Array(PACKET_SLOTS);
  /** Bytes of data, before padding. */
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
  /** First and second word of the context in force: css | cso << 8 | cse << 16. */
  readonly ipContext: Int32Array = new Int32Array(PACKET_SLOTS);
  readonly l4Context: Int32Array = new Int32Array(PACKET_SLOTS);

  /** Takes the next slot, cleared; only when `count` < PACKET_SLOTS. */
  push(kind: number, descriptors: number): number {
    const slot = (this.first + this.count) & MASK;
    this.count++;
    this.kind[slot] = kind;
    this.frame[slot] = 0;
    this.length[slot] = 0;
    this.descriptors[slot] = descriptors;
    this.pending[slot] = 0;
    this.failed[slot] = 0;
    this.command[slot] = 0;
    this.offload[slot] = 0;
    return slot;
  }

  /** Lets the oldest slot go. */
  shift(): void {
    this.first = (this.first + 1) & MASK;
    this.count--;
  }
}
