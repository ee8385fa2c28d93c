import { TP } from '../../sim/index.js';
import type { DevicePort } from '../pcie/index.js';
import { DCTL_GRAN, DCTL_HTHRESH_SHIFT, DCTL_WTHRESH_SHIFT } from './registers/bits.js';
import type { RegisterFile } from './registers/file.js';

/** Descriptors held on chip; also the longest prefetch. */
export const CACHE_DESCRIPTORS = 64;
const MASK = CACHE_DESCRIPTORS - 1;
/** Bytes of a descriptor. */
export const DESCRIPTOR_BYTES = 16;
/** With PTHRESH 0 a prefetch is due when fewer descriptors than this are left on chip. */
const PREFETCH_BELOW = 16;
/** Descriptors in a cache line: the unit of the thresholds without GRAN. */
const LINE = 4;
/** Most descriptors that wait for their write-back, so that the cache always has room for new ones. */
const MOST_HELD: number = CACHE_DESCRIPTORS / 2;
/** Note of a descriptor that is not to be written back. */
const SILENT = -1;

/** Registers (entries) of one ring, and the tag of its prefetches. */
export interface RingPlan {
  readonly base: number;
  readonly baseHigh: number;
  readonly length: number;
  readonly head: number;
  readonly tail: number;
  readonly control: number;
  readonly tag: number;
  /** Number in trace records: 0 receive, 1 transmit; those of queue 1 are 2 and 3. */
  readonly ring: number;
}

/**
 * The on-chip side of a descriptor ring: descriptors between head and tail are fetched in batches into device memory, used
 * and written back in order. At most one fetch is under way. With a write-back threshold (WTHRESH) used descriptors are
 * held, and the head stands, until there are that many or somebody flushes them.
 */
export class DescriptorRing {
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly plan: RingPlan;
  /** Arena offset of the descriptor cache. */
  private readonly cache: number;
  /** Descriptors fetched and not yet used. */
  cached = 0;
  /** Descriptors used and not yet written back. */
  held = 0;
  /** Write-back threshold in descriptors; up to 1 each is written back as it is used. */
  threshold = 0;
  /** A prefetch is due when fewer than this are cached. */
  below: number = PREFETCH_BELOW;
  /** A prefetch that is not urgent waits until software has given this many. */
  private least = 1;
  /** Cache slot of the oldest unused one. */
  private first = 0;
  /** Ring index to fetch next. */
  private fetchAt = 0;
  /** Descriptors asked for, 0 = no fetch under way. */
  private pending = 0;
  /** The fetch under way is for a ring that is gone. */
  private stale = false;
  /** Fetches that the bus refused. */
  refused = 0;
  /** Of held descriptors, by cache slot: the journey of their frame, or SILENT. */
  private readonly notes: Int32Array = new Int32Array(CACHE_DESCRIPTORS);

  constructor(file: RegisterFile, port: DevicePort, plan: RingPlan) {
    this.values = file.values;
    this.port = port;
    this.plan = plan;
    this.cache = port.localMemory(CACHE_DESCRIPTORS * DESCRIPTOR_BYTES);
  }

  /** Descriptors in the ring. */
  size(): number {
    return this.values[this.plan.length] >>> 4;
  }

  /** Descriptors that software has given and the chip has not yet used. */
  free(): number {
    const size = this.size();
    const head = this.values[this.plan.head];
    const tail = this.values[this.plan.tail];
    if (head >= size || tail >= size) return 0;
    return (tail >= head ? tail - head : tail - head + size) - this.held;
  }

  /** Software has set up a ring here. */
  used(): boolean {
    return this.values[this.plan.length] !== 0;
  }

  /**
   * RXDCTL or TXDCTL: PTHRESH and HTHRESH rule prefetches (PTHRESH 0: a rule of our own), WTHRESH write-backs unless
   * `immediate`; in descriptors with GRAN, else in cache lines of four.
   */
  thresholdsChanged(immediate: boolean): void {
    const control = this.values[this.plan.control];
    const unit = (control & DCTL_GRAN) !== 0 ? 1 : LINE;
    const below = (control & 0x3f) * unit;
    const least = ((control >>> DCTL_HTHRESH_SHIFT) & 0x3f) * unit;
    const hold = ((control >>> DCTL_WTHRESH_SHIFT) & 0x3f) * unit;
    this.below = below === 0 ? PREFETCH_BELOW : below > CACHE_DESCRIPTORS ? CACHE_DESCRIPTORS : below;
    this.least = below === 0 || least === 0 ? 1 : least > MOST_HELD ? MOST_HELD : least;
    this.flush();
    this.notes.fill(SILENT);
    this.threshold = immediate || hold < 2 ? 0 : hold > MOST_HELD ? MOST_HELD : hold;
  }

  /** A fetch is under way. */
  fetching(): boolean {
    return this.pending !== 0;
  }

  /**
   * Asks for the next batch: up to the tail, the end of the ring or the end of the cache. A head or tail beyond the ring
   * yields nothing. True when a fetch was started.
   */
  fetch(): boolean {
    return this.pending === 0 && this.fetchAt !== this.values[this.plan.tail] && this.startFetch();
  }

  /** As {@link fetch}, if it is due. */
  prefetch(): void {
    if (this.cached >= this.below || this.pending !== 0 || this.fetchAt === this.values[this.plan.tail]) return;
    if (this.cached > 0 && this.least > 1 && this.free() - this.cached < this.least) return;
    this.startFetch();
  }

  private startFetch(): boolean {
    const v = this.values;
    const plan = this.plan;
    const size = v[plan.length] >>> 4;
    const tail = v[plan.tail];
    const from = this.fetchAt;
    if (from >= size || tail >= size) return false;
    const slot = (this.first + this.cached) & MASK;
    let n = (tail >= from ? tail : size) - from;
    const room = CACHE_DESCRIPTORS - this.cached - this.held;
    if (n > room) n = room;
    if (n > CACHE_DESCRIPTORS - slot) n = CACHE_DESCRIPTORS - slot;
    if (n <= 0) return false;
    this.pending = n;
    const lo = (v[plan.base] + from * DESCRIPTOR_BYTES) | 0;
    this.port.dmaRead(lo, this.high(lo), n * DESCRIPTOR_BYTES, this.cache + slot * DESCRIPTOR_BYTES, plan.tag);
    return true;
  }

  /** High address word of ring memory whose low word is `lo`: a carry out of the low word counts. */
  private high(lo: number): number {
    const carry = lo >>> 0 < this.values[this.plan.base] >>> 0 ? 1 : 0;
    return (this.values[this.plan.baseHigh] + carry) | 0;
  }

  /** The fetch has ended. False when the bus refused it: then the next one is left to the next occasion. */
  fetched(ok: number): boolean {
    const n = this.pending;
    this.pending = 0;
    if (this.stale) {
      this.stale = false;
      return true;
    }
    if (ok === 0) {
      this.refused++;
      return false;
    }
    this.cached += n;
    this.fetchAt += n;
    if (this.fetchAt >= this.size()) this.fetchAt = 0;
    return true;
  }

  /** Index in `arena.i32` of the first word of the k-th unused descriptor (0 = oldest). */
  word(k: number): number {
    return (this.cache >> 2) + (((this.first + k) & MASK) << 2);
  }

  /**
   * Writes the oldest unused descriptor back to the ring (posted), or notes with a threshold that this is to be done;
   * `status` is for the trace. {@link advance} follows.
   */
  writeBack(status: number, journey: number): void {
    if (this.threshold > 1) {
      this.notes[this.first] = journey;
      return;
    }
    this.writeAt(this.values[this.plan.head], this.first, status, journey);
  }

  /** Posts the write of cache slot `slot` to descriptor `index` of the ring. */
  private writeAt(index: number, slot: number, status: number, journey: number): void {
    const lo = (this.values[this.plan.base] + index * DESCRIPTOR_BYTES) | 0;
    this.port.dmaWrite(lo, this.high(lo), DESCRIPTOR_BYTES, this.cache + slot * DESCRIPTOR_BYTES, 0);
    if (this.port.trace.on) this.traceWriteBack(index, status, journey);
  }

  private traceWriteBack(index: number, status: number, journey: number): void {
    const { port } = this;
    port.trace.put(TP.DESC_WRITEBACK, port.hostId << 8, journey, this.plan.ring, index, status);
  }

  /** Done with the oldest unused descriptor: the head moves on, with a threshold when it is written back. */
  advance(): void {
    this.cached--;
    if (this.threshold > 1) {
      this.hold();
      return;
    }
    this.first = (this.first + 1) & MASK;
    const v = this.values;
    const next = v[this.plan.head] + 1;
    v[this.plan.head] = next >= this.size() ? 0 : next;
  }

  private hold(): void {
    this.held++;
    this.first = (this.first + 1) & MASK;
    this.notes[this.first] = SILENT;
  }

  /** Writes back the two oldest unused descriptors as one of 32 bytes: the half with the status last. */
  writeBackPair(status: number, journey: number): void {
    this.notes[this.first] = journey;
    const head = this.values[this.plan.head];
    const size = this.size();
    const after = head + this.held + 1;
    const second = (this.first + 1) & MASK;
    this.writeAt(after >= size ? after - size : after, second, 0, journey);
    if (this.threshold <= 1) this.writeAt(head, this.first, status, journey);
    this.advance();
    // The upper half is in memory already.
    this.notes[this.first] = SILENT;
    this.advance();
  }

  /** Enough descriptors are held for a write-back. */
  due(): boolean {
    return this.held >= this.threshold;
  }

  /** Writes back all that is held and moves the head past it. */
  flush(): void {
    if (this.held > 0) this.flushHeld();
  }

  private flushHeld(): void {
    const v = this.values;
    const plan = this.plan;
    const words = this.port.arena.i32;
    const size = this.size();
    let head = v[plan.head];
    for (let k = this.held; k > 0; k--) {
      const slot = (this.first - k) & MASK;
      const note = this.notes[slot];
      const w = (this.cache >> 2) + (slot << 2);
      if (note !== SILENT) this.writeAt(head, slot, words[w + 3], note);
      head = head + 1 >= size ? 0 : head + 1;
    }
    v[plan.head] = head;
    this.held = 0;
  }

  /** Base, length or head were written, or the chip was reset: what is cached is void, fetching goes on at the head. */
  restart(): void {
    this.cached = 0;
    this.held = 0;
    this.notes.fill(SILENT);
    this.first = 0;
    this.fetchAt = this.values[this.plan.head];
    this.stale = this.pending !== 0;
  }
}
