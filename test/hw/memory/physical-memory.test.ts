import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUFFER_BYTES, MemoryError, PhysicalMemory } from '../../../src/hw/memory/index.js';
import { Arena, CHUNK } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';

interface Block {
  addr: number;
  bytes: number;
  align: number;
}

const code = (c: string): Error => expect.objectContaining({ code: c }) as Error;

describe('PhysicalMemory', () => {
  it('random allocations and frees by two hosts: aligned, owned, disjoint', () => {
    const step = fc.record({
      host: fc.constantFrom(0, 1, 2),
      free: fc.boolean(),
      pick: fc.nat(),
      bytes: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: CHUNK - 2, max: CHUNK * 2 + 2 })),
      align: fc.integer({ min: 0, max: 13 }).map((n) => 1 << n),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const arena = new Arena();
        const hosts = [0, 1, 2].map((id) => new PhysicalMemory(arena, id));
        const live: Block[][] = [[], [], []];
        for (const s of steps) {
          const mem = hosts[s.host] as PhysicalMemory;
          const mine = live[s.host] as Block[];
          if (s.free && mine.length > 0) {
            const [b] = mine.splice(s.pick % mine.length, 1) as [Block];
            mem.free(b.addr, b.bytes, b.align);
            continue;
          }
          const b = { addr: mem.alloc(s.bytes, s.align), bytes: s.bytes, align: s.align };
          expect(b.addr).toBeGreaterThan(0);
          expect(b.addr % b.align).toBe(0);
          expect(mem.owns(b.addr, b.bytes)).toBe(true);
          if (b.bytes <= CHUNK) expect(Math.floor(b.addr / CHUNK)).toBe(Math.floor((b.addr + b.bytes - 1) / CHUNK));
          for (const o of live.flat()) expect(b.addr >= o.addr + o.bytes || o.addr >= b.addr + b.bytes).toBe(true);
          mine.push(b);
        }
        hosts.forEach((mem, i) => {
          for (const b of live[i] as Block[]) mem.free(b.addr, b.bytes, b.align);
          expect(mem.inUse).toBe(0);
          expect(mem.claimed % CHUNK).toBe(0);
        });
      }),
      { numRuns: runs(100) },
    );
  });

  it('all freed, all allocated again: nothing more is claimed', () => {
    const mem = new PhysicalMemory(new Arena(), 1);
    const take = (): number[] => Array.from({ length: 300 }, () => mem.allocBuffer());
    const first = take();
    const claimed = mem.claimed;
    expect(claimed).toBe(Math.ceil((300 * 2048) / CHUNK) * CHUNK);
    for (const addr of first) mem.freeBuffer(addr);
    expect(new Set(take())).toEqual(new Set(first));
    expect(mem.claimed).toBe(claimed);
  });

  it('fresh memory: buffers ascend and are 2 KiB aligned', () => {
    const mem = new PhysicalMemory(new Arena(), 1);
    const first = mem.allocBuffer();
    expect(first % BUFFER_BYTES).toBe(0);
    expect([mem.allocBuffer(), mem.allocBuffer()]).toEqual([first + 2048, first + 4096]);
  });

  it('limit reached: 0, until something is freed', () => {
    const mem = new PhysicalMemory(new Arena(), 1, { maxBytes: CHUNK });
    const whole = mem.alloc(CHUNK);
    expect([mem.alloc(1), mem.allocBuffer(), mem.alloc(CHUNK * 2), mem.inUse]).toEqual([0, 0, 0, CHUNK]);
    mem.free(whole, CHUNK);
    expect(mem.allocBuffer()).toBe(whole);
  });

  it('misuse: typed errors', () => {
    const arena = new Arena();
    const mem = new PhysicalMemory(arena, 1);
    const other = new PhysicalMemory(arena, 2).alloc(64);
    const own = mem.alloc(4096);
    for (const bytes of [0, -1, 1.5, Number.NaN]) expect(() => mem.alloc(bytes)).toThrow(code('BAD_SIZE'));
    for (const align of [0, 3, CHUNK * 2]) expect(() => mem.alloc(64, align)).toThrow(code('BAD_ALIGNMENT'));
    expect(() => mem.free(other, 64)).toThrow(MemoryError);
    expect(() => mem.free(other, 64)).toThrow(code('NOT_OWNED'));
    expect(() => mem.freeBuffer(own + 64)).toThrow(code('BAD_FREE'));
    expect([mem.owns(own, 4096), mem.owns(other, 1), mem.owns(own, 0), mem.owns(0, 1)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
