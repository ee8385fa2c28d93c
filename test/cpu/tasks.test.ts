import { describe, expect, it } from 'vitest';
import {
  type Cpu,
  CpuSet,
  HI_SOFTIRQ,
  spawn,
  TASK_EXIT,
  TASK_RUN,
  TASK_SLEEP,
  type Task,
  wake_up_process,
} from '../../src/cpu/index.js';
import { Simulation } from '../../src/sim/index.js';
import { Action, also, at, costs, Line, machine, run, Script, sequence } from './support.js';

/** Takes all there is, one a block; sleeps when there is nothing. */
class Consumer {
  stock: number = 0;
  taken: number = 0;
  readonly cost: number;
  constructor(cost: number) {
    this.cost = cost;
  }
  step(cpu: Cpu): number {
    cpu.charge(this.cost);
    if (this.stock === 0) return TASK_SLEEP;
    this.stock--;
    this.taken++;
    return TASK_RUN;
  }
}

/** Forgets a wakeup that lands while the task runs: what the check below must find. */
class LossyCpuSet extends CpuSet {
  override activate(task: Task): void {
    if (task.state === TASK_SLEEP) super.activate(task);
  }
}

/** Deliveries at all combinations of times, by an event or by a task of another CPU: how often something was left behind. */
function lostWakeups(make: (cpus: number) => CpuSet): { tried: number; lost: number } {
  let tried = 0;
  let lost = 0;
  for (let code = 0; code < 6 ** 3 * 4 * 3; code++) {
    const times = [code % 6, Math.floor(code / 6) % 6, Math.floor(code / 36) % 6];
    const cost = Math.floor(code / 216) % 4;
    const from = Math.floor(code / 864);
    const set = make(from === 2 ? 2 : 1);
    const consumer = new Consumer(cost);
    const task = spawn(set, consumer, 'consumer');
    const put = (): void => {
      consumer.stock++;
      wake_up_process(task);
    };
    if (from === 2) {
      // A producer on the other CPU: puts at the start of a block, the wakeup takes effect at its end.
      const blocks = times.map((t) => (cpu: Cpu) => also(put(), cpu.charge(t)));
      spawn(set, sequence(blocks), 'producer', 1);
    } else if (from === 1) {
      const blocks = times.map((t) => (cpu: Cpu) => also(put(), cpu.charge(t)));
      spawn(set, sequence(blocks), 'producer', 0);
    } else {
      for (const t of times) at(set, t, put);
    }
    run(set);
    tried++;
    if (consumer.stock !== 0 || consumer.taken !== 3 || task.state !== TASK_SLEEP) lost++;
  }
  return { tried, lost };
}

describe('wakeups', () => {
  it('every order of three deliveries and a consumer: none is lost', () => {
    const make = (cpus: number): CpuSet => machine({ cpus, costs: costs({ wake_remote: 2, wakeup: 1, switch: 1 }) });
    expect(lostWakeups(make)).toEqual({ tried: 2592, lost: 0 });
    expect(lostWakeups((cpus) => machine({ cpus }))).toEqual({ tried: 2592, lost: 0 });
  });

  it('a set that forgets wakeups of running tasks: is found by the same check', () => {
    const make = (cpus: number): CpuSet =>
      new LossyCpuSet(new Simulation({ seed: 1 }), { hostId: 1, cpus, costs: costs() });
    expect(lostWakeups(make).lost).toBeGreaterThan(100);
  });

  it('running task, wakeup in mid-block: its sleep is cancelled once', () => {
    const set = machine();
    const starts: number[] = [];
    const task = spawn(
      set,
      new Script((cpu) => {
        starts.push(set.sim.now);
        cpu.charge(100);
        return TASK_SLEEP;
      }),
      't',
    );
    at(set, 50, () => wake_up_process(task));
    at(set, 60, () => wake_up_process(task));
    run(set);
    expect(starts).toEqual([0, 100]);
  });

  it('wakeup from a block: lands at the end of that block', () => {
    const set = machine({ cpus: 2 });
    const starts: number[] = [];
    const sleeper = spawn(set, new Script(() => also(starts.push(set.sim.now), TASK_SLEEP)), 'sleeper');
    at(set, 10, () => {
      spawn(
        set,
        sequence([
          (cpu) => {
            wake_up_process(sleeper);
            cpu.charge(90);
          },
        ]),
        'waker',
        1,
      );
    });
    run(set);
    expect(starts).toEqual([0, 100]);
  });

  it('idle cpu woken by another: runs after wake_remote; a busy one sees it at its next boundary', () => {
    const set = machine({ cpus: 2, costs: costs({ wake_remote: 4000 }) });
    const starts: number[] = [];
    const sleeper = spawn(
      set,
      new Script((cpu) => {
        starts.push(set.sim.now);
        cpu.charge(10);
        return TASK_SLEEP;
      }),
      'sleeper',
    );
    spawn(
      set,
      sequence([
        (cpu) => cpu.charge(1000),
        (cpu) => also([wake_up_process(sleeper), wake_up_process(sleeper)], cpu.charge(500)),
        (cpu) => cpu.charge(4004),
        (cpu) => also(wake_up_process(sleeper), cpu.charge(1)),
      ]),
      'waker',
      1,
    );
    run(set);
    // At its spawn; at 1500 + 4000; the second wakeup (end of block at 5505) lands in the block that began at 5500.
    expect(starts).toEqual([0, 5500, 5510]);
  });

  it('cpu busy with another task, woken by another cpu: at its next boundary, without wake_remote', () => {
    const set = machine({ cpus: 2, costs: costs({ wake_remote: 4000 }) });
    const starts: number[] = [];
    const sleeper = spawn(set, new Script(() => also(starts.push(set.sim.now), TASK_SLEEP)), 'sleeper');
    spawn(set, sequence([(cpu) => cpu.charge(1000)]), 'busy');
    spawn(set, sequence([(cpu) => cpu.charge(500), () => wake_up_process(sleeper)]), 'waker', 1);
    run(set);
    expect(starts).toEqual([0, 1000]);
  });

  it('wakeups are charged to the waker, only for tasks that sleep', () => {
    const set = machine({ cpus: 2, costs: costs({ wakeup: 25 }) });
    const sleeper = spawn(set, new Script(() => TASK_SLEEP), 'sleeper');
    run(set);
    spawn(set, sequence([(_cpu) => wake_up_process(sleeper)]), 'waker', 1);
    run(set);
    expect(set.cpus[1].cycles).toBe(25);
  });

  it('ended task: its wakeups are ignored, also when its id went to another task', () => {
    const set = machine();
    const ended = spawn(set, new Script(() => TASK_EXIT), 'a');
    run(set);
    let steps = 0;
    const other = spawn(set, new Script(() => also(steps++, TASK_SLEEP)), 'b');
    run(set);
    expect(other.id).toBe(ended.id);
    wake_up_process(ended);
    spawn(set, sequence([() => wake_up_process(ended)]), 'waker');
    run(set);
    expect(steps).toBe(1);
    expect(ended.state).toBe(TASK_EXIT);
    expect(other.pid).not.toBe(ended.pid);
  });

  it('spawn from a block: the child starts at the end of that block', () => {
    const set = machine();
    const log: string[] = [];
    spawn(
      set,
      sequence([
        (cpu) => {
          spawn(set, sequence([() => log.push(`child ${set.sim.now}`)]), 'child');
          cpu.charge(40);
        },
      ]),
      'parent',
    );
    run(set);
    expect(log).toEqual(['child 40']);
  });
});

describe('scheduling', () => {
  /** A hog of 100-cycle blocks and a sleeper woken at 250; when the sleeper ran. */
  function wokenBesideHog(wakeup_preemption: boolean): number[] {
    const set = machine({ params: { wakeup_preemption, slice_ns: 1000 } });
    const ran: number[] = [];
    const sleeper = spawn(set, new Script(() => also(ran.push(set.sim.now), TASK_SLEEP)), 'sleeper');
    let blocks = 0;
    spawn(set, new Script((cpu) => also(cpu.charge(100), ++blocks < 30 ? TASK_RUN : TASK_EXIT)), 'hog');
    at(set, 250, () => wake_up_process(sleeper));
    run(set);
    return ran;
  }

  it('woken task, current one has had more time: preempts at the next boundary, with wakeup preemption only', () => {
    expect(wokenBesideHog(true)).toEqual([0, 300]);
    expect(wokenBesideHog(false)).toEqual([0, 1000]);
  });

  it('woken task that has had more time than the current one: waits for its turn', () => {
    const set = machine({ params: { slice_ns: 2000 } });
    const ran: number[] = [];
    const greedy = spawn(
      set,
      new Script((cpu) => {
        ran.push(set.sim.now);
        cpu.charge(1000);
        return TASK_SLEEP;
      }),
      'greedy',
    );
    run(set);
    let left = 40;
    spawn(set, new Script((cpu) => also(cpu.charge(100), --left > 0 ? TASK_RUN : TASK_EXIT)), 'hog');
    at(set, 1250, () => wake_up_process(greedy));
    run(set);
    expect(ran).toEqual([0, 3000]);
  });

  it('interrupted task: pays for its own blocks only, not for interrupts and softirqs on top of it', () => {
    const set = machine({ costs: costs({ irq_entry: 50 }) });
    set.open_softirq(HI_SOFTIRQ, () => new Action((cpu) => also(cpu.charge(500), false)));
    const line = new Line(set.cpus[0], (cpu) => cpu.raise_softirq(HI_SOFTIRQ));
    let left = 5;
    const task = spawn(set, new Script((cpu) => also(cpu.charge(100), --left > 0 ? TASK_RUN : TASK_SLEEP)), 't');
    at(set, 150, () => line.raise(33));
    run(set);
    expect(task.vruntime).toBe(500);
    expect(set.cpus[0].cycles).toBe(1050);
  });

  it('two hogs: take turns of one slice, and share evenly', () => {
    const set = machine({ params: { slice_ns: 300 } });
    const order: string[] = [];
    for (const name of ['a', 'b']) {
      let left = 6;
      spawn(
        set,
        new Script((cpu) => {
          order.push(name);
          cpu.charge(100);
          return --left > 0 ? TASK_RUN : TASK_EXIT;
        }),
        name,
      );
    }
    run(set);
    expect(order.join('')).toBe('aaabbbaaabbb');
  });

  it('a new task beside an old one: does not get the time the old one has had', () => {
    const set = machine({ params: { slice_ns: 1000 } });
    const order: string[] = [];
    const hog = (name: string, blocks: number): Script =>
      new Script((cpu) => {
        order.push(name);
        cpu.charge(500);
        return --blocks > 0 ? TASK_RUN : TASK_EXIT;
      });
    spawn(set, hog('a', 40), 'a');
    at(set, 10_000, () => spawn(set, hog('b', 20), 'b'));
    run(set);
    const early = order.slice(20, 32);
    expect(early.filter((n) => n === 'a').length).toBeGreaterThanOrEqual(4);
    expect(early.filter((n) => n === 'b').length).toBeGreaterThanOrEqual(4);
  });

  it('switching tasks costs a switch; going on with the same task does not', () => {
    const set = machine({ costs: costs({ switch: 7 }) });
    let n = 0;
    spawn(set, new Script(() => (++n < 5 ? TASK_RUN : TASK_SLEEP)), 'a');
    spawn(set, new Script(() => TASK_SLEEP), 'b');
    run(set);
    expect(set.cpus[0].cycles).toBe(14);
  });
});
