import { describe, expect, it } from 'vitest';
import {
  type Cpu,
  CpuSet,
  CTX_HARDIRQ,
  NET_RX_SOFTIRQ,
  spawn,
  TASK_SLEEP,
  type VectorEntry,
} from '../../../src/cpu/index.js';
import { APIC_DEST_ALLBUT, APIC_ICR, type ApicSystem, installApics } from '../../../src/hw/ioapic/index.js';
import { PhysicalMemory } from '../../../src/hw/memory/index.js';
import { MSI_ADDRESS_BASE, RootComplex } from '../../../src/hw/pcie/index.js';
import { Simulation, TP, type TraceView } from '../../../src/sim/index.js';
import { Action, also, costs, Script, sequence } from '../../cpu/support.js';

const NMI = 0x400;

/** Two CPUs with their APICs; what they take is written down. */
class Machine implements VectorEntry {
  readonly sim: Simulation = new Simulation({ seed: 1 });
  readonly set: CpuSet;
  readonly apics: ApicSystem;
  readonly log: string[] = [];
  nmi: (cpu: Cpu) => void = () => undefined;

  constructor(lines: Record<string, number> = {}) {
    this.set = new CpuSet(this.sim, { hostId: 1, cpus: 2, costs: costs(lines) });
    this.apics = installApics(new RootComplex(this.sim, new PhysicalMemory(this.sim.arena, 1)), this.set);
    for (const cpu of this.set.cpus) cpu.entry = this;
  }

  do_IRQ(cpu: Cpu, vector: number): void {
    this.log.push(`${cpu.id}: ${vector.toString(16)}`);
    cpu.lapic?.eoi();
  }

  do_NMI(cpu: Cpu): void {
    expect(cpu.ctx).toBe(CTX_HARDIRQ);
    this.log.push(`${cpu.id}: NMI at ${this.sim.now}`);
    this.nmi(cpu);
  }

  cpu(n: number): Cpu {
    return this.set.cpus[n] as Cpu;
  }
}

describe('non-maskable interrupts', () => {
  it('idle CPU, message with delivery mode NMI: one HARDIRQ block, before a vector that waits too', () => {
    const m = new Machine();
    m.apics.bus.message(MSI_ADDRESS_BASE, 0x41);
    m.apics.bus.message(MSI_ADDRESS_BASE, NMI);
    m.sim.drain(10);
    expect(m.log).toEqual(['0: NMI at 0', '0: 41']);
    expect([m.cpu(0).nmis, m.cpu(1).nmis]).toEqual([1, 0]);
  });

  it('two before the first is taken: one; interrupts disabled: taken all the same', () => {
    const m = new Machine();
    m.cpu(0).local_irq_disable();
    m.apics.bus.message(MSI_ADDRESS_BASE, NMI);
    m.apics.bus.message(MSI_ADDRESS_BASE, NMI);
    m.apics.bus.message(MSI_ADDRESS_BASE, 0x41);
    m.sim.drain(10);
    expect(m.log).toEqual(['0: NMI at 0']);
    m.cpu(0).local_irq_enable();
    m.sim.drain(20);
    expect(m.log).toEqual(['0: NMI at 0', '0: 41']);
    expect(m.apics.lapics[0]?.counters.nmi).toBe(2);
  });

  it('busy CPU: at the end of the block under way, charged as an interrupt', () => {
    const m = new Machine({ irq_entry: 7 });
    spawn(m.set, sequence([(cpu) => cpu.charge(100), (cpu) => cpu.charge(5)]), 'busy');
    m.nmi = (cpu) => cpu.charge(3);
    m.sim.drain(0);
    m.apics.bus.message(MSI_ADDRESS_BASE, NMI);
    m.sim.drain(1000);
    expect(m.log).toEqual(['0: NMI at 100']);
    expect(m.cpu(0).cycles).toBe(115);
  });

  it('its end does not run softirqs; the next interrupt does', () => {
    const m = new Machine();
    const action = new Action((cpu) => also(m.log.push(`${cpu.id}: softirq`), false));
    m.set.open_softirq(NET_RX_SOFTIRQ, () => action);
    m.nmi = (cpu) => cpu.raise_softirq(NET_RX_SOFTIRQ);
    m.apics.bus.message(MSI_ADDRESS_BASE, NMI);
    m.sim.drain(10);
    expect(m.log).toEqual(['0: NMI at 0']);
    m.apics.bus.message(MSI_ADDRESS_BASE, 0x41);
    m.sim.drain(20);
    expect(m.log.slice(1)).toEqual(['0: 41', '0: softirq']);
  });

  it('sent to the others from a task: taken there, traced as vector 2', () => {
    const m = new Machine();
    const vectors: number[] = [];
    m.sim.trace.addSink({
      records: (view: TraceView): void => {
        for (let i = 0; i < view.length; i++) if (view.id(i) === TP.VECTOR) vectors.push(view.a(i));
      },
    });
    const body = new Script(() => {
      m.apics.bus.write32(APIC_ICR, NMI | APIC_DEST_ALLBUT);
      return TASK_SLEEP;
    });
    spawn(m.set, body, 'sender');
    m.sim.drain(10);
    m.sim.trace.flush();
    expect([m.log, vectors]).toEqual([['1: NMI at 0'], [2]]);
  });

  it('no handler: counted', () => {
    const m = new Machine();
    m.cpu(0).entry = { do_IRQ: () => undefined };
    m.cpu(1).entry = null;
    m.apics.bus.message(MSI_ADDRESS_BASE | 0xff000, NMI);
    m.sim.drain(10);
    expect([m.cpu(0).nmis, m.cpu(1).nmis]).toEqual([1, 1]);
  });
});
