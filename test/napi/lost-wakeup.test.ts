import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NAPIF_STATE_SCHED } from '../../src/napi/index.js';
import { cloneGraph } from '../../src/sim/index.js';
import { costs } from '../cpu/support.js';
import { runs } from '../support/fc.js';
import {
  CauseClearedLate,
  EdgeDriver,
  LatchedDriver,
  MissedDropped,
  ModelNic,
  OP_PACKET,
  ScheduledIgnored,
  type StepCosts,
  UnmaskBeforeLook,
  UnmaskedDriver,
  UnmaskUnchecked,
} from './model-nic.js';
import { rig } from './support.js';

type DriverClass = new (step: StepCosts) => LatchedDriver;

interface Outcome {
  log: string;
  /** All taken, idle, not scheduled, unmasked. */
  sound: boolean;
}

const TWO: StepCosts = { irq: 2, packet: 2, look: 2, complete: 2 };

/** Runs the driver with packets at the given times until nothing more happens. */
function play(make: DriverClass, times: number[], step: StepCosts, weight: number = 64, cpus: number = 1): Outcome {
  const r = rig({ cpus, costs: costs({ softirq_entry: step.irq & 1 }) });
  const driver = new make(step);
  const nic = new ModelNic(r.set, driver);
  driver.nic = nic;
  driver.napi = r.napi(driver, weight);
  for (const t of times) {
    r.set.sim.at[0] = t;
    r.set.sim.scheduleAt(nic.target, OP_PACKET, 0, 0);
  }
  r.run();
  const idle = (driver.napi.state & NAPIF_STATE_SCHED) === 0 && driver.napi.list === null;
  const sound = nic.ring === 0 && driver.taken === times.length && idle && !nic.masked;
  return { log: nic.log, sound };
}

/** Up to three packets, the first at 0, the others at every ns of the time it takes to serve them. */
function everyOrder(make: DriverClass, weight: number): { logs: Set<string>; unsound: number; tried: number } {
  const logs = new Set<string>();
  let unsound = 0;
  let tried = 0;
  const one = (times: number[]): void => {
    const o = play(make, times, TWO, weight);
    logs.add(o.log);
    tried++;
    if (!o.sound) unsound++;
  };
  one([0]);
  for (let second = 0; second <= 20; second++) {
    one([0, second]);
    for (let third = second; third <= 34; third++) one([0, second, third]);
  }
  return { logs, unsound, tried };
}

const right: [string, DriverClass][] = [
  ['latched', LatchedDriver],
  ['edge, ring looked at after the unmask', EdgeDriver],
  ['never masked, MISSED only', UnmaskedDriver],
];

const mutants: [string, DriverClass][] = [
  ['MISSED dropped at completion', MissedDropped],
  ['MISSED never set', ScheduledIgnored],
  ['ring looked at before the unmask only', UnmaskUnchecked],
  ['unmasked before the look at the ring', UnmaskBeforeLook],
  ['cause cleared after the look at the ring', CauseClearedLate],
];

describe('no lost wakeup', () => {
  it.each(right)('%s driver, every order of up to three packets: all taken, idle, unmasked', (_name, make) => {
    for (const weight of [1, 2, 64]) {
      const { unsound, tried } = everyOrder(make, weight);
      expect(tried).toBe(547);
      expect(unsound).toBe(0);
    }
  });

  it('the orders tried: a packet comes between every two steps that follow each other, and with an interrupt of its own there', () => {
    const latched = [...everyOrder(LatchedDriver, 64).logs];
    for (const order of ['PP', 'IPK', 'KPC', 'CPU', 'UPI']) expect(latched.some((l) => l.includes(order))).toBe(true);
    const unmasked = [...everyOrder(UnmaskedDriver, 64).logs];
    // The interrupt between the look and the completion is what MISSED is for.
    for (const order of ['IPIK', 'KPIC', 'CPI']) expect(unmasked.some((l) => l.includes(order))).toBe(true);
  });

  it.each(mutants)('mutant, %s: is found', (_name, make) => {
    expect(everyOrder(make, 64).unsound).toBeGreaterThan(0);
  });

  it('copied in mid-poll at every ns: the copy goes on as the original does', () => {
    const whole = play(LatchedDriver, [0, 5, 9], TWO).log;
    for (let stop = 0; stop <= 30; stop++) {
      const r = rig({ costs: costs() });
      const driver = new LatchedDriver(TWO);
      const nic = new ModelNic(r.set, driver);
      driver.nic = nic;
      driver.napi = r.napi(driver);
      for (const t of [0, 5, 9]) {
        r.set.sim.at[0] = t;
        r.set.sim.scheduleAt(nic.target, OP_PACKET, 0, 0);
      }
      r.run(stop);
      const copy = cloneGraph(nic.lines[0]).driver;
      copy.napi.softnet.sim.drain(1_000_000);
      expect(copy.nic.log).toBe(whole);
      expect(copy.taken).toBe(3);
      r.run();
      expect(nic.log).toBe(whole);
    }
  });

  const cost = fc.integer({ min: 0, max: 5 });
  const scenario = fc.record({
    times: fc.array(fc.nat(200), { minLength: 1, maxLength: 30 }),
    step: fc.record({ irq: cost, packet: cost, look: cost, complete: cost }),
    weight: fc.integer({ min: 1, max: 8 }),
    cpus: fc.integer({ min: 1, max: 2 }),
    driver: fc.nat(2),
  });

  it('random packets, costs, weights and one or two cpus: all taken, idle, unmasked', () => {
    fc.assert(
      fc.property(scenario, ({ times, step, weight, cpus, driver }) => {
        const sorted = [...times].sort((a, b) => a - b);
        const o = play(right[driver][1], sorted, step, weight, cpus);
        expect(o).toMatchObject({ sound: true });
      }),
      { numRuns: runs(300) },
    );
  });
});
