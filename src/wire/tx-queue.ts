/** A limit that is never reached. */
export const NO_LIMIT = 0x7fffffff;

/**
 * Frames given to a transmitter and not yet wholly sent: a ring of (instant at which the line is free after it, bytes with
 * FCS). The oldest one is on the line, the others wait; limits count those that wait. Entries leave when somebody looks.
 */
export class TxQueue {
  /** Most frames that may wait. */
  limitFrames: number = NO_LIMIT;
  /** Most bytes (frames with FCS) that may wait. */
  limitBytes: number = NO_LIMIT;
  /** Frames in the queue, with the one on the line. */
  count = 0;
  /** Bytes in the queue, with the frame on the line. */
  bytes = 0;
  private readonly now: Float64Array;
  private ends: Float64Array = new Float64Array(16);
  private sizes: Int32Array = new Int32Array(16);
  private head = 0;

  constructor(now: Float64Array) {
    this.now = now;
  }

  /** Lets go of frames that have left by now. */
  expire(): void {
    const now = this.now[0];
    const mask = this.sizes.length - 1;
    while (this.count > 0 && this.ends[this.head] <= now) {
      this.bytes -= this.sizes[this.head];
      this.head = (this.head + 1) & mask;
      this.count--;
    }
  }

  /** There is a limit: whoever adds a frame has to ask first. */
  limited(): boolean {
    return this.limitFrames !== NO_LIMIT || this.limitBytes !== NO_LIMIT;
  }

  /** Whether one more frame of `bytes` may enter; call `expire` first. An idle line takes any frame. */
  accepts(bytes: number): boolean {
    if (this.count === 0) return true;
    if (this.count - 1 >= this.limitFrames) return false;
    return this.bytes - this.sizes[this.head] + bytes <= this.limitBytes;
  }

  /** Adds a frame that leaves the line free at `end[index]` (ns). */
  push(bytes: number, end: Float64Array, index: number): void {
    if (this.count === this.sizes.length) this.expire();
    if (this.count === this.sizes.length) this.grow();
    const at = (this.head + this.count) & (this.sizes.length - 1);
    this.ends[at] = end[index];
    this.sizes[at] = bytes;
    this.bytes += bytes;
    this.count++;
  }

  /** Empties the queue. */
  clear(): void {
    this.count = 0;
    this.bytes = 0;
  }

  private grow(): void {
    const size = this.sizes.length;
    const ends = new Float64Array(size * 2);
    const sizes = new Int32Array(size * 2);
    for (let i = 0; i < this.count; i++) {
      ends[i] = this.ends[(this.head + i) & (size - 1)];
      sizes[i] = this.sizes[(this.head + i) & (size - 1)];
    }
    this.ends = ends;
    this.sizes = sizes;
    this.head = 0;
  }
}
