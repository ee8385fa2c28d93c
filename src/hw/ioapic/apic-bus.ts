import { Cloneable } from '../../sim/index.js';
import type { MessageTarget, MmioRegion } from '../pcie/index.js';
import {
  DELIVERY_FIXED,
  DELIVERY_LOWEST_PRIORITY,
  DELIVERY_STARTUP,
  TRIGGER_EDGE,
  TRIGGER_LEVEL,
} from './apic-regs.js';
import type { LocalApic } from './local-apic.js';

const RESERVED_MODE = 3;

/** What receives the end-of-interrupt broadcasts for level vectors. */
export interface EoiListener {
  eoi(vector: number): void;
  /** A local APIC was enabled or changed its ids: messages that nobody took may now be taken. */
  retry?(): void;
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
  /** Messages of devices with a reserved delivery mode (3, 6). */
  refusedMode: number;
}

/**
 * What joins the local APICs of a host, its IO-APIC and its root complex. As a {@link MessageTarget} it decodes what
 * devices write to 0xFEExxxxx; as an {@link MmioRegion} it is the page 0xFEE00000 in which each CPU sees its own APIC.
 */
export class ApicBus extends Cloneable implements MessageTarget, MmioRegion {
  /** By CPU. */
  readonly lapics: LocalApic[];
  readonly eoiListeners: EoiListener[];
  readonly counters: ApicBusCounters;
  private readonly cpus: CurrentCpu;

  constructor(cpus: CurrentCpu) {
    super();
    this.lapics = [];
    this.eoiListeners = [];
    this.counters = { messages: 0, undelivered: 0, refusedMode: 0 };
    this.cpus = cpus;
  }

  /**
   * Message address and data, SDM vol. 3A 10.12: destination id in address bits 19:12, redirection hint bit 3,
   * destination mode bit 2; vector in data bits 7:0, delivery mode 10:8, trigger mode 15.
   * A level message with bit 14 clear is a de-assertion, which carries no interrupt.
   */
  message(addressLo: number, data: number): void {
    const trigger = (data >> 15) & 1;
    const mode = (data >> 8) & 7;
    if (trigger === TRIGGER_LEVEL && (data & 0x4000) === 0 && mode <= DELIVERY_LOWEST_PRIORITY) return;
    const redirected = (addressLo & 8) !== 0 && mode === DELIVERY_FIXED;
    this.deliver(
      (addressLo >> 12) & 0xff,
      (addressLo & 4) !== 0,
      redirected ? DELIVERY_LOWEST_PRIORITY : mode,
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
    } else if (mode === RESERVED_MODE || mode === DELIVERY_STARTUP) {
      this.counters.refusedMode++;
      return false;
    } else accepted = this.deliverOther(dest, logical, mode, vector, trigger);
    if (!accepted) this.counters.undelivered++;
    return accepted;
  }

  private deliverOther(dest: number, logical: boolean, mode: number, vector: number, trigger: number): boolean {
    if (mode !== DELIVERY_LOWEST_PRIORITY) return this.control(dest, logical, mode);
    return this.lowest(dest, logical)?.accept(vector, trigger) ?? false;
  }

  /** An interprocessor interrupt without shorthand: like a message, but start-up is allowed. Edge. */
  ipi(dest: number, logical: boolean, mode: number, vector: number): void {
    if (mode !== DELIVERY_STARTUP) {
      this.deliver(dest, logical, mode, vector, TRIGGER_EDGE);
      return;
    }
    this.counters.messages++;
    if (!this.control(dest, logical, mode)) this.counters.undelivered++;
  }

  /** An interprocessor interrupt to every local APIC but one (null: to all). Lowest priority: to one of them. */
  broadcast(but: LocalApic | null, mode: number, vector: number): void {
    this.counters.messages++;
    let taken = false;
    let best: LocalApic | null = null;
    for (const lapic of this.lapics) {
      if (lapic === but) continue;
      if (mode === DELIVERY_LOWEST_PRIORITY) best = better(best, lapic);
      else if (mode === DELIVERY_FIXED ? lapic.accept(vector, TRIGGER_EDGE) : lapic.control(mode)) taken = true;
    }
    if (best !== null) taken = best.accept(vector, TRIGGER_EDGE);
    if (!taken) this.counters.undelivered++;
  }

  private control(dest: number, logical: boolean, mode: number): boolean {
    let taken = false;
    for (const lapic of this.lapics) if (lapic.matches(dest, logical) && lapic.control(mode)) taken = true;
    return taken;
  }

  private lowest(dest: number, logical: boolean): LocalApic | null {
    let best: LocalApic | null = null;
    for (const lapic of this.lapics) if (lapic.matches(dest, logical)) best = better(best, lapic);
    return best;
  }

  /** A local APIC has ended a level vector. */
  eoiBroadcast(vector: number): void {
    const listeners = this.eoiListeners;
    for (let i = 0; i < listeners.length; i++) listeners[i].eoi(vector);
  }

  /** A local APIC was enabled or changed its ids. */
  receiversChanged(): void {
    for (const listener of this.eoiListeners) listener.retry?.();
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

/** The better target of lowest-priority arbitration: enabled before disabled, then by priority, then the first. */
function better(best: LocalApic | null, other: LocalApic): LocalApic {
  if (best === null) return other;
  if (best.enabled() !== other.enabled()) return best.enabled() ? best : other;
  return other.priority() < best.priority() ? other : best;
}
