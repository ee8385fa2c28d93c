import { Cloneable, type SimTarget, type Simulation, type TimerService } from '../sim/index.js';
import { DriverError } from './errors.js';

/** Whose timers: a {@link DriverHost} or a `Net`. */
export interface TimerBase {
  readonly sim: Simulation;
  readonly timers: TimerService;
}

/**
 * `struct timer_list`: calls `function(data)` in a softirq block. The function must be one that keeps nothing (declared at the
 * top level of a module), so that a copied network calls it with the copy of `data`.
 */
export class TimerList<T extends object> extends Cloneable implements SimTarget {
  readonly function: (data: T) => void;
  readonly data: T;
  readonly timers: TimerService;
  /** -1 after `timer_shutdown`. */
  id: number;

  constructor(base: TimerBase, fn: (data: T) => void, data: T) {
    super();
    this.function = fn;
    this.data = data;
    this.timers = base.timers;
    this.id = base.timers.createTimer(base.sim.attach(this), 0, 0);
  }

  handle(_op: number, _a: number, _b: number): void {
    this.function(this.data);
  }
}

/** `timer_setup`: a timer that is not armed. `data` is what the kernel finds by `from_timer`. */
export function timer_setup<T extends object>(base: TimerBase, fn: (data: T) => void, data: NoInfer<T>): TimerList<T> {
  return new TimerList(base, fn, data);
}

/**
 * `mod_timer`: fires `delay_ns` (0 to 2^31-1) from now, armed or not. The kernel takes an absolute time in jiffies and is late by
 * up to a tick; here it is exact. True when it was pending.
 */
export function mod_timer<T extends object>(timer: TimerList<T>, delay_ns: number): boolean {
  const pending = timer_pending(timer);
  if (timer.id < 0) throw new DriverError('TIMER_GONE', 'mod_timer after timer_shutdown');
  timer.timers.mod_timer(timer.id, delay_ns);
  return pending;
}

/** `timer_pending`. */
export function timer_pending<T extends object>(timer: TimerList<T>): boolean {
  return timer.id >= 0 && timer.timers.timer_pending(timer.id);
}

/**
 * `timer_delete` (del_timer): disarms; true if it was pending. A handler is one block, so none is under way when another block
 * calls this on the same CPU: `timer_delete_sync` needs no name of its own.
 */
export function timer_delete<T extends object>(timer: TimerList<T>): boolean {
  return timer.id >= 0 && timer.timers.del_timer(timer.id);
}

/** `timer_shutdown`: disarms for good, before what it works on goes away. Harmless twice. */
export function timer_shutdown<T extends object>(timer: TimerList<T>): void {
  if (timer.id < 0) return;
  timer.timers.freeTimer(timer.id);
  timer.id = -1;
}
