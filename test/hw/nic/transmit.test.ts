import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32 } from '../../../src/bytes/index.js';
import { runs } from '../../support/fc.js';
import { packet, slowSum } from './packets.js';
import { Bench, frameTo, hex, mac, REG, US } from './support.js';

const EOP = 1 << 24;
const IFCS = 1 << 25;
const IC = 1 << 26;
const TSE = 1 << 26;
const RS = 1 << 27;
const DEXT = 1 << 29;
const DATA = DEXT | (1 << 20);
const IXSM = 1 << 8;
const TXSM = 1 << 9;
const TUCMD_TCP = 1 << 24;
const TXDW = 1;
const TXQE = 2;
const PEER = mac('02:00:00:00:00:99');

function sendLegacy(b: Bench, bytes: Uint8Array, command = EOP | IFCS | RS, extra = 0): number {
  return b.txPut(b.place(bytes), 0, bytes.length | command, extra);
}

function sentBytes(b: Bench): Uint8Array[] {
  return b.peer.received.map((f) => f.bytes);
}

describe('a transmit ring', () => {
  test('legacy: the frame leaves, TDH moves, DD is written back, TXDW and TXQE are set', () => {
    const b = new Bench();
    b.setupTx(8);
    b.read(REG.ICR);
    const frame = frameTo(PEER, 100);
    const i = sendLegacy(b, frame);
    b.run();
    expect(sentBytes(b)).toEqual([frame]);
    expect(b.txWords(i)[3] & 1).toBe(1);
    expect(b.read(REG.TDH)).toBe(1);
    expect(b.read(REG.ICR)).toBe(TXDW | TXQE);
    expect(b.read(REG.TPT)).toBe(1);
    expect(b.pool.live).toBe(0);
  });

  test('without RS nothing is written back and TXDW stays clear', () => {
    const b = new Bench();
    b.setupTx(8);
    b.read(REG.ICR);
    const i = sendLegacy(b, frameTo(PEER, 100), EOP | IFCS);
    b.run();
    expect(b.peer.received.length).toBe(1);
    expect(b.txWords(i)[3] & 1).toBe(0);
    expect(b.read(REG.ICR)).toBe(TXQE);
  });

  test('a short frame is padded with zeros if TCTL.PSP is set', () => {
    const b = new Bench();
    b.setupTx(8);
    sendLegacy(b, frameTo(PEER, 42));
    b.run();
    expect(sentBytes(b)[0].length).toBe(60);
    expect([...sentBytes(b)[0].subarray(42)]).toEqual(new Array(18).fill(0));
    b.write(REG.TCTL, 2);
    sendLegacy(b, frameTo(PEER, 42));
    b.run();
    expect(sentBytes(b)[1].length).toBe(42);
  });

  test('a packet is gathered from several descriptors, empty ones among them', () => {
    const b = new Bench();
    b.setupTx(16);
    const frame = frameTo(PEER, 333);
    const at = b.place(frame);
    b.txPut(at, 0, 14 | DATA, 0, false);
    b.txPut(0, 0, 0 | DATA, 0, false);
    b.txPut(at + 14, 0, 100 | DATA, 0, false);
    const last = b.txPut(at + 114, 0, 219 | DATA | EOP | IFCS | RS, 0);
    b.run();
    expect(sentBytes(b)).toEqual([frame]);
    expect([0, 1, 2].map((i) => b.txWords(i)[3] & 1)).toEqual([0, 0, 0]);
    expect(b.txWords(last)[3] & 1).toBe(1);
    expect(b.read(REG.TDH)).toBe(4);
  });

  test('an unfinished packet waits for its end of packet', () => {
    const b = new Bench();
    b.setupTx(8);
    const at = b.place(frameTo(PEER, 80));
    b.txPut(at, 0, 40 | DATA, 0);
    b.run();
    expect(b.peer.received.length).toBe(0);
    b.txPut(at + 40, 0, 40 | DATA | EOP | IFCS, 0);
    b.run();
    expect(sentBytes(b)).toEqual([frameTo(PEER, 80)]);
  });

  test('200 frames through 8 descriptors leave in order', () => {
    const b = new Bench({ rate: '1Gbps' });
    b.setupTx(8);
    const frames: Uint8Array[] = [];
    for (let i = 0; i < 200; i++) {
      const frame = frameTo(PEER, 60 + i);
      frame[20] = i;
      frames.push(frame);
      sendLegacy(b, frame);
      if (i % 3 === 2) b.run();
    }
    b.run();
    expect(sentBytes(b)).toEqual(frames);
    expect(b.pool.live).toBe(0);
  });

  test('IFCS clear: the last four bytes are the FCS, and the wire learns whether it is right', () => {
    const b = new Bench();
    b.setupTx(8);
    const frame = frameTo(PEER, 64);
    const crc = crc32(frame, 0, 60);
    new DataView(frame.buffer).setInt32(60, crc, true);
    sendLegacy(b, frame, EOP);
    frame[30] ^= 1;
    sendLegacy(b, frame, EOP);
    b.run();
    expect(b.peer.received.map((f) => [f.bytes.length, f.badFcs])).toEqual([
      [60, false],
      [60, true],
    ]);
  });

  test('legacy checksum insertion: from CSS to the end, at CSO', () => {
    const b = new Bench();
    b.setupTx(8);
    const p = packet({ version: 4, proto: 6, payload: 101, offload: true });
    const wanted = packet({ version: 4, proto: 6, payload: 101 });
    sendLegacy(b, p.bytes, EOP | IFCS | IC | (p.check << 16), p.l4 << 8);
    b.run();
    const out = sentBytes(b)[0];
    expect([out[p.check], out[p.check + 1]]).toEqual([wanted.bytes[p.check], wanted.bytes[p.check + 1]]);
  });

  test('context and data descriptors make the checksums that software would have made', () => {
    const spec = fc.record({
      version: fc.constantFrom<4 | 6>(4, 6),
      proto: fc.constantFrom<6 | 17>(6, 17),
      payload: fc.integer({ min: 0, max: 1400 }),
      options: fc.constantFrom(0, 12),
      split: fc.integer({ min: 1, max: 41 }),
    });
    fc.assert(
      fc.property(spec, (s) => {
        const b = new Bench({ checked: false });
        b.setupTx(16);
        const p = packet({ ...s, offload: true });
        const at = b.place(p.bytes);
        const tcp = s.proto === 6 ? TUCMD_TCP : 0;
        const ipWord = p.ip | ((p.ip + 10) << 8) | ((p.l4 - 1) << 16);
        b.txPut(ipWord, p.l4 | (p.check << 8), DEXT | tcp, 0, false);
        const popts = TXSM | (s.version === 4 ? IXSM : 0);
        b.txPut(at, 0, s.split | DATA, popts, false);
        b.txPut(at + s.split, 0, (p.bytes.length - s.split) | DATA | EOP | IFCS | RS, 0);
        b.run();
        const wanted = packet(s).bytes;
        expect(b.peer.received[0].bytes.slice(0, wanted.length)).toEqual(wanted);
      }),
      { numRuns: runs(60) },
    );
  });

  test('a UDP checksum of 0 is sent as ffff', () => {
    const b = new Bench();
    b.setupTx(8);
    const p = packet({ version: 4, proto: 17, payload: 2, offload: true });
    // Choose the payload so that the sum over it all is ffff.
    p.bytes.fill(0, p.l4 + 8);
    const sum = slowSum(p.bytes, p.l4, p.bytes.length);
    p.bytes[p.l4 + 8] = (0xffff - sum) >>> 8;
    p.bytes[p.l4 + 9] = 0xffff - sum;
    b.txPut(0, p.l4 | (p.check << 8), DEXT, 0, false);
    b.txPut(b.place(p.bytes), 0, p.bytes.length | DATA | EOP | IFCS, TXSM);
    b.run();
    const out = sentBytes(b)[0];
    expect([out[p.check], out[p.check + 1]]).toEqual([0xff, 0xff]);
  });
});

describe('what is not sent', () => {
  test('segmentation without a context, no data, too much data, an unknown type: completed, counted, the next one leaves', () => {
    const b = new Bench();
    b.setupTx(32);
    const at = b.place(frameTo(PEER, 2000));
    const bad = [
      b.txPut(at, 0, 100 | DATA | EOP | IFCS | RS | TSE, 0),
      b.txPut(at, 0, 0 | EOP | IFCS | RS, 0),
      b.txPut(at, 0, 0xfffff | DATA | EOP | IFCS | RS, 0),
      b.txPut(at, 0, 100 | DEXT | (5 << 20) | EOP | IFCS | RS, 0),
    ];
    sendLegacy(b, frameTo(PEER, 70));
    b.run();
    expect(sentBytes(b)).toEqual([frameTo(PEER, 70)]);
    expect(bad.map((i) => b.txWords(i)[3] & 1)).toEqual([1, 1, 1, 1]);
    expect(b.nic.txErrors).toMatchObject({ segmentation: 1, length: 2, noEndOfPacket: 0, descriptorType: 1 });
    expect(b.nic.dropRecord()).toEqual({ NIC_TX_ABORT: 4 });
    expect(b.read(REG.TSCTFC)).toBe(1);
  });

  test('data that cannot be read: the frame is dropped as NIC_DMA_ABORT, its descriptor completes', () => {
    const b = new Bench();
    b.setupTx(8);
    const at = b.place(frameTo(PEER, 100));
    b.txPut(at, 0, 50 | DATA, 0, false);
    const last = b.txPut(0x7ff00000, 0, 50 | DATA | EOP | IFCS | RS, 0);
    b.txPut(at, 1, 100 | EOP | IFCS | RS, 0);
    b.run();
    expect(b.peer.received.length).toBe(0);
    expect(b.txWords(last)[3] & 1).toBe(1);
    expect(b.nic.dropRecord()).toEqual({ NIC_DMA_ABORT: 2 });
    expect(b.pool.live).toBe(0);
  });

  test('a chain of 64 descriptors without an end is discarded up to its end', () => {
    const b = new Bench();
    b.setupTx(128);
    const at = b.place(frameTo(PEER, 100));
    for (let i = 0; i < 100; i++) b.txPut(at, 0, 1 | DATA | (i === 99 ? EOP | RS : 0), 0, false);
    sendLegacy(b, frameTo(PEER, 70));
    b.run();
    expect(sentBytes(b)).toEqual([frameTo(PEER, 70)]);
    expect(b.nic.txErrors.noEndOfPacket).toBe(1);
    expect(b.nic.dropRecord()).toEqual({ NIC_TX_ABORT: 1 });
    expect(b.read(REG.TDH)).toBe(101);
  });

  test('with the link down nothing leaves and nothing completes; link up lets it go', () => {
    const b = new Bench();
    b.setupTx(8);
    b.link.down();
    b.run();
    const i = sendLegacy(b, frameTo(PEER, 100));
    b.run();
    expect(b.txWords(i)[3] & 1).toBe(0);
    expect(b.read(REG.TDH)).toBe(0);
    b.link.up();
    b.run();
    expect(b.peer.received.length).toBe(1);
    expect(b.txWords(i)[3] & 1).toBe(1);
  });

  test('transmitter off, then on', () => {
    const b = new Bench();
    b.setupTx(8);
    b.write(REG.TCTL, 0);
    sendLegacy(b, frameTo(PEER, 100));
    b.run();
    expect(b.peer.received.length).toBe(0);
    b.write(REG.TCTL, 2);
    b.run();
    expect(b.peer.received.length).toBe(1);
  });

  test('bus mastering off: no descriptor is read, no frame leaves', () => {
    const b = new Bench();
    b.setupTx(8);
    b.setMaster(false);
    sendLegacy(b, frameTo(PEER, 100));
    b.run();
    expect(b.peer.received.length).toBe(0);
    expect(b.fn.counters.dmaReads).toBe(0);
    b.setMaster(true);
    b.write(REG.TDT, 1);
    b.run();
    expect(b.peer.received.length).toBe(1);
  });
});

describe('the transmit FIFO', () => {
  test('holds the chip back when the line is slower than the bus: descriptors complete at the rate of the line', () => {
    const b = new Bench({ rate: '1Gbps' });
    b.setupTx(128);
    for (let i = 0; i < 100; i++) b.txPut(b.place(frameTo(PEER, 1514)), 0, 1514 | EOP | IFCS | RS, 0, false);
    b.write(REG.TDT, 100);
    b.runTo(b.sim.now + 1);
    // 20 KiB hold 13 frames of 1518 bytes.
    expect(b.read(REG.TDH)).toBe(13);
    expect(b.link.a.queuedBytes()).toBeLessThanOrEqual(20 * 1024);
    let most = 0;
    for (let t = 0; t < 1300; t += 10) {
      b.runTo(b.sim.now + 10 * US);
      most = Math.max(most, b.link.a.queuedBytes());
    }
    expect(most).toBeLessThanOrEqual(20 * 1024);
    expect(b.peer.received.length).toBe(100);
    // Back to back: one frame per (8 + 1518 + 12) * 8 ns.
    const times = b.peer.received.map((f) => f.time_ns);
    expect(times[99] - times[0]).toBe(99 * 1538 * 8);
  });
});

describe('reset in the middle', () => {
  test('frames on chip are forgotten without completion, and none leaks', () => {
    const b = new Bench({ rate: '1Gbps' });
    b.setupTx(64);
    for (let i = 0; i < 60; i++) b.txPut(b.place(frameTo(PEER, 1514)), 0, 1514 | EOP | IFCS | RS, 0, false);
    b.write(REG.TDT, 60);
    b.write(REG.CTRL, 0x04140241);
    b.run();
    expect(b.nic.tx.inFlight()).toBe(0);
    expect(b.pool.live).toBe(0);
    expect(hex(b.read(REG.TDT))).toBe(hex(0));
    b.setupTx(8);
    sendLegacy(b, frameTo(PEER, 100));
    b.run();
    expect(b.peer.received.at(-1)?.bytes).toEqual(frameTo(PEER, 100));
  });
});
