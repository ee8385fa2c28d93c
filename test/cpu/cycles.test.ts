import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cyclesToNs, cyclesToTime, nsToCycles, timeToCycles } from '../../src/cpu/index.js';
import { runs } from '../support/fc.js';

const part = fc.integer({ min: 1, max: 1 << 20 });

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

describe('cycles and nanoseconds', () => {
  it('cycles to time: exact ceiling for every value whose result is below 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), part, part, (cycles, num, den) => {
        const exact = ceilDiv(BigInt(cycles) * BigInt(num), BigInt(den));
        fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER));
        const slots = Float64Array.of(cycles, 0);
        cyclesToTime(slots, 0, slots, 1, num, den);
        expect(BigInt(slots[1])).toBe(exact);
        expect(BigInt(cyclesToNs(cycles, num, den))).toBe(exact);
      }),
      { numRuns: runs(300) },
    );
  });

  it('time to cycles: exact ceiling and floor', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), part, part, (ns, num, den) => {
        const product = BigInt(ns) * BigInt(den);
        const exact = ceilDiv(product, BigInt(num));
        fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER));
        const slots = Float64Array.of(ns, 0);
        timeToCycles(slots, 0, slots, 1, num, den);
        expect(BigInt(slots[1])).toBe(exact);
        expect(BigInt(nsToCycles(ns, num, den))).toBe(product / BigInt(num));
      }),
      { numRuns: runs(300) },
    );
  });

  it('0.8 ns cycles do not drift: 5 k cycles end at 4 k ns, near zero and after an hour', () => {
    const slots = new Float64Array(2);
    for (const base of [0, 4_500_000_000_000]) {
      for (let k = 0; k < 1000; k++) {
        slots[0] = base + 5 * k;
        cyclesToTime(slots, 0, slots, 1, 4, 5);
        expect(slots[1]).toBe((base / 5) * 4 + 4 * k);
      }
    }
  });
});
