import { describe, expect, it } from 'vitest';
import { cloneGraph, TP, type TraceView } from '../../src/sim/index.js';
import {
  corrupt,
  delay,
  drop,
  duplicate,
  FrameRecorder,
  Link,
  RawPort,
  reorder,
  type WireTap,
} from '../../src/wire/index.js';
import { At, codeOf, frame, Rig, Sink } from './support.js';

describe('a link going down', () => {
  it('loses what is queued, in flight and held, and what is sent meanwhile', () => {
    const rig = new Rig({ rate: '1Gbps', delay: '1us', faults: [reorder({ index: 4, by: 9 })] });
    for (let i = 0; i < 5; i++) rig.a.send(frame(i));
    const at = new At(rig.sim);
    at.at(2000, () => {
      rig.link.down();
      rig.a.send(frame(9));
    });
    rig.finish();
    expect(rig.arrivals()).toEqual([[1576, 0]]);
    expect(rig.link.carrier).toBe(false);
    expect(rig.link.a.stats()).toMatchObject({ sent: 6, delivered: 1, inFlight: 0, drops: { WIRE_DROP_DOWN: 5 } });
  });

  it('and up again tells both stations in order and carries on with an idle line', () => {
    const rig = new Rig({ rate: '1Gbps' });
    const link = new Link(rig.sim, rig.pool);
    const sinks = [new Sink(rig.pool), new Sink(rig.pool)];
    link.a.attach(sinks[0]);
    link.b.attach(sinks[1]);
    link.down();
    link.down();
    link.up();
    link.up();
    for (let i = 0; i < 100; i++) link.a.send(rig.pool.copyIn(frame()));
    link.down();
    link.up();
    link.a.freeAt();
    expect(rig.sim.at[0]).toBe(0);
    link.a.send(rig.pool.copyIn(frame()));
    rig.finish();
    expect(sinks.map((sink) => sink.carrier)).toEqual([
      [true, false, true, false, true],
      [true, false, true, false, true],
    ]);
    expect(sinks[1].arrived).toBe(1);
  });

  it('tells a raw port', () => {
    const rig = new Rig();
    expect(rig.a.up).toBe(true);
    rig.link.down();
    rig.finish();
    expect([rig.a.up, rig.b.up]).toEqual([false, false]);
  });
});

describe('one end of a link', () => {
  it('with nothing attached loses frames by that name', () => {
    const rig = new Rig();
    const link = new Link(rig.sim, rig.pool);
    link.a.send(rig.pool.copyIn(frame()));
    rig.finish();
    expect(link.a.stats().drops).toEqual({ WIRE_DROP_NO_STATION: 1 });
  });

  it('with a station refuses another', () => {
    const rig = new Rig();
    expect(codeOf(() => rig.link.a.attach(new Sink(rig.pool)))).toBe('LINK_ARGUMENT');
  });

  it('of links with one name has its own random stream', () => {
    const rig = new Rig({ name: 'x', faults: [drop({ ratio: '1/2' })] });
    const twin = new Link(rig.sim, rig.pool, { name: 'x' });
    expect(twin.name).toBe('x#2');
  });
});

describe('taps', () => {
  it('of both points see a frame before and after its faults, in order of time', () => {
    const rig = new Rig({ rate: '1Gbps', delay: 24, faults: [corrupt({ index: 1, bit: 0 })] });
    const recorder = new FrameRecorder(rig.pool, 'both');
    rig.link.tap(recorder);
    rig.a.send(frame(2));
    rig.a.send(frame(4));
    rig.b.send(frame(6));
    rig.drain();
    expect(rig.pool.live).toBe(4);
    const seen = recorder.records().map((r) => [r.time_ns, r.point, r.direction, r.bytes[0], r.badFcs]);
    expect(seen).toEqual([
      [0, 'sent', 'a->b', 2, false],
      [0, 'sent', 'b->a', 6, false],
      [600, 'delivered', 'a->b', 2, false],
      [600, 'delivered', 'b->a', 6, false],
      [672, 'sent', 'a->b', 4, false],
      [1272, 'delivered', 'a->b', 5, true],
    ]);
    recorder.release();
    rig.link.untap(recorder);
    rig.a.send(frame(8));
    rig.finish();
    expect(recorder.count()).toBe(0);
  });

  it('see no frame that the queue did not take', () => {
    const rig = new Rig({ queue: { frames: 0 } });
    const recorder = new FrameRecorder(rig.pool, 'sent');
    rig.link.tap(recorder);
    rig.a.send(frame());
    rig.a.send(frame());
    expect(recorder.count()).toBe(1);
    recorder.release();
    rig.finish();
  });
});

describe('a raw port', () => {
  it('pads short frames with zeros, or not', () => {
    const rig = new Rig();
    const runts = new Link(rig.sim, rig.pool);
    const bare = new RawPort(runts.a, { pad: false });
    const silent = new RawPort(runts.b, { record: false });
    const lengths: number[] = [];
    silent.onFrame = (one) => lengths.push(one.bytes.length);
    rig.a.send(Uint8Array.of(1, 2));
    bare.send(Uint8Array.of(1, 2));
    expect(codeOf(() => rig.a.send(new Uint8Array(0)))).toBe('FRAME_LENGTH');
    rig.finish();
    expect(rig.b.received[0].bytes).toEqual(Uint8Array.from({ length: 60 }, (_, i) => (i < 2 ? i + 1 : 0)));
    expect([lengths, silent.arrived, silent.received]).toEqual([[2], 1, []]);
  });

  it('sends with a wrong FCS on demand', () => {
    const rig = new Rig();
    rig.a.send(frame(), true);
    rig.finish();
    expect(rig.b.received[0].badFcs).toBe(true);
  });

  it('plays frames with their gaps, calling back at each arrival', () => {
    const rig = new Rig({ rate: 0 });
    const heard: number[] = [];
    rig.b.onFrame = (one) => heard.push(rig.sim.now, one.bytes[0]);
    const t0 = 1_700_000_000_000;
    rig.a.play(
      [
        { time_ns: t0, bytes: frame(1) },
        { time_ns: t0 + 500, bytes: frame(2) },
        { time_ns: t0 + 400, bytes: frame(3) },
        { time_ns: t0 + 900, bytes: frame(4) },
      ],
      50,
    );
    rig.finish();
    expect(heard).toEqual([50, 1, 550, 2, 550, 3, 950, 4]);
    expect(codeOf(() => rig.a.play([{ time_ns: 0.5, bytes: frame() }]))).toBe('PORT_ARGUMENT');
    expect(codeOf(() => rig.a.play([{ time_ns: 0, bytes: new Uint8Array(0) }]))).toBe('FRAME_LENGTH');
  });
});

/** What one run leaves behind. */
function digestOf(change: { delay?: number; seed?: number; bit?: number; fault?: boolean; tap?: WireTap }): string {
  const faults = change.fault ? [corrupt({ index: 2, bit: 77 })] : [];
  const rig = new Rig({ rate: '1Gbps', delay: change.delay ?? 1000, faults }, change.seed ?? 1);
  if (change.tap !== undefined) rig.link.tap(change.tap);
  for (let i = 0; i < 4; i++) {
    const bytes = frame(i, 100);
    if (i === 3 && change.bit !== undefined) bytes[change.bit >> 3] ^= 1 << (change.bit & 7);
    rig.a.send(bytes);
  }
  rig.drain();
  return rig.sim.digestHex();
}

describe('the digest', () => {
  it('changes with one bit, one ns of delay, the seed and a fault, and with nothing else', () => {
    const base = digestOf({});
    const tap: WireTap = { tapped: () => undefined };
    expect(digestOf({})).toBe(base);
    expect(digestOf({ tap })).toBe(base);
    const others = [
      digestOf({ delay: 1001 }),
      digestOf({ seed: 2 }),
      digestOf({ bit: 0 }),
      digestOf({ bit: 799 }),
      digestOf({ fault: true }),
    ];
    expect(new Set([base, ...others]).size).toBe(6);
  });
});

describe('the trace', () => {
  it('of a link tells sending, arrival and loss with one journey id per frame', () => {
    const rig = new Rig({ faults: [drop({ index: 1 }), duplicate({ index: 1 })] });
    const lines: number[][] = [];
    const records = (view: TraceView): void => {
      for (let i = 0; i < view.length; i++) {
        lines.push([view.time(i), view.id(i), view.who(i), view.journey(i), view.b(i), view.c(i)]);
      }
    };
    rig.sim.trace.addSink({ records });
    const journeys = [0, 1, 2].map((i) => rig.a.send(frame(i)));
    rig.finish();
    rig.sim.trace.flush();
    expect(journeys).toEqual([1, 2, 3]);
    const who = rig.link.id;
    expect(lines).toEqual([
      [0, TP.WIRE_TX, who, 1, 60, 0],
      [0, TP.WIRE_TX, who, 2, 60, 0],
      [0, TP.WIRE_DROP, who, 2, 60, 0],
      [0, TP.WIRE_TX, who, 3, 60, 0],
      [576, TP.WIRE_RX, who, 1, 60, 0],
      [1920, TP.WIRE_RX, who, 3, 60, 0],
      [1920, TP.WIRE_RX, who, 3, 60, 0],
    ]);
  });

  it('gives a frame without a journey id one, and keeps the one it has', () => {
    const rig = new Rig();
    const known = rig.pool.copyIn(frame());
    rig.pool.journey[known] = 4711;
    rig.link.a.send(known);
    rig.link.a.send(rig.pool.copyIn(frame()));
    rig.finish();
    expect(rig.b.received.map((one) => one.journey)).toEqual([4711, 1]);
  });
});

describe('a network cloned in mid-transfer', () => {
  it('goes on exactly as the original', () => {
    const faults = [
      drop({ ratio: '1/5' }),
      delay({ ratio: '1/3', by: '3us', jitter: '2us' }),
      reorder({ ratio: '1/4', by: 2, within: '20us' }),
      duplicate({ ratio: '1/4' }),
      corrupt({ ratio: '1/6' }),
    ];
    const rig = new Rig({ delay: '2us', faults, queue: { frames: 40 } });
    const frames = Array.from({ length: 300 }, (_, i) => ({
      time_ns: i * 400,
      bytes: frame(i & 255, 60 + (i % 7) * 30),
    }));
    rig.a.play(frames);
    rig.b.play(frames);
    rig.drain(40_000);
    expect(rig.link.a.inFlight).toBeGreaterThan(3);
    const copy = cloneGraph(rig);
    expect(copy.sim === rig.sim).toBe(false);
    rig.finish();
    const arrived = rig.b.arrived;
    expect(copy.b.arrived).toBeLessThan(arrived);
    copy.finish();
    expect(copy.sim.digestHex()).toBe(rig.sim.digestHex());
    expect(copy.b.received).toEqual(rig.b.received);
    expect(copy.link.a.stats()).toEqual(rig.link.a.stats());
  });
});
