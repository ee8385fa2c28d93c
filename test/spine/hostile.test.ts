import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesFor } from '../../src/cli/replay.js';
import type { HostOptions } from '../../src/host/index.js';
import { SKB_DROP_REASON_NOT_SPECIFIED } from '../../src/skbuff/index.js';
import { parseMac } from '../../src/uapi/index.js';
import { assertConservation, assertNetwork } from '../support/conservation.js';
import { runs } from '../support/fc.js';
import { Race } from '../support/race.js';
import { RECEIVER } from '../support/receiver.js';
import { readPcapPlain } from '../support/udp-oracle.js';

const ADDRESSES = ['10.1.0.2/24', 'fd01::2/64'];
const capture = readPcapPlain(readFileSync(new URL('../../captures/linux-mixed.pcap', import.meta.url)));
/** Real frames for the host, TCP thinned out: every kind is hit often. */
const real: Uint8Array[] = framesFor(capture, parseMac(RECEIVER.mac))
  .map((f) => f.bytes)
  .filter((_, i) => i < 62 || i % 20 === 0);

const rig = (options: HostOptions = {}): Race => new Race({ addresses: ADDRESSES, ...options }, { name: 'plain' });

/** One change of a frame. */
interface Mutation {
  kind: 'bit' | 'byte' | 'cut' | 'grow' | 'copy' | 'length';
  at: number;
  value: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('bit', 'byte', 'cut', 'grow', 'copy', 'length'),
  // Headers are where it hurts: most changes fall into the first 80 bytes.
  at: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 12, max: 80 }) }, { weight: 1, arbitrary: fc.nat(1600) }),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 6, 17, 43, 44, 58, 59, 60, 127, 128, 255)),
});

function mutate(frame: Uint8Array, { kind, at, value }: Mutation): Uint8Array {
  const i = at % frame.length;
  const out = frame.slice();
  if (kind === 'bit') out[i] ^= 1 << (value & 7);
  else if (kind === 'byte') out[i] = value;
  else if (kind === 'cut') return out.subarray(0, Math.max(1, i));
  else if (kind === 'grow') return Uint8Array.of(...out, ...new Array<number>(value).fill(value));
  else if (kind === 'copy') out.copyWithin(12 + (value % 60), i, i + 4);
  // The two length fields: IPv4 total length, IPv6 payload length.
  else out[out[12] === 8 ? 17 : 19] = value;
  return out;
}

const mutated = fc.record({ frame: fc.nat(real.length - 1), mutations: fc.array(mutation, { maxLength: 4 }) });
const realistic: fc.Arbitrary<Uint8Array> = mutated.map((m) => m.mutations.reduce(mutate, real[m.frame]));
/** Random bytes behind a real destination and type, so that they get past the NIC. */
const random: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc.constantFrom([8, 0], [8, 6], [0x86, 0xdd], [0x81, 0], [0, 5], [9, 9]),
    fc.nat(3),
  )
  .map(([bytes, type, kind]) => {
    if (kind === 0) return bytes;
    const head =
      kind === 1 ? [255, 255, 255, 255, 255, 255] : kind === 2 ? [0x33, 0x33, 0, 0, 0, 1] : [2, 0, 0, 0, 0, 2];
    return Uint8Array.of(...head, 2, 0, 0, 0, 0, 1, ...type, ...bytes);
  });

const frames = fc.array(fc.oneof({ weight: 3, arbitrary: realistic }, { weight: 1, arbitrary: random }), {
  minLength: 1,
  maxLength: 60,
});
const options = fc.record({
  interrupts: fc.constantFrom('msi' as const, 'intx' as const),
  costs: fc.constantFrom('zero' as const, 'lumped' as const),
  cpus: fc.integer({ min: 1, max: 2 }),
  ring: fc.constantFrom(64, 256),
});

describe('hostile frames', () => {
  it('mutated captures and random bytes: no exception, no hang, nothing lost without a reason', () => {
    const reasons = new Set<string>();
    fc.assert(
      fc.property(
        frames,
        options,
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        fc.constantFrom(0, 3000, 20_000),
        (list, host, bad, gap) => {
          const race = rig(host);
          // Most come one after the other, some at one instant (the FIFO overflows), some with a wrong FCS.
          const cut = list.map((bytes) => bytes.subarray(0, 1600));
          race.port.play(cut.map((bytes, i) => ({ time_ns: i * gap, bytes })));
          cut.forEach((bytes, i) => {
            if (bad[i] && i % 7 === 0) race.port.send(bytes, true);
          });
          race.run();
          assertNetwork(race.net);
          for (const name of Object.keys(race.host.drops())) reasons.add(name);
          // What waited for its other fragments has been given up by now (30 s, 60 s): the fragment queues are empty.
          expect([race.host.inet.ipv4.frags.count, race.host.inet.ipv6.frags.count]).toEqual([0, 0]);
        },
      ),
      // Drawn with a fixed seed: which reasons are reached must not depend on luck.
      { numRuns: runs(150), seed: 1 },
    );
    // The mutations reach deep: reasons of every layer were seen.
    for (const name of [
      'NIC_FILTER',
      'UNHANDLED_PROTO',
      'IP_CSUM',
      'IP_INHDR',
      'PKT_TOO_SMALL',
      'IP_NOPROTO',
      'NO_SOCKET',
    ])
      expect([...reasons]).toContain(name);
    expect([...reasons]).not.toContain('NOT_SPECIFIED');
  });

  it('the closed device afterwards: every buffer of the pool is back', () => {
    const race = rig();
    for (const bytes of real) race.port.send(bytes);
    race.run();
    for (const p of [...race.host.kernel.processes]) p.exit(0);
    race.host.nic.dev.ops.ndo_stop(race.host.nic.dev);
    race.run();
    expect(race.host.net.pool.live).toBe(0);
    assertNetwork(race.net);
  });

  const COUNT = runs(20_000, 1_000_000);
  it(`${COUNT} frames, real and damaged: memory stays`, () => {
    const race = rig();
    const { pool } = race.host.net;
    const damaged = fc.sample(realistic, { numRuns: 500, seed: 42 });
    const some = [...real, ...damaged.map((b) => b.subarray(0, 1600))];
    // 1000 frames 4 us apart, again and again; between the rounds what waits for fragments is given up.
    const round = Array.from({ length: 1000 }, (_, i) => ({ time_ns: i * 4000, bytes: some[(i * 7) % some.length] }));
    const feed = (count: number): void => {
      for (let n = 0; n < count; n += round.length) {
        race.port.play(round);
        race.run();
        race.log = '';
      }
    };
    feed(COUNT / 4);
    const before = {
      arena: race.net.sim.arena.size(),
      held: pool.held_bytes,
      skbs: pool.skbs.length,
      heap: heapUsed(),
    };
    feed(COUNT);
    const after = { arena: race.net.sim.arena.size(), held: pool.held_bytes, skbs: pool.skbs.length };
    expect(after).toEqual({ arena: before.arena, held: before.held, skbs: before.skbs });
    // 16 MiB for 10^6 frames, and 1 MiB for what compilation leaves lying about.
    expect(heapUsed() - before.heap).toBeLessThan((16 * COUNT * 1.048576 + 1048576) | 0);
    expect(assertConservation(race.host).arrived).toBe(COUNT + COUNT / 4);
    expect(race.host.net.drops[SKB_DROP_REASON_NOT_SPECIFIED]).toBe(0);
  });
});

/** Bytes of live objects, after a collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
