import type { NetDevice } from '../skbuff/index.js';
import { NAPIF_STATE_NPSVC, NAPIF_STATE_SCHED } from './constants.js';
import { NapiError, napiDiagnosticNames } from './diagnostics.js';
import type { PollList } from './poll-list.js';
import type { Softnet } from './softnet.js';

/** A driver's poll as one block: handles at most `budget` packets (0: transmit completions only), returns how many. */
export type NapiPoll = (napi: NapiStruct, budget: number) => number;

/** A driver's poll as a step machine: one packet a block, so that interrupts are taken between packets. */
export interface NapiSteps {
  /** Start of a poll of at most `budget` packets. */
  pollBegin(napi: NapiStruct, budget: number): void;
  /** At most one packet; true: there may be more and the budget is not used up. Called first in the block of `pollBegin`. */
  pollStep(napi: NapiStruct): boolean;
  /** End, in the block of the last step: completes if work is left of the budget, returns the work done. */
  pollEnd(napi: NapiStruct): number;
}

/** `struct napi_struct`. Made by `netif_napi_add`; disabled (SCHED and NPSVC set) until `napi_enable`. */
export class NapiStruct {
  /** From 1 on, unique in the host. */
  readonly napi_id: number;
  readonly softnet: Softnet;
  /** Null only for the backlog. */
  readonly dev: NetDevice | null;
  /** Exactly one of the two is set. */
  readonly poll: NapiPoll | null;
  readonly steps: NapiSteps | null;
  /** Packets per poll. */
  readonly weight: number;
  /** NAPIF_STATE_* bits. */
  state: number = NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC;
  /** The list it is on, with its neighbours there. */
  list: PollList | null = null;
  next: NapiStruct | null = null;
  prev: NapiStruct | null = null;
  /** Deleted from its device. */
  deleted: boolean = false;
  /** Who is told when a disable that had to wait is done: an event target, -1 for nobody. */
  disable_target: number = -1;
  disable_op: number = 0;
  disable_a: number = 0;
  /** Times it was put on a poll list; polls; polls that used the whole budget; packets; completions. */
  schedules: number = 0;
  polls: number = 0;
  full_polls: number = 0;
  packets: number = 0;
  completes: number = 0;
  /** Completions that found MISSED set and scheduled again. */
  missed: number = 0;
  /** Schedules refused because it was disabled, or a disable waited. */
  refused: number = 0;
  /** Counts by NAPI_DIAG_*. */
  readonly diagnostics: Float64Array = new Float64Array(napiDiagnosticNames.length);

  constructor(
    softnet: Softnet,
    napi_id: number,
    dev: NetDevice | null,
    poll: NapiPoll | null,
    steps: NapiSteps | null,
    weight: number,
  ) {
    this.softnet = softnet;
    this.napi_id = napi_id;
    this.dev = dev;
    this.poll = poll;
    this.steps = steps;
    this.weight = weight;
  }

  /** ns; 0. Holding packets and interrupts back is not modelled yet: any other value throws `NapiError` NAPI_UNSUPPORTED. */
  get gro_flush_timeout(): number {
    return 0;
  }
  set gro_flush_timeout(ns: number) {
    if (ns !== 0) throw new NapiError('NAPI_UNSUPPORTED', `gro_flush_timeout ${ns}: only 0 is supported`);
  }

  /** Polls without work before interrupts are enabled again; 0, any other value throws `NapiError` NAPI_UNSUPPORTED. */
  get defer_hard_irqs(): number {
    return 0;
  }
  set defer_hard_irqs(count: number) {
    if (count !== 0) throw new NapiError('NAPI_UNSUPPORTED', `napi_defer_hard_irqs ${count}: only 0 is supported`);
  }
}
