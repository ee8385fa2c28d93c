import { type Cpu, type Runnable, spawn, TASK_EXIT, TASK_SLEEP, type Task, wake_up_process } from '../cpu/index.js';
import { WaitQueueEntry, type WaitSleeper } from '../fs/index.js';
import { EAGAIN } from '../uapi/index.js';
import { type Kernel, OP_CALL_DONE, OP_WAKE_THREAD } from './kernel.js';
import type { PollFd } from './poll.js';
import type { Process } from './process.js';

/**
 * One blocking system call as the thread runs it: `attempt` returns the result, or `-EAGAIN` when the caller would have to wait and may;
 * `park` then says what to wait for. Both are plain functions, so that a thread in mid-call is plain data.
 */
export interface BlockingCall {
  readonly name: string;
  /** One try in one block: the result or `-errno`. */
  attempt(kernel: Kernel, thread: Thread): number;
  /** Whether `-EAGAIN` means wait (the descriptor is blocking and the call's flags do not forbid it). */
  mayBlock(kernel: Kernel, thread: Thread): boolean;
  park(kernel: Kernel, thread: Thread): void;
}

/** The arguments and results of a thread's outstanding call. */
export class CallFrame {
  fd: number = -1;
  buf: Uint8Array = EMPTY;
  off: number = 0;
  len: number = 0;
  flags: number = 0;
  /** `struct sockaddr` in or out. */
  addr: Uint8Array | null = null;
  addrlen: number = 0;
  fds: PollFd[] = [];
  /** Absolute end of a timed wait (ns), or -1. */
  deadline: number = -1;
  /** Set where the caller wants to know them: the address's full length and `msg_flags`. */
  meta: CallMeta | null = null;
  /** Whether the call writes into `buf` and `addr`. */
  receives: boolean = false;
}

/** What a receiving call tells beside its result. */
export interface CallMeta {
  addrlen: number;
  flags: number;
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** What runs on a thread between its calls: an asynchronous program's continuation, or nothing for a spare thread. */
export type Settle = (result: number) => void;

/**
 * A thread of a process: at most one system call outstanding. An asynchronous program's first call runs on the main thread; a call issued
 * while others are outstanding (`Promise.all`) gets a thread of its own, as it would have to in Linux.
 */
export class Thread implements Runnable, WaitSleeper {
  readonly proc: Process;
  readonly kernel: Kernel;
  readonly id: number;
  readonly task: Task;
  readonly entry: WaitQueueEntry;
  readonly frame: CallFrame = new CallFrame();
  /** Places in the queues of polled files. */
  readonly pollEntries: WaitQueueEntry[] = [];
  call: BlockingCall | null = null;
  /** Sequence number of the outstanding call within its process. */
  seq: number = -1;
  result: number = 0;
  done: boolean = false;
  private timer: number = -1;
  private settle: Settle | null = null;

  constructor(proc: Process, kernel: Kernel, cpuIndex: number) {
    this.proc = proc;
    this.kernel = kernel;
    this.id = kernel.addThread(this);
    this.entry = new WaitQueueEntry(this, true);
    this.task = spawn(kernel.cpus, this, proc.name, cpuIndex);
  }

  /** Starts a call whose arguments stand in {@link frame}. */
  begin(call: BlockingCall, seq: number): void {
    this.call = call;
    this.seq = seq;
    this.done = false;
    wake_up_process(this.task);
  }

  /** Who is told when the outstanding call is done. */
  onSettle(settle: Settle): void {
    this.settle = settle;
  }

  step(cpu: Cpu, _task: Task): number {
    const proc = this.proc;
    if (proc.exited) {
      this.kernel.freeThread(this);
      return TASK_EXIT;
    }
    if (proc.owed_calls !== 0) {
      cpu.charge(Math.imul(proc.owed_calls, cpu.costs.syscall));
      proc.owed_calls = 0;
    }
    if (this.call === null) {
      const next = proc.runProgram(this, cpu);
      if (next === TASK_EXIT) this.kernel.freeThread(this);
      return next;
    }
    if (this.done) return TASK_SLEEP;
    const result = this.call.attempt(this.kernel, this);
    if (result === -EAGAIN && this.call.mayBlock(this.kernel, this)) {
      this.call.park(this.kernel, this);
      return TASK_SLEEP;
    }
    this.result = result;
    this.done = true;
    if (this.timer >= 0) this.kernel.timers.del_timer(this.timer);
    cpu.effect(this.kernel.target, OP_CALL_DONE, this.id, 0);
    return TASK_SLEEP;
  }

  /**
   * The outstanding call is that of a program run again: its results go to that program's memory, also those that are there already when the
   * block that made them has not ended. Deadlines are as they were.
   */
  adopt(frame: CallFrame): void {
    const own = this.frame;
    if (this.done) copyResults(own, frame);
    own.buf = frame.buf;
    own.addr = frame.addr;
    own.meta = frame.meta;
    own.fds = frame.fds;
  }

  /** Effect of the block that finished the call. */
  callDone(): void {
    const log = this.proc.log;
    if (log !== null && this.call !== null) log.finished(this.call.name, this.seq, this.result, this.frame);
    this.call = null;
    const settle = this.settle;
    if (settle === null) return;
    this.settle = null;
    settle(this.result);
  }

  /** Ends a timed wait at `frame.deadline`. */
  armTimeout(): void {
    const { sim, timers } = this.kernel;
    if (this.timer < 0) this.timer = timers.createTimer(this.kernel.target, OP_WAKE_THREAD, this.id);
    sim.at[0] = this.frame.deadline;
    timers.mod_timerAt(this.timer);
  }

  /** `poll_freewait`. */
  leavePollQueues(): void {
    for (const entry of this.pollEntries) if (entry.queue !== null) entry.queue.finish_wait(entry);
  }

  timeout(): void {
    wake_up_process(this.task);
  }

  wq_wake(): void {
    wake_up_process(this.task);
  }

  /** Leaves every queue and timer (process exit). */
  reap(): void {
    if (this.entry.queue !== null) this.entry.queue.finish_wait(this.entry);
    this.leavePollQueues();
    if (this.timer >= 0) {
      this.kernel.timers.del_timer(this.timer);
      this.kernel.timers.freeTimer(this.timer);
      this.timer = -1;
    }
    this.settle = null;
    this.call = null;
    wake_up_process(this.task);
  }

  /** A copied thread has no promise to settle: the copied process attaches its own when it is run again. */
  cloneFields(copy: Record<string, unknown>): void {
    copy['settle'] = null;
  }
}

/** What a finished call wrote. */
function copyResults(from: CallFrame, to: CallFrame): void {
  if (from.receives) to.buf.set(from.buf);
  if (from.addr !== null && to.addr !== null) to.addr.set(from.addr);
  if (from.meta !== null && to.meta !== null) {
    to.meta.addrlen = from.meta.addrlen;
    to.meta.flags = from.meta.flags;
  }
  // Outside poll the list is that of an earlier call.
  for (let i = 0; i < Math.min(from.fds.length, to.fds.length); i++) to.fds[i].revents = from.fds[i].revents ?? 0;
}
