import { TP, type TraceSink, type TraceView } from '../sim/index.js';
import { CONTEXT_NAMES, readRecord, recordArgs, type TraceRecord } from './record.js';

/** Options of a {@link PerfettoSink}. */
export interface PerfettoOptions {
  /** Names of the hosts, by host id. */
  hosts?: ReadonlyMap<number, string>;
}

/** Thread ids are unique in the whole file and never 0, which viewers take for the idle thread. */
const TIDS_PER_HOST = 0x10000;
/** Tracks of a host: four per CPU (one per context), then one for its devices. The wire has one per link. */
const TRACKS_PER_CPU = 4;
const DEVICE_TRACK = 1000;
/** What devices do, even where a CPU's register write made them do it at once. */
const BY_DEVICE: ReadonlySet<number> = new Set<number>([
  ...[TP.MAC_FIFO, TP.DMA_READ, TP.DMA_WRITE, TP.DESC_WRITEBACK, TP.MSI, TP.INTX, TP.IOAPIC],
]);

/** The flow arrows of one journey so far: how many steps, and which line of the file holds the last. */
interface Flow {
  steps: number;
  last: number;
}

/**
 * The trace as Chrome trace-event JSON, which ui.perfetto.dev and chrome://tracing open: a process per host, a track per CPU context with a
 * slice per block, slices of no duration for the other points (arrows bind to slices only), and arrows that join the stations of one packet.
 * A block that had not ended with the trace is left out.
 */
export class PerfettoSink implements TraceSink {
  private readonly events: string[] = [];
  private readonly tracks: Set<number> = new Set();
  private readonly processes: Set<number> = new Set();
  /** By `host << 8 | cpu`: the block that runs, and the line kept free for it. */
  private readonly open: Map<number, { start: TraceRecord; line: number }> = new Map();
  private readonly flows: Map<number, Flow> = new Map();
  private readonly hosts: ReadonlyMap<number, string>;
  private count: number = 0;

  constructor(options: PerfettoOptions = {}) {
    this.hosts = options.hosts ?? new Map<number, string>();
  }

  records(view: TraceView): void {
    for (let i = 0; i < view.length; i++) this.add(readRecord(view, i, this.count++));
  }

  /** Adds one record, in the order of the trace. */
  add(r: TraceRecord): void {
    const tid = this.track(r);
    if (r.id === TP.BLOCK_START) this.blockStart(r);
    else if (r.id === TP.BLOCK_END) this.blockEnd(r, tid);
    else this.point(r, tid);
  }

  /** A slice stands in the file before what happened inside it, so its line is kept free until its length is known. */
  private blockStart(r: TraceRecord): void {
    this.open.set((r.host << 8) | r.cpu, { start: r, line: this.events.length });
    this.events.push('');
  }

  private blockEnd(end: TraceRecord, tid: number): void {
    const key = (end.host << 8) | end.cpu;
    const block = this.open.get(key);
    if (block === undefined) return;
    this.open.delete(key);
    const { start, line } = block;
    const context = CONTEXT_NAMES[start.ctx] ?? 'block';
    const name = start.ctx === 0 && start.b !== 0 ? `${context} ${start.b}` : context;
    const rest = `"dur":${micros(end.time - start.time)},"args":${json({ cycle: start.cycle, cycles: end.b })}`;
    this.events[line] = event('X', name, end.host, tid, start.time, rest);
  }

  private point(r: TraceRecord, tid: number): void {
    const args = { ...recordArgs(r), ...(r.journey === 0 ? {} : { journey: r.journey }) };
    this.events.push(event('X', r.name, r.host, tid, r.time, `"dur":0,"args":${json(args)}`));
    if (r.journey !== 0) this.flow(r, tid);
  }

  private flow(r: TraceRecord, tid: number): void {
    const flow = this.flows.get(r.journey) ?? { steps: 0, last: 0 };
    this.flows.set(r.journey, flow);
    flow.last = this.events.length;
    const phase = flow.steps++ === 0 ? 's' : 't';
    const rest = `"cat":"journey","id":${r.journey},"bp":"e"`;
    this.events.push(event(phase, 'packet', r.host, tid, r.time, rest));
  }

  /** The thread id of the record's track, which is announced when first used. */
  private track(r: TraceRecord): number {
    const lane = laneOf(r);
    const tid = (r.host + 1) * TIDS_PER_HOST + lane;
    if (this.tracks.has(tid)) return tid;
    this.tracks.add(tid);
    const host = r.host === 0 ? 'wire' : (this.hosts.get(r.host) ?? `host ${r.host}`);
    if (!this.processes.has(r.host)) {
      this.processes.add(r.host);
      this.meta('process_name', r.host, tid, `"name":${json(host)}`);
      this.meta('process_sort_index', r.host, tid, `"sort_index":${r.host}`);
    }
    this.meta('thread_name', r.host, tid, `"name":${json(laneName(r, lane))}`);
    this.meta('thread_sort_index', r.host, tid, `"sort_index":${lane}`);
    return tid;
  }

  private meta(name: string, host: number, tid: number, args: string): void {
    this.events.push(`{"ph":"M","name":"${name}","pid":${host + 1},"tid":${tid},"args":{${args}}}`);
  }

  /** The whole trace as JSON text. */
  toJSON(): string {
    const lines = [...this.events];
    for (const { steps, last } of this.flows.values()) {
      // An arrow needs two ends.
      lines[last] = steps === 1 ? '' : (lines[last] as string).replace('"ph":"t"', '"ph":"f"');
    }
    return `{"displayTimeUnit":"ns","traceEvents":[\n${lines.filter((line) => line !== '').join(',\n')}\n]}\n`;
  }
}

function laneOf(r: TraceRecord): number {
  if (r.host === 0) return r.unit + 1;
  if (r.cpu < 0 || BY_DEVICE.has(r.id)) return DEVICE_TRACK;
  return r.cpu * TRACKS_PER_CPU + Math.max(r.ctx, 0) + 1;
}

function laneName(r: TraceRecord, lane: number): string {
  if (r.host === 0) return `link ${r.unit}`;
  return lane === DEVICE_TRACK ? 'devices' : `cpu${r.cpu} ${CONTEXT_NAMES[Math.max(r.ctx, 0)]}`;
}

function event(ph: string, name: string, host: number, tid: number, time: number, rest: string): string {
  return `{"ph":"${ph}","name":${json(name)},"pid":${host + 1},"tid":${tid},"ts":${micros(time)},${rest}}`;
}

function json(value: unknown): string {
  return JSON.stringify(value);
}

/** Nanoseconds as microseconds with exactly three decimals: no rounding. */
function micros(ns: number): string {
  const whole = Math.floor(ns / 1000);
  return `${whole}.${String(ns - whole * 1000).padStart(3, '0')}`;
}
