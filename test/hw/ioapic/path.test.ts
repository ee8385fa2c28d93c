import { describe, expect, it } from 'vitest';
import { type Cpu, CpuSet, CTX_HARDIRQ, type VectorEntry } from '../../../src/cpu/index.js';
import { type ApicSystem, installApics, REDIR_ACTIVE_LOW, REDIR_LEVEL } from '../../../src/hw/ioapic/index.js';
import { msiAddress, msiData } from '../../../src/hw/msi/index.js';
import { enumerate, IOAPIC_BASE, type IoMem } from '../../../src/hw/pcie/index.js';
import { cloneGraph, TP, type TraceView } from '../../../src/sim/index.js';
import { Bench } from '../pcie/fake-device.js';

const ICR = 0;
const V = 0x41;

/** A machine with two devices on one line (slots 1 and 5) and a handler that reads each device's cause register. */
class Machine implements VectorEntry {
  readonly bench: Bench = new Bench([1, 5]);
  readonly set: CpuSet;
  readonly apics: ApicSystem;
  readonly bars: IoMem[];
  /** vector, causes read, by interrupt. */
  taken: number[][] = [];

  constructor() {
    const { rc, sim } = this.bench;
    this.set = new CpuSet(sim, { hostId: 1, cpus: 1 });
    (this.set.cpus[0] as Cpu).entry = this;
    this.apics = installApics(rc, this.set);
    this.bars = enumerate(rc).map((f) => {
      this.bench.command(6, f.bdf);
      expect(f.gsi).toBe(17);
      return rc.ioremap(f.resources[0]?.base as number, 64) as IoMem;
    });
    for (const device of this.bench.devices) {
      device.onRead = (): void => device.port.intx(0);
    }
    const io = rc.ioremap(IOAPIC_BASE, 0x20) as IoMem;
    io.write32(0, 0x10 + 34);
    io.write32(0x10, V | REDIR_LEVEL | REDIR_ACTIVE_LOW);
  }

  do_IRQ(cpu: Cpu, vector: number): void {
    expect(cpu.ctx).toBe(CTX_HARDIRQ);
    const causes = this.bars.map((io) => {
      const cause = io.read32(ICR);
      io.write32(ICR, 0);
      return cause;
    });
    cpu.lapic?.eoi();
    this.taken.push([vector, ...causes]);
  }

  raise(device: number, cause: number): void {
    const d = this.bench.devices[device];
    if (d === undefined) return;
    d.registers[0] = cause;
    d.port.intx(1);
  }
}

describe('from a device to the CPU', () => {
  it('INTx: one interrupt per request; the cause read lowers the line before the EOI', () => {
    const m = new Machine();
    m.raise(0, 3);
    expect(m.taken).toEqual([]);
    m.bench.settle();
    expect(m.taken).toEqual([[V, 3, 0]]);
    m.raise(1, 4);
    m.bench.settle();
    expect(m.taken).toEqual([
      [V, 3, 0],
      [V, 0, 4],
    ]);
  });

  it('both devices at once on the shared line: one interrupt serves both', () => {
    const m = new Machine();
    m.raise(0, 1);
    m.raise(1, 2);
    m.bench.settle();
    expect(m.taken).toEqual([[V, 1, 2]]);
  });

  it('a handler that does not look at the second device: interrupted again until it does', () => {
    const m = new Machine();
    const second = m.bars.pop() as IoMem;
    m.raise(1, 9);
    const handle = m.do_IRQ.bind(m);
    (m.set.cpus[0] as Cpu).entry = {
      do_IRQ: (cpu, vector) => {
        if (m.taken.length === 2) second.read32(ICR);
        handle(cpu, vector);
      },
    };
    m.bench.settle();
    expect(m.taken).toEqual([
      [V, 0],
      [V, 0],
      [V, 0],
    ]);
  });

  it('MSI: as programmed by msiAddress and msiData; trace tells the way', () => {
    const m = new Machine();
    const { rc, sim } = m.bench;
    const bdf = 5 << 3;
    rc.ecamWrite(bdf, 0xd4, 4, msiAddress(0));
    rc.ecamWrite(bdf, 0xdc, 2, msiData(0x52));
    rc.ecamWrite(bdf, 0xd2, 2, 1);
    const points: number[] = [];
    sim.trace.addSink({
      records(view: TraceView): void {
        for (let i = 0; i < view.length; i++) points.push(view.id(i));
      },
    });
    m.bench.devices[1]?.msi();
    m.raise(0, 1);
    m.bench.settle();
    sim.trace.flush();
    expect(m.taken.map((t) => t[0])).toEqual([0x52, V]);
    const mine: number[] = [TP.MSI, TP.INTX, TP.IOAPIC];
    expect(points.filter((p) => mine.includes(p))).toEqual([TP.MSI, TP.INTX, TP.IOAPIC, TP.INTX]);
  });

  it('cloned with messages under way: both go on alike, apart', () => {
    const m = new Machine();
    for (const d of m.bench.devices) d.onRead = null;
    const msi = m.bench.devices[0];
    m.bench.rc.ecamWrite(8, 0xd4, 4, msiAddress(0));
    m.bench.rc.ecamWrite(8, 0xdc, 2, msiData(0x52));
    m.bench.rc.ecamWrite(8, 0xd2, 2, 1);
    msi?.msi();
    const ram = m.bench.mem.alloc(64);
    msi?.port.dmaRead(ram, 0, 16, msi.local, 1);
    const copy = cloneGraph(m);
    m.bench.settle();
    expect([m.taken.length, copy.taken.length, copy.bench.device.log.length]).toEqual([1, 0, 0]);
    expect(m.bench.device.log).toContain('complete 1 1');
    copy.bench.settle();
    expect(copy.taken).toEqual(m.taken);
    expect(copy.bench.device.log).toEqual(m.bench.device.log);
    copy.bench.device.registers[1] = 5;
    expect(m.bench.device.registers[1]).toBe(0);
  });
});
