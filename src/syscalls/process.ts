import { type Cpu, TASK_EXIT, TASK_RUN, TASK_SLEEP } from '../cpu/index.js';
import type { BlockedProcess } from '../sim/index.js';
import { CallLog } from './call-log.js';
import { errorWithCode } from './errors.js';
import { FdTable } from './fd-table.js';
import type { Kernel } from './kernel.js';
import { ProcessExit } from './process-exit.js';
import { Replay } from './replay.js';
import { Sys } from './sys.js';
import { SysError } from './sys-error.js';
import { type BlockingCall, CallFrame, Thread } from './thread.js';

/**
 * A synchronous program: `step` runs as one block, calls the core (`thread.kernel.recvfrom(thread.proc, …)`) and returns `TASK_RUN` (again),
 * `TASK_SLEEP` (after {@link Kernel.sleepOn}) or `TASK_EXIT`. Its fields are plain data, so that snapshots copy it.
 */
export interface Program {
  step(thread: Thread, cpu: Cpu): number;
  /** For `DeadlockError`: the call it sleeps in. */
  waiting?(): { syscall: string; fd: number };
}

/** What is said of a synchronous program that does not tell what it waits for. */
const NO_CALL = { syscall: 'step', fd: -1 } as const;

/** An asynchronous program: its return value becomes {@link Process.result}; what it throws ends the run. */
export type AsyncProgram<T> = (sys: Sys) => Promise<T> | T;

export interface SpawnOptions {
  /** Shown in errors, traces and listings. Default: the function's name, or `proc`. */
  name?: string;
  /** A daemon never holds {@link Network.run}. Default false. */
  daemon?: boolean;
  /** Index of the CPU it runs on. Default 0. */
  cpu?: number;
}

/** A process of an emulated machine: descriptors, threads, exit status. */
export class Process<T = unknown> {
  readonly kernel: Kernel;
  readonly pid: number;
  readonly name: string;
  readonly daemon: boolean;
  readonly fds: FdTable = new FdTable();
  exited: boolean = false;
  /** Exit status: 0, the argument of `sys.exit`, or 1 after an exception. */
  status: number = 0;
  /** What the asynchronous program returned. */
  result: T | undefined = undefined;
  /** Calls made outside a block whose cost is charged to the next one. */
  owed_calls: number = 0;
  /** Results of all calls so far, kept when the network records (snapshots of asynchronous programs need it). */
  log: CallLog | null = null;
  readonly cpuIndex: number;
  private readonly threads: Thread[] = [];
  private program: Program | null = null;
  private fn: AsyncProgram<T> | null = null;
  private started: boolean = false;
  private inUser: boolean = false;
  private epoch: number = 0;
  /** It has awaited something that is no system call: its log is not the whole of what it knows. */
  private wasOutside: boolean = false;
  private next_seq: number = 0;
  private replay: Replay | null = null;
  private copied: boolean = false;
  private filling: Thread | null = null;
  private replayFrame: CallFrame | null = null;

  constructor(kernel: Kernel, options: SpawnOptions) {
    this.kernel = kernel;
    this.pid = kernel.allocPid();
    this.name = options.name ?? 'proc';
    this.daemon = options.daemon ?? false;
    this.cpuIndex = options.cpu ?? 0;
    if (kernel.record) this.log = new CallLog();
    kernel.processes.push(this as Process);
    if (!this.daemon) kernel.live++;
  }

  /** Makes the main thread and lets it run. */
  start(program: Program | AsyncProgram<T>): void {
    if (typeof program === 'function') this.fn = program;
    else this.program = program;
    // A new thread is runnable: its first block starts the program.
    this.idleThread();
  }

  /** What a thread without an outstanding call does. */
  runProgram(thread: Thread, cpu: Cpu): number {
    if (this.program !== null) {
      return this.stepProgram(this.program, thread, cpu);
    }
    const fn = this.fn;
    if (fn === null || this.started) return TASK_SLEEP;
    this.started = true;
    this.enterUser();
    void this.runAsync(fn);
    return thread.call === null ? TASK_SLEEP : TASK_RUN;
  }

  /** One block of a synchronous program; what it throws ends the process and the run, as with an asynchronous one. */
  private stepProgram(program: Program, thread: Thread, cpu: Cpu): number {
    try {
      const next = program.step(thread, cpu);
      if (next === TASK_EXIT) this.exit(0);
      return next;
    } catch (error) {
      this.fail(error);
      return TASK_EXIT;
    }
  }

  private async runAsync(fn: AsyncProgram<T>): Promise<void> {
    try {
      this.result = await fn(new Sys(this as Process));
      this.exit(0);
    } catch (error) {
      if (error instanceof ProcessExit && error.process === this) this.exit(error.status);
      else this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (this.exited) return;
    this.kernel.sim.fail(error);
    this.exit(1);
  }

  /** Closes every descriptor and ends all threads; idempotent. */
  exit(status: number): void {
    if (this.exited) return;
    this.exited = true;
    this.status = status;
    this.fds.closeAll();
    for (const thread of this.threads) thread.reap();
    this.leaveUser();
    this.kernel.processExited(this as Process);
  }

  private idleThread(): Thread {
    for (const thread of this.threads) if (thread.call === null) return thread;
    const thread = new Thread(this as Process, this.kernel, this.cpuIndex);
    this.threads.push(thread);
    return thread;
  }

  /** A call that returns at once: its result, or throws. `out` is memory the call writes into. */
  now(
    name: string,
    out: Uint8Array | null,
    call: (kernel: Kernel, proc: Process) => number,
    where?: { address: string; port: number },
  ): number {
    if (this.exited) throw new ProcessExit(this as Process, this.status);
    let result: number;
    if (this.replay !== null) result = this.replay.immediate(name, out);
    else {
      result = call(this.kernel, this as Process);
      const seq = this.next_seq++;
      if (this.log !== null) this.log.immediate(name, seq, result, out);
    }
    if (result < 0) throw new SysError(result, name, where);
    return result;
  }

  /** A frame for the arguments of the call issued next. */
  frame(): CallFrame {
    if (this.replay !== null) {
      this.replayFrame = new CallFrame();
      return this.replayFrame;
    }
    this.filling = this.idleThread();
    return this.filling.frame;
  }

  /** Virtual time as the program may know it, for the ends of its timed waits. */
  now_ns(): number {
    return this.kernel.sim.now;
  }

  /** Issues the call whose arguments were put into {@link frame}; resolves with its result or rejects with a {@link SysError}. */
  issue(call: BlockingCall): Promise<number> {
    if (this.exited) return Promise.reject(new ProcessExit(this as Process, this.status));
    if (this.replay !== null) return this.reissue(this.replay, this.replayFrame as CallFrame, call);
    const thread = this.filling as Thread;
    thread.begin(call, this.next_seq++);
    if (thread.call === null) return settled(thread.result, call.name);
    this.leaveUser();
    return new Promise<number>((resolve, reject) => {
      thread.onSettle((result) => {
        this.enterUser();
        if (result >= 0) resolve(result);
        else reject(new SysError(result, call.name));
      });
    });
  }

  /** The same call of a program that is run again: it gets its logged result, and no thread runs it. */
  private reissue(replay: Replay, frame: CallFrame, call: BlockingCall): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      replay.issue(call.name, frame, (result) => {
        if (this.replay === null) this.enterUser();
        if (result >= 0) resolve(result);
        else reject(new SysError(result, call.name));
      });
    });
  }

  /**
   * Brings a copied asynchronous program to the point its process stands at.
   * @throws an error with code `ERR_SOFTIRQ_REPLAY_DIVERGED` when the program does not repeat its calls
   */
  async rerun(): Promise<void> {
    if (this.exited || this.fn === null || !this.started || this.log === null || !this.copied) return;
    this.copied = false;
    const replay = new Replay(this.log);
    this.replay = replay;
    void this.runAsync(this.fn);
    const open = await replay.finish();
    this.replay = null;
    this.next_seq = replay.nextSeq();
    for (const thread of this.threads) {
      if (thread.call === null) continue;
      const call = open.get(thread.seq);
      if (call === undefined)
        throw errorWithCode('ERR_SOFTIRQ_REPLAY_DIVERGED', `${this.name}: call ${thread.seq} is missing`);
      thread.adopt(call.frame);
      thread.onSettle(call.settle);
    }
  }

  /** Why this process cannot be copied now, or null. */
  copyObstacle(): string | null {
    if (this.exited || this.fn === null || !this.started) return null;
    if (this.log === null) return 'its calls are not recorded (make the network with { record: true })';
    if (this.inUser) return 'it awaits something outside the simulation';
    return this.wasOutside ? 'it has awaited something outside the simulation, which its log does not hold' : null;
  }

  /** The copy of an asynchronous program is run again when its network runs next. */
  cloneFields(copy: Record<string, unknown>): void {
    const obstacle = this.copyObstacle();
    if (obstacle !== null) {
      throw errorWithCode('ERR_SOFTIRQ_SNAPSHOT', `process ${this.pid} (${this.name}) cannot be copied: ${obstacle}`);
    }
    copy['copied'] = true;
  }

  /** The program's own code runs: virtual time stands until it issues its next call or ends. */
  private enterUser(): void {
    if (this.inUser || this.exited) return;
    this.inUser = true;
    this.epoch = this.kernel.sim.taskWoken();
  }

  private leaveUser(): void {
    if (!this.inUser) return;
    this.inUser = false;
    if (this.kernel.sim.taskEntered(this.epoch)) this.wasOutside = true;
  }

  /** For `DeadlockError`: the calls this process sleeps in. */
  blockedCalls(list: BlockedProcess[]): void {
    const { pid, name } = this;
    const host = this.kernel.hostName;
    for (const t of this.threads) {
      if (t.call !== null) list.push({ host, pid, name, syscall: t.call.name, fd: t.frame.fd });
      else if (this.program !== null) list.push({ host, pid, name, ...(this.program.waiting?.() ?? NO_CALL) });
    }
  }
}

function settled(result: number, name: string): Promise<number> {
  return result >= 0 ? Promise.resolve(result) : Promise.reject(new SysError(result, name));
}
