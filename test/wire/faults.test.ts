import { describe, expect, it } from 'vitest';
import {
  corrupt,
  delay,
  drop,
  duplicate,
  type Fault,
  type FaultContext,
  type FaultRule,
  reorder,
  rule,
  truncate,
} from '../../src/wire/index.js';
import { At, codeOf, frame, Rig } from './support.js';

/** First bytes in order of arrival after sending 0..n-1 one each microsecond over an ideal link. */
function order(faults: readonly Fault[], n: number): number[] {
  return send(faults, n)
    .arrivals()
    .map(([, first]) => first);
}

function send(faults: readonly Fault[], n: number, seed = 1): Rig {
  const rig = new Rig({ rate: 0, delay: '10us', faults }, seed);
  const at = new At(rig.sim);
  for (let i = 0; i < n; i++) at.at(i * 1000, () => rig.a.send(frame(i)));
  rig.finish();
  return rig;
}

describe('drop', () => {
  it('by index loses these frames of each direction', () => {
    expect(order([drop({ index: [3, 0] })], 6)).toEqual([1, 2, 4, 5]);
    const rig = new Rig({ faults: [drop({ index: 0 })] });
    rig.a.send(frame());
    rig.b.send(frame());
    rig.finish();
    expect([rig.a.arrived, rig.b.arrived]).toEqual([0, 0]);
  });

  it('by every loses each n-th', () => {
    expect(order([drop({ every: 3 })], 8)).toEqual([0, 1, 3, 4, 6, 7]);
  });

  it('by ratio loses about that share, and the same frames for the same seed', () => {
    const share = (seed: number) => {
      const rig = send([drop({ ratio: '1/10' })], 2000, seed);
      expect(rig.link.a.stats().drops['WIRE_DROP_FAULT']).toBe(2000 - rig.b.arrived);
      return rig.arrivals();
    };
    const first = share(1);
    expect(first.length).toBeGreaterThan(1700);
    expect(first.length).toBeLessThan(1900);
    expect(share(1)).toEqual(first);
    expect(share(2)).not.toEqual(first);
  });

  it('by ratio of none and of all does so', () => {
    expect(order([drop({ ratio: [0, 1] })], 50).length).toBe(50);
    expect(order([drop({ ratio: '1/1' })], 50).length).toBe(0);
  });

  it('with a rule before it that draws chance loses the same frames', () => {
    const alone = order([duplicate({ ratio: '0/5' }), drop({ ratio: '1/4' })], 200);
    expect(order([delay({ ratio: '1/2', by: 1, jitter: 1 }), drop({ ratio: '1/4' })], 200)).toEqual(alone);
  });
});

describe('duplicate', () => {
  it('delivers the copies at once behind the frame, without copying bytes', () => {
    const rig = new Rig({ rate: 0, delay: 10, faults: [duplicate({ index: 1, copies: 2 })] });
    for (let i = 0; i < 3; i++) rig.a.send(frame(i));
    expect(rig.pool.live).toBe(3);
    expect(rig.link.a.inFlight).toBe(5);
    rig.finish();
    expect(rig.arrivals()).toEqual([0, 1, 1, 1, 2].map((first) => [10, first]));
    expect(new Set(rig.b.received.map((one) => one.journey)).size).toBe(3);
    expect(rig.link.a.stats()).toMatchObject({ sent: 3, duplicated: 2, delivered: 5 });
  });

  it('before a drop has each copy judged by itself', () => {
    expect(order([duplicate({ every: 1 }), drop({ every: 2 })], 4)).toEqual([0, 1, 2, 3]);
  });
});

describe('delay', () => {
  it('lets later frames overtake', () => {
    const rig = send([delay({ index: 0, by: '1500ns' })], 3);
    expect(rig.arrivals()).toEqual([
      [11_000, 1],
      [11_500, 0],
      [12_000, 2],
    ]);
  });

  it('with jitter stays within it and varies', () => {
    const rig = send([delay({ every: 1, by: '5us', jitter: '1us' })], 100);
    const extra = rig.b.received.map((one) => one.time_ns - one.bytes[0] * 1000 - 10_000);
    expect(Math.min(...extra)).toBeGreaterThanOrEqual(4000);
    expect(Math.max(...extra)).toBeLessThanOrEqual(6000);
    expect(new Set(extra).size).toBeGreaterThan(50);
  });

  it('twice in a chain adds up', () => {
    const rig = send([delay({ every: 1, by: 3 }), delay({ every: 1, by: 4 })], 1);
    expect(rig.b.received[0].time_ns).toBe(10_007);
  });
});

describe('reorder', () => {
  it('by frames lets that many go ahead', () => {
    const rig = send([reorder({ index: 1, by: 3 })], 6);
    expect(rig.arrivals().map(([, first]) => first)).toEqual([0, 2, 3, 4, 1, 5]);
    expect(rig.arrivals()[4][0]).toBe(14_000);
  });

  it('by frames of two neighbours counts the one for the other', () => {
    expect(order([reorder({ index: [0, 1], by: 2 })], 5)).toEqual([2, 3, 0, 1, 4]);
    expect(
      order(
        [
          rule('r', (ctx) => {
            if (ctx.index === 0) ctx.reorder(2);
            if (ctx.index === 1) ctx.reorder(1);
          }),
        ],
        3,
      ),
    ).toEqual([2, 1, 0]);
  });

  it('by frames without enough later ones gives the frame out at its deadline', () => {
    const rig = send([reorder({ index: 0, by: 5, within: '2ms' })], 2);
    expect(rig.arrivals()).toEqual([
      [11_000, 1],
      [2_010_000, 0],
    ]);
  });

  it('by time holds the frame that long', () => {
    expect(order([reorder({ index: 1, by: '2500ns' })], 5)).toEqual([0, 2, 3, 1, 4]);
  });
});

describe('corrupt', () => {
  it('flips the bit told and leaves a bad FCS', () => {
    const rig = send([corrupt({ index: 1, bit: 13 })], 3);
    const expected = frame(1);
    expected[1] ^= 0x20;
    expect(rig.b.received[1]).toMatchObject({ bytes: expected, badFcs: true });
    expect(rig.b.received[0].badFcs).toBe(false);
  });

  it('with a recomputed FCS leaves the damage unnoticed', () => {
    const rig = send([corrupt({ every: 1, bit: 0, fcs: 'recomputed' })], 1);
    expect(rig.b.received[0]).toMatchObject({ badFcs: false });
    expect(rig.b.received[0].bytes[0]).toBe(1);
  });

  it('without a bit flips exactly one somewhere', () => {
    const rig = send([corrupt({ every: 1 })], 50);
    const places = rig.b.received.map(({ bytes }, i) => {
      const flipped = [...bytes].map((byte) => byte ^ i);
      expect(flipped.reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0)).toBe(1);
      return flipped.findIndex((byte) => byte !== 0);
    });
    expect(new Set(places).size).toBeGreaterThan(20);
  });

  it('of a bit of the FCS damages only that, and of a bit beyond nothing', () => {
    const rig = send([corrupt({ index: 0, bit: 480 }), corrupt({ index: 1, bit: 512 })], 2);
    expect(rig.b.received.map((one) => [one.bytes, one.badFcs])).toEqual([
      [frame(0), true],
      [frame(1), false],
    ]);
    expect(rig.link.faultCounts('a->b').map((count) => count.hits)).toEqual([1, 0]);
  });

  it('of one copy leaves the other whole', () => {
    const rig = send([duplicate({ every: 1 }), corrupt({ index: 0, bit: 0 })], 1);
    expect(rig.b.received.map((one) => one.bytes[0]).sort()).toEqual([0, 1]);
  });
});

describe('truncate', () => {
  it('keeps the first bytes with a bad FCS', () => {
    const rig = send([truncate({ index: 0, length: 20 }), truncate({ index: 1, length: 30, fcs: 'recomputed' })], 3);
    expect(rig.b.received.map((one) => [one.bytes.length, one.badFcs])).toEqual([
      [20, true],
      [30, false],
      [60, false],
    ]);
  });

  it('to no less than there is does nothing', () => {
    const rig = send([truncate({ every: 1, length: 60 })], 2);
    expect(rig.link.faultCounts('a->b')).toEqual([{ kind: 'truncate', seen: 2, hits: 0 }]);
    expect(rig.b.received[0].badFcs).toBe(false);
  });
});

/** Loses every frame whose first byte it has seen before. */
class Unrepeated implements FaultRule {
  readonly kind = 'unrepeated';
  readonly known: Set<number> = new Set();
  verdict(ctx: FaultContext): void {
    const first = ctx.byte(0);
    if (this.known.has(first)) ctx.drop();
    this.known.add(first);
  }
}

describe("a user's rule", () => {
  it('as an object may keep state', () => {
    expect(order([duplicate({ every: 2 }), new Unrepeated()], 5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('as a function sees the frame', () => {
    const seen: unknown[] = [];
    const look = (ctx: FaultContext): void => {
      seen.push([
        ctx.index,
        ctx.length,
        ctx.byte(3),
        ctx.byte(60),
        ctx.u16(0),
        ctx.u16(59),
        ctx.now(),
        ctx.direction,
        ctx.bytes(),
      ]);
      if (ctx.byte(0) === 1) ctx.drop();
    };
    const rig = send([look], 2);
    expect(seen).toEqual([
      [0, 60, 0, -1, 0, -1, 0, 'a->b', frame(0)],
      [1, 60, 1, -1, 0x0101, -1, 1000, 'a->b', frame(1)],
    ]);
    expect(rig.link.faultCounts('a->b')).toEqual([{ kind: 'rule', seen: 2, hits: 1 }]);
  });

  it('with several actions does them all', () => {
    const all = rule('all', (ctx) => {
      ctx.truncate(16);
      ctx.corrupt(0, true);
      ctx.duplicate(2);
      ctx.delay(7);
    });
    const rig = send([all], 1);
    const bytes = frame(0, 16);
    bytes[0] = 1;
    expect(rig.b.received.map((one) => [one.time_ns, one.bytes, one.badFcs])).toEqual(
      Array(3).fill([10_007, bytes, true]),
    );
    expect(rig.link.faultCounts('a->b')[0].kind).toBe('all');
  });

  it('with a bad argument gets a typed error', () => {
    for (const bad of [
      (ctx: FaultContext) => ctx.delay(-1),
      (ctx: FaultContext) => ctx.duplicate(0),
      (ctx: FaultContext) => ctx.reorder(1.5),
      (ctx: FaultContext) => ctx.corrupt(-1),
      (ctx: FaultContext) => ctx.truncate(0),
    ]) {
      expect(codeOf(() => new Rig({ faults: [bad] }).a.send(frame()))).toBe('FAULT_ARGUMENT');
    }
  });
});

describe('rules of a link', () => {
  it('changed in mid-run judge the frames sent from then on, and start to count anew', () => {
    const rig = new Rig({ rate: 0, faults: [drop({ every: 1 })] });
    rig.a.send(frame(1));
    rig.link.setFaults([drop({ index: 1 })], 'a->b');
    for (let i = 2; i <= 4; i++) rig.a.send(frame(i));
    rig.b.send(frame(5));
    rig.finish();
    expect(rig.arrivals().map(([, first]) => first)).toEqual([2, 4]);
    expect(rig.a.arrived).toBe(0);
    expect(rig.link.faultCounts('a->b')).toEqual([{ kind: 'drop', seen: 3, hits: 1 }]);
    expect(rig.link.faultCounts('b->a')).toEqual([{ kind: 'drop', seen: 1, hits: 1 }]);
  });

  it.each<[string, () => unknown, string]>([
    ['no selector', () => drop({}), 'FAULT_SELECTOR'],
    ['two selectors', () => drop({ index: 1, every: 2 }), 'FAULT_SELECTOR'],
    ['every 0', () => drop({ every: 0 }), 'FAULT_SELECTOR'],
    ['a negative index', () => drop({ index: [1, -1] }), 'FAULT_SELECTOR'],
    ['a ratio above 1', () => drop({ ratio: '3/2' }), 'UNIT'],
    ['a ratio as text of a fraction', () => drop({ ratio: '0.5' }), 'UNIT'],
    ['no copies', () => duplicate({ every: 1, copies: 0 }), 'FAULT_ARGUMENT'],
    ['a delay without unit', () => delay({ every: 1, by: '5' }), 'UNIT'],
    ['more jitter than delay', () => delay({ every: 1, by: 5, jitter: 6 }), 'FAULT_ARGUMENT'],
    ['reorder by nothing', () => reorder({ every: 1, by: 0 }), 'FAULT_ARGUMENT'],
    ['reorder by time within a time', () => reorder({ every: 1, by: '1ms', within: 5 }), 'FAULT_ARGUMENT'],
    ['half a bit', () => corrupt({ every: 1, bit: 0.5 }), 'FAULT_ARGUMENT'],
    ['another fcs', () => corrupt({ every: 1, fcs: 'good' as 'bad' }), 'FAULT_ARGUMENT'],
    ['an empty rest', () => truncate({ every: 1, length: 0 }), 'FAULT_ARGUMENT'],
    ['no rule at all', () => new Rig({ faults: [{} as FaultRule] }), 'FAULT_ARGUMENT'],
    ['no direction', () => new Rig().link.setFaults([], 'up' as 'a->b'), 'LINK_ARGUMENT'],
  ])('with %s are refused', (_name, call, code) => {
    expect(codeOf(call)).toBe(code);
  });
});
