import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DeadlockError, LimitError, MICROTASK_HOPS, Simulation } from '../../src/sim/index.js';
import { FakeRuntime } from './fake-runtime.js';
import { Notes, Tasks } from './tasks.js';

function simulation(): { sim: Simulation; runtime: FakeRuntime; notes: Notes } {
  const runtime = new FakeRuntime();
  const sim = new Simulation({ seed: 1, runtime });
  return { sim, runtime, notes: new Notes(sim) };
}

describe('run without processes', () => {
  it('strong events pending drains them and leaves weak ones', async () => {
    const { sim, notes } = simulation();
    sim.schedule(5, notes.id, 1, 0, 0);
    sim.mod_timer(sim.createTimer(notes.id, 2, 0, true), 9);
    expect(await sim.run()).toEqual({ reason: 'idle', now: 5, events: 1 });
    expect(notes.log).toEqual([[5, 1]]);
  });

  it('until fires weak and strong events up to it and stands there', async () => {
    const { sim, notes } = simulation();
    sim.schedule(5, notes.id, 1, 0, 0);
    sim.mod_timer(sim.createTimer(notes.id, 2, 0, true), 1_000_000);
    sim.schedule(1_000_001, notes.id, 3, 0, 0);
    expect(await sim.run({ until: '1ms' })).toEqual({ reason: 'until', now: 1_000_000, events: 2 });
    expect(notes.log).toEqual([
      [5, 1],
      [1_000_000, 2],
    ]);
    expect(await sim.run()).toEqual({ reason: 'idle', now: 1_000_001, events: 1 });
  });

  it('more to do than the limit allows is a LimitError at the limit', async () => {
    const { sim, notes } = simulation();
    sim.schedule(5, notes.id, 1, 0, 0);
    sim.schedule(11, notes.id, 2, 0, 0);
    await expect(sim.run({ limit: 10 })).rejects.toThrow(LimitError);
    expect([sim.now, notes.log]).toEqual([10, [[5, 1]]]);
    expect((await sim.run({ limit: '1us' })).now).toBe(11);
  });

  it('an event that throws rejects the run, and the next run goes on', async () => {
    const { sim, notes } = simulation();
    const bad = sim.attach({
      handle: () => {
        throw new RangeError('bad');
      },
    });
    sim.schedule(1, bad, 0, 0, 0);
    sim.schedule(2, notes.id, 1, 0, 0);
    await expect(sim.run()).rejects.toThrow(RangeError);
    expect((await sim.run()).reason).toBe('idle');
    expect(notes.log).toEqual([[2, 1]]);
  });

  it('a second run at the same time is refused', async () => {
    const { sim } = simulation();
    const first = sim.run();
    await expect(sim.run()).rejects.toThrow(expect.objectContaining({ code: 'RUNNING' }));
    await first;
  });

  it('an aborted signal rejects with its reason, from the start or from inside', async () => {
    const { sim, notes } = simulation();
    await expect(sim.run({ signal: AbortSignal.abort(new Error('early')) })).rejects.toThrow('early');
    const abort = new AbortController();
    const busy = sim.attach({ handle: () => sim.schedule(1, busy, 0, 0, 0) });
    sim.schedule(1, busy, 0, 0, 0);
    sim.schedule(1, notes.id, 0, 0, 0);
    setImmediate(() => abort.abort(new Error('late')));
    await expect(sim.run({ signal: abort.signal })).rejects.toThrow('late');
  });
});

describe('run with processes', () => {
  it('the last foreground process exiting ends it, whatever daemons and events are left', async () => {
    const { sim, notes } = simulation();
    const tasks = new Tasks(sim);
    tasks.spawn(
      'daemon',
      async (sleep) => {
        for (;;) await sleep(10);
      },
      true,
    );
    tasks.spawn('a', async (sleep) => sleep(25));
    tasks.spawn('b', async (sleep) => sleep(35));
    sim.schedule(1000, notes.id, 1, 0, 0);
    const result = await sim.run();
    expect([result.reason, result.now, notes.log]).toEqual(['exited', 35, []]);
    expect(sim.strong).toBe(2);
  });

  it('processes interleave by virtual time only', async () => {
    const { sim } = simulation();
    const tasks = new Tasks(sim);
    const log: string[] = [];
    for (const [name, ns] of [
      ['a', 3],
      ['b', 2],
    ] as const) {
      tasks.spawn(name, async (sleep) => {
        for (let i = 0; i < 3; i++) {
          await sleep(ns);
          log.push(`${name}${sim.now}`);
        }
      });
    }
    await sim.run();
    expect(log).toEqual(['b2', 'a3', 'b4', 'a6', 'b6', 'a9']);
  });

  it('waiting processes and nothing to come is a DeadlockError that lists them', async () => {
    const { sim, notes } = simulation();
    const tasks = new Tasks(sim);
    tasks.spawn('reader', async (sleep) => sleep(-1));
    sim.mod_timer(sim.createTimer(notes.id, 1, 0, true), 5);
    sim.schedule(3, notes.id, 2, 0, 0);
    const error: unknown = await sim.run().catch((e) => e);
    expect(error).toBeInstanceOf(DeadlockError);
    const { blocked, message, code } = error as DeadlockError;
    expect(code).toBe('DEADLOCK');
    expect(blocked).toEqual([{ host: 'h', pid: 0, name: 'reader', syscall: 'pause', fd: 3 }]);
    expect(message).toContain('h pid 0 (reader) in pause fd 3');
    expect([sim.now, notes.log]).toEqual([3, [[3, 2]]]);
  });

  it('waiting processes under until are no deadlock', async () => {
    const { sim } = simulation();
    new Tasks(sim).spawn('reader', async (sleep) => sleep(-1));
    expect(await sim.run({ until: 500 })).toEqual({ reason: 'until', now: 500, events: 0 });
  });

  it('a task some microtasks away from its next call is awaited without a macrotask', async () => {
    const { sim, runtime, notes } = simulation();
    const tasks = new Tasks(sim);
    sim.schedule(11, notes.id, 1, 0, 0);
    const log: number[] = [];
    tasks.spawn('a', async (sleep) => {
      await sleep(10);
      for (let i = 0; i < MICROTASK_HOPS - 5; i++) await undefined;
      log.push(sim.now);
      await sleep(5);
    });
    await sim.run();
    expect([log, runtime.macrotasks, notes.log]).toEqual([[10], 0, [[11, 1]]]);
  });

  it('a task more than k microtasks away costs one macrotask and keeps its time', async () => {
    const { sim, runtime, notes } = simulation();
    const tasks = new Tasks(sim);
    sim.schedule(11, notes.id, 1, 0, 0);
    const log: number[] = [];
    tasks.spawn('a', async (sleep) => {
      await sleep(10);
      for (let i = 0; i < MICROTASK_HOPS * 3; i++) await undefined;
      log.push(sim.now);
    });
    await sim.run();
    expect([log, runtime.macrotasks, sim.outside]).toEqual([[10], 1, 0]);
  });

  it('tasks in user code of both epochs are told apart', async () => {
    const { sim } = simulation();
    const early = sim.taskWoken();
    sim.giveUpWoken();
    const late = sim.taskWoken();
    expect([sim.woken, sim.outside]).toEqual([1, 1]);
    sim.taskEntered(early);
    expect([sim.woken, sim.outside]).toEqual([1, 0]);
    sim.taskEntered(late);
    expect([sim.woken, sim.outside]).toEqual([0, 0]);
  });
});

describe('work outside', () => {
  it('a task awaiting outside is left behind, and awaited when nothing else is left', async () => {
    const { sim, runtime, notes } = simulation();
    const tasks = new Tasks(sim);
    for (let t = 20; t <= 40; t += 10) sim.schedule(t, notes.id, t, 0, 0);
    const log: number[] = [];
    tasks.spawn('a', async (sleep) => {
      await sleep(10);
      await pause(20);
      log.push(sim.now);
      await sleep(5);
      log.push(sim.now);
    });
    const result = await sim.run();
    expect([result.reason, log]).toEqual(['exited', [40, 45]]);
    expect(notes.log.map(([t]) => t)).toEqual([20, 30, 40]);
    // It waited for a notice, not by turning.
    expect(runtime.macrotasks).toBeLessThan(5);
  });

  it('a held promise stops virtual time but not the present instant', async () => {
    const { sim, notes } = simulation();
    const tasks = new Tasks(sim);
    sim.schedule(11, notes.id, 1, 0, 0);
    const log: number[] = [];
    tasks.spawn('a', async (sleep) => {
      await sleep(10);
      sim.post(notes.id, 2, 0, 0);
      const value = await sim.hold(pause(20, 7));
      log.push(sim.now, value);
      await sleep(0);
      log.push(sim.now);
    });
    await sim.run();
    expect([log, notes.log]).toEqual([[10, 7, 10], [[10, 2]]]);
  });

  it('a held promise that rejects lets time go on and rejects its awaiter', async () => {
    const { sim, notes } = simulation();
    const held = sim.hold(pause(5).then(() => Promise.reject(new Error('outside'))));
    sim.schedule(11, notes.id, 1, 0, 0);
    const run = sim.run();
    await expect(held).rejects.toThrow('outside');
    await run;
    expect([sim.holds, notes.log]).toEqual([0, [[11, 1]]]);
  });

  it('an abort ends a run that waits for a hold', async () => {
    const { sim } = simulation();
    sim.hold(new Promise(() => {}));
    const abort = new AbortController();
    setImmediate(() => abort.abort(new Error('enough')));
    await expect(sim.run({ signal: abort.signal })).rejects.toThrow('enough');
  });
});

describe('real pacing', () => {
  it('events fire when the wall clock has reached their time', async () => {
    const { sim, runtime } = simulation();
    const wall0 = runtime.wall;
    const early: number[] = [];
    const target = sim.attach({ handle: () => early.push(runtime.wall - wall0 - sim.now) });
    for (const ms of [0, 5, 5, 100, 3000]) sim.schedule(ms * 1_000_000, target, 0, 0, 0);
    expect((await sim.run({ pacing: 'real' })).now).toBe(3_000_000_000);
    expect(early.length).toBe(5);
    for (const ahead of early) expect(ahead).toBeGreaterThanOrEqual(0);
    expect(Math.max(...early)).toBeLessThan(1_000_000);
  });

  it('until is reached by the wall clock too', async () => {
    const { sim, runtime } = simulation();
    const wall0 = runtime.wall;
    expect((await sim.run({ pacing: 'real', until: '2s' })).now).toBe(2_000_000_000);
    expect(runtime.wall - wall0).toBeGreaterThanOrEqual(2_000_000_000);
  });

  it('an event from outside cuts a sleep short and stands at the wall time', async () => {
    const { sim, runtime, notes } = simulation();
    const tasks = new Tasks(sim);
    tasks.spawn('a', async (sleep) => sleep(1_000_000_000));
    runtime.onSleep = () => {
      runtime.onSleep = null;
      setImmediate(() => {
        sim.fromOutside();
        sim.post(notes.id, 1, 0, 0);
      });
      return 300_000_000;
    };
    const result = await sim.run({ pacing: 'real' });
    expect([notes.log, result.now]).toEqual([[[300_000_000, 1]], 1_000_000_000]);
    expect(runtime.sleeps.length).toBe(2);
  });

  it('an open source keeps waiting processes from being a deadlock', async () => {
    const { sim, notes } = simulation();
    const tasks = new Tasks(sim);
    tasks.spawn('reader', async (sleep) => sleep(-1));
    sim.openSource();
    setImmediate(() => {
      sim.fromOutside();
      sim.post(notes.id, 1, 0, 0);
      setImmediate(() => sim.closeSource());
    });
    await expect(sim.run({ pacing: 'real' })).rejects.toThrow(DeadlockError);
    expect(notes.log.length).toBe(1);
  });
});
