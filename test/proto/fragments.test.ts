import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AF_INET, AF_INET6, EAGAIN } from '../../src/uapi/index.js';
import { runs } from '../support/fc.js';
import { datagram, fragment4, fragment6, type Piece } from './packets.js';
import {
  bind,
  conserved,
  drops,
  empty,
  pair,
  pattern,
  recv,
  sendto,
  settle,
  single,
  socket,
  type World,
} from './support.js';

interface Family {
  family: number;
  any: string;
  from: string;
  to: string;
  fragment(bytes: Uint8Array, p: Piece, id?: number): Uint8Array;
  group: 'Ip' | 'Ip6';
  timeout_ns: number;
}

const FAMILIES: [string, Family][] = [
  [
    'IPv4',
    {
      family: AF_INET,
      any: '0.0.0.0',
      from: '10.0.0.2',
      to: '10.0.0.1',
      fragment: fragment4,
      group: 'Ip',
      timeout_ns: 30e9,
    },
  ],
  [
    'IPv6',
    {
      family: AF_INET6,
      any: '::',
      from: 'fd00::2',
      to: 'fd00::1',
      fragment: fragment6,
      group: 'Ip6',
      timeout_ns: 60e9,
    },
  ],
];

/** Cuts `length` bytes at multiples of 8. */
function cut(length: number, places: number[]): Piece[] {
  const last = Math.max(0, Math.ceil(length / 8) - 1);
  const cuts = [...new Set(places.map((p) => (last === 0 ? 0 : (p % last) + 1) * 8))].filter(
    (c) => c > 0 && c < length,
  );
  const edges = [0, ...cuts.sort((a, b) => a - b), length];
  return edges.slice(1).map((to, i) => ({ from: edges[i], to, more: to !== length }));
}

function listener(w: World, f: Family): ReturnType<typeof socket> {
  const sk = socket(w, f.family);
  bind(sk, f.any, 7000);
  return sk;
}

describe.each(FAMILIES)('%s reassembly', (_name, f) => {
  const shuffled = fc.record({
    size: fc.oneof(fc.nat({ max: 64 }), fc.integer({ min: 1, max: 9000 }), fc.constantFrom(65507, 65506, 1472)),
    places: fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
    order: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
    repeats: fc.array(fc.nat(), { maxLength: 4 }),
  });

  it('pieces in any order, some repeated, give the datagram once', () => {
    fc.assert(
      fc.property(shuffled, ({ size, places, order, repeats }) => {
        const w = single();
        const sk = listener(w, f);
        const data = pattern(size);
        const bytes = datagram(data, f.from, f.to);
        const pieces = cut(bytes.length, places);
        if (pieces.length === 1) return;
        const keyed = pieces.map((p, i) => ({ p, key: order[i] })).sort((a, b) => a.key - b.key);
        const todo = keyed.map(({ p }) => p);
        // A repetition of a piece that is still waiting: never after the one that completes the datagram.
        for (const r of repeats) {
          const i = r % (todo.length - 1);
          todo.splice(i + 1, 0, todo[i]);
        }
        for (const p of todo) w.fake.receive(f.fragment(bytes, p));
        expect(recv(sk, 65536).data).toEqual(data);
        expect(recv(sk).n).toBe(-EAGAIN);
        const dup = drops(w)['DUP_FRAG'] ?? 0;
        expect(dup).toBe(todo.length - pieces.length);
        expect(w.inet.snmp()[f.group]).toMatchObject({ ReasmOKs: 1, ReasmFails: 0 });
        sk.release();
        empty(w);
      }),
      { numRuns: runs(100) },
    );
  });

  it('a hole: nothing is delivered, and when the time is up everything is dropped', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 64, max: 4000 }),
        fc.array(fc.nat(), { minLength: 2, maxLength: 8 }),
        fc.nat(),
        (size, places, hole) => {
          const w = single();
          const sk = listener(w, f);
          const bytes = datagram(pattern(size), f.from, f.to);
          const pieces = cut(bytes.length, places);
          const missing = hole % pieces.length;
          pieces.forEach((p, i) => {
            if (i !== missing) w.fake.receive(f.fragment(bytes, p));
          });
          settle(w.sim, f.timeout_ns - 1e6);
          conserved(w);
          expect(w.net.pool.live).toBe(pieces.length - 1);
          settle(w.sim, 10e9);
          expect(recv(sk).n).toBe(-EAGAIN);
          if (pieces.length > 1) expect(drops(w)['FRAG_REASM_TIMEOUT']).toBe(pieces.length - 1);
          sk.release();
          empty(w);
        },
      ),
      { numRuns: runs(40) },
    );
  });

  // req: RFC8200 4.5
  it('a partial overlap loses the datagram, and later pieces do not bring it back', () => {
    const w = single();
    const sk = listener(w, f);
    const bytes = datagram(pattern(64), f.from, f.to);
    w.fake.receive(f.fragment(bytes, { from: 0, to: 24, more: true }));
    w.fake.receive(f.fragment(bytes, { from: 16, to: 40, more: true }));
    expect(drops(w)).toEqual({ IP_INHDR: 2 });
    w.fake.receive(f.fragment(bytes, { from: 24, to: 72, more: false }));
    settle(w.sim, 61e9);
    expect(recv(sk).n).toBe(-EAGAIN);
    expect(w.inet.snmp()[f.group]).toMatchObject({ ReasmOverlaps: 1, ReasmOKs: 0, ReasmFails: 2 });
    sk.release();
    empty(w);
  });

  it.each([
    [
      'a last piece that ends before one that is here',
      [
        { from: 0, to: 40, more: true },
        { from: 24, to: 32, more: false },
      ],
    ],
    [
      'two last pieces with different ends',
      [
        { from: 40, to: 64, more: false },
        { from: 40, to: 72, more: false },
      ],
    ],
    [
      'a piece beyond the last one',
      [
        { from: 8, to: 16, more: false },
        { from: 24, to: 40, more: true },
      ],
    ],
    [
      'an empty piece',
      [
        { from: 0, to: 16, more: true },
        { from: 16, to: 16, more: true },
      ],
    ],
  ] as [string, Piece[]][])('%s: both are dropped', (_what, pieces) => {
    const w = single();
    const sk = listener(w, f);
    const bytes = datagram(pattern(64), f.from, f.to);
    for (const p of pieces) w.fake.receive(f.fragment(bytes, p));
    expect(drops(w)).toEqual({ IP_INHDR: 2 });
    sk.release();
    empty(w);
  });

  it('pieces of different identification do not mix', () => {
    const w = single();
    const sk = listener(w, f);
    const one = datagram(pattern(40, 1), f.from, f.to);
    const two = datagram(pattern(40, 2), f.from, f.to);
    w.fake.receive(f.fragment(one, { from: 0, to: 24, more: true }, 1));
    w.fake.receive(f.fragment(two, { from: 24, to: 48, more: false }, 2));
    expect(recv(sk).n).toBe(-EAGAIN);
    w.fake.receive(f.fragment(two, { from: 0, to: 24, more: true }, 2));
    expect(recv(sk).data).toEqual(pattern(40, 2));
    w.fake.receive(f.fragment(one, { from: 24, to: 48, more: false }, 1));
    expect(recv(sk).data).toEqual(pattern(40, 1));
    sk.release();
    empty(w);
  });

  it('more than 4 MiB waiting: further pieces are refused, and the memory comes back', () => {
    const w = single();
    const bytes = datagram(pattern(1472), f.from, f.to);
    let n = 0;
    while ((drops(w)['NOMEM'] ?? 0) === 0) {
      expect(n).toBeLessThan(6000);
      w.fake.receive(f.fragment(bytes, { from: 8, to: 1416, more: true }, ++n));
    }
    const table = f.family === AF_INET ? w.inet.ipv4.frags : w.inet.ipv6.frags;
    expect(table.mem).toBeGreaterThan(4194304);
    expect(table.mem).toBeLessThan(4194304 + 4096);
    settle(w.sim, 65e9);
    expect([table.mem, table.count]).toEqual([0, 0]);
    empty(w);
  });

  it('any fragments at all: no exception, conservation, and all is gone in the end', () => {
    const piece = fc.record({
      at: fc.nat({ max: 8191 }),
      size: fc.nat({ max: 60 }),
      more: fc.boolean(),
      id: fc.nat({ max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const w = single();
        const bytes = pattern(70000);
        for (const { at, size, more, id } of pieces)
          w.fake.receive(f.fragment(bytes, { from: at * 8, to: at * 8 + size, more }, id));
        conserved(w);
        settle(w.sim, 130e9);
        empty(w);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe.each(FAMILIES)('%s fragmentation', (_name, f) => {
  it('datagrams of 0 to 65507 bytes over any MTU arrive whole', () => {
    const size = fc.oneof(
      fc.integer({ min: 0, max: 65507 }),
      fc.integer({ min: 1400, max: 1500 }),
      fc.constantFrom(0, 1, 65507),
    );
    fc.assert(
      fc.property(size, fc.integer({ min: 1280, max: 9000 }), (n, mtu) => {
        const { a, b, sim } = pair(0, mtu);
        const sk = listener(a, f);
        const tx = socket(b, f.family);
        expect(sendto(tx, pattern(n), f.to, 7000)).toBe(n);
        settle(sim);
        expect(recv(sk, 65536).data).toEqual(pattern(n));
        for (const frame of b.fake.sent) expect(frame.length).toBeLessThanOrEqual(mtu + 14);
        const header = f.family === AF_INET ? 20 : 40;
        const fragments = b.inet.snmp()[f.group]['FragCreates'];
        if (n + 8 + header <= mtu) expect(fragments).toBe(0);
        else expect(fragments).toBe(Math.ceil((n + 8) / ((mtu - header - (f.family === AF_INET ? 0 : 8)) & ~7)));
        sk.release();
        tx.release();
        empty(a);
        empty(b);
      }),
      { numRuns: runs(60) },
    );
  });
});
