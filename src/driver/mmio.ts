import type { Cpu, CpuSet } from '../cpu/index.js';
import { type IoMem, OP_WRITE, type RootComplex } from '../hw/pcie/index.js';
import { Cloneable, TP } from '../sim/index.js';

/** Registers mapped for the CPUs of one host, as `ioremap` gives them. Use `readl` and `writel`. */
export class MappedIo extends Cloneable {
  readonly mem: IoMem;
  readonly cpus: CpuSet;

  constructor(mem: IoMem, cpus: CpuSet) {
    super();
    this.mem = mem;
    this.cpus = cpus;
  }
}

/** Maps `length` bytes at the physical address `addr` (int32); null when nothing can be there. */
export function ioremap(rc: RootComplex, cpus: CpuSet, addr: number, length: number): MappedIo | null {
  const mem = rc.ioremap(addr, length);
  return mem === null ? null : new MappedIo(mem, cpus);
}

/** Traces a register access. Apart from the accesses, which stay small enough to be compiled into their callers. */
export function trace_mmio(cpu: Cpu, point: number, offset: number, value: number): void {
  cpu.sim.trace.put(point, cpu.who, 0, offset, value, 0);
}

/** `readl`: an int32. Inside a block it costs `mmio_read` and first lets the block's earlier posted writes take effect. */
export function readl(io: MappedIo, offset: number): number {
  const cpu = io.cpus.current;
  if (cpu === null) return io.mem.read32(offset);
  cpu.cost += cpu.costs.mmio_read;
  cpu.flushPosted();
  const value = io.mem.read32(offset);
  if (cpu.sim.trace.on) trace_mmio(cpu, TP.MMIO_READ, offset, value);
  return value;
}

/** `writel`: posted. Inside a block it costs `mmio_write` and takes effect at the block's end; outside, at once. */
export function writel(io: MappedIo, offset: number, value: number): void {
  const cpu = io.cpus.current;
  if (cpu === null) {
    io.mem.write32(offset, value);
    return;
  }
  cpu.cost += cpu.costs.mmio_write;
  if (cpu.sim.trace.on) trace_mmio(cpu, TP.MMIO_WRITE, offset, value);
  cpu.posted(io.mem.target, OP_WRITE, offset, value);
}
