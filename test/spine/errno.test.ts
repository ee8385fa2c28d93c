import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WaitQueueHead } from '../../src/fs/index.js';
import { createNetwork, type Host } from '../../src/host/index.js';
import { OpenFile } from '../../src/syscalls/file.js';
import type { Kernel, Process } from '../../src/syscalls/index.js';
import {
  AF_INET,
  encodeSockaddr,
  errnoName,
  IP_TTL,
  IPPROTO_TCP,
  IPPROTO_UDP,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_OOB,
  O_RDWR,
  SHUT_RD,
  SO_RCVBUF,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_IP,
  SOL_SOCKET,
  SOL_TCP,
} from '../../src/uapi/index.js';
import { udp4Frame } from '../support/frames.js';

const golden: Map<string, string> = new Map(
  readFileSync(new URL('../fixtures/errno-linux-6.18.tsv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t') as [string, string]),
);

/** One machine with a process, and shorthands for the calls in bytes. */
class Bench {
  readonly host: Host = createNetwork({ checked: true }).host('a', { addresses: ['10.0.0.1/24'] });
  readonly k: Kernel = this.host.kernel;
  readonly p: Process = this.host.spawn([{ call: 'sleep', duration: '1s' }]);

  udp(): number {
    return this.k.socket(this.p, AF_INET, SOCK_DGRAM, 0);
  }

  /** Bytes of an address; `family` and `length` as told, right or wrong. */
  addr(address: string, port: number, family: number = AF_INET): Uint8Array {
    const bytes = new Uint8Array(128);
    encodeSockaddr({ address, port }, bytes);
    bytes[0] = family & 0xff;
    bytes[1] = family >> 8;
    return bytes;
  }

  bind(address: string, port: number, family: number = AF_INET, length: number = 16): number {
    return this.k.bind(this.p, this.udp(), this.addr(address, port, family), length);
  }

  connect(address: string, port: number, family: number = AF_INET, length: number = 16): number {
    return this.k.connect(this.p, this.udp(), this.addr(address, port, family), length);
  }

  sendto(bytes: number, flags: number, port: number | null, length: number = 16): number {
    const addr = port === null ? null : this.addr('10.0.0.2', port);
    return this.k.sendto(this.p, this.udp(), new Uint8Array(bytes), 0, bytes, flags, addr, length);
  }

  recv(flags: number, offset: number = 0): number {
    return this.k.recvfrom(this.p, this.udp(), new Uint8Array(16), offset, 16, flags, null);
  }

  setsockopt(level: number, name: number, value: number | null): number {
    const val = new Uint8Array(value === null ? 0 : 4);
    if (value !== null) new DataView(val.buffer).setInt32(0, value, true);
    return this.k.setsockopt(this.p, this.udp(), level, name, val);
  }

  file(): number {
    const ops = { poll: () => 0, wait: new WaitQueueHead(), release: () => undefined };
    return this.p.fds.install(new OpenFile(ops, O_RDWR));
  }
}

/** Rows of the file that a datagram socket (or no socket) answers, by name. */
const rows: Record<string, (b: Bench) => number> = {
  'socket(AF=999,STREAM,0)': (b) => b.k.socket(b.p, 999, SOCK_STREAM, 0),
  'socket(INET,type=99,0)': (b) => b.k.socket(b.p, AF_INET, 99, 0),
  'socket(INET,STREAM,UDP)': (b) => b.k.socket(b.p, AF_INET, SOCK_STREAM, IPPROTO_UDP),
  'socket(INET,DGRAM,TCP)': (b) => b.k.socket(b.p, AF_INET, SOCK_DGRAM, IPPROTO_TCP),
  'socket(INET,STREAM,proto 999)': (b) => b.k.socket(b.p, AF_INET, SOCK_STREAM, 999),
  'socket(INET,SEQPACKET,0)': (b) => b.k.socket(b.p, AF_INET, SOCK_SEQPACKET, 0),
  'bind(-1)': (b) => b.k.bind(b.p, -1, b.addr('0.0.0.0', 7000), 16),
  'bind(file fd)': (b) => b.k.bind(b.p, b.file(), b.addr('0.0.0.0', 7000), 16),
  'bind len 3': (b) => b.bind('0.0.0.0', 7000, AF_INET, 3),
  'bind AF_INET6 family on INET': (b) => b.bind('::', 7000, 10, 28),
  'bind AF_UNSPEC + INADDR_ANY': (b) => b.bind('0.0.0.0', 7000, 0),
  'bind AF_UNSPEC + 127.0.0.1': (b) => b.bind('127.0.0.1', 7000, 0),
  'bind non-local 192.0.2.77': (b) => b.bind('192.0.2.77', 7000),
  'bind twice': (b) => {
    const fd = b.udp();
    expect(b.k.bind(b.p, fd, b.addr('0.0.0.0', 7000), 16)).toBe(0);
    return b.k.bind(b.p, fd, b.addr('0.0.0.0', 7001), 16);
  },
  'connect len 3': (b) => b.connect('10.0.0.2', 7000, AF_INET, 3),
  'connect family 47': (b) => b.connect('10.0.0.2', 7000, 47),
  'connect UDP to 255.255.255.255 w/o SO_BROADCAST': (b) => b.connect('255.255.255.255', 7000),
  'send on unconnected UDP': (b) => b.sendto(1, 0, null),
  'sendto UDP 65508 bytes': (b) => b.sendto(65508, 0, 7000),
  'sendto UDP port 0': (b) => b.sendto(1, 0, 0),
  'sendto UDP addrlen 3': (b) => b.sendto(1, 0, 7000, 3),
  'send MSG_OOB on UDP': (b) => b.sendto(1, MSG_OOB, 7000),
  'recv MSG_DONTWAIT on UDP': (b) => b.recv(MSG_DONTWAIT),
  'recv MSG_ERRQUEUE empty': (b) => b.recv(MSG_ERRQUEUE),
  'recvfrom bad buffer ptr': (b) => b.recv(MSG_DONTWAIT, 8),
  'shutdown how=5': (b) => b.k.shutdown(b.p, b.udp(), 5),
  'shutdown unconnected UDP': (b) => b.k.shutdown(b.p, b.udp(), SHUT_RD),
  'getpeername unconnected': (b) => b.k.getname(b.p, b.udp(), new Uint8Array(16), true),
  'getsockopt unknown level': (b) => b.k.getsockopt(b.p, b.udp(), 9999, 1, new Uint8Array(4)),
  'getsockopt unknown SOL_SOCKET opt': (b) => b.k.getsockopt(b.p, b.udp(), SOL_SOCKET, 9999, new Uint8Array(4)),
  'setsockopt SO_RCVBUF optlen 0': (b) => b.setsockopt(SOL_SOCKET, SO_RCVBUF, null),
  'setsockopt IP_TTL 0': (b) => b.setsockopt(SOL_IP, IP_TTL, 0),
  'setsockopt IP_TTL 256': (b) => b.setsockopt(SOL_IP, IP_TTL, 256),
  'setsockopt SO_TYPE': (b) => b.setsockopt(SOL_SOCKET, SO_TYPE, 1),
  'setsockopt TCP opt on UDP': (b) => b.setsockopt(SOL_TCP, 1, 1),
};

/** Rows that wait for stream sockets and listen(2), accept(2). */
const STREAMS = [
  ...['bind port in use (listener)', 'listen(-1)', 'listen(file)', 'listen(UDP)', 'listen unbound TCP (autobind)'],
  ...[
    'listen backlog -1',
    'listen on connected',
    'bind on connected',
    'connect on connected',
    'accept(-1)',
    'accept(file)',
  ],
  ...['accept on non-listening TCP', 'accept on UDP', 'accept nonblocking, empty', 'accept4 bad flags'],
  ...['connect refused (blocking)', 'connect on listening socket', 'connect TCP to 255.255.255.255'],
  ...['connect TCP to 224.0.0.1', 'connect AF_UNSPEC on TCP (disconnect)', 'send on unconnected TCP'],
  ...['recv on unconnected TCP', 'recv MSG_OOB on TCP, none', 'shutdown unconnected TCP', 'shutdown(listening, RD)'],
  ...['setsockopt TCP_MAXSEG 10', 'setsockopt TCP_KEEPIDLE 0', 'setsockopt TCP_SYNCNT 0', 'write to shut-down TCP'],
];
/** Rows that wait for epoll, pipes and files. */
const FILES = [
  ...[
    'epoll_create(0)',
    'epoll_ctl ADD self',
    'epoll_ctl ADD regular file',
    'epoll_ctl ADD twice',
    'epoll_ctl MOD absent',
  ],
  ...['epoll_wait maxevents 0', 'epoll_ctl op 9', 'mkfifo', 'mkfifo again', 'mkfifo missing dir'],
  ...[
    'open fifo WRONLY|NONBLOCK no reader',
    'read fifo NONBLOCK, no writer (EOF)',
    'read fifo NONBLOCK, writer, empty',
  ],
  ...[
    'lseek fifo',
    'fifo capacity: 16th write of 4096 bytes returns',
    'write fifo full NONBLOCK',
    'write fifo no reader',
  ],
  ...['open fifo RDWR', 'read dir'],
];
/** The core takes the address as an array, which cannot have a negative length. */
const NOT_EXPRESSIBLE = ['getsockname len -1'];

describe('errno of Linux 6.18', () => {
  it.each(Object.keys(rows))('%s', (name) => {
    const result = rows[name](new Bench());
    expect(result < 0 ? `-1 ${errnoName(-result)}` : `${result}`).toBe(golden.get(name));
  });

  it('the rows: each is tested or waits for a later part, by name, and none is both', () => {
    const named = [...Object.keys(rows), ...STREAMS, ...FILES, ...NOT_EXPRESSIBLE];
    expect(named.sort()).toEqual([...golden.keys()].sort());
  });

  it('bad buffer with a datagram in the queue: EFAULT, and the datagram is lost, as in Linux', async () => {
    const net = createNetwork({ checked: true });
    const host = net.host('a', { addresses: ['10.0.0.2/24'] });
    const port = net.port(host);
    const p = host.spawn([{ call: 'sleep', duration: '1s' }]);
    const fd = host.kernel.socket(p, AF_INET, SOCK_DGRAM, 0);
    const addr = new Uint8Array(128);
    host.kernel.bind(p, fd, addr, encodeSockaddr({ address: '0.0.0.0', port: 7000 }, addr));
    const mac = '02:00:00:00:01:00';
    port.send(
      udp4Frame({ mac: '02:00:00:00:00:99', ip: '10.0.0.1', port: 1 }, { mac, ip: '10.0.0.2', port: 7000 }, 'x'),
    );
    await net.run({ until: '1ms' });
    const recv = (off: number): string => errnoName(-host.kernel.recvfrom(p, fd, new Uint8Array(4), off, 4, 0, null));
    expect([recv(1), recv(0)]).toEqual(['EFAULT', 'EAGAIN']);
  });
});
