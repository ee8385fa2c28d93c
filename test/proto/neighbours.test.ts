import { describe, expect, it } from 'vitest';
import { arp_emit, arp_parse, in6_from_bytes, in6_new, nd_emit, nd_parse } from '../../src/proto/index.js';
import type { Neighbour } from '../../src/proto/neigh/index.js';
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EHOSTUNREACH,
  parseIp,
  parseIpv6,
  SO_ERROR,
  SOL_SOCKET,
} from '../../src/uapi/index.js';
import { frame6, withChecksum } from './packets.js';
import {
  bind,
  connect,
  drops,
  empty,
  eth,
  MAC_A,
  MAC_B,
  pair,
  pattern,
  recv,
  sendto,
  settle,
  single,
  socket,
  type World,
} from './support.js';

const ALL = [255, 255, 255, 255, 255, 255];

function arp(op: number, sha: number[], spa: string, tha: number[], tpa: string, dst: number[] = MAC_A): Uint8Array {
  const bytes = new Uint8Array(28);
  arp_emit(new DataView(bytes.buffer), 0, {
    hrd: 1,
    pro: 0x0800,
    hln: 6,
    pln: 4,
    op,
    sha: Uint8Array.from(sha),
    spa: parseIp(spa),
    tha: Uint8Array.from(tha),
    tpa: parseIp(tpa),
  });
  return eth(0x0806, bytes, dst, sha);
}

const sentArp = (w: World): ReturnType<typeof arp_parse>[] =>
  w.fake.sent
    .filter((f) => f[12] === 8 && f[13] === 6)
    .map((f) => arp_parse(new DataView(f.buffer), 14, f.length - 14));

function nd(
  type: number,
  flags: number,
  target: string,
  lladdr: number[] | null,
  saddr: string,
  daddr: string,
): Uint8Array {
  const bytes = new Uint8Array(lladdr === null ? 24 : 32);
  nd_emit(new DataView(bytes.buffer), 0, {
    type,
    check: 0,
    flags,
    target: in6_from_bytes(parseIpv6(target), 0, in6_new()),
    lladdr: lladdr === null ? null : Uint8Array.from(lladdr),
  });
  return frame6(withChecksum(bytes, 2, saddr, daddr, 58), { saddr, daddr, nexthdr: 58, hop_limit: 255 });
}

const sentNd = (w: World, type: number): Uint8Array[] =>
  w.fake.sent.filter((f) => f[12] === 0x86 && f[20] === 58 && f[54] === type);

describe('ARP', () => {
  it('a request for our address is answered, and teaches the asker as STALE', () => {
    const w = single();
    w.fake.receive(arp(1, MAC_B, '10.0.0.2', [0, 0, 0, 0, 0, 0], '10.0.0.1', ALL));
    expect(w.fake.sent).toEqual([arp(2, MAC_A, '10.0.0.1', MAC_B, '10.0.0.2', MAC_B)]);
    expect(w.inet.neighbours()).toEqual([
      { address: '10.0.0.2', dev: 'eth0', mac: '02:00:00:00:00:02', state: 'STALE' },
    ]);
    empty(w);
  });

  it('a request for another address is consumed silently and teaches nothing', () => {
    const w = single();
    w.fake.receive(arp(1, MAC_B, '10.0.0.2', [0, 0, 0, 0, 0, 0], '10.0.0.9', ALL));
    expect([w.fake.sent, w.inet.neighbours()]).toEqual([[], []]);
    empty(w);
  });

  it('a reply nobody asked for makes no entry', () => {
    const w = single();
    w.fake.receive(arp(2, MAC_B, '10.0.0.2', MAC_A, '10.0.0.1'));
    expect(w.inet.neighbours()).toEqual([]);
    empty(w);
  });

  it('an unknown neighbour: three requests a second apart, then the packets are dropped and the soft error is kept', () => {
    const w = single();
    const sk = socket(w);
    connect(sk, '10.0.0.2', 7000);
    sendto(sk, pattern(10));
    sendto(sk, pattern(11));
    expect(sentArp(w).length).toBe(1);
    w.sim.drain(999_999_999);
    expect(sentArp(w).length).toBe(1);
    w.sim.drain(1_000_000_000);
    expect(sentArp(w).length).toBe(2);
    w.sim.drain(2_999_999_999);
    expect(drops(w)).toEqual({});
    expect(sentArp(w).length).toBe(3);
    w.sim.drain(3_000_000_000);
    expect(drops(w)).toEqual({ NEIGH_FAILED: 2 });
    for (const q of sentArp(w)) expect(q).toMatchObject({ op: 1, spa: parseIp('10.0.0.1'), tpa: parseIp('10.0.0.2') });
    expect(recv(sk).n).toBe(-EAGAIN);
    const err = new Uint8Array(4);
    sk.getsockopt(SOL_SOCKET, SO_ERROR, err);
    expect(err[0]).toBe(EHOSTUNREACH);
    expect(w.inet.neighbours()[0]).toMatchObject({ state: 'FAILED', mac: null });
    sk.release();
    empty(w);
  });

  it('a neighbour that failed is asked again for the next packet, and the answer sends it', () => {
    const w = single();
    const sk = socket(w);
    sendto(sk, pattern(10), '10.0.0.2', 7000);
    settle(w.sim, 4e9);
    sendto(sk, pattern(12), '10.0.0.2', 7000);
    w.fake.receive(arp(2, MAC_B, '10.0.0.2', MAC_A, '10.0.0.1'));
    expect(w.fake.sent.at(-1)?.length).toBe(14 + 28 + 12);
    expect(w.inet.neighbours()[0]).toMatchObject({ state: 'REACHABLE', mac: '02:00:00:00:00:02' });
    settle(w.sim, 10e9);
    expect(sentArp(w).length).toBe(4);
    sk.release();
    empty(w);
  });

  it('more packets than the queue takes: the oldest go, the rest leave in order', () => {
    const w = single();
    const sk = socket(w);
    const n = w.inet.arp.tbl.get4(parseIp('10.0.0.2'), w.dev) as Neighbour;
    expect(sendto(sk, Uint8Array.of(0), '10.0.0.2', 7000)).toBe(1);
    const size = n.arp_queue_len_bytes;
    const room = 10;
    w.inet.arp.tbl.parms.queue_len_bytes = room * size + size - 1;
    for (let i = 1; i < 30; i++) expect(sendto(sk, Uint8Array.of(i), '10.0.0.2', 7000)).toBe(1);
    expect(drops(w)).toEqual({ NEIGH_QUEUEFULL: 30 - room });
    expect([n.arp_queue.qlen, n.arp_queue_len_bytes]).toEqual([room, room * size]);
    w.fake.receive(arp(2, MAC_B, '10.0.0.2', MAC_A, '10.0.0.1'));
    const payloads = w.fake.sent.filter((f) => f[13] === 0).map((f) => f[42]);
    expect(payloads).toEqual(Array.from({ length: room }, (_, i) => i + 30 - room));
    sk.release();
    empty(w);
  });

  it('the default bound of the queue is 212992 bytes', () => {
    const w = single();
    const sk = socket(w);
    const n = w.inet.arp.tbl.get4(parseIp('10.0.0.2'), w.dev) as Neighbour;
    while (drops(w)['NEIGH_QUEUEFULL'] === undefined) {
      expect(sendto(sk, pattern(1400), '10.0.0.2', 7000)).toBeGreaterThan(0);
      expect(n.arp_queue_len_bytes).toBeLessThanOrEqual(212992);
    }
    expect(n.arp_queue_len_bytes + n.arp_queue_len_bytes / n.arp_queue.qlen).toBeGreaterThan(212992);
    sk.release();
    settle(w.sim, 5e9);
    empty(w);
  });

  it('an address that changes: believed only after a second (locktime), or when announced by itself', () => {
    const w = single();
    const other = [2, 0, 0, 0, 0, 9];
    w.fake.receive(arp(1, MAC_B, '10.0.0.2', [0, 0, 0, 0, 0, 0], '10.0.0.1', ALL));
    w.fake.receive(arp(2, other, '10.0.0.2', MAC_A, '10.0.0.1'));
    expect(w.inet.neighbours()[0].mac).toBe('02:00:00:00:00:02');
    w.fake.receive(arp(1, other, '10.0.0.2', [0, 0, 0, 0, 0, 0], '10.0.0.2', ALL));
    expect(w.inet.neighbours()[0].mac).toBe('02:00:00:00:00:09');
    w.sim.schedule(2_000_000_000, w.inet.arp.tbl.target, 9, 0, 0);
    settle(w.sim, 3e9);
    w.fake.receive(arp(2, MAC_B, '10.0.0.2', MAC_A, '10.0.0.1'));
    expect(w.inet.neighbours()[0]).toMatchObject({ mac: '02:00:00:00:00:02', state: 'REACHABLE' });
  });

  it('a permanent neighbour is not changed by the wire', () => {
    const w = single();
    w.inet.addNeighbour(w.dev, '10.0.0.2', '02:00:00:00:00:77');
    w.fake.receive(arp(1, MAC_B, '10.0.0.2', [0, 0, 0, 0, 0, 0], '10.0.0.1', ALL));
    expect(w.inet.neighbours()).toEqual([
      { address: '10.0.0.2', dev: 'eth0', mac: '02:00:00:00:00:77', state: 'PERMANENT' },
    ]);
  });

  it.each([
    ['short', arp(1, MAC_B, '10.0.0.2', MAC_A, '10.0.0.1').slice(0, 41), 'PKT_TOO_SMALL'],
    ['another operation', arp(3, MAC_B, '10.0.0.2', MAC_A, '10.0.0.1'), 'INVALID_PROTO'],
    ['a target that is a group', arp(1, MAC_B, '10.0.0.2', MAC_A, '224.0.0.1'), 'INVALID_PROTO'],
    ['a target that is loopback', arp(1, MAC_B, '10.0.0.2', MAC_A, '127.0.0.1'), 'INVALID_PROTO'],
  ])('%s: dropped', (_what, frame, reason) => {
    const w = single();
    w.fake.receive(frame);
    expect([drops(w), w.fake.sent]).toEqual([{ [reason]: 1 }, []]);
    empty(w);
  });
});

describe('neighbour discovery', () => {
  // req: RFC4861 7.2.4
  it('a multicast solicitation is answered solicited, overriding, with our address', () => {
    const w = single();
    w.fake.receive(nd(135, 0, 'fd00::1', MAC_B, 'fd00::2', 'ff02::1:ff00:1'));
    const [na] = sentNd(w, 136);
    expect(na).toBeDefined();
    const record = nd_parse(new DataView(na.buffer), 54, na.length - 54);
    expect(record).toMatchObject({ flags: 0x60000000, lladdr: Uint8Array.from(MAC_A) });
    expect(na[21]).toBe(255);
    expect([...na.slice(0, 6)]).toEqual(MAC_B);
    expect(w.inet.neighbours()).toEqual([
      { address: 'fd00::2', dev: 'eth0', mac: '02:00:00:00:00:02', state: 'STALE' },
    ]);
    empty(w);
  });

  it('a unicast solicitation is answered without the option', () => {
    const w = single();
    w.fake.receive(nd(135, 0, 'fd00::1', MAC_B, 'fd00::2', 'fd00::1'));
    const [na] = sentNd(w, 136);
    expect(na.length).toBe(54 + 24);
  });

  // req: RFC4861 7.2.4
  it('a duplicate-address probe for our address is answered to all nodes, not solicited', () => {
    const w = single();
    w.fake.receive(nd(135, 0, 'fd00::1', null, '::', 'ff02::1:ff00:1'));
    const [na] = sentNd(w, 136);
    expect([...na.slice(0, 6)]).toEqual([0x33, 0x33, 0, 0, 0, 1]);
    expect(nd_parse(new DataView(na.buffer), 54, 32)?.flags).toBe(0x20000000);
    expect(w.inet.neighbours()).toEqual([]);
    empty(w);
  });

  // req: RFC4861 7.2.2
  it('an unknown neighbour: solicited three times a second apart from the link, then unreachable', () => {
    const w = single();
    const sk = socket(w, AF_INET6);
    connect(sk, 'fd00::2', 7000);
    sendto(sk, pattern(10));
    settle(w.sim, 2_500_000_000);
    const asked = sentNd(w, 135);
    expect(asked.length).toBe(3);
    expect([...asked[0].slice(0, 6)]).toEqual([0x33, 0x33, 0xff, 0, 0, 2]);
    settle(w.sim, 1e9);
    expect(drops(w)).toEqual({ NEIGH_FAILED: 1 });
    const err = new Uint8Array(4);
    sk.getsockopt(SOL_SOCKET, SO_ERROR, err);
    expect(err[0]).toBe(EHOSTUNREACH);
    sk.release();
    empty(w);
  });

  // req: RFC4861 7.2.5
  it.each([
    ['solicited', 0x60000000, 'REACHABLE'],
    ['unsolicited', 0x20000000, 'STALE'],
  ])('the answer %s: the packet leaves and the entry is %s', (_what, flags, state) => {
    const w = single();
    const sk = socket(w, AF_INET6);
    sendto(sk, pattern(10), 'fd00::2', 7000);
    w.fake.receive(nd(136, flags | 0, 'fd00::2', MAC_B, 'fd00::2', 'fd00::1'));
    expect(w.inet.neighbours()[0]).toMatchObject({ state, mac: '02:00:00:00:00:02' });
    expect(w.fake.sent.at(-1)?.length).toBe(14 + 48 + 10);
    sk.release();
    empty(w);
  });

  it('an advertisement without override does not replace an address, but makes a reachable entry stale', () => {
    const w = single();
    const sk = socket(w, AF_INET6);
    sendto(sk, pattern(10), 'fd00::2', 7000);
    w.fake.receive(nd(136, 0x60000000, 'fd00::2', MAC_B, 'fd00::2', 'fd00::1'));
    w.fake.receive(nd(136, 0x40000000, 'fd00::2', [2, 0, 0, 0, 0, 9], 'fd00::2', 'fd00::1'));
    expect(w.inet.neighbours()[0]).toMatchObject({ state: 'STALE', mac: '02:00:00:00:00:02' });
    w.fake.receive(nd(136, 0x60000000, 'fd00::2', [2, 0, 0, 0, 0, 9], 'fd00::2', 'fd00::1'));
    expect(w.inet.neighbours()[0]).toMatchObject({ state: 'REACHABLE', mac: '02:00:00:00:00:09' });
  });

  it('an advertisement for a neighbour that failed comes too late', () => {
    const w = single();
    const sk = socket(w, AF_INET6);
    sendto(sk, pattern(10), 'fd00::2', 7000);
    settle(w.sim, 4e9);
    w.fake.receive(nd(136, 0x60000000, 'fd00::2', MAC_B, 'fd00::2', 'fd00::1'));
    expect(w.inet.neighbours()[0]).toMatchObject({ state: 'FAILED', mac: null });
    sk.release();
    empty(w);
  });

  it('an advertisement for a neighbour nobody asked about makes no entry', () => {
    const w = single();
    w.fake.receive(nd(136, 0x60000000, 'fd00::2', MAC_B, 'fd00::2', 'fd00::1'));
    expect(w.inet.neighbours()).toEqual([]);
    empty(w);
  });

  // req: RFC4861 7.1.1 7.1.2
  it.each([
    ['hop limit 254', (f: Uint8Array) => f.fill(254, 21, 22), 'IPV6_NDISC_HOP_LIMIT'],
    ['another host as target', (f: Uint8Array) => sum(f.fill(9, 77, 78)), 'IPV6_NDISC_NS_OTHERHOST'],
    ['a group as target', (f: Uint8Array) => sum(f.fill(0xff, 62, 63)), 'IPV6_NDISC_BAD_OPTIONS'],
    ['code 1', (f: Uint8Array) => sum(f.fill(1, 55, 56)), 'IPV6_NDISC_BAD_CODE'],
    ['an option of length 0', (f: Uint8Array) => sum(f.fill(0, 79, 80)), 'IPV6_NDISC_BAD_OPTIONS'],
    ['a bad checksum', (f: Uint8Array) => f.fill(0, 56, 58), 'ICMP_CSUM'],
  ])('a solicitation with %s is dropped without an answer', (_what, spoil, reason) => {
    const w = single();
    w.fake.receive(spoil(nd(135, 0, 'fd00::1', MAC_B, 'fd00::2', 'fd00::1')));
    expect([drops(w), w.fake.sent]).toEqual([{ [reason]: 1 }, []]);
    empty(w);
  });

  it('router solicitations, advertisements and redirects are consumed', () => {
    const w = single();
    for (const [type, size] of [
      [133, 8],
      [134, 16],
      [137, 40],
    ]) {
      const body = new Uint8Array(size);
      body[0] = type;
      w.fake.receive(
        frame6(withChecksum(body, 2, 'fe80::2', 'ff02::1', 58), {
          saddr: 'fe80::2',
          daddr: 'ff02::1',
          nexthdr: 58,
          hop_limit: 255,
        }),
      );
    }
    expect([drops(w), w.fake.sent]).toEqual([{}, []]);
    empty(w);
  });
});

/** Makes the ICMPv6 checksum of a frame between fd00::2 and fd00::1 right again. */
function sum(f: Uint8Array): Uint8Array {
  f.set(withChecksum(f.slice(54), 2, 'fd00::2', 'fd00::1', 58), 54);
  return f;
}

describe('addresses of a device', () => {
  it('the link-local address and the groups come with the device', () => {
    const w = single();
    expect(w.inet.addresses(w.dev)).toEqual(['10.0.0.1/24', 'fe80::ff:fe00:1/64', 'fd00::1/64']);
    expect(w.inet.addresses(w.inet.lo)).toEqual(['127.0.0.1/8', '::1/128']);
    const groups = w.dev.mc.map((e) => [...e.addr].map((b) => b.toString(16)).join(':')).sort();
    expect(groups).toEqual(['1:0:5e:0:0:1', '33:33:0:0:0:1', '33:33:ff:0:0:1']);
    expect(w.fake.rxModeCalls).toBeGreaterThan(0);
  });

  it('two addresses that share a solicited-node group: it is left with the last one', () => {
    const w = single();
    w.inet.addAddress(w.dev, 'fd00::5:aa/64');
    w.inet.addAddress(w.dev, 'fd01::5:aa/64');
    const joined = (): boolean => w.dev.mc.some((e) => e.addr[2] === 0xff && e.addr[5] === 0xaa);
    expect(joined()).toBe(true);
    expect(w.inet.delAddress(w.dev, 'fd00::5:aa/64')).toBe(true);
    expect(joined()).toBe(true);
    expect(w.inet.delAddress(w.dev, 'fd01::5:aa/64')).toBe(true);
    expect(joined()).toBe(false);
    expect(w.inet.delAddress(w.dev, 'fd01::5:aa/64')).toBe(false);
  });

  it('link-local sockets talk over the device that the scope names', () => {
    const { a, b, sim } = pair();
    const rx = socket(b, AF_INET6);
    expect(bind(rx, '::', 7000)).toBe(0);
    const tx = socket(a, AF_INET6);
    expect(connect(tx, 'fe80::ff:fe00:2', 7000)).toBe(-22);
    tx.setsockopt(SOL_SOCKET, 62, Uint8Array.of(a.dev.ifindex, 0, 0, 0));
    expect(connect(tx, 'fe80::ff:fe00:2', 7000)).toBe(0);
    expect(sendto(tx, pattern(5))).toBe(5);
    settle(sim);
    const got = recv(rx);
    expect(got.data).toEqual(pattern(5));
    expect(got.msg.name[24]).toBe(b.dev.ifindex);
    expect(bind(socket(a, AF_INET), '10.0.0.1', 0)).toBe(0);
  });
});
