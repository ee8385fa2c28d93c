import { TASK_EXIT, TASK_RUN } from '../../src/cpu/index.js';
import { createNetwork } from '../../src/host/index.js';
import type { Kernel, Process, Program, Thread } from '../../src/syscalls/index.js';
import { MSG_DONTWAIT, POLLERR, POLLHUP, POLLNVAL } from '../../src/uapi/index.js';

/** A port as a number, or the one that the socket in slot `of` is bound to when the call is made. */
export type PortSpec = number | { of: number };

/** `struct sockaddr` as hex (its port is filled in) and the length handed to the kernel. */
export interface AddrSpec {
  bytes: string;
  port: PortSpec;
  length: number;
}

/** One call. `fd` is a slot: the n-th socket the sequence made. Every call that could sleep is made with `MSG_DONTWAIT`. */
export type Call =
  | { call: 'socket'; family: number; type: number; protocol: number }
  | { call: 'bind' | 'connect'; fd: number; addr: AddrSpec }
  | { call: 'sendto'; fd: number; length: number; fill: number; flags: number; addr?: AddrSpec }
  | { call: 'recvfrom'; fd: number; length: number; flags: number }
  | { call: 'getname'; fd: number; peer: boolean }
  | { call: 'shutdown'; fd: number; how: number }
  | { call: 'poll'; fd: number; events: number }
  | { call: 'setsockopt'; fd: number; level: number; name: number; value: string }
  | { call: 'getsockopt'; fd: number; level: number; name: number; room: number }
  | { call: 'close'; fd: number };

/** What a call returned (`-errno` on failure) and what it wrote. */
export interface Answer {
  result: number;
  /** First four bytes and the last one of the data, hex. */
  data?: string;
  /** `struct sockaddr`, hex. */
  name?: string;
  value?: string;
  revents?: number;
}

/** Limits of the machine that the answers depend on. */
export type Sysctls = Record<'rmem_default' | 'wmem_default' | 'rmem_max' | 'wmem_max', number>;

const ROOM = 256;
const NO_FD = 987;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** The calls as a program of our machine, one call a block: what a call sends over `lo` has arrived before the next one. */
class Script implements Program {
  readonly answers: Answer[] = [];
  private readonly calls: readonly Call[];
  private readonly fds: number[] = [];

  constructor(calls: readonly Call[]) {
    this.calls = calls;
  }

  step(thread: Thread): number {
    const call = this.calls[this.answers.length];
    if (call === undefined) return TASK_EXIT;
    this.answers.push(this.run(thread.kernel, thread.proc, call));
    return TASK_RUN;
  }

  private fd(slot: number): number {
    return this.fds[slot] ?? NO_FD;
  }

  private name(k: Kernel, p: Process, addr: AddrSpec): Uint8Array {
    const raw = new Uint8Array(ROOM);
    raw.set(unhex(addr.bytes));
    let { port } = addr;
    if (typeof port !== 'number') {
      const name = new Uint8Array(ROOM);
      port = k.getname(p, this.fd(port.of), name, false) < 0 ? 0 : (name[2] << 8) | name[3];
    }
    raw[2] = port >> 8;
    raw[3] = port;
    return raw;
  }

  private run(k: Kernel, p: Process, c: Call): Answer {
    switch (c.call) {
      case 'socket': {
        const fd = k.socket(p, c.family, c.type, c.protocol);
        if (fd >= 0) this.fds.push(fd);
        return { result: Math.min(fd, 0) };
      }
      case 'bind':
        return { result: k.bind(p, this.fd(c.fd), this.name(k, p, c.addr), c.addr.length) };
      case 'connect':
        return { result: k.connect(p, this.fd(c.fd), this.name(k, p, c.addr), c.addr.length) };
      case 'shutdown':
        return { result: k.shutdown(p, this.fd(c.fd), c.how) };
      case 'setsockopt':
        return { result: k.setsockopt(p, this.fd(c.fd), c.level, c.name, unhex(c.value)) };
      case 'close':
        return { result: k.close(p, this.fd(c.fd)) };
      default:
        return this.exchange(k, p, c);
    }
  }

  private exchange(
    k: Kernel,
    p: Process,
    c: Extract<Call, { call: 'sendto' | 'recvfrom' | 'getname' | 'poll' | 'getsockopt' }>,
  ): Answer {
    const fd = this.fd(c.fd);
    const name = new Uint8Array(ROOM);
    switch (c.call) {
      case 'sendto': {
        const data = new Uint8Array(c.length).fill(c.fill);
        const addr = c.addr === undefined ? null : this.name(k, p, c.addr);
        return { result: k.sendto(p, fd, data, 0, c.length, c.flags | MSG_DONTWAIT, addr, c.addr?.length ?? 0) };
      }
      case 'recvfrom': {
        const room = new Uint8Array(c.length);
        const n = k.recvfrom(p, fd, room, 0, c.length, c.flags | MSG_DONTWAIT, name);
        if (n < 0) return { result: n };
        const got = room.subarray(0, n);
        return {
          result: n,
          data: hex(got.subarray(0, 4)) + hex(got.subarray(-1)),
          name: hex(name.subarray(0, k.addrlen)),
        };
      }
      case 'getname': {
        const r = k.getname(p, fd, name, c.peer);
        return r < 0 ? { result: r } : { result: r, name: hex(name.subarray(0, k.addrlen)) };
      }
      case 'poll': {
        const mask = k.pollEvents(p, fd);
        const revents = mask < 0 ? POLLNVAL : mask & (c.events | POLLERR | POLLHUP | POLLNVAL);
        return { result: revents === 0 ? 0 : 1, revents };
      }
      case 'getsockopt': {
        const room = new Uint8Array(c.room);
        const n = k.getsockopt(p, fd, c.level, c.name, room);
        return n < 0 ? { result: n } : { result: 0, value: hex(room.subarray(0, n)) };
      }
    }
  }
}

/** Makes the calls on a machine of ours that has nothing but `lo`. */
export async function ourAnswers(calls: readonly Call[], sysctls: Sysctls): Promise<Answer[]> {
  const net = createNetwork({ checked: true });
  const host = net.host('host');
  Object.assign(host.net.sysctl, sysctls);
  const script = new Script(calls);
  host.spawn(script);
  await net.run();
  return script.answers;
}

const EPHEMERAL = 32768;

/** The answers with each ephemeral port replaced by its order of appearance: those are chance on both sides. */
export function normalised(answers: readonly Answer[]): Answer[] {
  const seen: number[] = [];
  return answers.map((answer) => {
    if (answer.name === undefined || answer.name.length < 8) return answer;
    const port = Number.parseInt(answer.name.slice(4, 8), 16);
    if (port < EPHEMERAL) return answer;
    if (!seen.includes(port)) seen.push(port);
    return { ...answer, name: `${answer.name.slice(0, 4)}<e${seen.indexOf(port)}>${answer.name.slice(8)}` };
  });
}
