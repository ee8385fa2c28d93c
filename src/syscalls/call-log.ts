import type { CallFrame } from './thread.js';

/** The result of one finished call, with what it wrote into the caller's memory. */
export interface LogEntry {
  /** Number of the call within its process, in order of issue. */
  seq: number;
  /** Name of the call. */
  call: string;
  result: number;
  /** Bytes the call wrote into the caller's buffer. */
  data: Uint8Array | null;
  /** `struct sockaddr` it wrote, at its written length. */
  addr: Uint8Array | null;
  addrlen: number;
  msg_flags: number;
  revents: number[] | null;
}

/**
 * Everything a process has learnt from the machine so far, in order of completion. An asynchronous function cannot be copied; run again
 * against this log it comes to the same point (DESIGN §8).
 */
export class CallLog {
  readonly entries: LogEntry[] = [];

  /** A call that returned at once; `out` is what it wrote. */
  immediate(call: string, seq: number, result: number, out: Uint8Array | null): void {
    const data = out === null ? null : out.slice();
    this.entries.push({ seq, call, result, data, addr: null, addrlen: 0, msg_flags: 0, revents: null });
  }

  /** A blocking call that has finished. */
  finished(call: string, seq: number, result: number, frame: CallFrame): void {
    const written = frame.receives && result > 0 ? Math.min(result, frame.len) : 0;
    this.entries.push({
      seq,
      call,
      result,
      data: written > 0 ? frame.buf.slice(frame.off, frame.off + written) : null,
      addr: frame.receives && frame.addr !== null ? frame.addr.slice() : null,
      addrlen: frame.meta === null ? 0 : frame.meta.addrlen,
      msg_flags: frame.meta === null ? 0 : frame.meta.flags,
      revents: frame.fds.length === 0 ? null : frame.fds.map(reventsOf),
    });
  }
}

function reventsOf(p: { revents?: number }): number {
  return p.revents ?? 0;
}
