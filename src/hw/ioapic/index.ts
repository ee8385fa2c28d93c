/** Interrupt controllers: local APIC per CPU, IO-APIC, and the wires from PCI slots to its pins. */
export { ApicBus, type ApicBusCounters, type CurrentCpu, type EoiListener } from './apic-bus.js';
export * from './apic-regs.js';
export { type ApicCpu, type ApicCpus, type ApicOptions, type ApicSystem, installApics } from './apic-system.js';
export { ApicTimer } from './apic-timer.js';
export { INTX_GSI_BASE, IntxRouter, intxGsi } from './intx-router.js';
export { IOAPIC_PINS, IoApic } from './io-apic.js';
export { type InterruptSink, LocalApic, type LocalApicCounters } from './local-apic.js';
export {
  LocalVectors,
  LVT_ERROR,
  LVT_LINT0,
  LVT_LINT1,
  LVT_PERFORMANCE,
  LVT_THERMAL,
  LVT_TIMER,
} from './local-vectors.js';
