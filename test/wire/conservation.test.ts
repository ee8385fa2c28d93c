import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corrupt, delay, drop, duplicate, type Fault, reorder, truncate, type WirePort } from '../../src/wire/index.js';
import { runs } from '../support/fc.js';
import { frame, Rig } from './support.js';

const selector = fc.oneof(
  fc.tuple(fc.nat(4), fc.integer({ min: 4, max: 9 })).map(([num, den]) => ({ ratio: [num, den] as const })),
  fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }).map((index) => ({ index })),
  fc.integer({ min: 1, max: 7 }).map((every) => ({ every })),
);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  selector.map((by) => drop(by)),
  fc.tuple(selector, fc.integer({ min: 1, max: 3 })).map(([by, copies]) => duplicate({ ...by, copies })),
  fc.tuple(selector, fc.nat(20_000)).map(([by, ns]) => delay({ ...by, by: ns, jitter: ns >> 1 })),
  fc
    .tuple(selector, fc.integer({ min: 1, max: 5 }), fc.nat(9000))
    .map(([by, n, within]) => reorder({ ...by, by: n, within })),
  selector.map((by) => corrupt(by)),
  fc.tuple(selector, fc.integer({ min: 1, max: 80 })).map(([by, length]) => truncate({ ...by, length })),
);
type Step = (rig: Rig) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 3000 })).map(
      ([a, length]): Step =>
        (rig) => {
          (a ? rig.a : rig.b).send(frame(3, length));
        },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.nat(4000).map(
      (ns): Step =>
        (rig) =>
          rig.drain(rig.sim.now + ns),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.array(fault, { maxLength: 3 }).map(
      (faults): Step =>
        (rig) =>
          rig.link.setFaults(faults),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map(
      (up): Step =>
        (rig) =>
          up ? rig.link.up() : rig.link.down(),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 1e8, 1e9, 1e10).map(
      (rate): Step =>
        (rig) =>
          rig.link.setRate(rate),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(9000).map(
      (ns): Step =>
        (rig) =>
          rig.link.setDelay(ns),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(3).map(
      (frames): Step =>
        (rig) =>
          rig.link.setQueue({ frames }),
    ),
  },
);

function balance(port: WirePort): number {
  const { sent, duplicated, delivered, inFlight, drops } = port.stats();
  const lost = Object.values(drops).reduce((sum, count) => sum + count, 0);
  return sent + duplicated - delivered - lost - inFlight;
}

describe('frames on a link', () => {
  it('under random faults, rates, queues and losses of carrier are all accounted for at every instant', () => {
    fc.assert(
      fc.property(
        fc.array(fault, { maxLength: 4 }),
        fc.array(step, { maxLength: 60 }),
        fc.nat(1000),
        (faults, steps, seed) => {
          const rig = new Rig({ delay: 500, faults }, seed);
          for (const act of steps) {
            act(rig);
            expect([balance(rig.link.a), balance(rig.link.b)]).toEqual([0, 0]);
          }
          rig.drain();
          expect([balance(rig.link.a), balance(rig.link.b), rig.link.a.inFlight, rig.link.b.inFlight]).toEqual([
            0, 0, 0, 0,
          ]);
          expect(rig.b.arrived).toBe(rig.link.a.stats().delivered);
          rig.finish();
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it('under chains of rules arrive as often as a list of what each rule did says', () => {
    fc.assert(
      fc.property(fc.array(selector, { minLength: 1, maxLength: 3 }), fc.nat(60), fc.nat(99), (selectors, n, seed) => {
        const rig = new Rig(
          { rate: 0, faults: [duplicate({ every: 3, copies: 2 }), ...selectors.map((by) => drop(by))] },
          seed,
        );
        for (let i = 0; i < n; i++) rig.a.send(frame());
        rig.finish();
        const counts = rig.link.faultCounts('a->b');
        const copies = Math.floor(n / 3) * 2;
        expect(counts[0]).toEqual({ kind: 'duplicate', seen: n, hits: Math.floor(n / 3) });
        expect(counts[1].seen).toBe(n + copies);
        const lost = counts.slice(1).reduce((sum, count) => sum + count.hits, 0);
        for (let i = 2; i < counts.length; i++) expect(counts[i].seen).toBe(counts[i - 1].seen - counts[i - 1].hits);
        expect(rig.b.arrived).toBe(n + copies - lost);
      }),
      { numRuns: runs(100) },
    );
  });
});
