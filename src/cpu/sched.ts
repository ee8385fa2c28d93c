import { TASK_SLEEP } from './constants.js';
import type { Cpu } from './cpu.js';
import type { Task } from './task.js';

/** Priority `sched_set_fifo` gives: in the middle of the real-time range (unverified). */
const FIFO_PRIORITY = 50;

/** `sched_set_fifo`: makes a new task real-time, as interrupt threads are: it runs before all ordinary ones. */
export function sched_set_fifo(task: Task): void {
  task.rt_priority = FIFO_PRIORITY;
}

/**
 * `set_cpus_allowed_ptr` for one CPU: moves a sleeping task to `cpu` of its host. False, and nothing changes, while it runs, waits
 * to run, or is being woken: its owner tries again at the next wakeup.
 */
export function set_cpus_allowed(task: Task, cpu: number): boolean {
  const to = task.cpu.set.cpus[cpu];
  if (to === undefined || task.state !== TASK_SLEEP || task.waking) return false;
  task.cpu = to;
  return true;
}

/** `Cpu.resched` with a real-time task running or waiting: only a higher priority than that of `curr` is due. */
export function rt_resched(cpu: Cpu, curr: Task): boolean {
  const higher = cpu.rq.first().rt_priority - curr.rt_priority;
  if (higher !== 0) cpu.need_resched = higher > 0;
  return higher > 0;
}
