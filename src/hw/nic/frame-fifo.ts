import { FCS_BYTES, type FramePool } from '../../wire/index.js';

/** A FIFO of 39 KiB holds fewer frames of 64 bytes than this. */
const CAPACITY = 1024;
const MASK = CAPACITY - 1;

/**
 * A FIFO of the MAC: frames with one reference each, accounted by their bytes with CRC. With each go the two words
 * that receive-side scaling has found out about it.
 */
export class FrameFifo {
  /** Frames inside. */
  count = 0;
  /** Bytes inside. */
  bytes = 0;
  private readonly pool: FramePool;
  private readonly frames: Int32Array = new Int32Array(CAPACITY);
  private readonly hashes: Int32Array = new Int32Array(CAPACITY);
  private readonly queues: Int32Array = new Int32Array(CAPACITY);
  private head = 0;

  constructor(pool: FramePool) {
    this.pool = pool;
  }

  /** Whether `bytes` more fit into a FIFO of `limit` bytes. */
  fits(bytes: number, limit: number): boolean {
    return this.bytes + bytes <= limit && this.count < CAPACITY;
  }

  /** Whether `frames` more can be held, whatever their length. */
  holds(frames: number): boolean {
    return this.count + frames <= CAPACITY;
  }

  push(frame: number, hash: number, mrq: number): void {
    const at = (this.head + this.count) & MASK;
    this.frames[at] = frame;
    this.hashes[at] = hash;
    this.queues[at] = mrq;
    this.count++;
    this.bytes += this.pool.len(frame) + FCS_BYTES;
  }

  /** The oldest frame; only when `count` > 0. */
  peek(): number {
    return this.frames[this.head];
  }

  /** The hash of the oldest frame. */
  hash(): number {
    return this.hashes[this.head];
  }

  /** RSS type | queue << 8 of the oldest frame. */
  mrq(): number {
    return this.queues[this.head];
  }

  /** Takes the oldest frame out. */
  take(): number {
    const frame = this.frames[this.head];
    this.head = (this.head + 1) & MASK;
    this.count--;
    this.bytes -= this.pool.len(frame) + FCS_BYTES;
    return frame;
  }
}
