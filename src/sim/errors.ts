/** Typed errors of the simulation; `code` is stable, the message is for people. */

/** An error a caller of the library can cause, with a stable `code`. */
export class SimError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'SimError';
    this.code = code;
  }
}

/** A process that waits in a system call (or for an event of its own). */
export interface BlockedProcess {
  host: string;
  pid: number;
  name: string;
  syscall: string;
  /** File descriptor the call waits on, -1 if none. */
  fd: number;
}

/** Code DEADLOCK: foreground processes wait and no strong event, hold or outside process is left to wake them. */
export class DeadlockError extends SimError {
  readonly blocked: readonly BlockedProcess[];
  constructor(now_ns: number, blocked: readonly BlockedProcess[]) {
    const lines = blocked.map(
      (p) => `  ${p.host} pid ${p.pid} (${p.name}) in ${p.syscall}${p.fd >= 0 ? ` fd ${p.fd}` : ''}`,
    );
    super(
      'DEADLOCK',
      `deadlock at ${now_ns} ns: every foreground process waits and nothing is left to happen\n${lines.join('\n')}`,
    );
    this.name = 'DeadlockError';
    this.blocked = blocked;
  }
}

/** One step of a cycle of events that never lets time advance. */
export interface CycleStep {
  target: number;
  /** Class name of the target. */
  name: string;
  op: number;
}

/**
 * Code LIVELOCK: too many events at one instant. `cycle` is the shortest run of (target, op) that repeats; when none
 * does (`repeats` false), the first events of those that followed.
 */
export class LivelockError extends SimError {
  readonly cycle: readonly CycleStep[];
  readonly repeats: boolean;
  constructor(now_ns: number, events: number, cycle: readonly CycleStep[], repeats: boolean) {
    const steps = cycle.map((s) => `${s.name}#${s.target} op ${s.op}`).join(' -> ');
    const what = `${repeats ? 'the cycle is' : 'no cycle repeats; next come'} ${steps}`;
    super('LIVELOCK', `${events} events at ${now_ns} ns without time advancing: ${what}`);
    this.name = 'LivelockError';
    this.cycle = cycle;
    this.repeats = repeats;
  }
}

/** Code HORIZON: an event beyond 2^53 ns (104 days), not a whole number of ns, or in the past. */
export class HorizonError extends SimError {
  constructor(at_ns: number, now_ns: number) {
    super('HORIZON', `event at ${at_ns} ns: not an integer from now (${now_ns} ns) up to 2^53 - 1 ns`);
    this.name = 'HorizonError';
  }
}

/** Code RUN_LIMIT: run() reached its `limit` of virtual time. */
export class LimitError extends SimError {
  constructor(now_ns: number) {
    super('RUN_LIMIT', `run() reached its limit at ${now_ns} ns`);
    this.name = 'LimitError';
  }
}

/** Code CLONE: the state graph holds something that cannot be copied; `path` names the property. */
export class CloneError extends SimError {
  readonly path: string;
  constructor(path: string, what: string) {
    super('CLONE', `cannot clone ${path}: ${what}`);
    this.name = 'CloneError';
    this.path = path;
  }
}

/** Code UNIT: a duration, rate, ratio or size that cannot be read. */
export class UnitError extends SimError {
  constructor(kind: string, value: unknown, expected: string) {
    const shown = typeof value === 'string' || Array.isArray(value) ? JSON.stringify(value) : String(value);
    super('UNIT', `bad ${kind} ${shown}: expected ${expected}`);
    this.name = 'UnitError';
  }
}

/** Code OPTION: an option that does not exist, or options that are none. */
export class OptionError extends SimError {
  constructor(message: string) {
    super('OPTION', message);
    this.name = 'OptionError';
  }
}

/** For bugs of the library itself: throws SimError code ASSERT when `condition` is false. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new SimError('ASSERT', `internal error: ${message}`);
}
