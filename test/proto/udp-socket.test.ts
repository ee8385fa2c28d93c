import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inet_create } from '../../src/proto/index.js';
import type { UdpSock } from '../../src/proto/udp/index.js';
import { consume_skb } from '../../src/skbuff/index.js';
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EMSGSIZE,
  ENETUNREACH,
  EPIPE,
  errnoName,
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DO,
  IP_TTL,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_PEEK,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  SO_ERROR,
  SO_NO_CHECK,
  SO_RCVBUF,
  SO_SNDBUF,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '../../src/uapi/index.js';
import { datagram, frame4 } from './packets.js';
import {
  bind,
  connect,
  drops,
  empty,
  name,
  pattern,
  recv,
  sendto,
  settle,
  single,
  socket,
  type World,
} from './support.js';

const int = (v: number): Uint8Array => Uint8Array.of(v, v >> 8, v >> 16, v >> 24);

/** Value of a call as the golden file writes it: `0`, `-1 ENAME`. */
const answer = (n: number): string => (n < 0 ? `-1 ${errnoName(-n)}` : String(n));

function getint(sk: UdpSock, level: number, opt: number): number {
  const out = new Uint8Array(4);
  const n = sk.getsockopt(level, opt, out);
  return n < 0 ? n : out[0] | (out[1] << 8) | (out[2] << 16) | (out[3] << 24);
}

/** What each row of the golden file does on a host with connected networks only. */
const GOLDEN: Record<string, (w: World) => number> = {
  'socket(AF=999,STREAM,0)': (w) => create(w, 999, SOCK_STREAM, 0),
  'socket(INET,STREAM,UDP)': (w) => create(w, AF_INET, SOCK_STREAM, 17),
  'socket(INET,DGRAM,TCP)': (w) => create(w, AF_INET, SOCK_DGRAM, 6),
  'socket(INET,STREAM,proto 999)': (w) => create(w, AF_INET, SOCK_STREAM, 999),
  'socket(INET,SEQPACKET,0)': (w) => create(w, AF_INET, SOCK_SEQPACKET, 0),
  'bind len 3': (w) => socket(w).bind(name('127.0.0.1', 0), 3),
  'bind AF_INET6 family on INET': (w) => socket(w).bind(name('::1', 0), 28),
  'bind AF_UNSPEC + INADDR_ANY': (w) => socket(w).bind(new Uint8Array(16), 16),
  'bind AF_UNSPEC + 127.0.0.1': (w) => socket(w).bind(name('127.0.0.1', 0).fill(0, 0, 2), 16),
  'bind non-local 192.0.2.77': (w) => bind(socket(w), '192.0.2.77', 0),
  'bind twice': (w) => {
    const sk = socket(w);
    bind(sk, '127.0.0.1', 0);
    return bind(sk, '127.0.0.1', 0);
  },
  'bind on connected': (w) => {
    const sk = socket(w);
    connect(sk, '127.0.0.1', 9);
    return bind(sk, '127.0.0.1', 0);
  },
  'connect len 3': (w) => socket(w).connect(name('127.0.0.1', 9), 3),
  'connect family 47': (w) => socket(w).connect(name('127.0.0.1', 9).fill(47, 0, 1), 16),
  'connect UDP to 255.255.255.255 w/o SO_BROADCAST': (w) => connect(socket(w), '255.255.255.255', 9),
  'send on unconnected UDP': (w) => sendto(socket(w), pattern(1)),
  'sendto UDP 65508 bytes': (w) => sendto(socket(w), pattern(65508), '127.0.0.1', 9),
  'sendto UDP port 0': (w) => sendto(socket(w), pattern(1), '127.0.0.1', 0),
  'send MSG_OOB on UDP': (w) => sendto(socket(w), pattern(1), '127.0.0.1', 9, MSG_OOB),
  'recv MSG_DONTWAIT on UDP': (w) => recv(socket(w), 1, MSG_DONTWAIT).n,
  'recv MSG_ERRQUEUE empty': (w) => recv(socket(w), 1, MSG_ERRQUEUE).n,
  'shutdown how=5': (w) => socket(w).shutdown(5),
  'shutdown unconnected UDP': (w) => socket(w).shutdown(2),
  'getpeername unconnected': (w) => socket(w).getname(true, new Uint8Array(28)),
  'getsockopt unknown level': (w) => socket(w).getsockopt(9999, 1, new Uint8Array(4)),
  'getsockopt unknown SOL_SOCKET opt': (w) => socket(w).getsockopt(SOL_SOCKET, 9999, new Uint8Array(4)),
  'setsockopt SO_RCVBUF optlen 0': (w) => socket(w).setsockopt(SOL_SOCKET, SO_RCVBUF, new Uint8Array(0)),
  'setsockopt IP_TTL 0': (w) => socket(w).setsockopt(SOL_IP, IP_TTL, int(0)),
  'setsockopt IP_TTL 256': (w) => socket(w).setsockopt(SOL_IP, IP_TTL, int(256)),
  'setsockopt SO_TYPE': (w) => socket(w).setsockopt(SOL_SOCKET, SO_TYPE, int(1)),
  'setsockopt TCP opt on UDP': (w) => socket(w).setsockopt(6, 1, int(1)),
};

function create(w: World, family: number, type: number, protocol: number): number {
  const sk = inet_create(w.inet, family, type, protocol);
  return typeof sk === 'number' ? sk : 0;
}

describe('answers of Linux 6.18', () => {
  const rows = readFileSync(new URL('../fixtures/errno-linux-6.18.tsv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  const table = new Map(rows.map(([what, result]) => [what, result]));

  it.each(Object.keys(GOLDEN))('%s', (what) => {
    expect(answer(GOLDEN[what](single()))).toBe(table.get(what));
  });

  it('sendto with an address of 3 bytes', () => {
    const sk = socket(single());
    const msg = recv(sk, 1).msg;
    msg.namelen = 3;
    expect(answer(sk.sendmsg(msg))).toBe(table.get('sendto UDP addrlen 3'));
  });

  it.each([
    [AF_INET, SOCK_STREAM, 0, 'ESOCKTNOSUPPORT'],
    [AF_INET, SOCK_STREAM, 6, 'ESOCKTNOSUPPORT'],
    [AF_INET6, SOCK_STREAM, 17, 'EPROTONOSUPPORT'],
    [AF_INET, SOCK_RAW, 0, 'EPROTONOSUPPORT'],
    [AF_INET, SOCK_RAW, 1, 'ESOCKTNOSUPPORT'],
    [AF_INET, SOCK_DGRAM, 136, 'EPROTONOSUPPORT'],
    [AF_INET, 11, 0, 'EINVAL'],
    [AF_INET, SOCK_DGRAM, -1, 'EINVAL'],
    [1, SOCK_DGRAM, 0, 'EAFNOSUPPORT'],
  ])('socket(%i, %i, %i) is %s', (family, type, protocol, expected) => {
    expect(errnoName(-create(single(), family, type, protocol))).toBe(expected);
  });
});

describe('an IPv6 socket', () => {
  const v6 = (w: World): UdpSock => socket(w, AF_INET6) as UdpSock;
  it.each([
    ['bind to a foreign address', (w: World) => bind(v6(w), 'fd09::9', 0), 'EADDRNOTAVAIL'],
    ['bind to a link-local address without a device', (w: World) => bind(v6(w), 'fe80::ff:fe00:1', 0), 'EINVAL'],
    ['bind with 23 bytes', (w: World) => v6(w).bind(name('::1', 0), 23), 'EINVAL'],
    [
      'bind to an IPv4 name',
      (w: World) => v6(w).bind(Uint8Array.of(...name('127.0.0.1', 0), ...new Uint8Array(12)), 28),
      'EAFNOSUPPORT',
    ],
    ['bind to a foreign mapped address', (w: World) => bind(v6(w), '::ffff:192.0.2.1', 0), 'EADDRNOTAVAIL'],
    ['send to a place without route', (w: World) => sendto(v6(w), pattern(1), '2001:db8::1', 9), 'ENETUNREACH'],
    ['send to port 0', (w: World) => sendto(v6(w), pattern(1), '::1', 0), 'EINVAL'],
    ['send without an address', (w: World) => sendto(v6(w), pattern(1)), 'EDESTADDRREQ'],
    ['send 65528 bytes', (w: World) => sendto(v6(w), pattern(65528), '::1', 9), 'EMSGSIZE'],
    ['getsockopt of an unknown level', (w: World) => v6(w).getsockopt(9999, 1, new Uint8Array(4)), 'ENOPROTOOPT'],
    [
      'v6only to a mapped address',
      (w: World) => only(v6(w), (sk) => sendto(sk, pattern(1), '::ffff:127.0.0.1', 9)),
      'ENETUNREACH',
    ],
    ['v6only bind to a mapped address', (w: World) => only(v6(w), (sk) => bind(sk, '::ffff:127.0.0.1', 9)), 'EINVAL'],
    ['v6only connect to IPv4', (w: World) => only(v6(w), (sk) => connect(sk, '127.0.0.1', 9)), 'EAFNOSUPPORT'],
    ['IPV6_V6ONLY after bind', (w: World) => after(v6(w)), 'EINVAL'],
  ])('%s: %s', (_what, call, expected) => {
    expect(errnoName(-call(single()))).toBe(expected);
  });

  function only(sk: UdpSock, call: (sk: UdpSock) => number): number {
    expect(sk.setsockopt(SOL_IPV6, IPV6_V6ONLY, int(1))).toBe(0);
    return call(sk);
  }

  function after(sk: UdpSock): number {
    expect(bind(sk, '::', 0)).toBe(0);
    return sk.setsockopt(SOL_IPV6, IPV6_V6ONLY, int(1));
  }

  it('hears IPv4 under mapped names and answers it', () => {
    const w = single();
    const six = v6(w);
    bind(six, '::', 7000);
    const four = socket(w);
    sendto(four, pattern(3), '10.0.0.1', 7000);
    settle(w.sim);
    const got = recv(six);
    expect(got.data).toEqual(pattern(3));
    const from = got.msg.name.slice(0, 28);
    expect([got.msg.namelen, ...from.slice(18, 24)]).toEqual([28, 0xff, 0xff, 10, 0, 0, 1]);
    got.msg.buf = pattern(2);
    got.msg.len = 2;
    expect(six.sendmsg(got.msg)).toBe(2);
    settle(w.sim);
    expect(recv(four).data).toEqual(pattern(2));
  });

  it('connected to IPv4 shows mapped names', () => {
    const w = single();
    const six = v6(w);
    expect(connect(six, '::ffff:10.0.0.2', 9)).toBe(0);
    const out = new Uint8Array(28);
    six.getname(true, out);
    expect([...out.slice(18, 24)]).toEqual([0xff, 0xff, 10, 0, 0, 2]);
    six.getname(false, out);
    expect([...out.slice(18, 24)]).toEqual([0xff, 0xff, 10, 0, 0, 1]);
  });
});

describe('a connected socket', () => {
  it('hears its peer only; AF_UNSPEC dissolves it and frees a port nobody asked for', () => {
    const w = single();
    const sk = socket(w) as UdpSock;
    expect(connect(sk, '10.0.0.2', 4000)).toBe(0);
    const { num } = sk;
    const from = (saddr: string, sport: number): Uint8Array =>
      frame4(datagram(pattern(5), saddr, '10.0.0.1', sport, num), { saddr });
    w.fake.receive(from('10.0.0.3', 4000));
    w.fake.receive(from('10.0.0.2', 4001));
    expect(recv(sk).n).toBe(-EAGAIN);
    w.fake.receive(from('10.0.0.2', 4000));
    expect(recv(sk).data).toEqual(pattern(5));
    expect(sk.connect(new Uint8Array(16), 16)).toBe(0);
    expect([sk.num, sk.getname(true, new Uint8Array(28)), sendto(sk, pattern(1))]).toEqual([0, -107, -89]);
  });

  it('keeps the port it was bound to', () => {
    const w = single();
    const sk = socket(w) as UdpSock;
    bind(sk, '0.0.0.0', 7000);
    connect(sk, '10.0.0.2', 4000);
    sk.connect(new Uint8Array(16), 16);
    w.fake.receive(frame4(datagram(pattern(5), '10.0.0.9', '10.0.0.1'), { saddr: '10.0.0.9' }));
    expect([sk.num, recv(sk).n]).toEqual([7000, 5]);
  });

  it('shut down for sending: EPIPE; for receiving: end of file when it would sleep', () => {
    const w = single();
    const sk = socket(w);
    connect(sk, '127.0.0.1', 9);
    expect(sk.shutdown(1)).toBe(0);
    expect(sendto(sk, pattern(1))).toBe(-EPIPE);
    expect(recv(sk).n).toBe(-EAGAIN);
    expect(sk.shutdown(0)).toBe(0);
    expect([recv(sk).n, recv(sk, 1, MSG_DONTWAIT).n]).toEqual([0, -EAGAIN]);
    expect(sk.poll() & (POLLIN | POLLRDHUP | POLLHUP)).toBe(POLLIN | POLLRDHUP | POLLHUP);
  });
});

describe('path and size', () => {
  it('don’t fragment: what does not fit is refused', () => {
    const w = single();
    const sk = socket(w);
    sk.setsockopt(SOL_IP, IP_MTU_DISCOVER, int(IP_PMTUDISC_DO));
    expect([sendto(sk, pattern(1473), '10.0.0.2', 9), sendto(sk, pattern(1472), '10.0.0.2', 9)]).toEqual([
      -EMSGSIZE,
      1472,
    ]);
  });

  it('the largest datagrams pass the loopback', () => {
    const w = single();
    for (const [family, to, size] of [
      [AF_INET, '127.0.0.1', 65507],
      [AF_INET6, '::1', 65527],
    ] as const) {
      const rx = socket(w, family);
      bind(rx, to, 7000);
      expect(sendto(socket(w, family), pattern(size), to, 7000)).toBe(size);
      settle(w.sim);
      expect(recv(rx, 65536).data).toEqual(pattern(size));
      rx.release();
    }
    empty(w);
  });

  it('no route: the counter says so', () => {
    const w = single();
    expect(sendto(socket(w), pattern(1), '8.8.8.8', 9)).toBe(-ENETUNREACH);
    expect(w.inet.snmp()['Ip']['OutNoRoutes']).toBe(1);
  });

  // req: RFC1122 4.1.3.4
  it('checksums: made and verified, 0 is sent as 0xffff, none with SO_NO_CHECK', () => {
    const w = single();
    w.inet.addNeighbour(w.dev, '10.0.0.2', '02:00:00:00:00:02');
    const sk = socket(w);
    bind(sk, '10.0.0.1', 7000);
    const zero = Uint8Array.of(0, 0);
    sendto(sk, zero, '10.0.0.2', 9);
    const first = w.fake.sent[0];
    // The payload that makes the sum all ones: its checksum is 0.
    const check = (first[40] << 8) | first[41];
    sendto(sk, Uint8Array.of(check >>> 8, check), '10.0.0.2', 9);
    expect([...w.fake.sent[1].slice(40, 42)]).toEqual([0xff, 0xff]);
    sk.setsockopt(SOL_SOCKET, SO_NO_CHECK, int(1));
    sendto(sk, zero, '10.0.0.2', 9);
    expect([...w.fake.sent[2].slice(40, 42)]).toEqual([0, 0]);
    w.fake.receive(frame4(datagram(pattern(4), '10.0.0.2', '10.0.0.1').fill(0, 6, 8)));
    expect(recv(sk).data).toEqual(pattern(4));
  });
});

describe('memory of a socket', () => {
  it('SO_RCVBUF and SO_SNDBUF are doubled, bounded below and above', () => {
    const sk = socket(single()) as UdpSock;
    for (const [opt, min] of [
      [SO_RCVBUF, 2304],
      [SO_SNDBUF, 4608],
    ]) {
      const got = [10000, 0, 10_000_000, -1].map((v) => {
        sk.setsockopt(SOL_SOCKET, opt, int(v));
        return getint(sk, SOL_SOCKET, opt);
      });
      expect(got).toEqual([20000, min, 425984, 425984]);
    }
  });

  it('the receive queue takes a datagram while what waits is not above the limit, so one too many', () => {
    const w = single();
    const sk = socket(w) as UdpSock;
    bind(sk, '0.0.0.0', 7000);
    sk.setsockopt(SOL_SOCKET, SO_RCVBUF, int(2000));
    let n = 0;
    while (drops(w)['SOCKET_RCVBUFF'] === undefined) {
      const before = sk.rmem.rmem_alloc;
      w.fake.receive(frame4(datagram(pattern(100), '10.0.0.2', '10.0.0.1')));
      expect(sk.rmem.rmem_alloc > before).toBe(before <= 4000);
      expect(++n).toBeLessThan(50);
    }
    const queued = n - 1;
    expect(sk.rmem.rmem_alloc).toBeGreaterThan(4000);
    expect(w.inet.snmp()['Udp']).toMatchObject({ RcvbufErrors: 1, InErrors: 1, InDatagrams: 0 });
    for (let i = 0; i < queued; i++) expect(recv(sk).n).toBe(100);
    expect([recv(sk).n, sk.rmem.rmem_alloc]).toEqual([-EAGAIN, 0]);
    empty(w);
  });

  it('a queue exactly at the limit still takes one, a byte above it none', () => {
    const w = single();
    const sk = socket(w) as UdpSock;
    bind(sk, '0.0.0.0', 7000);
    const arrive = (): void => w.fake.receive(frame4(datagram(pattern(100), '10.0.0.2', '10.0.0.1')));
    arrive();
    const size = sk.rmem.rmem_alloc;
    sk.rmem.rcvbuf = 2 * size;
    arrive();
    arrive();
    expect([sk.receive_queue.qlen, sk.rmem.rmem_alloc]).toEqual([3, 3 * size]);
    sk.rmem.rcvbuf = 3 * size - 1;
    arrive();
    expect([sk.receive_queue.qlen, drops(w)]).toEqual([3, { SOCKET_RCVBUFF: 1 }]);
    sk.rmem.rcvbuf = 3 * size;
    arrive();
    expect(sk.receive_queue.qlen).toBe(4);
    sk.release();
    empty(w);
  });

  it('what the loopback carries is no longer charged to its sender', () => {
    const w = single();
    const sk = socket(w) as UdpSock;
    sendto(sk, pattern(1000), '127.0.0.1', 9);
    expect([sk.wmem.wmem_alloc, w.net.pool.live]).toEqual([0, 1]);
    settle(w.sim);
    sk.release();
    empty(w);
  });

  it('a full send buffer: EAGAIN, not writable, and the waker is told when half is free', () => {
    const w = single();
    w.inet.addNeighbour(w.dev, '10.0.0.2', '02:00:00:00:00:02');
    w.fake.hold = [];
    const sk = socket(w) as UdpSock;
    let told = 0;
    sk.waker = { sk_data_ready() {}, sk_write_space: () => told++, sk_error_report() {} };
    sk.setsockopt(SOL_SOCKET, SO_SNDBUF, int(5000));
    told = 0;
    let n = 0;
    while (sendto(sk, pattern(1000), '10.0.0.2', 9) === 1000) expect(++n).toBeLessThan(100);
    expect(sendto(sk, pattern(1000), '10.0.0.2', 9)).toBe(-EAGAIN);
    expect([sk.poll() & POLLOUT, told]).toEqual([0, 0]);
    expect(sk.wmem.wmem_alloc).toBeGreaterThanOrEqual(10000);
    for (const skb of w.fake.hold) {
      const left = sk.wmem.wmem_alloc - skb.truesize;
      consume_skb(skb);
      expect(told).toBe(left <= 5000 ? 1 : 0);
    }
    expect([told, sk.wmem.wmem_alloc, sk.poll() & POLLOUT]).toEqual([1, 0, POLLOUT]);
    empty(w);
  });

  it('a datagram of many fragments over twice the send buffer: ENOBUFS, nothing leaks', () => {
    const w = single();
    const sk = socket(w) as UdpSock;
    sk.setsockopt(SOL_SOCKET, SO_SNDBUF, int(5000));
    expect(sendto(sk, pattern(60000), '10.0.0.2', 9)).toBe(-105);
    expect([sk.wmem.wmem_alloc, w.inet.snmp()['Udp']['SndbufErrors']]).toEqual([0, 1]);
    empty(w);
  });

  it('a socket closed with datagrams waiting drops them', () => {
    const w = single();
    const sk = socket(w);
    bind(sk, '0.0.0.0', 7000);
    for (let i = 0; i < 3; i++) w.fake.receive(frame4(datagram(pattern(9), '10.0.0.2', '10.0.0.1')));
    sk.release();
    expect(drops(w)).toEqual({ QUEUE_PURGE: 3 });
    empty(w);
  });

  it('a socket closed with packets on their way: their memory comes back later without harm', () => {
    const w = single();
    const sk = socket(w) as UdpSock;
    sendto(sk, pattern(9), '10.0.0.2', 9);
    sk.release();
    expect(sk.wmem.wmem_alloc).toBeGreaterThan(0);
    settle(w.sim, 10e9);
    expect(sk.wmem.wmem_alloc).toBe(0);
    empty(w);
  });
});

describe('datagrams with a bad checksum', () => {
  it('are dropped when read: the reader gets the next good one, poll does not report them', () => {
    const w = single();
    const sk = socket(w);
    bind(sk, '0.0.0.0', 7000);
    const bad = frame4(datagram(pattern(9), '10.0.0.2', '10.0.0.1').fill(0x55, 10, 12));
    w.fake.receive(bad);
    expect(sk.poll() & POLLIN).toBe(0);
    expect(drops(w)).toEqual({ UDP_CSUM: 1 });
    w.fake.receive(bad);
    w.fake.receive(frame4(datagram(pattern(4), '10.0.0.2', '10.0.0.1')));
    expect(recv(sk, 100, MSG_PEEK).n).toBe(4);
    expect(recv(sk).n).toBe(4);
    expect(w.inet.snmp()['Udp']).toMatchObject({ InCsumErrors: 2, InErrors: 2, InDatagrams: 1 });
    expect(getint(sk as UdpSock, SOL_SOCKET, SO_ERROR)).toBe(0);
    empty(w);
  });

  it('are believed when the device verified them', () => {
    const w = single();
    const sk = socket(w);
    bind(sk, '0.0.0.0', 7000);
    w.fake.receive(frame4(datagram(pattern(9), '10.0.0.2', '10.0.0.1').fill(0x55, 6, 8)), 1);
    expect(recv(sk).n).toBe(9);
  });

  it.each([
    ['7 bytes', datagram(pattern(9), '10.0.0.2', '10.0.0.1').slice(0, 7)],
    ['a length below 8', datagram(pattern(9), '10.0.0.2', '10.0.0.1').fill(0, 4, 6)],
    ['a length beyond the packet', datagram(pattern(9), '10.0.0.2', '10.0.0.1').fill(0xff, 4, 5)],
  ])('%s: dropped as too small', (_what, bytes) => {
    const w = single();
    w.fake.receive(frame4(bytes));
    expect([drops(w), w.inet.snmp()['Udp']['InErrors']]).toEqual([{ PKT_TOO_SMALL: 1 }, 1]);
    empty(w);
  });

  it('bytes behind the UDP length are not the program’s', () => {
    const w = single();
    const sk = socket(w);
    bind(sk, '0.0.0.0', 7000);
    const bytes = datagram(pattern(9), '10.0.0.2', '10.0.0.1');
    w.fake.receive(frame4(Uint8Array.of(...bytes, 1, 2, 3)));
    expect(recv(sk).data).toEqual(pattern(9));
  });
});
