import type { Cpu, CpuSet, KernelTimers } from '../cpu/index.js';
import { type Inet, inet_create, Msghdr } from '../proto/index.js';
import type { BlockedProcess, BlockReporter, SimTarget, Simulation } from '../sim/index.js';
import { TP } from '../sim/index.js';
import {
  AF_INET,
  EAGAIN,
  EBADF,
  EFAULT,
  EINVAL,
  ENOTSOCK,
  F_GETFL,
  F_SETFL,
  MSG_DONTWAIT,
  O_APPEND,
  O_ASYNC,
  O_DIRECT,
  O_NOATIME,
  O_NONBLOCK,
  O_RDWR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCKADDR_IN_LEN,
  SOCKADDR_IN6_LEN,
} from '../uapi/index.js';
import { OpenFile } from './file.js';
import type { Process } from './process.js';
import { SocketFile } from './socket-file.js';
import type { Thread } from './thread.js';

/** Effects addressed to the kernel (`SimTarget.handle`). */
export const OP_CALL_DONE: number = 1;
export const OP_WAKE_THREAD: number = 2;

/** `O_*` bits that `F_SETFL` may change here. */
const SETFL_MASK = O_NONBLOCK;
/** Those Linux lets it change besides (fs/fcntl.c `SETFL_MASK`), which are not modelled. */
const SETFL_REFUSED = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME;
/** `SOCK_*` flag bits of socket(2)'s type argument. */
const SOCK_TYPE_MASK = 0xf;

/**
 * The system calls of one machine: synchronous, never sleeping, bytes in and out as the kernel takes them. Every call returns a value or
 * `-errno`; one that would have to wait returns `-EAGAIN` whether or not the descriptor is non-blocking, and {@link sleepOn} parks the
 * caller until the file is ready. The layer above ({@link Sys}) makes promises and typed arguments of it.
 */
export class Kernel implements SimTarget, BlockReporter {
  readonly sim: Simulation;
  readonly hostName: string;
  /** Host id << 8: `who` in traces. */
  readonly who: number;
  readonly cpus: CpuSet;
  readonly inet: Inet;
  /** Timers of this machine's CPUs: sleeps and time-outs end in a softirq. */
  readonly timers: KernelTimers;
  readonly processes: Process[] = [];
  /** By `Thread.id`; null where free. */
  readonly threads: (Thread | null)[] = [];
  private readonly free_threads: number[] = [];
  /** Id of this object as the target of events and effects. */
  readonly target: number;
  /** Length of the address that the last {@link recvfrom} or getsockname/getpeername wrote. */
  addrlen: number = 0;
  /** `msg_flags` of the last {@link recvfrom} (`MSG_TRUNC`). */
  msg_flags: number = 0;
  /** Foreground processes that have not exited. */
  live: number = 0;
  /** Keep the results of all calls of asynchronous programs, so that they can be copied (DESIGN §8). */
  record: boolean = false;
  private readonly msg: Msghdr = new Msghdr();
  /** Where an address stands that is not taken from or put into the caller's own array. */
  private readonly name: Uint8Array = new Uint8Array(SOCKADDR_STORAGE);
  private next_pid: number = 1;

  constructor(sim: Simulation, hostName: string, hostId: number, cpus: CpuSet, inet: Inet, timers: KernelTimers) {
    this.sim = sim;
    this.hostName = hostName;
    this.who = hostId << 8;
    this.cpus = cpus;
    this.inet = inet;
    this.timers = timers;
    this.target = sim.attach(this);
  }

  handle(op: number, a: number, _b: number): void {
    const thread = this.threads[a];
    if (thread === null || thread === undefined) return;
    if (op === OP_CALL_DONE) thread.callDone();
    else if (op === OP_WAKE_THREAD) thread.timeout();
  }

  allocPid(): number {
    return this.next_pid++;
  }

  /** A place in {@link threads}: a free one, else a new one. */
  addThread(thread: Thread): number {
    const id = this.free_threads.pop() ?? this.threads.length;
    this.threads[id] = thread;
    return id;
  }

  /** The thread's task has ended. */
  freeThread(thread: Thread): void {
    this.threads[thread.id] = null;
    this.free_threads.push(thread.id);
  }

  /** Cycles of a call: on the block that runs, else owed by the process and charged to its next block. */
  enter(proc: Process, nr: number, fd: number): void {
    const cpu = this.cpus.current;
    if (cpu === null) proc.owed_calls++;
    else cpu.charge(cpu.costs.syscall);
    const trace = this.sim.trace;
    if (trace.on) trace.put(TP.SYSCALL_ENTER, this.who, 0, proc.pid, nr, fd);
  }

  private socketOf(proc: Process, fd: number): SocketFile | number {
    const file = proc.fds.get(fd);
    if (file === null) return -EBADF;
    return file.ops instanceof SocketFile ? file.ops : -ENOTSOCK;
  }

  /** socket(2): a descriptor, `-EAFNOSUPPORT`, `-EINVAL`, `-EPROTONOSUPPORT`, `-ESOCKTNOSUPPORT`, `-EMFILE`. `SOCK_NONBLOCK` and `SOCK_CLOEXEC` are honoured. */
  socket(proc: Process, family: number, type: number, protocol: number): number {
    this.enter(proc, NR.socket, -1);
    const flags = type & ~SOCK_TYPE_MASK;
    if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) !== 0) return -EINVAL;
    const sock = inet_create(this.inet, family, type & SOCK_TYPE_MASK, protocol);
    if (typeof sock === 'number') return sock;
    const file = new OpenFile(new SocketFile(sock), O_RDWR | ((flags & SOCK_NONBLOCK) !== 0 ? O_NONBLOCK : 0));
    const fd = proc.fds.install(file);
    if (fd < 0) file.ops.release();
    return fd;
  }

  /** bind(2). `addr` holds a `struct sockaddr`. */
  bind(proc: Process, fd: number, addr: Uint8Array, addrlen: number): number {
    this.enter(proc, NR.bind, fd);
    const socket = this.socketOf(proc, fd);
    if (typeof socket === 'number') return socket;
    return addrlen < 0 || addrlen > SOCKADDR_STORAGE ? -EINVAL : socket.sock.bind(addr, addrlen);
  }

  /** connect(2). */
  connect(proc: Process, fd: number, addr: Uint8Array, addrlen: number): number {
    this.enter(proc, NR.connect, fd);
    const socket = this.socketOf(proc, fd);
    if (typeof socket === 'number') return socket;
    return addrlen < 0 || addrlen > SOCKADDR_STORAGE ? -EINVAL : socket.sock.connect(addr, addrlen);
  }

  /** sendto(2): bytes sent or `-errno`; `addr` null for a connected socket. */
  sendto(
    proc: Process,
    fd: number,
    buf: Uint8Array,
    off: number,
    len: number,
    flags: number,
    addr: Uint8Array | null,
    addrlen: number,
  ): number {
    this.enter(proc, NR.sendto, fd);
    const file = proc.fds.get(fd);
    if (file === null) return -EBADF;
    if (!(file.ops instanceof SocketFile)) return -ENOTSOCK;
    if (off < 0 || len < 0 || off + len > buf.length) return -EFAULT;
    const msg = this.msg;
    msg.buf = buf;
    msg.off = off;
    msg.len = len;
    msg.namelen = 0;
    if (addr !== null) {
      if (addrlen < 0 || addrlen > SOCKADDR_STORAGE) return -EINVAL;
      if (addrlen <= addr.length) msg.name = addr;
      else {
        msg.name = this.name;
        msg.name.set(addr);
      }
      // An address of no bytes is still one, too short for any family: Msghdr says 0 for none.
      msg.namelen = addrlen === 0 ? 1 : addrlen;
    }
    msg.flags = (file.flags & O_NONBLOCK) !== 0 ? flags | MSG_DONTWAIT : flags;
    const cpu = this.cpus.current;
    if (cpu !== null) chargeCopy(cpu, cpu.costs.send, len);
    return file.ops.sock.sendmsg(msg);
  }

  /**
   * recvfrom(2): bytes received or `-errno`, `-EAGAIN` when the queue is empty. With `addr` the sender's `struct sockaddr` is written there
   * (cut at its length) and {@link addrlen} is the full length.
   */
  recvfrom(
    proc: Process,
    fd: number,
    buf: Uint8Array,
    off: number,
    len: number,
    flags: number,
    addr: Uint8Array | null,
  ): number {
    this.enter(proc, NR.recvfrom, fd);
    const file = proc.fds.get(fd);
    if (file === null) return -EBADF;
    if (!(file.ops instanceof SocketFile)) return -ENOTSOCK;
    const fault = off < 0 || len < 0 || off + len > buf.length;
    const msg = this.msg;
    msg.buf = buf;
    msg.off = fault ? 0 : off;
    msg.len = fault ? 0 : len;
    msg.namelen = 0;
    msg.flags = (file.flags & O_NONBLOCK) !== 0 ? flags | MSG_DONTWAIT : flags;
    const sock = file.ops.sock;
    const room = sock.family === AF_INET ? SOCKADDR_IN_LEN : SOCKADDR_IN6_LEN;
    msg.name = addr !== null && addr.length >= room ? addr : this.name;
    const n = sock.recvmsg(msg);
    if (n < 0) return n;
    // As in Linux a bad buffer shows only when there is a datagram to copy, which is lost.
    if (fault) return -EFAULT;
    const cpu = this.cpus.current;
    if (cpu !== null) chargeCopy(cpu, cpu.costs.recv, n);
    this.addrlen = msg.namelen;
    this.msg_flags = msg.msg_flags;
    if (addr !== null && msg.name !== addr) {
      const n = addr.length < msg.namelen ? addr.length : msg.namelen;
      for (let i = 0; i < n; i++) addr[i] = msg.name[i];
    }
    const trace = this.sim.trace;
    if (trace.on) trace.put(TP.RECVFROM, this.who, msg.journey, proc.pid, fd, n);
    return n;
  }

  /** close(2). */
  close(proc: Process, fd: number): number {
    this.enter(proc, NR.close, fd);
    return proc.fds.close(fd);
  }

  /** shutdown(2). */
  shutdown(proc: Process, fd: number, how: number): number {
    this.enter(proc, NR.shutdown, fd);
    const socket = this.socketOf(proc, fd);
    return typeof socket === 'number' ? socket : socket.sock.shutdown(how);
  }

  /** getsockname(2) and getpeername(2): writes `struct sockaddr` into `addr`, 0 or `-errno`; {@link addrlen} is its full length. */
  getname(proc: Process, fd: number, addr: Uint8Array, peer: boolean): number {
    this.enter(proc, peer ? NR.getpeername : NR.getsockname, fd);
    const socket = this.socketOf(proc, fd);
    if (typeof socket === 'number') return socket;
    const n = socket.sock.getname(peer, this.name);
    if (n < 0) return n;
    this.addrlen = n;
    addr.set(this.name.subarray(0, Math.min(n, addr.length)));
    return 0;
  }

  /** setsockopt(2): `val` holds the option's bytes. */
  setsockopt(proc: Process, fd: number, level: number, name: number, val: Uint8Array): number {
    this.enter(proc, NR.setsockopt, fd);
    const socket = this.socketOf(proc, fd);
    return typeof socket === 'number' ? socket : socket.sock.setsockopt(level, name, val);
  }

  /** getsockopt(2): writes into `out`, returns the number of bytes written or `-errno`. */
  getsockopt(proc: Process, fd: number, level: number, name: number, out: Uint8Array): number {
    this.enter(proc, NR.getsockopt, fd);
    const socket = this.socketOf(proc, fd);
    return typeof socket === 'number' ? socket : socket.sock.getsockopt(level, name, out);
  }

  /**
   * fcntl(2) with `F_GETFL` and `F_SETFL` (`O_NONBLOCK`). Other commands, and flags that `F_SETFL` would set in Linux, are refused with
   * `-EINVAL`; access mode and creation flags are passed over, as there.
   */
  fcntl(proc: Process, fd: number, cmd: number, arg: number): number {
    this.enter(proc, NR.fcntl, fd);
    const file = proc.fds.get(fd);
    if (file === null) return -EBADF;
    if (cmd === F_GETFL) return file.flags;
    if (cmd !== F_SETFL || (arg & SETFL_REFUSED) !== 0) return -EINVAL;
    file.flags = (file.flags & ~SETFL_MASK) | (arg & SETFL_MASK);
    return 0;
  }

  /** nanosleep(2) until the absolute time `deadline` (ns): 0, or `-EAGAIN` while it is not over. */
  nanosleep(deadline: number): number {
    return this.sim.now >= deadline ? 0 : -EAGAIN;
  }

  /** Ready events of a descriptor, `POLL*` bits, or `-EBADF`. */
  pollEvents(proc: Process, fd: number): number {
    const file = proc.fds.get(fd);
    return file === null ? -EBADF : file.ops.poll();
  }

  /** Parks a thread until `events` of `fd` may be ready. The thread's step must then return `TASK_SLEEP` and try again when it runs next. */
  sleepOn(thread: Thread, fd: number, events: number): void {
    const file = thread.proc.fds.get(fd);
    if (file === null) return;
    thread.entry.events = events;
    file.ops.wait.prepare_to_wait(thread.entry);
  }

  /** A process has ended: `run()` may be over. */
  processExited(proc: Process): void {
    if (!proc.daemon && --this.live === 0) this.sim.stop();
    this.processes.splice(this.processes.indexOf(proc), 1);
  }

  foreground(): number {
    return this.live;
  }

  blocked(): BlockedProcess[] {
    const list: BlockedProcess[] = [];
    for (const p of this.processes) if (!p.exited && !p.daemon) p.blockedCalls(list);
    return list;
  }
}

/** Room of `struct sockaddr_storage`: a longer address is `-EINVAL` (net/socket.c `move_addr_to_kernel`). */
const SOCKADDR_STORAGE = 128;

function chargeCopy(cpu: Cpu, base: number, bytes: number): void {
  cpu.charge((base + ((bytes * cpu.costs.copy_per_kib) >> 10)) | 0);
}

/** System call numbers of x86-64, for traces. */
export const NR = {
  close: 3,
  poll: 7,
  nanosleep: 35,
  socket: 41,
  connect: 42,
  sendto: 44,
  recvfrom: 45,
  shutdown: 48,
  bind: 49,
  getsockname: 51,
  getpeername: 52,
  setsockopt: 54,
  getsockopt: 55,
  fcntl: 72,
} as const;
