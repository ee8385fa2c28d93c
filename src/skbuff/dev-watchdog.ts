import { Cloneable, type SimTarget } from '../sim/index.js';
import type { NetDevice } from './device.js';
import { jiffies, type Net } from './net.js';

const NS_PER_S = 1_000_000_000;

/**
 * The watchdog over transmit queues of one stack (`dev_watchdog`, net/sched/sch_generic.c): a queue that its driver has stopped and
 * nothing was sent on for `watchdog_timeo` is reported to the driver by `ndo_tx_timeout`. Its timers are weak.
 */
export class DevWatchdog extends Cloneable implements SimTarget {
  readonly net: Net;
  readonly target: number;

  constructor(net: Net) {
    super();
    this.net = net;
    this.target = net.sim.attach(this);
  }

  handle(_op: number, ifindex: number, _timer: number): void {
    const dev = this.net.devices[ifindex - 1];
    if (dev === null || dev === undefined || !dev.qdisc.active) return;
    if (dev.present && stalled(dev)) {
      dev.trans_timeout++;
      dev.ops.ndo_tx_timeout?.(dev);
    }
    if (dev.qdisc.active) arm(dev);
  }
}

/** The driver has stopped the queue, and the last packet went more than `watchdog_timeo` ago. */
function stalled(dev: NetDevice): boolean {
  return dev.tx_queue_stopped && ((jiffies(dev.net) - dev.trans_start - dev.watchdog_timeo) | 0) > 0;
}

function arm(dev: NetDevice): void {
  const net = dev.net;
  net.sim.at[0] = net.sim.clock[0] + Math.ceil((dev.watchdog_timeo * NS_PER_S) / net.hz);
  net.timers.mod_timerAt(dev.watchdog_timer);
}

/** `dev_watchdog_up`: the queue has become active. Only drivers that can be told are watched; without a time of theirs it is 5 s. */
export function dev_watchdog_up(dev: NetDevice): void {
  if (dev.ops.ndo_tx_timeout === undefined) return;
  const net = dev.net;
  if (dev.watchdog_timeo <= 0) dev.watchdog_timeo = 5 * net.hz;
  if (net.dev_watchdog === null) net.dev_watchdog = new DevWatchdog(net);
  if (dev.watchdog_timer < 0)
    dev.watchdog_timer = net.timers.createTimer(net.dev_watchdog.target, 0, dev.ifindex, true);
  dev.trans_start = jiffies(net);
  arm(dev);
}

/** `dev_watchdog_down`. */
export function dev_watchdog_down(dev: NetDevice): void {
  if (dev.watchdog_timer >= 0) dev.net.timers.del_timer(dev.watchdog_timer);
}

/** The device is unregistered: its timer is given back. */
export function dev_watchdog_free(dev: NetDevice): void {
  if (dev.watchdog_timer < 0) return;
  dev.net.timers.freeTimer(dev.watchdog_timer);
  dev.watchdog_timer = -1;
}
