import type { Rng } from '../sim/index.js';
import { WireError } from './error.js';
import { FRAME_MAX_LENGTH, type FramePool } from './frame-pool.js';
import type { LinkDirection } from './station.js';

/** Bits of `FaultContext.acted`. */
export const ACT_DROP = 1;
export const ACT_DUPLICATE = 2;
export const ACT_DELAY = 4;
export const ACT_HOLD = 8;
export const ACT_CORRUPT = 16;
export const ACT_TRUNCATE = 32;

/** Longest a frame held by `reorder` waits for later frames, unless told otherwise. */
export const DEFAULT_HOLD_NS = 100_000_000;

/**
 * One frame before one rule. The object is reused: read it and act on it during the call only. A rule that calls none of
 * the actions lets the frame pass. Actions of one verdict combine, in this order: drop (ends it), truncate, corrupt,
 * duplicate (copies share what was done so far), delay, reorder.
 */
export class FaultContext {
  /** The random stream of this rule at this place; the only source of chance a rule may use. */
  rng: Rng;
  /** Frames this rule has judged before this one, in this direction, since it was installed. */
  index = 0;
  /** Length in bytes, without FCS. */
  length = 0;
  /** Journey id. */
  journey = 0;
  /** Direction of the frame. */
  readonly direction: LinkDirection;
  /** @internal What the rule did: ACT_ bits, then the arguments. */
  acted = 0;
  /** @internal */
  copies = 0;
  /** @internal */
  holdFrames = 0;
  /** @internal */
  corruptBit = 0;
  /** @internal */
  fixCorrupt = false;
  /** @internal */
  truncateTo = 0;
  /** @internal */
  fixTruncate = false;
  /** @internal [0] = extra delay in ns, [1] = longest hold in ns. */
  readonly span: Float64Array = new Float64Array(2);
  private readonly pool: FramePool;
  private frame = 0;

  constructor(pool: FramePool, direction: LinkDirection, rng: Rng) {
    this.pool = pool;
    this.direction = direction;
    this.rng = rng;
  }

  /** @internal Puts a frame before a rule. */
  load(frame: number, index: number, rng: Rng): void {
    this.frame = frame;
    this.index = index;
    this.rng = rng;
    this.length = this.pool.len(frame);
    this.journey = this.pool.journey[frame];
    this.acted = 0;
  }

  /** Time now, ns: the instant at which the frame was handed to the link. */
  now(): number {
    return this.pool.sim.clock[0];
  }

  /** One byte of the frame; -1 beyond its end. */
  byte(offset: number): number {
    if (offset < 0 || offset >= this.length) return -1;
    return this.pool.sim.arena.u8[this.pool.off(this.frame) + offset];
  }

  /** A big-endian 16-bit field of the frame; -1 beyond its end. */
  u16(offset: number): number {
    if (offset < 0 || offset + 2 > this.length) return -1;
    return this.pool.sim.arena.dv.getUint16(this.pool.off(this.frame) + offset);
  }

  /** A copy of the frame. */
  bytes(): Uint8Array {
    return this.pool.bytes(this.frame);
  }

  /** The frame is lost. */
  drop(): void {
    this.acted |= ACT_DROP;
  }

  /** `copies` (1..255) more frames with the same bytes arrive right behind it; rules further on judge each by itself. */
  duplicate(copies = 1): void {
    this.copies = whole('copies', copies, 1, 255);
    this.acted |= ACT_DUPLICATE;
  }

  /** The frame arrives `by_ns` later; frames behind it are not held up and may overtake it. */
  delay(by_ns: number): void {
    this.span[0] = whole('delay', by_ns, 0, Number.MAX_SAFE_INTEGER);
    this.acted |= ACT_DELAY;
  }

  /** The frame is held until `frames` (1 or more) later ones have gone ahead, at most `within_ns`. */
  reorder(frames: number, within_ns: number = DEFAULT_HOLD_NS): void {
    this.holdFrames = whole('reorder', frames, 1, 0x7fffffff);
    this.span[1] = whole('within', within_ns, 0, Number.MAX_SAFE_INTEGER);
    this.acted |= ACT_HOLD;
  }

  /**
   * Flips one bit of a copy of the frame: bit n is bit n % 8 (0 = least significant, the first on the medium) of byte
   * floor(n / 8). Bits 8 * length .. + 31 are those of the FCS; bits beyond do nothing. Unless `recomputeFcs`, the FCS no
   * longer fits, which a receiving MAC notices.
   */
  corrupt(bit: number, recomputeFcs = false): void {
    whole('bit', bit, 0, 0x7fffffff);
    if (bit >= (this.length + 4) * 8) return;
    this.corruptBit = bit;
    this.fixCorrupt = recomputeFcs;
    this.acted |= ACT_CORRUPT;
  }

  /** Keeps the first `length` bytes in a copy of the frame (nothing happens if it is not longer), with a bad FCS unless told. */
  truncate(length: number, recomputeFcs = false): void {
    whole('length', length, 1, FRAME_MAX_LENGTH);
    if (length >= this.length) return;
    this.truncateTo = length;
    this.fixTruncate = recomputeFcs;
    this.acted |= ACT_TRUNCATE;
  }
}

/** `value` if it is an integer from `low` to `high`; else throws {@link WireError} FAULT_ARGUMENT. */
export function whole(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new WireError('FAULT_ARGUMENT', `${name} is a whole number from ${low} to ${high}, not ${value}`);
  }
  return value;
}
