import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32, csum_finish, csum_partial } from '../../../src/bytes/index.js';
import { runs } from '../../support/fc.js';
import {
  CTRL_RESET,
  DATA,
  DATA_REG,
  DEXT,
  EOP,
  IFCS,
  LBM,
  PEER,
  RS,
  TXSM,
  tagged,
  toUs,
  UPE,
  VFE,
  VLE,
  VME,
} from './data-path.js';
import { packet } from './packets.js';
import { Bench, frameTo, hex, MAC, RCTL_SECRC, REG, RFCTL_EXTEN } from './support.js';

const CFIEN = 1 << 19;
const CFI = 1 << 20;
const VP = 8;

function received(b: Bench, bytes: Uint8Array): boolean {
  const before = b.nic.rx.delivered[0];
  b.inject(bytes);
  b.run();
  return b.nic.rx.delivered[0] > before;
}

describe('the VLAN filter', () => {
  test('each identifier by its bit of VFTA; without a tag, or with VFE clear, all pass', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(0xfff), { maxLength: 20 }), fc.nat(0xffff), (allowed, tci) => {
        const b = new Bench({ checked: false });
        b.setupRx(8, VFE);
        const table = new Int32Array(128);
        for (const id of allowed) table[id >> 5] |= 1 << (id & 31);
        table.forEach((word, i) => {
          b.write(DATA_REG.VFTA + 4 * i, word);
        });
        expect(received(b, tagged(frameTo(MAC), tci))).toBe(allowed.includes(tci & 0xfff));
        expect(received(b, frameTo(MAC))).toBe(true);
        expect(received(b, tagged(frameTo(MAC), tci, 0x9100))).toBe(true);
        b.setupRx(8, 0);
        expect(received(b, tagged(frameTo(MAC), tci))).toBe(true);
        expect(b.receiveBalance()).toBe(0);
      }),
      { numRuns: runs(60), examples: [[[5], 0xf005]] },
    );
  });

  test('CFIEN: the CFI bit must be that of RCTL', () => {
    const with_ = tagged(frameTo(MAC), 0x1005);
    const without = tagged(frameTo(MAC), 0x0005);
    for (const [rctl, wanted] of [
      [VFE, [true, true]],
      [VFE | CFIEN, [false, true]],
      [VFE | CFIEN | CFI, [true, false]],
      [CFIEN, [true, true]],
    ] as const) {
      const b = new Bench();
      b.setupRx(8, rctl);
      b.write(DATA_REG.VFTA, 1 << 5);
      expect([received(b, with_), received(b, without)]).toEqual(wanted);
    }
  });

  test('VET decides what a tag is', () => {
    const b = new Bench();
    b.setupRx(8, VFE);
    b.write(DATA_REG.VET, 0x9100);
    expect(received(b, tagged(frameTo(MAC), 5))).toBe(true);
    expect(received(b, tagged(frameTo(MAC), 5, 0x9100))).toBe(false);
    expect(b.nic.dropRecord()).toEqual({ NIC_FILTER: 1 });
  });
});

describe('stripping', () => {
  test('legacy: VP and the tag in the special field, the frame without it, the CRC of the frame as it came', () => {
    const b = new Bench();
    b.write(REG.CTRL, CTRL_RESET | VME);
    b.setupRx(8, 0);
    const plain = frameTo(MAC, 100);
    const bytes = tagged(plain, 0xa123);
    received(b, bytes);
    const words = b.rxWords(0);
    expect(words[2] & 0xffff).toBe(104);
    expect(hex(words[3])).toBe('a123000b');
    expect(b.rxData(0, 100)).toEqual(plain);
    expect(b.arena.dv.getInt32(b.rxBuffers[0] + 100, true)).toBe(crc32(bytes, 0, bytes.length) | 0);
    received(b, plain);
    expect(hex(b.rxWords(1)[3])).toBe('00000003');
  });

  test('legacy: the packet checksum leaves the tag out, from any PCSS', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 60, max: 99 }), fc.boolean(), (pcss, length, strip) => {
        const b = new Bench({ checked: false });
        b.write(REG.CTRL, CTRL_RESET | VME);
        b.write(REG.RXCSUM, 0x300 | pcss);
        b.setupRx(8, strip ? RCTL_SECRC : 0);
        received(b, tagged(frameTo(MAC, length), 7));
        const stored = b.rxWords(0)[2] & 0xffff;
        const { u8, u32 } = b.arena;
        const sum = csum_partial(u8, u32, b.rxBuffers[0] + pcss, stored - pcss, 0);
        expect(b.rxWords(0)[2] >>> 16).toBe(csum_finish(sum));
      }),
      { numRuns: runs(60) },
    );
  });

  test('extended: VP, the tag behind the length; checksums are verified all the same', () => {
    const b = new Bench();
    b.write(REG.CTRL, CTRL_RESET | VME);
    b.write(REG.RFCTL, RFCTL_EXTEN | (1 << 12));
    b.write(REG.RXCSUM, 0x2300);
    b.setupRx(8, RCTL_SECRC);
    const bytes = toUs({ version: 4, proto: 17, payload: 30, vlan: true });
    received(b, bytes);
    const words = b.rxWords(0);
    expect(hex(words[2])).toBe(hex(3 | VP | 0x70));
    expect(hex(words[3])).toBe(hex((bytes.length - 4) | (((bytes[14] << 8) | bytes[15]) << 16)));
    expect(b.rxData(0, bytes.length - 4)).toEqual(Uint8Array.from([...bytes.slice(0, 12), ...bytes.slice(16)]));
  });

  test('a frame over several buffers is stored without its tag wherever the borders are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 1500 }), fc.constantFrom(0, RCTL_SECRC), (length, crc) => {
        const b = new Bench({ checked: false });
        b.write(REG.CTRL, CTRL_RESET | VME);
        b.setupRx(8, crc | (3 << 16), 256);
        const plain = frameTo(MAC, length);
        const bytes = tagged(plain, 0x0042);
        received(b, bytes);
        const all: number[] = [];
        for (let i = 0; (b.rxWords(i)[3] & 1) === 1; i++) all.push(...b.rxData(i, b.rxWords(i)[2] & 0xffff));
        expect(Uint8Array.from(all.slice(0, length))).toEqual(plain);
        expect(all.length).toBe(crc === 0 ? length + 4 : length);
      }),
      { numRuns: runs(40) },
    );
  });
});

describe('insertion', () => {
  test('VLE with VME puts the tag between addresses and type, padded after it; without VME nothing', () => {
    const b = new Bench();
    b.setupTx(16);
    b.write(REG.CTRL, CTRL_RESET | VME);
    b.write(DATA_REG.VET, 0x88a8);
    const frame = frameTo(PEER, 100);
    const short = frameTo(PEER, 50);
    b.txPut(b.place(frame), 0, 100 | EOP | IFCS | RS | VLE, 0xb123 << 16);
    b.txPut(b.place(short), 0, 50 | DATA | EOP | VLE, 0x0001 << 16);
    b.run();
    b.write(REG.CTRL, CTRL_RESET);
    b.txPut(b.place(frame), 0, 100 | EOP | IFCS | RS | VLE, 0xb123 << 16);
    b.run();
    const padded = new Uint8Array(60);
    padded.set(tagged(short, 1, 0x88a8));
    expect(b.peer.received.map((f) => f.bytes)).toEqual([tagged(frame, 0xb123, 0x88a8), padded, frame]);
    expect(b.peer.received.map((f) => f.badFcs)).toEqual([false, false, false]);
  });

  test('checksum offsets do not count the tag', () => {
    const spec = fc.record({
      version: fc.constantFrom<4 | 6>(4, 6),
      proto: fc.constantFrom<6 | 17>(6, 17),
      payload: fc.integer({ min: 20, max: 600 }),
      start: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(spec, fc.nat(0xffff), (s, tci) => {
        const b = new Bench({ checked: false });
        b.setupTx(8);
        b.write(REG.CTRL, CTRL_RESET | VME);
        const p = packet({ ...s, offload: true });
        b.txPut(0, p.l4 | (p.check << 8), DEXT | (s.proto === 6 ? 1 << 24 : 0), 0, false);
        b.txPut(b.place(p.bytes), 0, p.bytes.length | DATA | EOP | IFCS | VLE, TXSM | (tci << 16));
        b.run();
        const wanted = packet(s).bytes;
        // Only the transport checksum was asked for.
        if (s.version === 4) wanted.fill(0, p.ip + 10, p.ip + 12);
        expect(b.peer.received[0].bytes).toEqual(tagged(wanted, tci));
      }),
      { numRuns: runs(40) },
    );
  });

  test('insertion and stripping cancel out, in both descriptor formats', () => {
    const any = fc.record({
      length: fc.integer({ min: 60, max: 9000 }),
      tci: fc.nat(0xffff),
      extended: fc.boolean(),
      buffer: fc.constantFrom(0, 1, 2, 3),
    });
    fc.assert(
      fc.property(any, ({ length, tci, extended, buffer }) => {
        const b = new Bench({ checked: false });
        b.write(REG.CTRL, CTRL_RESET | VME);
        b.write(REG.RFCTL, extended ? RFCTL_EXTEN : 0);
        const size = 2048 >> buffer;
        b.setupRx(64, RCTL_SECRC | LBM | UPE | (1 << 5) | (buffer << 16), size);
        b.setupTx(8);
        const frame = frameTo(PEER, length);
        b.txPut(b.place(frame), 0, length | DATA | EOP | IFCS | VLE | RS, tci << 16);
        b.run();
        const n = Math.ceil(length / size);
        const all: number[] = [];
        for (let i = 0; i < n; i++) {
          const w = b.rxWords(i);
          all.push(...b.rxData(i, (extended ? w[3] : w[2]) & 0xffff));
        }
        const last = b.rxWords(n - 1);
        expect((extended ? last[2] : last[3]) & 0xb).toBe(0xb);
        expect(last[3] >>> 16).toBe(tci);
        expect(Uint8Array.from(all)).toEqual(frame);
        expect(b.peer.received.length).toBe(0);
        expect(b.receiveBalance()).toBe(0);
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(40) },
    );
  });
});
