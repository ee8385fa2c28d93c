import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/sim/index.js';
import {
  EthernetSwitch,
  FramePool,
  Link,
  type LinkOptions,
  RawPort,
  type SwitchOptions,
} from '../../src/wire/index.js';
import { runs } from '../support/fc.js';
import { At, codeOf } from './support.js';

const BROADCAST = 0xffffffffffff;

/** A frame from one address number to another. */
function between(source: number, destination: number, length = 60): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  if (length < 12) return bytes;
  view.setUint16(0, Math.floor(destination / 2 ** 32));
  view.setUint32(2, destination % 2 ** 32);
  view.setUint16(6, Math.floor(source / 2 ** 32));
  view.setUint32(8, source % 2 ** 32);
  return bytes;
}

/** Address of station n. */
function mac(n: number): number {
  return 0x020000000000 + n;
}

class Star {
  readonly sim: Simulation = new Simulation({ seed: 1 });
  readonly pool: FramePool = new FramePool(this.sim, { checked: true });
  readonly center: EthernetSwitch;
  readonly links: Link[] = [];
  readonly ports: RawPort[] = [];
  constructor(stations: number, options: SwitchOptions = {}, link: LinkOptions = { rate: 0 }) {
    this.center = new EthernetSwitch(this.sim, this.pool, options);
    for (let i = 0; i < stations; i++) {
      this.links.push(new Link(this.sim, this.pool, link));
      this.ports.push(new RawPort(this.links[i].a, { pad: false }));
      expect(this.center.connect(this.links[i].b)).toBe(i);
    }
  }
  /** Sends and runs; returns which stations got the frame. */
  reach(from: number, bytes: Uint8Array, badFcs = false): number[] {
    const before = this.ports.map((port) => port.arrived);
    this.ports[from].send(bytes, badFcs);
    this.sim.drain(Number.MAX_SAFE_INTEGER);
    this.pool.assertNoLeaks();
    return this.ports.flatMap((port, i) => (port.arrived > before[i] ? [i] : []));
  }
  wait(ns: number): void {
    new At(this.sim).at(this.sim.now + ns, () => undefined);
    this.sim.drain(Number.MAX_SAFE_INTEGER);
  }
}

describe('a switch', () => {
  it('floods the unknown, then forwards to where it heard the address', () => {
    const star = new Star(4);
    expect(star.reach(0, between(mac(0), mac(1)))).toEqual([1, 2, 3]);
    expect(star.reach(1, between(mac(1), mac(0)))).toEqual([0]);
    expect(star.reach(0, between(mac(0), mac(1)))).toEqual([1]);
    expect(star.center.stats()).toEqual({ received: 3, forwarded: 2, flooded: 1, drops: {}, addresses: 2 });
    expect(star.ports[1].received[0].bytes).toEqual(between(mac(0), mac(1)));
  });

  it('floods broadcast and multicast, and does not learn a group address', () => {
    const star = new Star(3);
    expect(star.reach(0, between(mac(0), BROADCAST))).toEqual([1, 2]);
    expect(star.reach(1, between(0x010000000001, 0x3333ff000001))).toEqual([0, 2]);
    expect(star.reach(2, between(mac(2), 0x010000000001))).toEqual([0, 1]);
    expect(star.center.stats().addresses).toBe(2);
  });

  it('filters what comes from where it would go, and what is reserved for the link', () => {
    const star = new Star(2);
    star.reach(0, between(mac(7), BROADCAST));
    expect(star.reach(0, between(mac(0), mac(7)))).toEqual([]);
    expect(star.reach(0, between(mac(0), 0x0180c2000001))).toEqual([]);
    expect(star.reach(0, between(mac(0), 0x0180c2000010))).toEqual([1]);
    expect(star.center.stats()).toMatchObject({ received: 4, flooded: 2, drops: { WIRE_DROP_FILTERED: 2 } });
  });

  it('drops damaged and short frames and learns nothing from them', () => {
    const star = new Star(2);
    expect(star.reach(0, between(mac(0), BROADCAST), true)).toEqual([]);
    expect(star.reach(0, between(mac(0), BROADCAST, 59))).toEqual([]);
    expect(star.reach(0, between(mac(0), BROADCAST, 5))).toEqual([]);
    expect(star.center.stats()).toMatchObject({ drops: { WIRE_DROP_BAD_FCS: 1, WIRE_DROP_RUNT: 2 }, addresses: 0 });
  });

  it('follows a station that moves', () => {
    const star = new Star(3);
    star.reach(0, between(mac(5), BROADCAST));
    star.reach(1, between(mac(5), BROADCAST));
    expect(star.reach(2, between(mac(2), mac(5)))).toEqual([1]);
  });

  it('forgets an address that was silent for the ageing time, not before', () => {
    const star = new Star(3, { ageing: '1s' });
    star.reach(0, between(mac(0), BROADCAST));
    star.wait(999_999_999);
    expect(star.reach(1, between(mac(1), mac(0)))).toEqual([0]);
    star.wait(1);
    expect(star.reach(1, between(mac(1), mac(0)))).toEqual([0, 2]);
  });

  it('forgets what it heard at a port whose carrier goes, and does not flood there', () => {
    const star = new Star(4);
    star.reach(0, between(mac(0), BROADCAST));
    star.links[0].down();
    expect(star.reach(1, between(mac(1), mac(0)))).toEqual([2, 3]);
    star.links[0].up();
    expect(star.reach(1, between(mac(1), mac(0)))).toEqual([0, 2, 3]);
  });

  it('with one port filters everything', () => {
    const star = new Star(1);
    expect(star.reach(0, between(mac(0), BROADCAST))).toEqual([]);
    expect(star.center.stats().drops).toEqual({ WIRE_DROP_FILTERED: 1 });
  });

  it('stores and forwards at the rate of each link, with a queue at the narrow one', () => {
    const star = new Star(2, {}, { rate: '1Gbps' });
    star.reach(1, between(mac(1), BROADCAST));
    star.links[1].setRate('100Mbps', 'b->a');
    star.links[1].setQueue({ frames: 3 }, 'b->a');
    const start = star.sim.now;
    star.ports[1].received = [];
    for (let i = 0; i < 10; i++) star.ports[0].send(between(mac(0), mac(1)));
    star.sim.drain(Number.MAX_SAFE_INTEGER);
    const times = star.ports[1].received.map((one) => one.time_ns - start);
    expect(times).toEqual([0, 1, 2, 3, 4].map((i) => 576 + i * 6720 + 5760).slice(0, times.length));
    expect(star.links[1].b.stats().drops).toEqual({ WIRE_DROP_QUEUE: 10 - times.length });
    expect(times.length).toBe(4);
  });

  it('given more addresses than it can hold stays bounded and still delivers', () => {
    const star = new Star(2, { addresses: 16 });
    for (let i = 0; i < 200; i++) star.reach(0, between(mac(i * 7919), BROADCAST));
    expect(star.center.stats().addresses).toBe(16);
    expect(star.reach(1, between(mac(1), mac(199 * 7919)))).toEqual([0]);
  });

  it('delivers every sound unicast frame to its station, whatever was learned before', () => {
    const move = fc.record({ from: fc.nat(4), to: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const star = new Star(5);
        const heard = new Set<number>();
        for (const { from, to } of moves) {
          const reached = star.reach(from, between(mac(from), mac(to)));
          heard.add(from);
          if (to === from) expect(reached).toEqual([]);
          else if (heard.has(to)) expect(reached).toEqual([to]);
          else expect(reached).toEqual([0, 1, 2, 3, 4].filter((i) => i !== from));
        }
        const { received, forwarded, flooded, drops } = star.center.stats();
        expect(received).toBe(forwarded + flooded + Object.values(drops).reduce((sum, n) => sum + n, 0));
      }),
      { numRuns: runs(60) },
    );
  });

  it.each([{ addresses: 3 }, { addresses: 5.5 }, { ageing: 'long' }])('given %j refuses with a code', (options) => {
    const sim = new Simulation({ seed: 1 });
    expect(codeOf(() => new EthernetSwitch(sim, new FramePool(sim), options))).toMatch(/^(UNIT|SWITCH_ARGUMENT)$/);
  });
});
