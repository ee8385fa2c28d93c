import { TP } from '../../sim/index.js';
import type { DevicePort } from '../pcie/index.js';
import type { RegisterFile } from './registers/file.js';

/** Descriptors held on chip; also the longest prefetch. */
export const CACHE_DESCRIPTORS = 64;
const MASK = CACHE_DESCRIPTORS - 1;
/** Bytes of a descriptor. */
export const DESCRIPTOR_BYTES = 16;

/** Registers (entries) of one ring, and the tag of its prefetches. */
export interface RingPlan {
  readonly base: number;
  readonly baseHigh: number;
  readonly length: number;
  readonly head: number;
  readonly tail: number;
  readonly tag: number;
  /** Number in trace records: 0 receive, 1 transmit. */
  readonly ring: number;
}

/**
 * The on-chip side of a descriptor ring: descriptors between head and tail are fetched in batches into device memory, used
 * and written back in order. At most one fetch is under way.
 */
export class DescriptorRing {
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly plan: RingPlan;
  /** Arena offset of the descriptor cache. */
  private readonly cache: number;
  /** Descriptors fetched and not yet written back. */
  cached = 0;
  /** Cache slot of the oldest. */
  private first = 0;
  /** Ring index to fetch next. */
  private fetchAt = 0;
  /** Descriptors asked for, 0 = no fetch under way. */
  private pending = 0;
  /** The fetch under way is for a ring that is gone. */
  private stale = false;
  /** Fetches that the bus refused. */
  refused = 0;

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

  /** Descriptors that software has given and the chip has not yet written back. */
  free(): number {
    const size = this.size();
    const head = this.values[this.plan.head];
    const tail = this.values[this.plan.tail];
    if (head >= size || tail >= size) return 0;
    return tail >= head ? tail - head : tail - head + size;
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

  private startFetch(): boolean {
    const v = this.values;
    const plan = this.plan;
    const size = v[plan.length] >>> 4;
    const tail = v[plan.tail];
    const from = this.fetchAt;
    if (from >= size || tail >= size) return false;
    const slot = (this.first + this.cached) & MASK;
    let n = (tail >= from ? tail : size) - from;
    if (n > CACHE_DESCRIPTORS - this.cached) n = CACHE_DESCRIPTORS - this.cached;
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

  /** Index in `arena.i32` of the first word of the k-th cached descriptor (0 = oldest). */
  word(k: number): number {
    return (this.cache >> 2) + (((this.first + k) & MASK) << 2);
  }

  /** Writes the oldest cached descriptor back to the ring; `status` is for the trace. Posted. */
  writeBack(status: number, journey: number): void {
    const v = this.values;
    const head = v[this.plan.head];
    const lo = (v[this.plan.base] + head * DESCRIPTOR_BYTES) | 0;
    this.port.dmaWrite(lo, this.high(lo), DESCRIPTOR_BYTES, this.cache + this.first * DESCRIPTOR_BYTES, 0);
    const trace = this.port.trace;
    if (trace.on) trace.put(TP.DESC_WRITEBACK, this.port.hostId << 8, journey, this.plan.ring, head, status);
  }

  /** Done with the oldest cached descriptor: the head moves on. */
  advance(): void {
    this.first = (this.first + 1) & MASK;
    this.cached--;
    const v = this.values;
    const next = v[this.plan.head] + 1;
    v[this.plan.head] = next >= this.size() ? 0 : next;
  }

  /** Base, length or head were written, or the chip was reset: what is cached is void, fetching goes on at the head. */
  restart(): void {
    this.cached = 0;
    this.first = 0;
    this.fetchAt = this.values[this.plan.head];
    this.stale = this.pending !== 0;
  }
}
