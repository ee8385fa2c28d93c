import { NET_RX_SOFTIRQ } from '../cpu/index.js';
import { TP } from '../sim/index.js';
import {
  NAPIF_STATE_DISABLE,
  NAPIF_STATE_IN_BUSY_POLL,
  NAPIF_STATE_MISSED,
  NAPIF_STATE_NPSVC,
  NAPIF_STATE_PREFER_BUSY_POLL,
  NAPIF_STATE_SCHED,
  NAPIF_STATE_SCHED_THREADED,
} from './constants.js';
import { NAPI_DIAG_COMPLETE_IDLE, napi_diagnose } from './diagnostics.js';
import { napi_settle_disable } from './enable.js';
import type { NapiStruct } from './napi-struct.js';

/**
 * `napi_schedule_prep`: true if the caller now owns the right to call {@link __napi_schedule}. False while a disable waits; false too while
 * scheduled already, which is remembered as MISSED.
 */
export function napi_schedule_prep(n: NapiStruct): boolean {
  const state = n.state;
  if ((state & NAPIF_STATE_DISABLE) !== 0) {
    n.refused++;
    return false;
  }
  if ((state & NAPIF_STATE_SCHED) !== 0) {
    if ((state & NAPIF_STATE_NPSVC) !== 0) n.refused++;
    n.state = state | NAPIF_STATE_MISSED;
    return false;
  }
  n.state = state | NAPIF_STATE_SCHED;
  return true;
}

/** `__napi_schedule`: puts an instance whose SCHED the caller just set on the list of the CPU that runs now, and raises NET_RX. */
export function __napi_schedule(n: NapiStruct): void {
  const softnet = n.softnet;
  const sd = softnet.this_cpu();
  n.schedules++;
  sd.poll_list.add(n);
  const trace = softnet.sim.trace;
  if (trace.on) trace.put(TP.NAPI_SCHEDULE, sd.cpu.who, 0, n.napi_id, 0, 0);
  if (!sd.in_net_rx_action) sd.cpu.raise_softirq(NET_RX_SOFTIRQ);
}

/** `napi_schedule`: schedules unless it is scheduled or disabled; returns whether it did. */
export function napi_schedule(n: NapiStruct): boolean {
  if (!napi_schedule_prep(n)) return false;
  __napi_schedule(n);
  return true;
}

/**
 * `napi_complete_done`: the driver has found no more work and gives the instance back. Only when it returns true may the driver enable its
 * interrupt: with MISSED set the instance is scheduled again instead. Never call it after a poll that used its whole budget.
 */
export function napi_complete_done(n: NapiStruct, work_done: number): boolean {
  const state = n.state;
  if ((state & (NAPIF_STATE_NPSVC | NAPIF_STATE_IN_BUSY_POLL)) !== 0) return false;
  const softnet = n.softnet;
  const cpu = softnet.cpus.smp_processor();
  cpu.cost += cpu.costs.napi_complete;
  if (n.list !== null) n.list.remove(n);
  if ((state & NAPIF_STATE_SCHED) === 0) napi_diagnose(n, NAPI_DIAG_COMPLETE_IDLE, work_done);
  n.completes++;
  const cleared = NAPIF_STATE_SCHED | NAPIF_STATE_MISSED | NAPIF_STATE_SCHED_THREADED | NAPIF_STATE_PREFER_BUSY_POLL;
  n.state = state & ~cleared;
  if ((state & NAPIF_STATE_MISSED) !== 0) {
    n.missed++;
    n.state |= NAPIF_STATE_SCHED;
    __napi_schedule(n);
    return false;
  }
  const trace = softnet.sim.trace;
  if (trace.on) trace.put(TP.NAPI_COMPLETE, cpu.who, 0, n.napi_id, work_done, 0);
  if ((state & NAPIF_STATE_DISABLE) !== 0) napi_settle_disable(n);
  return true;
}

/** `napi_complete`: {@link napi_complete_done} for a driver that did not count. */
export function napi_complete(n: NapiStruct): boolean {
  return napi_complete_done(n, 0);
}
