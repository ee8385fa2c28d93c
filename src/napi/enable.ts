import type { NetDevice } from '../skbuff/index.js';
import {
  NAPI_POLL_WEIGHT,
  NAPIF_STATE_DISABLE,
  NAPIF_STATE_LISTED,
  NAPIF_STATE_NPSVC,
  NAPIF_STATE_PREFER_BUSY_POLL,
  NAPIF_STATE_SCHED,
  NAPIF_STATE_THREADED,
} from './constants.js';
import { NAPI_DIAG_WEIGHT, NapiError, napi_diagnose } from './diagnostics.js';
import { type NapiPoll, type NapiSteps, NapiStruct } from './napi-struct.js';
import type { Softnet } from './softnet.js';

/**
 * `netif_napi_add`: a new instance, disabled until {@link napi_enable}. `poller` is a function (one block a poll) or a step machine (one
 * packet a block). `weight` is 1 or more; above 64 is counted as NAPI_WEIGHT_ABOVE_64 and used. Throws `NapiError` NAPI_PARAM.
 */
export function netif_napi_add(
  softnet: Softnet,
  dev: NetDevice,
  poller: NapiPoll | NapiSteps,
  weight: number = NAPI_POLL_WEIGHT,
): NapiStruct {
  if (!Number.isInteger(weight) || weight < 1 || weight > 0x7fffffff) {
    throw new NapiError('NAPI_PARAM', `weight must be a positive integer, not ${weight}`);
  }
  const poll = typeof poller === 'function' ? poller : null;
  const steps = typeof poller === 'function' ? null : poller;
  const n = new NapiStruct(softnet, ++softnet.last_id, dev, poll, steps, weight);
  n.state |= NAPIF_STATE_LISTED;
  softnet.napis.push(n);
  if (weight > NAPI_POLL_WEIGHT) napi_diagnose(n, NAPI_DIAG_WEIGHT, weight);
  return n;
}

/** `netif_napi_del`: forgets a disabled instance; twice does nothing. Throws `NapiError` NAPI_NOT_DISABLED. */
export function netif_napi_del(n: NapiStruct): void {
  if (n.deleted) return;
  if (!napi_disabled(n)) throw new NapiError('NAPI_NOT_DISABLED', `napi ${n.napi_id} deleted while enabled`);
  n.deleted = true;
  n.state &= ~NAPIF_STATE_LISTED;
  const napis = n.softnet.napis;
  napis.splice(napis.indexOf(n), 1);
}

/** `napi_enable`: lets a disabled instance be scheduled. Throws `NapiError` NAPI_NOT_DISABLED where Linux has a BUG_ON. */
export function napi_enable(n: NapiStruct): void {
  if (n.deleted || !napi_disabled(n)) throw new NapiError('NAPI_NOT_DISABLED', `napi ${n.napi_id} enabled twice`);
  n.state &= ~(NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC);
}

/** Whether a disable is complete: the instance is not scheduled, not polled, and cannot be. */
export function napi_disabled(n: NapiStruct): boolean {
  const both = NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC;
  return (n.state & both) === both && (n.state & NAPIF_STATE_DISABLE) === 0;
}

/** Whether a disable waits for the instance to become free. */
export function napi_disable_pending(n: NapiStruct): boolean {
  return (n.state & NAPIF_STATE_DISABLE) !== 0;
}

/**
 * `napi_disable`, without the sleep: a block cannot wait. True: the instance is disabled now. False: it is scheduled or polled; it takes no
 * new schedule and is disabled when the poll under way gives it back, at which point `targets[target].handle(op, a, napi_id)` is called as
 * an effect of that block (unless `target` is -1); {@link napi_disabled} tells too. Disabling twice, a deadlock in Linux, throws
 * `NapiError` NAPI_DISABLED_TWICE.
 */
export function napi_disable(n: NapiStruct, target: number = -1, op: number = 0, a: number = 0): boolean {
  if (napi_disabled(n) || napi_disable_pending(n)) {
    throw new NapiError('NAPI_DISABLED_TWICE', `napi ${n.napi_id} disabled twice: Linux would wait for ever`);
  }
  n.state |= NAPIF_STATE_DISABLE;
  if ((n.state & NAPIF_STATE_SCHED) === 0) {
    napi_settle_disable(n);
    return true;
  }
  n.disable_target = target;
  n.disable_op = op;
  n.disable_a = a;
  return false;
}

/** The instance is free: the disable that waits takes it and tells who asked. */
export function napi_settle_disable(n: NapiStruct): void {
  n.state |= NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC;
  n.state &= ~(NAPIF_STATE_DISABLE | NAPIF_STATE_THREADED | NAPIF_STATE_PREFER_BUSY_POLL);
  const target = n.disable_target;
  n.disable_target = -1;
  if (target >= 0) n.softnet.cpus.smp_processor().effect(target, n.disable_op, n.disable_a, n.napi_id);
}
