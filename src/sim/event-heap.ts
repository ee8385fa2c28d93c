/**
 * Events waiting for their time: a table of entries (struct of arrays, entry id = index) and a 4-ary heap of entry ids
 * ordered by (time, seq). An entry is a lane's head, a persistent timer or a one-shot; only the heap's order is here.
 */
import { Cloneable } from './clone.js';

/** Kinds of entries. */
export const FREE: number = 0;
export const ONE_SHOT: number = 1;
export const TIMER: number = 2;
export const WEAK_TIMER: number = 3;
export const LANE: number = 4;

/** `pos` of an entry that waits for nothing; from 0 on an index in the heap, below -1 a wheel bucket. */
export const IDLE: number = -1;

const INITIAL = 64;

function grown(old: Int32Array, size: number): Int32Array {
  const copy = new Int32Array(size);
  copy.set(old);
  return copy;
}

function grownTimes(old: Float64Array, size: number): Float64Array {
  const copy = new Float64Array(size);
  copy.set(old);
  return copy;
}

/** Entry table and heap. Arrays are replaced on growth: read them through the fields. */
export class EventHeap extends Cloneable {
  time: Float64Array;
  seq: Float64Array;
  pos: Int32Array;
  kind: Int32Array;
  target: Int32Array;
  op: Int32Array;
  a: Int32Array;
  b: Int32Array;
  /** Links of wheel buckets; `next` also of the free list. */
  next: Int32Array;
  prev: Int32Array;
  /** The heap: entry ids, ids[0] is due first. */
  ids: Int32Array;
  size: number;
  private freeList: number;
  private used: number;

  constructor() {
    super();
    this.time = new Float64Array(INITIAL);
    this.seq = new Float64Array(INITIAL);
    this.pos = new Int32Array(INITIAL);
    this.kind = new Int32Array(INITIAL);
    this.target = new Int32Array(INITIAL);
    this.op = new Int32Array(INITIAL);
    this.a = new Int32Array(INITIAL);
    this.b = new Int32Array(INITIAL);
    this.next = new Int32Array(INITIAL);
    this.prev = new Int32Array(INITIAL);
    this.ids = new Int32Array(INITIAL);
    this.size = 0;
    this.freeList = -1;
    this.used = 0;
  }

  /** A new idle entry. */
  alloc(kind: number, target: number, op: number, a: number, b: number): number {
    let id = this.freeList;
    if (id >= 0) this.freeList = this.next[id];
    else {
      id = this.used;
      if (id === this.time.length) this.grow();
      this.used = id + 1;
    }
    this.pos[id] = IDLE;
    this.kind[id] = kind;
    this.target[id] = target;
    this.op[id] = op;
    this.a[id] = a;
    this.b[id] = b;
    return id;
  }

  /** Gives back an idle entry. */
  release(id: number): void {
    this.kind[id] = FREE;
    this.next[id] = this.freeList;
    this.freeList = id;
  }

  /** Puts an entry with time and seq set into the heap. */
  insert(id: number): void {
    const i = this.size;
    this.size = i + 1;
    this.up(i, id);
  }

  /** Takes the entry that is due first out of the heap. */
  removeTop(): void {
    const ids = this.ids;
    this.pos[ids[0]] = IDLE;
    const n = this.size - 1;
    this.size = n;
    if (n > 0) this.down(0, ids[n]);
  }

  /** Takes an entry out of the heap wherever it is. */
  remove(id: number): void {
    const i = this.pos[id];
    this.pos[id] = IDLE;
    const n = this.size - 1;
    this.size = n;
    if (i === n) return;
    const last = this.ids[n];
    if (i > 0 && this.before(last, this.ids[(i - 1) >> 2])) this.up(i, last);
    else this.down(i, last);
  }

  /** Restores the order after the time or seq of an entry in the heap changed. */
  update(id: number): void {
    const i = this.pos[id];
    if (i > 0 && this.before(id, this.ids[(i - 1) >> 2])) this.up(i, id);
    else this.down(i, id);
  }

  private before(x: number, y: number): boolean {
    const tx = this.time[x];
    const ty = this.time[y];
    return tx < ty || (tx === ty && this.seq[x] < this.seq[y]);
  }

  /** Moves `id` from the hole at `i` towards the root. */
  private up(hole: number, id: number): void {
    const { ids, pos, time, seq } = this;
    const t = time[id];
    const s = seq[id];
    let i = hole;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      const other = ids[parent];
      const to = time[other];
      if (to < t || (to === t && seq[other] < s)) break;
      ids[i] = other;
      pos[other] = i;
      i = parent;
    }
    ids[i] = id;
    pos[id] = i;
  }

  /** Moves `id` from the hole at `i` towards the leaves. */
  down(hole: number, id: number): void {
    const { ids, pos, time, seq } = this;
    const n = this.size;
    const t = time[id];
    const s = seq[id];
    let i = hole;
    for (;;) {
      let child = i * 4 + 1;
      if (child >= n) break;
      const end = child + 4 < n ? child + 4 : n;
      let best = ids[child];
      let at = child;
      let tb = time[best];
      for (child++; child < end; child++) {
        const c = ids[child];
        const tc = time[c];
        if (tc < tb || (tc === tb && seq[c] < seq[best])) {
          best = c;
          at = child;
          tb = tc;
        }
      }
      if (t < tb || (t === tb && s < seq[best])) break;
      ids[i] = best;
      pos[best] = i;
      i = at;
    }
    ids[i] = id;
    pos[id] = i;
  }

  private grow(): void {
    const size = this.time.length * 2;
    this.time = grownTimes(this.time, size);
    this.seq = grownTimes(this.seq, size);
    this.pos = grown(this.pos, size);
    this.kind = grown(this.kind, size);
    this.target = grown(this.target, size);
    this.op = grown(this.op, size);
    this.a = grown(this.a, size);
    this.b = grown(this.b, size);
    this.next = grown(this.next, size);
    this.prev = grown(this.prev, size);
    this.ids = grown(this.ids, size);
  }
}
