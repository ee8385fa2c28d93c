import { TP } from '../sim/index.js';
import { NR_SOFTIRQS } from './constants.js';
import type { Cpu } from './cpu.js';
import { time_after_eq } from './jiffies.js';

/** A softirq's handler on one CPU, as a step machine. */
export interface SoftirqAction {
  /** Called in the block of the first step of a run. */
  begin(cpu: Cpu): void;
  /** One block; true: there is more. */
  step(cpu: Cpu): boolean;
}

/** Stands where no handler is open. */
class NoAction implements SoftirqAction {
  begin(_cpu: Cpu): void {}
  step(_cpu: Cpu): boolean {
    return false;
  }
}
const noAction: NoAction = new NoAction();

/**
 * The softirqs of one CPU: pending bits and the pass loop of `handle_softirqs` (kernel/softirq.c). A pass runs every bit pending at its
 * start, one block a step. At its end, if bits are pending again, another pass follows when the time limit (in jiffies) is not reached, no
 * task is due, and passes are left; else ksoftirqd is woken.
 */
export class Softirqs {
  /** Raised bits (1 << nr). */
  pending: number = 0;
  /** A run of the pass loop is under way. */
  active: boolean = false;
  /** It is ksoftirqd's run. */
  by_ksoftirqd: boolean = false;
  /** Runs of each softirq's handler so far. */
  readonly counts: Float64Array = new Float64Array(NR_SOFTIRQS);
  /** By number; raising a softirq without one is refused. */
  readonly actions: SoftirqAction[] = [];
  /** Runs of the pass loop, passes, and times the loop left work to ksoftirqd. */
  runs: number = 0;
  passes: number = 0;
  deferred: number = 0;
  /** Bits of the softirqs that have one. */
  private open_mask: number = 0;
  private readonly cpu: Cpu;
  /** Bits of this pass still to run. */
  private mask: number = 0;
  private begun: boolean = false;
  /** The first step of the run has paid for the entry. */
  private entered: boolean = true;
  private restart: number = 0;
  private end: number = 0;

  constructor(cpu: Cpu) {
    this.cpu = cpu;
    for (let nr = 0; nr < NR_SOFTIRQS; nr++) this.actions.push(noAction);
  }

  /** Whether a handler is installed. */
  opened(nr: number): boolean {
    return nr >= 0 && nr < NR_SOFTIRQS && ((this.open_mask >>> nr) & 1) !== 0;
  }

  /** Installs the handler of a softirq (0 .. NR_SOFTIRQS - 1). */
  open(nr: number, action: SoftirqAction): void {
    this.actions[nr] = action;
    this.open_mask |= 1 << nr;
  }

  /** Starts the pass loop; at least one bit must be pending. */
  start(byKsoftirqd: boolean): void {
    const cpu = this.cpu;
    this.active = true;
    this.by_ksoftirqd = byKsoftirqd;
    this.restart = cpu.set.params.max_restart;
    this.end = (cpu.set.jiffies() + cpu.set.max_softirq_jiffies) | 0;
    this.runs++;
    this.entered = false;
    this.startPass();
  }

  private startPass(): void {
    this.mask = this.pending;
    this.pending = 0;
    this.passes++;
  }

  /** Between blocks: whether the loop has another step; ends it when not. */
  advance(): boolean {
    if (this.mask !== 0) return true;
    if (this.pending !== 0) {
      const cpu = this.cpu;
      const late = time_after_eq(cpu.set.jiffies(), this.end);
      if (!late && !cpu.resched() && --this.restart !== 0) {
        this.startPass();
        return true;
      }
      this.deferred++;
      cpu.wakeup_softirqd();
    }
    this.active = false;
    return false;
  }

  /** Runs one step as the body of a block. */
  step(): void {
    const cpu = this.cpu;
    if (!this.entered) {
      this.entered = true;
      cpu.cost += cpu.costs.softirq_entry;
    }
    const nr = 31 - Math.clz32(this.mask & -this.mask);
    const action = this.actions[nr];
    if (!this.begun) {
      this.begun = true;
      this.counts[nr]++;
      const trace = cpu.sim.trace;
      if (trace.on) trace.put(TP.SOFTIRQ, cpu.who, 0, nr, 0, 0);
      action.begin(cpu);
    }
    if (!action.step(cpu)) {
      this.mask &= this.mask - 1;
      this.begun = false;
    }
  }
}
