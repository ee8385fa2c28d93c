import { describe, expect, it } from 'vitest';
import { Simulation, TP, TRACE_POINTS, type TraceSink, type TraceView } from '../../src/sim/index.js';

class Collect implements TraceSink {
  readonly rows: number[][] = [];
  ended = 0;
  records(v: TraceView): void {
    for (let i = 0; i < v.length; i++) {
      this.rows.push([
        v.time(i),
        v.cycle(i),
        v.id(i),
        v.who(i),
        v.journey(i),
        v.a(i),
        v.b(i),
        v.c(i),
        v.cpu(i),
        v.ctx(i),
      ]);
    }
  }
  end(): void {
    this.ended++;
  }
}

describe('trace ring', () => {
  it('more records than the ring holds reach every sink in order, none lost', async () => {
    const sim = new Simulation({ seed: 1 });
    const sink = new Collect();
    sim.trace.addSink(sink);
    const expected: number[][] = [];
    const target = sim.attach({
      handle: (_op, a) => {
        sim.trace.cpu = 0x101;
        sim.trace.ctx = a % 3;
        sim.trace.cycle[0] = a * 1e10;
        sim.trace.put(TP.DMA_READ, a, -a, a + 1, -1, 0x7fffffff);
        expected.push([sim.now, a * 1e10, TP.DMA_READ, a, 0 - a, a + 1, -1, 0x7fffffff, 0x101, a % 3]);
        if (a < 10_000) sim.schedule(1000, target, 0, a + 1, 0);
      },
    });
    sim.advanceTo(5_000_000_000_000);
    sim.post(target, 0, 1, 0);
    await sim.run();
    expect(sink.rows.length).toBe(10_000);
    // -0 does not exist in an Int32Array.
    expect(sink.rows).toEqual(expected);
    expect(sim.trace.drained).toBe(10_000);
  });

  it('sinks added and removed see exactly what was written between', () => {
    const { trace } = new Simulation({ seed: 1 });
    const [a, b] = [new Collect(), new Collect()];
    expect(trace.on).toBe(false);
    trace.addSink(a);
    trace.put(TP.MSI, 1, 0, 0, 0, 0);
    trace.addSink(b);
    trace.put(TP.MSI, 2, 0, 0, 0, 0);
    trace.removeSink(a);
    expect(trace.on).toBe(true);
    trace.put(TP.MSI, 3, 0, 0, 0, 0);
    trace.end();
    expect(trace.on).toBe(false);
    expect([a.rows.map((r) => r[3]), a.ended]).toEqual([[1, 2], 0]);
    expect([b.rows.map((r) => r[3]), b.ended]).toEqual([[2, 3], 1]);
    expect(a.rows[0].slice(8)).toEqual([-1, -1]);
  });

  it('the digest covers every record while tracing, whatever the sinks', () => {
    const digest = (values: number[], sinks: number, flushes: boolean): string => {
      const sim = new Simulation({ seed: 1 });
      for (let i = 0; i < sinks; i++) sim.trace.addSink(new Collect());
      for (const v of values) {
        sim.trace.put(TP.MSI, v, 0, 0, 0, 0);
        if (flushes) sim.trace.flush();
      }
      return sim.digestHex();
    };
    expect(digest([1, 2], 1, false)).toBe(digest([1, 2], 2, false));
    expect(digest([1, 2], 1, false)).not.toBe(digest([1, 3], 1, false));
    expect(digest([1, 2], 1, false)).not.toBe(digest([2, 1], 1, false));
    expect(digest([], 1, false)).not.toBe(digest([1], 1, false));
    // When the ring happens to be drained must not show.
    expect(digest([1, 2, 3], 1, true)).toBe(digest([1, 2, 3], 1, false));
  });

  it('journey ids count from 1', () => {
    const { trace } = new Simulation({ seed: 1 });
    expect([trace.newJourney(), trace.newJourney()]).toEqual([1, 2]);
  });
});

describe('trace points', () => {
  it('every id has one entry with its name and three argument names', () => {
    expect(TRACE_POINTS.length).toBe(Object.keys(TP).length + 1);
    for (const [name, id] of Object.entries(TP)) {
      expect(TRACE_POINTS[id]).toMatchObject({ id, name });
      expect(TRACE_POINTS[id].args.length).toBe(3);
    }
  });
});
