import type { SimTarget, TimerService } from '../sim/index.js';
import { TP } from '../sim/index.js';
import { TIMER_SOFTIRQ } from './constants.js';
import type { Cpu } from './cpu.js';
import type { CpuSet } from './cpu-set.js';
import type { SoftirqAction } from './softirq.js';

const OP_EXPIRE = 0;

/** A kernel timer; `generation` tells an expiry that was cancelled or re-armed from the present one. */
class KernelTimer {
  readonly target: number;
  readonly op: number;
  readonly a: number;
  /** The simulation's timer behind it. */
  readonly clock_timer: number;
  /** CPU that armed it last: there it expires. */
  cpu: number = 0;
  generation: number = 0;
  /** Expired, its handler has not run yet. */
  queued: boolean = false;

  constructor(target: number, op: number, a: number, clock_timer: number) {
    this.target = target;
    this.op = op;
    this.a = a;
    this.clock_timer = clock_timer;
  }
}

/** Expired timers of one CPU, in order; run as TIMER_SOFTIRQ, one a block. */
class TimerSoftirq implements SoftirqAction {
  private readonly timers: KernelTimers;
  private ids: number[] = [];
  private generations: number[] = [];
  private head: number = 0;

  constructor(timers: KernelTimers) {
    this.timers = timers;
  }

  push(id: number, generation: number): void {
    this.ids.push(id);
    this.generations.push(generation);
  }

  begin(_cpu: Cpu): void {}

  step(cpu: Cpu): boolean {
    while (this.head < this.ids.length) {
      const id = this.ids[this.head];
      const generation = this.generations[this.head];
      this.head++;
      if (this.timers.expire(cpu, id, generation)) break;
    }
    if (this.head < this.ids.length) return true;
    this.ids.length = 0;
    this.generations.length = 0;
    this.head = 0;
    return false;
  }
}

/**
 * The timers of a host, in the shape of the simulation's own: expiry is the local timer's interrupt on the CPU that armed the timer, and the
 * handler (`targets[target].handle(op, a, timer)`) runs in a SOFTIRQ block. They expire at their exact nanosecond, not at a tick. A timer
 * that has expired but whose handler has not run counts as pending, and can still be deleted or moved.
 */
export class KernelTimers implements TimerService, SimTarget {
  private readonly set: CpuSet;
  private readonly target: number;
  private readonly timers: (KernelTimer | null)[] = [];
  private readonly free: number[] = [];
  private readonly actions: TimerSoftirq[] = [];

  constructor(set: CpuSet) {
    this.set = set;
    set.timers = this;
    this.target = set.sim.attach(this);
    set.open_softirq(TIMER_SOFTIRQ, () => {
      const action = new TimerSoftirq(this);
      this.actions.push(action);
      return action;
    });
  }

  /** Makes a timer, not armed. `weak`: a simulation with nothing else to do does not wait for it. */
  createTimer(target: number, op: number, a: number, weak: boolean = false): number {
    const id = this.free.pop() ?? this.timers.length;
    this.timers[id] = new KernelTimer(target, op, a, this.set.sim.createTimer(this.target, OP_EXPIRE, id, weak));
    return id;
  }

  /** Arms or moves the timer to `delay_ns` (0 .. 2^31-1) from now. */
  mod_timer(timer: number, delay_ns: number): void {
    this.set.sim.mod_timer(this.rearm(timer), delay_ns);
  }

  /** As {@link mod_timer}, to the absolute time in `sim.at[0]`. */
  mod_timerAt(timer: number): void {
    this.set.sim.mod_timerAt(this.rearm(timer));
  }

  /** Disarms; true if it was pending. */
  del_timer(timer: number): boolean {
    const t = this.get(timer);
    t.generation = (t.generation + 1) | 0;
    const queued = t.queued;
    t.queued = false;
    return this.set.sim.del_timer(t.clock_timer) || queued;
  }

  timer_pending(timer: number): boolean {
    const t = this.get(timer);
    return t.queued || this.set.sim.timer_pending(t.clock_timer);
  }

  /** Disarms and forgets the timer; its id may be given out again. */
  freeTimer(timer: number): void {
    this.del_timer(timer);
    this.set.sim.freeTimer(this.get(timer).clock_timer);
    this.timers[timer] = null;
    this.free.push(timer);
  }

  /** The clock reached a timer. */
  handle(_op: number, id: number, _clock_timer: number): void {
    const t = this.get(id);
    t.queued = true;
    this.actions[t.cpu].push(id, t.generation);
    this.set.cpus[t.cpu].timerInterrupt();
  }

  /** Runs the handler of an expired timer in the softirq block under way; false: the expiry is out of date. */
  expire(cpu: Cpu, id: number, generation: number): boolean {
    const t = this.timers[id];
    if (t === null || !t.queued || t.generation !== generation) return false;
    t.queued = false;
    cpu.cost += cpu.costs.timer;
    const sim = this.set.sim;
    if (sim.trace.on) sim.trace.put(TP.TIMER, cpu.who, 0, id, 0, 0);
    sim.targets[t.target].handle(t.op, t.a, id);
    return true;
  }

  private get(timer: number): KernelTimer {
    return this.timers[timer] as KernelTimer;
  }

  private rearm(timer: number): number {
    const t = this.get(timer);
    t.generation = (t.generation + 1) | 0;
    t.queued = false;
    t.cpu = this.set.smp_processor().id;
    return t.clock_timer;
  }
}
