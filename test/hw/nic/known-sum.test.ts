import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csum_partial } from '../../../src/bytes/index.js';
import { insertChecksum } from '../../../src/hw/nic/tx/tx-offload.js';
import { Simulation } from '../../../src/sim/index.js';
import { FramePool } from '../../../src/wire/index.js';
import { runs } from '../../support/fc.js';

/** What a sum must be: taken from the bytes. */
function computed(pool: FramePool, frame: number, start: number, length: number): number {
  const { u8, u32 } = pool.sim.arena;
  return csum_partial(u8, u32, pool.off(frame) + start, length, 0);
}

/** Bytes with many zeros and ones, where the two zeros of ones-complement arithmetic meet. */
const byte: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(0, 0xff), fc.nat(255));

describe('the sum of a range that a checksum was inserted into', () => {
  it('any bytes, any range, any field: what is known is what the bytes sum up to', () => {
    const pool = new FramePool(new Simulation({ seed: 1 }));
    fc.assert(
      fc.property(
        fc.array(byte, { minLength: 8, maxLength: 90 }),
        fc.nat(20),
        fc.nat(60),
        fc.oneof(fc.constant(0), fc.nat(100)),
        fc.boolean(),
        (bytes, start, at, end, udp) => {
          const frame = pool.copyIn(Uint8Array.from(bytes));
          insertChecksum(pool, frame, bytes.length, start, at, end, udp);
          for (let from = 0; from < bytes.length; from++) {
            for (let to = from; to <= bytes.length; to++) {
              if (pool.sum(frame, from, to - from) !== computed(pool, frame, from, to - from)) return false;
            }
          }
          pool.unref(frame);
          return true;
        },
      ),
      { numRuns: runs(200, 5000) },
    );
  });

  it('a field of ones among zeros: the sum of what is left is the other zero', () => {
    const pool = new FramePool(new Simulation({ seed: 1 }));
    const frame = pool.copyIn(new Uint8Array(60).fill(0xff, 40, 42));
    insertChecksum(pool, frame, 60, 34, 40, 0, false);
    expect(pool.bytes(frame)).toEqual(new Uint8Array(60));
    expect(pool.sum(frame, 34, 26)).toBe(0);
  });

  it('a sum that only the note can give: it is used for its range, not for others, a copy or the next frame', () => {
    const pool = new FramePool(new Simulation({ seed: 1 }));
    const frame = pool.copyIn(new Uint8Array(100).fill(1));
    pool.knowSum(frame, 34, 66, 0x1234);
    expect(pool.sum(frame, 34, 66)).toBe(0x1234);
    for (const [start, length] of [
      [34, 65],
      [33, 66],
      [34, 0],
      [0, 100],
    ]) {
      expect(pool.sum(frame, start, length)).toBe(computed(pool, frame, start, length));
    }
    const copy = pool.copy(frame);
    expect(pool.sum(copy, 34, 66)).toBe(computed(pool, copy, 34, 66));
    pool.unref(frame);
    const next = pool.copyIn(new Uint8Array(100).fill(2));
    expect(next).toBe(frame);
    expect(pool.sum(next, 34, 66)).toBe(computed(pool, next, 34, 66));
  });

  it('an ordinary UDP field: noted without a look at the bytes', () => {
    const pool = new FramePool(new Simulation({ seed: 1 }));
    const frame = pool.copyIn(Uint8Array.from({ length: 101 }, (_, i) => i));
    insertChecksum(pool, frame, 101, 34, 40, 0, true);
    const right = computed(pool, frame, 34, 67);
    // Bytes of a frame never change; here one does, to see where the sum comes from.
    pool.sim.arena.u8[pool.off(frame) + 90] ^= 0x55;
    expect(pool.sum(frame, 34, 67)).toBe(right);
    expect(computed(pool, frame, 34, 67)).not.toBe(right);
  });
});
