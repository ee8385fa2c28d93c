import { TP, TRACE_POINTS, type TraceSink, type TraceView } from '../sim/index.js';

/** Names of the contexts of a CPU, by `ctx`. */
export const CONTEXT_NAMES: readonly string[] = ['task', 'softirq', 'hardirq'];

/** Points whose `who` is a link or a switch, not a host. */
const ON_WIRE: ReadonlySet<number> = new Set<number>([TP.WIRE_TX, TP.WIRE_RX, TP.WIRE_DROP]);

/** One trace record as a plain object. */
export interface TraceRecord {
  /** Position in the trace, from 0. */
  index: number;
  /** Virtual time, ns. */
  time: number;
  /** Cycle of the running CPU at the start of its block; without meaning where `cpu` is -1. */
  cycle: number;
  /** Trace point id and name. */
  id: number;
  name: string;
  /** Host that wrote it (0: the wire). */
  host: number;
  /** CPU or device of that host (a NIC: its slot on the bus); on the wire the id of the link or switch. */
  unit: number;
  /** CPU whose block ran, -1 outside blocks. */
  cpu: number;
  /** Context of that block (0 task, 1 softirq, 2 hardirq), -1 outside blocks. */
  ctx: number;
  journey: number;
  a: number;
  b: number;
  c: number;
}

/** Copies record `i` out of the ring's view; `index` is its position in the whole trace. */
export function readRecord(view: TraceView, i: number, index: number): TraceRecord {
  const id = view.id(i);
  const cpu = view.cpu(i);
  const who = view.who(i);
  const onWire = ON_WIRE.has(id);
  return {
    index,
    time: view.time(i),
    cycle: view.cycle(i),
    id,
    name: TRACE_POINTS[id]?.name ?? `#${id}`,
    // What runs inside a block belongs to that CPU's host.
    host: onWire ? 0 : (cpu < 0 ? who : cpu) >> 8,
    unit: onWire ? who : who & 0xff,
    cpu: cpu < 0 ? -1 : cpu & 0xff,
    ctx: view.ctx(i),
    journey: view.journey(i),
    a: view.a(i),
    b: view.b(i),
    c: view.c(i),
  };
}

/** Keeps records in memory, for journeys, pictures and tests. */
export class TraceCollector implements TraceSink {
  readonly list: TraceRecord[] = [];
  /** Records not kept because `limit` was reached. */
  omitted: number = 0;
  private readonly limit: number;

  /** @param limit records kept at the most (default 1,000,000) */
  constructor(limit: number = 1_000_000) {
    this.limit = limit;
  }

  records(view: TraceView): void {
    for (let i = 0; i < view.length; i++) {
      if (this.list.length >= this.limit) this.omitted++;
      else this.list.push(readRecord(view, i, this.list.length));
    }
  }
}

/** Arguments that are addresses or register contents: 32 bits without a sign. */
const UNSIGNED: ReadonlySet<string> = new Set(['address', 'data', 'status', 'value']);

/** The named arguments of a record: `{ address: …, length: … }`. */
export function recordArgs(r: TraceRecord): Record<string, number> {
  const names = TRACE_POINTS[r.id]?.args ?? ['a', 'b', 'c'];
  const out: Record<string, number> = {};
  const values = [r.a, r.b, r.c];
  for (let i = 0; i < 3; i++) {
    const name = names[i];
    const value = values[i] as number;
    if (name !== undefined && name !== '') out[name] = UNSIGNED.has(name) ? value >>> 0 : value;
  }
  return out;
}
