import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crc32,
  seq_add,
  seq_after,
  seq_before,
  seq_between,
  seq_diff,
  seq_geq,
  seq_leq,
} from '../../src/bytes/index.js';
import { runs } from '../support/fc.js';

const seq: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc.constantFrom(-1, 0, 1, 0x7fffffff, -0x80000000),
);

describe('sequence arithmetic', () => {
  it('b a known distance after a compares so across both wraps', () => {
    fc.assert(
      fc.property(seq, fc.integer({ min: 1, max: 0x7fffffff }), (a, n) => {
        const b = seq_add(a, n);
        expect(b | 0).toBe(b);
        expect([seq_before(a, b), seq_after(b, a), seq_leq(a, b), seq_geq(b, a)]).toEqual([true, true, true, true]);
        expect([seq_before(b, a), seq_after(a, b), seq_leq(b, a), seq_geq(a, b)]).toEqual([false, false, false, false]);
        expect([seq_diff(b, a), seq_diff(a, b)]).toEqual([n, -n]);
      }),
      { numRuns: runs(300) },
    );
  });

  it('equal numbers are neither before nor after', () => {
    for (const a of [0, -1, 0x7fffffff, -0x80000000]) {
      expect([seq_before(a, a), seq_after(a, a), seq_leq(a, a), seq_geq(a, a)]).toEqual([false, false, true, true]);
    }
  });

  it('between holds for windows of any size up to 2^32 - 1', () => {
    fc.assert(
      fc.property(
        seq,
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (low, width, at) => seq_between((low + at) | 0, low, (low + width) | 0) === at <= width,
      ),
      { numRuns: runs(300) },
    );
  });
});

describe('crc32', () => {
  it('the check string gives cbf43926', () => {
    const u8 = new TextEncoder().encode('123456789');
    expect(crc32(u8, 0, 9) >>> 0).toBe(0xcbf43926);
    expect(crc32(u8, 0, 0)).toBe(0);
    expect(crc32(new Uint8Array(32).fill(0xff), 0, 32) >>> 0).toBe(0xff6cab0b);
  });

  it('a range equals its copy, and two parts equal the whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(64), fc.nat(64), (u8, x, y) => {
        const from = Math.min(x, y) % u8.length;
        const cut = Math.max(from, Math.min(u8.length, Math.max(x, y)));
        const whole = crc32(u8, from, u8.length - from);
        expect(crc32(u8, cut, u8.length - cut, crc32(u8, from, cut - from))).toBe(whole);
        expect(crc32(u8.slice(from), 0, u8.length - from)).toBe(whole);
      }),
      { numRuns: runs(100) },
    );
  });

  it('a frame followed by its FCS leaves the residue of 802.3', () => {
    const u8 = new Uint8Array(68);
    for (let i = 0; i < 64; i++) u8[i] = i * 7;
    new DataView(u8.buffer).setInt32(64, crc32(u8, 0, 64), true);
    expect(crc32(u8, 0, 68) >>> 0).toBe(0x2144df1c);
  });
});
