import type { MessageTarget, MmioRegion } from '../pcie/index.js';
import { type LocalApic, TRIGGER_LEVEL } from './local-apic.js';

/** Delivery modes of a message this model carries. */
export const DELIVERY_FIXED = 0;
export const DELIVERY_LOWEST_PRIORITY = 1;

/** What receives the end-of-interrupt broadcasts for level vectors. */
export interface EoiListener {
  eoi(vector: number): void;
}

/** Knows which CPU is executing: a CpuSet, or null between blocks (then CPU 0 is meant). */
export interface CurrentCpu {
  readonly current: { readonly id: number } | null;
}

/** What the bus could not deliver. */
export interface ApicBusCounters {
  messages: number;
  /** No local APIC has that destination, or none accepted. */
  undelivered: number;
  /** Delivery modes other than fixed and lowest priority (SMI, NMI, INIT, ExtINT). */
  refusedMode: number;
}

/**
 * What joins the local APICs of a host, its IO-APIC and its root complex. As a {@link MessageTarget} it decodes what
 * devices write to 0xFEExxxxx; as an {@link MmioRegion} it is the page 0xFEE00000 in which each CPU sees its own APIC.
 */
export class ApicBus implements MessageTarget, MmioRegion {
  readonly lapics: LocalApic[] = [];
  readonly eoiListeners: EoiListener[] = [];
  readonly counters: ApicBusCounters = { messages: 0, undelivered: 0, refusedMode: 0 };
  private readonly cpus: CurrentCpu;

  constructor(cpus: CurrentCpu) {
    this.cpus = cpus;
  }

  /**
   * Message address and data, SDM vol. 3A 10.12: destination id in address bits 19:12, redirection hint bit 3,
   * destination mode bit 2; vector in data bits 7:0, delivery mode 10:8, trigger mode 15.
   * A level message with bit 14 clear is a de-assertion, which carries no interrupt.
   */
  message(addressLo: number, data: number): void {
    const trigger = (data >> 15) & 1;
    if (trigger === TRIGGER_LEVEL && (data & 0x4000) === 0) return;
    const hint = (addressLo & 8) !== 0;
    const mode = (data >> 8) & 7;
    this.deliver(
      (addressLo >> 12) & 0xff,
      (addressLo & 4) !== 0,
      hint ? DELIVERY_LOWEST_PRIORITY : mode,
      data & 0xff,
      trigger,
    );
  }

  /**
   * Gives an interrupt to every matching local APIC, or with lowest-priority delivery to the one whose processor
   * priority is lowest (the lowest id among equals).
   * @returns true when at least one accepted it
   */
  deliver(dest: number, logical: boolean, mode: number, vector: number, trigger: number): boolean {
    this.counters.messages++;
    let accepted = false;
    if (mode === DELIVERY_FIXED) {
      const lapics = this.lapics;
      for (let i = 0; i < lapics.length; i++) {
        if (lapics[i].matches(dest, logical) && lapics[i].accept(vector, trigger)) accepted = true;
      }
    } else if (mode === DELIVERY_LOWEST_PRIORITY) {
      accepted = this.lowest(dest, logical)?.accept(vector, trigger) ?? false;
    } else {
      this.counters.refusedMode++;
      return false;
    }
    if (!accepted) this.counters.undelivered++;
    return accepted;
  }

  private lowest(dest: number, logical: boolean): LocalApic | null {
    let best: LocalApic | null = null;
    for (const lapic of this.lapics) {
      if (lapic.matches(dest, logical) && (best === null || lapic.priority() < best.priority())) best = lapic;
    }
    return best;
  }

  /** A local APIC has ended a level vector. */
  eoiBroadcast(vector: number): void {
    for (const listener of this.eoiListeners) listener.eoi(vector);
  }

  read32(offset: number): number {
    return this.own().read32(offset);
  }

  write32(offset: number, value: number): void {
    this.own().write32(offset, value);
  }

  private own(): LocalApic {
    return this.lapics[this.cpus.current?.id ?? 0];
  }
}
