import { describe, expect, test } from 'vitest';
import {
  DATA_REG,
  EOP,
  IFCS,
  LBM,
  PAUSE_ADDRESS,
  PEER,
  pause,
  RFCE,
  RS,
  setupFlowControl,
  TFCE,
  UPE,
} from './data-path.js';
import { Bench, frameTo, MAC, REG } from './support.js';

const DPF = 1 << 22;
const PMCF = 1 << 23;
const MPE = 1 << 4;
const XONE = 1 << 31;
const SWXOFF = 1 << 22;
/** 512 bit times at 1 Gb/s. */
const QUANTUM = 512;

function send(b: Bench, count: number, length = 1514): void {
  for (let i = 0; i < count; i++) b.txPut(b.place(frameTo(PEER, length)), 0, length | EOP | IFCS | RS, 0, false);
  b.write(REG.TDT, b.txTail);
}

function counters(b: Bench): number[] {
  const { XOFFRXC, XONRXC, XOFFTXC, XONTXC, FCRUC } = DATA_REG;
  return [XOFFRXC, XONRXC, XOFFTXC, XONTXC, FCRUC].map((r) => b.read(r));
}

describe('a received PAUSE frame', () => {
  test('stops the transmitter for its quanta, after the frame on the line', () => {
    const b = new Bench({ rate: '1Gbps' });
    setupFlowControl(b, RFCE);
    b.setupRx(8, 0);
    b.setupTx(64);
    send(b, 40);
    // Two frames have left and the third is on the line.
    b.runTo(b.sim.now + 2.5 * 12_304);
    const at = b.sim.now;
    b.inject(pause(1000));
    b.run();
    const times = b.peer.received.map((f) => f.time_ns);
    expect(times.length).toBe(40);
    expect(times.filter((t) => t > at && t <= at + 1000 * QUANTUM).length).toBe(1);
    // The first frame after it starts when it ends: preamble, frame and CRC until it has arrived.
    expect(times[3]).toBe(at + 1000 * QUANTUM + (8 + 1518) * 8);
    expect(times[39] - times[3]).toBe(36 * 12_304);
    expect(counters(b)).toEqual([1, 0, 0, 0, 0]);
    expect(b.pool.live).toBe(0);
  });

  test('of 0 quanta ends the silence; a later one replaces it', () => {
    const b = new Bench({ rate: '1Gbps' });
    setupFlowControl(b, RFCE);
    b.setupRx(8, 0);
    b.setupTx(8);
    b.inject(pause(0xffff));
    send(b, 1, 60);
    b.runTo(1_000_000);
    expect(b.peer.received.length).toBe(0);
    b.inject(pause(100));
    b.runTo(1_000_000 + 100 * QUANTUM - 1);
    expect(b.peer.received.length).toBe(0);
    b.inject(pause(0xffff));
    b.runTo(2_000_000);
    b.inject(pause(0));
    b.run();
    expect(b.peer.received.map((f) => f.time_ns)).toEqual([2_000_000 + 72 * 8]);
    expect(counters(b)).toEqual([3, 1, 0, 0, 0]);
  });

  test('at 100 Mb/s a quantum is ten times as long; without a rate it is that of 1 Gb/s', () => {
    for (const [rate, quantum] of [
      ['100Mbps', 5120],
      [0, 512],
    ] as const) {
      const b = new Bench({ rate });
      setupFlowControl(b, RFCE);
      b.setupRx(8, 0);
      b.setupTx(8);
      const t = b.sim.now;
      b.inject(pause(10));
      send(b, 1, 60);
      b.run();
      const line = rate === 0 ? 0 : 72 * 80;
      expect(b.peer.received.map((f) => f.time_ns)).toEqual([t + 10 * quantum + line]);
    }
  });

  test('without RFCE nothing stops; clearing RFCE ends a pause', () => {
    const b = new Bench();
    setupFlowControl(b, 0);
    b.setupRx(8, 0);
    b.setupTx(8);
    b.inject(pause(1000));
    send(b, 1, 60);
    b.runTo(b.sim.now + 10);
    expect(b.peer.received.length).toBe(1);
    setupFlowControl(b, RFCE);
    b.inject(pause(1000));
    send(b, 1, 60);
    b.runTo(b.sim.now + 10);
    expect(b.peer.received.length).toBe(1);
    setupFlowControl(b, 0);
    b.runTo(b.sim.now + 10);
    expect(b.peer.received.length).toBe(2);
  });

  test('to the station address or that of FCAL and FCAH; not to others, nor with another type or opcode', () => {
    const b = new Bench();
    setupFlowControl(b, RFCE);
    b.setupRx(8, UPE | MPE);
    b.inject(pause(1, MAC));
    b.inject(pause(1, PAUSE_ADDRESS));
    b.inject(pause(1, PEER));
    const other = pause(1);
    other[13] = 0x09;
    b.inject(other);
    b.run();
    expect(counters(b)).toEqual([2, 0, 0, 0, 0]);
    b.inject(pause(1, PAUSE_ADDRESS, 0x0101));
    b.run();
    expect(counters(b)).toEqual([0, 0, 0, 0, 1]);
    b.write(DATA_REG.FCT, 0);
    b.inject(pause(1));
    b.inject(frameTo(MAC, 60, 0));
    b.run();
    expect(counters(b)).toEqual([0, 0, 0, 0, 0]);
    expect(b.receiveBalance()).toBe(0);
  });

  test('gets to the host if the filters let it pass and DPF is clear; other opcodes only with PMCF', () => {
    const seen = (rctl: number, bytes: Uint8Array): boolean => {
      const b = new Bench();
      setupFlowControl(b, 0);
      b.setupRx(8, rctl);
      b.inject(bytes);
      b.run();
      expect(b.receiveBalance()).toBe(0);
      return b.nic.rx.delivered[0] === 1;
    };
    expect([seen(0, pause(1)), seen(MPE, pause(1)), seen(MPE | DPF, pause(1))]).toEqual([false, true, false]);
    expect([seen(0, pause(1, MAC)), seen(DPF, pause(1, MAC))]).toEqual([true, false]);
    expect([seen(MPE, pause(1, PAUSE_ADDRESS, 2)), seen(PMCF, pause(1, PAUSE_ADDRESS, 2))]).toEqual([false, true]);
  });

  test('a reset ends the pause; frames that waited are lost, and counted', () => {
    const b = new Bench();
    setupFlowControl(b, RFCE);
    b.setupRx(8, 0);
    b.setupTx(8);
    b.inject(pause(0xffff));
    send(b, 3, 60);
    b.runTo(b.sim.now + 10);
    expect(b.nic.tx.inFlight()).toBe(3);
    b.write(REG.CTRL, 0x04140241);
    b.run();
    expect(b.pool.live).toBe(0);
    expect(b.nic.dropRecord()).toEqual({ NIC_FILTER: 1, NIC_TX_ABORT: 3 });
    expect(b.nic.txErrors.reset).toBe(3);
  });
});

describe('a receive FIFO that fills', () => {
  /** No descriptors: frames pile up. */
  function full(fcrtl: number): Bench {
    const b = new Bench({ rate: '1Gbps' });
    setupFlowControl(b, TFCE);
    b.write(DATA_REG.FCRTH, 4096);
    b.write(DATA_REG.FCRTL, fcrtl);
    b.write(DATA_REG.FCTTV, 200);
    b.setupRx(32, 0, 2048, 0);
    return b;
  }
  const pauses = (b: Bench): [number, number][] =>
    b.peer.received.filter((f) => f.bytes[13] === 0x08).map((f) => [f.time_ns, (f.bytes[16] << 8) | f.bytes[17]]);

  test('sends XOFF at the high threshold, XON below the low one', () => {
    const b = full(1024 | XONE);
    const t = b.sim.now;
    for (let i = 0; i < 6; i++) b.inject(frameTo(MAC, 1000));
    b.run();
    // The fifth brings it to 5020 bytes.
    expect(pauses(b)).toEqual([[t + 72 * 8, 200]]);
    const frame = b.peer.received[0].bytes;
    expect(frame).toEqual(Uint8Array.from([...PAUSE_ADDRESS, ...MAC, 0x88, 8, 0, 1, 0, 200, ...new Array(42).fill(0)]));
    expect(counters(b)).toEqual([0, 0, 1, 0, 0]);
    b.write(REG.RDT, 4);
    b.run();
    expect(pauses(b).length).toBe(1);
    b.write(REG.RDT, 8);
    b.run();
    expect(pauses(b).map((p) => p[1])).toEqual([200, 0]);
    expect(counters(b)).toEqual([0, 0, 0, 1, 0]);
    expect(b.pool.live).toBe(0);
  });

  test('sends XOFF again for a frame that comes when the pause has run out', () => {
    const b = full(1024);
    for (let i = 0; i < 5; i++) b.inject(frameTo(MAC, 1000));
    b.runTo(b.sim.now + 199 * QUANTUM);
    b.inject(frameTo(MAC, 1000));
    b.run();
    expect(pauses(b).length).toBe(1);
    b.runTo(b.sim.now + QUANTUM);
    b.inject(frameTo(MAC, 1000));
    b.run();
    expect(pauses(b).length).toBe(2);
    // Without XONE there is no XON.
    b.write(REG.RDT, 20);
    b.run();
    expect(pauses(b).length).toBe(2);
  });

  test('without TFCE, or with the threshold at 0, nothing is sent', () => {
    for (const [ctrl, fcrth] of [
      [0, 4096],
      [TFCE, 0],
    ]) {
      const b = full(1024);
      setupFlowControl(b, ctrl);
      b.write(DATA_REG.FCRTH, fcrth);
      for (let i = 0; i < 30; i++) b.inject(frameTo(MAC, 1000));
      b.run();
      expect(b.peer.received.length).toBe(0);
    }
  });

  test('two chips: a slow receiver holds the fast sender back, no frame is missed', () => {
    const loss = (ctrl: number): number => {
      const b = new Bench({ rate: '1Gbps' });
      // The far end is a plain MAC: it obeys PAUSE by hand.
      setupFlowControl(b, ctrl);
      b.write(DATA_REG.FCRTH, 8192);
      b.write(DATA_REG.FCRTL, 4096 | XONE);
      b.write(DATA_REG.FCTTV, 0xffff);
      b.setupRx(32, 0, 2048, 0);
      let silent = false;
      b.peer.onFrame = (f) => {
        silent = ((f.bytes[16] << 8) | f.bytes[17]) !== 0;
      };
      let tail = 0;
      for (let i = 0; i < 400; i++) {
        if (!silent) b.peer.send(frameTo(MAC, 1514));
        b.runTo(b.sim.now + 13_000);
        // The driver gives one buffer for every second frame.
        if (i % 2 === 0) {
          tail = (tail + 1) % 32;
          b.armRx((tail + 31) % 32);
          b.write(REG.RDT, tail);
        }
      }
      return b.nic.dropRecord()['NIC_MISSED'] ?? 0;
    };
    expect(loss(TFCE)).toBe(0);
    expect(loss(0)).toBeGreaterThan(50);
  });

  test('a PAUSE frame goes out ahead of data that waits, and in spite of a pause', () => {
    const b = new Bench({ rate: '1Gbps' });
    setupFlowControl(b, RFCE | TFCE);
    b.write(DATA_REG.FCTTV, 7);
    b.setupRx(8, 0);
    b.setupTx(32);
    send(b, 10);
    b.runTo(b.sim.now + 13_000);
    b.write(REG.TCTL, 0xa | SWXOFF);
    expect(b.read(REG.TCTL)).toBe(0xa);
    b.inject(pause(100));
    b.write(REG.TCTL, 0xa | SWXOFF);
    b.run();
    const kinds = b.peer.received.map((f) => (f.bytes[13] === 0x08 ? 'pause' : 'data'));
    expect(kinds.slice(0, 5)).toEqual(['data', 'data', 'pause', 'pause', 'data']);
    expect(kinds.length).toBe(12);
    expect(counters(b)).toEqual([1, 0, 2, 0, 0]);
    // PAUSE frames are in the total, not among the good ones.
    expect(b.read(REG.TPT)).toBe(12);
    expect(b.read(0x4080)).toBe(10);
  });
});

describe('loopback of the MAC', () => {
  test('frames come back and do not leave, even without a link', () => {
    const b = new Bench();
    b.link.down();
    b.run();
    b.setupRx(8, LBM | UPE);
    b.setupTx(8);
    send(b, 2, 100);
    b.run();
    expect(b.nic.rx.delivered[0]).toBe(2);
    expect(b.rxData(0, 100)).toEqual(frameTo(PEER, 100));
    expect(b.peer.received.length).toBe(0);
    b.link.up();
    b.setupRx(8, UPE);
    send(b, 1, 100);
    b.run();
    expect(b.peer.received.length).toBe(1);
    expect(b.receiveBalance()).toBe(0);
    expect(b.pool.live).toBe(0);
  });

  test('a PAUSE frame that comes back stops nothing', () => {
    const b = new Bench();
    setupFlowControl(b, RFCE | TFCE);
    b.setupRx(8, LBM | UPE);
    b.setupTx(8);
    const bytes = pause(0xffff);
    b.txPut(b.place(bytes), 0, 60 | EOP | IFCS, 0);
    send(b, 1, 100);
    b.run();
    expect(b.nic.rx.delivered[0]).toBe(1);
    expect(counters(b)).toEqual([1, 0, 0, 0, 0]);
    expect(b.pool.live).toBe(0);
  });
});
