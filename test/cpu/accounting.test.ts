import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Cpu,
  type CpuSet,
  CpuSet as CpuSetClass,
  type CpuStats,
  cpu_stats,
  cyclesToNs,
  HI_SOFTIRQ,
  proc_stat,
  spawn,
  TASK_RUN,
  TASK_SLEEP,
  wake_up_process,
} from '../../src/cpu/index.js';
import { cloneGraph, Simulation } from '../../src/sim/index.js';
import { runs } from '../support/fc.js';
import { Action, also, at, costs, Line, machine, run, Script } from './support.js';

function sum(s: CpuStats): number {
  return s.user + s.system + s.softirq + s.hardirq + s.idle;
}

const workload = fc.record({
  freq: fc.constantFrom(1_000_000_000, 3_000_000_000, 1_250_000_000, 7_000_000, 1_000_000),
  cpus: fc.integer({ min: 1, max: 3 }),
  rule: fc.constantFrom('v4.9' as const, 'v6.5' as const),
  preempt: fc.boolean(),
  tasks: fc.array(
    fc.record({
      cpu: fc.nat(2),
      blocks: fc.array(fc.record({ user: fc.nat(50), system: fc.nat(50), sleep: fc.boolean(), raise: fc.boolean() }), {
        maxLength: 8,
      }),
    }),
    { maxLength: 5 },
  ),
  events: fc.array(fc.record({ ns: fc.nat(5000), cpu: fc.nat(2), what: fc.nat(2), task: fc.nat(4) }), {
    maxLength: 20,
  }),
});

type Workload = typeof workload extends fc.Arbitrary<infer T> ? T : never;

interface Counts {
  blocks: number;
  charged: number;
}

/** Builds the machine; every block charges what it says and is counted by hand. */
function build(w: Workload, counts: Counts): CpuSet {
  const lines = { irq_entry: 9, softirq_entry: 3, switch: 5, wakeup: 2, wake_remote: 40, ksoftirqd: 1 };
  const set = new CpuSetClass(new Simulation({ seed: 1 }), {
    hostId: 1,
    cpus: w.cpus,
    costs: costs(lines, w.freq),
    params: { ksoftirqd: w.rule, wakeup_preemption: w.preempt, slice_ns: 60 },
  });
  const charge = (cpu: Cpu, cycles: number): void => {
    counts.blocks++;
    counts.charged += cycles;
    cpu.charge(cycles);
  };
  set.open_softirq(
    HI_SOFTIRQ,
    () =>
      new Action((cpu) => {
        charge(cpu, 11);
        return counts.blocks % 3 === 0;
      }),
  );
  const lines2 = set.cpus.map((cpu) => new Line(cpu, (c) => also(charge(c, 4), c.raise_softirq(HI_SOFTIRQ))));
  const tasks = w.tasks.map((t, i) => {
    let next = 0;
    const body = new Script((cpu) => {
      const block = t.blocks[next++];
      if (block === undefined) return also(counts.blocks++, TASK_SLEEP);
      cpu.chargeUser(block.user);
      counts.charged += block.user;
      charge(cpu, block.system);
      if (block.raise) cpu.raise_softirq(HI_SOFTIRQ);
      return block.sleep ? TASK_SLEEP : TASK_RUN;
    });
    return spawn(set, body, `t${i}`, t.cpu % w.cpus);
  });
  for (const e of w.events) {
    at(set, e.ns, () => {
      if (e.what === 0) lines2[e.cpu % w.cpus].raise(33);
      else if (tasks.length !== 0) wake_up_process(tasks[e.task % tasks.length]);
    });
  }
  return set;
}

describe('accounting', () => {
  it('any workload: user + system + softirq + hardirq + idle = elapsed, to the cycle, at every instant', () => {
    fc.assert(
      fc.property(workload, fc.array(fc.nat(8000), { minLength: 1, maxLength: 6 }), (w, stops) => {
        const counts = { blocks: 0, charged: 0 };
        const set = build(w, counts);
        for (const stop of [...stops].sort((a, b) => a - b)) {
          run(set, stop);
          for (const cpu of set.cpus) {
            const s = cpu_stats(cpu);
            expect(sum(s)).toBe(s.elapsed);
            if (!cpu.idle()) continue;
            // An idle CPU's count stands within one cycle of the clock.
            expect(Math.abs(cyclesToNs(s.elapsed, set.costs.num, set.costs.den) - set.sim.now)).toBeLessThanOrEqual(
              Math.ceil(set.costs.num / set.costs.den),
            );
          }
        }
        run(set, 1_000_000_000);
        const all = set.cpus.map(cpu_stats);
        const busy = all.reduce((n, s) => n + s.elapsed - s.idle, 0);
        const overhead = all.reduce((n, s) => n + s.interrupts * 9 + s.softirq_runs * 3 + s.context_switches * 5, 0);
        // What is left is the waker's share and ksoftirqd's rounds.
        expect(busy - overhead - counts.charged).toBeGreaterThanOrEqual(0);
        expect(all.reduce((n, s) => n + s.user, 0)).toBeLessThanOrEqual(counts.charged);
        expect(all.reduce((n, s) => n + s.blocks.total, 0)).toBeGreaterThanOrEqual(counts.blocks);
      }),
      { numRuns: runs(150) },
    );
  });

  it('user and system cycles of a task, hardirq and softirq of an interrupt: each in its column', () => {
    const set = machine({ costs: costs({ irq_entry: 100, softirq_entry: 10 }) });
    set.open_softirq(HI_SOFTIRQ, () => new Action((cpu) => also(cpu.charge(20), false)));
    const line = new Line(set.cpus[0], (cpu) => {
      cpu.charge(50);
      cpu.raise_softirq(HI_SOFTIRQ);
    });
    spawn(
      set,
      new Script((cpu) => {
        cpu.chargeUser(300);
        cpu.charge(70);
        return TASK_SLEEP;
      }),
      't',
    );
    at(set, 1000, () => line.raise(33));
    at(set, 2000, () => {});
    run(set);
    expect(cpu_stats(set.cpus[0])).toMatchObject({
      elapsed: 2000,
      user: 300,
      system: 70,
      softirq: 30,
      hardirq: 150,
      idle: 1450,
      blocks: { task: 1, softirq: 1, hardirq: 1, total: 3 },
      interrupts: 1,
    });
  });

  it('two cpus: run in parallel in virtual time', () => {
    const set = machine({ cpus: 2 });
    const ends: string[] = [];
    for (const id of [0, 1]) {
      let n = 0;
      const body = new Script((cpu) => {
        if (n !== 0) ends.push(`cpu${cpu.id} ${set.sim.now}`);
        cpu.charge(id === 0 ? 100 : 70);
        return ++n < 4 ? TASK_RUN : TASK_SLEEP;
      });
      spawn(set, body, `t${id}`, id);
    }
    run(set);
    expect(ends).toEqual(['cpu1 70', 'cpu0 100', 'cpu1 140', 'cpu0 200', 'cpu1 210', 'cpu0 300']);
    expect(set.sim.now).toBe(400);
    expect(set.cpus.map((cpu) => cpu_stats(cpu).system)).toEqual([400, 280]);
  });

  it('/proc/stat: ticks of 10 ms by column, one line per cpu', () => {
    const set = machine({ cpus: 2, costs: costs({ irq_entry: 30_000_000 }) });
    const line = new Line(set.cpus[1], () => {});
    spawn(set, new Script((cpu) => also([cpu.chargeUser(50_000_000), cpu.charge(20_000_000)], TASK_SLEEP)), 't');
    at(set, 10_000_000, () => line.raise(33));
    at(set, 100_000_000, () => {});
    run(set);
    expect(proc_stat(set).split('\n')).toEqual([
      'cpu  5 0 2 10 0 3 0 0 0 0',
      'cpu0 5 0 2 3 0 0 0 0 0 0',
      'cpu1 0 0 0 7 0 3 0 0 0 0',
      'ctxt 1',
      'processes 3',
      'procs_running 0',
      'softirq 0 0 0 0 0 0 0 0 0 0 0',
      '',
    ]);
  });

  it('clone of a machine in mid-run: goes on as the original does', () => {
    const set = cloneable(0);
    run(set, 777);
    const copy = cloneGraph(set);
    run(copy, 1_000_000);
    const before = cpu_stats(set.cpus[0]);
    run(set, 1_000_000);
    expect(copy.cpus.map(cpu_stats)).toEqual(set.cpus.map(cpu_stats));
    expect(copy.sim.now).toBe(set.sim.now);
    expect(cpu_stats(set.cpus[0])).not.toEqual(before);
  });
});

/** A runnable of plain data, as the clone asks for. */
class Countdown {
  left: number;
  constructor(left: number) {
    this.left = left;
  }
  step(cpu: Cpu): number {
    cpu.charge(37);
    return --this.left > 0 ? TASK_RUN : TASK_SLEEP;
  }
}

function cloneable(extra: number): CpuSet {
  const set = machine({ cpus: 2, params: { slice_ns: 100 }, costs: costs({ switch: 3 + extra }) });
  for (let i = 0; i < 5; i++) spawn(set, new Countdown(20 + i), `t${i}`, i & 1);
  return set;
}
