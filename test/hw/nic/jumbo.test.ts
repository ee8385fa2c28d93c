import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32 } from '../../../src/bytes/index.js';
import { FRAME_BAD_FCS } from '../../../src/wire/index.js';
import { runs } from '../../support/fc.js';
import { DATA, DATA_REG, EOP, IFCS, LPE, PEER, RS } from './data-path.js';
import { Bench, frameTo, MAC, RCTL_SECRC, REG, RFCTL_EXTEN } from './support.js';

const SBP = 1 << 2;
const BSEX = 1 << 25;

/** Buffer bytes and the RCTL bits that ask for them. */
const BUFFERS: [number, number][] = [
  [256, 3 << 16],
  [512, 2 << 16],
  [1024, 1 << 16],
  [2048, 0],
  [4096, BSEX | (3 << 16)],
  [8192, BSEX | (2 << 16)],
  [16384, BSEX | (1 << 16)],
  [3072, 3 << 27],
];

describe('jumbo frames', () => {
  test('any length up to 9234 with CRC over buffers of any size, in both formats', () => {
    const any = fc.record({
      length: fc.oneof(fc.integer({ min: 60, max: 9230 }), fc.constantFrom(9230, 9229, 2044, 2048, 4096, 4092)),
      buffer: fc.constantFrom(...BUFFERS),
      extended: fc.boolean(),
      crc: fc.boolean(),
    });
    fc.assert(
      fc.property(any, ({ length, buffer: [size, rctl], extended, crc }) => {
        const b = new Bench({ checked: false });
        b.write(REG.RFCTL, extended ? RFCTL_EXTEN : 0);
        b.setupRx(64, LPE | rctl | (crc ? 0 : RCTL_SECRC), size);
        const frame = frameTo(MAC, length);
        b.inject(frame);
        b.run();
        const stored = crc ? length + 4 : length;
        const n = Math.ceil(stored / size);
        const all: number[] = [];
        for (let i = 0; i < n; i++) {
          const w = b.rxWords(i);
          expect((extended ? w[2] : w[3]) & 3).toBe(i === n - 1 ? 3 : 1);
          all.push(...b.rxData(i, (extended ? w[3] : w[2]) & 0xffff));
        }
        expect(all.length).toBe(stored);
        expect(Uint8Array.from(all.slice(0, length))).toEqual(frame);
        if (crc) {
          const value = new DataView(Uint8Array.from(all.slice(length)).buffer).getInt32(0, true);
          expect(value).toBe(crc32(frame, 0, length) | 0);
        }
        expect(b.read(REG.RDH)).toBe(n);
      }),
      { numRuns: runs(60) },
    );
  });

  test('descriptors without a buffer are given back with DD alone, also between those of one frame', () => {
    for (const extended of [false, true]) {
      const b = new Bench();
      b.write(REG.RFCTL, extended ? RFCTL_EXTEN : 0);
      b.setupRx(16, LPE | (3 << 16) | RCTL_SECRC, 256, 0);
      for (const i of [0, 2, 3]) {
        const w = (b.rxRing >> 2) + i * 4;
        b.arena.i32.set([0, 0, 0, 0], w);
      }
      b.write(REG.RDT, 15);
      b.inject(frameTo(MAC, 500));
      b.run();
      const status = [0, 1, 2, 3, 4].map((i) => b.rxWords(i)[extended ? 2 : 3]);
      expect(status.map((s) => s & 3)).toEqual([1, 1, 1, 1, 3]);
      expect([...b.rxWords(0), ...b.rxWords(3)].filter((w) => w !== 0)).toEqual([1, 1]);
      expect([...b.rxData(1, 256), ...b.rxData(4, 244)]).toEqual([...frameTo(MAC, 500)]);
      expect(b.read(REG.RDH)).toBe(5);
      expect(b.receiveBalance()).toBe(0);
    }
  });

  test('a frame that waits for its last buffer goes on with the next RDT', () => {
    const b = new Bench();
    b.setupRx(16, LPE | (3 << 16) | RCTL_SECRC, 256, 3);
    b.inject(frameTo(MAC, 1000));
    b.run();
    expect(b.nic.receiveInFlight()).toBe(1);
    b.write(REG.RDT, 4);
    b.run();
    expect(b.nic.receiveInFlight()).toBe(0);
    expect(b.rxWords(3)[3] & 3).toBe(3);
  });

  test('transmitted up to 9234 bytes with CRC, not one more', () => {
    const b = new Bench();
    b.setupTx(8);
    for (const length of [9230, 9231]) {
      const at = b.place(frameTo(PEER, length));
      b.txPut(at, 0, 5000 | DATA, 0, false);
      b.txPut(at + 5000, 0, (length - 5000) | DATA | EOP | IFCS | RS, 0);
    }
    b.run();
    expect(b.peer.received.map((f) => f.bytes)).toEqual([frameTo(PEER, 9230)]);
    expect(b.nic.txErrors.length).toBe(1);
  });
});

describe('store bad packets', () => {
  test('too long without LPE, runts and wrong CRCs are stored, and counted as what they are', () => {
    const b = new Bench();
    b.setupRx(16, SBP | RCTL_SECRC);
    b.inject(frameTo(MAC, 1600));
    b.inject(frameTo(MAC, 1600), FRAME_BAD_FCS);
    b.inject(frameTo(MAC, 200), FRAME_BAD_FCS);
    b.inject(MAC.slice(0, 6));
    b.inject(frameTo(PEER, 100), FRAME_BAD_FCS);
    b.run();
    expect([0, 1, 2, 3].map((i) => [b.rxWords(i)[2] & 0xffff, (b.rxWords(i)[3] >>> 8) & 0xff])).toEqual([
      [1600, 0],
      [1600, 1],
      [200, 1],
      [60, 0],
    ]);
    expect(b.read(DATA_REG.ROC)).toBe(1);
    expect(b.read(REG.RUC)).toBe(1);
    expect(b.read(REG.CRCERRS)).toBe(1);
    expect(b.read(REG.GPRC)).toBe(0);
    expect(b.nic.dropRecord()).toEqual({ NIC_FILTER: 1 });
    expect(b.receiveBalance()).toBe(0);
    expect(b.pool.live).toBe(0);
  });
});
