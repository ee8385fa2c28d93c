import { SimError, TP } from '../sim/index.js';
import type { NapiStruct } from './napi-struct.js';

/** The instance was given a weight above NAPI_POLL_WEIGHT: allowed, `netif_napi_add` warns. */
export const NAPI_DIAG_WEIGHT = 0;
/** A poll returned more than its budget ("exceeding its budget"). */
export const NAPI_DIAG_OVER_BUDGET = 1;
/** A poll returned its whole budget though it had completed the instance: only the core may then touch it. */
export const NAPI_DIAG_COMPLETED_FULL = 2;
/** A poll returned less than its budget without completing: nothing will ever poll the instance again. */
export const NAPI_DIAG_NOT_COMPLETED = 3;
/** `napi_complete_done` of an instance that was not scheduled. */
export const NAPI_DIAG_COMPLETE_IDLE = 4;
/** A poll returned a negative or fractional number; taken as 0. */
export const NAPI_DIAG_BAD_WORK = 5;

/** Names by number. */
export const napiDiagnosticNames: readonly string[] = [
  'NAPI_WEIGHT_ABOVE_64',
  'NAPI_POLL_OVER_BUDGET',
  'NAPI_COMPLETED_WITH_FULL_BUDGET',
  'NAPI_NOT_COMPLETED',
  'NAPI_COMPLETE_WITHOUT_SCHEDULE',
  'NAPI_BAD_WORK',
];

/**
 * Misuse that Linux answers with BUG() or a deadlock: NAPI_NOT_DISABLED (enabling or deleting what is not disabled), NAPI_DISABLED_TWICE,
 * NAPI_PARAM (a value out of range), NAPI_UNSUPPORTED (deferral of interrupts is not modelled yet).
 */
export type NapiErrorCode = 'NAPI_NOT_DISABLED' | 'NAPI_DISABLED_TWICE' | 'NAPI_PARAM' | 'NAPI_UNSUPPORTED';

/** A typed error of the napi room; `code` is stable. */
export class NapiError extends SimError {
  constructor(code: NapiErrorCode, message: string) {
    super(code, message);
    this.name = 'NapiError';
  }
}

/**
 * Counts a driver's mistake (per instance and per host) and traces it: a NAPI_COMPLETE record whose third argument is 1 + the number of the
 * diagnostic, where an ordinary completion has 0.
 */
export function napi_diagnose(n: NapiStruct, diagnostic: number, work: number): void {
  n.diagnostics[diagnostic]++;
  const softnet = n.softnet;
  softnet.diagnostics[diagnostic]++;
  const trace = softnet.sim.trace;
  if (trace.on) trace.put(TP.NAPI_COMPLETE, softnet.cpus.smp_processor().who, 0, n.napi_id, work, 1 + diagnostic);
}
