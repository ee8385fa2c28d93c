import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, CHUNK, defaultAllocator, TAG_SHIFT } from '../../src/sim/index.js';
import { runs } from '../support/fc.js';

describe('arena', () => {
  it('claims of any size stay disjoint, owned and intact while it grows', () => {
    const claim = fc.record({ owner: fc.nat(4), bytes: fc.integer({ min: 1, max: 3 * CHUNK }) });
    fc.assert(
      fc.property(fc.array(claim, { minLength: 1, maxLength: 12 }), (claims) => {
        const arena = new Arena(CHUNK);
        const made: { owner: number; bytes: number; at: number; mark: number }[] = [];
        claims.forEach(({ owner, bytes }, i) => {
          const at = arena.claim(owner, bytes);
          made.push({ owner, bytes, at, mark: i + 1 });
          expect(arena.u8[at] | arena.u8[at + bytes - 1]).toBe(0);
          arena.u8[at] = i + 1;
          arena.u8[at + bytes - 1] = i + 1;
          arena.tags[at >>> TAG_SHIFT] = 1000 + i;
        });
        for (const { owner, bytes, at, mark } of made) {
          const size = Math.ceil(bytes / CHUNK) * CHUNK;
          expect(at % CHUNK).toBe(0);
          expect(arena.u8[at]).toBe(mark);
          expect(arena.u8[at + bytes - 1]).toBe(mark);
          expect(arena.tags[at >>> TAG_SHIFT]).toBe(999 + mark);
          expect(arena.owns(owner, at, size)).toBe(true);
          expect(arena.owns(owner + 1, at, 1)).toBe(false);
          expect([arena.ownerOf(at), arena.ownerOf(at + size - 1)]).toEqual([owner, owner]);
        }
        const starts = new Set(made.map((m) => m.at));
        expect(starts.size).toBe(made.length);
        expect(arena.size()).toBe(arena.u8.length);
        for (const view of [arena.i32, arena.u32, arena.dv]) expect(view.buffer).toBe(arena.u8.buffer);
      }),
      { numRuns: runs(60) },
    );
  });

  it('chunk 0 is the wire alone', () => {
    const arena = new Arena(CHUNK);
    expect(arena.claim(1, 1)).toBe(CHUNK);
    expect(arena.claim(0, CHUNK + 1)).toBe(2 * CHUNK);
    expect(arena.claim(0, 1)).toBe(0);
    expect(arena.claim(0, 1)).toBe(4 * CHUNK);
    expect(arena.ownerOf(0)).toBe(0);
  });

  it('ranges that leave the owner, the arena or are empty are not owned', () => {
    const arena = new Arena(CHUNK);
    const a = arena.claim(1, CHUNK);
    const b = arena.claim(2, CHUNK);
    const end = arena.size();
    expect([a, b, end]).toEqual([CHUNK, 2 * CHUNK, 4 * CHUNK]);
    expect(arena.owns(1, a, CHUNK)).toBe(true);
    expect(arena.owns(1, a, CHUNK + 1)).toBe(false);
    expect(arena.owns(1, a - 1, 2)).toBe(false);
    expect(arena.owns(1, a, 0)).toBe(false);
    expect(arena.owns(1, a, -5)).toBe(false);
    expect(arena.owns(-1, 3 * CHUNK, 1)).toBe(true);
    expect(arena.owns(2, b, 0x7fffffff)).toBe(false);
    expect(arena.owns(1, -CHUNK, CHUNK)).toBe(false);
    expect([arena.ownerOf(3 * CHUNK), arena.ownerOf(end), arena.ownerOf(-1)]).toEqual([-1, -1, -1]);
  });

  it('growing asks the injected allocator and keeps the doubling bounded', () => {
    const asked: number[] = [];
    const normal = defaultAllocator();
    const arena = new Arena(CHUNK, {
      grow: (old, bytes) => {
        asked.push(bytes / CHUNK);
        return normal.grow(old, bytes);
      },
    });
    for (let i = 0; i < 9; i++) arena.claim(1, CHUNK);
    expect(asked).toEqual([1, 2, 4, 8, 16]);
  });

  it('nonsense and more than 2 GiB are refused', () => {
    const arena = new Arena(CHUNK);
    expect(() => arena.claim(1, 0)).toThrow(expect.objectContaining({ code: 'ARENA_CLAIM' }));
    expect(() => arena.claim(-1, 1)).toThrow(expect.objectContaining({ code: 'ARENA_CLAIM' }));
    expect(() => arena.claim(1, 2 ** 31)).toThrow(expect.objectContaining({ code: 'ARENA_FULL' }));
    expect(arena.claim(1, 1)).toBe(CHUNK);
  });
});
