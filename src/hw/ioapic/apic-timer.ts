import { Cloneable, type SimTarget, type Simulation } from '../../sim/index.js';
import { APIC_LVT_TIMER_PERIODIC } from './apic-regs.js';
import { type LocalVectors, LVT_TIMER } from './local-vectors.js';

const NONE = -1;

/**
 * The timer of a local APIC (SDM vol. 3A, 10.6.4): counts down from the initial count, signals the timer's local vector
 * at zero, and then rests (one-shot) or starts again (periodic). Its bus clock is 1 GHz, one cycle a nanosecond, before
 * the divider, as KVM's default is; TSC-deadline mode is not offered. The mode bit is looked at when the count reaches
 * zero. A change of the divider keeps the count, and the cycle under way starts anew.
 *
 * One-shot expiries are strong events, periodic ones weak: a tick alone does not keep a simulation running.
 */
export class ApicTimer extends Cloneable implements SimTarget {
  private readonly sim: Simulation;
  private readonly lvt: LocalVectors;
  /** Initial count register (int32). */
  private initial: number;
  private divideConfig: number;
  /** Bus cycles per count. */
  private divisor: number;
  private running: boolean;
  /** expiry[0]: when the count reaches zero, ns. */
  private readonly expiry: Float64Array;
  /** Made when the timer is first started: most hosts never use it. */
  private target: number;
  private strong: number;
  private weak: number;

  constructor(sim: Simulation, lvt: LocalVectors) {
    super();
    this.sim = sim;
    this.lvt = lvt;
    this.initial = 0;
    this.divideConfig = 0;
    this.divisor = 2;
    this.running = false;
    this.expiry = new Float64Array(1);
    this.target = NONE;
    this.strong = NONE;
    this.weak = NONE;
  }

  reset(): void {
    this.setInitial(0);
    this.divideConfig = 0;
    this.divisor = 2;
  }

  initialCount(): number {
    return this.initial;
  }

  /** Starts the count (int32 read as unsigned), or stops it with 0. */
  setInitial(count: number): void {
    this.initial = count | 0;
    this.running = count !== 0;
    if (!this.running) {
      this.disarm();
      return;
    }
    this.expiry[0] = this.sim.clock[0] + (count >>> 0) * this.divisor;
    this.arm();
  }

  /** Current count (int32): whole counts left, the one under way included. */
  currentCount(): number {
    return this.running ? Math.ceil((this.expiry[0] - this.sim.clock[0]) / this.divisor) | 0 : 0;
  }

  divide(): number {
    return this.divideConfig;
  }

  /** Divide configuration: bits 3, 1, 0 are 0..6 for 2..128 and 7 for 1. */
  setDivide(value: number): void {
    const left = this.currentCount();
    this.divideConfig = value & 0xb;
    const code = (value & 3) | ((value & 8) >> 1);
    this.divisor = 1 << ((code + 1) & 7);
    if (!this.running) return;
    this.expiry[0] = this.sim.clock[0] + (left >>> 0) * this.divisor;
    this.arm();
  }

  /** The timer's local vector was written: its mode decides which kind of event the expiry is. */
  modeWritten(): void {
    if (this.running) this.arm();
  }

  handle(_op: number, _a: number, _b: number): void {
    if (this.periodic()) {
      this.expiry[0] += (this.initial >>> 0) * this.divisor;
      this.arm();
    } else {
      this.running = false;
    }
    this.lvt.raise(LVT_TIMER);
  }

  private periodic(): boolean {
    return (this.lvt.entry[LVT_TIMER] & APIC_LVT_TIMER_PERIODIC) !== 0;
  }

  private disarm(): void {
    if (this.target === NONE) return;
    this.sim.del_timer(this.strong);
    this.sim.del_timer(this.weak);
  }

  private arm(): void {
    const sim = this.sim;
    if (this.target === NONE) {
      this.target = sim.attach(this);
      this.strong = sim.createTimer(this.target, 0, 0);
      this.weak = sim.createTimer(this.target, 0, 0, true);
    }
    const periodic = this.periodic();
    sim.del_timer(periodic ? this.strong : this.weak);
    sim.at[0] = this.expiry[0];
    sim.mod_timerAt(periodic ? this.weak : this.strong);
  }
}
