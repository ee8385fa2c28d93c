/** Named random streams: xoshiro128** 32-bit generators seeded by (seed, name), so that consumers do not shift each other. */
import { Cloneable } from './clone.js';

function mix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

/** One stream of random integers. Its state is four int32 fields. */
export class Rng extends Cloneable {
  private s0: number;
  private s1: number;
  private s2: number;
  private s3: number;

  /** `seed`: any safe integer; `name`: the consumer. */
  constructor(seed: number, name: string) {
    super();
    let h = mix32((seed % 4294967296) | 0) ^ mix32((Math.floor(seed / 4294967296) | 0) + 0x632be5ab);
    for (let i = 0; i < name.length; i++) h = mix32(Math.imul(h, 0x01000193) + name.charCodeAt(i) + i);
    this.s0 = mix32(h + 0x9e3779b9);
    this.s1 = mix32(h + 0x3c6ef372);
    this.s2 = mix32(h + 0xdaa66d2b);
    // The all-zero state is the one state the generator never leaves.
    this.s3 = mix32(h + 0x78dde6e4) | 1;
  }

  /** The next 32 random bits as an int32. */
  next(): number {
    const x = Math.imul(this.s1, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9);
    const t = this.s1 << 9;
    this.s2 ^= this.s0;
    this.s3 ^= this.s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= t;
    this.s3 = (this.s3 << 11) | (this.s3 >>> 21);
    return result;
  }

  /** An integer 0 .. n - 1, each equally likely. `n`: 1 .. 2^31 - 1 (0 and 1 give 0). */
  below(n: number): number {
    if (n <= 1) return 0;
    const mask = -1 >>> Math.clz32(n - 1);
    let x = this.next() & mask;
    while (x >= n) x = this.next() & mask;
    return x;
  }

  /** True with probability num / den exactly. `den`: 1 .. 2^31 - 1. */
  chance(num: number, den: number): boolean {
    return this.below(den) < num;
  }

  /** An integer lo .. hi, both included. `hi - lo` at most 2^31 - 2. */
  range(lo: number, hi: number): number {
    return lo + this.below(hi - lo + 1);
  }
}
