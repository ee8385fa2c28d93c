/** Interrupt controllers: local APIC per CPU, IO-APIC, and the wires from PCI slots to its pins. */
export { ApicBus, type ApicBusCounters, type CurrentCpu, type EoiListener } from './apic-bus.js';
export { type ApicCpu, type ApicCpus, type ApicSystem, installApics } from './apic-system.js';
export { INTX_GSI_BASE, IntxRouter, intxGsi } from './intx-router.js';
export {
  IOAPIC_PINS,
  IOAPICID,
  IOAPICVER,
  IOEOI,
  IOREDTBL,
  IOREGSEL,
  IOWIN,
  IoApic,
  REDIR_ACTIVE_LOW,
  REDIR_DEST_LOGICAL,
  REDIR_LEVEL,
  REDIR_MASKED,
  REDIR_REMOTE_IRR,
} from './io-apic.js';
export {
  APIC_EOI,
  APIC_ID,
  APIC_IRR,
  APIC_ISR,
  APIC_SPIV,
  APIC_SPIV_APIC_ENABLED,
  APIC_TASKPRI,
  APIC_TMR,
  type InterruptSink,
  LocalApic,
  type LocalApicCounters,
  TRIGGER_EDGE,
  TRIGGER_LEVEL,
} from './local-apic.js';
