import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Digest, Rng, Simulation } from '../../src/sim/index.js';
import { runs } from '../support/fc.js';

function take(rng: Rng, n: number): number[] {
  return Array.from({ length: n }, () => rng.next());
}

describe('random streams', () => {
  it('another consumer does not shift a stream', () => {
    const alone = new Simulation({ seed: 7 });
    const shared = new Simulation({ seed: 7 });
    const first = take(shared.rng('b'), 10);
    expect(take(shared.rng('a'), 20)).toEqual(take(alone.rng('a'), 20));
    expect(shared.rng('b')).toBe(shared.rng('b'));
    expect(take(new Simulation({ seed: 7 }).rng('b'), 10)).toEqual(first);
  });

  it('other seeds and names, however close, give other streams', () => {
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const names = ['', 'a', 'b', 'ab', 'ba', 'aa', 'link0>0', 'link0>1', 'é'];
    const streams = seeds.flatMap((seed) => names.map((name) => take(new Rng(seed, name), 4).join()));
    expect(new Set(streams).size).toBe(seeds.length * names.length);
  });

  it('the stream of seed 1 and name wire is what it always was', () => {
    // Fixed so that recorded seeds keep their meaning.
    expect(take(new Rng(1, 'wire'), 4)).toEqual([565034891, -569293778, 2078257203, 1149760080]);
  });

  it('below gives every value equally often, and nothing else', () => {
    const rng = new Rng(3, 'below');
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[rng.below(7)]++;
    expect(counts.length).toBe(7);
    // Chi-square with 6 degrees of freedom: 22.5 has probability 0.001.
    expect(counts.reduce((x, c) => x + (c - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5);
  });

  it('each of the 32 bits is set half of the time', () => {
    const rng = new Rng(4, 'bits');
    const set = new Array(32).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const x = rng.next();
      expect(x | 0).toBe(x);
      for (let b = 0; b < 32; b++) set[b] += (x >>> b) & 1;
    }
    for (const n of set) expect(Math.abs(n - 10_000)).toBeLessThan(400);
  });

  it('bounds hold for any range, chance 0 never and 1 always', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -1000, max: 1000 }), fc.nat(0x7ffffffe), (seed, lo, width) => {
        const rng = new Rng(seed, 'x');
        const x = rng.range(lo, lo + width);
        const y = rng.below(width);
        expect(x >= lo && x <= lo + width && y >= 0 && (y < width || width === 0)).toBe(true);
        expect([rng.chance(0, width + 1), rng.chance(width + 1, width + 1)]).toEqual([false, true]);
      }),
      { numRuns: runs(200) },
    );
  });

  it('a seed that is no safe integer is refused', () => {
    expect(() => new Simulation({ seed: 0.5 })).toThrow(expect.objectContaining({ code: 'SEED' }));
  });
});

function frameHex(bytes: Uint8Array, offset: number, outside: number = 0): string {
  const u8 = new Uint8Array(2048).fill(outside);
  u8.set(bytes, offset);
  const digest = new Digest(new Float64Array(1));
  digest.frame(new Uint32Array(u8.buffer), u8, offset, bytes.length);
  return digest.hex();
}

describe('digest', () => {
  const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 1, maxLength: 200 });

  it('the same bytes at any alignment among any others give the same value', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.nat(20),
        fc.nat(255),
        (b, offset, outside) => frameHex(b, offset, outside) === frameHex(b, 0),
      ),
      { numRuns: runs(200) },
    );
  });

  it('any flipped bit changes it', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(7), fc.nat(3), (b, at, bit, offset) => {
        const flipped = b.slice();
        flipped[at % b.length] ^= 1 << bit;
        return frameHex(flipped, offset) !== frameHex(b, offset);
      }),
      { numRuns: runs(300) },
    );
  });

  it('every single bit of a frame and every two swapped words matter', () => {
    const base = new Uint8Array(64).map((_, i) => i * 3);
    const seen = new Set([frameHex(base, 2)]);
    for (let i = 0; i < 512; i++) {
      const flipped = base.slice();
      flipped[i >> 3] ^= 1 << (i & 7);
      seen.add(frameHex(flipped, 2));
    }
    for (let i = 0; i < 16; i++) {
      for (let j = 0; j < i; j++) {
        const swapped = base.slice();
        swapped.set(base.subarray(i * 4, i * 4 + 4), j * 4);
        swapped.set(base.subarray(j * 4, j * 4 + 4), i * 4);
        seen.add(frameHex(swapped, 2));
      }
    }
    expect(seen.size).toBe(1 + 512 + 120);
  });

  it('two words of a full frame that differ in one bit, swapped: another value', () => {
    for (const fill of [0, 0xff]) {
      for (let bit = 0; bit < 32; bit++) {
        const seen = new Set<string>();
        for (let at = 2; at < 1400; at += 4) {
          const one = new Uint8Array(1414).fill(fill);
          one[at + (bit >> 3)] ^= 1 << (bit & 7);
          seen.add(frameHex(one, 2));
        }
        expect(seen.size).toBe(350);
      }
    }
  });

  it('one byte of zeros more or less changes it', () => {
    const all = new Set<string>();
    for (let n = 0; n <= 70; n++) all.add(frameHex(new Uint8Array(n), 0));
    expect(all.size).toBe(71);
  });

  it('one nanosecond, one seed, another order of the same numbers change it', () => {
    const hex = (seed: number, time: number, numbers: number[]): string => {
      const sim = new Simulation({ seed });
      sim.advanceTo(time);
      sim.digest.mixTime();
      for (const n of numbers) sim.digest.mix(n);
      return sim.digestHex();
    };
    const base = hex(1, 5e12, [1, 2, -1]);
    expect(base).toMatch(/^[0-9a-f]{16}$/);
    expect(hex(1, 5e12, [1, 2, -1])).toBe(base);
    const others = [hex(2, 5e12, [1, 2, -1]), hex(1 + 2 ** 32, 5e12, [1, 2, -1]), hex(1, 5e12 + 1, [1, 2, -1])];
    others.push(hex(1, 5e12 + 2 ** 32, [1, 2, -1]), hex(1, 5e12, [2, 1, -1]), hex(1, 5e12, [1, 2]));
    expect(new Set([base, ...others]).size).toBe(7);
  });

  it('100000 numbered values do not collide', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 100_000; i++) {
      const digest = new Digest(new Float64Array(1));
      digest.mix(i);
      seen.add(digest.hex());
    }
    expect(seen.size).toBe(100_000);
  });

  it('a fork goes its own way', () => {
    const digest = new Digest(new Float64Array(1));
    digest.mix(1);
    const before = digest.hex();
    const fork = digest.fork();
    expect(fork.hex()).toBe(before);
    fork.mix(2);
    expect(digest.hex()).toBe(before);
    expect(fork.hex()).not.toBe(before);
  });
});
