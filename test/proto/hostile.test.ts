import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloneGraph, Simulation } from '../../src/sim/index.js';
import { AF_INET6 } from '../../src/uapi/index.js';
import { runs } from '../support/fc.js';
import { datagram, fragment4, fragment6, frame4, frame6, icmp4, icmp6 } from './packets.js';
import {
  bind,
  conserved,
  drops,
  empty,
  host,
  MAC_B,
  pattern,
  recv,
  settle,
  single,
  socket,
  type World,
} from './support.js';

/** Frames to 10.1.0.2 and fd01::2 of two real hosts. */
function recorded(): Uint8Array[] {
  const d = readFileSync(new URL('../fixtures/linux-mixed.pcap', import.meta.url));
  const out: Uint8Array[] = [];
  for (let o = 24; o < d.length; ) {
    const n = d.readUInt32LE(o + 8);
    out.push(new Uint8Array(d.subarray(o + 16, o + 16 + n)));
    o += 16 + n;
  }
  return out.filter((f) => !(f[6] === 2 && f[11] === 2));
}

function target(): { w: World; close: () => void } {
  const w = host(new Simulation({ seed: 5 }), 1, MAC_B, ['10.1.0.2/24', 'fd01::2/64']);
  const four = socket(w);
  const six = socket(w, AF_INET6);
  six.setsockopt(41, 26, Uint8Array.of(1, 0, 0, 0));
  expect([bind(four, '0.0.0.0', 7000), bind(six, '::', 7000)]).toEqual([0, 0]);
  return {
    w,
    close: () => {
      for (const sk of [four, six]) {
        while (recv(sk).n >= 0);
        sk.release();
      }
    },
  };
}

/** After a while everything is consumed or dropped with a reason. */
function quiet(w: World, close: () => void): void {
  conserved(w);
  settle(w.sim, 10_000_000);
  close();
  settle(w.sim, 200e9);
  empty(w);
  expect(w.inet.ipv4.frags.mem + w.inet.ipv6.frags.mem).toBe(0);
}

const change = fc.record({
  frame: fc.nat(),
  at: fc.nat({ max: 120 }),
  value: fc.nat({ max: 255 }),
  cut: fc.option(fc.nat({ max: 1500 }), { freq: 5 }),
});

describe('hostile frames', () => {
  const real = recorded();

  it('recorded frames with bytes changed or cut off: no exception, conservation, nothing left', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
        const { w, close } = target();
        for (const c of changes) {
          const f = real[c.frame % real.length].slice();
          f[14 + (c.at % (f.length - 14))] = c.value;
          w.fake.receive(c.cut === null ? f : f.slice(0, 14 + (c.cut % (f.length - 13))));
        }
        quiet(w, close);
      }),
      { numRuns: runs(100) },
    );
  });

  it('random bytes behind a good Ethernet header', () => {
    const type = fc.constantFrom(0x0800, 0x0806, 0x86dd, 0x1234);
    fc.assert(
      fc.property(fc.array(fc.tuple(type, fc.uint8Array({ maxLength: 120 })), { maxLength: 30 }), (list) => {
        const { w, close } = target();
        for (const [t, body] of list) {
          w.fake.receive(Uint8Array.of(...MAC_B, 2, 0, 0, 0, 0, 1, t >>> 8, t, ...body));
        }
        quiet(w, close);
      }),
      { numRuns: runs(100) },
    );
  });

  it('random bytes behind a good IP header, any protocol and fragment field', () => {
    const body = fc.uint8Array({ maxLength: 200 });
    const one = fc.record({
      body,
      v6: fc.boolean(),
      protocol: fc.oneof(fc.constantFrom(0, 1, 17, 43, 44, 58, 59, 60), fc.nat({ max: 255 })),
      frag: fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })),
      options: fc.nat({ max: 10 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (list) => {
        const w = single();
        for (const x of list) {
          const options = x.body.slice(0, x.options * 4);
          const padded = new Uint8Array(x.options * 4);
          padded.set(options);
          w.fake.receive(
            x.v6
              ? frame6(x.body, { nexthdr: x.protocol })
              : frame4(x.body, { protocol: x.protocol, frag_off: x.frag, options: padded }),
          );
        }
        quiet(w, () => undefined);
      }),
      { numRuns: runs(100) },
    );
  });

  it('random ICMP bodies with good checksums', () => {
    const one = fc.record({
      v6: fc.boolean(),
      type: fc.nat({ max: 255 }),
      code: fc.nat({ max: 20 }),
      rest: fc.integer(),
      body: fc.uint8Array({ maxLength: 120 }),
      hops: fc.constantFrom(64, 255),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (list) => {
        const w = single();
        for (const x of list) {
          if (x.v6)
            w.fake.receive(
              frame6(icmp6(x.type, x.code, x.rest, x.body, 'fd00::2', 'fd00::1'), { nexthdr: 58, hop_limit: x.hops }),
            );
          else w.fake.receive(frame4(icmp4(x.type, x.code, x.rest, x.body), { protocol: 1 }));
        }
        quiet(w, () => undefined);
      }),
      { numRuns: runs(100) },
    );
  });

  it('every drop has a name that is not NOT_SPECIFIED, and an unknown type is UNHANDLED_PROTO', () => {
    const w = single();
    w.fake.receive(Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x12, 0x34, 1, 2, 3));
    expect(drops(w)).toEqual({ UNHANDLED_PROTO: 1 });
  });
});

it('a simulation cloned with fragments, neighbours and sockets under way continues as the original does', () => {
  const w = single();
  const sk = socket(w);
  bind(sk, '0.0.0.0', 7000);
  const bytes = datagram(pattern(40), '10.0.0.2', '10.0.0.1');
  const six = datagram(pattern(40), 'fd00::2', 'fd00::1');
  w.fake.receive(fragment4(bytes, { from: 0, to: 24, more: true }));
  w.fake.receive(fragment6(six, { from: 8, to: 24, more: true }));
  w.fake.receive(frame4(datagram(pattern(7), '10.0.0.9', '10.0.0.1'), { saddr: '10.0.0.9' }));
  const unsent = recv(sk, 0);
  expect(unsent.n).toBe(0);
  const copy = cloneGraph({ w, sk });
  const finish = (x: World, s: typeof sk): unknown[] => {
    x.fake.receive(fragment4(bytes, { from: 24, to: 48, more: false }));
    settle(x.sim, 200e9);
    return [recv(s).data, drops(x), x.inet.snmp(), x.fake.sent, x.inet.neighbours(), x.sim.clock[0]];
  };
  const second = finish(copy.w, copy.sk);
  expect(drops(w)).toEqual({});
  expect(second).toEqual(finish(w, sk));
  expect(second[0]).toEqual(pattern(40));
});
