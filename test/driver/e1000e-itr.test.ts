import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type E1000Adapter,
  type E1000eOptions,
  e1000_set_coalesce,
  e1000_simple_itr,
  e1000_update_itr,
  itr_of_rate,
  LATENCY_BULK,
  LATENCY_LOW,
  LATENCY_LOWEST,
} from '../../src/driver/index.js';
import { dev_add_pack, dev_close, dev_open, dev_queue_xmit, dev_set_mtu } from '../../src/skbuff/index.js';
import { skbOf } from '../skbuff/support.js';
import { runs } from '../support/fc.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine, PEER } from './support.js';

const ITR = 0xc4;
const EITR = 0xe8;

interface Interval {
  n: number;
  b: number;
}

/** The published rules as a decision list: from class, condition, to class; the first that applies decides, else nothing changes. */
const RULES: readonly [number, (i: Interval) => boolean, number][] = [
  [LATENCY_LOWEST, ({ n, b }) => b >= 8001 * n, LATENCY_BULK],
  [LATENCY_LOWEST, ({ n, b }) => n < 5 && b > 512, LATENCY_LOW],
  [LATENCY_LOW, ({ n, b }) => b > 10000 && n < 10, LATENCY_BULK],
  [LATENCY_LOW, ({ n, b }) => b > 10000 && b >= 1201 * n, LATENCY_BULK],
  [LATENCY_LOW, ({ n, b }) => b > 10000 && n > 35, LATENCY_LOWEST],
  [LATENCY_LOW, ({ n, b }) => b <= 10000 && b >= 2001 * n, LATENCY_BULK],
  [LATENCY_LOW, ({ n, b }) => b < 512 && n < 3, LATENCY_LOWEST],
  [LATENCY_BULK, ({ n, b }) => b > 25000 && n > 35, LATENCY_LOW],
  [LATENCY_BULK, ({ b }) => b < 6000, LATENCY_LOW],
];

function byTheRules(from: number, i: Interval): number {
  if (i.n === 0) return from;
  return RULES.find(([at, when]) => at === from && when(i))?.[2] ?? from;
}

/** Makes the adapter believe that its last interrupt found this, and lets it choose. */
function rateAfter(m: Machine, a: E1000Adapter, rx: Interval): number {
  const { base } = a.moderation;
  const { stats } = a.dev;
  base.set([stats.rx_packets - rx.n, stats.rx_bytes - rx.b, stats.tx_packets, stats.tx_bytes]);
  // A poll without packets of its own ends like any other.
  a.napi.state |= 1;
  a.poll.pollBegin(a.napi, 64);
  while (a.poll.pollStep(a.napi));
  a.poll.pollEnd(a.napi);
  m.run();
  return a.moderation.itr;
}

function open(options: E1000eOptions, machine: ConstructorParameters<typeof Machine>[0] = {}): [Machine, E1000Adapter] {
  const m = new Machine(machine);
  const [a] = m.e1000e(options);
  return [m, a];
}

describe('e1000_update_itr', () => {
  it.each([
    // from, packets, bytes, to: each threshold from both sides
    ['lowest: five small packets', LATENCY_LOWEST, 5, 5000, LATENCY_LOWEST],
    ['lowest: four, above 512 bytes', LATENCY_LOWEST, 4, 513, LATENCY_LOW],
    ['lowest: four, of 512 bytes', LATENCY_LOWEST, 4, 512, LATENCY_LOWEST],
    ['lowest: average of 8000', LATENCY_LOWEST, 10, 80009, LATENCY_LOWEST],
    ['lowest: average of 8001', LATENCY_LOWEST, 10, 80010, LATENCY_BULK],
    ['low: 10000 bytes of many', LATENCY_LOW, 36, 10000, LATENCY_LOW],
    ['low: 10001 bytes of 36', LATENCY_LOW, 36, 10001, LATENCY_LOWEST],
    ['low: 10001 bytes of 35', LATENCY_LOW, 35, 10001, LATENCY_LOW],
    ['low: 10001 bytes of 9', LATENCY_LOW, 9, 10001, LATENCY_BULK],
    ['low: average of 1200', LATENCY_LOW, 36, 43235, LATENCY_LOWEST],
    ['low: average of 1201', LATENCY_LOW, 36, 43236, LATENCY_BULK],
    ['low: few bytes, average of 2001', LATENCY_LOW, 2, 4002, LATENCY_BULK],
    ['low: few bytes, average of 2000', LATENCY_LOW, 2, 4001, LATENCY_LOW],
    ['low: two of together 511 bytes', LATENCY_LOW, 2, 511, LATENCY_LOWEST],
    ['low: three of together 511 bytes', LATENCY_LOW, 3, 511, LATENCY_LOW],
    ['bulk: 5999 bytes', LATENCY_BULK, 4, 5999, LATENCY_LOW],
    ['bulk: 6000 bytes', LATENCY_BULK, 4, 6000, LATENCY_BULK],
    ['bulk: 25001 bytes of 36', LATENCY_BULK, 36, 25001, LATENCY_LOW],
    ['bulk: 25001 bytes of 35', LATENCY_BULK, 35, 25001, LATENCY_BULK],
    ['nothing at all', LATENCY_BULK, 0, 0, LATENCY_BULK],
  ])('%s', (_name, from, packets, bytes, to) => {
    expect(e1000_update_itr(from, packets, bytes)).toBe(to);
  });

  it('agrees with the decision list for any interval', () => {
    const near = fc.constantFrom(0, 511, 512, 513, 5999, 6000, 10000, 10001, 25000, 25001);
    const interval = fc.record({
      n: fc.oneof(fc.nat(64), fc.nat(500)),
      b: fc.oneof(fc.nat(70_000), near, fc.nat(5_000_000)),
    });
    fc.assert(
      fc.property(fc.constantFrom(LATENCY_LOWEST, LATENCY_LOW, LATENCY_BULK), interval, (from, i) => {
        expect(e1000_update_itr(from, i.n, i.b)).toBe(byTheRules(from, i));
      }),
      { numRuns: runs(2000) },
    );
  });
});

describe('register values', () => {
  it.each([
    [0, 0],
    [4000, 976],
    [20000, 195],
    [70000, 55],
    [100000, 39],
    [100, 39062],
    // Simplified mode starts with the rate 4: more units than 16 bits hold.
    [4, 976562 - 14 * 65536],
  ])('%d interrupts a second', (rate, units) => {
    expect(itr_of_rate(rate)).toBe(units);
  });
});

describe('adaptive moderation', () => {
  it('conservative, bulk traffic and back: down at once, up in quarters', () => {
    const [m, a] = open({ rx_usecs: 'dynamic-conservative' });
    expect(m.nics[0].peek(ITR)).toBe(195);
    const bulk = { n: 30, b: 45000 };
    const small = { n: 10, b: 1000 };
    const rates = [bulk, bulk, small, small, small, small, small].map((i) => rateAfter(m, a, i));
    expect(rates).toEqual([4000, 4000, 9000, 14000, 19000, 20000, 20000]);
    rateAfter(m, a, bulk);
    expect(m.nics[0].peek(ITR)).toBe(976);
    rateAfter(m, a, small);
    expect(m.nics[0].peek(ITR)).toBe(434);
  });

  it('conservative, single small packets: never below 50 us', () => {
    const [m, a] = open({ rx_usecs: 'dynamic-conservative' });
    for (let i = 0; i < 5; i++) expect(rateAfter(m, a, { n: 1, b: 60 })).toBe(20000);
    expect(a.moderation.rx_itr).toBe(LATENCY_LOW);
  });

  it('dynamic, single small packets: up to 70000 a second', () => {
    const [m, a] = open({ rx_usecs: 'dynamic' });
    // The poll of the link interrupt has made the first step, from 20000.
    expect(a.moderation.itr).toBe(37500);
    const rates = Array.from({ length: 3 }, () => rateAfter(m, a, { n: 1, b: 60 }));
    expect(rates).toEqual([55000, 70000, 70000]);
    expect(m.nics[0].peek(ITR)).toBe(55);
  });

  it('the busier direction decides', () => {
    const [m, a] = open({ rx_usecs: 'dynamic' });
    a.moderation.tx_itr = LATENCY_BULK;
    expect(rateAfter(m, a, { n: 1, b: 60 })).toBe(4000);
  });

  it('100 Mbit/s link: 4000 a second whatever comes', () => {
    const [m, a] = open({ rx_usecs: 'dynamic' }, { rate: 100_000_000 });
    expect([a.link_speed, rateAfter(m, a, { n: 1, b: 60 })]).toEqual([100, 4000]);
  });

  it('real traffic: single frames are hardly held back, a stream of long ones is, bursts of jumbo frames most', () => {
    const [m, a] = open({ rx_usecs: 'dynamic' });
    const c = new Collector();
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
    dev_set_mtu(a.dev, 9000);
    const play = (n: number, gap: number, length: number): number => {
      m.peers[0].play(
        Array.from({ length: n }, (_, i) => ({ time_ns: m.sim.now + i * gap, bytes: frameTo(MAC, i, length) })),
      );
      m.run();
      return a.moderation.itr;
    };
    expect([play(20, 1_000_000, 46), play(2000, 12_000, 1400), play(200, 72_000, 8900)]).toEqual([70000, 20000, 4000]);
    expect([c.got.length, m.nics[0].peek(ITR)]).toEqual([2220, 976]);
  });

  it('sent packets count as received ones do', () => {
    const [m, a] = open({ rx_usecs: 'dynamic-conservative' });
    for (let i = 0; i < 300; i++) {
      const skb = skbOf(m.net, frameTo(PEER, i, 1400), 64, 0);
      skb.dev = a.dev;
      dev_queue_xmit(skb);
    }
    m.run();
    expect([a.dev.stats.tx_packets, a.moderation.tx_itr]).toEqual([300, LATENCY_BULK]);
  });

  it('with MSI-X the new rate is written by the next receive interrupt, into the register of its vector', () => {
    const [m, a] = open({ rx_usecs: 'dynamic-conservative', interrupts: 'msix' });
    const eitr = (): number[] => [0, 1, 2].map((v) => m.nics[0].peek(EITR + 4 * v));
    expect(eitr()).toEqual([195, 195, 195]);
    expect(rateAfter(m, a, { n: 30, b: 45000 })).toBe(4000);
    expect([eitr()[0], a.moderation.pending]).toEqual([195, true]);
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    expect(eitr()).toEqual([976, 195, 195]);
  });

  it('survives close and open', () => {
    const [m, a] = open({ rx_usecs: 'dynamic-conservative' });
    rateAfter(m, a, { n: 30, b: 45000 });
    dev_close(a.dev);
    m.run();
    dev_open(a.dev);
    m.run();
    expect([a.moderation.itr, m.nics[0].peek(ITR)]).toEqual([4000, 976]);
  });

  it('jumbo frames of which two do not fit into the receive FIFO turn it off', () => {
    const [m, a] = open({ rx_usecs: 'dynamic' });
    a.moderation.disable_aim = true;
    expect([rateAfter(m, a, { n: 1, b: 60 }), m.nics[0].peek(ITR)]).toEqual([0, 0]);
  });
});

describe('simplified mode', () => {
  it.each([
    ['idle', 0, 0, 8000],
    ['below the unit', 9_999, 0, 8000],
    ['one way', 1_000_000, 0, 8000],
    ['the other way', 0, 250_000_000, 8000],
    ['evenly both ways', 5_000_000, 5_000_000, 2000],
    ['three to one', 3_000_000, 1_000_000, 5000],
  ])('%s', (_name, sent, received, rate) => {
    expect(e1000_simple_itr(sent, received)).toBe(rate);
  });

  it('starts with the widest window its register holds and follows the traffic of each 2 s', () => {
    const [m, a] = open({ rx_usecs: 'simplified' });
    expect(m.nics[0].peek(ITR)).toBe(59058);
    m.pass(2_000_000_001);
    expect([a.moderation.itr, m.nics[0].peek(ITR)]).toEqual([8000, 488]);
    for (let i = 0; i < 200; i++) {
      m.peers[0].send(frameTo(MAC, i, 1400));
      const skb = skbOf(m.net, frameTo(PEER, i, 1400), 64, 0);
      skb.dev = a.dev;
      dev_queue_xmit(skb);
    }
    m.pass(2_000_000_000);
    expect([a.moderation.itr, m.nics[0].peek(ITR)]).toEqual([2000, 1953]);
  });
});

describe('e1000_set_coalesce', () => {
  it('takes modes and exact intervals', () => {
    const [m, a] = open({});
    const set = (v: Parameters<typeof e1000_set_coalesce>[1]): number[] => [
      e1000_set_coalesce(a, v),
      m.nics[0].peek(ITR),
    ];
    expect(set(5)).toEqual([0, 19]);
    expect(set('dynamic')).toEqual([0, 195]);
    expect(a.moderation.adaptive).toBe(true);
    expect(set(0)).toEqual([0, 0]);
    expect([a.moderation.adaptive, e1000_set_coalesce(a, 'fast' as 'dynamic')]).toEqual([false, -22]);
  });

  it('MSI-X: every vector gets it, off being 1', () => {
    const [m, a] = open({ interrupts: 'msix' });
    const eitr = (): number[] => [0, 1, 2].map((v) => m.nics[0].peek(EITR + 4 * v));
    expect(eitr()).toEqual([1, 1, 1]);
    e1000_set_coalesce(a, 100);
    expect(eitr()).toEqual([390, 390, 390]);
  });
});
