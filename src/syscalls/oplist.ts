import { type Cpu, TASK_EXIT, TASK_RUN, TASK_SLEEP } from '../cpu/index.js';
import { parseDuration } from '../sim/index.js';
import {
  decodeSockaddr,
  EAGAIN,
  encodeSockaddr,
  errnoName,
  MSG_DONTWAIT,
  O_NONBLOCK,
  POLLIN,
  POLLOUT,
  type SockAddr,
  type SockAddrInput,
} from '../uapi/index.js';
import { errorWithCode } from './errors.js';
import type { Program } from './process.js';
import type { Thread } from './thread.js';

/** One operation of an operation list. Descriptors are named: `fd: 'server'` refers to what `socket` stored under that name. */
export type Op =
  | { call: 'socket'; fd: string; family: number; type: number; protocol?: number }
  | { call: 'bind' | 'connect'; fd: string; to: SockAddrInput }
  /** `data: 'received'` sends the last message received; `to: 'sender'` sends to where it came from. */
  | { call: 'sendto'; fd: string; data: Uint8Array | 'received'; to?: SockAddrInput | 'sender'; flags?: number }
  | { call: 'recvfrom'; fd: string; length: number; flags?: number }
  | { call: 'close'; fd: string }
  | { call: 'sleep'; duration: string | number }
  | { call: 'repeat'; times: number; body: Op[] };

/** What one operation came to. */
export interface OpResult {
  /** Position in the list (depth first, `repeat` counts as one). */
  op: number;
  call: string;
  /** Value, or `-errno`. */
  result: number;
  /** `'EAGAIN'` and so on when the result is an error. */
  error?: string;
  data?: Uint8Array;
  from?: SockAddr;
}

const CALLS: ReadonlySet<string> = new Set([
  'socket',
  'bind',
  'connect',
  'sendto',
  'recvfrom',
  'close',
  'sleep',
  'repeat',
]);

interface Step {
  op: Op;
  index: number;
  /** For the end of a loop: where its body starts. */
  loop: number;
}

/**
 * A program that is a list of system calls. Unlike an asynchronous function it is plain data: snapshots copy it, generated lists shrink,
 * and it runs without promises. Every result is kept in {@link results}.
 */
export class OpListProgram implements Program {
  readonly results: OpResult[] = [];
  private readonly steps: Step[] = [];
  private readonly fds: Map<string, number> = new Map();
  private readonly loops: number[] = [];
  private pc: number = 0;
  private received: Uint8Array = new Uint8Array(0);
  private readonly sender: Uint8Array = new Uint8Array(128);
  private sender_len: number = 0;
  private readonly addr: Uint8Array = new Uint8Array(128);
  private deadline: number = -1;

  constructor(ops: readonly Op[]) {
    this.compile(ops);
  }

  private compile(ops: readonly Op[]): void {
    for (const op of ops) {
      const index = this.steps.length;
      checkOp(op);
      if (op.call !== 'repeat') {
        this.steps.push({ op, index, loop: -1 });
        continue;
      }
      if (!Number.isInteger(op.times) || op.times < 1 || op.body.length === 0) {
        throw errorWithCode('ERR_SOFTIRQ_OPLIST', 'repeat needs a positive number of times and a body');
      }
      const start = this.steps.length;
      this.compile(op.body);
      this.steps.push({ op, index, loop: start });
    }
  }

  step(thread: Thread, _cpu: Cpu): number {
    const step = this.steps[this.pc];
    if (step === undefined) return TASK_EXIT;
    if (step.op.call === 'repeat') return this.endOfLoop(step.loop, step.op.times);
    const result = this.perform(thread, step.op);
    if (result === -EAGAIN && this.mayBlock(thread, step.op)) return this.sleep(thread, step.op);
    this.keep(step, result);
    this.pc++;
    return TASK_RUN;
  }

  private endOfLoop(start: number, times: number): number {
    const done = (this.loops[this.pc] ?? 0) + 1;
    this.loops[this.pc] = done < times ? done : 0;
    this.pc = done < times ? start : this.pc + 1;
    return TASK_RUN;
  }

  private perform(thread: Thread, op: Op): number {
    const { kernel, proc } = thread;
    switch (op.call) {
      case 'socket': {
        const fd = kernel.socket(proc, op.family, op.type, op.protocol ?? 0);
        this.fds.set(op.fd, fd);
        return fd;
      }
      case 'bind':
        return kernel.bind(proc, this.fd(op.fd), this.addr, encodeSockaddr(op.to, this.addr));
      case 'connect':
        return kernel.connect(proc, this.fd(op.fd), this.addr, encodeSockaddr(op.to, this.addr));
      case 'sendto':
        return this.sendto(thread, op);
      case 'recvfrom':
        return this.recvfrom(thread, op);
      case 'close':
        return kernel.close(proc, this.fd(op.fd));
      case 'sleep':
        if (this.deadline < 0) this.deadline = kernel.sim.now + parseDuration(op.duration);
        return kernel.nanosleep(this.deadline);
      default:
        throw errorWithCode('ERR_SOFTIRQ_OPLIST', `unknown operation ${JSON.stringify(op)}`);
    }
  }

  private sendto(thread: Thread, op: Extract<Op, { call: 'sendto' }>): number {
    const data = op.data === 'received' ? this.received : op.data;
    const { kernel, proc } = thread;
    const fd = this.fd(op.fd);
    const flags = op.flags ?? 0;
    if (op.to === undefined) return kernel.sendto(proc, fd, data, 0, data.length, flags, null, 0);
    if (op.to === 'sender') return kernel.sendto(proc, fd, data, 0, data.length, flags, this.sender, this.sender_len);
    return kernel.sendto(proc, fd, data, 0, data.length, flags, this.addr, encodeSockaddr(op.to, this.addr));
  }

  private recvfrom(thread: Thread, op: Extract<Op, { call: 'recvfrom' }>): number {
    const { kernel, proc } = thread;
    const buf = new Uint8Array(op.length);
    const n = kernel.recvfrom(proc, this.fd(op.fd), buf, 0, op.length, op.flags ?? 0, this.sender);
    if (n < 0) return n;
    this.sender_len = kernel.addrlen;
    this.received = buf.subarray(0, Math.min(n, op.length));
    return n;
  }

  private fd(name: string): number {
    return this.fds.get(name) ?? -1;
  }

  private mayBlock(thread: Thread, op: Op): boolean {
    if (op.call === 'sleep') return true;
    if (op.call !== 'recvfrom' && op.call !== 'sendto') return false;
    const file = thread.proc.fds.get(this.fd(op.fd));
    return file !== null && (file.flags & O_NONBLOCK) === 0 && ((op.flags ?? 0) & MSG_DONTWAIT) === 0;
  }

  /** The call of the operation it stands at. */
  waiting(): { syscall: string; fd: number } {
    const op = this.steps[this.pc]?.op;
    if (op === undefined || op.call === 'repeat') return { syscall: 'exit', fd: -1 };
    return op.call === 'sleep' ? { syscall: 'nanosleep', fd: -1 } : { syscall: op.call, fd: this.fd(op.fd) };
  }

  private sleep(thread: Thread, op: Op): number {
    if (op.call === 'sleep') {
      thread.frame.deadline = this.deadline;
      thread.armTimeout();
    } else if (op.call === 'recvfrom' || op.call === 'sendto') {
      thread.kernel.sleepOn(thread, this.fd(op.fd), op.call === 'recvfrom' ? POLLIN : POLLOUT);
    }
    return TASK_SLEEP;
  }

  private keep(step: Step, result: number): void {
    const entry: OpResult = { op: step.index, call: step.op.call, result };
    if (result < 0) entry.error = errnoName(-result);
    else if (step.op.call === 'recvfrom') {
      entry.data = this.received;
      const from = decodeSockaddr(this.sender, this.sender_len);
      if (from !== null) entry.from = from;
    }
    this.deadline = -1;
    this.results.push(entry);
  }
}

/** Refuses when the list is made what would else be found in mid-run. */
function checkOp(op: Op): void {
  const call: unknown = (op as Op | null)?.call;
  if (typeof call !== 'string' || !CALLS.has(call)) {
    throw errorWithCode('ERR_SOFTIRQ_OPLIST', `unknown operation ${JSON.stringify(op)}`);
  }
  if (op.call === 'recvfrom' && !(Number.isInteger(op.length) && op.length >= 0)) {
    throw errorWithCode('ERR_SOFTIRQ_OPLIST', `the length of recvfrom is a whole number of bytes, not ${op.length}`);
  }
  if (op.call === 'sendto' && op.data !== 'received' && !(op.data instanceof Uint8Array)) {
    throw errorWithCode('ERR_SOFTIRQ_OPLIST', "the data of sendto is a Uint8Array or 'received'");
  }
  if (op.call === 'sleep') parseDuration(op.duration);
}
