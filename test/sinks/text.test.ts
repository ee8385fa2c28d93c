import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TP, TRACE_POINTS, type TraceSink } from '../../src/sim/index.js';
import { formatRecord, JsonLinesSink, recordArgs, TextSink, TraceCollector } from '../../src/sinks/index.js';
import { runs } from '../support/fc.js';
import { bench, datagram, record } from './support.js';

/** The lines of a sink that writes lines, over the run of one datagram, and the collected records of the same run. */
async function linesOf(make: (write: (line: string) => void) => TraceSink): Promise<[string[], TraceCollector]> {
  const b = await bench();
  const lines: string[] = [];
  b.net.trace(make((line) => lines.push(line)));
  b.port.send(datagram(20));
  await b.net.run();
  return [lines, b.trace];
}

describe('text', () => {
  test('one line per record, as formatRecord writes it', async () => {
    const [lines, trace] = await linesOf((write) => new TextSink(write));
    expect(lines.length).toBeGreaterThan(20);
    expect(lines).toEqual(trace.list.map(formatRecord));
  });

  test('a record outside blocks, on the wire, and in a block', () => {
    const at = { time: 12_345_678_900, journey: 7 };
    expect(formatRecord(record({ ...at, id: TP.WIRE_TX, name: 'WIRE_TX', host: 0, a: 1, b: 64, c: 0 }))).toBe(
      '12.345678900 wire     -        WIRE_TX          #7 frame=1 length=64 direction=0',
    );
    expect(formatRecord(record({ ...at, id: TP.DMA_WRITE, name: 'DMA_WRITE', a: -4096, b: 64 }))).toBe(
      '12.345678900 host1    -        DMA_WRITE        #7 address=4294963200 length=64',
    );
    expect(formatRecord(record({ id: TP.VECTOR, name: 'VECTOR', cpu: 1, ctx: 2, a: 33 }))).toBe(
      '0.000000000 host1/1  hardirq  VECTOR           vector=33',
    );
  });

  test('a record of an unknown point, property: never throws, one line', () => {
    const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        int,
        int,
        int,
        fc.integer({ min: -1, max: 9 }),
        (id, a, b, c, ctx) => {
          const line = formatRecord(record({ id, name: TRACE_POINTS[id]?.name ?? `#${id}`, a, b, c, ctx }));
          expect(line).not.toMatch(/\n|undefined|NaN/);
        },
      ),
      { numRuns: runs(200) },
    );
  });
});

describe('JSON lines', () => {
  test('each line is an object with the place, the time and the named arguments', async () => {
    const [lines, trace] = await linesOf((write) => new JsonLinesSink(write));
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects).toHaveLength(trace.list.length);
    for (const [i, r] of trace.list.entries()) {
      const { time, cycle, name, host, cpu, ctx, journey } = r;
      expect(objects[i]).toEqual({ time, cycle, name, host, cpu, ctx, journey, ...recordArgs(r) });
    }
    expect(objects.find((o) => o['name'] === 'RECVFROM')).toMatchObject({ pid: 1, fd: 3, length: 20 });
  });

  test('no argument of any trace point hides a field of the line, or another argument', () => {
    const fields = ['time', 'cycle', 'name', 'host', 'cpu', 'ctx', 'journey'];
    for (const { name, args } of TRACE_POINTS) {
      const used = args.filter((arg) => arg !== '');
      expect([name, new Set([...fields, ...used]).size]).toEqual([name, fields.length + used.length]);
    }
  });
});

describe('TraceCollector', () => {
  test('limit reached: the rest is counted, not kept', async () => {
    const b = await bench();
    const small = b.net.trace(new TraceCollector(5));
    b.port.send(datagram(20));
    await b.net.run();
    expect(small.list).toEqual(b.trace.list.slice(0, 5));
    expect(small.omitted).toBe(b.trace.list.length - 5);
  });

  test('records of a run: numbered from 0, host and CPU from who wrote them', async () => {
    const b = await bench({ cpus: 2 });
    b.port.send(datagram(20));
    await b.net.run();
    expect(b.trace.list.map((r) => r.index)).toEqual(b.trace.list.map((_, i) => i));
    for (const r of b.trace.list)
      expect([r.name, r.host]).toEqual([r.name, r.name.startsWith('WIRE_') ? 0 : b.host.id]);
    for (const name of ['VECTOR', 'SOFTIRQ', 'NETIF_RECEIVE']) {
      expect(b.trace.list.filter((r) => r.name === name).every((r) => r.cpu === 0)).toBe(true);
    }
  });
});
