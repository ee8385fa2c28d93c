import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAME_BAD_FCS } from '../../../src/wire/index.js';
import { runs } from '../../support/fc.js';
import {
  CTRL_RESET,
  DATA,
  DATA_REG,
  DEXT,
  EOP,
  IFCS,
  pause,
  RS,
  SecondRing,
  setupFlowControl,
  tagged,
  toUs,
} from './data-path.js';
import { Bench, frameTo, MAC, REG } from './support.js';

/** A word of a context or data descriptor: mostly one that is nearly right. */
const offsets = fc.oneof(
  fc.constantFrom(14 | (24 << 8) | (33 << 16), 34 | (50 << 8), 34 | (40 << 8), 14 | (24 << 8), 0xffffff),
  fc.integer(),
);
const context = fc.tuple(
  offsets,
  offsets,
  fc.tuple(fc.nat(2000), fc.nat(255)).map(([payload, bits]) => payload | (bits << 24) | DEXT),
  fc
    .tuple(fc.oneof(fc.constant(54), fc.nat(255)), fc.oneof(fc.constant(100), fc.nat(0xffff)))
    .map(([h, m]) => (h << 8) | (m << 16)),
);
const data = fc.record({
  length: fc.oneof(fc.constantFrom(54, 1054, 0, 60), fc.nat(3000), fc.nat(0xfffff)),
  bits: fc.nat(255),
  upper: fc.integer(),
  bad: fc.boolean(),
  legacy: fc.boolean(),
});
const descriptor = fc.record({
  queue: fc.constantFrom(0, 1),
  context: fc.option(context, { nil: undefined }),
  data,
  run: fc.boolean(),
});
const setup = fc.record({
  ctrl: fc.integer(),
  lbm: fc.boolean(),
  txdctl: fc.integer(),
  tidv: fc.nat(100),
  tarc: fc.integer(),
  rate: fc.constantFrom(0, '1Gbps', '10Mbps'),
});

describe('hostile software', () => {
  test('any contexts, segments, tags, thresholds on two transmit rings: bounded, nothing leaks, a reset brings a working chip', () => {
    fc.assert(
      fc.property(setup, fc.array(descriptor, { maxLength: 60 }), (s, list) => {
        const b = new Bench({ rate: s.rate });
        setupFlowControl(b, s.ctrl & 0x5800_0000);
        b.setupRx(16, 0x18 | (s.lbm ? 0x40 : 0));
        b.setupTx(64);
        const ring = SecondRing.transmit(b, 64);
        b.write(DATA_REG.TXDCTL, s.txdctl);
        b.write(REG.TIDV, s.tidv);
        b.write(DATA_REG.TARC0, s.tarc | (1 << 10));
        const at = b.place(new Uint8Array(4000).fill(0x45));
        for (const d of list) {
          const put = (w0: number, w1: number, w2: number, w3: number): void => {
            if (d.queue === 0) b.txPut(w0, w1, w2, w3, false);
            else {
              ring.put(ring.tail, w0, w1, w2, w3);
              ring.tail = (ring.tail + 1) % 64;
            }
          };
          if (d.context !== undefined) put(...d.context);
          const type = d.data.legacy ? 0 : DATA;
          put(d.data.bad ? 0x7ff00000 : at, 0, d.data.length | type | (d.data.bits << 24), d.data.upper);
          if (!d.run) continue;
          b.write(REG.TDT, b.txTail);
          b.write(DATA_REG.TDT1, ring.tail);
          b.inject(pause(d.data.length & 0xff));
          b.runTo(b.sim.now + 20_000);
        }
        b.write(REG.TDT, b.txTail);
        b.write(DATA_REG.TDT1, ring.tail);
        b.run();
        expect(b.receiveBalance()).toBe(0);
        b.write(REG.CTRL, 0x04140241);
        b.run();
        expect(b.pool.live).toBe(0);
        expect(b.nic.tx.inFlight()).toBe(0);
        b.setupTx(8);
        b.peer.received = [];
        b.txPut(b.place(frameTo(MAC, 60)), 0, 60 | EOP | IFCS | RS, 0);
        b.run();
        expect(b.peer.received.length).toBe(1);
      }),
      { numRuns: runs(120) },
    );
  });

  test('any receive formats, rings and frames: bounded, every frame accounted for', () => {
    const frame = fc.record({
      kind: fc.constantFrom('raw', 'ip4', 'ip6', 'tag', 'pause'),
      length: fc.integer({ min: 1, max: 9300 }),
      bytes: fc.uint8Array({ minLength: 60, maxLength: 120 }),
      bad: fc.boolean(),
      run: fc.boolean(),
    });
    const registers = fc.record({
      rctl: fc.integer(),
      rfctl: fc.integer(),
      rxcsum: fc.integer(),
      psrctl: fc.integer(),
      mrqc: fc.integer(),
      reta: fc.integer(),
      rxdctl: fc.integer(),
      rdtr: fc.constantFrom(0, 0, 10, 1000),
      rsrpd: fc.nat(2000),
      raid: fc.nat(20),
      vfta: fc.integer(),
      ctrl: fc.integer(),
      tail: fc.constantFrom(3, 7, 15, 31, 32, 0),
      tail1: fc.constantFrom(3, 7, 0),
      nulls: fc.array(fc.nat(31), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(registers, fc.array(frame, { maxLength: 30 }), (r, frames) => {
        const b = new Bench();
        setupFlowControl(b, r.ctrl & 0x5800_0000);
        b.setupRx(32, 0, 2048, 0);
        SecondRing.receive(b, 8);
        for (const i of r.nulls) b.arena.i32.fill(0, (b.rxRing >> 2) + i * 4, (b.rxRing >> 2) + i * 4 + 4);
        for (const [offset, value] of [
          [REG.RFCTL, r.rfctl],
          [REG.RXCSUM, r.rxcsum],
          [DATA_REG.PSRCTL, r.psrctl],
          [DATA_REG.MRQC, (r.mrqc & ~3) | 1],
          [DATA_REG.RETA, r.reta],
          [DATA_REG.RXDCTL, r.rxdctl],
          [REG.RDTR, r.rdtr],
          [DATA_REG.RSRPD, r.rsrpd],
          [DATA_REG.RAID, r.raid],
          [DATA_REG.VFTA, r.vfta],
          [DATA_REG.FCRTH, 4096],
          [DATA_REG.FCTTV, 10],
          [REG.RCTL, r.rctl | 2],
          [REG.RDT, r.tail],
          [DATA_REG.RDT1, r.tail1],
        ] as const) {
          b.write(offset, value);
        }
        for (const f of frames) {
          const payload = f.length % 1400;
          const bytes =
            f.kind === 'raw'
              ? frameTo(MAC, Math.max(14, f.length)).slice(0, f.length)
              : f.kind === 'ip4'
                ? toUs({ version: 4, proto: 6, payload })
                : f.kind === 'ip6'
                  ? toUs({ version: 6, proto: 17, payload })
                  : f.kind === 'tag'
                    ? tagged(toUs({ version: 4, proto: 17, payload }), payload)
                    : pause(payload);
          // Any bytes over the headers.
          if (f.kind !== 'raw' && payload % 3 === 0) bytes.set(f.bytes.subarray(0, 30), 14);
          b.inject(bytes, f.bad ? FRAME_BAD_FCS : 0);
          if (f.run) b.run();
        }
        b.run();
        expect(b.receiveBalance()).toBe(0);
        b.write(REG.CTRL, CTRL_RESET | (1 << 26));
        b.run();
        expect(b.pool.live).toBe(0);
        expect(b.receiveBalance()).toBe(0);
        b.setupRx(8, 0x18);
        const before = b.nic.rx.delivered[0];
        b.inject(frameTo(MAC, 60));
        b.run();
        expect(b.nic.rx.delivered[0]).toBe(before + 1);
      }),
      { numRuns: runs(120) },
    );
  });
});
