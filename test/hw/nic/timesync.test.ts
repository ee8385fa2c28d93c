import { describe, expect, test } from 'vitest';
import { FRAME_BAD_FCS } from '../../../src/wire/index.js';
import { Bench, frameTo, hex, MAC, REG } from './support.js';

const SYSTIML = 0xb600;
const SYSTIMH = 0xb604;
const TIMINCA = 0xb608;
const TIMADJL = 0xb60c;
const TIMADJH = 0xb610;
const TSYNCTXCTL = 0xb614;
const TXSTMPL = 0xb618;
const TXSTMPH = 0xb61c;
const TSYNCRXCTL = 0xb620;
const RXSTMPL = 0xb624;
const RXSTMPH = 0xb628;
const RXSATRL = 0xb62c;
const RXSATRH = 0xb630;
const RXMTRL = 0xb634;
const RXUDP = 0xb638;
/** Linux' value for 25 MHz: 40 << 18 a cycle. */
const LINUX = 0x01a00000;

function systim(b: Bench): bigint {
  const low = BigInt(b.read(SYSTIML) >>> 0);
  return (BigInt(b.read(SYSTIMH) >>> 0) << 32n) | low;
}

const units = (ns: number): bigint => BigInt(ns) << 18n;

describe('SYSTIM', () => {
  test('stands until TIMINCA is written, then counts cycles of 40 ns on the virtual clock', () => {
    const b = new Bench();
    b.runTo(1000);
    expect(systim(b)).toBe(0n);
    b.write(TIMINCA, LINUX);
    expect(systim(b)).toBe(0n);
    b.runTo(1039);
    expect(systim(b)).toBe(0n);
    b.runTo(1040);
    expect(systim(b)).toBe(units(40));
    b.runTo(60_000_001_000);
    expect(systim(b)).toBe(units(60_000_000_000));
  });

  test('a period of several cycles, a new increment, and writing the time', () => {
    const b = new Bench();
    b.write(TIMINCA, (3 << 24) | 7);
    b.runTo(119);
    expect(systim(b)).toBe(0n);
    b.runTo(240);
    expect(systim(b)).toBe(14n);
    b.write(TIMINCA, (1 << 24) | 100);
    b.runTo(400);
    expect(systim(b)).toBe(414n);
    b.write(SYSTIMH, 5);
    expect(systim(b)).toBe((5n << 32n) + 414n);
    b.write(SYSTIML, -1);
    b.runTo(440);
    expect(systim(b)).toBe((6n << 32n) + 99n);
    b.write(TIMINCA, 0);
    b.runTo(10_000);
    expect(systim(b)).toBe((6n << 32n) + 99n);
  });

  test('TIMADJ is added once, with its sign', () => {
    const b = new Bench();
    b.write(SYSTIMH, 10);
    b.write(TIMADJL, 5);
    b.write(TIMADJH, 2);
    expect(systim(b)).toBe((12n << 32n) + 5n);
    b.write(TIMADJL, 6);
    b.write(TIMADJH, 1 << 31);
    expect(systim(b)).toBe((12n << 32n) - 1n);
  });

  test('a reset of the chip stops and clears it', () => {
    const b = new Bench();
    b.write(TIMINCA, LINUX);
    b.runTo(4000);
    b.write(REG.CTRL, 1 << 26);
    expect(systim(b)).toBe(0n);
    b.runTo(8000);
    expect(systim(b)).toBe(0n);
  });
});

/** A PTP message of version 2 over Ethernet. */
function ptp(type: number, sequence = 0x1234): Uint8Array {
  const frame = frameTo(MAC, 60, 0x88f7);
  frame[14] = type;
  frame[15] = 2;
  frame.set([1, 2, 3, 4, 5, 6, 7, 8, 0, 1], 34);
  frame[44] = sequence >>> 8;
  frame[45] = sequence;
  return frame;
}

function udp(port: number, control: number): Uint8Array {
  const frame = frameTo(MAC, 90, 0x0800);
  frame.fill(0, 14);
  frame[14] = 0x45;
  frame[23] = 17;
  frame[36] = port >>> 8;
  frame[37] = port;
  frame[42 + 32] = control;
  return frame;
}

/** A receiver that stamps what `type` selects. */
function stamping(type: number, rxmtrl = 0x88f7, extended = true): Bench {
  const b = new Bench();
  b.write(REG.RFCTL, extended ? 1 << 15 : 0);
  b.setupRx(16, 0);
  b.write(TIMINCA, LINUX);
  b.write(TSYNCRXCTL, 0x10 | type);
  b.write(RXMTRL, rxmtrl);
  b.write(RXUDP, 0x3f01);
  return b;
}

const valid = (b: Bench): boolean => (b.read(TSYNCRXCTL) & 1) !== 0;

describe('receive stamps', () => {
  test('a Sync message over Ethernet: stamp, identity, TST in its descriptor only; the latch holds until it is read', () => {
    const b = stamping(0);
    b.runTo(4_000);
    b.inject(frameTo(MAC));
    b.inject(ptp(0));
    b.runTo(8_000);
    b.inject(ptp(0, 0x9999));
    b.run();
    expect(valid(b)).toBe(true);
    expect(b.read(RXSTMPL) >>> 0).toBe(Number(units(4_000) & 0xffffffffn));
    expect(hex(b.read(RXSATRL))).toBe('04030201');
    expect(hex(b.read(RXSATRH))).toBe('12340605');
    const tst = [0, 1, 2].map((k) => b.rxWords(k)[2] & 0x101);
    expect(tst).toEqual([0x001, 0x101, 0x001]);
    expect(b.read(RXSTMPH)).toBe(Number(units(4_000) >> 32n));
    expect(valid(b)).toBe(false);
    b.runTo(12_000);
    b.inject(ptp(0));
    expect(b.read(RXSTMPL) >>> 0).toBe(Number(units(12_000) & 0xffffffffn));
  });

  test('TYPE selects', () => {
    const cases: [string, number, number, Uint8Array, boolean][] = [
      ['L2_V2 Sync', 0, 0x88f7, ptp(0), true],
      ['L2_V2 Delay_Req for a Sync', 0, 0x88f7, ptp(1), false],
      ['L2_V2 Delay_Req', 0, 0x010088f7, ptp(1), true],
      ['L2_V2 Pdelay_Req', 0, 0x88f7, ptp(2), true],
      ['L2_V2 over UDP', 0, 0x88f7, udp(319, 0), false],
      ['L4_V1 Sync', 2, 0, udp(319, 0), true],
      ['L4_V1 Delay_Req', 2, 0x10000, udp(319, 1), true],
      ['L4_V1 Delay_Req for a Sync', 2, 0, udp(319, 1), false],
      ['L4_V1 other port', 2, 0, udp(320, 0), false],
      ['L2_L4_V2 over UDP', 4, 0x88f7, udp(319, 0), true],
      ['ALL', 8, 0, frameTo(MAC), true],
      ['EVENT_V2 Delay_Req', 10, 0x88f7, ptp(1), true],
      ['EVENT_V2 Follow_Up', 10, 0x88f7, ptp(8), false],
    ];
    for (const [name, type, rxmtrl, frame, expected] of cases) {
      const b = stamping(type, rxmtrl);
      b.inject(frame);
      b.run();
      expect([name, valid(b)]).toEqual([name, expected]);
    }
  });

  test('disabled, or with a bad CRC, nothing is stamped', () => {
    const b = stamping(8);
    b.inject(ptp(0), FRAME_BAD_FCS);
    expect(valid(b)).toBe(false);
    b.write(TSYNCRXCTL, 8);
    b.inject(ptp(0));
    expect(valid(b)).toBe(false);
  });
});

describe('transmit stamps', () => {
  test('a data descriptor that asks gets the time of its first bit on the wire', () => {
    const b = new Bench({ rate: '1Gbps' });
    b.write(TIMINCA, LINUX);
    b.write(TSYNCTXCTL, 0x10);
    b.setupTx(16);
    b.runTo(40_000);
    const at = b.place(frameTo(MAC, 1000));
    const data = 1000 | (1 << 20) | (0x2b << 24);
    b.txPut(at, 0, data, 0);
    b.txPut(at, 0, data, 0x10);
    b.txPut(at, 0, data, 0x10);
    b.run();
    expect(b.read(TSYNCTXCTL) & 1).toBe(1);
    // One frame of 1000 + 4 bytes, preamble and gap ahead of it: 1024 bytes of 8 ns.
    const cycle = Math.floor((40_000 + 8192) / 40) * 40;
    expect(b.read(TXSTMPL) >>> 0).toBe(Number(units(cycle) & 0xffffffffn));
    expect(b.read(TXSTMPH)).toBe(Number(units(cycle) >> 32n));
    expect(b.read(TSYNCTXCTL) & 1).toBe(0);
  });
});
