import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloneGraph } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import {
  CTRL_RESET,
  checksumsRight,
  DATA,
  DATA_REG,
  DEXT,
  EOP,
  get16,
  IFCS,
  put16,
  RS,
  TSE,
  TUCMD_IP,
  TUCMD_SNAP,
  TUCMD_TCP,
  tagged,
  VME,
} from './data-path.js';
import { LatePorts } from './late-port.js';
import { type BigPacket, bigPacket, expectedSegments, payloadOf, sendBig } from './segments.js';
import { Bench, frameTo, MAC, REG } from './support.js';

const any: fc.Arbitrary<BigPacket> = fc.record({
  version: fc.constantFrom<4 | 6>(4, 6),
  proto: fc.constantFrom<6 | 17>(6, 6, 6, 17),
  tcpOptions: fc.constantFrom(0, 12, 40),
  payload: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 9000 })),
  mss: fc.oneof(fc.integer({ min: 17, max: 200 }), fc.integer({ min: 400, max: 9000 })),
  sequence: fc.oneof(fc.constant(0xffffff00), fc.nat()),
  identification: fc.oneof(fc.constant(0xfffe), fc.nat(0xffff)),
  flags: fc.nat(255),
});
const cuts = fc.array(fc.nat(20_100), { maxLength: 20 });

function sent(b: Bench): Uint8Array[] {
  return b.peer.received.map((f) => f.bytes);
}

/** The frame without the padding of short ones. */
function trimmed(frame: Uint8Array, wanted: Uint8Array): Uint8Array {
  return frame.length === 60 && wanted.length < 60 ? frame.slice(0, wanted.length) : frame;
}

describe('segmentation', () => {
  test('makes the frames that a stack without it would make, whatever the cuts between descriptors', () => {
    fc.assert(
      fc.property(any, cuts, (p, at) => {
        const b = new Bench({ checked: false });
        b.setupTx(64);
        const made = bigPacket(p);
        const last = sendBig(b, p, made, at);
        b.run();
        const wanted = expectedSegments(p, made);
        const got = sent(b).map((f, i) => trimmed(f, wanted[i] ?? f));
        expect(got.length).toBe(wanted.length);
        got.forEach((frame, i) => {
          expect(frame).toEqual(wanted[i]);
          expect(checksumsRight(frame)).toBe(true);
        });
        const data = sent(b).flatMap((f) => [...payloadOf(f, made)]);
        expect(Uint8Array.from(data)).toEqual(made.bytes.slice(made.header));
        expect(b.txWords(last)[3] & 1).toBe(1);
        expect(b.read(DATA_REG.TSCTC)).toBe(1);
        expect(b.read(REG.TDH)).toBe(b.txTail);
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(60, 2000) },
    );
  });

  test('64 KiB through a FIFO of 20 KiB at the rate of the line, back to back, one completion at the end', () => {
    const p: BigPacket = {
      version: 4,
      proto: 6,
      tcpOptions: 12,
      payload: 65_000,
      mss: 1448,
      sequence: 7,
      identification: 1,
      flags: 0x19,
    };
    const b = new Bench({ rate: '1Gbps' });
    b.setupTx(64);
    const made = bigPacket(p);
    const last = sendBig(b, p, made, [66, 4162, 20_000, 40_000]);
    b.runTo(b.sim.now + 200_000);
    expect(b.peer.received.length).toBeLessThan(45);
    expect(b.txWords(last)[3] & 1).toBe(0);
    expect(b.link.a.queuedBytes()).toBeLessThanOrEqual(20 * 1024);
    b.run();
    expect(sent(b)).toEqual(expectedSegments(p, made));
    expect(b.txWords(last)[3] & 1).toBe(1);
    const times = b.peer.received.map((f) => f.time_ns);
    expect(times[43] - times[0]).toBe(43 * 1538 * 8);
  });

  test('a slow bus: the same frames, a plain one behind them stays behind', () => {
    fc.assert(
      fc.property(any, cuts, fc.integer({ min: 1, max: 2000 }), (p, at, latency) => {
        const made: LatePorts[] = [];
        const b = new Bench({
          checked: false,
          ports: (rc) => {
            made.push(new LatePorts(rc, latency));
            return made[0];
          },
        });
        b.upstream = made[0].ports[0];
        b.setupTx(64);
        const big = bigPacket(p);
        sendBig(b, p, big, at);
        b.txPut(b.place(frameTo(MAC, 77)), 0, 77 | EOP | IFCS | RS, 0);
        b.run();
        const wanted = expectedSegments(p, big);
        const got = sent(b);
        expect(got.length).toBe(wanted.length + 1);
        expect(got.slice(0, -1).map((f, i) => trimmed(f, wanted[i]))).toEqual(wanted);
        expect(got.at(-1)).toEqual(frameTo(MAC, 77));
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(25, 500) },
    );
  });

  test('with a VLAN tag in the first descriptor each frame has it, and its checksums are right', () => {
    fc.assert(
      fc.property(any, cuts, fc.nat(0xffff), (p, at, tci) => {
        const b = new Bench({ checked: false });
        b.write(REG.CTRL, CTRL_RESET | VME);
        b.setupTx(64);
        const made = bigPacket(p);
        sendBig(b, p, made, at, tci);
        b.run();
        const wanted = expectedSegments(p, made).map((f) => tagged(f, tci));
        expect(sent(b).map((f, i) => trimmed(f, wanted[i]))).toEqual(wanted);
      }),
      { numRuns: runs(30, 500) },
    );
  });

  test('SNAP: the length field of each frame', () => {
    const p: BigPacket = {
      version: 4,
      proto: 6,
      tcpOptions: 0,
      payload: 1000,
      mss: 400,
      sequence: 1,
      identification: 1,
      flags: 16,
    };
    const b = new Bench();
    b.setupTx(8);
    const plain = bigPacket(p);
    // Length, LLC and SNAP header (8 bytes) in front of the IP header.
    const bytes = new Uint8Array(plain.bytes.length + 8);
    bytes.set(plain.bytes.subarray(0, 12));
    bytes.set([0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], 12);
    bytes.set(plain.bytes.subarray(14), 22);
    const ip = 22 | (32 << 8) | (41 << 16);
    b.txPut(ip, 42 | (58 << 8), 1000 | DEXT | TSE | TUCMD_TCP | TUCMD_IP | TUCMD_SNAP, (62 << 8) | (400 << 16), false);
    b.txPut(b.place(bytes), 0, bytes.length | DATA | TSE | IFCS | EOP | RS, 0x300);
    b.run();
    expect(sent(b).map((f) => [f.length, get16(f, 12)])).toEqual([
      [462, 448],
      [462, 448],
      [262, 248],
    ]);
  });

  test('a clone in the middle of a packet goes on as its original', () => {
    const p: BigPacket = {
      version: 6,
      proto: 6,
      tcpOptions: 12,
      payload: 40_000,
      mss: 1000,
      sequence: 1,
      identification: 0,
      flags: 24,
    };
    const b = new Bench({ rate: '1Gbps' });
    b.setupTx(16);
    const made = bigPacket(p);
    sendBig(b, p, made, [9000]);
    b.runTo(b.sim.now + 100_000);
    const copy = cloneGraph(b);
    copy.run();
    b.run();
    expect(sent(b)).toEqual(expectedSegments(p, made));
    expect(sent(copy)).toEqual(sent(b));
    expect(copy.sim.digestHex()).toBe(b.sim.digestHex());
  });
});

describe('what is not segmented', () => {
  const p: BigPacket = {
    version: 4,
    proto: 6,
    tcpOptions: 0,
    payload: 1000,
    mss: 400,
    sequence: 1,
    identification: 1,
    flags: 16,
  };

  /** Sends `p` with a changed context; how many frames left, and the errors. */
  function attempt(context: { ip?: number; l4?: number; payload?: number; header?: number; mss?: number }): number[] {
    const b = new Bench();
    b.setupTx(16);
    const made = bigPacket(p);
    const header = context.header ?? made.header;
    const sizes = (header << 8) | ((context.mss ?? p.mss) << 16);
    const command = DEXT | TSE | TUCMD_TCP | TUCMD_IP | (context.payload ?? p.payload);
    b.txPut((context.ip ?? 14) | (24 << 8) | (33 << 16), (context.l4 ?? 34) | (50 << 8), command, sizes, false);
    const last = b.txPut(b.place(made.bytes), 0, made.bytes.length | DATA | TSE | IFCS | EOP | RS, 0x300);
    b.txPut(b.place(frameTo(MAC, 70)), 0, 70 | EOP | IFCS, 0);
    b.run();
    expect(b.txWords(last)[3] & 1).toBe(1);
    expect(sent(b).at(-1)).toEqual(frameTo(MAC, 70));
    expect(b.pool.live).toBe(0);
    return [b.peer.received.length - 1, b.nic.txErrors.segmentation, b.read(REG.TSCTFC), b.read(DATA_REG.TSCTC)];
  }

  test.each([
    ['an MSS of 16', { mss: 16 }],
    ['no MSS', { mss: 0 }],
    ['an MSS beyond the longest frame', { mss: 9300 }],
    ['headers that end before TCP does', { header: 50, payload: 1004 }],
    ['IP before the Ethernet header ends', { ip: 10 }],
    ['TCP inside the IP header', { l4: 30 }],
    ['more PAYLEN than data', { payload: 1001 }],
    ['more data than PAYLEN', { payload: 999 }],
    ['no headers', { header: 0, payload: 1054 }],
  ])('%s: completed, counted, the next packet leaves', (_what, context) => {
    expect(attempt(context)).toEqual([0, 1, 1, 0]);
  });

  test('the same with a context that fits: three frames', () => {
    expect(attempt({})).toEqual([3, 0, 0, 1]);
  });

  test('data that cannot be read ends the packet: one NIC_DMA_ABORT for the frame and one for the rest', () => {
    const b = new Bench();
    b.setupTx(16);
    const made = bigPacket(p);
    const at = b.place(made.bytes);
    b.txPut(
      14 | (24 << 8) | (33 << 16),
      34 | (50 << 8),
      1000 | DEXT | TSE | TUCMD_TCP | TUCMD_IP,
      (54 << 8) | (100 << 16),
      false,
    );
    b.txPut(at, 0, 154 | DATA | TSE | IFCS, 0x300, false);
    const last = b.txPut(0x7ff00000, 0, 900 | DATA | TSE | EOP | RS, 0x300);
    b.txPut(b.place(frameTo(MAC, 70)), 0, 70 | EOP | IFCS, 0);
    b.run();
    expect(sent(b).map((f) => f.length)).toEqual([154, 70]);
    expect(b.txWords(last)[3] & 1).toBe(1);
    const lost = b.nic.dropRecord()['NIC_DMA_ABORT'];
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(9);
    expect(b.pool.live).toBe(0);
  });

  test('headers that cannot be read: nothing leaves, one NIC_DMA_ABORT', () => {
    const b = new Bench();
    b.setupTx(16);
    b.txPut(
      14 | (24 << 8) | (33 << 16),
      34 | (50 << 8),
      1000 | DEXT | TSE | TUCMD_TCP | TUCMD_IP,
      (54 << 8) | (100 << 16),
      false,
    );
    const last = b.txPut(0x7ff00000, 0, 1054 | DATA | TSE | IFCS | EOP | RS, 0x300);
    b.run();
    expect(b.peer.received.length).toBe(0);
    expect(b.txWords(last)[3] & 1).toBe(1);
    expect(b.nic.dropRecord()).toEqual({ NIC_DMA_ABORT: 1 });
    expect(b.read(REG.TSCTFC)).toBe(1);
  });

  test('a reset in mid-packet leaks nothing, and the ring works again', () => {
    const q = { ...p, payload: 60_000, mss: 1000 };
    for (const wait of [0, 1, 50_000, 200_000]) {
      const b = new Bench({ rate: '1Gbps' });
      b.setupTx(16);
      sendBig(b, q, bigPacket(q), [100]);
      if (wait > 0) b.runTo(b.sim.now + wait);
      b.write(REG.CTRL, CTRL_RESET | (1 << 26));
      b.run();
      expect(b.pool.live).toBe(0);
      b.setupTx(16);
      b.peer.received = [];
      const made = bigPacket(p);
      sendBig(b, p, made, []);
      b.run();
      expect(sent(b)).toEqual(expectedSegments(p, made));
    }
  });

  test('the slow reference sees a wrong sum', () => {
    const made = bigPacket(p);
    const [frame] = expectedSegments(p, made);
    expect(checksumsRight(frame)).toBe(true);
    put16(frame, 60, get16(frame, 60) ^ 1);
    expect(checksumsRight(frame)).toBe(false);
  });
});
