import { TASK_SLEEP } from './constants.js';
import type { Cpu } from './cpu.js';

/** What a task runs: one call is one block. State it keeps must be plain data. */
export interface Runnable {
  /**
   * Runs one block and returns TASK_RUN, TASK_SLEEP or TASK_EXIT. It may be called again without a wakeup having a visible reason: look
   * at the state, then decide. A wakeup that lands after the call began cancels the sleep it returns.
   */
  step(cpu: Cpu, task: Task): number;
}

/** A schedulable task, bound to one CPU unless {@link set_cpus_allowed} moves it. Made by `spawn`. */
export class Task {
  /** Index in `CpuSet.tasks`; reused after exit. */
  readonly id: number;
  /** Process id in the host, never reused. */
  readonly pid: number;
  readonly name: string;
  cpu: Cpu;
  readonly runnable: Runnable;
  /** TASK_RUN (running or queued), TASK_SLEEP or TASK_EXIT. */
  state: number;
  /** A wakeup landed since its last block began. */
  woken: boolean;
  /** A wakeup from another CPU is on its way (TASK_WAKING). */
  waking: boolean;
  /** Weighted CPU time had, in cycles; what the run queue orders by. */
  vruntime: number;
  /** Cycles run since it was last picked. */
  ran: number;
  /** Order of arrival in the run queue. */
  order: number;
  /** Real-time priority (SCHED_FIFO): above every task of a lower one, first come first served; 0 for ordinary tasks. */
  rt_priority: number;

  constructor(id: number, pid: number, name: string, cpu: Cpu, runnable: Runnable) {
    this.id = id;
    this.pid = pid;
    this.name = name;
    this.cpu = cpu;
    this.runnable = runnable;
    this.state = TASK_SLEEP;
    this.woken = false;
    this.waking = false;
    this.vruntime = 0;
    this.ran = 0;
    this.order = 0;
    this.rt_priority = 0;
  }
}
