/** Kinds of posted message. */
export const POSTED_MSI = 0;
export const POSTED_INTX = 1;
export const POSTED_ERROR = 2;

/**
 * Posted messages of one port that have left the device and not yet arrived, in order: three int32 each. A number that
 * counts up names each message, so that an event which finds its message already delivered knows it.
 */
export class PostedQueue {
  /** Number of the next message to arrive. */
  head = 0;
  /** Number the next message sent will have. */
  tail = 0;
  /** The message taken last. */
  kind = 0;
  a = 0;
  b = 0;
  private words: Int32Array = new Int32Array(8 * 4);
  private mask = 7;

  /** Adds a message and returns its number. */
  push(kind: number, a: number, b: number): number {
    if (((this.tail - this.head) | 0) > this.mask) this.grow();
    const i = (this.tail & this.mask) << 2;
    this.words[i] = kind;
    this.words[i + 1] = a;
    this.words[i + 2] = b;
    const number = this.tail;
    this.tail = (number + 1) | 0;
    return number;
  }

  /** Takes the oldest message into `kind`, `a`, `b`. Only when `head !== tail`. */
  take(): void {
    const i = (this.head & this.mask) << 2;
    this.kind = this.words[i];
    this.a = this.words[i + 1];
    this.b = this.words[i + 2];
    this.head = (this.head + 1) | 0;
  }

  /** Forgets every message; true when one of `kind` was among them. */
  drop(kind: number): boolean {
    let found = false;
    while (this.head !== this.tail) {
      this.take();
      if (this.kind === kind) found = true;
    }
    return found;
  }

  private grow(): void {
    const mask = this.mask * 2 + 1;
    const words = new Int32Array((mask + 1) * 4);
    for (let n = this.head; n !== this.tail; n = (n + 1) | 0) {
      const from = (n & this.mask) << 2;
      words.set(this.words.subarray(from, from + 4), (n & mask) << 2);
    }
    this.words = words;
    this.mask = mask;
  }
}
