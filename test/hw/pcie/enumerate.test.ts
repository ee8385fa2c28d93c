import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAR_IO, BAR_MEM32, ConfigSpace, enumerate, type PciDevice, RootComplex } from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { BAR_SIZES, Bench } from './fake-device.js';

class Plain implements PciDevice {
  readonly config: ConfigSpace;
  constructor(config: ConfigSpace) {
    this.config = config;
  }
  mmioRead(): number {
    return 0;
  }
  mmioWrite(): void {}
  dmaComplete(): void {}
  timer(): void {}
  reset(): void {}
}

describe('enumeration', () => {
  it('three devices: sized, assigned without overlap, capabilities read', () => {
    const { rc } = new Bench([0, 3, 31]);
    const found = enumerate(rc);
    expect(found.map((f) => [f.bdf, f.vendor, f.device, f.classCode, f.pin])).toEqual(
      [0, 3, 31].map((slot) => [slot << 3, 0x8086, 0x10d3, 0x020000, 1]),
    );
    for (const f of found) {
      expect(f.resources.map((r) => [r.bar, r.kind, r.size])).toEqual(
        BAR_SIZES.map((size, bar) => [bar, bar === 2 ? BAR_IO : BAR_MEM32, size]),
      );
      expect(f.capabilities).toEqual([
        { id: 1, offset: 0xc8 },
        { id: 5, offset: 0xd0 },
        { id: 0x10, offset: 0xe0 },
        { id: 0x11, offset: 0xa0 },
      ]);
      for (const r of f.resources)
        expect(rc.ecamRead(f.bdf, 0x10 + 4 * r.bar, 4) & ~(r.kind === BAR_IO ? 3 : 15)).toBe(r.base);
      expect(rc.ecamRead(f.bdf, 4, 2)).toBe(0);
    }
  });

  it('random BARs on random slots: aligned, disjoint, in their window', () => {
    const bar = fc.oneof(
      fc.record({ io: fc.constant(false), order: fc.integer({ min: 4, max: 22 }) }),
      fc.record({ io: fc.constant(true), order: fc.integer({ min: 2, max: 8 }) }),
    );
    const device = fc.array(fc.option(bar), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(31), { minLength: 1, maxLength: 6 }),
        fc.array(device, { minLength: 6, maxLength: 6 }),
        (slots, bars) => {
          const { sim, mem } = new Bench([]);
          const rc = new RootComplex(sim, mem);
          slots.forEach((slot, i) => {
            const config = new ConfigSpace({ vendor: 1, device: 2, classCode: 0 });
            (bars[i] ?? []).forEach((b, at) => {
              if (b?.io === true) config.addIoBar(at, 1 << b.order);
              else if (b !== null && b !== undefined) config.addMemoryBar(at, 1 << b.order);
            });
            rc.attach(new Plain(config), slot);
          });
          const all = enumerate(rc).flatMap((f) => f.resources);
          expect(all.length).toBe(slots.reduce((n, _, i) => n + (bars[i] ?? []).filter((b) => b !== null).length, 0));
          for (const [i, r] of all.entries()) {
            const base = r.base >>> 0;
            expect(base % r.size).toBe(0);
            if (r.kind === BAR_IO) expect(base >= 0xc000 && base + r.size <= 0x10000).toBe(true);
            else expect(base >= 0xc0000000 && base + r.size <= 0xe0000000).toBe(true);
            for (const s of all.slice(i + 1)) {
              if (s.kind === r.kind)
                expect(base + r.size <= s.base >>> 0 || (s.base >>> 0) + s.size <= base).toBe(true);
            }
          }
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('decoding left on: off while a BAR is sized, on again after', () => {
    const bench = new Bench([3]);
    const { rc } = bench;
    bench.command(7);
    const during: number[] = [];
    const write = rc.ecamWrite.bind(rc);
    rc.ecamWrite = (bdf, offset, size, value): void => {
      if (offset >= 0x10 && offset < 0x28) during.push(bench.device.config.command());
      write(bdf, offset, size, value);
    };
    enumerate(rc);
    expect(new Set(during)).toEqual(new Set([4]));
    expect(bench.device.config.command()).toBe(7);
  });

  it('memory window exhausted: NO_RESOURCE', () => {
    const { sim, mem } = new Bench([]);
    const rc = new RootComplex(sim, mem);
    for (const slot of [0, 1, 2]) {
      const config = new ConfigSpace({ vendor: 1, device: 2, classCode: 0 });
      config.addMemoryBar(0, 1 << 28);
      rc.attach(new Plain(config), slot);
    }
    expect(() => enumerate(rc)).toThrow(expect.objectContaining({ code: 'NO_RESOURCE' }) as Error);
  });

  it('empty slot: all ones in every size, writes ignored', () => {
    const { rc } = new Bench([3]);
    expect([rc.ecamRead(8, 0, 1), rc.ecamRead(8, 0, 2), rc.ecamRead(8, 0, 4)]).toEqual([0xff, 0xffff, -1]);
    expect(rc.ecamRead((3 << 3) | 1, 0, 4)).toBe(-1);
    expect(rc.ecamRead((1 << 8) | (3 << 3), 0, 4)).toBe(-1);
    rc.ecamWrite(8, 4, 2, 7);
    expect(rc.ecamRead(3 << 3, 4, 2)).toBe(0);
  });

  it('slot taken or out of range: SLOT', () => {
    const { rc } = new Bench([3]);
    const device = new Plain(new ConfigSpace({ vendor: 1, device: 2, classCode: 0 }));
    for (const slot of [3, 32, -1])
      expect(() => rc.attach(device, slot)).toThrow(expect.objectContaining({ code: 'SLOT' }) as Error);
  });
});
