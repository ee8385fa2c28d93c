import { describe, expect, test } from 'vitest';
import { TP } from '../../src/sim/index.js';
import { PerfettoSink } from '../../src/sinks/index.js';
import { bench, datagram, record } from './support.js';

interface TraceEvent {
  ph: string;
  name: string;
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  id?: number;
  args?: Record<string, unknown>;
}

const events = (sink: PerfettoSink): TraceEvent[] => JSON.parse(sink.toJSON()).traceEvents as TraceEvent[];
/** Microseconds with three decimals are whole nanoseconds. */
const ns = (us: number): number => Math.round(us * 1000);

/** What goes wrong when slices are put on their tracks in the order of the file; empty if all of them nest. */
function nestingErrors(list: readonly TraceEvent[]): string[] {
  const errors: string[] = [];
  const stacks = new Map<number, { name: string; end: number }[]>();
  const slices = list.filter((e) => e.ph === 'X').map((e) => ({ e, at: ns(e.ts as number) }));
  slices.sort((x, y) => x.at - y.at);
  for (const { e, at } of slices) {
    const stack = stacks.get(e.tid) ?? [];
    stacks.set(e.tid, stack);
    while (stack.length > 0 && stack[stack.length - 1]!.end <= at) stack.pop();
    const end = at + ns(e.dur as number);
    const outer = stack.at(-1);
    if (outer !== undefined && end > outer.end) errors.push(`${e.name} at ${at} ends after ${outer.name}`);
    stack.push({ name: e.name, end });
  }
  return errors;
}

async function traced(): Promise<TraceEvent[]> {
  const b = await bench({ cpus: 2 });
  const sink = b.net.trace(new PerfettoSink({ hosts: new Map([[b.host.id, 'b "quoted"']]) }));
  for (let i = 0; i < 8; i++) b.port.send(datagram(20 + i, i === 7 ? { port: 7001 } : {}));
  await b.net.run();
  expect(b.received).toHaveLength(7);
  return events(sink);
}

describe('PerfettoSink', () => {
  test('a real trace: slices of a track nest', async () => {
    const list = await traced();
    expect(list.filter((e) => e.ph === 'X' && (e.dur as number) > 0).length).toBeGreaterThan(10);
    expect(nestingErrors(list)).toEqual([]);
  });

  test('the nesting check sees a slice that reaches over its neighbour', () => {
    const slice = (ts: number, dur: number): TraceEvent => ({ ph: 'X', name: 'x', pid: 1, tid: 1, ts, dur });
    expect(nestingErrors([slice(0, 2), slice(1, 2)])).toHaveLength(1);
    expect(nestingErrors([slice(0, 2), slice(1, 1), slice(2, 2), slice(2, 0)])).toEqual([]);
  });

  test('arrows: each journey one start, one end, steps between in order of time, each bound to a slice of its track', async () => {
    const list = await traced();
    const flows = new Map<number, TraceEvent[]>();
    for (const [i, e] of list.entries()) {
      if (!['s', 't', 'f'].includes(e.ph)) continue;
      flows.set(e.id as number, [...(flows.get(e.id as number) ?? []), e]);
      expect(list[i - 1]).toMatchObject({ ph: 'X', pid: e.pid, tid: e.tid, ts: e.ts });
    }
    expect(flows.size).toBe(8 + 1);
    for (const steps of flows.values()) {
      const phases = steps.map((e) => e.ph).join('');
      expect(phases).toMatch(/^st*f$/);
      const times = steps.map((e) => e.ts as number);
      expect(times).toEqual([...times].sort((x, y) => x - y));
    }
    const [first] = flows.values();
    expect(first?.length).toBeGreaterThanOrEqual(10);
    expect(new Set(first?.map((e) => e.pid)).size).toBe(2);
  });

  test('tracks are named before use, belong to one process, and are never number 0', async () => {
    const list = await traced();
    const named = new Map<number, number>();
    const processes = new Map<number, unknown>();
    for (const e of list) {
      if (e.ph === 'M' && e.name === 'thread_name') named.set(e.tid, e.pid);
      if (e.ph === 'M' && e.name === 'process_name') processes.set(e.pid, e.args?.['name']);
      if (e.ph !== 'M') expect(named.get(e.tid)).toBe(e.pid);
      expect(Math.min(e.tid, e.pid)).toBeGreaterThan(0);
    }
    expect([...processes.values()].sort()).toEqual(['b "quoted"', 'wire']);
    const tracks = list.filter((e) => e.name === 'thread_name').map((e) => e.args?.['name']);
    expect(tracks).toEqual(expect.arrayContaining(['link 1', 'devices', 'cpu0 hardirq', 'cpu0 softirq', 'cpu0 task']));
    expect(new Set(tracks).size).toBe(tracks.length);
  });

  test('what a device does is on its own track even while a CPU writes its register', () => {
    const sink = new PerfettoSink();
    sink.add(record({ id: TP.DMA_READ, name: 'DMA_READ', cpu: 0, ctx: 1 }));
    const [tid] = events(sink)
      .filter((e) => e.ph === 'X')
      .map((e) => e.tid);
    sink.add(record({ id: TP.MAC_FIFO, name: 'MAC_FIFO' }));
    expect(
      events(sink)
        .filter((e) => e.ph === 'X')
        .map((e) => e.tid),
    ).toEqual([tid, tid]);
  });

  test('a block that does not end and a journey of one point: no slice, no arrow', () => {
    const sink = new PerfettoSink();
    sink.add(record({ id: TP.BLOCK_START, name: 'BLOCK_START', cpu: 0, ctx: 1 }));
    sink.add(record({ id: TP.IP_RCV, name: 'IP_RCV', cpu: 0, ctx: 1, journey: 5 }));
    expect(
      events(sink)
        .filter((e) => e.ph !== 'M')
        .map((e) => `${e.ph} ${e.name}`),
    ).toEqual(['X IP_RCV']);
  });

  test('times beyond 2^53 ps keep their nanosecond', () => {
    const sink = new PerfettoSink();
    sink.add(record({ id: TP.TIMER, name: 'TIMER', time: 9_007_199_254_740_991 }));
    expect(sink.toJSON()).toContain('"ts":9007199254740.991,');
  });
});
