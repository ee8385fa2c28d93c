/** Ticks are computed from the clock: there is no tick event. HZ is 24..10000, all times are whole ns. */

export { jiffiesAt } from '../sim/index.js';

/** Milliseconds to ticks, rounded up: 2 ms are 2 ticks at HZ 1000 and 1 tick at 250 and 100. */
export function msecs_to_jiffies(ms: number, hz: number): number {
  return Math.ceil((ms * hz) / 1000);
}

/** Microseconds to ticks, rounded up. */
export function usecs_to_jiffies(us: number, hz: number): number {
  return Math.ceil((us * hz) / 1_000_000);
}

/** Whether `a` is at or after `b`, in wrapping int32 jiffies. */
export function time_after_eq(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}
