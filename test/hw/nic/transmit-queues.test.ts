import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/fc.js';
import { DATA, DATA_REG, DEXT, EOP, IDE, IFCS, PEER, RS, SecondRing, TUCMD_TCP, TXSM } from './data-path.js';
import { packet } from './packets.js';
import { bigPacket, descriptorsFor, expectedSegments, sendBig } from './segments.js';
import { Bench, frameTo, MAC, REG, US } from './support.js';

const TXDW = 1;
const TXQE = 2;
const TXD_LOW = 1 << 15;
const GRAN = 1 << 24;
const ENABLE = 1 << 10;
const FPD = 1 << 31;

function numbered(queue: number, n: number, length = 100): Uint8Array {
  const frame = frameTo(PEER, length);
  frame[20] = queue;
  frame[21] = n;
  return frame;
}

/** Queue and number of the frames that have left. */
function order(b: Bench): [number, number][] {
  return b.peer.received.map((f) => [f.bytes[20], f.bytes[21]]);
}

describe('two transmit queues', () => {
  test('take turns: TARC.COUNT packets of each', () => {
    // The first queue has its descriptors first and fills the FIFO (13 frames); then the turns begin.
    for (const [first, second, wanted] of [
      [3, 3, `${'0'.repeat(15)}${'111000'.repeat(8)}1110${'1'.repeat(13)}`],
      [1, 2, `${'0'.repeat(14)}${'110'.repeat(20)}${'0'.repeat(6)}`],
      [0, 1, `${'0'.repeat(14)}${'10'.repeat(26)}${'1'.repeat(14)}`],
    ] as const) {
      const b = new Bench({ rate: '1Gbps' });
      b.setupTx(64);
      b.write(REG.TCTL, 0);
      const ring = SecondRing.transmit(b, 64);
      b.write(DATA_REG.TARC0, ENABLE | first);
      b.write(DATA_REG.TARC1, ENABLE | second);
      for (let i = 0; i < 40; i++) {
        b.txPut(b.place(numbered(0, i, 1514)), 0, 1514 | EOP | IFCS | RS, 0);
        ring.send(b.place(numbered(1, i, 1514)), 1514 | EOP | IFCS | RS, 0);
      }
      b.write(REG.TCTL, 0xa);
      b.run();
      expect(
        order(b)
          .map(([q]) => q)
          .join(''),
      ).toBe(wanted);
      for (const q of [0, 1]) {
        const mine = order(b).filter((o) => o[0] === q);
        expect(mine.map((o) => o[1])).toEqual(Array.from({ length: 40 }, (_, i) => i));
      }
    }
  });

  test('ENABLE clear stops a queue; setting it lets it go on', () => {
    const b = new Bench();
    b.setupTx(8);
    const ring = SecondRing.transmit(b, 8);
    b.write(DATA_REG.TARC1, 3);
    ring.send(b.place(numbered(1, 0)), 100 | EOP | IFCS | RS, 0);
    b.txPut(b.place(numbered(0, 0)), 0, 100 | EOP | IFCS | RS, 0);
    b.run();
    expect(order(b)).toEqual([[0, 0]]);
    b.write(DATA_REG.TARC1, ENABLE | 3);
    b.run();
    expect(order(b)).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(ring.words(0)[3] & 1).toBe(1);
    expect(b.read(DATA_REG.TDH1)).toBe(1);
  });

  test('with MSI-X each has its own cause; IVAR bit 31 writes back and reports every descriptor', () => {
    const b = new Bench();
    b.setupTx(8);
    const ring = SecondRing.transmit(b, 8);
    b.nic.config.write(0xa2, 2, 0x8000);
    b.read(REG.ICR);
    const TXQ0 = 1 << 22;
    const TXQ1 = 1 << 23;
    ring.send(b.place(numbered(1, 0)), 100 | EOP | IFCS | RS, 0);
    b.run();
    expect(b.read(REG.ICR)).toBe(TXQ1 | TXQE);
    b.txPut(b.place(numbered(0, 0)), 0, 100 | EOP | IFCS, 0);
    b.run();
    expect(b.read(REG.ICR)).toBe(TXQE);
    b.write(DATA_REG.IVAR, 1 << 31);
    const i = b.txPut(b.place(numbered(0, 0)), 0, 100 | EOP | IFCS, 0);
    b.run();
    expect(b.read(REG.ICR)).toBe(TXQ0 | TXQE);
    expect(b.txWords(i)[3] & 1).toBe(1);
  });

  test('each has its own context', () => {
    const b = new Bench();
    b.setupTx(8);
    const ring = SecondRing.transmit(b, 8);
    const p4 = packet({ version: 4, proto: 6, payload: 100, offload: true });
    const p6 = packet({ version: 6, proto: 17, payload: 100, offload: true });
    b.txPut(0, p4.l4 | (p4.check << 8), DEXT | TUCMD_TCP, 0, false);
    ring.put(0, 0, p6.l4 | (p6.check << 8), DEXT, 0);
    ring.tail = 1;
    ring.send(b.place(p6.bytes), p6.bytes.length | DATA | EOP | IFCS | RS, TXSM);
    b.txPut(b.place(p4.bytes), 0, p4.bytes.length | DATA | EOP | IFCS | RS, TXSM);
    b.run();
    const sums = b.peer.received.map((f) =>
      f.bytes[12] === 0x86 ? [f.bytes[p6.check], f.bytes[p6.check + 1]] : [f.bytes[p4.check], f.bytes[p4.check + 1]],
    );
    const wanted6 = packet({ version: 6, proto: 17, payload: 100 }).bytes.slice(p6.check, p6.check + 2);
    const wanted4 = packet({ version: 4, proto: 6, payload: 100 }).bytes.slice(p4.check, p4.check + 2);
    expect(sums).toContainEqual([...wanted6]);
    expect(sums).toContainEqual([...wanted4]);
  });

  test('any loads on both, packets to segment among them: all leave, in order within their queue, both rings wrap', () => {
    const item = fc.record({
      queue: fc.constantFrom(0, 1),
      length: fc.integer({ min: 60, max: 1514 }),
      big: fc.boolean(),
      wait: fc.nat(20_000),
    });
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 40 }), (items) => {
        const b = new Bench({ checked: false, rate: '1Gbps' });
        b.setupTx(16);
        const ring = SecondRing.transmit(b, 16);
        const wanted: number[][][] = [[], []];
        items.forEach(({ queue, length, big, wait }, n) => {
          const p = {
            version: 4,
            proto: 6,
            tcpOptions: 0,
            payload: length,
            mss: 400,
            sequence: n,
            identification: n,
            flags: 16,
          } as const;
          const made = bigPacket(p);
          const frames = big ? expectedSegments(p, made) : [numbered(queue, n, length)];
          if (queue === 0) {
            if (big) sendBig(b, p, made, [60]);
            else b.txPut(b.place(frames[0]), 0, length | EOP | IFCS | RS, 0);
          } else if (big) {
            for (const w of descriptorsFor(b, p, made, [60]).words) {
              ring.put(ring.tail, ...w);
              ring.tail = (ring.tail + 1) % 16;
            }
            b.write(DATA_REG.TDT1, ring.tail);
          } else ring.send(b.place(frames[0]), length | EOP | IFCS | RS, 0);
          wanted[queue].push(...frames.map((f) => [...f]));
          if (n % 3 === 2) b.runTo(b.sim.now + 200_000 + wait);
        });
        b.run();
        const pad = (f: number[]): number[] => (f.length < 60 ? [...f, ...new Array(60 - f.length).fill(0)] : f);
        const got = b.peer.received.map((f) => [...f.bytes]);
        const all = [...wanted[0], ...wanted[1]].map(pad);
        expect(got.length).toBe(all.length);
        const mine = (q: number): number[][] => {
          const texts = new Set(wanted[q].map((f) => pad(f).join()));
          return got.filter((f) => texts.has(f.join()));
        };
        for (const q of [0, 1]) expect(mine(q)).toEqual(wanted[q].map(pad));
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(40) },
    );
  });

  test('a ring that is set up anew does not disturb the other', () => {
    const b = new Bench({ rate: '1Gbps' });
    b.setupTx(64);
    SecondRing.transmit(b, 64);
    for (let i = 0; i < 30; i++) b.txPut(b.place(numbered(0, i, 1514)), 0, 1514 | EOP | IFCS | RS, 0);
    b.runTo(b.sim.now + 50_000);
    const again = SecondRing.transmit(b, 8);
    again.send(b.place(numbered(1, 0)), 100 | EOP | IFCS | RS, 0);
    b.run();
    expect(
      order(b)
        .filter(([q]) => q === 0)
        .map((o) => o[1]),
    ).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(order(b).filter(([q]) => q === 1).length).toBe(1);
    expect(b.pool.live).toBe(0);
  });
});

describe('the write-back threshold', () => {
  const legacy = (b: Bench, bits = 0): void => {
    b.txPut(b.place(frameTo(PEER, 100)), 0, 100 | EOP | IFCS | RS | bits, 0);
    b.run();
  };
  const done = (b: Bench, n: number): number[] => Array.from({ length: n }, (_, i) => b.txWords(i)[3] & 1);

  test('descriptors are written back WTHRESH at a time, and only then interrupt', () => {
    const b = new Bench();
    b.setupTx(32);
    b.write(DATA_REG.TXDCTL, GRAN | (3 << 16));
    b.read(REG.ICR);
    const states: string[] = [];
    for (let i = 0; i < 7; i++) {
      legacy(b);
      states.push(`${done(b, 7).join('')} ${b.read(REG.ICR) & TXDW} ${b.read(REG.TDH)}`);
    }
    expect(states).toEqual([
      '0000000 0 0',
      '0000000 0 0',
      '1110000 1 3',
      '1110000 0 3',
      '1110000 0 3',
      '1111110 1 6',
      '1111110 0 6',
    ]);
    expect(b.peer.received.length).toBe(7);
  });

  test('TIDV forces them out, FPD at once, and so does a threshold of 0', () => {
    const b = new Bench();
    b.setupTx(32);
    b.write(DATA_REG.TXDCTL, GRAN | (8 << 16));
    b.write(REG.TIDV, 20);
    b.read(REG.ICR);
    const t = b.sim.now;
    b.write(REG.IMS, TXDW);
    legacy(b);
    expect(b.log.rises()).toEqual([t + 20 * 1024]);
    expect(done(b, 1)).toEqual([1]);
    b.read(REG.ICR);
    b.txPut(b.place(frameTo(PEER, 100)), 0, 100 | EOP | IFCS | RS, 0);
    b.runTo(b.sim.now + US);
    expect(done(b, 2)).toEqual([1, 0]);
    b.write(REG.TIDV, FPD | 20);
    expect(done(b, 2)).toEqual([1, 1]);
    expect(b.read(REG.ICR) & TXDW).toBe(TXDW);
    b.txPut(b.place(frameTo(PEER, 100)), 0, 100 | EOP | IFCS | RS, 0);
    b.runTo(b.sim.now + US);
    b.write(DATA_REG.TXDCTL, GRAN);
    expect(done(b, 3)).toEqual([1, 1, 1]);
  });

  test('the driver of Linux writes 0141011f: each at once', () => {
    const b = new Bench();
    b.setupTx(8);
    b.write(DATA_REG.TXDCTL, 0x0141011f);
    b.read(REG.ICR);
    legacy(b);
    expect(done(b, 1)).toEqual([1]);
    expect(b.read(REG.ICR)).toBe(TXDW | TXQE);
  });

  test('any thresholds: no packet is lost, and enough further ones bring each completion', () => {
    const any = fc.record({
      control: fc.tuple(fc.nat(63), fc.nat(63), fc.nat(63), fc.boolean()),
      tidv: fc.nat(30),
      ide: fc.boolean(),
      sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 }),
    });
    fc.assert(
      fc.property(any, ({ control: [p, h, w, gran], tidv, ide, sizes }) => {
        const b = new Bench();
        b.setupTx(128);
        b.write(REG.TIDV, tidv);
        b.write(DATA_REG.TXDCTL, p | (h << 8) | (w << 16) | (gran ? GRAN : 0));
        const at = b.place(frameTo(PEER, 500));
        const lasts: number[] = [];
        for (const n of sizes) {
          for (let k = 0; k < n - 1; k++) b.txPut(at + k * 100, 0, 100 | DATA, 0, false);
          lasts.push(b.txPut(at + (n - 1) * 100, 0, 100 | DATA | EOP | IFCS | RS | (ide ? IDE : 0), 0));
          if (n === 3) b.runTo(b.sim.now + 5000);
          if (lasts.length % 20 === 19) b.run();
        }
        b.run();
        expect(b.peer.received.map((f) => f.bytes.length)).toEqual(sizes.map((n) => n * 100));
        b.write(REG.TIDV, FPD | tidv);
        b.run();
        expect(b.read(REG.TDH)).toBe(b.txTail);
        expect(lasts.slice(-10).map((i) => b.txWords(i)[3] & 1)).toEqual(lasts.slice(-10).map(() => 1));
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('TXD_LOW', () => {
  test('when the descriptors left fall to eight times LWTHRESH; never with LWTHRESH 0', () => {
    const b = new Bench({ rate: '100Mbps' });
    b.setupTx(64);
    b.write(DATA_REG.TXDCTL, GRAN | (1 << 25));
    b.read(REG.ICR);
    for (let i = 0; i < 40; i++) b.txPut(b.place(frameTo(PEER, 1514)), 0, 1514 | EOP | IFCS | RS, 0, false);
    b.write(REG.TDT, 40);
    while (b.read(REG.TDH) < 31) {
      expect(b.read(REG.ICR) & TXD_LOW).toBe(0);
      b.runTo(b.sim.now + 10 * US);
    }
    b.run();
    expect(b.read(REG.ICR) & TXD_LOW).toBe(TXD_LOW);
    expect(b.read(DATA_REG.ICTXQMTC)).toBe(1);
    b.write(DATA_REG.TXDCTL, GRAN);
    b.txPut(b.place(frameTo(MAC, 100)), 0, 100 | EOP | IFCS | RS, 0);
    b.run();
    expect(b.read(REG.ICR) & TXD_LOW).toBe(0);
  });
});
