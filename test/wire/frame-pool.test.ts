import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/sim/index.js';
import { FRAME_BAD_FCS, FRAME_MAX_LENGTH, FramePool, Link } from '../../src/wire/index.js';
import { codeOf, frame } from './support.js';

function pools(checked: boolean): { sim: Simulation; pool: FramePool } {
  const sim = new Simulation({ seed: 1 });
  return { sim, pool: new FramePool(sim, { checked }) };
}

describe.each([false, true])('a pool, checked %s,', (checked) => {
  it('given bytes keeps them until the last reference goes', () => {
    const { pool } = pools(checked);
    const f = pool.copyIn(frame(7, 100));
    pool.ref(f);
    expect(pool.refCount(f)).toBe(2);
    pool.unref(f);
    expect(pool.bytes(f)).toEqual(frame(7, 100));
    expect(pool.live).toBe(1);
    pool.unref(f);
    expect(pool.live).toBe(0);
    pool.assertNoLeaks();
  });

  it('asked for part of an array copies that part', () => {
    const { pool } = pools(checked);
    expect([...pool.bytes(pool.copyIn(Uint8Array.of(1, 2, 3, 4, 5), 1, 3))]).toEqual([2, 3, 4]);
  });

  it('asked for a copy gives private bytes with journey and flags', () => {
    const { sim, pool } = pools(checked);
    const f = pool.copyIn(frame(7));
    pool.journey[f] = 42;
    pool.flags[f] = FRAME_BAD_FCS;
    const copy = pool.copy(f, 20);
    sim.arena.u8[pool.off(copy)] = 9;
    expect([pool.len(copy), pool.journey[copy], pool.flags[copy]]).toEqual([20, 42, FRAME_BAD_FCS]);
    expect(pool.bytes(f)).toEqual(frame(7));
  });

  it('grown far gives disjoint frames whose IP header is aligned', () => {
    const { sim, pool } = pools(checked);
    const frames = Array.from({ length: 700 }, (_, i) => pool.copyIn(frame(i & 255, i % 5 === 0 ? 9000 : 1514)));
    frames.forEach((f, i) => {
      expect(pool.bytes(f).length).toBe(i % 5 === 0 ? 9000 : 1514);
      expect(pool.bytes(f).every((byte) => byte === (i & 255))).toBe(true);
      expect((pool.off(f) + 14) % 4).toBe(0);
      expect(sim.arena.owns(0, pool.off(f), pool.len(f))).toBe(true);
    });
    for (const f of frames) pool.unref(f);
    pool.assertNoLeaks();
  });

  it.each([0, -1, FRAME_MAX_LENGTH + 1, Number.NaN, 1.5])('asked for %d bytes refuses', (length) => {
    expect(codeOf(() => pools(checked).pool.alloc(length))).toBe('FRAME_LENGTH');
  });

  it('given a frame back twice names the crime', () => {
    const { pool } = pools(checked);
    const f = pool.alloc(60);
    pool.unref(f);
    expect(codeOf(() => pool.unref(f))).toBe('FRAME_DOUBLE_UNREF');
    expect(codeOf(() => pool.unref(12345))).toBe('FRAME_DOUBLE_UNREF');
  });

  it('asked for a reference to a freed frame names the crime', () => {
    const { pool } = pools(checked);
    const f = pool.alloc(60);
    pool.unref(f);
    expect(codeOf(() => pool.ref(f))).toBe('FRAME_USE_AFTER_FREE');
  });

  it('with a frame left over names the leak', () => {
    const { pool } = pools(checked);
    const f = pool.alloc(60);
    pool.journey[f] = 77;
    expect(() => pool.assertNoLeaks()).toThrow(/1 frames .* journey 77/);
    expect(codeOf(() => pool.assertNoLeaks())).toBe('FRAME_LEAK');
  });
});

describe('a checked pool', () => {
  it('asked about a freed frame refuses', () => {
    const { pool } = pools(true);
    const f = pool.alloc(60);
    pool.unref(f);
    for (const call of [
      () => pool.off(f),
      () => pool.len(f),
      () => pool.bytes(f),
      () => pool.copy(f),
      () => pool.seal(f),
    ]) {
      expect(codeOf(call)).toBe('FRAME_USE_AFTER_FREE');
    }
  });

  it('with a freed frame poisons it, and notices a write to it when it is used again', () => {
    const { sim, pool } = pools(true);
    const f = pool.copyIn(frame(1));
    const at = pool.off(f);
    pool.unref(f);
    expect(sim.arena.u8[at + 59]).toBe(0x6b);
    sim.arena.u8[at + 5] = 0;
    expect(
      codeOf(() => {
        for (let i = 0; i < 1000; i++) pool.unref(pool.alloc(60));
      }),
    ).toBe('FRAME_USE_AFTER_FREE');
  });

  it('with a frame written to after it was sent notices on arrival', () => {
    const { sim, pool } = pools(true);
    const link = new Link(sim, pool, { delay: '1us' });
    link.b.attach({ frameArrived: (f) => pool.unref(f), linkChanged: () => undefined });
    const f = pool.copyIn(frame(1));
    link.a.send(f);
    sim.arena.u8[pool.off(f) + 20] ^= 1;
    expect(codeOf(() => sim.drain(1e9))).toBe('FRAME_MODIFIED');
  });
});
