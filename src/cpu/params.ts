import { CpuError } from './errors.js';

/** Which pending softirqs run at interrupt exit while ksoftirqd is runnable: `v4.9` (4.9 to 6.4) none, `v6.5` (6.5 on) all. */
export type KsoftirqdRule = 'v4.9' | 'v6.5';

/** Kernel parameters of a host that decide scheduling. */
export interface HostParams {
  /** Ticks per second, 24..10000; jiffies and the softirq limits are quantised with it. */
  hz: number;
  ksoftirqd: KsoftirqdRule;
  /** A woken task that has had less CPU than the current one takes over at the next block boundary. */
  wakeup_preemption: boolean;
  /** CPU time (ns) a task runs before a waiting one gets its turn. */
  slice_ns: number;
  /** Passes of the softirq loop before ksoftirqd is woken (`MAX_SOFTIRQ_RESTART`). */
  max_restart: number;
  /** Time limit (ms) of the softirq loop, rounded up to jiffies (`MAX_SOFTIRQ_TIME`). */
  max_softirq_ms: number;
  /** Packets per NET_RX pass. */
  netdev_budget: number;
  /** Time limit (us) of a NET_RX pass, rounded up to jiffies. */
  netdev_budget_usecs: number;
}

/** The fields of {@link HostParams} one wants to change; `netdev_budget_usecs` follows `hz` (2 ticks) unless given. */
export type HostParamsInput = Partial<HostParams>;

function integer(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new CpuError('BAD_PARAM', `${name} must be an integer from ${low} to ${high}, not ${value}`);
  }
  return value;
}

/**
 * Fills in defaults (HZ 250, the v6.5 rule, wakeup preemption, 3 ms slice, 10 passes of at most 2 ms, budget 300 packets and 2 ticks).
 * Throws `CpuError` BAD_PARAM for a value out of range.
 */
export function hostParams(input: HostParamsInput = {}): HostParams {
  const hz = integer('hz', input.hz ?? 250, 24, 10_000);
  const ksoftirqd = input.ksoftirqd ?? 'v6.5';
  if (ksoftirqd !== 'v4.9' && ksoftirqd !== 'v6.5')
    throw new CpuError('BAD_PARAM', `unknown ksoftirqd rule ${ksoftirqd}`);
  return {
    hz,
    ksoftirqd,
    wakeup_preemption: input.wakeup_preemption ?? true,
    slice_ns: integer('slice_ns', input.slice_ns ?? 3_000_000, 1, 2_000_000_000),
    max_restart: integer('max_restart', input.max_restart ?? 10, 1, 1_000_000),
    max_softirq_ms: integer('max_softirq_ms', input.max_softirq_ms ?? 2, 0, 1_000_000),
    netdev_budget: integer('netdev_budget', input.netdev_budget ?? 300, 1, 0x7fffffff),
    netdev_budget_usecs: integer(
      'netdev_budget_usecs',
      input.netdev_budget_usecs ?? Math.floor(2_000_000 / hz),
      0,
      0x7fffffff,
    ),
  };
}
