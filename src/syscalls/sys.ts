import { parseDuration } from '../sim/index.js';
import {
  decodeSockaddr,
  EFAULT,
  EINVAL,
  encodeSockaddr,
  F_GETFL,
  F_SETFL,
  O_NONBLOCK,
  SO_RCVBUF,
  SOL_SOCKET,
  type SockAddr,
  type SockAddrInput,
} from '../uapi/index.js';
import { closeCall, connectCall, nanosleepCall, recvfromCall, sendtoCall } from './calls.js';
import { type PollFd, pollCall } from './poll.js';
import type { Process } from './process.js';
import { ProcessExit } from './process-exit.js';
import { SysError } from './sys-error.js';

/**
 * A received message: `data` is the process's own copy, `from` the sender, `flags` may hold `MSG_TRUNC`. The end after `shutdown(SHUT_RD)` has no
 * data, and comes from the unspecified address and port 0.
 */
export interface Received {
  data: Uint8Array;
  from: SockAddr;
  flags: number;
}

/** Room for any `struct sockaddr` given to the core. */
const ADDR_BYTES = 128;

/** No message is longer: the largest IPv6 datagram has 65535 bytes of payload with its headers. */
const MESSAGE_MAX = 65536;

/** Largest `int`. */
const INT_MAX = 0x7fffffff;

/**
 * The system calls as a program sees them. A call that can never sleep in Linux returns at once and throws {@link SysError}; one that can
 * sleep returns a promise. Names, arguments and errors are those of section 2 of the Linux manual.
 */
export class Sys {
  /** The calling process (`getpid` and more). */
  readonly process: Process;
  private readonly scratch: Uint8Array = new Uint8Array(ADDR_BYTES);
  private readonly option: Uint8Array = new Uint8Array(4);

  constructor(process: Process) {
    this.process = process;
  }

  /** socket(2). */
  socket(family: number, type: number, protocol: number = 0): number {
    return this.process.now('socket', null, (k, p) => k.socket(p, family, type, protocol));
  }

  /** bind(2); port 0 takes any free one. */
  bind(fd: number, addr: SockAddrInput): void {
    const len = encodeSockaddr(addr, this.scratch);
    this.process.now('bind', null, (k, p) => k.bind(p, fd, this.scratch, len), addr);
  }

  /** connect(2). On a datagram socket it sets the peer and never waits. */
  connect(fd: number, addr: SockAddrInput): Promise<void> {
    const name = new Uint8Array(ADDR_BYTES);
    const namelen = attempt(() => encodeSockaddr(addr, name));
    if (typeof namelen !== 'number') return namelen;
    const frame = this.process.frame();
    frame.fd = fd;
    frame.flags = 0;
    frame.addr = name;
    frame.addrlen = namelen;
    frame.receives = false;
    return this.process.issue(connectCall).then(drop);
  }

  /** sendto(2): resolves with the number of bytes sent. Waits while the send buffer is full, unless `MSG_DONTWAIT` or `O_NONBLOCK`. */
  sendto(fd: number, data: Uint8Array | string, flags: number = 0, addr?: SockAddrInput): Promise<number> {
    const buf = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    if (!isBytes(buf)) return Promise.reject(new SysError(EFAULT, 'sendto'));
    let name: Uint8Array | null = null;
    let namelen = 0;
    if (addr !== undefined) {
      name = new Uint8Array(ADDR_BYTES);
      try {
        namelen = encodeSockaddr(addr, name);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const frame = this.process.frame();
    frame.fd = fd;
    frame.buf = buf;
    frame.off = 0;
    frame.len = buf.length;
    frame.flags = flags;
    frame.addr = name;
    frame.addrlen = namelen;
    frame.receives = false;
    return this.process.issue(sendtoCall);
  }

  /** send(2): {@link sendto} without an address. */
  send(fd: number, data: Uint8Array | string, flags: number = 0): Promise<number> {
    return this.sendto(fd, data, flags);
  }

  /**
   * recvfrom(2), two forms. With a length it resolves with the data and the sender; with a buffer it fills the buffer and resolves with the
   * number of bytes, allocating nothing for the data (`addr`, if given, receives the sender's `struct sockaddr`).
   */
  recvfrom(fd: number, length: number, flags?: number): Promise<Received>;
  recvfrom(fd: number, buffer: Uint8Array, flags?: number, addr?: Uint8Array): Promise<number>;
  recvfrom(fd: number, into: number | Uint8Array, flags: number = 0, addr?: Uint8Array): Promise<Received | number> {
    if (typeof into === 'number') return this.recvCopy(fd, into, flags);
    if (!isBytes(into)) return Promise.reject(new SysError(EFAULT, 'recvfrom'));
    const frame = this.process.frame();
    frame.fd = fd;
    frame.buf = into;
    frame.off = 0;
    frame.len = into.length;
    frame.flags = flags;
    frame.addr = addr ?? null;
    frame.meta = null;
    frame.receives = true;
    return this.process.issue(recvfromCall);
  }

  private async recvCopy(fd: number, length: number, flags: number): Promise<Received> {
    if (!Number.isInteger(length) || length < 0) throw new SysError(EINVAL, 'recvfrom');
    const frame = this.process.frame();
    // No message is longer: a wish for a gigabyte costs nothing and brings the same.
    const room = Math.min(length, MESSAGE_MAX);
    const buf = new Uint8Array(room);
    const addr = new Uint8Array(ADDR_BYTES);
    frame.fd = fd;
    frame.buf = buf;
    frame.off = 0;
    frame.len = room;
    frame.flags = flags;
    frame.addr = addr;
    const meta = { addrlen: 0, flags: 0 };
    frame.meta = meta;
    frame.receives = true;
    const n = await this.process.issue(recvfromCall);
    // With MSG_TRUNC the result is the datagram's real length, which may exceed the buffer.
    const data = buf.subarray(0, Math.min(n, room));
    return { data, from: decodeSockaddr(addr, meta.addrlen) as SockAddr, flags: meta.flags };
  }

  /** recv(2): {@link recvfrom} without the address. */
  recv(fd: number, buffer: Uint8Array, flags: number = 0): Promise<number> {
    return this.recvfrom(fd, buffer, flags);
  }

  /** close(2): a promise, because close may linger on a stream socket; on a datagram socket it is done at the call. */
  close(fd: number): Promise<void> {
    const frame = this.process.frame();
    frame.fd = fd;
    frame.flags = 0;
    frame.receives = false;
    return this.process.issue(closeCall).then(drop);
  }

  /** shutdown(2). */
  shutdown(fd: number, how: number): void {
    this.process.now('shutdown', null, (k, p) => k.shutdown(p, fd, how));
  }

  /** poll(2): resolves with the number of ready descriptors and fills `revents`. `timeout` in whole milliseconds, -1 waits without end. */
  poll(fds: PollFd[], timeout: number = -1): Promise<number> {
    if (!Number.isInteger(timeout) || timeout > INT_MAX) return Promise.reject(new SysError(EINVAL, 'poll'));
    if (!Array.isArray(fds) || !fds.every(isPollFd)) return Promise.reject(new SysError(EFAULT, 'poll'));
    const frame = this.process.frame();
    frame.fd = -1;
    frame.receives = false;
    frame.fds = fds;
    frame.deadline = timeout < 0 ? -1 : this.process.now_ns() + timeout * 1_000_000;
    return this.process.issue(pollCall);
  }

  /** nanosleep(2): `'10ms'` or nanoseconds of virtual time. */
  sleep(duration: string | number): Promise<void> {
    const span = attempt(() => parseDuration(duration));
    if (typeof span !== 'number') return span;
    const frame = this.process.frame();
    frame.fd = -1;
    frame.receives = false;
    frame.deadline = this.process.now_ns() + span;
    return this.process.issue(nanosleepCall).then(drop);
  }

  /** clock_gettime(2) with `CLOCK_MONOTONIC`: nanoseconds since the network was made. */
  clock_gettime(): number {
    const { scratch, process } = this;
    const view = new DataView(scratch.buffer);
    process.now('clock_gettime', scratch, (k) => {
      view.setFloat64(0, k.sim.now);
      return 0;
    });
    return view.getFloat64(0);
  }

  /** getsockname(2). */
  getsockname(fd: number): SockAddr {
    return this.getname(fd, false, 'getsockname');
  }

  /** getpeername(2). */
  getpeername(fd: number): SockAddr {
    return this.getname(fd, true, 'getpeername');
  }

  private getname(fd: number, peer: boolean, name: string): SockAddr {
    const { scratch, process } = this;
    const len = process.now(name, scratch, (k, p) => {
      const r = k.getname(p, fd, scratch, peer);
      return r < 0 ? r : k.addrlen;
    });
    return decodeSockaddr(scratch, len) as SockAddr;
  }

  /** setsockopt(2) with an int, or with the option's bytes. */
  setsockopt(fd: number, level: number, name: number, value: number | Uint8Array): void {
    const isInt = typeof value === 'number';
    if (isInt ? !Number.isInteger(value) : !isBytes(value)) {
      throw new SysError(isInt ? EINVAL : EFAULT, 'setsockopt');
    }
    const val = isInt ? this.option : value;
    if (typeof value === 'number') new DataView(this.option.buffer).setInt32(0, value, true);
    this.process.now('setsockopt', null, (k, p) => k.setsockopt(p, fd, level, name, val));
  }

  /** getsockopt(2) of an int option. */
  getsockopt(fd: number, level: number = SOL_SOCKET, name: number = SO_RCVBUF): number {
    const { option } = this;
    this.process.now('getsockopt', option, (k, p) => k.getsockopt(p, fd, level, name, option));
    return new DataView(this.option.buffer).getInt32(0, true);
  }

  /** fcntl(2): `F_GETFL`, `F_SETFL` with `O_NONBLOCK`. */
  fcntl(fd: number, cmd: number, arg: number = 0): number {
    return this.process.now('fcntl', null, (k, p) => k.fcntl(p, fd, cmd, arg));
  }

  /** Sets or clears `O_NONBLOCK`. */
  setNonblocking(fd: number, on: boolean = true): void {
    const flags = this.fcntl(fd, F_GETFL);
    this.fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
  }

  /** exit(2): ends the process; it does not return. The low eight bits of `status` are kept. */
  exit(status: number = 0): never {
    throw new ProcessExit(this.process, status & 0xff);
  }
}

/** Bytes of whatever realm: no wider elements, which would be cut, and no plain ArrayBuffer, which has no elements. */
function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) && (value as Uint8Array).BYTES_PER_ELEMENT === 1;
}

function isPollFd(p: PollFd | null | undefined): boolean {
  return typeof p === 'object' && p !== null && !Object.isFrozen(p);
}

/** What `read` makes of an argument, or the promise rejected with what it threw: a call that waits never throws. */
function attempt(read: () => number): number | Promise<never> {
  try {
    return read();
  } catch (error) {
    return Promise.reject(error);
  }
}

function drop(): void {}
