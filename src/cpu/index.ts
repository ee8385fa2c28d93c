/** Virtual CPUs: contexts, blocks, cycle accounting, cost tables, softirqs, run queue, kernel timers (DESIGN §3). */
export {
  ACCT_BLOCKS,
  ACCT_CYCLES,
  ACCT_HARDIRQ,
  ACCT_IDLE,
  ACCT_INTERRUPTS,
  ACCT_SOFTIRQ,
  ACCT_SWITCHES,
  ACCT_SYSTEM,
  ACCT_TIMER_INTERRUPTS,
  ACCT_USER,
  type CpuStats,
} from './account.js';
export * from './constants.js';
export { type CostLine, type Costs, costLines } from './costs.js';
export { Cpu } from './cpu.js';
export { CpuSet, type CpuSetOptions, spawn, wake_up_process } from './cpu-set.js';
export { cyclesToNs, cyclesToTime, nsToCycles, timeToCycles } from './cycles.js';
export { CpuError, type CpuErrorCode } from './errors.js';
export type { InterruptController, VectorEntry } from './interrupts.js';
export { jiffiesAt, msecs_to_jiffies, time_after_eq, usecs_to_jiffies } from './jiffies.js';
export { KernelTimers } from './kernel-timers.js';
export { loadCostTable } from './load-costs.js';
export { type HostParams, type HostParamsInput, hostParams, type KsoftirqdRule } from './params.js';
export { sched_set_fifo, set_cpus_allowed } from './sched.js';
export type { SoftirqAction, Softirqs } from './softirq.js';
export { cpu_stats, proc_stat } from './stats.js';
export { lumpedCosts, zeroCosts } from './tables.js';
export { type Runnable, Task } from './task.js';
