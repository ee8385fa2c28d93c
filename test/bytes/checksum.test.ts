import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  csum_add,
  csum_finish,
  csum_fold,
  csum_ipv6,
  csum_partial,
  csum_replace2,
  csum_replace4,
  csum_tcpudp_v4,
} from '../../src/bytes/index.js';
import { runs } from '../support/fc.js';

/** RFC 1071 §4.1 by the letter: one byte at a time, carries folded at once. */
function reference(bytes: ArrayLike<number>, start: number): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i++) {
    sum += i % 2 === 0 ? bytes[i] * 256 : bytes[i];
    while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536);
  }
  return sum;
}

/** The two encodings of zero are the same sum. */
function same(a: number, b: number): boolean {
  return a % 0xffff === b % 0xffff && (a === 0) === (b === 0);
}

function views(size: number): { u8: Uint8Array; u32: Uint32Array; dv: DataView } {
  const buffer = new ArrayBuffer(size);
  return { u8: new Uint8Array(buffer), u32: new Uint32Array(buffer), dv: new DataView(buffer) };
}

const half: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0xffff });
const word: fc.Arbitrary<number> = fc.integer({ min: -0x80000000, max: 0x7fffffff });

describe('csum_partial', () => {
  it('every alignment and length up to 80 equals the byte-wise sum', () => {
    const { u8, u32 } = views(128);
    for (let i = 0; i < u8.length; i++) u8[i] = (i * 89 + 131) & 0xff;
    for (let offset = 0; offset < 16; offset++) {
      for (let length = 0; length <= 80; length++) {
        const expected = reference(u8.subarray(offset, offset + length), 0);
        expect([offset, length, csum_partial(u8, u32, offset, length, 0)]).toEqual([offset, length, expected]);
      }
    }
  });

  it('all bytes 0xff at every alignment folds without a lost carry', () => {
    const { u8, u32 } = views(4096);
    u8.fill(0xff);
    for (let offset = 0; offset < 4; offset++) {
      for (const length of [1, 2, 3, 4, 63, 64, 1499, 1500, 4000, 4092]) {
        const expected = reference(u8.subarray(offset, offset + length), 0xffff);
        expect(csum_partial(u8, u32, offset, length, 0xffff)).toBe(expected);
      }
    }
  });

  it('random bytes, range and start equal the byte-wise sum and ignore what lies outside', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 0x7fffffff }),
        fc.integer({ min: 0, max: 255 }),
        (bytes, offset, start, outside) => {
          const { u8, u32 } = views(320);
          u8.fill(outside);
          u8.set(bytes, offset);
          return same(csum_partial(u8, u32, offset, bytes.length, start), reference(bytes, csum_fold(start)));
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('a datagram with its checksum in place sums to 0xffff', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 100 }), word, word, (bytes, saddr, daddr) => {
        const { u8, u32, dv } = views(112);
        u8.set(bytes, 2);
        dv.setUint16(8, 0);
        const pseudo = csum_tcpudp_v4(saddr, daddr, bytes.length, 17, 0);
        dv.setUint16(8, csum_finish(csum_partial(u8, u32, 2, bytes.length, pseudo)));
        return csum_partial(u8, u32, 2, bytes.length, pseudo) === 0xffff;
      }),
      { numRuns: runs(100) },
    );
  });

  it('the example of RFC 1071 section 3 gives ddf2', () => {
    const { u8, u32 } = views(8);
    u8.set([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
    expect(csum_partial(u8, u32, 0, 8, 0)).toBe(0xddf2);
    expect(csum_finish(0xddf2)).toBe(0x220d);
  });
});

describe('pseudo headers', () => {
  it('IPv4 equals the sum of its twelve bytes', () => {
    fc.assert(
      fc.property(word, word, half, fc.integer({ min: 0, max: 255 }), half, (saddr, daddr, len, proto, sum) => {
        const { u8, dv } = views(12);
        dv.setInt32(0, saddr);
        dv.setInt32(4, daddr);
        dv.setUint8(9, proto);
        dv.setUint16(10, len);
        return same(csum_tcpudp_v4(saddr, daddr, len, proto, sum), reference(u8, sum));
      }),
      { numRuns: runs(200) },
    );
  });

  it('IPv6 equals the sum of its forty bytes', () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const len = fc.integer({ min: 0, max: 0x7fffffff });
    fc.assert(
      fc.property(address, address, len, fc.integer({ min: 0, max: 255 }), half, (src, dst, length, proto, sum) => {
        const { u8, dv } = views(40);
        u8.set(src, 0);
        u8.set(dst, 16);
        dv.setUint32(32, length);
        dv.setUint8(39, proto);
        return same(csum_ipv6(dv, 0, 16, length, proto, sum), reference(u8, sum));
      }),
      { numRuns: runs(200) },
    );
  });
});

describe('update in place (RFC 1624)', () => {
  /** A header of ten words whose checksum is word 5, as in IPv4. */
  const header: fc.Arbitrary<number[]> = fc.array(half, { minLength: 10, maxLength: 10 });

  function check(words: number[]): number {
    const bytes = words.flatMap((w, i) => (i === 5 ? [0, 0] : [w >> 8, w & 0xff]));
    return ~reference(bytes, 0) & 0xffff;
  }

  it('a changed word gives the checksum of a new computation', () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 4 }), half, (words, i, to) => {
        const from = words[i];
        const updated = csum_replace2(check(words), from, to);
        words[i] = to;
        // A header that sums to zero (all words zero) is the one case where the two zeroes differ.
        return words.every((w, k) => k === 5 || w === 0) || updated === check(words);
      }),
      { numRuns: runs(300) },
    );
  });

  it('a changed 32-bit word gives the checksum of a new computation', () => {
    fc.assert(
      fc.property(header, word, (words, to) => {
        const from = (words[6] << 16) | words[7];
        const updated = csum_replace4(check(words), from, to);
        words[6] = to >>> 16;
        words[7] = to & 0xffff;
        return words.every((w, k) => k === 5 || w === 0) || updated === check(words);
      }),
      { numRuns: runs(300) },
    );
  });

  it('the example of RFC 1624 section 4 gives 0000, not ffff', () => {
    expect(csum_replace2(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });
});

describe('folding', () => {
  it('32-bit sums fold with end-around carry', () => {
    expect(csum_fold(0)).toBe(0);
    expect(csum_fold(0x1ffff)).toBe(1);
    expect(csum_fold(0xffffffff)).toBe(0xffff);
    expect(csum_fold(-1)).toBe(0xffff);
    expect(csum_add(0xffff, 0xffff)).toBe(0xffff);
    expect(csum_add(0x8000, 0x8001)).toBe(2);
  });
});
