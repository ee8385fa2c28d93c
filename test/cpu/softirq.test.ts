import { describe, expect, it } from 'vitest';
import {
  type Cpu,
  CpuError,
  type CpuSet,
  CTX_SOFTIRQ,
  cpu_stats,
  HI_SOFTIRQ,
  type HostParamsInput,
  hostParams,
  jiffiesAt,
  msecs_to_jiffies,
  NET_RX_SOFTIRQ,
  NET_TX_SOFTIRQ,
  spawn,
  TASK_EXIT,
  TASK_RUN,
  TASK_SLEEP,
  type Task,
  time_after_eq,
  usecs_to_jiffies,
  wake_up_process,
} from '../../src/cpu/index.js';
import { Action, also, at, costs, Line, machine, run, Script, sequence } from './support.js';

/** A machine whose interrupt raises NET_RX; each step takes `cycles` and raises it again while `more(n)`. */
function flood(
  params: HostParamsInput,
  cycles: number,
  more: (n: number) => boolean,
  onStep: (cpu: Cpu, n: number) => void = () => {},
): { set: CpuSet; line: Line; steps: () => number } {
  const set = machine({ params });
  let n = 0;
  set.open_softirq(
    NET_RX_SOFTIRQ,
    () =>
      new Action((cpu) => {
        n++;
        cpu.charge(cycles);
        onStep(cpu, n);
        if (more(n)) cpu.raise_softirq(NET_RX_SOFTIRQ);
        return false;
      }),
  );
  const line = new Line(set.cpus[0], (cpu) => cpu.raise_softirq(NET_RX_SOFTIRQ));
  return { set, line, steps: () => n };
}

describe('jiffies', () => {
  it('milliseconds and microseconds round up to ticks', () => {
    expect([1000, 250, 100, 300].map((hz) => msecs_to_jiffies(2, hz))).toEqual([2, 1, 1, 1]);
    expect([1000, 250, 100].map((hz) => usecs_to_jiffies(hostParams({ hz }).netdev_budget_usecs, hz))).toEqual([
      2, 2, 2,
    ]);
    expect([1000, 250, 100].map((hz) => hostParams({ hz }).netdev_budget_usecs)).toEqual([2000, 8000, 20000]);
  });

  it('count ticks of the clock and wrap as int32', () => {
    expect(jiffiesAt(Float64Array.of(3_999_999), 250)).toBe(0);
    expect(jiffiesAt(Float64Array.of(4_000_000), 250)).toBe(1);
    expect(jiffiesAt(Float64Array.of(10_000_000), 300)).toBe(3);
    expect(jiffiesAt(Float64Array.of(2 ** 31 * 1_000_000), 1000)).toBe(-(2 ** 31));
    expect(time_after_eq(-(2 ** 31), 2 ** 31 - 1)).toBe(true);
    expect(time_after_eq(2 ** 31 - 1, -(2 ** 31))).toBe(false);
  });
});

describe('softirqs', () => {
  it('several raised: run lowest first, one block a step, with interrupts between', () => {
    const set = machine();
    const log: string[] = [];
    for (const nr of [NET_RX_SOFTIRQ, HI_SOFTIRQ, NET_TX_SOFTIRQ]) {
      let steps = 0;
      const body = (cpu: Cpu): boolean => {
        log.push(`${set.sim.now} softirq ${nr} ctx ${cpu.ctx}`);
        cpu.charge(100);
        return ++steps % 2 === 1;
      };
      set.open_softirq(nr, () => new Action(body));
    }
    const line = new Line(set.cpus[0], (cpu, vector) => {
      log.push(`${set.sim.now} irq ${vector}`);
      if (vector === 33) for (const nr of [NET_RX_SOFTIRQ, NET_TX_SOFTIRQ, HI_SOFTIRQ]) cpu.raise_softirq(nr);
    });
    at(set, 0, () => line.raise(33));
    at(set, 150, () => line.raise(34));
    run(set);
    const s = `ctx ${CTX_SOFTIRQ}`;
    expect(log).toEqual([
      '0 irq 33',
      `0 softirq 0 ${s}`,
      `100 softirq 0 ${s}`,
      '200 irq 34',
      `200 softirq 2 ${s}`,
      `300 softirq 2 ${s}`,
      `400 softirq 3 ${s}`,
      `500 softirq 3 ${s}`,
    ]);
    expect(cpu_stats(set.cpus[0])).toMatchObject({ softirq_runs: 1, softirq_passes: 1, softirq_deferred: 0 });
  });

  it('raised again in each pass: ten passes, then ksoftirqd goes on', () => {
    const f = flood({}, 10, (n) => n < 25);
    f.line.raise(33);
    run(f.set);
    const cpu = f.set.cpus[0];
    expect(f.steps()).toBe(25);
    // 10 at interrupt exit, 10 and 5 in ksoftirqd.
    expect(cpu_stats(cpu)).toMatchObject({ softirq_runs: 3, softirq_passes: 25, softirq_deferred: 2 });
    expect(cpu.ksoftirqd?.state).toBe(TASK_SLEEP);
    // All of it is softirq time, in ksoftirqd too.
    expect(cpu_stats(cpu).softirq).toBe(250);
  });

  it('raised by an interrupt within the loop: seen at the end of the pass, not deferred', () => {
    const f = flood({}, 100, () => false);
    f.line.raise(33);
    at(f.set, 50, () => f.line.raise(33));
    run(f.set);
    expect(cpu_stats(f.set.cpus[0])).toMatchObject({ softirq_runs: 1, softirq_passes: 2, softirq_deferred: 0 });
  });

  it.each([
    // The loop ends at the first pass end at or after the limit: 2 ms are 2 ticks at HZ 1000, 1 tick at 250 and 100.
    { hz: 1000, start: 0, passes: 4 },
    { hz: 1000, start: 900_000, passes: 3 },
    { hz: 250, start: 0, passes: 8 },
    { hz: 250, start: 3_900_000, passes: 1 },
    { hz: 100, start: 9_900_000, passes: 1 },
  ])('HZ $hz, started at $start ns, passes of 0.5 ms: $passes passes at interrupt exit', ({ hz, start, passes }) => {
    let deferredAt = 0;
    const f = flood(
      { hz, max_restart: 1000 },
      500_000,
      () => true,
      (cpu, n) => {
        if (cpu_stats(cpu).softirq_deferred === 0) deferredAt = n;
      },
    );
    at(f.set, start, () => f.line.raise(33));
    run(f.set, 50_000_000);
    expect(deferredAt).toBe(passes);
  });

  it('a task woken on the idle cpu: need_resched ends the loop after the pass', () => {
    const set = machine();
    const log: string[] = [];
    const task = spawn(set, new Script(() => also(log.push('task'), TASK_SLEEP)), 't');
    run(set);
    let n = 0;
    set.open_softirq(
      NET_RX_SOFTIRQ,
      () =>
        new Action((cpu) => {
          log.push('softirq');
          if (n === 0) wake_up_process(task);
          if (++n < 3) cpu.raise_softirq(NET_RX_SOFTIRQ);
          return false;
        }),
    );
    new Line(set.cpus[0], (cpu) => cpu.raise_softirq(NET_RX_SOFTIRQ)).raise(33);
    run(set);
    expect(log).toEqual(['task', 'softirq', 'task', 'softirq', 'softirq']);
    expect(cpu_stats(set.cpus[0]).softirq_deferred).toBe(1);
  });

  it('raised from a task: ksoftirqd runs it; with bottom halves off, at the end of the block', () => {
    const set = machine({ costs: costs({ switch: 7 }) });
    const log: string[] = [];
    set.open_softirq(NET_TX_SOFTIRQ, () => new Action((cpu) => also(log.push(`softirq by ${cpu.curr?.name}`), false)));
    spawn(
      set,
      sequence([
        (cpu) => {
          cpu.local_bh_disable();
          cpu.local_bh_disable();
          cpu.raise_softirq(NET_TX_SOFTIRQ);
          cpu.local_bh_enable();
          cpu.local_bh_enable();
          log.push('first');
        },
        (cpu) => {
          cpu.raise_softirq(NET_TX_SOFTIRQ);
          log.push('second');
        },
      ]),
      'task',
    );
    run(set);
    expect(log).toEqual(['first', 'softirq by task', 'second', 'softirq by ksoftirqd/0']);
  });

  it('raised from a task with bottom halves off: ksoftirqd is not woken', () => {
    const set = machine();
    set.open_softirq(NET_TX_SOFTIRQ, () => new Action(() => false));
    const raise = (cpu: Cpu): void => {
      cpu.local_bh_disable();
      cpu.raise_softirq(NET_TX_SOFTIRQ);
      cpu.local_bh_enable();
    };
    spawn(set, sequence([raise]), 'task');
    run(set);
    expect(cpu_stats(set.cpus[0])).toMatchObject({ context_switches: 1, softirq_runs: 1 });
  });

  it('raised by boot code: ksoftirqd runs it', () => {
    const set = machine();
    let by = '';
    set.open_softirq(
      NET_TX_SOFTIRQ,
      () =>
        new Action((cpu) => {
          by = `${cpu.curr?.name}`;
          return false;
        }),
    );
    set.cpus[0].raise_softirq(NET_TX_SOFTIRQ);
    run(set);
    expect(by).toBe('ksoftirqd/0');
  });

  it('no handler open: raising is refused; a block that leaves bottom halves off is refused', () => {
    const set = machine();
    expect(() => set.cpus[0].raise_softirq(NET_RX_SOFTIRQ)).toThrow(CpuError);
    spawn(set, sequence([(cpu) => cpu.local_bh_disable()]), 't');
    expect(() => run(set)).toThrow(/bottom halves/);
  });
});

describe('ksoftirqd rules', () => {
  /**
   * An interrupt every 1000 cycles raises NET_RX (600 cycles, a wakeup for the reader each time) over an endless loop of passes: how many
   * softirqs ran inline while ksoftirqd was runnable.
   */
  function inlineWhileKsoftirqd(rule: 'v4.9' | 'v6.5'): number {
    let inline = 0;
    const f = flood(
      { ksoftirqd: rule, wakeup_preemption: false, slice_ns: 100_000 },
      60,
      (n) => n % 11 !== 0,
      (cpu) => {
        if (cpu.ksoftirqd?.state === TASK_RUN && cpu.curr !== cpu.ksoftirqd) inline++;
      },
    );
    // A task that is always runnable keeps ksoftirqd waiting in the queue.
    let left = 3000;
    spawn(f.set, new Script((cpu) => also(cpu.charge(100), --left > 0 ? TASK_RUN : TASK_EXIT)), 'hog');
    for (let t = 1; t <= 60; t++) at(f.set, t * 1000, () => f.line.raise(33));
    run(f.set, 100_000);
    return inline;
  }

  it('ksoftirqd runnable, interrupt: v4.9 leaves softirqs to it, v6.5 runs them at interrupt exit', () => {
    expect(inlineWhileKsoftirqd('v4.9')).toBe(0);
    expect(inlineWhileKsoftirqd('v6.5')).toBeGreaterThan(100);
  });

  /** Cycles a reader gets beside a flood that never ends. */
  function readerShare(rule: 'v4.9' | 'v6.5'): number {
    const f = flood({ ksoftirqd: rule, slice_ns: 3_000_000 }, 400, () => true);
    let ran = 0;
    const reader: Task = spawn(
      f.set,
      new Script((cpu) => {
        cpu.charge(500);
        ran += 500;
        return TASK_RUN;
      }),
      'reader',
    );
    for (let t = 1; t <= 2000; t++) at(f.set, t * 10_000, () => f.line.raise(33));
    run(f.set, 20_000_000);
    expect(reader.state).toBe(TASK_RUN);
    return ran / 20_000_000;
  }

  it('endless softirqs beside a busy task: a fair half under v4.9, less under v6.5', () => {
    const fair = readerShare('v4.9');
    const inline = readerShare('v6.5');
    expect(fair).toBeGreaterThan(0.4);
    expect(fair).toBeLessThan(0.6);
    expect(inline).toBeLessThan(fair - 0.05);
  });
});
