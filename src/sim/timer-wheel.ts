/**
 * A hierarchical timing wheel that keeps timers which are far away out of the heap: arming and disarming cost O(1), and
 * most protocol timers are disarmed long before they are due. A bucket is spilled into the heap before any of its
 * entries can be due, so the wheel never decides an order.
 */
import { Cloneable } from './clone.js';
import { type EventHeap, IDLE } from './event-heap.js';

/** A tick is 2^22 ns (4.2 ms): the horizon of 2^53 ns is then 2^31 ticks, an int32. */
const TICK_NS = 4194304;
const TICKS_PER_NS = 1 / TICK_NS;
const LEVELS = 6;
const NONE = -1;

/** Level l holds what differs from `tick` first in digit l (base 64); lower levels are always due before higher ones. */
export class TimerWheel extends Cloneable {
  /** nextAt[0]: no entry here is due before this time (ns), Infinity when empty. May be too early, never too late. */
  readonly nextAt: Float64Array;
  /** Entries here. */
  count: number;
  /** Every entry with this tick or an earlier one belongs to the heap. */
  private tick: number;
  private readonly heap: EventHeap;
  private readonly clock: Float64Array;
  private readonly heads: Int32Array;
  private readonly occupied: Int32Array;

  constructor(heap: EventHeap, clock: Float64Array) {
    super();
    this.nextAt = new Float64Array(1).fill(Number.POSITIVE_INFINITY);
    this.count = 0;
    this.tick = 0;
    this.heap = heap;
    this.clock = clock;
    this.heads = new Int32Array(LEVELS * 64).fill(NONE);
    this.occupied = new Int32Array(LEVELS * 2);
  }

  /** Stages an idle entry whose time and seq are set: here when it is far away, else in the heap. */
  place(id: number): void {
    const now = this.clock[0];
    // The wheel may follow the clock freely as long as it passes no occupied bucket: digits above stay shared.
    if (now < this.nextAt[0]) {
      const tick = (now * TICKS_PER_NS) | 0;
      if (tick > this.tick) this.tick = tick;
    }
    this.stage(id);
  }

  /** True when place() would put the entry into the heap. */
  isNear(id: number): boolean {
    return ((this.heap.time[id] * TICKS_PER_NS) | 0) <= this.tick;
  }

  /** Takes an entry out of its bucket. */
  remove(id: number): void {
    const { next, prev, pos } = this.heap;
    const bucket = -2 - pos[id];
    const n = next[id];
    const p = prev[id];
    if (n !== NONE) prev[n] = p;
    if (p !== NONE) next[p] = n;
    else {
      this.heads[bucket] = n;
      if (n === NONE) this.occupied[bucket >> 5] &= ~(1 << (bucket & 31));
    }
    pos[id] = IDLE;
    this.count--;
    if (this.count === 0) this.nextAt[0] = Number.POSITIVE_INFINITY;
  }

  /** Empties the earliest bucket towards the heap, or only corrects `nextAt` when that was too early. */
  spill(): void {
    const bucket = this.earliest();
    if (bucket < 0) {
      this.nextAt[0] = Number.POSITIVE_INFINITY;
      return;
    }
    const start = this.startOf(bucket);
    if (start * TICK_NS > this.nextAt[0]) {
      this.nextAt[0] = start * TICK_NS;
      return;
    }
    const { next, pos } = this.heap;
    let id = this.heads[bucket];
    this.heads[bucket] = NONE;
    this.occupied[bucket >> 5] &= ~(1 << (bucket & 31));
    this.tick = start;
    this.nextAt[0] = Number.POSITIVE_INFINITY;
    while (id !== NONE) {
      const following = next[id];
      pos[id] = IDLE;
      this.count--;
      this.stage(id);
      id = following;
    }
    const after = this.earliest();
    this.nextAt[0] = after < 0 ? Number.POSITIVE_INFINITY : this.startOf(after) * TICK_NS;
  }

  private stage(id: number): void {
    const heap = this.heap;
    const tick = (heap.time[id] * TICKS_PER_NS) | 0;
    if (tick <= this.tick) {
      heap.insert(id);
      return;
    }
    const level = ((31 - Math.clz32(tick ^ this.tick)) / 6) | 0;
    const shift = level * 6;
    const bucket = (level << 6) | ((tick >>> shift) & 63);
    const first = this.heads[bucket];
    heap.next[id] = first;
    heap.prev[id] = NONE;
    if (first !== NONE) heap.prev[first] = id;
    else this.occupied[bucket >> 5] |= 1 << (bucket & 31);
    this.heads[bucket] = id;
    heap.pos[id] = -2 - bucket;
    this.count++;
    const start = ((tick >>> shift) << shift) * TICK_NS;
    if (start < this.nextAt[0]) this.nextAt[0] = start;
  }

  /** The occupied bucket that is due first, -1 when empty: the lowest level, then the lowest slot. */
  private earliest(): number {
    for (let i = 0; i < LEVELS * 2; i++) {
      const bits = this.occupied[i];
      if (bits !== 0) return (i << 5) | (31 - Math.clz32(bits & -bits));
    }
    return -1;
  }

  /** First tick of a bucket: the digits of `tick` above its level, then its slot. */
  private startOf(bucket: number): number {
    const shift = (bucket >> 6) * 6;
    // JavaScript shifts count modulo 32: the top level has no digit above it.
    const above = shift >= 30 ? 0 : (this.tick >>> (shift + 6)) << (shift + 6);
    return above | ((bucket & 63) << shift);
  }
}
