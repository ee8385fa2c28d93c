import type { InterruptController } from '../../cpu/index.js';
import { IOAPIC_BASE, IOAPIC_SIZE, LAPIC_SIZE, MSI_ADDRESS_BASE, type RootComplex } from '../pcie/index.js';
import { ApicBus, type CurrentCpu } from './apic-bus.js';
import { IntxRouter } from './intx-router.js';
import { IoApic } from './io-apic.js';
import { type InterruptSink, LocalApic } from './local-apic.js';

/** A CPU as the interrupt controllers need it; the index in the set is its APIC id. */
export interface ApicCpu extends InterruptSink {
  readonly id: number;
  lapic: InterruptController | null;
}

/** The CPUs of a host (a CpuSet). */
export interface ApicCpus extends CurrentCpu {
  readonly cpus: readonly ApicCpu[];
}

/** The interrupt controllers of one host. */
export interface ApicSystem {
  readonly bus: ApicBus;
  readonly ioapic: IoApic;
  readonly router: IntxRouter;
  readonly lapics: readonly LocalApic[];
}

/** Options of {@link installApics}. */
export interface ApicOptions {
  /** Local APICs whose EOI broadcast can be suppressed (version bit 24, SVR bit 12). Default false. */
  directedEoi?: boolean;
}

/**
 * Builds the interrupt controllers of a host: a local APIC per CPU (set as `cpu.lapic`), the IO-APIC and the PCI lines,
 * decoded at their usual addresses and connected to the root complex.
 */
export function installApics(rc: RootComplex, set: ApicCpus, options: ApicOptions = {}): ApicSystem {
  const bus = new ApicBus(set);
  for (const cpu of set.cpus) {
    const lapic = new LocalApic(bus, cpu.id, cpu, rc.sim, options.directedEoi ?? false);
    bus.lapics.push(lapic);
    cpu.lapic = lapic;
  }
  const ioapic = new IoApic(bus, rc.sim.trace, rc.memory.hostId);
  const router = new IntxRouter(ioapic);
  rc.addRegion(IOAPIC_BASE, IOAPIC_SIZE, ioapic);
  rc.addRegion(MSI_ADDRESS_BASE, LAPIC_SIZE, bus);
  rc.messageTarget = bus;
  rc.intxTarget = router;
  return { bus, ioapic, router, lapics: bus.lapics };
}
