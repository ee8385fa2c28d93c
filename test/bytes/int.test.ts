import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignUp, hash32, hash32_3, icbrt, ilog2, isqrt, reciprocal_scale } from '../../src/bytes/index.js';
import { runs } from '../support/fc.js';

const natural: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 1, max: 208_063 }).chain((r) => fc.constantFrom(r ** 3 - 1, r ** 3, r ** 3 + 1)),
  fc.integer({ min: 1, max: 94_906_265 }).chain((r) => fc.constantFrom(r * r - 1, r * r, r * r + 1)),
);

describe('integer roots', () => {
  it('any n has its square between those of isqrt and the next', () => {
    fc.assert(
      fc.property(natural, (n) => {
        const r = BigInt(isqrt(n));
        return r * r <= BigInt(n) && (r + 1n) * (r + 1n) > BigInt(n);
      }),
      { numRuns: runs(500) },
    );
  });

  it('any n has its cube between those of icbrt and the next', () => {
    fc.assert(
      fc.property(natural, (n) => {
        const r = BigInt(icbrt(n));
        return r ** 3n <= BigInt(n) && (r + 1n) ** 3n > BigInt(n);
      }),
      { numRuns: runs(500) },
    );
  });

  it('the largest safe integer is exact', () => {
    expect(isqrt(Number.MAX_SAFE_INTEGER)).toBe(94_906_265);
    expect(icbrt(Number.MAX_SAFE_INTEGER)).toBe(208_063);
  });
});

describe('ilog2', () => {
  it('every power of two and its neighbours are exact', () => {
    expect(ilog2(0)).toBe(-1);
    for (let e = 0; e < 53; e++) {
      const n = Number(1n << BigInt(e));
      expect([n, ilog2(n)]).toEqual([n, e]);
      if (n > 1) expect(ilog2(n - 1)).toBe(e - 1);
    }
  });
});

describe('reciprocal_scale', () => {
  it('any hash and n give the exact high half of the product', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -0x80000000, max: 0x7fffffff }),
        fc.integer({ min: 0, max: 0x7fffffff }),
        (hash, n) => BigInt(reciprocal_scale(hash, n)) === (BigInt(hash >>> 0) * BigInt(n)) >> 32n,
      ),
      { numRuns: runs(500) },
    );
  });
});

describe('hash32', () => {
  it('one flipped input bit changes 8 to 24 output bits on average 16', () => {
    let changed = 0;
    for (let i = 0; i < 1000; i++) {
      for (let bit = 0; bit < 32; bit++) {
        let x = hash32(i) ^ hash32(i ^ (1 << bit));
        for (; x !== 0; x &= x - 1) changed++;
      }
    }
    expect(changed / 32_000).toBeGreaterThan(15.5);
    expect(changed / 32_000).toBeLessThan(16.5);
  });

  it('three words in another order or under another key hash differently', () => {
    const all = [hash32_3(1, 2, 3, 0), hash32_3(2, 1, 3, 0), hash32_3(1, 3, 2, 0), hash32_3(1, 2, 3, 1)];
    expect(new Set(all).size).toBe(4);
  });
});

describe('alignUp', () => {
  it('sizes round up to the unit', () => {
    expect([0, 1, 63, 64, 65].map((n) => alignUp(n, 64))).toEqual([0, 64, 64, 64, 128]);
  });
});
