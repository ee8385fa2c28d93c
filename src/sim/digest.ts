/** A 64-bit fingerprint of what happened, in two int32 lanes: same seed and inputs give the same text everywhere. */
import { Cloneable } from './clone.js';

const K0 = 0x9e3779b1 | 0;
const K1 = 0x85ebca77 | 0;
const K2 = 0xc2b2ae3d | 0;
const K3 = 0x27d4eb2f | 0;

function hex8(x: number): string {
  return (x >>> 0).toString(16).padStart(8, '0');
}

function avalanche(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 15), K1);
  h = Math.imul(h ^ (h >>> 13), K2);
  return h ^ (h >>> 16);
}

/** One step of the second sum of a lane; `sum` is its first. */
function turned(x: number, sum: number): number {
  return (((x << 7) | (x >>> 25)) + sum) | 0;
}

function word(u8: Uint8Array, at: number): number {
  return u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24);
}

/** Order-sensitive: mixing the same numbers in another order gives another value. */
export class Digest extends Cloneable {
  private h0: number;
  private h1: number;
  private readonly clock: Float64Array;

  /** `clock[0]` is the time that mixTime() takes. */
  constructor(clock: Float64Array) {
    super();
    this.h0 = K0;
    this.h1 = K3;
    this.clock = clock;
  }

  /** Takes in one int32. */
  mix(a: number): void {
    this.pair(a, a);
  }

  /** Takes in two int32: a change of either one changes both lanes. */
  private pair(a: number, b: number): void {
    const x = Math.imul(a, K1);
    const h0 = Math.imul(this.h0 ^ ((x << 13) | (x >>> 19)), K2);
    const next = (((h0 << 15) | (h0 >>> 17)) + this.h1) | 0;
    const h1 = Math.imul((this.h1 + b) | 0, K3);
    this.h0 = next;
    this.h1 = ((h1 << 11) | (h1 >>> 21)) ^ next;
  }

  /** Takes in the clock. */
  mixTime(): void {
    const t = this.clock[0];
    const high = Math.floor(t / 4294967296) | 0;
    this.pair((t - high * 4294967296) | 0, high);
  }

  /** Takes in the clock and two int32 in one step: an event of the wire. A change of one of the three is never lost. */
  event(a: number, b: number): void {
    const t = this.clock[0];
    const high = Math.floor(t / 4294967296) | 0;
    this.pair((t - high * 4294967296 + Math.imul(a, K0)) | 0, (high + Math.imul(b, K1)) | 0);
  }

  /**
   * Takes in the content and length of `length` bytes from `offset`; the same bytes give the same value at any
   * alignment. `u32` and `u8` view the same little-endian buffer from byte 0. Frames lie two bytes off a word, so that
   * their IP header is aligned: the first two bytes stand apart and the rest is words.
   */
  frame(u32: Uint32Array, u8: Uint8Array, offset: number, length: number): void {
    const end = (offset + length) | 0;
    const start = length < 2 ? offset | 0 : (offset + 2) | 0;
    const blocks = (end - start) >> 4;
    const shift = (start & 3) << 3;
    let i = start >> 2;
    const last = i + (blocks << 2);
    // Two lanes that take the words in turn, each with a sum (`a`, `b`) and a sum of the sums that turns as it goes (`s`, `t`):
    // one changed word always changes its sum, and what leaves the sums alone, as swapped words do, moves `s` or `t`.
    let a = K0 ^ length;
    let b = K1;
    let s = K2;
    let t = length < 2 ? K3 : K3 ^ (u8[offset] | (u8[offset + 1] << 8));
    if (shift === 0) {
      for (; i < last; i += 4) {
        a = (a + u32[i]) | 0;
        b = (b + u32[i + 1]) | 0;
        s = turned(s, a);
        t = turned(t, b);
        a = (a + u32[i + 2]) | 0;
        b = (b + u32[i + 3]) | 0;
        s = turned(s, a);
        t = turned(t, b);
      }
    } else if (blocks > 0) {
      const back = 32 - shift;
      let w = u32[i] | 0;
      for (; i < last; i += 4) {
        const w1 = u32[i + 1] | 0;
        const w2 = u32[i + 2] | 0;
        const w3 = u32[i + 3] | 0;
        const w4 = u32[i + 4] | 0;
        a = (a + ((w >>> shift) | (w1 << back))) | 0;
        b = (b + ((w1 >>> shift) | (w2 << back))) | 0;
        s = turned(s, a);
        t = turned(t, b);
        a = (a + ((w2 >>> shift) | (w3 << back))) | 0;
        b = (b + ((w3 >>> shift) | (w4 << back))) | 0;
        s = turned(s, a);
        t = turned(t, b);
        w = w4;
      }
    }
    // The rest, at most 15 bytes: three words and a short one.
    let at = (start + (blocks << 4)) | 0;
    if (at + 4 <= end) {
      a = (a + word(u8, at)) | 0;
      s = turned(s, a);
      at += 4;
    }
    if (at + 4 <= end) {
      b = (b + word(u8, at)) | 0;
      t = turned(t, b);
      at += 4;
    }
    if (at + 4 <= end) {
      a = (a + word(u8, at)) | 0;
      s = turned(s, a);
      at += 4;
    }
    let short = 0;
    for (; at < end; at++) short = (short << 8) | u8[at];
    b = (b + short) | 0;
    t = turned(t, b);
    // The sums of one lane never meet in one half: a difference in one lane, or in one sum, reaches at least one of the two.
    const x = Math.imul(t, K2);
    const y = Math.imul(s, K0);
    this.pair((Math.imul(a, K1) ^ ((x << 16) | (x >>> 16))) | 0, (Math.imul(b, K3) + ((y << 11) | (y >>> 21))) | 0);
  }

  /** Takes in another digest's value. */
  absorb(other: Digest): void {
    this.mix(other.h0);
    this.mix(other.h1);
  }

  /** A copy that can be mixed further without changing this one. */
  fork(): Digest {
    const copy = new Digest(this.clock);
    copy.h0 = this.h0;
    copy.h1 = this.h1;
    return copy;
  }

  /** 16 hexadecimal digits. */
  hex(): string {
    return hex8(avalanche(this.h0 + Math.imul(this.h1, K0))) + hex8(avalanche(this.h1 ^ Math.imul(this.h0, K3)));
  }
}
