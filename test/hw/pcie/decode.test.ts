import { describe, expect, it } from 'vitest';
import { ECAM_BASE, enumerate, OP_WRITE, PCI_MMIO_BASE, PcieError } from '../../../src/hw/pcie/index.js';
import { Bench } from './fake-device.js';

const BDF = 3 << 3;

function ready(command = 7): { bench: Bench; base: number } {
  const bench = new Bench([3]);
  const base = enumerate(bench.rc)[0]?.resources[0]?.base as number;
  bench.command(command);
  return { bench, base };
}

describe('register access', () => {
  it('memory enabled: reads and writes reach the BAR and offset', () => {
    const { bench, base } = ready();
    const io = bench.rc.ioremap(base, 0x20000);
    io?.write32(8, 77);
    expect([io?.read32(8), bench.rc.read32((base + 8) | 0)]).toEqual([77, 77]);
    bench.rc.write32((base + 12) | 0, -5);
    expect(io?.read32(12)).toBe(-5);
    expect(bench.device.log).toEqual(['write 0 8 77', 'write 0 12 -5']);
  });

  it('a mapping inside a BAR: offsets count from the mapping', () => {
    const { bench, base } = ready();
    const io = bench.rc.ioremap((base + 16) | 0, 16);
    io?.write32(4, 9);
    expect(bench.device.log).toEqual(['write 0 20 9']);
  });

  it('memory disabled: ones, writes dropped, both counted', () => {
    const { bench, base } = ready(4);
    const io = bench.rc.ioremap(base, 0x20000);
    expect(io?.read32(8)).toBe(-1);
    io?.write32(8, 1);
    expect(bench.rc.functions[0]?.counters).toMatchObject({ mmioReadRefused: 1, mmioWriteRefused: 1 });
    expect(bench.device.log).toEqual([]);
    bench.command(2);
    io?.write32(8, 1);
    expect(io?.read32(8)).toBe(1);
  });

  it('BAR moved away and back: refused between', () => {
    const { bench, base } = ready();
    const io = bench.rc.ioremap(base, 0x20000);
    bench.device.registers[2] = 5;
    bench.rc.ecamWrite(BDF, 0x10, 4, base + 0x1000000);
    expect([io?.read32(8), bench.rc.read32((base + 0x1000008) | 0)]).toEqual([-1, 5]);
    bench.rc.ecamWrite(BDF, 0x10, 4, base);
    expect(io?.read32(8)).toBe(5);
  });

  it('posted write event: carried out with OP_WRITE', () => {
    const { bench, base } = ready();
    const io = bench.rc.ioremap(base, 64);
    bench.sim.post(io?.target ?? -1, OP_WRITE, 4, 42);
    expect(bench.device.log).toEqual([]);
    bench.settle();
    expect(bench.device.log).toEqual(['write 0 4 42']);
  });

  it('offset outside or unaligned: IOMEM_RANGE', () => {
    const { bench, base } = ready();
    const io = bench.rc.ioremap(base, 64);
    for (const offset of [64, -4, 2, 62]) {
      expect(() => io?.read32(offset)).toThrow(PcieError);
      expect(() => io?.write32(offset, 0)).toThrow(expect.objectContaining({ code: 'IOMEM_RANGE' }) as Error);
    }
  });

  it('ioremap of RAM, of nothing, across the end of a window: null', () => {
    const { bench } = ready();
    const ram = bench.mem.alloc(4096);
    expect(bench.rc.ioremap(ram, 16)).toBeNull();
    expect(bench.rc.ioremap(PCI_MMIO_BASE, 0)).toBeNull();
    expect(bench.rc.ioremap(0xf0000000, 16)).toBeNull();
    expect(bench.rc.ioremap(PCI_MMIO_BASE, 0x30000000)).toBeNull();
  });

  it('ECAM and RAM answer at their physical addresses', () => {
    const { bench } = ready();
    const at = (ECAM_BASE + (BDF << 12)) | 0;
    expect(bench.rc.read32(at)).toBe(0x10d38086);
    bench.rc.write32((at + 4) | 0, 2);
    expect(bench.rc.ecamRead(BDF, 4, 2)).toBe(2);
    const ram = bench.mem.alloc(64);
    bench.rc.write32(ram, 0x01020304);
    expect([bench.rc.read32(ram), bench.sim.arena.u8[ram]]).toEqual([0x01020304, 4]);
  });

  it('I/O ports: gated by Command.IO', () => {
    const { bench } = ready(1);
    const port = bench.rc.ecamRead(BDF, 0x18, 4) & ~3;
    expect(bench.rc.inl(port + 4)).toBe(2004);
    bench.rc.outl(port, 3);
    expect(bench.device.log).toEqual(['write 2 0 3']);
    bench.command(6);
    expect(bench.rc.inl(port)).toBe(-1);
    expect(bench.rc.counters).toMatchObject({ unclaimedRead: 1 });
  });
});
