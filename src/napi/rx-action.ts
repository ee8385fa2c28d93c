import { type Cpu, NET_RX_SOFTIRQ, type SoftirqAction, time_after_eq, usecs_to_jiffies } from '../cpu/index.js';
import { TP } from '../sim/index.js';
import { NAPIF_STATE_NPSVC, NAPIF_STATE_SCHED } from './constants.js';
import {
  NAPI_DIAG_BAD_WORK,
  NAPI_DIAG_COMPLETED_FULL,
  NAPI_DIAG_NOT_COMPLETED,
  NAPI_DIAG_OVER_BUDGET,
  napi_diagnose,
} from './diagnostics.js';
import { napi_disable_pending } from './enable.js';
import type { NapiStruct } from './napi-struct.js';
import { PollList } from './poll-list.js';
import { napi_complete } from './schedule.js';
import type { Softnet, SoftnetData } from './softnet.js';

/** Between polls; in the middle of one; a poll has ended and the limits are still to be checked. */
const NEXT = 0;
const POLLING = 1;
const POLLED = 2;

/**
 * `net_rx_action` of one CPU (net/core/dev.c) as a step machine. A pass takes the poll list over and polls each instance once; one that
 * used its whole weight waits on a second list for the next pass. After every poll the packet budget and the time limit (in jiffies) are
 * checked; either ends the pass and counts a time_squeeze. At the end the unpolled rest, what was scheduled meanwhile and those to poll
 * again form the new poll list, and NET_RX is raised again if there are any.
 */
export class NetRxAction implements SoftirqAction {
  private readonly softnet: Softnet;
  private readonly sd: SoftnetData;
  private readonly list: PollList = new PollList();
  private readonly repoll: PollList = new PollList();
  private phase: number = NEXT;
  private budget: number = 0;
  private time_limit: number = 0;
  /** The instance being polled, and what its poll returned. */
  private napi: NapiStruct | null = null;
  private work: number = 0;

  constructor(softnet: Softnet, sd: SoftnetData) {
    this.softnet = softnet;
    this.sd = sd;
  }

  begin(_cpu: Cpu): void {
    const cpus = this.softnet.cpus;
    const params = cpus.params;
    this.budget = params.netdev_budget;
    this.time_limit = (cpus.jiffies() + usecs_to_jiffies(params.netdev_budget_usecs, params.hz)) | 0;
    this.phase = NEXT;
    this.takeOver();
  }

  step(cpu: Cpu): boolean {
    if (this.phase === POLLED && this.limitReached()) return this.endPass(cpu);
    if (this.phase !== POLLING && !this.startPoll(cpu)) return this.endPass(cpu);
    const napi = this.napi as NapiStruct;
    const steps = napi.steps;
    if (this.phase === POLLING && steps !== null) {
      if (steps.pollStep(napi)) return true;
      this.work = steps.pollEnd(napi);
    }
    this.endPoll(cpu, napi);
    // A poll's time shows in the clock only after its block: check the limits in the next one, unless it took none.
    if (cpu.cost !== 0) return true;
    if (this.limitReached()) return this.endPass(cpu);
    this.phase = NEXT;
    return this.more() || this.endPass(cpu);
  }

  /** Moves the poll list here; scheduling does not raise NET_RX from now on. */
  private takeOver(): void {
    this.sd.in_net_rx_action = true;
    this.list.append(this.sd.poll_list);
  }

  /** Whether this pass has an instance to poll; takes over what was scheduled meanwhile when nothing waits to be polled again. */
  private more(): boolean {
    if (this.list.head === null && this.repoll.head === null && this.sd.poll_list.head !== null) this.takeOver();
    return this.list.head !== null;
  }

  private limitReached(): boolean {
    if (this.budget > 0 && !time_after_eq(this.softnet.cpus.jiffies(), this.time_limit)) return false;
    this.sd.time_squeeze++;
    return true;
  }

  private endPass(cpu: Cpu): false {
    const sd = this.sd;
    this.phase = NEXT;
    this.list.append(sd.poll_list);
    this.list.append(this.repoll);
    sd.poll_list.append(this.list);
    if (sd.poll_list.head === null) sd.in_net_rx_action = false;
    else cpu.raise_softirq(NET_RX_SOFTIRQ);
    return false;
  }

  /** Takes the next instance and starts its poll; a function's poll is over when this returns. */
  private startPoll(cpu: Cpu): boolean {
    if (!this.more()) return false;
    const napi = this.list.take() as NapiStruct;
    this.napi = napi;
    this.work = 0;
    this.phase = POLLED;
    if ((napi.state & NAPIF_STATE_SCHED) === 0) return true;
    cpu.cost += cpu.costs.napi_poll;
    napi.polls++;
    if (napi.steps !== null) {
      this.phase = POLLING;
      napi.steps.pollBegin(napi, napi.weight);
    } else if (napi.poll !== null) {
      this.work = napi.poll(napi, napi.weight);
    }
    return true;
  }

  /** What `__napi_poll` does after the driver's function returned. */
  private endPoll(cpu: Cpu, napi: NapiStruct): void {
    this.phase = POLLED;
    this.napi = null;
    let work = this.work;
    if (!(Number.isInteger(work) && work >= 0)) {
      napi_diagnose(napi, NAPI_DIAG_BAD_WORK, 0);
      work = 0;
    }
    const weight = napi.weight;
    const trace = this.softnet.sim.trace;
    if (trace.on) trace.put(TP.NAPI_POLL, cpu.who, 0, napi.napi_id, work, weight);
    this.budget -= work;
    napi.packets += work;
    if (work > weight) napi_diagnose(napi, NAPI_DIAG_OVER_BUDGET, work);
    const kept = (napi.state & NAPIF_STATE_SCHED) !== 0 && (napi.state & NAPIF_STATE_NPSVC) === 0 && napi.list === null;
    if (work < weight) {
      if (kept) napi_diagnose(napi, NAPI_DIAG_NOT_COMPLETED, work);
      return;
    }
    napi.full_polls++;
    if (!kept) napi_diagnose(napi, NAPI_DIAG_COMPLETED_FULL, work);
    else if (napi_disable_pending(napi)) napi_complete(napi);
    else this.repoll.add(napi);
  }
}
