import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue, HORIZON_NS, HorizonError, LivelockError, SimError } from '../../src/sim/index.js';
import { runs } from '../support/fc.js';
import { type Command, LANES, RealQueue, SortedList, TIMERS } from './model.js';

const TICK = 4194304;

/** Many ties, the wheel's tick and level boundaries, seconds, days. */
const delay: fc.Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 2, arbitrary: fc.constantFrom(672, 1000, 1_000_000) },
  fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -2, max: 2 })).map(([l, d]) => TICK * 64 ** l + d),
  fc.integer({ min: 0, max: 300 }).map((n) => n * TICK),
  fc.integer({ min: 0, max: 300 }).map((n) => n * 10_000_000),
  fc.integer({ min: 0, max: 86_400_000_000_000 }),
);
const op: fc.Arbitrary<number> = fc.nat(99);
const timer: fc.Arbitrary<number> = fc.nat(TIMERS - 1);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constant('post' as const), op }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('at' as const), delay, op }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lane' as const), lane: fc.nat(LANES - 1), delay, op }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('arm' as const), timer, delay }) },
  fc.record({ do: fc.constant('disarm' as const), timer }),
  fc.record({ do: fc.constant('recreate' as const), timer, weak: fc.boolean() }),
);
const batch: fc.Arbitrary<Command[]> = fc.array(command, { maxLength: 5 });
const start: fc.Arbitrary<number> = fc.constantFrom(0, TICK - 1, 2 ** 31 + 7, 5_000_000_000_000, 63 * TICK * 64 - 1);

describe('event queue', () => {
  it('any mix of events fires as from a sorted list', () => {
    fc.assert(
      fc.property(
        start,
        fc.array(fc.tuple(batch, delay), { minLength: 1, maxLength: 6 }),
        fc.array(batch, { maxLength: 60 }),
        (at, rounds, script) => {
          const real = new RealQueue(at, [...script]);
          const model = new SortedList(at, [...script]);
          let limit = at;
          for (const [commands, span] of rounds) {
            for (const c of commands) {
              real.command(c);
              model.command(c);
            }
            limit += span;
            real.drain(limit);
            model.drain(limit);
            expect(real.log).toEqual(model.log);
            expect(real.strong()).toBe(model.strong());
          }
          real.drain(HORIZON_NS);
          model.drain(HORIZON_NS);
          expect(real.log).toEqual(model.log);
          expect(real.strong()).toBe(0);
        },
      ),
      { numRuns: runs(400) },
    );
  });

  it('thousands of timers over days fire in order of (time, arming)', () => {
    const q = new EventQueue(1_000_000);
    const fired: [number, number][] = [];
    const target = q.attach({ handle: (_op, a) => fired.push([q.now, a]) });
    const expected: [number, number][] = [];
    let x = 1;
    for (let i = 0; i < 3000; i++) {
      x = (Math.imul(x, 1103515245) + 12345) | 0;
      const timer = q.createTimer(target, 0, i);
      // Times of very different size, several timers on each.
      const time = (x >>> 20) * 64 ** (i % 7);
      q.at[0] = time;
      q.mod_timerAt(timer);
      if (i % 3 === 0) q.del_timer(timer);
      else expected.push([time, i]);
    }
    q.drain(HORIZON_NS);
    expect(fired).toEqual(expected.sort((u, v) => u[0] - v[0] || u[1] - v[1]));
  });
});

describe('growth', () => {
  it('a wrapped instant FIFO and lane keep times and order while they grow', () => {
    const q = new EventQueue(1_000_000);
    const log: [number, number][] = [];
    const target = q.attach({ handle: (op) => log.push([q.now, op]) });
    const lane = q.createLane(target);
    const timer = q.createTimer(target, -1, 0);
    const expected: [number, number][] = [];
    let next = 0;
    // Odd counts move head and tail away from the start of both rings before they have to grow.
    for (const count of [11, 7, 201, 300, 5, 1100]) {
      const base = q.now;
      for (let i = 0; i < count; i++) {
        if (i === count >> 1) {
          q.mod_timer(timer, 0);
          expected.push([base, -1]);
        }
        q.post(target, next, 0, 0);
        expected.push([base, next++]);
      }
      for (let i = 0; i < count; i++) {
        q.at[0] = base + 1 + i;
        q.laneAt(lane, next, 0, 0);
        expected.push([base + 1 + i, next++]);
      }
      q.drain(base + count);
    }
    expect(log).toEqual(expected);
  });

  it('hundreds of near timers rearmed and disarmed at random fire in order', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { q, target, log } = logged();
        let x = seed | 0;
        const random = (n: number): number => {
          x = (Math.imul(x, 1664525) + 1013904223) | 0;
          return (x >>> 8) % n;
        };
        const timers = Array.from({ length: 300 }, (_, i) => q.createTimer(target, i, 0));
        const due = new Map<number, [number, number]>();
        for (let step = 0; step < 1500; step++) {
          const i = random(300);
          if (random(3) === 0) {
            q.del_timer(timers[i]);
            due.delete(i);
          } else {
            const time = random(2000);
            q.mod_timer(timers[i], time);
            due.set(i, [time, step]);
          }
        }
        q.drain(2000);
        const order = [...due].sort((u, v) => u[1][0] - v[1][0] || u[1][1] - v[1][1]);
        expect(log).toEqual(order.map(([i]) => i));
      }),
      { numRuns: runs(20) },
    );
  });
});

/** A queue and what its events wrote. */
function logged(maxInstant: number = 1_000_000): { q: EventQueue; target: number; log: number[] } {
  const q = new EventQueue(maxInstant);
  const log: number[] = [];
  const target = q.attach({ handle: (op) => log.push(op) });
  return { q, target, log };
}

describe('drain', () => {
  it('equal times fire first in, first out over all kinds', () => {
    const { q, target, log } = logged();
    const lane = q.createLane(target);
    const timer = q.createTimer(target, 3, 0);
    q.schedule(5, target, 1, 0, 0);
    q.at[0] = 5;
    q.laneAt(lane, 2, 0, 0);
    q.mod_timer(timer, 5);
    q.at[0] = 5;
    q.laneAt(lane, 4, 0, 0);
    q.schedule(5, target, 5, 0, 0);
    q.drain(5);
    expect(log).toEqual([1, 2, 3, 4, 5]);
  });

  it('a zero timer armed between two posts fires between them', () => {
    const { q, target, log } = logged();
    const timer = q.createTimer(target, 2, 0);
    q.post(target, 1, 0, 0);
    q.mod_timer(timer, 0);
    q.post(target, 3, 0, 0);
    q.drain(0);
    expect(log).toEqual([1, 2, 3]);
  });

  it('an event at the limit fires and one beyond stays', () => {
    const { q, target, log } = logged();
    q.schedule(10, target, 1, 0, 0);
    q.schedule(11, target, 2, 0, 0);
    q.drain(10);
    expect([log, q.now, q.strong]).toEqual([[1], 10, 1]);
  });

  it('only weak timers left ends', () => {
    const { q, target, log } = logged();
    const weak = q.createTimer(target, 9, 0, true);
    q.mod_timer(weak, 3);
    q.schedule(5, target, 1, 0, 0);
    q.mod_timer(q.createTimer(target, 8, 0, true), 7);
    q.drain(100);
    expect([log, q.now, q.strong]).toEqual([[9, 1], 5, 0]);
  });

  it('a woken task, stop and a hold end it', () => {
    const q = new EventQueue(1000);
    const log: number[] = [];
    const target = q.attach({
      handle: (op) => {
        log.push(op);
        if (op === 1) q.woken++;
        if (op === 2) q.stop();
        if (op === 3) q.holds++;
      },
    });
    for (const op of [1, 2, 3, 4]) q.schedule(op, target, op, 0, 0);
    q.post(target, 0, 0, 0);
    q.drain(100);
    expect(log).toEqual([0, 1]);
    q.woken--;
    q.drain(100);
    expect(log).toEqual([0, 1, 2]);
    q.drain(100);
    q.post(target, 5, 0, 0);
    q.drain(100);
    // Under the hold the present instant goes on, time does not.
    expect([log, q.now]).toEqual([[0, 1, 2, 3, 5], 3]);
    q.holds--;
    q.drain(100);
    expect(log).toEqual([0, 1, 2, 3, 5, 4]);
  });

  it('called from an event is refused, and the queue goes on after an event threw', () => {
    const q = new EventQueue(1000);
    let fired = 0;
    const target = q.attach({
      handle: (op) => {
        fired++;
        if (op === 1) q.drain(1);
      },
    });
    q.post(target, 1, 0, 0);
    q.post(target, 2, 0, 0);
    expect(() => q.drain(1)).toThrow(expect.objectContaining({ code: 'REENTRANT' }));
    q.drain(1);
    expect(fired).toBe(2);
  });

  it('more than a slice of events drains in one call', () => {
    const q = new EventQueue(1_000_000);
    let left = 200_000;
    const target = q.attach({ handle: () => left-- > 0 && q.schedule(1, target, 0, 0, 0) });
    q.post(target, 0, 0, 0);
    q.drain(HORIZON_NS);
    expect([left, q.now, q.events]).toEqual([-1, 200_000, 200_001]);
  });
});

describe('times', () => {
  it.each([
    ['past', 4],
    ['fractional', 7.5],
    ['beyond the horizon', HORIZON_NS],
    ['not a number', Number.NaN],
  ])('a %s time is a HorizonError for every kind', (what, time) => {
    const { q, target } = logged();
    q.advanceTo(5);
    const lane = q.createLane(target);
    const timer = q.createTimer(target, 0, 0);
    q.at[0] = time;
    expect(() => q.scheduleAt(target, 0, 0, 0)).toThrow(HorizonError);
    expect(() => q.laneAt(lane, 0, 0, 0)).toThrow(HorizonError);
    if (what !== 'past') expect(() => q.mod_timerAt(timer)).toThrow(HorizonError);
    expect(q.strong).toBe(0);
  });

  it('a past timer means now', () => {
    const { q, target, log } = logged();
    q.advanceTo(5);
    q.mod_timer(q.createTimer(target, 1, 0), -3);
    q.drain(5);
    expect([log, q.now]).toEqual([[1], 5]);
  });

  it('a lane going back in time is a HorizonError', () => {
    const { q, target } = logged();
    const lane = q.createLane(target);
    q.at[0] = 9;
    q.laneAt(lane, 0, 0, 0);
    q.at[0] = 8;
    expect(() => q.laneAt(lane, 0, 0, 0)).toThrow(HorizonError);
  });

  it('the last nanosecond before the horizon fires', () => {
    const { q, target, log } = logged();
    q.at[0] = HORIZON_NS - 1;
    q.scheduleAt(target, 1, 0, 0);
    q.mod_timerAt(q.createTimer(target, 2, 0));
    q.drain(HORIZON_NS);
    expect([log, q.now]).toEqual([[1, 2], HORIZON_NS - 1]);
    expect(() => q.schedule(1, target, 1, 0, 0)).toThrow(HorizonError);
  });

  it('an id that is no timer is refused', () => {
    const { q, target } = logged();
    const timer = q.createTimer(target, 0, 0);
    q.freeTimer(timer);
    expect(() => q.mod_timer(timer, 1)).toThrow(SimError);
    expect(() => q.del_timer(timer)).toThrow(expect.objectContaining({ code: 'BAD_TIMER' }));
    expect(q.strong).toBe(0);
  });
});

class Ping {
  private readonly q: EventQueue;
  peer: number;
  readonly id: number;
  readonly timer: number;
  constructor(q: EventQueue) {
    this.q = q;
    this.id = q.attach(this);
    this.peer = this.id;
    this.timer = q.createTimer(this.id, 9, 0);
  }
  handle(op: number): void {
    if (op === 9) this.q.post(this.peer, 7, 0, 0);
    else this.q.mod_timer(this.timer, 0);
  }
}
class Pong extends Ping {}

describe('livelock', () => {
  it('two targets that call each other at one instant are named with their cycle', () => {
    const q = new EventQueue(1000);
    const ping = new Ping(q);
    const pong = new Pong(q);
    ping.peer = pong.id;
    pong.peer = ping.id;
    q.schedule(50, ping.id, 7, 0, 0);
    let error: unknown;
    try {
      q.drain(100);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(LivelockError);
    const { cycle, message, code, repeats } = error as LivelockError;
    expect(code).toBe('LIVELOCK');
    expect(repeats).toBe(true);
    const steps = ['Ping#0 op 7', 'Ping#0 op 9', 'Pong#1 op 7', 'Pong#1 op 9'];
    const found = cycle.map((s) => `${s.name}#${s.target} op ${s.op}`);
    expect([...found].sort()).toEqual(steps);
    expect(message).toContain(found.join(' -> '));
    expect(message).toContain('at 50 ns');
  });

  it('exactly the allowed number of events at one instant passes, one more does not', () => {
    const run = (count: number): EventQueue => {
      const { q, target } = logged(100);
      for (let i = 0; i < count; i++) q.post(target, i, 0, 0);
      q.drain(0);
      return q;
    };
    expect(run(100).events).toBe(100);
    expect(() => run(101)).toThrow(LivelockError);
  });

  it('the count starts again when time advances and goes on over drains', () => {
    const { q, target } = logged(100);
    for (let t = 0; t < 50; t++) for (let i = 0; i < 90; i++) q.schedule(t, target, 0, 0, 0);
    q.drain(100);
    expect(q.events).toBe(4500);
    const again = logged(100);
    expect(() => {
      for (let i = 0; i < 101; i++) {
        again.q.post(again.target, 0, 0, 0);
        again.q.drain(0);
      }
    }).toThrow(LivelockError);
  });
});
