import { describe, expect, it } from 'vitest';
import { icmp_parse, ip_parse } from '../../src/proto/index.js';
import { Simulation } from '../../src/sim/index.js';
import { AF_INET, EAGAIN, ECONNREFUSED, SO_BROADCAST, SOL_SOCKET } from '../../src/uapi/index.js';
import { datagram, fragment4, frame4, type Ip4Options, icmp4, join, PROTO_ICMP } from './packets.js';
import {
  bind,
  connect,
  conserved,
  drops,
  empty,
  host,
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

const good = datagram(pattern(20), '10.0.0.2', '10.0.0.1');
const BCAST = [255, 255, 255, 255, 255, 255];
const OTHER = [2, 0, 0, 0, 0, 8];

/** IPv4 and ICMP headers of the frames sent with protocol ICMP. */
function sentIcmp(
  w: World,
): { ip: ReturnType<typeof ip_parse>; icmp: ReturnType<typeof icmp_parse>; data: Uint8Array }[] {
  return w.fake.sent
    .filter((f) => f[12] === 8 && f[13] === 0 && f[23] === PROTO_ICMP)
    .map((f) => {
      const dv = new DataView(f.buffer);
      return { ip: ip_parse(dv, 14, f.length - 14), icmp: icmp_parse(dv, 34, f.length - 34), data: f.slice(42) };
    });
}

function known(): World {
  const w = single();
  w.inet.addNeighbour(w.dev, '10.0.0.2', '02:00:00:00:00:02');
  return w;
}

// req: RFC1122 3.2.1.1 3.2.1.2 3.2.1.3
describe('a received IPv4 packet', () => {
  it.each([
    ['for another host (frame)', {}, { dst_mac: OTHER }, 'OTHERHOST', {}],
    ['of version 5', { 14: 0x55 }, {}, 'IP_INHDR', { InReceives: 1, InHdrErrors: 1 }],
    ['with a header of 16 bytes', { 14: 0x44 }, {}, 'IP_INHDR', { InHdrErrors: 1 }],
    ['with a header longer than the packet', { 14: 0x4f }, { payload: 12 }, 'IP_INHDR', { InHdrErrors: 1 }],
    ['with a bad checksum', {}, { check_error: 1 }, 'IP_CSUM', { InHdrErrors: 1, InCsumErrors: 1 }],
    ['shorter than its length', {}, { tot_len: 100 }, 'PKT_TOO_SMALL', { InTruncatedPkts: 1, InHdrErrors: 0 }],
    ['whose length is below its header', {}, { tot_len: 19 }, 'IP_INHDR', { InHdrErrors: 1 }],
    ['for another host (address)', {}, { daddr: '10.0.0.77' }, 'IP_INADDRERRORS', { InAddrErrors: 1 }],
    ['from our own address', {}, { saddr: '10.0.0.1' }, 'IP_INADDRERRORS', { InAddrErrors: 0 }],
    ['from a group', {}, { saddr: '224.1.1.1' }, 'IP_INADDRERRORS', {}],
    ['from the limited broadcast', {}, { saddr: '255.255.255.255' }, 'IP_INADDRERRORS', {}],
    ['from this network', {}, { saddr: '0.0.0.9' }, 'IP_INADDRERRORS', {}],
    ['from nowhere to the network', {}, { saddr: '0.0.0.0', daddr: '10.0.0.255' }, 'IP_INADDRERRORS', {}],
    ['from the loopback network', {}, { saddr: '127.0.0.1' }, 'IP_INADDRERRORS', {}],
    ['to the loopback network', {}, { daddr: '127.0.0.1' }, 'IP_INADDRERRORS', {}],
    ['to a group we are not in', {}, { daddr: '224.0.0.9' }, 'IP_INADDRERRORS', {}],
    ['with a source route', {}, { options: Uint8Array.of(131, 7, 4, 1, 2, 3, 4, 0) }, 'IP_INHDR', {}],
  ] as [
    string,
    Record<number, number>,
    Ip4Options & { payload?: number },
    string,
    Record<string, number>,
  ][])('%s is dropped', (_what, patch, options, reason, counters) => {
    const w = single();
    const frame = frame4(options.payload === undefined ? good : good.slice(0, options.payload), options);
    for (const [at, value] of Object.entries(patch)) frame[Number(at)] = value;
    w.fake.receive(frame);
    expect(drops(w)).toEqual({ [reason]: 1 });
    expect(w.inet.snmp()['Ip']).toMatchObject(counters);
    expect(w.fake.sent).toEqual([]);
    empty(w);
  });

  it.each([
    ['padded to 60 bytes', {}],
    ['with a TTL of 0', { ttl: 0 }],
    ['with options to skip', { options: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 1, 148, 4, 0, 0) }],
    ['with an unknown option', { options: Uint8Array.of(99, 4, 1, 2) }],
    ['with all TOS bits', { tos: 255 }],
  ] as [string, Ip4Options][])('%s is delivered', (_what, options) => {
    const w = single();
    const sk = socket(w);
    bind(sk, '10.0.0.1', 7000);
    const frame = frame4(good, options);
    w.fake.receive(join(frame, new Uint8Array(Math.max(6, 60 - frame.length)).fill(0xee)));
    expect(recv(sk).data).toEqual(pattern(20));
    sk.release();
    empty(w);
  });

  // req: RFC1122 3.3.6
  it.each([
    '10.0.0.255',
    '255.255.255.255',
    '224.0.0.1',
  ])('to %s is delivered to every socket that hears it', (daddr) => {
    const w = single();
    const heard = [socket(w), socket(w)];
    for (const sk of heard) {
      sk.setsockopt(SOL_SOCKET, 2, Uint8Array.of(1, 0, 0, 0));
      expect(bind(sk, '0.0.0.0', 7000)).toBe(0);
    }
    const deaf = socket(w);
    deaf.setsockopt(SOL_SOCKET, 2, Uint8Array.of(1, 0, 0, 0));
    bind(deaf, '10.0.0.1', 7000);
    w.fake.receive(frame4(datagram(pattern(9), '10.0.0.2', daddr), { daddr, dst_mac: BCAST }));
    for (const sk of heard) expect(recv(sk).data).toEqual(pattern(9));
    expect(recv(deaf).n).toBe(-EAGAIN);
    for (const sk of [...heard, deaf]) sk.release();
    empty(w);
  });

  it('a broadcast nobody hears is consumed without an answer', () => {
    const w = known();
    w.fake.receive(frame4(datagram(pattern(9), '10.0.0.2', '10.0.0.255'), { daddr: '10.0.0.255', dst_mac: BCAST }));
    expect([drops(w), w.fake.sent, w.inet.snmp()['Udp']['IgnoredMulti']]).toEqual([{}, [], 1]);
    empty(w);
  });

  it('option bytes that make no sense: parameter problem that points at them', () => {
    const w = known();
    w.fake.receive(frame4(good, { options: Uint8Array.of(1, 68, 60, 5) }));
    expect(sentIcmp(w)[0].icmp).toMatchObject({ type: 12, code: 0, rest: 21 << 24 });
    expect(drops(w)).toEqual({ IP_INHDR: 1 });
    empty(w);
  });

  it('an unknown protocol: protocol unreachable', () => {
    const w = known();
    w.fake.receive(frame4(good, { protocol: 253 }));
    const [m] = sentIcmp(w);
    expect(m.icmp).toMatchObject({ type: 3, code: 2 });
    expect(m.ip).toMatchObject({ tos: 0xc0, ttl: 64, frag_off: 0 });
    expect(drops(w)).toEqual({ IP_NOPROTO: 1 });
    expect(w.inet.snmp()['Ip']['InUnknownProtos']).toBe(1);
    empty(w);
  });
});

describe('ICMP', () => {
  // req: RFC1122 3.2.2.6
  it('echo: the same data back from the address that was asked, same TOS', () => {
    const w = known();
    w.inet.addAddress(w.dev, '10.0.0.7/24');
    w.fake.receive(frame4(icmp4(8, 0, 0x12345678, pattern(31)), { protocol: 1, daddr: '10.0.0.7', tos: 0x28 }));
    const [m] = sentIcmp(w);
    expect(m.icmp).toMatchObject({ type: 0, code: 0, rest: 0x12345678 });
    expect(m.data).toEqual(pattern(31));
    expect([m.ip?.saddr, m.ip?.daddr, m.ip?.tos]).toEqual([0x0a000007, 0x0a000002, 0x28]);
    empty(w);
  });

  it('echo of 60000 bytes is answered in fragments that make the same data', () => {
    const { a, b, sim } = pair();
    const request = icmp4(8, 0, 1, pattern(60000));
    a.inet.addNeighbour(a.dev, '10.0.0.2', '02:00:00:00:00:02');
    for (let from = 0; from < request.length; from += 1480) {
      const to = Math.min(request.length, from + 1480);
      a.fake.receive(fragment4(request, { from, to, more: to < request.length }, 5, { protocol: 1 }));
    }
    settle(sim);
    expect(b.inet.snmp()['Ip']).toMatchObject({ ReasmOKs: 1 });
    expect(b.inet.mib.icmp_types[0]).toBe(1);
    expect(drops(b)['NO_SOCKET']).toBeGreaterThan(0);
    conserved(a);
    conserved(b);
  });

  // req: RFC1122 3.2.2
  it.each([
    ['a bad checksum', frame4(icmp4(8, 0, 1, pattern(8)).fill(1, 2, 3), { protocol: 1 }), { ICMP_CSUM: 1 }],
    ['4 bytes', frame4(Uint8Array.of(8, 0, 0xf7, 0xff), { protocol: 1 }), { PKT_TOO_SMALL: 1 }],
    ['an unknown type', frame4(icmp4(40, 0, 0, pattern(8)), { protocol: 1 }), { UNHANDLED_PROTO: 1 }],
    [
      'echo to a broadcast',
      frame4(icmp4(8, 0, 0, pattern(8)), { protocol: 1, daddr: '10.0.0.255', dst_mac: BCAST }),
      { INVALID_PROTO: 1 },
    ],
    ['an echo reply', frame4(icmp4(0, 0, 0, pattern(8)), { protocol: 1 }), { NO_SOCKET: 1 }],
    ['an error with a cut header', frame4(icmp4(3, 3, 0, pattern(12)), { protocol: 1 }), { PKT_TOO_SMALL: 1 }],
  ])('%s: no answer', (_what, frame, expected) => {
    const w = known();
    w.fake.receive(frame);
    expect([drops(w), w.fake.sent]).toEqual([expected, []]);
    empty(w);
  });

  // req: RFC1122 4.1.3.1 3.2.2
  it('a closed port: port unreachable that quotes the datagram', () => {
    const w = known();
    w.fake.receive(frame4(good));
    const [m] = sentIcmp(w);
    expect(m.icmp).toMatchObject({ type: 3, code: 3, rest: 0 });
    expect(m.data).toEqual(frame4(good).slice(14));
    expect([drops(w), w.inet.snmp()['Udp']['NoPorts']]).toEqual([{ NO_SOCKET: 1 }, 1]);
    empty(w);
  });

  it('a closed port and a long datagram: the answer has 576 bytes', () => {
    const w = known();
    w.fake.receive(frame4(datagram(pattern(1400), '10.0.0.2', '10.0.0.1')));
    expect(sentIcmp(w)[0].ip?.tot_len).toBe(576);
  });

  it.each([
    ['a bad checksum', frame4(good.slice().fill(1, 6, 7)), { UDP_CSUM: 1 }],
    ['a frame to everyone', frame4(good, { dst_mac: BCAST }), { NO_SOCKET: 1 }],
    [
      'a source of zeros',
      frame4(datagram(pattern(4), '0.0.0.0', '255.255.255.255'), { saddr: '0.0.0.0', daddr: '255.255.255.255' }),
      {},
    ],
    ['an ICMP error', frame4(icmp4(3, 2, 0, frame4(good).slice(14, 50)), { protocol: 1 }), {}],
    ['a unicast frame to a broadcast address', frame4(good, { protocol: 253, daddr: '10.0.0.255' }), { IP_NOPROTO: 1 }],
    [
      'bad options in a later fragment',
      frame4(good, { frag_off: 5, options: Uint8Array.of(1, 68, 60, 5) }),
      { IP_INHDR: 1 },
    ],
    ['a protocol nobody has, in a later fragment', frame4(good, { protocol: 200, frag_off: 5 }), {}],
  ])('%s causes no ICMP error', (_what, frame, expected) => {
    const w = known();
    w.fake.receive(frame);
    expect([drops(w), w.fake.sent]).toEqual([expected, []]);
    settle(w.sim, 40e9);
    expect(w.fake.sent).toEqual([]);
    empty(w);
  });

  it('time exceeded goes out for a datagram whose first fragment came, and only then', () => {
    const w = known();
    w.fake.receive(fragment4(good, { from: 0, to: 16, more: true }, 1));
    w.fake.receive(fragment4(good, { from: 16, to: 24, more: true }, 2));
    settle(w.sim, 40e9);
    expect(sentIcmp(w).map((m) => m.icmp)).toMatchObject([{ type: 11, code: 1 }]);
    expect(sentIcmp(w)[0].data).toEqual(fragment4(good, { from: 0, to: 16, more: true }, 1).slice(14));
    expect(drops(w)).toEqual({ FRAG_REASM_TIMEOUT: 2 });
    empty(w);
  });

  it('many errors at once: six to one host, then one a second; fifty to all', () => {
    const w = single();
    for (let i = 0; i < 20; i++) w.fake.receive(frame4(good));
    expect(w.inet.snmp()['Icmp']).toMatchObject({ OutMsgs: 6, OutRateLimitHost: 14 });
    for (let i = 3; i < 100; i++) {
      const saddr = `10.0.0.${i}`;
      w.fake.receive(frame4(datagram(pattern(20), saddr, '10.0.0.1'), { saddr }));
    }
    expect(w.inet.snmp()['Icmp']['OutRateLimitGlobal']).toBe(20 + 97 - 50);
    settle(w.sim, 5e9);
    empty(w);
  });

  // req: RFC1122 4.1.3.3
  it('port unreachable about a connected socket ends its next call, about another only counts', () => {
    const w = known();
    const sk = socket(w);
    connect(sk, '10.0.0.2', 9000);
    sendto(sk, pattern(5));
    const quoted = w.fake.sent.at(-1)?.slice(14) ?? new Uint8Array(0);
    const foreign = quoted.slice();
    foreign[20] ^= 0xff;
    w.fake.receive(frame4(icmp4(3, 3, 0, foreign), { protocol: 1 }));
    expect([recv(sk).n, w.inet.snmp()['Icmp']['InErrors']]).toEqual([-EAGAIN, 1]);
    w.fake.receive(frame4(icmp4(3, 3, 0, quoted), { protocol: 1 }));
    expect(sk.poll() & 8).toBe(8);
    expect(recv(sk).n).toBe(-ECONNREFUSED);
    expect(recv(sk).n).toBe(-EAGAIN);
    w.fake.receive(frame4(icmp4(3, 3, 0, quoted), { protocol: 1 }));
    expect(sendto(sk, pattern(5))).toBe(-ECONNREFUSED);
    expect(sendto(sk, pattern(5))).toBe(5);
    sk.release();
    empty(w);
  });

  it('the same about a socket that is not connected is ignored', () => {
    const w = known();
    const sk = socket(w);
    sendto(sk, pattern(5), '10.0.0.2', 9000);
    const quoted = w.fake.sent.at(-1)?.slice(14) ?? new Uint8Array(0);
    w.fake.receive(frame4(icmp4(3, 3, 0, quoted), { protocol: 1 }));
    expect(recv(sk).n).toBe(-EAGAIN);
  });
});

describe('fragments of one sender', () => {
  it.each([
    [63, 20, {}],
    [64, -EAGAIN, { FRAG_TOO_FAR: 1 }],
  ])('%i others between two of a datagram: reading gives %i', (others, result, expected) => {
    const w = single();
    const sk = socket(w);
    bind(sk, '0.0.0.0', 7000);
    w.fake.receive(fragment4(good, { from: 0, to: 16, more: true }, 1));
    for (let i = 0; i < others; i++) w.fake.receive(fragment4(good, { from: 0, to: 8, more: true }, 100 + i));
    w.fake.receive(fragment4(good, { from: 16, to: 28, more: false }, 1));
    expect([recv(sk).n, drops(w)]).toEqual([result, expected]);
    sk.release();
    settle(w.sim, 40e9);
    empty(w);
  });

  it('a datagram begun anew is whole when its first piece comes again', () => {
    const w = single();
    const sk = socket(w);
    bind(sk, '0.0.0.0', 7000);
    w.fake.receive(fragment4(good, { from: 0, to: 16, more: true }, 1));
    for (let i = 0; i < 70; i++) w.fake.receive(fragment4(good, { from: 0, to: 8, more: true }, 100 + i));
    w.fake.receive(fragment4(good, { from: 16, to: 28, more: false }, 1));
    w.fake.receive(fragment4(good, { from: 0, to: 16, more: true }, 1));
    expect(recv(sk).data).toEqual(pattern(20));
    sk.release();
    settle(w.sim, 40e9);
    empty(w);
  });
});

describe('broadcasts sent', () => {
  it('need SO_BROADCAST, go to everyone, and come back to this host', () => {
    const w = host(new Simulation({ seed: 3 }), 1, MAC_A);
    const sk = socket(w, AF_INET);
    expect(sendto(sk, pattern(4), '10.0.0.255', 7000)).toBe(-13);
    sk.setsockopt(SOL_SOCKET, SO_BROADCAST, Uint8Array.of(1, 0, 0, 0));
    const rx = socket(w, AF_INET);
    bind(rx, '0.0.0.0', 7000);
    expect(sendto(sk, pattern(4), '10.0.0.255', 7000)).toBe(4);
    expect([...w.fake.sent[0].slice(0, 12)]).toEqual([...BCAST, ...MAC_A]);
    settle(w.sim);
    expect(recv(rx).data).toEqual(pattern(4));
    rx.release();
    sk.release();
    empty(w);
    expect(MAC_B.length).toBe(6);
  });
});
