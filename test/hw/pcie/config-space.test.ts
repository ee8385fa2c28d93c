import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDeviceSerialNumber,
  addPowerManagement,
  BAR_IO,
  BAR_MEM32,
  ConfigSpace,
  PcieError,
} from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from './fake-device.js';

const id = { vendor: 0x8086, device: 0x10d3, classCode: 0x020000, revision: 0, interruptPin: 1 };

/** Reference: one big integer per access class, bit by bit. */
class Model {
  value: bigint;
  readonly rw: bigint;
  readonly w1c: bigint;

  constructor(value: bigint, rw: bigint, w1c: bigint) {
    this.value = value;
    this.rw = rw;
    this.w1c = w1c;
  }

  write(offset: number, size: number, v: bigint): void {
    for (let bit = 0n; bit < BigInt(size * 8); bit++) {
      const at = 1n << (BigInt(offset * 8) + bit);
      const one = ((v >> bit) & 1n) === 1n;
      if (this.rw & at) this.value = one ? this.value | at : this.value & ~at;
      else if (this.w1c & at && one) this.value &= ~at;
    }
  }
}

const access = fc
  .record({ size: fc.constantFrom(1, 2, 4), at: fc.nat(15), value: fc.integer({ min: 0, max: 0xffffffff }) })
  .map((x) => ({ ...x, at: x.at - (x.at % x.size) }));

describe('access classes', () => {
  it('random registers, random writes of 1, 2 and 4 bytes: every bit follows its class', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    const register = fc.record({ value: word, rw: word, w1c: word });
    fc.assert(
      fc.property(
        fc.array(register, { minLength: 4, maxLength: 4 }),
        fc.array(access, { maxLength: 30 }),
        (regs, ops) => {
          const config = new ConfigSpace(id);
          let [value, rw, w1c] = [0n, 0n, 0n];
          regs.forEach((r, i) => {
            config.define(0x400 + 4 * i, 4, r.value, r.rw, r.w1c & ~r.rw);
            value |= BigInt(r.value) << BigInt(32 * i);
            rw |= BigInt(r.rw) << BigInt(32 * i);
            w1c |= BigInt((r.w1c & ~r.rw) >>> 0) << BigInt(32 * i);
          });
          const model = new Model(value, rw, w1c);
          for (const op of ops) {
            config.write(0x400 + op.at, op.size, op.value);
            model.write(op.at, op.size, BigInt(op.value));
            for (let i = 0; i < 4; i++) {
              expect(config.read(0x400 + 4 * i, 4) >>> 0).toBe(Number((model.value >> BigInt(32 * i)) & 0xffffffffn));
            }
          }
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it('header writes never change what is read-only', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(15), fc.integer()), { maxLength: 40 }), (writes) => {
        const config = new ConfigSpace(id);
        for (const [word, value] of writes) config.write(word * 4, 4, value);
        expect(config.read(0, 4)).toBe(0x10d38086 | 0);
        expect(config.read(8, 4)).toBe(0x02000000);
        expect(config.read(0x34, 1)).toBe(0);
        expect(config.read(0x3d, 1)).toBe(1);
        expect(config.command() & ~0x547).toBe(0);
        expect(config.read(0x30, 4)).toBe(0);
      }),
      { numRuns: runs(100) },
    );
  });

  it('sizes 1, 2 and 4 read the same bytes', () => {
    const config = new ConfigSpace(id);
    config.define(0x40, 4, 0x84838281);
    expect([0, 1, 2, 3].map((i) => config.read(0x40 + i, 1))).toEqual([0x81, 0x82, 0x83, 0x84]);
    expect([config.read(0x40, 2), config.read(0x42, 2)]).toEqual([0x8281, 0x8483]);
    expect(config.read(0x40, 4)).toBe(0x84838281 | 0);
  });

  it.each([
    [0, 3],
    [1, 2],
    [2, 4],
    [4096, 1],
    [-4, 4],
  ])('access at %i of %i bytes: CONFIG_ACCESS', (offset, size) => {
    const config = new ConfigSpace(id);
    expect(() => config.read(offset, size)).toThrow(PcieError);
    expect(() => config.write(offset, size, 0)).toThrow(expect.objectContaining({ code: 'CONFIG_ACCESS' }) as Error);
  });

  it('a bit both RW and W1C, a BAR of odd size, a capability in the header: CONFIG_LAYOUT', () => {
    const config = new ConfigSpace(id);
    const layout = expect.objectContaining({ code: 'CONFIG_LAYOUT' }) as Error;
    expect(() => config.define(0x40, 1, 0, 3, 2)).toThrow(layout);
    expect(() => config.addMemoryBar(0, 48)).toThrow(layout);
    expect(() => config.addIoBar(0, 512)).toThrow(layout);
    expect(() => config.addCapability(0x3c, 1)).toThrow(layout);
    expect(() => config.addExtendedCapability(0x140, 3, 1)).toThrow(layout);
  });
});

describe('BARs', () => {
  it('all ones written: the size mask is read; any base is rounded down to its size', () => {
    const kind = fc.oneof(
      fc.record({ kind: fc.constant(BAR_MEM32), order: fc.integer({ min: 4, max: 30 }) }),
      fc.record({ kind: fc.constant(BAR_IO), order: fc.integer({ min: 2, max: 8 }) }),
    );
    fc.assert(
      fc.property(kind, fc.nat(5), fc.integer(), (bar, index, base) => {
        const config = new ConfigSpace(id);
        const size = 2 ** bar.order;
        const flags = bar.kind === BAR_IO ? 1 : 0;
        if (bar.kind === BAR_IO) config.addIoBar(index, size);
        else config.addMemoryBar(index, size);
        config.write(0x10 + 4 * index, 4, -1);
        expect(config.read(0x10 + 4 * index, 4) >>> 0).toBe(2 ** 32 - size + flags);
        config.write(0x10 + 4 * index, 4, base);
        expect(config.barBase[index]).toBe(base & -size);
        expect(config.read(0x10 + 4 * index, 4)).toBe((base & -size) | flags);
      }),
      { numRuns: runs(200) },
    );
  });

  it('82574L BARs: the masks measured on QEMU', () => {
    const { config } = new Bench().device;
    const mask = (bar: number): string => {
      config.write(0x10 + 4 * bar, 4, -1);
      return (config.read(0x10 + 4 * bar, 4) >>> 0).toString(16);
    };
    expect([0, 1, 2, 3, 4, 5].map(mask)).toEqual(['fffe0000', 'fffe0000', 'ffffffe1', 'ffffc000', '0', '0']);
  });
});

describe('capabilities', () => {
  it('82574L chain: the words measured on QEMU', () => {
    const { config } = new Bench().device;
    const word = (offset: number): string => (config.read(offset, 4) >>> 0).toString(16).padStart(8, '0');
    expect([0x04, 0x34, 0xc8, 0xd0, 0xe0, 0xa0, 0xe4].map(word)).toEqual([
      '00100000',
      '000000c8',
      '0022d001',
      '0080e005',
      '0001a010',
      '00040011',
      '00008020',
    ]);
    expect([config.read(0xec, 4), config.read(0xf2, 2), config.read(0xa4, 4), config.read(0xa8, 4)]).toEqual([
      0x411, 0x11, 3, 0x2003,
    ]);
  });

  it('MSI-X enable and function mask written: read back, the flags follow', () => {
    const { config } = new Bench().device;
    config.write(0xa2, 2, 0xffff);
    expect([config.read(0xa2, 2), config.msixEnabled, config.msixMasked]).toEqual([0xc004, true, true]);
    config.write(0xa2, 2, 0x8000);
    expect([config.read(0xa2, 2), config.msixEnabled, config.msixMasked]).toEqual([0x8004, true, false]);
  });

  it('extended capabilities are linked from 0x100', () => {
    const config = new ConfigSpace(id);
    config.addExtendedCapability(0x100, 1, 2);
    addDeviceSerialNumber(config, 0x140, 0xffaabbcc, 0x525400ff);
    expect([0x100, 0x140, 0x144, 0x148].map((o) => (config.read(o, 4) >>> 0).toString(16))).toEqual([
      '14020001',
      '10003',
      'ffaabbcc',
      '525400ff',
    ]);
  });
});

describe('power management', () => {
  it('D3hot: neither decodes nor masters; back to D0: soft reset and the device is reset', () => {
    const bench = new Bench();
    const { config } = bench.device;
    bench.command(7);
    config.write(0x10, 4, 0xc0000000);
    config.write(0xcc, 2, 3);
    expect([config.memEnabled, config.busMaster, config.command()]).toEqual([false, false, 7]);
    config.write(0xcc, 2, 0);
    expect([config.command(), config.barBase[0], config.read(0x34, 1)]).toEqual([0, 0, 0xc8]);
    expect(bench.device.log).toEqual(['reset']);
  });

  it('No_Soft_Reset: D3hot and back keeps the configuration', () => {
    const config = new ConfigSpace(id);
    addPowerManagement(config, 0x40, 3, true);
    config.seal();
    config.write(4, 2, 6);
    config.write(0x44, 2, 3);
    expect(config.memEnabled).toBe(false);
    config.write(0x44, 2, 0);
    expect([config.memEnabled, config.busMaster, config.command()]).toEqual([true, true, 6]);
  });
});
