import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { in6_from_bytes, in6_new } from '../../src/proto/core/index.js';
import {
  compute_score4,
  compute_score6,
  type UdpSock,
  type UdpSockState,
  udp4_lookup,
  udp6_lookup,
} from '../../src/proto/udp/index.js';
import {
  AF_INET,
  AF_INET6,
  EADDRINUSE,
  IPV6_V6ONLY,
  parseIp,
  parseIpv6,
  SO_BINDTOIFINDEX,
  SO_REUSEADDR,
  SOL_IPV6,
  SOL_SOCKET,
} from '../../src/uapi/index.js';
import { runs } from '../support/fc.js';
import { bind, connect, single, socket, type World } from './support.js';

const ONE = Uint8Array.of(1, 0, 0, 0);
const in6 = (text: string): Int32Array => in6_from_bytes(parseIpv6(text), 0, in6_new());

interface Wish {
  /** Text of the address bound to, null: not bound (connect binds). */
  bound: string;
  peer?: [string, number];
  dev?: boolean;
  v6only?: boolean;
}

function make(w: World, wish: Wish, port = 7000): UdpSock {
  const sk = socket(w, wish.bound.includes(':') ? AF_INET6 : AF_INET) as UdpSock;
  sk.setsockopt(SOL_SOCKET, SO_REUSEADDR, ONE);
  if (wish.v6only) sk.setsockopt(SOL_IPV6, IPV6_V6ONLY, ONE);
  if (wish.dev) sk.setsockopt(SOL_SOCKET, SO_BINDTOIFINDEX, Uint8Array.of(w.dev.ifindex, 0, 0, 0));
  expect(bind(sk, wish.bound, port)).toBe(0);
  if (wish.peer) expect(connect(sk, ...wish.peer)).toBe(0);
  return sk;
}

const PEER4: [string, number] = ['10.0.0.2', 4000];
const PEER6: [string, number] = ['fd00::2', 4000];

describe('compute_score of IPv4: a datagram 10.0.0.2:4000 -> 10.0.0.1:7000 by eth0', () => {
  it.each([
    [{ bound: '0.0.0.0' }, -1, 2],
    [{ bound: '10.0.0.1' }, 2, -1],
    [{ bound: '0.0.0.0', dev: true }, -1, 6],
    [{ bound: '10.0.0.1', dev: true }, 6, -1],
    [{ bound: '10.0.0.1', peer: PEER4 }, 10, -1],
    [{ bound: '10.0.0.1', peer: PEER4, dev: true }, 14, -1],
    [{ bound: '10.0.0.1', peer: ['10.0.0.3', 4000] }, -1, -1],
    [{ bound: '10.0.0.1', peer: ['10.0.0.2', 4001] }, -1, -1],
    [{ bound: '::' }, -1, 1],
    [{ bound: '::', dev: true }, -1, 5],
    [{ bound: '::', v6only: true }, -1, -1],
    [{ bound: '::ffff:10.0.0.1' }, 1, -1],
    [{ bound: '::ffff:10.0.0.1', peer: ['::ffff:10.0.0.2', 4000] }, 9, -1],
    [{ bound: 'fd00::1' }, -1, -1],
  ] as [Wish, number, number][])('%j scores %i bound, %i for any', (wish, bound, any) => {
    const w = single();
    const sk = make(w, wish);
    const score = (b: string): number => compute_score4(sk, parseIp('10.0.0.2'), 4000, parseIp(b), 7000, w.dev.ifindex);
    expect([score('10.0.0.1'), score('0.0.0.0')]).toEqual([bound, any]);
    expect(compute_score4(sk, parseIp('10.0.0.2'), 4000, parseIp('10.0.0.1'), 7001, w.dev.ifindex)).toBe(-1);
    if (wish.dev) expect(compute_score4(sk, parseIp('10.0.0.2'), 4000, parseIp('10.0.0.1'), 7000, 99)).toBe(-1);
  });
});

describe('compute_score of IPv6: a datagram fd00::2:4000 -> fd00::1:7000 by eth0', () => {
  it.each([
    [{ bound: '::' }, -1, 0],
    [{ bound: 'fd00::1' }, 0, -1],
    [{ bound: '::', dev: true }, -1, 1],
    [{ bound: 'fd00::1', peer: PEER6 }, 2, -1],
    [{ bound: 'fd00::1', peer: PEER6, dev: true }, 3, -1],
    [{ bound: 'fd00::1', peer: ['fd00::3', 4000] }, -1, -1],
    [{ bound: '0.0.0.0' }, -1, -1],
  ] as [Wish, number, number][])('%j scores %i bound, %i for any', (wish, bound, any) => {
    const w = single();
    const sk = make(w, wish);
    const score = (b: string): number => compute_score6(sk, in6('fd00::2'), 4000, in6(b), 7000, w.dev.ifindex);
    expect([score('fd00::1'), score('::')]).toEqual([bound, any]);
  });
});

describe('the lookup', () => {
  const find = (w: World): UdpSockState | null =>
    udp4_lookup(w.inet.udp.table, parseIp('10.0.0.2'), 4000, parseIp('10.0.0.1'), 7000, w.dev.ifindex);

  it('a connected socket before one bound to the address, before any; of equals the one bound last', () => {
    const w = single();
    const order: Wish[] = [
      { bound: '::' },
      { bound: '0.0.0.0' },
      { bound: '0.0.0.0' },
      { bound: '10.0.0.1' },
      { bound: '10.0.0.1', peer: PEER4 },
    ];
    const socks = order.map((wish) => make(w, wish));
    for (const expected of [4, 3, 2, 1, 0]) {
      expect(find(w)).toBe(socks[expected]);
      socks[expected].release();
    }
    expect(find(w)).toBeNull();
  });

  it('agrees with a search over all sockets, whatever is bound, connected and closed', () => {
    const wish = fc.record({
      bound: fc.constantFrom('0.0.0.0', '10.0.0.1', '127.0.0.1', '::', 'fd00::1', '::ffff:10.0.0.1'),
      port: fc.constantFrom(7000, 7000 + 256, 7001),
      connected: fc.boolean(),
      v6only: fc.boolean(),
      dev: fc.boolean(),
      closed: fc.boolean(),
    });
    const any = in6('::');
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 14 }), (wishes) => {
        const w = single();
        const open: UdpSock[] = [];
        for (const x of wishes) {
          const v6 = x.bound === '::' || x.bound === 'fd00::1';
          const lo = x.bound === '127.0.0.1';
          const peer: [string, number] | undefined =
            !x.connected || lo ? undefined : v6 ? PEER6 : x.bound.includes(':') ? ['::ffff:10.0.0.2', 4000] : PEER4;
          const sk = make(
            w,
            { bound: x.bound, v6only: x.v6only && v6, dev: x.dev && !lo, ...(peer ? { peer } : {}) },
            x.port,
          );
          if (x.closed) sk.release();
          else open.unshift(sk);
        }
        for (const port of [7000, 7001, 7256]) {
          for (const to of ['10.0.0.1', '127.0.0.1']) {
            const scored = open.map((sk) => {
              const native =
                sk.family === AF_INET6 && sk.rcv_saddr6.some((x) => x !== 0) && sk.rcv_saddr6[2] !== 0xffff;
              const at = (b: number): number =>
                native ? -1 : compute_score4(sk, parseIp('10.0.0.2'), 4000, b, port, w.dev.ifindex);
              return { sk, exact: at(parseIp(to)), wild: at(0) };
            });
            const best = (key: 'exact' | 'wild'): number => Math.max(-1, ...scored.map((s) => s[key]));
            const got = udp4_lookup(
              w.inet.udp.table,
              parseIp('10.0.0.2'),
              4000,
              parseIp(to),
              port,
              w.dev.ifindex,
            ) as UdpSock | null;
            const key = best('exact') >= 0 ? 'exact' : 'wild';
            const winners = scored.filter((s) => s[key] === best(key) && s[key] >= 0).map((s) => s.sk);
            if (winners.length === 0) expect(got).toBeNull();
            else expect(winners).toContain(got);
          }
          const got6 = udp6_lookup(
            w.inet.udp.table,
            in6('fd00::2'),
            4000,
            in6('fd00::1'),
            port,
            w.dev.ifindex,
            any,
          ) as UdpSock | null;
          const fits = open.some(
            (sk) =>
              Math.max(
                ...['fd00::1', '::'].map((b) => compute_score6(sk, in6('fd00::2'), 4000, in6(b), port, w.dev.ifindex)),
              ) >= 0,
          );
          expect(got6 !== null).toBe(fits);
        }
      }),
      { numRuns: runs(150) },
    );
  });
});

describe('two sockets on one port', () => {
  const cases: [string, string, boolean][] = [
    ['0.0.0.0', '0.0.0.0', true],
    ['0.0.0.0', '10.0.0.1', true],
    ['10.0.0.1', '0.0.0.0', true],
    ['10.0.0.1', '127.0.0.1', false],
    ['::', '0.0.0.0', true],
    ['0.0.0.0', '::', true],
    ['fd00::1', '0.0.0.0', false],
    ['fd00::1', '::', true],
    ['fd00::1', '::1', false],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::ffff:10.0.0.1', '127.0.0.1', false],
    ['10.0.0.1', 'fd00::1', false],
  ];
  it.each(cases)('%s, then %s: in use %s', (first, second, conflict) => {
    const w = single();
    const fam = (a: string): number => (a.includes(':') ? AF_INET6 : AF_INET);
    expect(bind(socket(w, fam(first)), first, 7000)).toBe(0);
    expect(bind(socket(w, fam(second)), second, 7000)).toBe(conflict ? -EADDRINUSE : 0);
  });

  it('a v6only socket and an IPv4 one do not meet', () => {
    const w = single();
    const six = socket(w, AF_INET6);
    six.setsockopt(SOL_IPV6, IPV6_V6ONLY, ONE);
    expect([bind(six, '::', 7000), bind(socket(w), '0.0.0.0', 7000)]).toEqual([0, 0]);
  });

  it('SO_REUSEADDR must be set on both', () => {
    const w = single();
    const a = socket(w);
    const b = socket(w);
    a.setsockopt(SOL_SOCKET, SO_REUSEADDR, ONE);
    expect([bind(a, '0.0.0.0', 7000), bind(b, '0.0.0.0', 7000)]).toEqual([0, -EADDRINUSE]);
    b.setsockopt(SOL_SOCKET, SO_REUSEADDR, ONE);
    expect(bind(b, '0.0.0.0', 7000)).toBe(0);
  });

  it('the ephemeral range runs out, every port given once', () => {
    const w = single();
    w.net.sysctl.ip_local_port_range_min = 40000;
    w.net.sysctl.ip_local_port_range_max = 40299;
    const ports = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const sk = socket(w) as UdpSock;
      expect(bind(sk, '0.0.0.0', 0)).toBe(0);
      ports.add(sk.num);
    }
    expect([ports.size, Math.min(...ports), Math.max(...ports)]).toEqual([300, 40000, 40299]);
    expect(bind(socket(w), '0.0.0.0', 0)).toBe(-EADDRINUSE);
    expect(connect(socket(w), '127.0.0.1', 9)).toBe(-11);
  });
});
