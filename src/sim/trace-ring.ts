/** The trace ring: records in typed arrays behind one boolean; text exists only in sinks (DESIGN §10). */
import { Cloneable } from './clone.js';
import { Digest } from './digest.js';

const RECORDS = 4096;
const INTS = 8;

/** Records handed to a sink: read them by index during the call, keep none of the arrays. */
export class TraceView extends Cloneable {
  /** Number of records. */
  length: number;
  /** Two per record: time (ns), cycle (of the CPU `cpu(i)`). */
  readonly f64: Float64Array;
  /** Eight per record: id, who, journey, a, b, c, cpu, ctx. */
  readonly i32: Int32Array;

  constructor(f64: Float64Array, i32: Int32Array) {
    super();
    this.length = 0;
    this.f64 = f64;
    this.i32 = i32;
  }

  /** Virtual time, ns. */
  time(i: number): number {
    return this.f64[i * 2];
  }
  /** Cycle of the CPU at the start of the block that wrote the record. */
  cycle(i: number): number {
    return this.f64[i * 2 + 1];
  }
  /** Trace point id (TP). */
  id(i: number): number {
    return this.i32[i * INTS];
  }
  /** What wrote it: host << 8 | cpu, or the id of a link or device. */
  who(i: number): number {
    return this.i32[i * INTS + 1];
  }
  /** Journey id, 0 for none. */
  journey(i: number): number {
    return this.i32[i * INTS + 2];
  }
  a(i: number): number {
    return this.i32[i * INTS + 3];
  }
  b(i: number): number {
    return this.i32[i * INTS + 4];
  }
  c(i: number): number {
    return this.i32[i * INTS + 5];
  }
  /** host << 8 | cpu that was running, -1 for none. */
  cpu(i: number): number {
    return this.i32[i * INTS + 6];
  }
  /** Context of that CPU (CTX_TASK, CTX_SOFTIRQ, CTX_HARDIRQ), -1 for none. */
  ctx(i: number): number {
    return this.i32[i * INTS + 7];
  }
}

/** Takes records in the order they were written. */
export interface TraceSink {
  records(view: TraceView): void;
  /** The trace is closed (TraceRing.end). */
  end?(): void;
}

/** Callers test `on` before they compute arguments: `if (trace.on) trace.put(...)`. */
export class TraceRing extends Cloneable {
  /** True while anything listens. */
  on: boolean;
  /** host << 8 | cpu whose block runs, -1 outside blocks; set by the Cpu. */
  cpu: number;
  /** Context of that block, -1 outside blocks; set by the Cpu. */
  ctx: number;
  /** cycle[0]: the Cpu's cycle count at the start of that block. */
  readonly cycle: Float64Array;
  /** Covers every record drained so far. */
  readonly digest: Digest;
  /** Records drained so far. */
  drained: number;
  private readonly clock: Float64Array;
  /** Made when the first record is written: most networks are never traced. */
  private f64: Float64Array;
  private i32: Int32Array;
  private view: TraceView;
  private capacity: number;
  private count: number;
  private journeys: number;
  private sinks: TraceSink[];

  constructor(clock: Float64Array) {
    super();
    this.on = false;
    this.cpu = -1;
    this.ctx = -1;
    this.cycle = new Float64Array(1);
    this.digest = new Digest(clock);
    this.drained = 0;
    this.clock = clock;
    this.f64 = new Float64Array(0);
    this.i32 = new Int32Array(0);
    this.view = new TraceView(this.f64, this.i32);
    this.capacity = 0;
    this.count = 0;
    this.journeys = 0;
    this.sinks = [];
  }

  /** Writes one record at the current time. All arguments int32; `id` from TP. */
  put(id: number, who: number, journey: number, a: number, b: number, c: number): void {
    if (this.count === this.capacity) this.makeRoom();
    const n = this.count;
    const i = n * INTS;
    const ints = this.i32;
    this.f64[n * 2] = this.clock[0];
    this.f64[n * 2 + 1] = this.cycle[0];
    ints[i] = id;
    ints[i + 1] = who;
    ints[i + 2] = journey;
    ints[i + 3] = a;
    ints[i + 4] = b;
    ints[i + 5] = c;
    ints[i + 6] = this.cpu;
    ints[i + 7] = this.ctx;
    this.count = n + 1;
  }

  private makeRoom(): void {
    if (this.capacity !== 0) {
      this.flush();
      return;
    }
    this.capacity = RECORDS;
    this.f64 = new Float64Array(RECORDS * 2);
    this.i32 = new Int32Array(RECORDS * INTS);
    this.view = new TraceView(this.f64, this.i32);
  }

  /** A new journey id, from 1. */
  newJourney(): number {
    this.journeys = (this.journeys + 1) | 0;
    return this.journeys;
  }

  /** Starts tracing into `sink`. */
  addSink(sink: TraceSink): void {
    this.flush();
    this.sinks.push(sink);
    this.on = true;
  }

  /** Hands `sink` what is pending and forgets it; tracing stops with the last sink. */
  removeSink(sink: TraceSink): void {
    this.flush();
    this.sinks = this.sinks.filter((s) => s !== sink);
    this.on = this.sinks.length > 0;
  }

  /** Hands pending records to the sinks and takes them into the digest. */
  flush(): void {
    const n = this.count;
    if (n === 0) return;
    // A sink that traces (it should not) must not see its own record again.
    this.count = 0;
    this.drained += n;
    this.view.length = n;
    const { digest, f64, i32 } = this;
    for (let i = 0; i < n; i++) {
      const t = f64[i * 2];
      const high = Math.floor(t / 4294967296) | 0;
      digest.mix((t - high * 4294967296) | 0);
      digest.mix(high);
      for (let k = i * INTS; k < i * INTS + INTS; k++) digest.mix(i32[k]);
    }
    for (const sink of this.sinks) sink.records(this.view);
  }

  /** Flushes, tells every sink that the trace is closed and forgets them. */
  end(): void {
    this.flush();
    const sinks = this.sinks;
    this.sinks = [];
    this.on = false;
    for (const sink of sinks) sink.end?.();
  }

  /** The copy of a network starts without listeners; it goes on recording for its digest if the original did. */
  cloneFields(copy: Record<string, unknown>): void {
    this.flush();
    copy['sinks'] = [];
  }
}
