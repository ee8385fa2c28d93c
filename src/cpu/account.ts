/** Slots of {@link Cpu.acct} (doubles, whole cycles or counts). */

/** Cycle number at the end of the last block, or at which the CPU went idle. */
export const ACCT_CYCLES = 0;
/** Cycles in task context charged as user time. */
export const ACCT_USER = 1;
/** Other cycles in task context. */
export const ACCT_SYSTEM = 2;
export const ACCT_SOFTIRQ = 3;
export const ACCT_HARDIRQ = 4;
export const ACCT_IDLE = 5;
/** Blocks ended, by context (CTX_TASK, CTX_SOFTIRQ, CTX_HARDIRQ from here on). */
export const ACCT_BLOCKS = 6;
/** Context switches between tasks. */
export const ACCT_SWITCHES = 9;
/** Interrupt vectors taken. */
export const ACCT_INTERRUPTS = 10;
/** Interrupts of the local timer taken (LOC in /proc/interrupts). */
export const ACCT_TIMER_INTERRUPTS = 11;
export const ACCT_SLOTS = 12;

/** Where the cycles of one CPU went: user + system + softirq + hardirq + idle = elapsed, exactly. */
export interface CpuStats {
  readonly cpu: number;
  /** Cycles since the CPU's epoch: to now when idle, to the end of the block under way when not. */
  readonly elapsed: number;
  readonly user: number;
  readonly system: number;
  readonly softirq: number;
  readonly hardirq: number;
  readonly idle: number;
  /** Blocks ended by context, and their sum. */
  readonly blocks: {
    readonly task: number;
    readonly softirq: number;
    readonly hardirq: number;
    readonly total: number;
  };
  readonly context_switches: number;
  /** Vectors taken, and interrupts of the local timer (kernel timers). */
  readonly interrupts: number;
  readonly timer_interrupts: number;
  /** Runs of the softirq pass loop, passes, and how often it left work to ksoftirqd. */
  readonly softirq_runs: number;
  readonly softirq_passes: number;
  readonly softirq_deferred: number;
}
