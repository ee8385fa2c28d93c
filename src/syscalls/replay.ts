import type { CallLog, LogEntry } from './call-log.js';
import { errorWithCode } from './errors.js';
import type { CallFrame, Settle } from './thread.js';

/** Microtask turns given to a program that is re-run before its next logged result is handed out. */
const TURNS = 64;

/** A call that a re-run program has issued and whose result is not in the log. */
export interface PendingCall {
  name: string;
  frame: CallFrame;
  settle: Settle;
}

/**
 * Re-runs an asynchronous program against the log of its calls: each call gets its logged result, in the order in which the calls were
 * completed, and nothing reaches the machine. When the log is used up, the calls that are still open are those the copied threads sleep in.
 */
export class Replay {
  private readonly log: CallLog;
  private next: number = 0;
  private next_seq: number = 0;
  private readonly open: Map<number, PendingCall> = new Map();

  constructor(log: CallLog) {
    this.log = log;
  }

  /** Whether results are still to be handed out. */
  active(): boolean {
    return this.next < this.log.entries.length;
  }

  /** The logged result of a call that returns at once. */
  immediate(name: string, out: Uint8Array | null): number {
    const entry = this.log.entries[this.next];
    const seq = this.next_seq++;
    if (entry === undefined || entry.seq !== seq || entry.call !== name) throw diverged(name, seq);
    this.next++;
    if (out !== null && entry.data !== null) out.set(entry.data.subarray(0, out.length));
    return entry.result;
  }

  /** A blocking call issued by the re-run program: `settle` is called when its turn in the log comes. Returns its number. */
  issue(name: string, frame: CallFrame, settle: Settle): number {
    const seq = this.next_seq++;
    this.open.set(seq, { name, frame, settle });
    return seq;
  }

  /** Hands out all results. Returns the calls, by number, that were outstanding when the copy was made. */
  async finish(): Promise<ReadonlyMap<number, PendingCall>> {
    while (this.active()) {
      const entry = this.log.entries[this.next] as LogEntry;
      for (let i = 0; i < TURNS && !this.open.has(entry.seq) && entry === this.log.entries[this.next]; i++) await null;
      if (entry !== this.log.entries[this.next]) continue;
      const call = this.open.get(entry.seq);
      if (call === undefined) throw diverged('no call', entry.seq);
      if (call.name !== entry.call || !fits(call.frame, entry)) throw diverged(call.name, entry.seq);
      this.open.delete(entry.seq);
      this.next++;
      restore(call.frame, entry);
      call.settle(entry.result);
    }
    for (let i = 0; i < TURNS; i++) await null;
    return this.open;
  }

  /** Number of the next call the program will issue. */
  nextSeq(): number {
    return this.next_seq;
  }
}

/** Whether the memory the call was given holds what it was given the first time (`revents` of an earlier poll may stand in the log). */
function fits(frame: CallFrame, { data, revents }: LogEntry): boolean {
  const polled = frame.fds.length;
  return (data === null || frame.off + data.length <= frame.buf.length) && (polled === 0 || polled === revents?.length);
}

function restore(frame: CallFrame, entry: LogEntry): void {
  if (entry.data !== null) frame.buf.set(entry.data, frame.off);
  if (entry.addr !== null && frame.addr !== null) frame.addr.set(entry.addr.subarray(0, frame.addr.length));
  if (frame.meta !== null) {
    frame.meta.addrlen = entry.addrlen;
    frame.meta.flags = entry.msg_flags;
  }
  const { fds } = frame;
  for (let i = 0; entry.revents !== null && i < fds.length; i++)
    (fds[i] as { revents?: number }).revents = entry.revents[i] as number;
}

function diverged(name: string, seq: number): Error {
  return errorWithCode(
    'ERR_SOFTIRQ_REPLAY_DIVERGED',
    `the program did not repeat its calls when it was run again (${name}, call ${seq}): it must depend on nothing but its system calls`,
  );
}
