import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteError } from '../../src/proto/index.js';
import {
  Fib4,
  Fib4Route,
  Flow4,
  ip_route_output,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
} from '../../src/proto/route/index.js';
import { AF_INET, AF_INET6, EINVAL, ENETUNREACH, formatIp, parseIp } from '../../src/uapi/index.js';
import { runs } from '../support/fc.js';
import { bind, connect, pattern, sendto, single, socket, type World } from './support.js';

function ask(w: World, daddr: string, saddr = '0.0.0.0', oif = 0): [number, string, string, string] | number {
  const fl = new Flow4();
  fl.daddr = parseIp(daddr);
  fl.saddr = parseIp(saddr);
  fl.oif = oif;
  const err = ip_route_output(w.net, w.inet.routes4, w.inet.lo, fl);
  return err !== 0 ? err : [fl.type, fl.dev?.name ?? '', formatIp(fl.saddr), formatIp(fl.nexthop)];
}

describe('IPv4 routes out', () => {
  it.each([
    ['10.0.0.2', [RTN_UNICAST, 'eth0', '10.0.0.1', '10.0.0.2']],
    ['10.0.0.1', [RTN_LOCAL, 'lo', '10.0.0.1', '10.0.0.1']],
    ['10.0.0.255', [RTN_BROADCAST, 'eth0', '10.0.0.1', '10.0.0.255']],
    ['127.4.5.6', [RTN_LOCAL, 'lo', '127.0.0.1', '127.4.5.6']],
    ['0.0.0.0', [RTN_LOCAL, 'lo', '127.0.0.1', '127.0.0.1']],
    ['8.8.8.8', -ENETUNREACH],
    ['255.255.255.255', -ENETUNREACH],
    ['224.0.0.1', -ENETUNREACH],
  ])('connected networks only, to %s', (to, answer) => {
    expect(ask(single(), to)).toEqual(answer);
  });

  it.each([
    ['8.8.8.8', [RTN_UNICAST, 'eth0', '10.0.0.1', '10.0.0.254']],
    ['10.9.1.1', [RTN_UNICAST, 'eth0', '10.0.0.1', '10.0.0.253']],
    ['10.9.1.7', [RTN_UNICAST, 'eth0', '10.0.0.1', '10.0.0.252']],
    ['255.255.255.255', [RTN_BROADCAST, 'eth0', '10.0.0.1', '10.0.0.254']],
    ['224.0.0.1', [RTN_MULTICAST, 'eth0', '10.0.0.1', '10.0.0.254']],
  ])('a default, a network and a host route, to %s', (to, answer) => {
    const w = single();
    w.inet.addRoute({ dst: 'default', via: '10.0.0.254' });
    w.inet.addRoute({ dst: '10.9.0.0/16', via: '10.0.0.253' });
    w.inet.addRoute({ dst: '10.9.1.7', via: '10.0.0.252' });
    const got = ask(w, to);
    if (Array.isArray(got) && Array.isArray(answer) && answer[0] !== RTN_UNICAST) got[3] = answer[3] as string;
    expect(got).toEqual(answer);
  });

  it('a source that is not ours is refused, one that is ours is kept', () => {
    const w = single();
    w.inet.addAddress(w.dev, '10.0.0.7/24');
    expect(ask(w, '10.0.0.2', '10.0.0.99')).toBe(-EINVAL);
    expect(ask(w, '10.0.0.2', '127.0.0.1')).toBe(-EINVAL);
    expect(ask(w, '10.0.0.2', '10.0.0.7')).toEqual([RTN_UNICAST, 'eth0', '10.0.0.7', '10.0.0.2']);
  });

  it('an address taken away is no longer local, and its network no longer connected', () => {
    const w = single();
    expect(w.inet.delAddress(w.dev, '10.0.0.1/24')).toBe(true);
    expect(ask(w, '10.0.0.1')).toBe(-ENETUNREACH);
    expect(ask(w, '10.0.0.255')).toBe(-ENETUNREACH);
    expect(w.inet.addAddress(w.dev, '10.0.0.1/24')).toBe(true);
    expect(() => w.inet.addAddress(w.dev, '10.0.0.1/24')).toThrow('eth0 has 10.0.0.1/24 already');
    expect(ask(w, '10.0.0.2')).toEqual([RTN_UNICAST, 'eth0', '10.0.0.1', '10.0.0.2']);
  });

  it('of two addresses in a prefix the second takes over when the first goes', () => {
    const w = single();
    w.inet.addAddress(w.dev, '10.0.0.7/24');
    w.inet.delAddress(w.dev, '10.0.0.1/24');
    expect(ask(w, '10.0.0.2')).toEqual([RTN_UNICAST, 'eth0', '10.0.0.7', '10.0.0.2']);
    expect(ask(w, '10.0.0.255')).toEqual([RTN_BROADCAST, 'eth0', '10.0.0.7', '10.0.0.255']);
  });
});

it('the longest prefix wins, then the lowest metric, whatever the order of adding', () => {
  const w = single();
  const route = fc.record({ dst: fc.integer(), plen: fc.integer({ min: 0, max: 32 }), metric: fc.nat({ max: 3 }) });
  const near = fc.record({ base: fc.nat(), flip: fc.nat({ max: 31 }) });
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 20 }),
      fc.array(near, { minLength: 1, maxLength: 20 }),
      (routes, probes) => {
        const fib = new Fib4();
        for (const [i, r] of routes.entries())
          fib.addRoute(new Fib4Route(r.dst, r.plen, RTN_UNICAST, i + 1, w.dev, 0, r.metric));
        for (const p of probes) {
          const base = routes.length === 0 ? p.base : routes[p.base % routes.length].dst;
          const addr = base ^ (1 << p.flip);
          const fits = routes
            .map((r, i) => ({ ...r, i }))
            .filter((r) => r.plen === 0 || (r.dst ^ addr) >>> (32 - r.plen) === 0);
          fits.sort((x, y) => y.plen - x.plen || x.metric - y.metric || x.i - y.i);
          expect(fib.lookup(addr, 0)?.gateway ?? null).toBe(fits.length === 0 ? null : fits[0].i + 1);
        }
      },
    ),
    { numRuns: runs(150) },
  );
});

it('the table of local addresses behaves as a counted set', () => {
  const w = single();
  const op = fc.record({ addr: fc.integer({ min: 1, max: 40 }), add: fc.boolean() });
  fc.assert(
    fc.property(fc.array(op, { maxLength: 120 }), (ops) => {
      const fib = new Fib4();
      const model = new Map<number, number>();
      for (const { addr, add } of ops) {
        if (add) fib.addLocal(addr, RTN_LOCAL, w.dev);
        else fib.delLocal(addr);
        model.set(addr, Math.max(0, (model.get(addr) ?? 0) + (add ? 1 : -1)));
      }
      for (let a = 1; a <= 40; a++) expect(fib.local(a)?.refs ?? 0).toBe(model.get(a) ?? 0);
    }),
    { numRuns: runs(100) },
  );
});

describe('routes as callers write them', () => {
  it.each([
    [{ dst: 'default', via: '192.0.2.1' }, 'ROUTE_GATEWAY_UNREACHABLE'],
    [{ dst: 'default', via: 'fd77::1' }, 'ROUTE_GATEWAY_UNREACHABLE'],
    [{ dst: 'default', via: 'fe80::1' }, 'ROUTE_NO_DEVICE'],
    [{ dst: '10.9.0.0/16' }, 'ROUTE_NO_DEVICE'],
    [{ dst: '10.9.0.0/16', via: 'fd00::9' }, 'ROUTE_FAMILY'],
    [{ dst: 'default' }, 'ROUTE_FAMILY'],
  ])('%j is refused with %s', (spec, code) => {
    const w = single();
    expect(() => w.inet.addRoute(spec)).toThrowError(expect.objectContaining({ code }) as RouteError);
  });

  it('the list tells what was added', () => {
    const w = single();
    w.inet.addRoute({ dst: 'default', via: '10.0.0.254' });
    w.inet.addRoute({ dst: 'default', via: 'fe80::9', dev: w.dev });
    expect(w.inet.routes()).toEqual([
      { family: 4, dst: '10.0.0.0/24', via: null, dev: 'eth0', metric: 0 },
      { family: 4, dst: '0.0.0.0/0', via: '10.0.0.254', dev: 'eth0', metric: 0 },
      { family: 6, dst: 'fe80::/64', via: null, dev: 'eth0', metric: 256 },
      { family: 6, dst: 'fd00::/64', via: null, dev: 'eth0', metric: 256 },
      { family: 6, dst: '::/0', via: 'fe80::9', dev: 'eth0', metric: 1024 },
    ]);
  });
});

describe('sources of sockets', () => {
  it('IPv6: the address of the same scope and longest match', () => {
    const w = single();
    w.inet.addAddress(w.dev, 'fd77::1/64');
    const sk = socket(w, AF_INET6);
    connect(sk, 'fd77::99', 7000);
    const out = new Uint8Array(28);
    expect(sk.getname(false, out)).toBe(28);
    expect([...out.slice(8, 10), out[23]]).toEqual([0xfd, 0x77, 1]);
  });

  it('a gateway is what the neighbour table is asked for', () => {
    const w = single();
    w.inet.addRoute({ dst: 'default', via: '10.0.0.254' });
    w.inet.addRoute({ dst: 'default', via: 'fd00::254' });
    sendto(socket(w, AF_INET), pattern(1), '8.8.8.8', 53);
    sendto(socket(w, AF_INET6), pattern(1), '2001:db8::8', 53);
    expect(w.inet.neighbours().map((n) => n.address)).toEqual(['10.0.0.254', 'fd00::254']);
  });

  it('a connected socket follows the routes when they change', () => {
    const w = single();
    w.inet.addRoute({ dst: 'default', via: '10.0.0.254' });
    const sk = socket(w);
    expect(bind(sk, '10.0.0.1', 0)).toBe(0);
    connect(sk, '8.8.8.8', 53);
    sendto(sk, pattern(1));
    w.inet.addRoute({ dst: '8.8.8.8', via: '10.0.0.253' });
    sendto(sk, pattern(1));
    expect(w.inet.neighbours().map((n) => n.address)).toEqual(['10.0.0.254', '10.0.0.253']);
  });
});
