import { TP } from '../../sim/index.js';
import { trace_mmio } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { OP_WRITE } from './events.js';

/**
 * `writel` for what is written while the device is up: posted, and void if the device has been taken down before it takes effect.
 * Blocks of several CPUs overlap in time; without this the last writes of a poll on one CPU would reach a chip that another CPU has reset
 * meanwhile (a kernel waits for them instead: `napi_synchronize`, `synchronize_irq`, locks).
 */
export function e1000_writel(a: E1000Adapter, offset: number, value: number): void {
  const cpu = a.cpus.current;
  if (cpu === null) {
    if (!a.down) a.io.mem.write32(offset, value);
    return;
  }
  cpu.cost += cpu.costs.mmio_write;
  if (cpu.sim.trace.on) trace_mmio(cpu, TP.MMIO_WRITE, offset, value);
  cpu.posted(a.target, OP_WRITE | a.epoch, offset, value);
}
