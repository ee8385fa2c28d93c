import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/sim/index.js';
import { BitClock, CLOCK_FREE, CLOCK_LAST_BIT, CLOCK_START, FramePool, Link } from '../../src/wire/index.js';
import { runs } from '../support/fc.js';
import { At, codeOf, frame, Rig } from './support.js';

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

describe('frames back to back', () => {
  it('of 64 bytes at 1 Gb/s arrive exactly 672 ns apart', () => {
    const rig = new Rig({ rate: '1Gbps', delay: '1ms' });
    for (let i = 0; i < 50; i++) rig.a.send(frame(i));
    rig.drain();
    // Preamble 8 and frame 64 bytes at 8 ns, then the delay.
    expect(rig.arrivals()).toEqual(Array.from({ length: 50 }, (_, i) => [576 + 1_000_000 + 672 * i, i]));
  });

  it('of 64 bytes at 10 Gb/s do not drift', () => {
    const rig = new Rig({ rate: '10Gbps' });
    for (let i = 0; i < 1000; i++) rig.a.send(frame(i & 255));
    rig.link.a.freeAt();
    expect(rig.sim.at[0]).toBe(67_200);
    rig.drain();
    rig.b.received.forEach((one, i) => {
      expect(one.time_ns).toBe(Number(ceilDiv(BigInt(i) * 672n + 576n, 10n)));
    });
  });

  it('of 64 bytes, each sent at the instant the line is free, at 10 Gb/s do not drift either', () => {
    const rig = new Rig({ rate: '10Gbps' });
    const at = new At(rig.sim);
    let sent = 0;
    const next = (): void => {
      rig.a.send(frame());
      if (++sent === 1000) return;
      rig.link.a.freeAt();
      at.at(rig.sim.at[0], next);
    };
    at.at(0, next);
    rig.drain();
    rig.link.a.freeAt();
    expect(rig.b.arrived).toBe(1000);
    expect(rig.b.received[999].time_ns).toBe(Number(ceilDiv(999n * 672n + 576n, 10n)));
  });

  it.each([
    [60, 1_488_095],
    [124, 844_595],
    [508, 234_962],
    [1514, 81_274],
  ])('of %d bytes without FCS at 1 Gb/s make %d frames a second', (length, pps) => {
    const clock = new BitClock(new Float64Array(1), 1e9);
    clock.advance(length);
    expect(Math.round(1e9 / clock.slot[CLOCK_FREE])).toBe(pps);
  });

  it('shorter than 60 bytes take the time of 60', () => {
    const clock = new BitClock(new Float64Array(1), 1e9);
    clock.advance(20);
    expect(clock.slot[CLOCK_FREE]).toBe(672);
  });
});

describe('a bit clock', () => {
  it('at any rate, with any lengths and gaps, agrees with rational arithmetic', () => {
    const step = fc.record({
      length: fc.integer({ min: 1, max: 16382 }),
      wait: fc.oneof(fc.constant(0), fc.nat(200_000)),
    });
    const rate = fc.oneof(
      fc.constantFrom(1e7, 1e8, 1e9, 25e8, 1e10, 4e10, 1e11),
      fc.integer({ min: 1000, max: 2 ** 31 - 1 }),
    );
    fc.assert(
      fc.property(rate, fc.array(step, { minLength: 1, maxLength: 60 }), (bps, steps) => {
        const now = new Float64Array([2 ** 40]);
        const clock = new BitClock(now, bps);
        const R = BigInt(bps);
        // Exact time in 1 / R ns.
        let free = BigInt(now[0]) * R;
        for (const { length, wait } of steps) {
          now[0] += wait;
          clock.advance(length);
          const nowR = BigInt(now[0]) * R;
          if (ceilDiv(free, R) * R < nowR) free = nowR;
          const onMedium = BigInt(Math.max(length + 4, 64));
          expect(BigInt(clock.slot[CLOCK_START])).toBe(ceilDiv(free, R));
          expect(BigInt(clock.slot[CLOCK_LAST_BIT])).toBe(ceilDiv(free + (8n + onMedium) * 8n * 1_000_000_000n, R));
          free += (20n + onMedium) * 8n * 1_000_000_000n;
          expect(BigInt(clock.slot[CLOCK_FREE])).toBe(ceilDiv(free, R));
        }
      }),
      { numRuns: runs(150) },
    );
  });

  it.each([0, -1, 1.5, 2e12])('given the rate %d refuses', (rate) => {
    expect(codeOf(() => new BitClock(new Float64Array(1), rate))).toBe('LINK_ARGUMENT');
  });
});

describe('a link', () => {
  it('without a rate takes only the delay', () => {
    const rig = new Rig({ rate: 0, delay: 5 });
    rig.a.send(frame(1));
    rig.a.send(frame(2, 1514));
    rig.drain();
    expect(rig.arrivals()).toEqual([
      [5, 1],
      [5, 2],
    ]);
  });

  it('with its delay made smaller in mid-run lets the later frame overtake', () => {
    const rig = new Rig({ rate: 0, delay: 100 });
    rig.a.send(frame(1));
    rig.link.setDelay(10);
    rig.a.send(frame(2));
    rig.drain();
    expect(rig.arrivals()).toEqual([
      [10, 2],
      [100, 1],
    ]);
  });

  it('with its rate changed in mid-run of one direction holds to it for later frames only', () => {
    const rig = new Rig({ rate: '1Gbps' });
    rig.a.send(frame(1));
    rig.link.setRate('100Mbps', 'a->b');
    rig.a.send(frame(2));
    rig.b.send(frame(3));
    rig.drain();
    expect(rig.arrivals()).toEqual([
      [576, 1],
      [672 + 5760, 2],
    ]);
    expect(rig.a.received[0].time_ns).toBe(576);
  });

  it('with a queue of two frames loses the fourth', () => {
    const rig = new Rig({ rate: '1Gbps', queue: { frames: 2 } });
    for (let i = 1; i <= 4; i++) rig.a.send(frame(i));
    expect(rig.link.a.queuedFrames()).toBe(3);
    expect(rig.link.a.queuedBytes()).toBe(192);
    new At(rig.sim).at(672, () => {
      expect(rig.link.a.queuedFrames()).toBe(2);
      rig.a.send(frame(5));
      rig.a.send(frame(6));
    });
    rig.finish();
    expect(rig.arrivals().map(([, first]) => first)).toEqual([1, 2, 3, 5]);
    expect(rig.link.a.stats()).toMatchObject({ sent: 6, delivered: 4, drops: { WIRE_DROP_QUEUE: 2 }, inFlight: 0 });
    // The last bit arrived 96 ns before the gap behind it ends and the line is free.
    expect(rig.link.a.queuedBytes()).toBe(64);
    new At(rig.sim).at(rig.sim.now + 96, () => expect(rig.link.a.queuedBytes()).toBe(0));
    rig.drain();
  });

  it('with a queue in bytes counts frames with their FCS', () => {
    const rig = new Rig({ rate: '1Gbps', queue: { bytes: 1000 } });
    rig.a.send(frame(1, 1514));
    rig.a.send(frame(2, 932));
    rig.a.send(frame(3, 60));
    rig.a.send(frame(4, 60));
    rig.finish();
    expect(rig.arrivals().map(([, first]) => first)).toEqual([1, 2, 3]);
    expect(rig.link.a.stats().drops).toEqual({ WIRE_DROP_QUEUE: 1 });
  });

  it('with a queue that wraps around keeps its order', () => {
    const rig = new Rig({ rate: '1Gbps' });
    const at = new At(rig.sim);
    for (let burst = 0; burst < 6; burst++) {
      at.at(burst * 5000, () => {
        for (let i = 0; i < 20; i++) rig.a.send(frame(burst * 20 + i));
      });
    }
    rig.finish();
    expect(rig.arrivals().map(([, first]) => first)).toEqual(Array.from({ length: 120 }, (_, i) => i));
  });

  it.each([
    { rate: 'fast' },
    { rate: 2e12 },
    { delay: -1 },
    { queue: { frames: -1 } },
    { queue: { frames: 1.5 } },
  ])('given %j refuses with a code', (options) => {
    const sim = new Simulation({ seed: 1 });
    expect(codeOf(() => new Link(sim, new FramePool(sim), options))).toMatch(/^(UNIT|LINK_ARGUMENT)$/);
  });
});
