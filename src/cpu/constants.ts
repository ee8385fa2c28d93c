/** Execution context of a block: a task (user code, system calls, kernel threads). */
export const CTX_TASK = 0;
/** Execution context of a block: softirq. */
export const CTX_SOFTIRQ = 1;
/** Execution context of a block: hard interrupt. */
export const CTX_HARDIRQ = 2;

/** Result of {@link Runnable.step}: there is more to do. Also the state of a task that is running or queued to run. */
export const TASK_RUN = 0;
/** Result of {@link Runnable.step}: sleep until woken. Also the state of a sleeping task. */
export const TASK_SLEEP = 1;
/** Result of {@link Runnable.step}: the task ends. Also the state of an ended task. */
export const TASK_EXIT = 2;

/** Softirq numbers in the order they run (facts of `kernel/softirq.c`: HI, TIMER, NET_TX, NET_RX first). */
export const HI_SOFTIRQ = 0;
export const TIMER_SOFTIRQ = 1;
export const NET_TX_SOFTIRQ = 2;
export const NET_RX_SOFTIRQ = 3;
export const BLOCK_SOFTIRQ = 4;
export const IRQ_POLL_SOFTIRQ = 5;
export const TASKLET_SOFTIRQ = 6;
export const SCHED_SOFTIRQ = 7;
export const HRTIMER_SOFTIRQ = 8;
export const RCU_SOFTIRQ = 9;
/** Number of softirqs. */
export const NR_SOFTIRQS = 10;

/** Names of the softirqs by number, as `/proc/softirqs` prints them. */
export const softirqNames: readonly string[] = [
  'HI',
  'TIMER',
  'NET_TX',
  'NET_RX',
  'BLOCK',
  'IRQ_POLL',
  'TASKLET',
  'SCHED',
  'HRTIMER',
  'RCU',
];
