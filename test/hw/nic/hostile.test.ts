import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LAYOUT } from '../../../src/hw/nic/registers/table.js';
import { FRAME_BAD_FCS } from '../../../src/wire/index.js';
import { runs } from '../../support/fc.js';
import { Bench, frameTo, MAC, REG } from './support.js';

const EOP = 1 << 24;

/** A descriptor word: random, or made of the bits that matter. */
const command = fc.oneof(
  fc.integer(),
  fc
    .tuple(fc.integer({ min: 0, max: 0xfffff }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 15 }))
    .map(([length, bits, type]) => (length & 0x3fff) | (type << 20) | (bits << 24)),
  fc.constantFrom(0, -1, EOP, EOP | 60, 60, 0x20100000 | 60, 0x21100000 | 60),
);

/** An address: of this host's memory, of nobody's, beyond 4 GiB. */
function address(b: Bench, pick: number): [number, number] {
  const at = b.memory.alloc(2048, 64);
  if (pick % 5 === 0) return [0, 0];
  if (pick % 5 === 1) return [pick, 0];
  if (pick % 5 === 2) return [at, pick];
  if (pick % 5 === 3) return [-1, -1];
  return [at, 0];
}

describe('hostile software', () => {
  test('any transmit descriptors: no exception, no leak, and a packet after a reset still leaves', () => {
    const descriptor = fc.tuple(fc.nat(), command, fc.integer());
    fc.assert(
      fc.property(fc.array(descriptor, { maxLength: 100 }), (list) => {
        const b = new Bench();
        b.setupTx(128);
        for (const [pick, w2, w3] of list) {
          const [lo, hi] = address(b, pick);
          b.txPut(lo, hi, w2, w3, false);
        }
        b.write(REG.TDT, list.length);
        b.run();
        b.write(REG.CTRL, 0x04140241);
        b.run();
        expect(b.pool.live).toBe(0);
        b.setupTx(8);
        b.peer.received = [];
        b.txPut(b.place(frameTo(MAC, 60)), 0, 60 | EOP | (1 << 25), 0);
        b.run();
        expect(b.peer.received.length).toBe(1);
      }),
      { numRuns: runs(150) },
    );
  });

  test('any receive descriptors and ring registers: no exception, every frame accounted for', () => {
    const ring = fc.record({
      base: fc.option(fc.integer(), { nil: undefined }),
      high: fc.constantFrom(0, 0, 0, 1, -1),
      length: fc.constantFrom(0, 128, 128, 128, 256, 0xfff80),
      head: fc.constantFrom(0, 0, 1, 7, 8, 0xffff),
      tail: fc.constantFrom(0, 3, 7, 7, 8, 0xffff),
      rctl: fc.integer(),
      exten: fc.boolean(),
    });
    const lengths = fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 30 });
    fc.assert(
      fc.property(ring, lengths, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (r, frames, picks) => {
        const b = new Bench();
        b.setupRx(8, 0, 2048, 0);
        for (const [i, pick] of picks.entries()) {
          const [lo, hi] = address(b, pick);
          const w = (b.rxRing >> 2) + i * 4;
          b.arena.i32[w] = lo;
          b.arena.i32[w + 1] = hi;
        }
        b.write(REG.RDBAL, r.base ?? b.rxRing);
        b.write(REG.RDBAH, r.high);
        b.write(REG.RDLEN, r.length);
        b.write(REG.RDH, r.head);
        b.write(REG.RFCTL, r.exten ? 0x8000 : 0);
        b.write(REG.RCTL, r.rctl);
        b.write(REG.RDT, r.tail);
        for (const length of frames) {
          const bytes = frameTo(MAC, Math.max(length, 14)).slice(0, length);
          b.inject(bytes, length % 7 === 0 ? FRAME_BAD_FCS : 0);
          if (length % 3 === 0) b.run();
        }
        b.run();
        expect(b.receiveBalance()).toBe(0);
        b.write(REG.CTRL, 0x04140241);
        b.run();
        expect(b.pool.live).toBe(0);
        expect(b.receiveBalance()).toBe(0);
      }),
      { numRuns: runs(150) },
    );
  });

  test('any program of register accesses, mixed with frames: no exception, no leak', () => {
    const known = fc.constantFrom(...LAYOUT.offset);
    const op = fc.record({
      offset: fc.oneof({ weight: 8, arbitrary: known }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x1ffff }) }),
      value: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 255 })),
      kind: fc.constantFrom('read', 'write', 'write', 'write', 'frame', 'run'),
    });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 120 }), (program) => {
        const b = new Bench();
        b.setupRx(16, 8);
        b.setupTx(16);
        b.txPut(b.place(frameTo(MAC, 100)), 0, 100 | EOP | (1 << 25), 0, false);
        for (const { offset, value, kind } of program) {
          if (kind === 'read') b.read(offset);
          else if (kind === 'write') b.write(offset, value);
          else if (kind === 'frame') b.inject(frameTo(MAC, 60));
          else b.runTo(b.sim.now + 1000);
        }
        b.run();
        expect(b.receiveBalance()).toBe(0);
        b.write(REG.CTRL, 0x04140241);
        b.run();
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(150) },
    );
  });

  test('any bytes as a frame: no exception, accounted for', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.constantFrom(0, 0x800, 0x86dd, 0x8100),
        (body, type) => {
          const b = new Bench();
          b.setupRx(8, 0x18);
          if (body.length >= 14 && type !== 0) {
            body[12] = type >>> 8;
            body[13] = type;
          }
          b.inject(body);
          b.run();
          expect(b.receiveBalance()).toBe(0);
          expect(b.nic.rx.delivered[0] + b.nic.drops.reduce((x, y) => x + y)).toBe(1);
          expect(b.pool.live).toBe(0);
        },
      ),
      { numRuns: runs(200) },
    );
  });
});
