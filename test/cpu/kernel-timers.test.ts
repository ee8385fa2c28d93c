import { describe, expect, it } from 'vitest';
import { CTX_SOFTIRQ, cpu_stats, KernelTimers, spawn } from '../../src/cpu/index.js';
import { at, costs, machine, Probe, run, sequence } from './support.js';

function rig(lines: Record<string, number> = {}, cpus: number = 1) {
  const set = machine({ cpus, costs: costs(lines) });
  const timers = new KernelTimers(set);
  const log: string[] = [];
  const target = set.sim.attach(
    new Probe((op, a, timer) => log.push(`${set.sim.now} op ${op} a ${a} timer ${timer} cpu ${set.current?.id}`)),
  );
  return { set, timers, log, target };
}

describe('kernel timers', () => {
  it('armed, due: interrupt, then the handler in a softirq block with its costs', () => {
    const { set, timers, log, target } = rig({ irq_entry: 10, softirq_entry: 3, timer: 4 });
    let ctx = -1;
    const seen = set.sim.attach(new Probe(() => (ctx = set.current?.ctx ?? -1)));
    timers.mod_timer(timers.createTimer(target, 1, 7), 1000);
    timers.mod_timer(timers.createTimer(seen, 0, 0), 1000);
    run(set);
    expect(log).toEqual(['1010 op 1 a 7 timer 0 cpu 0']);
    expect(ctx).toBe(CTX_SOFTIRQ);
    expect(cpu_stats(set.cpus[0])).toMatchObject({
      hardirq: 10,
      softirq: 3 + 4 + 4,
      interrupts: 0,
      timer_interrupts: 1,
    });
  });

  it('armed on cpu 1: expires there', () => {
    const { set, timers, log, target } = rig({}, 2);
    const timer = timers.createTimer(target, 1, 7);
    spawn(set, sequence([() => timers.mod_timer(timer, 500)]), 't', 1);
    run(set);
    expect(log).toEqual(['500 op 1 a 7 timer 0 cpu 1']);
  });

  it('moved, deleted, freed: only the last arming counts; del_timer tells whether it was pending', () => {
    const { set, timers, log, target } = rig();
    const a = timers.createTimer(target, 1, 0);
    const b = timers.createTimer(target, 2, 0);
    timers.mod_timer(a, 100);
    timers.mod_timer(a, 300);
    timers.mod_timer(b, 50);
    expect(timers.timer_pending(b)).toBe(true);
    expect(timers.del_timer(b)).toBe(true);
    expect(timers.del_timer(b)).toBe(false);
    expect(timers.timer_pending(b)).toBe(false);
    timers.freeTimer(b);
    const c = timers.createTimer(target, 3, 0);
    expect(c).toBe(b);
    set.sim.at[0] = 200;
    timers.mod_timerAt(c);
    run(set);
    expect(log).toEqual([`200 op 3 a 0 timer ${c} cpu 0`, `300 op 1 a 0 timer ${a} cpu 0`]);
  });

  it('expired while the cpu is busy: pending until its handler runs; it can still be deleted or moved', () => {
    const { set, timers, log, target } = rig();
    const kept = timers.createTimer(target, 1, 0);
    const deleted = timers.createTimer(target, 2, 0);
    const moved = timers.createTimer(target, 3, 0);
    for (const t of [kept, deleted, moved]) timers.mod_timer(t, 100);
    spawn(set, sequence([(cpu) => cpu.charge(1000)]), 't');
    at(set, 500, () => {
      expect(timers.timer_pending(kept)).toBe(true);
      expect(timers.del_timer(deleted)).toBe(true);
      timers.mod_timer(moved, 2000);
    });
    run(set);
    expect(log).toEqual(['1000 op 1 a 0 timer 0 cpu 0', '2500 op 3 a 0 timer 2 cpu 0']);
    expect(timers.timer_pending(kept)).toBe(false);
  });

  it('expired, moved and expired again while the cpu is busy: runs once, in the order of the last expiry', () => {
    const { set, timers, log, target } = rig();
    const a = timers.createTimer(target, 1, 0);
    const b = timers.createTimer(target, 2, 0);
    for (const t of [a, b]) timers.mod_timer(t, 100);
    spawn(set, sequence([(cpu) => cpu.charge(1000)]), 't');
    at(set, 200, () => timers.mod_timer(a, 100));
    run(set);
    expect(log).toEqual(['1000 op 2 a 0 timer 1 cpu 0', '1000 op 1 a 0 timer 0 cpu 0']);
  });

  it('weak timer: does not keep the simulation running', () => {
    const { set, timers, log, target } = rig();
    timers.mod_timer(timers.createTimer(target, 1, 0, true), 100);
    run(set);
    expect(log).toEqual([]);
    at(set, 150, () => {});
    run(set);
    expect(log).toEqual(['100 op 1 a 0 timer 0 cpu 0']);
  });
});
