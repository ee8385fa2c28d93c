import type { InterruptController } from '../../cpu/index.js';
import { Cloneable, type Simulation } from '../../sim/index.js';
import type { MmioRegion } from '../pcie/index.js';
import type { ApicBus } from './apic-bus.js';
import {
  APIC_ESR_RECVILL,
  APIC_SPIV_APIC_ENABLED,
  APIC_SPIV_DIRECTED_EOI,
  DELIVERY_EXTINT,
  DELIVERY_INIT,
  DELIVERY_NMI,
  DELIVERY_SMI,
  DELIVERY_STARTUP,
  DEST_ALL,
  FIRST_VECTOR,
  TRIGGER_LEVEL,
} from './apic-regs.js';
import { ApicTimer } from './apic-timer.js';
import { clearBit, highestBit, setBit, testBit } from './bits256.js';
import { readLocalApic, writeLocalApic } from './local-apic-registers.js';
import { LocalVectors, LVT_ERROR, LVT_PERFORMANCE, LVT_THERMAL } from './local-vectors.js';

const FLAT_MODEL: number = 0xffffffff | 0;

/** The CPU behind a local APIC: told that `pending` has become true, and of non-maskable interrupts. */
export interface InterruptSink {
  interrupt(): void;
  /** One may be waiting already; then they are one. A CPU without this lets the APIC only count them. */
  nmi?(): void;
}

/** What a local APIC took, refused or found odd. */
export interface LocalApicCounters {
  accepted: number;
  /** Messages with a vector below 16. */
  illegalVector: number;
  /** Messages while the APIC was software-disabled. */
  disabled: number;
  /** Acknowledge cycles with nothing to give: the spurious vector was returned. */
  spurious: number;
  /** Accesses to reserved registers and between registers. */
  refusedRegister: number;
  /** Writes to read-only registers. */
  readOnlyWrite: number;
  /** Interprocessor interrupts sent. */
  ipis: number;
  /** Those of invalid combinations, which are not sent. */
  refusedIpi: number;
  /** INIT level de-assertions, which only processors before the Pentium 4 know. */
  initDeassert: number;
  /** Non-maskable interrupts passed to the CPU. */
  nmi: number;
  /** Taken without effect: this CPU has no system management mode, cannot be initialised, started, or ask an 8259A. */
  smi: number;
  init: number;
  startup: number;
  extInt: number;
  /** Local vectors with a reserved delivery mode. */
  refusedMode: number;
}

/**
 * The local APIC of one CPU. Accepted vectors wait in IRR; `acknowledge` moves the highest to ISR; `eoi` ends the highest
 * in service, and tells the IO-APICs when that vector came by level. A vector is given to the CPU only while its class
 * (bits 7:4) is above the processor priority, which is the higher of TPR and the vector in service (SDM vol. 3A, 10.8.3
 * and 10.9.4). While the APIC is software-disabled it takes no new vectors; what waits or is in service stays so.
 *
 * State after construction is what a kernel leaves after setting the APIC up: enabled, TPR 0, spurious vector 0xff,
 * flat logical id `1 << id`, all local vectors masked. `reset()` gives that after power-up. There is no x2APIC mode.
 */
export class LocalApic extends Cloneable implements InterruptController, MmioRegion {
  /** Physical APIC id, 0..254. */
  id: number;
  /** A vector is ready for the CPU. Kept current by every change of IRR, ISR, TPR. */
  pending: boolean;
  readonly irr: Int32Array;
  readonly isr: Int32Array;
  readonly tmr: Int32Array;
  readonly counters: LocalApicCounters;
  readonly lvt: LocalVectors;
  readonly timer: ApicTimer;
  readonly bus: ApicBus;
  /** SVR bit 12 works, and the version register says so. */
  readonly directedEoi: boolean;
  /** Registers as read; written through `write32`. */
  tpr: number;
  ldr: number;
  dfr: number;
  spiv: number;
  icrLow: number;
  icrHigh: number;
  /** The error register, and what has gone wrong since it was last written. */
  esr: number;
  errors: number;
  /** Highest vector in IRR and in ISR, -1 for none. */
  private highestRequest: number;
  private highestService: number;
  private readonly cpu: InterruptSink;

  constructor(bus: ApicBus, id: number, cpu: InterruptSink, sim: Simulation, directedEoi: boolean = false) {
    super();
    this.id = id;
    this.pending = false;
    this.irr = new Int32Array(8);
    this.isr = new Int32Array(8);
    this.tmr = new Int32Array(8);
    this.counters = noCounts();
    this.lvt = new LocalVectors(this);
    this.timer = new ApicTimer(sim, this.lvt);
    this.bus = bus;
    this.directedEoi = directedEoi;
    this.tpr = 0;
    this.ldr = id < 8 ? 1 << (24 + id) : 0;
    this.dfr = FLAT_MODEL;
    this.spiv = APIC_SPIV_APIC_ENABLED | 0xff;
    this.icrLow = 0;
    this.icrHigh = 0;
    this.esr = 0;
    this.errors = 0;
    this.highestRequest = -1;
    this.highestService = -1;
    this.cpu = cpu;
  }

  /** State after power-up (SDM 10.4.7.1): software-disabled, nothing pending. Id and pin levels stay. */
  reset(): void {
    this.irr.fill(0);
    this.isr.fill(0);
    this.tmr.fill(0);
    this.highestRequest = this.highestService = -1;
    this.pending = false;
    this.tpr = this.ldr = this.icrLow = this.icrHigh = this.esr = this.errors = 0;
    this.dfr = FLAT_MODEL;
    this.spiv = 0xff;
    this.lvt.reset();
    this.timer.reset();
  }

  /** Not software-disabled. */
  enabled(): boolean {
    return (this.spiv & APIC_SPIV_APIC_ENABLED) !== 0;
  }

  /** True when a message with this destination field is for this APIC; 0xff is everyone. */
  matches(dest: number, logical: boolean): boolean {
    return logical ? this.matchesLogical(dest) : dest === this.id || dest === DEST_ALL;
  }

  /** Flat model, and cluster model, where cluster 15 is all of them (SDM 10.7.2.2); other models match nothing. */
  private matchesLogical(dest: number): boolean {
    if (dest === DEST_ALL) return this.dfr >>> 28 === 15 || this.dfr >>> 28 === 0;
    const mda = this.ldr >>> 24;
    if (this.dfr >>> 28 === 15) return (mda & dest) !== 0;
    // The high halves name the cluster, the low halves are a set of members.
    const cluster = mda >> 4 === dest >> 4 || dest >> 4 === 15;
    return this.dfr >>> 28 === 0 && cluster && (mda & dest & 15) !== 0;
  }

  /**
   * A fixed interrupt arrives. A vector already in IRR is merged with it.
   * @returns true when it was accepted
   */
  accept(vector: number, trigger: number): boolean {
    if (vector < FIRST_VECTOR || (this.spiv & APIC_SPIV_APIC_ENABLED) === 0) return this.refuse(vector);
    this.counters.accepted++;
    setBit(this.irr, vector);
    if (vector > this.highestRequest) this.highestRequest = vector;
    if (trigger === TRIGGER_LEVEL) setBit(this.tmr, vector);
    else clearBit(this.tmr, vector);
    this.update();
    return true;
  }

  private refuse(vector: number): false {
    if (vector < FIRST_VECTOR) {
      this.counters.illegalVector++;
      this.error(APIC_ESR_RECVILL);
    } else this.counters.disabled++;
    return false;
  }

  /**
   * An interrupt of another delivery mode arrives. These bypass IRR and ISR, and NMI, SMI, INIT and start-up come
   * through while the APIC is software-disabled (SDM 10.4.7.2, 10.9.4).
   * @returns true when it was taken
   */
  control(mode: number): boolean {
    const counters = this.counters;
    if (mode === DELIVERY_NMI) {
      counters.nmi++;
      this.cpu.nmi?.();
    } else if (mode === DELIVERY_SMI) counters.smi++;
    else if (mode === DELIVERY_INIT) counters.init++;
    else if (mode === DELIVERY_STARTUP) counters.startup++;
    else if (mode !== DELIVERY_EXTINT) {
      counters.refusedMode++;
      return false;
    } else if (!this.enabled()) {
      counters.disabled++;
      return false;
    } else counters.extInt++;
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
    if (this.lvt.waiting !== 0) this.lvt.taken(vector);
    this.update();
    return vector;
  }

  /** Ends the highest vector in service; without one it does nothing. */
  eoi(): void {
    const vector = this.highestService;
    if (vector < 0) return;
    clearBit(this.isr, vector);
    this.highestService = highestBit(this.isr, vector);
    if (testBit(this.tmr, vector)) this.levelEnded(vector);
    this.update();
  }

  private levelEnded(vector: number): void {
    this.lvt.eoi(vector);
    if ((this.spiv & APIC_SPIV_DIRECTED_EOI) === 0) this.bus.eoiBroadcast(vector);
  }

  /** Whether `vector` has arrived and waits for the CPU (IRR). */
  requested(vector: number): boolean {
    return testBit(this.irr, vector);
  }

  /** Processor priority (PPR). */
  priority(): number {
    const inService = this.highestService;
    const isrv = inService < 0 ? 0 : inService;
    return this.tpr >> 4 >= isrv >> 4 ? this.tpr : isrv & 0xf0;
  }

  /** Arbitration priority (APR), as SDM vol. 3A 10.7.2.6 computes it for processors that have the register. */
  arbitrationPriority(): number {
    const tpr = this.tpr >> 4;
    const irrv = this.highestRequest < 0 ? 0 : this.highestRequest >> 4;
    const isrv = this.highestService < 0 ? 0 : this.highestService >> 4;
    if (tpr >= irrv && tpr > isrv) return this.tpr;
    return Math.max(tpr & isrv, irrv) << 4;
  }

  /** Pin LINT0 or LINT1 (`n` 0 or 1) goes to an electrical level. */
  lint(n: 0 | 1, level: 0 | 1): void {
    this.lvt.setPin(n, level);
  }

  /** A performance counter overflows: its local vector, which masks itself. */
  performanceInterrupt(): boolean {
    return this.lvt.raise(LVT_PERFORMANCE);
  }

  /** The thermal sensor trips: its local vector. */
  thermalInterrupt(): boolean {
    return this.lvt.raise(LVT_THERMAL);
  }

  /** Records APIC_ESR_* bits; the first since ESR was last written signals the error vector. */
  error(bits: number): void {
    const first = this.errors === 0;
    this.errors |= bits;
    if (first) this.lvt.raise(LVT_ERROR);
  }

  /** IRR, ISR or TPR changed. */
  update(): void {
    const vector = this.highestRequest;
    const was = this.pending;
    this.pending = vector >= 0 && vector >> 4 > this.priority() >> 4;
    if (this.pending && !was) this.cpu.interrupt();
  }

  read32(offset: number): number {
    return readLocalApic(this, offset);
  }

  write32(offset: number, value: number): void {
    writeLocalApic(this, offset, value);
  }
}

function noCounts(): LocalApicCounters {
  return {
    accepted: 0,
    illegalVector: 0,
    disabled: 0,
    spurious: 0,
    refusedRegister: 0,
    readOnlyWrite: 0,
    ipis: 0,
    refusedIpi: 0,
    initDeassert: 0,
    nmi: 0,
    smi: 0,
    init: 0,
    startup: 0,
    extInt: 0,
    refusedMode: 0,
  };
}
