import type { InterruptController } from '../../cpu/index.js';
import type { MmioRegion } from '../pcie/index.js';
import type { ApicBus } from './apic-bus.js';
import { clearBit, highestBit, setBit, testBit } from './bits256.js';

/** Register offsets (Intel SDM vol. 3A, table "Local APIC Register Address Map"), under the names of Linux' apicdef.h. */
export const APIC_ID = 0x20;
export const APIC_LVR = 0x30;
export const APIC_TASKPRI = 0x80;
export const APIC_PROCPRI = 0xa0;
export const APIC_EOI = 0xb0;
export const APIC_LDR = 0xd0;
export const APIC_DFR = 0xe0;
export const APIC_SPIV = 0xf0;
export const APIC_SPIV_APIC_ENABLED = 0x100;
export const APIC_ISR = 0x100;
export const APIC_TMR = 0x180;
export const APIC_IRR = 0x200;

/** Trigger modes of an interrupt message. */
export const TRIGGER_EDGE = 0;
export const TRIGGER_LEVEL = 1;

/** Version 0x14 with six local vector entries, the shape Pentium 4 and later report. */
const VERSION = 0x00050014;
const FLAT_MODEL: number = 0xffffffff | 0;
/** Vectors 0..15 are reserved (SDM 10.9.4). */
const FIRST_VECTOR = 16;

/** The CPU behind a local APIC: told that `pending` has become true. */
export interface InterruptSink {
  interrupt(): void;
}

/** What a local APIC refused or found odd. */
export interface LocalApicCounters {
  accepted: number;
  /** Messages with a vector below 16. */
  illegalVector: number;
  /** Messages while the APIC was software-disabled. */
  disabled: number;
  /** Acknowledge cycles with nothing to give: the spurious vector was returned. */
  spurious: number;
  /** Accesses to registers this model does not have (timer, LVT, ICR). */
  refusedRegister: number;
}

/**
 * The local APIC of one CPU: fixed interrupts only. Accepted vectors wait in IRR; `acknowledge` moves the highest to
 * ISR; `eoi` ends the highest in service, and tells the IO-APICs when that vector came by level. A vector is given to
 * the CPU only while its class (bits 7:4) is above the processor priority, which is the higher of TPR and the vector in
 * service (SDM vol. 3A, 10.8.3 and 10.9.4).
 *
 * State after construction is what a kernel leaves after setting the APIC up: enabled, TPR 0, spurious vector 0xff,
 * flat logical id `1 << id`.
 */
export class LocalApic implements InterruptController, MmioRegion {
  /** Physical APIC id, 0..254. */
  readonly id: number;
  /** A vector is ready for the CPU. Kept current by every change of IRR, ISR, TPR. */
  pending = false;
  readonly irr: Int32Array = new Int32Array(8);
  readonly isr: Int32Array = new Int32Array(8);
  readonly tmr: Int32Array = new Int32Array(8);
  readonly counters: LocalApicCounters = {
    accepted: 0,
    illegalVector: 0,
    disabled: 0,
    spurious: 0,
    refusedRegister: 0,
  };
  private readonly bus: ApicBus;
  private readonly cpu: InterruptSink;
  /** Highest vector in IRR and in ISR, -1 for none. */
  private highestRequest = -1;
  private highestService = -1;
  private tpr = 0;
  private ldr: number;
  private dfr: number = FLAT_MODEL;
  private spiv: number = APIC_SPIV_APIC_ENABLED | 0xff;

  constructor(bus: ApicBus, id: number, cpu: InterruptSink) {
    this.bus = bus;
    this.id = id;
    this.cpu = cpu;
    this.ldr = id < 8 ? 1 << (24 + id) : 0;
  }

  /** True when a message with this destination field is for this APIC; 0xff is everyone. */
  matches(dest: number, logical: boolean): boolean {
    if (!logical) return dest === this.id || dest === 0xff;
    const mda = this.ldr >>> 24;
    if (this.dfr >>> 28 === 15) return (mda & dest) !== 0;
    // Cluster model: the high halves name the cluster, the low halves are a set of members.
    return (mda >> 4 === dest >> 4 || dest >> 4 === 15) && (mda & dest & 15) !== 0;
  }

  /**
   * An interrupt message arrives. A vector already in IRR is merged with it.
   * @returns true when it was accepted
   */
  accept(vector: number, trigger: number): boolean {
    if (vector < FIRST_VECTOR) {
      this.counters.illegalVector++;
      return false;
    }
    if ((this.spiv & APIC_SPIV_APIC_ENABLED) === 0) {
      this.counters.disabled++;
      return false;
    }
    this.counters.accepted++;
    setBit(this.irr, vector);
    if (vector > this.highestRequest) this.highestRequest = vector;
    if (trigger === TRIGGER_LEVEL) setBit(this.tmr, vector);
    else clearBit(this.tmr, vector);
    this.update();
    return true;
  }

  /** The CPU takes the interrupt: the highest vector goes from IRR to ISR. Spurious vector when none is ready. */
  acknowledge(): number {
    if (!this.pending) {
      this.counters.spurious++;
      return this.spiv & 0xff;
    }
    const vector = this.highestRequest;
    clearBit(this.irr, vector);
    this.highestRequest = highestBit(this.irr, vector);
    setBit(this.isr, vector);
    if (vector > this.highestService) this.highestService = vector;
    this.update();
    return vector;
  }

  /** Ends the highest vector in service; without one it does nothing. */
  eoi(): void {
    const vector = this.highestService;
    if (vector < 0) return;
    clearBit(this.isr, vector);
    this.highestService = highestBit(this.isr, vector);
    if (testBit(this.tmr, vector)) this.bus.eoiBroadcast(vector);
    this.update();
  }

  /** Processor priority (PPR). */
  priority(): number {
    const inService = this.highestService;
    const isrv = inService < 0 ? 0 : inService;
    return this.tpr >> 4 >= isrv >> 4 ? this.tpr : isrv & 0xf0;
  }

  private update(): void {
    const vector = this.highestRequest;
    const was = this.pending;
    this.pending = vector >= 0 && vector >> 4 > this.priority() >> 4;
    if (this.pending && !was) this.cpu.interrupt();
  }

  read32(offset: number): number {
    switch (offset) {
      case APIC_ID:
        return this.id << 24;
      case APIC_LVR:
        return VERSION;
      case APIC_TASKPRI:
        return this.tpr;
      case APIC_PROCPRI:
        return this.priority();
      case APIC_LDR:
        return this.ldr;
      case APIC_DFR:
        return this.dfr;
      case APIC_SPIV:
        return this.spiv;
      default:
        return this.readVectors(offset);
    }
  }

  private readVectors(offset: number): number {
    const word = (offset >> 4) & 7;
    if ((offset & 15) === 0) {
      const block = offset & ~0x7f;
      if (block === APIC_ISR) return this.isr[word];
      if (block === APIC_TMR) return this.tmr[word];
      if (block === APIC_IRR) return this.irr[word];
    }
    this.counters.refusedRegister++;
    return 0;
  }

  write32(offset: number, value: number): void {
    switch (offset) {
      case APIC_TASKPRI:
        this.tpr = value & 0xff;
        this.update();
        break;
      case APIC_EOI:
        this.eoi();
        break;
      case APIC_LDR:
        this.ldr = value & 0xff000000;
        break;
      case APIC_DFR:
        this.dfr = value | 0x0fffffff;
        break;
      case APIC_SPIV:
        this.spiv = value & 0x1ff;
        break;
      default:
        this.counters.refusedRegister++;
    }
  }
}
