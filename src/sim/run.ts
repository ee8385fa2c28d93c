/** The asynchronous loop around drain(): woken tasks, outside work, pacing, and when a run is over (DESIGN §2). */
import { DeadlockError, LimitError, OptionError } from './errors.js';
import { checkKeys } from './options.js';
import type { Pace, Simulation } from './simulation.js';
import { parseDuration } from './units.js';

/**
 * The constant k of the contract: after tasks were woken, run() lets at most this many microtasks pass until each has
 * issued its next system call, then one macrotask, then it goes on without them.
 */
export const MICROTASK_HOPS: number = 32;
/** Programs that call and call keep the loop in microtasks; after so many turns the platform gets one. */
const TURNS_PER_MACROTASK = 4096;
/** A wait shorter than this is spent in macrotasks: platform timers are no finer than 1 ms. */
const FINE_NS = 1_000_000;

/** Options of run(). */
export interface RunOptions {
  /**
   * Virtual time (ns or '5ms', from the start of the simulation) at which run() returns; events due at it are fired,
   * weak ones too. There is no DeadlockError: processes may still wait.
   */
  until?: number | string;
  /** Virtual time that the run may take at most (ns or text); LimitError when there is more to do. */
  limit?: number | string;
  /** Ends the run from outside: it rejects with the signal's reason. */
  signal?: AbortSignal;
  /** 'virtual' (default): as fast as possible. 'real': no event fires before the wall clock has reached its time. */
  pacing?: 'virtual' | 'real';
}

/** Refuses bad options of run(). @throws OptionError, UnitError */
export function checkRunOptions(options: RunOptions): void {
  checkKeys(options, ['until', 'limit', 'signal', 'pacing'], 'run');
  const { until, limit, signal, pacing } = options;
  if (until !== undefined) parseDuration(until);
  if (limit !== undefined) parseDuration(limit);
  if (pacing !== undefined && pacing !== 'virtual' && pacing !== 'real')
    throw new OptionError(`pacing of run is 'virtual' or 'real', not ${String(pacing)}`);
  if (
    signal !== undefined &&
    (typeof signal?.throwIfAborted !== 'function' || typeof signal.addEventListener !== 'function')
  )
    throw new OptionError('signal of run is an AbortSignal');
}

/** How a run ended. */
export interface RunResult {
  /** 'exited': the last foreground process did; 'idle': nothing strong left and no process; 'until': the time came. */
  reason: 'exited' | 'idle' | 'until';
  /** Virtual time, ns. */
  now: number;
  /** Events fired in this run. */
  events: number;
}

/** A verdict of one turn: null to go on. */
type Verdict = RunResult['reason'] | null;

/** The loop of one run(): turns of drain, hop and wait. Lives only as long as the run. */
class RunLoop {
  private readonly sim: Simulation;
  private readonly until_ns: number;
  private readonly limit_ns: number;
  private readonly pace: Pace | null;
  private readonly signal: AbortSignal | undefined;
  /** A foreground process was seen: the run ends when there is none any more. */
  private sawForeground: boolean;

  constructor(sim: Simulation, options: RunOptions) {
    const now = sim.clock[0];
    this.sim = sim;
    this.until_ns = options.until === undefined ? Number.POSITIVE_INFINITY : parseDuration(options.until);
    this.limit_ns = options.limit === undefined ? Number.POSITIVE_INFINITY : now + parseDuration(options.limit);
    this.pace = options.pacing === 'real' ? { wall0: Math.floor(sim.runtime.now_ns()), virtual0: now } : null;
    this.signal = options.signal;
    this.sawForeground = false;
  }

  async run(): Promise<RunResult['reason']> {
    const sim = this.sim;
    sim.pace = this.pace;
    for (let turn = 1; ; turn++) {
      this.signal?.throwIfAborted();
      // Lets woken tasks run until each has issued its next system call. Here and not in a function: that would be a promise more each time.
      for (let i = 0; sim.woken > 0 && i < MICROTASK_HOPS; i++) await undefined;
      if (sim.woken > 0) await this.giveUpWoken();
      if (sim.failure !== null) throw this.takeFailure(sim.failure);
      if (this.exited()) return 'exited';
      sim.weakToo = this.until_ns !== Number.POSITIVE_INFINITY && sim.outside === 0;
      const more = sim.drainSlice(this.horizon());
      if (sim.woken > 0 && turn % TURNS_PER_MACROTASK !== 0) continue;
      // Long stretches give the platform a turn now and then: signals, holds and outside tasks live there.
      if (more || sim.woken > 0) await sim.runtime.macrotask();
      else if (!sim.wasStopped()) {
        const verdict = await this.quiet();
        if (verdict !== null) return verdict;
      }
    }
  }

  private takeFailure(failure: { error: unknown }): unknown {
    this.sim.failure = null;
    return failure.error;
  }

  /** One macrotask more; those that have not issued a call by then are outside. */
  private async giveUpWoken(): Promise<void> {
    const sim = this.sim;
    await sim.runtime.macrotask();
    if (sim.woken > 0) sim.giveUpWoken();
  }

  private foreground(): number {
    const reporters = this.sim.reporters;
    let count = 0;
    for (let i = 0; i < reporters.length; i++) count += reporters[i].foreground();
    return count;
  }

  private exited(): boolean {
    if (this.foreground() > 0) this.sawForeground = true;
    else if (this.sawForeground) return true;
    return false;
  }

  /** The latest time that may be reached now. */
  private horizon(): number {
    const end = Math.min(this.until_ns, this.limit_ns);
    return this.pace === null ? end : Math.min(end, this.sim.paceNow(this.pace));
  }

  /** Nothing may fire now: waits for what can change that, or says how the run ends. */
  private async quiet(): Promise<Verdict> {
    const sim = this.sim;
    if (sim.holds > 0) {
      await this.wait();
      // Whoever awaited the work may be some microtasks away from its next step.
      for (let i = 0; i < MICROTASK_HOPS; i++) await undefined;
      return null;
    }
    const bounded = this.until_ns !== Number.POSITIVE_INFINITY;
    const next = sim.strong > 0 || sim.weakToo ? sim.nextTime() : Number.POSITIVE_INFINITY;
    if (sim.strong === 0 && sim.outside > 0) {
      await this.wait();
      return null;
    }
    if (sim.strong === 0 && !bounded && !this.listens()) return this.end();
    if (next > this.limit_ns && this.limit_ns < this.until_ns && this.reached(this.limit_ns)) {
      sim.advanceTo(this.limit_ns);
      throw new LimitError(this.limit_ns);
    }
    if (next > this.until_ns && this.reached(this.until_ns)) {
      sim.advanceTo(this.until_ns);
      return 'until';
    }
    await this.sleep(Math.min(next, this.until_ns, this.limit_ns));
    return null;
  }

  /** With real pacing events may come from outside at any time. */
  private listens(): boolean {
    return this.pace !== null && this.sim.hasSources();
  }

  /** No strong event is left and nothing outside will bring one. */
  private end(): Verdict {
    if (this.foreground() === 0) return 'idle';
    const blocked = this.sim.reporters.flatMap((reporter) => reporter.blocked());
    throw new DeadlockError(this.sim.clock[0], blocked);
  }

  private reached(time_ns: number): boolean {
    return this.pace === null || this.sim.paceNow(this.pace) >= time_ns;
  }

  /** Resolves when something outside changed or the signal aborted. */
  private async wait(): Promise<void> {
    const sim = this.sim;
    const changed = sim.changed();
    const wake = (): void => sim.notify();
    this.signal?.addEventListener('abort', wake);
    await changed;
    this.signal?.removeEventListener('abort', wake);
  }

  /** Real pacing: until the wall clock has reached `time_ns`, or something outside changed. */
  private async sleep(time_ns: number): Promise<void> {
    const pace = this.pace;
    if (time_ns === Number.POSITIVE_INFINITY || pace === null) return this.wait();
    const sim = this.sim;
    const gap = time_ns - sim.paceNow(pace);
    if (gap < FINE_NS) return sim.runtime.macrotask();
    const cut = new AbortController();
    const wake = (): void => cut.abort();
    this.signal?.addEventListener('abort', wake);
    const changed = sim.changed().then(wake);
    await sim.runtime.sleep(gap, cut.signal);
    sim.notify();
    await changed;
    this.signal?.removeEventListener('abort', wake);
  }
}

/** The body of Simulation.run(). */
export async function runSimulation(sim: Simulation, options: RunOptions): Promise<RunResult> {
  checkRunOptions(options);
  const before = sim.events;
  const reason = await new RunLoop(sim, options).run();
  return { reason, now: sim.clock[0], events: sim.events - before };
}
