import { csum_partial } from '../bytes/index.js';
import type { Simulation } from '../sim/index.js';
import { WireError } from './error.js';

/** Flag of a frame: its frame check sequence is wrong, so a receiving MAC counts an error instead of passing it up. */
export const FRAME_BAD_FCS = 1;
/** Longest frame in bytes, without FCS. */
export const FRAME_MAX_LENGTH = 16382;

const SMALL_SLOT = 2048;
const LARGE_SLOT = 16384;
const CLAIM_BYTES = 64 * 1024;
/** Frames start two bytes into their slot, so that an IP header behind 14 bytes of Ethernet is 4-aligned. */
const PAD = 2;
const SMALL_MAX_LENGTH = SMALL_SLOT - PAD;
const POISON = 0x6b;
const WIRE_OWNER = 0;

/** Options of a {@link FramePool}. */
export interface FramePoolOptions {
  /** Poison freed frames, and verify that frames in flight are not written to. Slow; for tests. */
  checked?: boolean;
}

/**
 * The frames of a network: immutable once sent, reference-counted, in the arena (owner 0). A frame is an int handle > 0 and
 * runs from the destination MAC address to the end of the payload, without FCS; the FCS is a flag.
 * Two slot sizes (2 KiB and 16 KiB); slots are claimed 64 KiB at a time and never given back.
 */
export class FramePool {
  readonly sim: Simulation;
  readonly checked: boolean;
  /** Journey id by frame; 0 = none yet. Replaced when the pool grows: do not cache. */
  journey: Int32Array = new Int32Array(256);
  /** Flags by frame ({@link FRAME_BAD_FCS}). Replaced when the pool grows: do not cache. */
  flags: Int32Array = new Int32Array(256);
  /** Frames now referenced by somebody. */
  live = 0;
  /** Links and switches made on this pool; their ids (`who` in trace records) count up from 1. */
  ids = 0;
  /** How many links asked for each name. */
  readonly linkNames: Map<string, number> = new Map();
  private offsets: Int32Array = new Int32Array(256);
  private lengths: Int32Array = new Int32Array(256);
  private refs: Int32Array = new Int32Array(256);
  private next: Int32Array = new Int32Array(256);
  private seals: Int32Array = new Int32Array(256);
  private slots: Int32Array = new Int32Array(256);
  /** A range of the frame whose sum is known: its start << 16 | its length; 0 = none. */
  private ranges: Int32Array = new Int32Array(256);
  private sums: Int32Array = new Int32Array(256);
  private made = 0;
  private smallHead = 0;
  private smallTail = 0;
  private largeHead = 0;
  private largeTail = 0;

  constructor(sim: Simulation, options: FramePoolOptions = {}) {
    this.sim = sim;
    this.checked = options.checked === true;
  }

  /**
   * A frame of `length` bytes (1..{@link FRAME_MAX_LENGTH}) with undefined contents and one reference; write it through the
   * arena at `off(frame)` before it is sent. Throws {@link WireError} FRAME_LENGTH.
   */
  alloc(length: number): number {
    if ((length | 0) !== length || length < 1 || length > SMALL_MAX_LENGTH) return this.allocLarge(length);
    if (this.smallHead === 0) this.grow(SMALL_SLOT);
    const frame = this.smallHead;
    this.smallHead = this.next[frame];
    return this.take(frame, length);
  }

  /** Arena offset of the first byte. */
  off(frame: number): number {
    if (this.checked) this.assertLive(frame);
    return this.offsets[frame];
  }

  /** Length in bytes, without FCS. */
  len(frame: number): number {
    if (this.checked) this.assertLive(frame);
    return this.lengths[frame];
  }

  /**
   * The ones-complement sum of `length` bytes from byte `start` of a frame, as csum_partial gives it: 0 .. 0xffff, not
   * complemented. Free when it is the range of {@link knowSum}: whoever sent the frame has been over the same bytes.
   */
  sum(frame: number, start: number, length: number): number {
    if (length > 0 && this.ranges[frame] === ((start << 16) | length)) return this.sums[frame];
    const { u8, u32 } = this.sim.arena;
    return csum_partial(u8, u32, this.off(frame) + start, length, 0);
  }

  /** Notes what {@link sum} of this range is; the bytes must not change from here on. `start` below 32768. */
  knowSum(frame: number, start: number, length: number, sum: number): void {
    this.ranges[frame] = (start << 16) | length;
    this.sums[frame] = sum;
  }

  /** Adds a reference. Throws FRAME_USE_AFTER_FREE. */
  ref(frame: number): void {
    if (!(this.refs[frame] > 0)) this.assertLive(frame);
    this.refs[frame]++;
  }

  /** Gives a reference back; the last one frees the frame. Throws FRAME_DOUBLE_UNREF, in checked mode FRAME_MODIFIED. */
  unref(frame: number): void {
    const refs = this.refs[frame];
    if (!(refs > 0)) throw new WireError('FRAME_DOUBLE_UNREF', `frame ${frame} was given back more often than taken`);
    this.refs[frame] = refs - 1;
    if (refs === 1) this.release(frame);
  }

  /** References to a frame now. */
  refCount(frame: number): number {
    return this.refs[frame];
  }

  /** A frame with these bytes (`length` of them from `offset`). */
  copyIn(bytes: Uint8Array, offset = 0, length: number = bytes.length - offset): number {
    const frame = this.alloc(length);
    const whole = offset === 0 && length === bytes.length;
    this.sim.arena.u8.set(whole ? bytes : bytes.subarray(offset, offset + length), this.offsets[frame]);
    return frame;
  }

  /** A private copy of the first `length` bytes of a frame, with its journey id and flags. */
  copy(frame: number, length: number = this.len(frame)): number {
    const from = this.off(frame);
    const copy = this.alloc(length);
    this.sim.arena.u8.copyWithin(this.offsets[copy], from, from + length);
    this.journey[copy] = this.journey[frame];
    this.flags[copy] = this.flags[frame];
    return copy;
  }

  /** The bytes of a frame, copied out. */
  bytes(frame: number): Uint8Array {
    const offset = this.off(frame);
    return this.sim.arena.u8.slice(offset, offset + this.lengths[frame]);
  }

  /** Checked mode: remembers the contents; they are verified on delivery and when the frame is freed. */
  seal(frame: number): void {
    this.verify(frame);
    this.seals[frame] = this.contentHash(frame);
  }

  /** Checked mode: throws FRAME_MODIFIED if a sealed frame was written to. */
  verify(frame: number): void {
    this.assertLive(frame);
    if (this.seals[frame] !== 0 && this.seals[frame] !== this.contentHash(frame)) {
      throw new WireError('FRAME_MODIFIED', `frame ${frame} was written to after it had been sent`);
    }
  }

  /** Throws FRAME_LEAK if any frame is still referenced; for the end of a test. */
  assertNoLeaks(): void {
    if (this.live === 0) return;
    const held: string[] = [];
    for (let frame = 1; frame <= this.made && held.length < 8; frame++) {
      if (this.refs[frame] > 0) held.push(`${frame} (${this.refs[frame]} references, journey ${this.journey[frame]})`);
    }
    throw new WireError('FRAME_LEAK', `${this.live} frames are still referenced: ${held.join(', ')}`);
  }

  private allocLarge(length: number): number {
    if (!Number.isInteger(length) || length < 1 || length > FRAME_MAX_LENGTH) {
      throw new WireError('FRAME_LENGTH', `a frame has 1..${FRAME_MAX_LENGTH} bytes, not ${length}`);
    }
    if (this.largeHead === 0) this.grow(LARGE_SLOT);
    const frame = this.largeHead;
    this.largeHead = this.next[frame];
    return this.take(frame, length);
  }

  private take(frame: number, length: number): number {
    if (this.checked) this.assertPoison(frame);
    this.refs[frame] = 1;
    this.lengths[frame] = length;
    this.journey[frame] = 0;
    this.flags[frame] = 0;
    this.ranges[frame] = 0;
    this.live++;
    return frame;
  }

  private release(frame: number): void {
    this.live--;
    if (this.checked) {
      this.retire(frame);
    } else if (this.slots[frame] === SMALL_SLOT) {
      this.next[frame] = this.smallHead;
      this.smallHead = frame;
    } else {
      this.next[frame] = this.largeHead;
      this.largeHead = frame;
    }
  }

  /** Checked mode: a freed frame is poisoned and goes to the end of its list, so that its handle stays dead for long. */
  private retire(frame: number): void {
    this.refs[frame] = 1;
    this.verify(frame);
    this.refs[frame] = 0;
    this.seals[frame] = 0;
    this.poison(frame);
    this.append(frame);
  }

  private append(frame: number): void {
    this.next[frame] = 0;
    if (this.slots[frame] === SMALL_SLOT) {
      if (this.smallHead === 0) this.smallHead = frame;
      else this.next[this.smallTail] = frame;
      this.smallTail = frame;
    } else {
      if (this.largeHead === 0) this.largeHead = frame;
      else this.next[this.largeTail] = frame;
      this.largeTail = frame;
    }
  }

  private grow(slot: number): void {
    const base = this.sim.arena.claim(WIRE_OWNER, CLAIM_BYTES);
    const count = CLAIM_BYTES / slot;
    this.reserve(this.made + count + 1);
    for (let i = 0; i < count; i++) {
      const frame = ++this.made;
      this.offsets[frame] = base + i * slot + PAD;
      this.slots[frame] = slot;
      if (this.checked) this.poison(frame);
      this.append(frame);
    }
  }

  private reserve(count: number): void {
    let capacity = this.refs.length;
    if (count <= capacity) return;
    while (capacity < count) capacity *= 2;
    this.journey = widened(this.journey, capacity);
    this.flags = widened(this.flags, capacity);
    this.offsets = widened(this.offsets, capacity);
    this.lengths = widened(this.lengths, capacity);
    this.refs = widened(this.refs, capacity);
    this.next = widened(this.next, capacity);
    this.seals = widened(this.seals, capacity);
    this.slots = widened(this.slots, capacity);
    this.ranges = widened(this.ranges, capacity);
    this.sums = widened(this.sums, capacity);
  }

  private poison(frame: number): void {
    const start = this.offsets[frame] - PAD;
    this.sim.arena.u8.fill(POISON, start, start + this.slots[frame]);
  }

  private assertPoison(frame: number): void {
    const start = this.offsets[frame] - PAD;
    const end = start + this.slots[frame];
    const u8 = this.sim.arena.u8;
    for (let i = start; i < end; i++) {
      if (u8[i] !== POISON) {
        throw new WireError(
          'FRAME_USE_AFTER_FREE',
          `frame ${frame} was written to at byte ${i - start - PAD} after it was freed`,
        );
      }
    }
  }

  private assertLive(frame: number): void {
    if (!(this.refs[frame] > 0)) throw new WireError('FRAME_USE_AFTER_FREE', `frame ${frame} is not in use`);
  }

  private contentHash(frame: number): number {
    const u8 = this.sim.arena.u8;
    const start = this.offsets[frame];
    let hash = this.lengths[frame] | 0;
    for (let i = start; i < start + this.lengths[frame]; i++) hash = Math.imul(hash ^ u8[i], 0x01000193);
    return hash === 0 ? 1 : hash;
  }
}

function widened(array: Int32Array, capacity: number): Int32Array {
  const wide = new Int32Array(capacity);
  wide.set(array);
  return wide;
}
