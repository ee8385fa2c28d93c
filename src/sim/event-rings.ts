/** Rings of events that are already in order: the same-instant FIFO and the lanes. */
import { Cloneable } from './clone.js';

const LANE_INITIAL = 16;
const INSTANT_INITIAL = 256;

function doubled(old: Int32Array): Int32Array {
  // Both halves get the old contents: a ring of absolute indices finds each record at its new place.
  const copy = new Int32Array(old.length * 2);
  copy.set(old);
  copy.set(old, old.length);
  return copy;
}

function doubledTimes(old: Float64Array): Float64Array {
  const copy = new Float64Array(old.length * 2);
  copy.set(old);
  copy.set(old, old.length);
  return copy;
}

/** Events of the present instant, first in, first out. `head` and `tail` count modulo 2^32; `& mask` gives the slot. */
export class InstantFifo extends Cloneable {
  head: number;
  tail: number;
  mask: number;
  seq: Float64Array;
  /** Four per event: target, op, a, b. */
  rec: Int32Array;

  constructor() {
    super();
    this.head = 0;
    this.tail = 0;
    this.mask = INSTANT_INITIAL - 1;
    this.seq = new Float64Array(INSTANT_INITIAL);
    this.rec = new Int32Array(INSTANT_INITIAL * 4);
  }

  /** Makes room when the ring is full. */
  grow(): void {
    this.seq = doubledTimes(this.seq);
    this.rec = doubled(this.rec);
    this.mask = this.mask * 2 + 1;
  }
}

/** Events of one source with non-decreasing times, such as frames on a link. */
export class Lane extends Cloneable {
  readonly target: number;
  /** Entry in the heap that stands for the lane's head. */
  readonly entry: number;
  head: number;
  tail: number;
  mask: number;
  time: Float64Array;
  seq: Float64Array;
  /** Four per event: op, a, b, unused. */
  rec: Int32Array;

  constructor(target: number, entry: number) {
    super();
    this.target = target;
    this.entry = entry;
    this.head = 0;
    this.tail = 0;
    this.mask = LANE_INITIAL - 1;
    this.time = new Float64Array(LANE_INITIAL);
    this.seq = new Float64Array(LANE_INITIAL);
    this.rec = new Int32Array(LANE_INITIAL * 4);
  }

  /** Makes room when the ring is full. */
  grow(): void {
    this.time = doubledTimes(this.time);
    this.seq = doubledTimes(this.seq);
    this.rec = doubled(this.rec);
    this.mask = this.mask * 2 + 1;
  }
}
