import { describe, expect, it } from 'vitest';
import { icmp_parse, ip6_parse } from '../../src/proto/index.js';
import { AF_INET6, EAGAIN, ECONNREFUSED, SOL_UDP, UDP_NO_CHECK6_RX } from '../../src/uapi/index.js';
import { datagram, fragment6, frame6, type Ip6Options, icmp6, join, PROTO_ICMPV6 } from './packets.js';
import { bind, connect, drops, empty, pattern, recv, sendto, settle, single, socket, type World } from './support.js';

const FROM = 'fd00::2';
const TO = 'fd00::1';
const good = datagram(pattern(20), FROM, TO);

interface Sent {
  ip: ReturnType<typeof ip6_parse>;
  icmp: ReturnType<typeof icmp_parse>;
  data: Uint8Array;
}

function sentIcmp(w: World): Sent[] {
  return w.fake.sent
    .filter((f) => f[12] === 0x86 && f[20] === PROTO_ICMPV6 && f[54] !== 135)
    .map((f) => {
      const dv = new DataView(f.buffer);
      return { ip: ip6_parse(dv, 14, f.length - 14), icmp: icmp_parse(dv, 54, f.length - 54), data: f.slice(62) };
    });
}

function known(): World {
  const w = single();
  w.inet.addNeighbour(w.dev, FROM, '02:00:00:00:00:02');
  return w;
}

// req: RFC8200 3
describe('a received IPv6 packet', () => {
  it.each([
    ['for another host (frame)', {}, { dst_mac: [2, 0, 0, 0, 0, 8] }, 'OTHERHOST', {}],
    ['of version 4', { 14: 0x45 }, {}, 'UNHANDLED_PROTO', { InReceives: 1, InHdrErrors: 1 }],
    ['shorter than its length', {}, { payload_len: 100 }, 'PKT_TOO_SMALL', { InTruncatedPkts: 1 }],
    ['from a group', {}, { saddr: 'ff02::1' }, 'IP_INHDR', { InHdrErrors: 1 }],
    ['from the loopback address', {}, { saddr: '::1' }, 'IP_INHDR', {}],
    ['to the loopback address', {}, { daddr: '::1' }, 'IP_INHDR', {}],
    ['to a group of scope 1', {}, { daddr: 'ff01::1' }, 'IP_INHDR', {}],
    ['to a group of scope 0', {}, { daddr: 'ff00::1' }, 'IP_INHDR', {}],
    ['to a group we are not in', {}, { daddr: 'ff02::77' }, 'IP_INADDRERRORS', { InMcastPkts: 1 }],
    ['for a neighbour of ours', {}, { daddr: 'fd00::77' }, 'IP_INADDRERRORS', { InAddrErrors: 1 }],
  ] as [
    string,
    Record<number, number>,
    Ip6Options,
    string,
    Record<string, number>,
  ][])('%s is dropped', (_what, patch, options, reason, counters) => {
    const w = single();
    const frame = frame6(good, options);
    for (const [at, value] of Object.entries(patch)) frame[Number(at)] = value;
    w.fake.receive(frame);
    expect(drops(w)).toEqual({ [reason]: 1 });
    expect(w.inet.snmp()['Ip6']).toMatchObject(counters);
    expect(w.fake.sent).toEqual([]);
    empty(w);
  });

  it('for a place no route leads to: no route', () => {
    const w = known();
    w.fake.receive(frame6(good, { daddr: '2001:db8::1' }));
    expect(sentIcmp(w)[0].icmp).toMatchObject({ type: 1, code: 0 });
    expect([drops(w), w.inet.snmp()['Ip6']['InNoRoutes']]).toEqual([{ IP_INNOROUTES: 1 }, 1]);
    empty(w);
  });

  it('to all nodes is delivered', () => {
    const w = single();
    const sk = socket(w, AF_INET6);
    bind(sk, '::', 7000);
    w.fake.receive(
      frame6(datagram(pattern(3), FROM, 'ff02::1'), { daddr: 'ff02::1', dst_mac: [0x33, 0x33, 0, 0, 0, 1] }),
    );
    expect(recv(sk).data).toEqual(pattern(3));
    sk.release();
    empty(w);
  });
});

/** An options header (hop-by-hop or destination) for the protocol `next`. */
const opts = (next: number, ...bytes: number[]): Uint8Array => {
  const size = Math.ceil((2 + bytes.length) / 8) * 8;
  const out = new Uint8Array(size);
  out.set([next, size / 8 - 1, ...bytes]);
  return out;
};

// req: RFC8200 4 4.2 4.4
describe('extension headers', () => {
  const DST = 60;
  it.each([
    ['destination options of padding', 60, opts(17, 1, 4, 0, 0, 0, 0)],
    ['hop-by-hop with a router alert', 0, opts(17, 5, 2, 0, 0, 1, 0)],
    ['an unknown option to skip', 60, opts(17, 0x1e, 4, 1, 2, 3, 4)],
    ['hop-by-hop, then destination options', 0, join(opts(60, 1, 4, 0, 0, 0, 0), opts(17, 1, 4, 0, 0, 0, 0))],
    ['a routing header with no segments left', 43, Uint8Array.of(17, 0, 99, 0, 0, 0, 0, 0)],
    ['an atomic fragment', 44, Uint8Array.of(17, 0, 0, 0, 0, 0, 0, 9)],
  ])('%s: delivered', (_what, nexthdr, header) => {
    const w = single();
    const sk = socket(w, AF_INET6);
    bind(sk, '::', 7000);
    w.fake.receive(frame6(join(header, good), { nexthdr }));
    expect(recv(sk).data).toEqual(pattern(20));
    sk.release();
    empty(w);
  });

  it.each([
    ['an unknown protocol', 253, good, [1, 6]],
    ['an unknown protocol behind options', DST, join(opts(253, 1, 4, 0, 0, 0, 0), good), [1, 40]],
    ['hop-by-hop that is not first', DST, join(opts(0, 1, 4, 0, 0, 0, 0), opts(17, 1, 4, 0, 0, 0, 0), good), [1, 40]],
    ['an unknown option of action 10', DST, join(opts(17, 0x9e, 4, 1, 2, 3, 4), good), [2, 42]],
    ['an unknown option of action 11', DST, join(opts(17, 0xde, 4, 1, 2, 3, 4), good), [2, 42]],
    ['a routing header with segments left', 43, join(Uint8Array.of(17, 0, 0, 1, 0, 0, 0, 0), good), [0, 42]],
    ['a fragment not a multiple of 8', 44, join(Uint8Array.of(17, 0, 0, 1, 0, 0, 0, 9), good.slice(0, 20)), [0, 4]],
    ['a fragment beyond 65535', 44, join(Uint8Array.of(17, 0, 0xff, 0xf8, 0, 0, 0, 9), good), [0, 42]],
    [
      'a first fragment without its upper header',
      44,
      join(Uint8Array.of(60, 0, 0, 1, 0, 0, 0, 9), opts(17, 1, 4, 0, 0, 0, 0)),
      [3, 0],
    ],
  ] as [string, number, Uint8Array, [number, number]][])('%s: parameter problem', (_what, nexthdr, payload, [
    code,
    pointer,
  ]) => {
    const w = known();
    const frame = frame6(payload, { nexthdr });
    w.fake.receive(frame);
    const [m] = sentIcmp(w);
    expect(m.icmp).toMatchObject({ type: 4, code, rest: pointer });
    expect(m.data).toEqual(frame.slice(14));
    expect(Object.values(drops(w))).toEqual([1]);
    settle(w.sim, 70e9);
    empty(w);
  });

  it.each([
    ['an unknown option of action 01', DST, join(opts(17, 0x5e, 4, 1, 2, 3, 4), good)],
    ['options cut off', DST, Uint8Array.of(17, 9, 1, 4, 0, 0, 0, 0)],
    ['an option beyond its header', DST, join(Uint8Array.of(17, 0, 0x1e, 9, 0, 0, 0, 0), good)],
    ['eight bytes of padding', DST, join(opts(17, 1, 6, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0), good)],
    ['padding that is not zero', DST, join(opts(17, 1, 4, 0, 7, 0, 0), good)],
    ['a routing header cut off', 43, Uint8Array.of(17, 3, 0, 0, 0, 0, 0, 0)],
  ])('%s: dropped silently', (_what, nexthdr, payload) => {
    const w = known();
    w.fake.receive(frame6(payload, { nexthdr }));
    expect([drops(w), sentIcmp(w)]).toEqual([{ IPV6_BAD_EXTHDR: 1 }, []]);
    empty(w);
  });

  it('an unknown option of action 11 to a group: silent; of action 10: parameter problem', () => {
    const w = known();
    w.fake.receive(frame6(join(opts(17, 0xde, 4, 1, 2, 3, 4), good), { nexthdr: DST, daddr: 'ff02::1' }));
    expect(sentIcmp(w)).toEqual([]);
    w.fake.receive(frame6(join(opts(17, 0x9e, 4, 1, 2, 3, 4), good), { nexthdr: DST, daddr: 'ff02::1' }));
    expect(sentIcmp(w).map((m) => m.icmp?.code)).toEqual([2]);
    empty(w);
  });

  it('no next header: consumed', () => {
    const w = known();
    w.fake.receive(frame6(pattern(4), { nexthdr: 59 }));
    expect([drops(w), w.fake.sent]).toEqual([{}, []]);
    empty(w);
  });
});

// req: RFC4443 2.4 4.2
describe('ICMPv6', () => {
  it('echo: the same data back', () => {
    const w = known();
    w.fake.receive(frame6(icmp6(128, 0, 0x12345678, pattern(31), FROM, TO), { nexthdr: 58 }));
    const [m] = sentIcmp(w);
    expect(m.icmp).toMatchObject({ type: 129, code: 0, rest: 0x12345678 });
    expect([m.data, m.ip?.hop_limit]).toEqual([pattern(31), 64]);
    empty(w);
  });

  it('echo to all nodes is answered from a unicast address', () => {
    const w = known();
    w.fake.receive(frame6(icmp6(128, 0, 1, pattern(4), FROM, 'ff02::1'), { nexthdr: 58, daddr: 'ff02::1' }));
    expect(sentIcmp(w)[0].ip?.saddr[3]).toBe(1);
  });

  it('a closed port: port unreachable that quotes up to 1280 bytes', () => {
    const w = known();
    const frame = frame6(datagram(pattern(1400), FROM, TO));
    w.fake.receive(frame);
    const [m] = sentIcmp(w);
    expect([m.icmp?.type, m.icmp?.code, m.data.length, m.ip?.payload_len]).toEqual([1, 4, 1232, 1240]);
    expect(m.data).toEqual(frame.slice(14, 14 + 1232));
    expect(drops(w)).toEqual({ NO_SOCKET: 1 });
    empty(w);
  });

  it.each([
    ['a datagram to a group', frame6(datagram(pattern(4), FROM, 'ff02::1'), { daddr: 'ff02::1' }), {}],
    ['a datagram from nobody', frame6(datagram(pattern(4), '::', TO), { saddr: '::' }), { NO_SOCKET: 1 }],
    ['an unknown protocol to a group', frame6(good, { nexthdr: 253, daddr: 'ff02::1' }), { IP_NOPROTO: 1 }],
    ['an error about something else', frame6(icmp6(1, 4, 0, frame6(good).slice(14), FROM, TO), { nexthdr: 58 }), {}],
    [
      'an error behind an unknown option',
      frame6(join(opts(58, 0x9e, 4, 1, 2, 3, 4), icmp6(1, 4, 0, good, FROM, TO)), { nexthdr: 60 }),
      { IPV6_BAD_EXTHDR: 1 },
    ],
    ['a bad checksum', frame6(icmp6(128, 0, 1, pattern(4), FROM, TO).fill(1, 2, 3), { nexthdr: 58 }), { ICMP_CSUM: 1 }],
    [
      'an unknown informational type',
      frame6(icmp6(200, 0, 1, pattern(4), FROM, TO), { nexthdr: 58 }),
      { UNHANDLED_PROTO: 1 },
    ],
    [
      'an error that quotes too little',
      frame6(icmp6(1, 4, 0, pattern(20), FROM, TO), { nexthdr: 58 }),
      { PKT_TOO_SMALL: 1 },
    ],
  ])('%s: no answer', (_what, frame, expected) => {
    const w = known();
    w.fake.receive(frame);
    expect([drops(w), sentIcmp(w)]).toEqual([expected, []]);
    empty(w);
  });

  it('port unreachable about a connected socket ends its next call', () => {
    const w = known();
    const sk = socket(w, AF_INET6);
    connect(sk, FROM, 9000);
    sendto(sk, pattern(5));
    const quoted = w.fake.sent.at(-1)?.slice(14) ?? new Uint8Array(0);
    w.fake.receive(frame6(icmp6(1, 4, 0, quoted, FROM, TO), { nexthdr: 58 }));
    expect([recv(sk).n, recv(sk).n]).toEqual([-ECONNREFUSED, -EAGAIN]);
    sk.release();
    empty(w);
  });

  // req: RFC8200 4.5
  it('time exceeded goes out for a packet whose first fragment came', () => {
    const w = known();
    w.fake.receive(fragment6(good, { from: 0, to: 16, more: true }, 1));
    w.fake.receive(fragment6(good, { from: 16, to: 24, more: true }, 2));
    settle(w.sim, 70e9);
    expect(sentIcmp(w).map((m) => m.icmp)).toMatchObject([{ type: 3, code: 1 }]);
    expect(sentIcmp(w)[0].data).toEqual(fragment6(good, { from: 0, to: 16, more: true }, 1).slice(14));
    empty(w);
  });

  it('discovery in a fragment is dropped', () => {
    const w = known();
    const ns = icmp6(135, 0, 0, new Uint8Array(16), FROM, TO);
    w.fake.receive(frame6(join(Uint8Array.of(58, 0, 0, 0, 0, 0, 0, 1), ns), { nexthdr: 44, hop_limit: 255 }));
    expect(drops(w)).toEqual({ IPV6_NDISC_FRAG: 1 });
  });
});

// req: RFC8200 8.1
describe('a UDP checksum of zero', () => {
  const bare = good.slice().fill(0, 6, 8);
  it('is refused, unless the socket asks for such', () => {
    const w = known();
    const sk = socket(w, AF_INET6);
    bind(sk, '::', 7000);
    w.fake.receive(frame6(bare));
    expect([recv(sk).n, drops(w)]).toEqual([-EAGAIN, { UDP_CSUM: 1 }]);
    sk.setsockopt(SOL_UDP, UDP_NO_CHECK6_RX, Uint8Array.of(1, 0, 0, 0));
    w.fake.receive(frame6(bare));
    expect(recv(sk).data).toEqual(pattern(20));
    sk.release();
    w.fake.receive(frame6(bare));
    expect([drops(w), sentIcmp(w)]).toEqual([{ UDP_CSUM: 2 }, []]);
    empty(w);
  });
});
