import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arp_emit, arp_ok, arp_parse } from '../../src/proto/arp/index.js';
import { in6_from_bytes, in6_new, in6_to_bytes } from '../../src/proto/core/index.js';
import { eth_emit, eth_ok, eth_parse } from '../../src/proto/ethernet/index.js';
import {
  icmp_emit,
  icmp_parse,
  ip_emit,
  ip_options_check,
  ip_parse,
  ip_send_check,
} from '../../src/proto/ipv4/index.js';
import {
  frag6_emit,
  frag6_parse,
  ip6_emit,
  ip6_parse,
  ipv6_skip_exthdr,
  nd_emit,
  nd_parse,
} from '../../src/proto/ipv6/index.js';
import { udp_emit, udp_parse } from '../../src/proto/udp/index.js';
import { runs } from '../support/fc.js';
import { slowSum } from './support.js';

const u = (bits: number): fc.Arbitrary<number> => fc.nat({ max: 2 ** bits - 1 });
const int32 = fc.integer();
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
const in6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((b) => in6_from_bytes(b, 0, in6_new()));
const options = fc.nat({ max: 10 }).chain((w) => fc.uint8Array({ minLength: 4 * w, maxLength: 4 * w }));

const KINDS = {
  ethernet: { record: fc.record({ dst: mac, src: mac, proto: u(16) }), emit: eth_emit, parse: eth_parse },
  arp: {
    record: fc.record({
      hrd: u(16),
      pro: u(16),
      hln: u(8),
      pln: u(8),
      op: u(16),
      sha: mac,
      spa: int32,
      tha: mac,
      tpa: int32,
    }),
    emit: arp_emit,
    parse: arp_parse,
  },
  ipv4: {
    record: fc.record({
      tos: u(8),
      tot_len: u(16),
      id: u(16),
      frag_off: u(16),
      ttl: u(8),
      protocol: u(8),
      check: u(16),
      saddr: int32,
      daddr: int32,
      options,
    }),
    emit: ip_emit,
    parse: ip_parse,
  },
  icmp: {
    record: fc.record({ type: u(8), code: u(8), check: u(16), rest: int32 }),
    emit: icmp_emit,
    parse: icmp_parse,
  },
  udp: {
    record: fc.record({ source: u(16), dest: u(16), len: u(16), check: u(16) }),
    emit: udp_emit,
    parse: udp_parse,
  },
  ipv6: {
    record: fc.record({
      tclass: u(8),
      flowlabel: u(20),
      payload_len: u(16),
      nexthdr: u(8),
      hop_limit: u(8),
      saddr: in6,
      daddr: in6,
    }),
    emit: ip6_emit,
    parse: ip6_parse,
  },
  fragment: {
    record: fc.record({ nexthdr: u(8), offset: u(13).map((n) => n * 8), more: fc.boolean(), id: int32 }),
    emit: frag6_emit,
    parse: frag6_parse,
  },
  neighbour: {
    record: fc.record({
      type: fc.constantFrom(135, 136),
      check: u(16),
      flags: int32,
      target: in6,
      lladdr: fc.option(mac),
    }),
    emit: nd_emit,
    parse: nd_parse,
  },
} as const;

interface Kind {
  record: fc.Arbitrary<object>;
  emit(dv: DataView, off: number, r: object): number;
  parse(dv: DataView, off: number, len: number): object | null;
}

describe.each(Object.entries(KINDS))('the %s header', (_name, kind) => {
  const { record, emit, parse } = kind as unknown as Kind;

  it('parse(emit(r)) = r at any offset, and one byte less does not parse', () => {
    fc.assert(
      fc.property(record, fc.nat({ max: 9 }), (r, off) => {
        const dv = new DataView(new ArrayBuffer(128));
        const n = emit(dv, off, r);
        expect(parse(dv, off, n)).toEqual(r);
        expect(parse(dv, off, n - 1)).toBeNull();
      }),
      { numRuns: runs(200) },
    );
  });

  it('no bytes make the parser throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
        parse(new DataView(bytes.slice().buffer), 0, bytes.length);
      }),
      { numRuns: runs(200) },
    );
  });
});

it('length checks refuse one byte less', () => {
  expect([eth_ok(13), eth_ok(14), arp_ok(27), arp_ok(28)]).toEqual([false, true, false, true]);
});

it('addresses of 16 bytes survive the way through words', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const out = new Uint8Array(16);
      in6_to_bytes(in6_from_bytes(bytes, 0, in6_new()), out, 0);
      expect(out).toEqual(bytes);
    }),
    { numRuns: runs(100) },
  );
});

// req: RFC1122 3.2.1.2
it('ip_send_check makes a header sum to all ones', () => {
  fc.assert(
    fc.property(KINDS.ipv4.record, (r) => {
      const buffer = new ArrayBuffer(64);
      const bytes = new Uint8Array(buffer);
      const n = ip_emit(new DataView(buffer), 0, r);
      ip_send_check(bytes, new Uint32Array(buffer), 0, n / 4);
      expect(slowSum(bytes, 0, n)).toBe(0xffff);
    }),
    { numRuns: runs(200) },
  );
});

// req: RFC1122 3.2.1.8
it('any option bytes are judged without an exception and within the header', () => {
  fc.assert(
    fc.property(options, (bytes) => {
      const verdict = ip_options_check(new DataView(bytes.slice().buffer), 0, bytes.length);
      expect(verdict).toBeGreaterThanOrEqual(-2);
      expect(verdict).toBeLessThanOrEqual(20 + bytes.length);
    }),
    { numRuns: runs(300) },
  );
});

it('any chain of extension headers is walked without an exception, and an upper header lies within', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(0, 43, 44, 60, 51, 17, 58, 59), (bytes, first) => {
      const out = new Int32Array(3);
      const dv = new DataView(bytes.slice().buffer);
      if (ipv6_skip_exthdr(dv, 0, bytes.length, first, out) && out[1] !== 59 && out[2] === 0)
        expect(out[0]).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: runs(300) },
  );
});
