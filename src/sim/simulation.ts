/** One simulation: the event queue, chance, memory, trace and digest of a network, and run(). */
import { Arena, type ArenaAllocator, defaultAllocator } from './arena.js';
import { Digest } from './digest.js';
import { type BlockedProcess, SimError } from './errors.js';
import { EventQueue } from './event-queue.js';
import { Rng } from './rng.js';
import { type RunOptions, type RunResult, runSimulation } from './run.js';
import { defaultRuntime, type Runtime } from './runtime.js';
import { TraceRing } from './trace-ring.js';

/** Tells run() about the processes of one host. */
export interface BlockReporter {
  /** Foreground processes that have not exited. */
  foreground(): number;
  /** Foreground processes that wait, for DeadlockError. */
  blocked(): BlockedProcess[];
}

/** Options of a simulation. */
export interface SimulationOptions {
  /** Any safe integer; all randomness comes from it. */
  seed: number;
  /** Initial size of the arena (default 1 MiB). */
  arenaBytes?: number;
  /** Where the arena's memory comes from. */
  allocator?: ArenaAllocator;
  /** LivelockError above this many events at one instant (default 10^6). */
  maxEventsPerInstant?: number;
  /** The platform's clock and task queue; tests inject their own. */
  runtime?: Runtime;
}

/** While run() follows the wall clock: virtual time virtual0 is wall time wall0 (both ns). */
export interface Pace {
  readonly wall0: number;
  readonly virtual0: number;
}

/** The root of a network's state. */
export class Simulation extends EventQueue {
  readonly seed: number;
  readonly arena: Arena;
  readonly trace: TraceRing;
  readonly digest: Digest;
  readonly runtime: Runtime;
  /** Whoever has processes; run() asks them whether it is over. */
  readonly reporters: BlockReporter[];
  /** Tasks that await something outside the simulation. */
  outside: number;
  /** Open sources of events outside: a TAP device, a published port. */
  private sources: number;
  /** Set while run() is under way with real pacing. */
  pace: Pace | null;
  /** What `fail` was told, until a run has rejected with it. */
  failure: { error: unknown } | null;
  /** Counts the times that woken tasks were given up as being outside. */
  private epoch: number;
  private running: boolean;
  /** Continues a run() that waits for something outside. */
  private waiter: (() => void) | null;
  private readonly streams: Map<string, Rng>;

  constructor(options: SimulationOptions) {
    super(options.maxEventsPerInstant ?? 1_000_000);
    if (!Number.isSafeInteger(options.seed)) throw new SimError('SEED', `seed ${options.seed} is not a safe integer`);
    if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) {
      throw new SimError('BIG_ENDIAN', 'this library needs a little-endian machine');
    }
    this.seed = options.seed;
    this.arena = new Arena(options.arenaBytes, options.allocator ?? defaultAllocator());
    this.trace = new TraceRing(this.clock);
    this.digest = new Digest(this.clock);
    this.digest.mix(this.seed | 0);
    this.digest.mix(Math.floor(this.seed / 4294967296) | 0);
    this.runtime = options.runtime ?? defaultRuntime();
    this.reporters = [];
    this.outside = 0;
    this.failure = null;
    this.sources = 0;
    this.pace = null;
    this.epoch = 0;
    this.running = false;
    this.waiter = null;
    this.streams = new Map();
  }

  /** The random stream of one consumer: the same name gives the same object. */
  rng(name: string): Rng {
    let stream = this.streams.get(name);
    if (stream === undefined) {
      stream = new Rng(this.seed, name);
      this.streams.set(name, stream);
    }
    return stream;
  }

  /** The digest of everything so far, with the trace points if any were recorded: 16 hexadecimal digits. */
  digestHex(): string {
    this.trace.flush();
    if (this.trace.drained === 0) return this.digest.hex();
    const both = this.digest.fork();
    both.absorb(this.trace.digest);
    return both.hex();
  }

  /**
   * A task's system call was resolved: the task is in user code until taskEntered(). Virtual time stands meanwhile.
   * Returns the epoch to hand to that taskEntered().
   */
  taskWoken(): number {
    this.woken++;
    return this.epoch;
  }

  /**
   * A task that taskWoken() announced issued its next system call or ended. Without `epoch` a woken task is assumed
   * while there is one. Returns true when the task had been given up as being outside.
   */
  taskEntered(epoch?: number): boolean {
    if (epoch === undefined ? this.woken > 0 : epoch === this.epoch) {
      this.woken--;
      return false;
    }
    this.outside--;
    this.notify();
    return true;
  }

  /** For run(): the woken tasks await something outside; time goes on without them. */
  giveUpWoken(): void {
    this.outside += this.woken;
    this.woken = 0;
    this.epoch++;
  }

  /** Registers outside work: virtual time stands until `promise` settles. Returns the promise. */
  hold<T>(promise: Promise<T>): Promise<T> {
    this.holds++;
    const done = (): void => {
      this.holds--;
      this.notify();
    };
    promise.then(done, done);
    return promise;
  }

  /** Ends the run under way: it rejects with `error`. The first failure counts. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.stop();
    this.notify();
  }

  /** Opens a source of events outside: with real pacing run() waits for it instead of ending or calling a deadlock. */
  openSource(): void {
    this.sources++;
  }

  /** Closes one source. */
  closeSource(): void {
    this.sources--;
    this.notify();
  }

  /** For run(): a source is open. */
  hasSources(): boolean {
    return this.sources > 0;
  }

  /**
   * To be called from outside (a callback of the platform) before events are posted. With real pacing it brings the
   * clock up to the wall clock first; it always makes a waiting run() look again.
   */
  fromOutside(): void {
    if (this.pace !== null && this.holds === 0 && this.woken === 0 && !this.isDraining()) {
      const now = this.paceNow(this.pace);
      this.drain(now);
      const next = this.nextTime();
      if (this.woken === 0) this.advanceTo(Math.min(next, now));
    }
    this.notify();
  }

  /** The virtual time that the wall clock has reached. */
  paceNow(pace: Pace): number {
    return pace.virtual0 + Math.max(0, Math.floor(this.runtime.now_ns()) - pace.wall0);
  }

  /** For run(): resolves at the next notify(). */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.waiter = resolve;
    });
  }

  /** Makes a waiting run() look again. */
  notify(): void {
    const waiter = this.waiter;
    this.waiter = null;
    if (waiter !== null) waiter();
  }

  /**
   * Runs until every foreground process has exited; without processes, until no strong event is left. One run at a
   * time. Rejects with DeadlockError, LivelockError, LimitError, HorizonError, whatever an event threw, or the signal's
   * reason.
   */
  async run(options: RunOptions = {}): Promise<RunResult> {
    if (this.running) throw new SimError('RUNNING', 'run() is already under way');
    this.running = true;
    try {
      return await runSimulation(this, options);
    } finally {
      this.running = false;
      this.pace = null;
      this.weakToo = false;
      this.trace.flush();
    }
  }

  /** A copy stands alone: no run() is under way in it. Throws while outside work or woken tasks are pending. */
  override cloneFields(copy: Record<string, unknown>): void {
    super.cloneFields(copy);
    if (this.holds + this.outside + this.woken > 0) {
      throw new SimError('SNAPSHOT_OUTSIDE', 'cannot copy a simulation while a process awaits something outside it');
    }
    copy['runtime'] = this.runtime;
    copy['pace'] = null;
    copy['running'] = false;
    copy['weakToo'] = false;
    copy['waiter'] = null;
  }
}
