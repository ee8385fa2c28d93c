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
  /** Frame, hash, RSS type and queue of each; the fourth word is free. */
  private readonly words: Int32Array = new Int32Array(CAPACITY << 2);
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
    const words = this.words;
    const at = ((this.head + this.count) & MASK) << 2;
    words[at] = frame;
    words[at + 1] = hash;
    words[at + 2] = mrq;
    this.count++;
    this.bytes += this.pool.len(frame) + FCS_BYTES;
  }

  /** The oldest frame; only when `count` > 0. */
  peek(): number {
    return this.words[this.head << 2];
  }

  /** The hash of the oldest frame. */
  hash(): number {
    return this.words[(this.head << 2) + 1];
  }

  /** RSS type | queue << 8 of the oldest frame. */
  mrq(): number {
    return this.words[(this.head << 2) + 2];
  }

  /** Takes the oldest frame out. */
  take(): number {
    const frame = this.words[this.head << 2];
    this.head = (this.head + 1) & MASK;
    this.count--;
    this.bytes -= this.pool.len(frame) + FCS_BYTES;
    return frame;
  }
}
