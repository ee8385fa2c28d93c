import { describe, expect, it } from 'vitest';
import { CpuError, CTX_HARDIRQ, CTX_TASK, spawn, TASK_EXIT, TASK_RUN, TASK_SLEEP } from '../../src/cpu/index.js';
import { LivelockError } from '../../src/sim/index.js';
import { at, costs, Line, machine, Probe, run, Script, sequence } from './support.js';

describe('blocks', () => {
  it('costed block: state is read at its start, effects apply at its end in order', () => {
    const set = machine();
    const log: string[] = [];
    const probe = set.sim.attach(new Probe((op, a) => log.push(`${set.sim.now} op ${op} a ${a}`)));
    spawn(
      set,
      sequence([
        (cpu) => {
          cpu.charge(100);
          cpu.effect(probe, 1, 10, 0);
          cpu.posted(probe, 2, 20, 0);
          cpu.effect(probe, 3, 30, 0);
          log.push(`${set.sim.now} body`);
        },
      ]),
      't',
    );
    run(set);
    expect(log).toEqual(['0 body', '100 op 1 a 10', '100 op 2 a 20', '100 op 3 a 30']);
  });

  it('posted writes, then a read: the read flushes the writes in order and leaves the wakeups for the end', () => {
    const set = machine();
    const log: string[] = [];
    const probe = set.sim.attach(new Probe((op) => log.push(`${set.sim.now} op ${op}`)));
    spawn(
      set,
      sequence([
        (cpu) => {
          cpu.posted(probe, 1, 0, 0);
          cpu.effect(probe, 2, 0, 0);
          cpu.posted(probe, 3, 0, 0);
          cpu.effect(probe, 4, 0, 0);
          cpu.flushPosted();
          log.push('read');
          cpu.posted(probe, 5, 0, 0);
          cpu.charge(7);
        },
      ]),
      't',
    );
    run(set);
    expect(log).toEqual(['0 op 1', '0 op 3', 'read', '7 op 2', '7 op 4', '7 op 5']);
  });

  it('more effects than the queue holds: all apply, in order', () => {
    const set = machine();
    const seen: number[] = [];
    const probe = set.sim.attach(new Probe((_op, a) => seen.push(a)));
    spawn(
      set,
      sequence([
        (cpu) => {
          for (let i = 0; i < 1000; i++) cpu.effect(probe, 0, i, 0);
        },
      ]),
      't',
    );
    run(set);
    expect(seen).toEqual(Array.from({ length: 1000 }, (_v, i) => i));
  });

  it('boot code: effects and posted writes apply at once', () => {
    const set = machine();
    const seen: number[] = [];
    const probe = set.sim.attach(new Probe((_op, a) => seen.push(a)));
    expect(set.current).toBeNull();
    set.cpus[0].posted(probe, 0, 1, 0);
    set.cpus[0].effect(probe, 0, 2, 0);
    expect(seen).toEqual([1, 2]);
  });

  it('zero-cost blocks: chain inline, in one event, at one instant', () => {
    const set = machine();
    let steps = 0;
    spawn(set, new Script(() => (++steps < 1000 ? TASK_RUN : TASK_EXIT)), 't');
    expect(set.sim.strong).toBe(1);
    run(set);
    expect(steps).toBe(1000);
    expect(set.sim.now).toBe(0);
    expect(set.cpus[0].cycles).toBe(0);
  });

  it('zero-cost task that never sleeps: a livelock error names it', () => {
    const set = machine({ maxBlocksPerInstant: 5000 });
    spawn(set, new Script(() => TASK_RUN), 'spinner');
    expect(() => run(set)).toThrow(LivelockError);
    expect(() => run(machineWithSpinner())).toThrow(/spinner/);
  });

  it('busy cpu, interrupt in mid-block: taken when the block ends', () => {
    const set = machine({ costs: costs({ irq_entry: 5 }) });
    const log: string[] = [];
    const line = new Line(set.cpus[0], (cpu, vector) => log.push(`${set.sim.now} vector ${vector} ctx ${cpu.ctx}`));
    spawn(
      set,
      sequence([
        (cpu) => cpu.charge(1000),
        (cpu) => {
          log.push(`${set.sim.now} second ctx ${cpu.ctx}`);
          cpu.charge(10);
        },
      ]),
      't',
    );
    at(set, 300, () => line.raise(33));
    at(set, 400, () => line.raise(34));
    run(set);
    expect(log).toEqual([
      `1000 vector 33 ctx ${CTX_HARDIRQ}`,
      `1005 vector 34 ctx ${CTX_HARDIRQ}`,
      `1010 second ctx ${CTX_TASK}`,
    ]);
  });

  it('idle cpu, interrupt: taken at that instant; interrupts off: when they are enabled again', () => {
    const set = machine();
    const log: number[] = [];
    const line = new Line(set.cpus[0], () => log.push(set.sim.now));
    at(set, 70, () => line.raise(33));
    at(set, 100, () => set.cpus[0].local_irq_disable());
    at(set, 110, () => line.raise(33));
    at(set, 500, () => set.cpus[0].local_irq_enable());
    run(set);
    expect(log).toEqual([70, 500]);
  });

  it('slow clock, interrupt between edges: the block starts at the next edge', () => {
    const set = machine({ costs: costs({ irq_entry: 2 }, 1_000_000) });
    const log: string[] = [];
    const end = set.sim.attach(new Probe(() => log.push(`end ${set.sim.now}`)));
    const line = new Line(set.cpus[0], (cpu) => {
      log.push(`start ${set.sim.now}`);
      cpu.effect(end, 0, 0, 0);
    });
    at(set, 1500, () => line.raise(33));
    run(set);
    expect(log).toEqual(['start 2000', 'end 4000']);
    expect(set.cpus[0].cycles).toBe(4);
  });

  it('3 GHz: blocks of one cycle end at the ceiling of k/3 ns, without drift', () => {
    const set = machine({ costs: costs({}, 3_000_000_000) });
    const ends: number[] = [];
    const probe = set.sim.attach(new Probe(() => ends.push(set.sim.now)));
    spawn(
      set,
      sequence(
        Array.from({ length: 7 }, () => (cpu) => {
          cpu.charge(1);
          cpu.effect(probe, 0, 0, 0);
        }),
      ),
      't',
    );
    run(set);
    expect(ends).toEqual([1, 1, 1, 2, 2, 2, 3]);
  });

  it('block of 2^31 cycles: refused', () => {
    const set = machine();
    spawn(set, sequence([(cpu) => cpu.charge(2 ** 31)]), 't');
    expect(() => run(set)).toThrow(CpuError);
    expect(set.current).toBeNull();
  });

  it('charges outside blocks: forgotten', () => {
    const set = machine();
    set.cpus[0].charge(500);
    spawn(
      set,
      new Script((cpu) => {
        cpu.charge(3);
        return TASK_SLEEP;
      }),
      't',
    );
    run(set);
    expect(set.cpus[0].cycles).toBe(3);
  });
});

function machineWithSpinner(): ReturnType<typeof machine> {
  const set = machine({ maxBlocksPerInstant: 100 });
  spawn(set, new Script(() => TASK_RUN), 'spinner');
  return set;
}
