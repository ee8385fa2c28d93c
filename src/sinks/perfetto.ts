import { TP, type TraceSink, type TraceView } from '../sim/index.js';
import { CONTEXT_NAMES, readRecord, recordArgs, type TraceRecord } from './record.js';

export interface PerfettoOptions {
  /** Names of the hosts, by host id. */
  hosts?: ReadonlyMap<number, string>;
}

/** Track of everything a host's devices and wires do outside a CPU. */
const DEVICE_TRACK = 1000;
const SLICES: ReadonlySet<number> = new Set<number>([TP.BLOCK_START, TP.BLOCK_END]);

/**
 * The trace as Chrome trace-event JSON, which ui.perfetto.dev and chrome://tracing open: a process per host, a track per CPU context with a
 * slice per block, instants for the other points, and flow arrows that join the stations of one packet.
 */
export class PerfettoSink implements TraceSink {
  private readonly events: string[] = [];
  private readonly tracks: Set<string> = new Set();
  private readonly open: Map<number, TraceRecord> = new Map();
  private readonly flows: Map<number, number> = new Map();
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
    const tid = r.cpu < 0 ? DEVICE_TRACK : r.cpu * 4 + Math.max(r.ctx, 0);
    this.track(r, tid);
    if (r.id === TP.BLOCK_START) this.open.set((r.host << 8) | r.cpu, r);
    else if (r.id === TP.BLOCK_END) this.slice(r, tid);
    else this.instant(r, tid);
    if (r.journey !== 0 && !SLICES.has(r.id)) this.flow(r, tid);
  }

  private slice(end: TraceRecord, tid: number): void {
    const key = (end.host << 8) | end.cpu;
    const start = this.open.get(key);
    if (start === undefined) return;
    this.open.delete(key);
    const name = CONTEXT_NAMES[start.ctx] ?? 'block';
    this.push(
      'X',
      name,
      end.host,
      tid,
      start.time,
      `"dur":${micros(end.time - start.time)},"args":${json(recordArgs(end))}`,
    );
  }

  private instant(r: TraceRecord, tid: number): void {
    const args = { ...recordArgs(r), ...(r.journey === 0 ? {} : { journey: r.journey }) };
    // A slice of no duration, not an instant: flow arrows bind to slices only.
    this.push('X', r.name, r.host, tid, r.time, `"dur":0,"args":${json(args)}`);
  }

  private flow(r: TraceRecord, tid: number): void {
    const seen = this.flows.get(r.journey) ?? 0;
    this.flows.set(r.journey, seen + 1);
    this.push(seen === 0 ? 's' : 't', 'packet', r.host, tid, r.time, `"cat":"journey","id":${r.journey},"bp":"e"`);
  }

  private push(ph: string, name: string, pid: number, tid: number, time: number, rest: string): void {
    this.events.push(`{"ph":"${ph}","name":${json(name)},"pid":${pid},"tid":${tid},"ts":${micros(time)},${rest}}`);
  }

  private track(r: TraceRecord, tid: number): void {
    const key = `${r.host}/${tid}`;
    if (this.tracks.has(key)) return;
    this.tracks.add(key);
    const host = r.host === 0 ? 'wire' : (this.hosts.get(r.host) ?? `host ${r.host}`);
    const lane = r.cpu < 0 ? 'devices' : `cpu${r.cpu} ${CONTEXT_NAMES[Math.max(r.ctx, 0)]}`;
    this.meta('process_name', r.host, tid, host);
    this.meta('thread_name', r.host, tid, lane);
  }

  private meta(name: string, pid: number, tid: number, value: string): void {
    this.events.push(`{"ph":"M","name":"${name}","pid":${pid},"tid":${tid},"args":{"name":${json(value)}}}`);
  }

  /** The whole trace as JSON text. */
  toJSON(): string {
    return `{"displayTimeUnit":"ns","traceEvents":[\n${this.events.join(',\n')}\n]}\n`;
  }
}

function json(value: unknown): string {
  return JSON.stringify(value);
}

/** Nanoseconds as microseconds with exactly three decimals: no rounding. */
function micros(ns: number): string {
  const whole = Math.floor(ns / 1000);
  return `${whole}.${String(ns - whole * 1000).padStart(3, '0')}`;
}
