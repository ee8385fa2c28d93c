import { WireError } from './error.js';

/** Bytes of the frame check sequence. */
export const FCS_BYTES = 4;
/** Preamble and start-of-frame delimiter, bytes. */
export const PREAMBLE_BYTES = 8;
/** Gap between two frames, bytes. */
export const GAP_BYTES = 12;
/** Shortest frame on the medium, with FCS. */
export const MIN_FRAME_BYTES = 64;

const NS_PER_S = 1_000_000_000;
const MAX_RATE = 1_000_000_000_000;

/** Slot: whole ns up to which the line is taken (rounded down). */
const BUSY = 0;
/** Slot: fraction of a ns beyond BUSY, in units of 1/DEN ns. */
const REST = 1;
/** Slots: one bit lasts NUM / DEN ns. */
const NUM = 2;
const DEN = 3;
/** Slot: first instant (ns) of the last frame given to `advance`. */
export const CLOCK_START = 4;
/** Slot: instant (ns) at which the last bit of that frame has been sent. */
export const CLOCK_LAST_BIT = 5;
/** Slot: instant (ns) at which the line is free again, after the gap. */
export const CLOCK_FREE = 6;

/**
 * The bit clock of one transmitter. Times are exact rationals: whole ns and a remainder in 1/DEN ns, and only what leaves is
 * rounded up. So n minimum frames back to back at 10 Gb/s take ceil(n * 67.2) ns, however large n is. An idle line starts
 * a new epoch at the ns in which the next frame is handed over.
 * Times go in and out by slots of a Float64Array, because a double in a call may cost an allocation.
 */
export class BitClock {
  /** Read CLOCK_START, CLOCK_LAST_BIT and CLOCK_FREE after `advance`. */
  readonly slot: Float64Array = new Float64Array(7);
  private readonly now: Float64Array;

  /** `now[0]` is the current time in ns; `rate` is in bit/s, 1..10^12. */
  constructor(now: Float64Array, rate: number) {
    this.now = now;
    this.setRate(rate);
  }

  /** Changes the rate for frames to come; the line keeps what it has been given. Throws LINK_ARGUMENT. */
  setRate(rate: number): void {
    if (!Number.isInteger(rate) || rate < 1 || rate > MAX_RATE) {
      throw new WireError('LINK_ARGUMENT', `a rate is a whole number of bit/s from 1 to ${MAX_RATE}, not ${rate}`);
    }
    const slot = this.slot;
    if (slot[REST] > 0) slot[BUSY] += 1;
    slot[REST] = 0;
    const divisor = gcd(NS_PER_S, rate);
    slot[NUM] = NS_PER_S / divisor;
    slot[DEN] = rate / divisor;
    slot[CLOCK_FREE] = slot[BUSY];
  }

  /** Takes the line for one frame of `length` bytes (without FCS), as soon as it is free. */
  advance(length: number): void {
    const slot = this.slot;
    const now = this.now[0];
    if (slot[CLOCK_FREE] < now) {
      slot[BUSY] = now;
      slot[REST] = 0;
    }
    const onMedium = mediumBytes(length);
    const busy = slot[BUSY];
    const rest = slot[REST];
    const den = slot[DEN];
    slot[CLOCK_START] = rest > 0 ? busy + 1 : busy;
    slot[CLOCK_LAST_BIT] = busy + Math.ceil((rest + (PREAMBLE_BYTES + onMedium) * 8 * slot[NUM]) / den);
    const end = rest + (PREAMBLE_BYTES + onMedium + GAP_BYTES) * 8 * slot[NUM];
    const whole = Math.floor(end / den);
    slot[BUSY] = busy + whole;
    slot[REST] = end - whole * den;
    slot[CLOCK_FREE] = slot[REST] > 0 ? slot[BUSY] + 1 : slot[BUSY];
  }

  /** Forgets what the line was given: it is free now. */
  clear(): void {
    this.slot[BUSY] = this.now[0];
    this.slot[REST] = 0;
    this.slot[CLOCK_FREE] = this.now[0];
  }
}

/** Bytes of a frame on the medium with FCS, without preamble and gap; at least 64. */
export function mediumBytes(length: number): number {
  const bytes = length + FCS_BYTES;
  return bytes < MIN_FRAME_BYTES ? MIN_FRAME_BYTES : bytes;
}

function gcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y > 0) {
    const rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}
