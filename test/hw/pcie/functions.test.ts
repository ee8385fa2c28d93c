import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BAR_IO,
  BAR_MEM32,
  BAR_ROM,
  ConfigSpace,
  enumerate,
  lspci,
  PcieError,
  type RootComplex,
} from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from './fake-device.js';
import { listen, WildDevice } from './wild-device.js';

const layout = expect.objectContaining({ code: 'CONFIG_LAYOUT' }) as Error;

function plainConfig(): ConfigSpace {
  return new ConfigSpace({ vendor: 1, device: 2, classCode: 0 });
}

describe('several functions in a slot', () => {
  function three(): { bench: Bench; rc: RootComplex; functions: WildDevice[] } {
    const bench = new Bench([]);
    const functions = [1, 2, 1].map((pin) => new WildDevice(bench.rc, { pin }));
    functions.forEach((device, i) => {
      bench.rc.attach(device, 4, [0, 3, 7][i]);
    });
    return { bench, rc: bench.rc, functions };
  }

  it('all carry the multi-function bit, which resets keep, and all are enumerated', () => {
    const { rc } = three();
    expect(enumerate(rc).map((f) => f.bdf)).toEqual([0x20, 0x23, 0x27]);
    rc.hotReset();
    expect([0x20, 0x23, 0x27].map((bdf) => rc.ecamRead(bdf, 0x0e, 1))).toEqual([0x80, 0x80, 0x80]);
    expect(rc.ecamRead(0x21, 0, 2)).toBe(0xffff);
  });

  it('a device alone in its slot has no multi-function bit', () => {
    const bench = new Bench([3]);
    expect(bench.rc.ecamRead(3 << 3, 0x0e, 1)).toBe(0);
  });

  it('each decodes its own BARs', () => {
    const { rc, functions } = three();
    const found = enumerate(rc);
    found.forEach((f, i) => {
      rc.ecamWrite(f.bdf, 4, 2, 2);
      rc.read32(((f.resources[0]?.base as number) + 4 * i) | 0);
    });
    expect(functions.map((f) => f.log)).toEqual([['read 0 0'], ['read 0 4'], ['read 0 8']]);
  });

  it('function out of range, taken, without function 0: SLOT', () => {
    const { rc } = three();
    const slot = expect.objectContaining({ code: 'SLOT' }) as Error;
    const device = new WildDevice(rc);
    for (const [at, fn] of [
      [4, 3],
      [4, 8],
      [4, -1],
      [5, 1],
      [1.5, 0],
      [Number.NaN, 0],
    ] as const) {
      expect(() => rc.attach(device, at, fn)).toThrow(slot);
    }
  });

  it('same pin: the wire is asserted while one of them asserts it; another pin is another wire', () => {
    const { bench, rc, functions } = three();
    const arrivals = listen(rc);
    const set = (i: number, level: 0 | 1): string[] => {
      arrivals.list.length = 0;
      functions[i]?.port.intx(level);
      bench.settle();
      return [...arrivals.list];
    };
    expect(set(0, 1)).toEqual(['intx 4 1 1']);
    expect(set(2, 1)).toEqual([]);
    expect(set(1, 1)).toEqual(['intx 4 2 1']);
    expect(set(0, 0)).toEqual([]);
    expect(set(2, 0)).toEqual(['intx 4 1 0']);
    expect(set(1, 0)).toEqual(['intx 4 2 0']);
  });

  it('random requests, disables and resets of eight functions: each wire is the OR of its functions', () => {
    const step = fc.record({
      fn: fc.nat(7),
      what: fc.constantFrom('on', 'off', 'disable', 'enable', 'reset'),
      settle: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new Bench([]);
        const arrivals = listen(bench.rc);
        const devices = Array.from({ length: 8 }, (_, i) => new WildDevice(bench.rc, { pin: 1 + (i & 3) }));
        devices.forEach((d, i) => {
          bench.rc.attach(d, 9, i);
        });
        const asks = new Array<boolean>(8).fill(false);
        const off = new Array<boolean>(8).fill(false);
        const wires = [0, 0, 0, 0];
        for (const { fn, what, settle } of steps) {
          const bdf = (9 << 3) | fn;
          if (what === 'on' || what === 'off') {
            asks[fn] = what === 'on';
            devices[fn]?.port.intx(what === 'on' ? 1 : 0);
          } else if (what === 'reset') {
            bench.rc.functionReset(bdf);
            asks[fn] = false;
            off[fn] = false;
          } else {
            off[fn] = what === 'disable';
            bench.rc.ecamWrite(bdf, 4, 2, what === 'disable' ? 0x400 : 0);
          }
          if (!settle) continue;
          bench.settle();
          for (const m of arrivals.list.splice(0)) {
            const [, , pin, level] = m.split(' ').map(Number) as [number, number, number, number];
            expect(level).not.toBe(wires[pin - 1]);
            wires[pin - 1] = level;
          }
          for (let pin = 0; pin < 4; pin++) {
            const want = [pin, pin + 4].some((i) => asks[i] === true && off[i] === false);
            expect(wires[pin]).toBe(want ? 1 : 0);
          }
        }
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('64-bit BARs', () => {
  it('both halves size as ones; enumeration takes two registers and assigns below 4 GiB', () => {
    const bench = new Bench([]);
    const device = new WildDevice(bench.rc);
    bench.rc.attach(device, 2);
    device.config.write(0x10, 4, -1);
    device.config.write(0x14, 4, -1);
    expect([device.config.read(0x10, 4) >>> 0, device.config.read(0x14, 4)]).toEqual([0xffff000c, -1]);
    const [f] = enumerate(bench.rc);
    expect(f?.resources.map((r) => [r.bar, r.kind, r.size, r.prefetchable, r.wide])).toEqual([
      [0, BAR_MEM32, 0x10000, true, true],
      [2, BAR_IO, 32, false, false],
      [3, BAR_MEM32, 0x1000, false, false],
      [BAR_ROM, BAR_MEM32, 0x800, false, false],
    ]);
    expect(device.config.read(0x14, 4)).toBe(0);
  });

  it('upper half not 0: it decodes nowhere the CPU reaches, and again when it is 0', () => {
    const bench = new Bench([]);
    const device = new WildDevice(bench.rc);
    bench.rc.attach(device, 2);
    const base = enumerate(bench.rc)[0]?.resources[0]?.base as number;
    bench.rc.ecamWrite(16, 4, 2, 2);
    const io = bench.rc.ioremap(base, 64);
    expect(io?.read32(4)).toBe(4);
    bench.rc.ecamWrite(16, 0x14, 4, 1);
    expect([io?.read32(4), bench.rc.read32(base), bench.rc.read32(-1)]).toEqual([-1, -1, -1]);
    bench.rc.ecamWrite(16, 0x14, 4, 0);
    expect(io?.read32(8)).toBe(8);
  });

  it('at BAR 5, over a BAR that is taken, a BAR in its upper half, a size that does not fit: CONFIG_LAYOUT', () => {
    const c = plainConfig();
    expect(() => c.addMemoryBar64(5, 4096)).toThrow(layout);
    c.addMemoryBar(3, 4096);
    expect(() => c.addMemoryBar64(2, 4096)).toThrow(layout);
    c.addMemoryBar64(0, 4096);
    expect(() => c.addIoBar(1, 32)).toThrow(layout);
    for (const size of [0, 8, 4095, 2 ** 31, 2 ** 40, Number.NaN])
      expect(() => c.addMemoryBar64(4, size)).toThrow(layout);
  });
});

describe('expansion ROM', () => {
  it('read only while its enable bit and memory decoding are set; writes do not reach the device', () => {
    const bench = new Bench([]);
    const device = new WildDevice(bench.rc);
    bench.rc.attach(device, 2);
    const rom = enumerate(bench.rc)[0]?.resources.find((r) => r.bar === BAR_ROM)?.base as number;
    bench.rc.ecamWrite(16, 4, 2, 2);
    expect(bench.rc.read32(rom)).toBe(-1);
    bench.rc.ecamWrite(16, 0x30, 4, rom | 1);
    const io = bench.rc.ioremap(rom, 0x800);
    expect([bench.rc.read32(rom + 16), io?.read32(20)]).toEqual([0x600010, 0x600014]);
    bench.rc.write32(rom, 5);
    io?.write32(0, 5);
    expect(device.log).toEqual(['read 6 16', 'read 6 20']);
    bench.rc.ecamWrite(16, 4, 2, 0);
    expect(io?.read32(0)).toBe(-1);
  });

  it.each([0, 1024, 3000, 2 ** 25, Number.NaN])('of %s bytes: CONFIG_LAYOUT', (size) => {
    expect(() => plainConfig().addExpansionRom(size)).toThrow(layout);
  });
});

describe('lspci', () => {
  it('a line each, in the order of the bus; reading it moves no posted message', () => {
    const bench = new Bench([]);
    const device = new WildDevice(bench.rc);
    bench.rc.attach(device, 30);
    bench.rc.attach(new Bench([3]).device, 2);
    const arrivals = listen(bench.rc);
    device.port.intx(1);
    const names = { vendors: { 4660: 'Acme' }, devices: { 305419896: 'Anvil' } };
    expect(lspci(bench.rc, { names })).toBe(
      '00:02.0 Ethernet controller [0200]: Intel Corporation 82574L Gigabit Network Connection [8086:10d3]\n' +
        '00:1e.0 Unassigned class [ff00]: Acme Anvil [1234:5678] (rev 02)\n',
    );
    lspci(bench.rc, { verbose: 3, hex: 4 });
    expect(arrivals.list).toEqual([]);
  });

  it('-x: 64 bytes in lines of 16', () => {
    const bench = new Bench([3]);
    const lines = lspci(bench.rc, { hex: 1 }).split('\n');
    expect(lines.slice(1, 3)).toEqual([
      '00: 86 80 d3 10 00 00 10 00 00 00 00 02 00 00 00 00',
      '10: 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00',
    ]);
    expect(lines.length).toBe(7);
  });

  it('sizes of BARs, and a capability list that loops, ends', () => {
    const bench = new Bench([3]);
    bench.device.config.set(0xa1, 1, 0xc8);
    bench.device.config.set(0x100, 4, 0x10010007);
    const text = lspci(bench.rc, { verbose: 1 });
    expect(text).toContain('Memory at <unassigned> (32-bit, non-prefetchable) [disabled] [size=128K]');
    expect(text.match(/chain looped/g)?.length).toBe(2);
  });
});

describe('hostile accesses', () => {
  const weird = fc.oneof(
    fc.integer(),
    fc.nat(0x1100),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 0.5, 2 ** 32, 2 ** 53, -1),
  );

  it('random configuration accesses: an answer, or CONFIG_ACCESS; nothing beyond the space is touched', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(weird, weird, weird, weird), { maxLength: 40 }), (list) => {
        const bench = new Bench([3]);
        const device = new WildDevice(bench.rc);
        bench.rc.attach(device, 4);
        for (const [bdf, offset, size, value] of list) {
          const legal = [1, 2, 4].includes(size) && offset >= 0 && offset % size === 0 && offset + size <= 4096;
          for (const access of [
            (): number => bench.rc.ecamRead(bdf, offset, size),
            (): number => {
              bench.rc.ecamWrite(bdf, offset, size, value);
              return 0;
            },
          ]) {
            if (legal) expect(Number.isInteger(access())).toBe(true);
            else expect(access).toThrow(PcieError);
          }
        }
        expect(bench.rc.ecamRead(4 << 3, 0, 4)).toBe(0x56781234);
      }),
      { numRuns: runs(150) },
    );
  });

  it('random words to every register of configuration space, with register accesses between: no exception, identity kept', () => {
    const op = fc.record({
      fn: fc.constantFrom(0x18, 0x20, 0x21),
      at: fc.nat(0x15f),
      value: fc.integer(),
      far: fc.integer(),
    });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
        const bench = new Bench([3]);
        const { rc } = bench;
        const devices = [new WildDevice(rc), new WildDevice(rc, { pin: 2, noSoftReset: true })];
        devices.forEach((d, i) => {
          rc.attach(d, 4, i);
        });
        listen(rc);
        const local = devices[0]?.port.localMemory(64) as number;
        for (const { fn, at, value, far } of ops) {
          rc.ecamWrite(fn, at & ~3, 4, value);
          rc.read32(far);
          rc.write32(far | 0x80000000, value);
          rc.inl(far & 0xffff);
          rc.outl(far & 0xffff, value);
          devices[0]?.port.dmaRead(far, value & 1, 16, local, 1);
          devices[1]?.table.signal(devices[1].port, at % 3);
          devices[1]?.port.intx((value & 1) as 0 | 1);
        }
        bench.settle();
        expect([0x18, 0x20, 0x21].map((fn) => rc.ecamRead(fn, 0, 2))).toEqual([0x8086, 0x1234, 0x1234]);
        expect(enumerate(rc).length).toBe(3);
        expect(lspci(rc, { verbose: 2, hex: 4 }).length).toBeGreaterThan(1000);
      }),
      { numRuns: runs(100) },
    );
  });
});
