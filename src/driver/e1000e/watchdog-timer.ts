import type { E1000Adapter } from './adapter.js';
import { OP_WATCHDOG } from './events.js';

const PERIOD_NS = 2_000_000_000;

/** The device is up. The timer is weak: it does not keep a simulation going in which nothing else happens. */
export function e1000_watchdog_start(a: E1000Adapter): void {
  const { timers } = a.net;
  if (a.watchdog < 0) a.watchdog = timers.createTimer(a.target, OP_WATCHDOG, 0, true);
  timers.mod_timer(a.watchdog, PERIOD_NS);
}

export function e1000_watchdog_stop(a: E1000Adapter): void {
  if (a.watchdog < 0) return;
  a.net.timers.freeTimer(a.watchdog);
  a.watchdog = -1;
}
