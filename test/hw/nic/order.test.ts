import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloneGraph } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import { LatePorts } from './late-port.js';
import { Bench, frameTo, MAC, mac, RCTL_SECRC, REG, RXT0 } from './support.js';

const PEER = mac('02:00:00:00:00:99');
const LEGACY = (1 << 24) | (1 << 25) | (1 << 27);

/** A bench on the direct port (latency 0) or on a slow bus. */
function bench(latency: number, rate: number | string = 0): Bench {
  if (latency === 0) return new Bench({ rate });
  const made: LatePorts[] = [];
  const b = new Bench({
    rate,
    ports: (rc) => {
      made.push(new LatePorts(rc, latency));
      return made[0];
    },
  });
  made[0].ports[0].log = b.log;
  b.upstream = made[0].ports[0];
  return b;
}

const schedule = fc.array(
  fc.record({ gap: fc.integer({ min: 0, max: 3000 }), length: fc.integer({ min: 60, max: 1514 }) }),
  {
    minLength: 1,
    maxLength: 40,
  },
);

describe.each([0, 700])('a bus of latency %i ns', (latency) => {
  test('no MSI is seen before the descriptors written for it have DD and their data', () => {
    let interrupts = 0;
    fc.assert(
      fc.property(schedule, fc.integer({ min: 0, max: 20 }), (frames, itr) => {
        const b = bench(latency);
        b.enableMsi();
        b.setupRx(64, RCTL_SECRC);
        b.read(REG.ICR);
        b.write(REG.ITR, itr);
        b.write(REG.IMS, RXT0);
        let seen = 0;
        let bad = '';
        const poll = () => {
          for (; (b.rxWords(seen)[3] & 1) === 1; seen++) {
            const data = b.rxData(seen, b.rxWords(seen)[2] & 0xffff);
            const wanted = frameTo(MAC, frames[seen].length);
            if (data.length !== wanted.length || data.some((byte, at) => byte !== wanted[at])) bad = 'data';
          }
        };
        b.log.handler = () => {
          interrupts++;
          // What a driver finds in memory as the message arrives must hold a new frame, with its contents.
          const before = seen;
          poll();
          if (seen === before) bad = 'nothing new';
          // Reading ICR pushes what is posted ahead of it, so that no frame is acknowledged unseen.
          b.read(REG.ICR);
          poll();
        };
        for (const f of frames) {
          b.runTo(b.sim.now + f.gap);
          b.inject(frameTo(MAC, f.length));
        }
        b.run();
        expect(bad).toBe('');
        expect(seen).toBe(frames.length);
        expect(b.nic.rx.delivered[0]).toBe(frames.length);
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(60) },
    );
    expect(interrupts).toBeGreaterThan(0);
  });

  test('both directions carry every frame, in order and unchanged', () => {
    fc.assert(
      fc.property(schedule, (frames) => {
        const b = bench(latency, '1Gbps');
        b.setupRx(64, RCTL_SECRC);
        b.setupTx(64);
        for (const f of frames) {
          b.runTo(b.sim.now + f.gap);
          b.txPut(b.place(frameTo(PEER, f.length)), 0, f.length | LEGACY, 0);
          b.peer.send(frameTo(MAC, f.length));
        }
        b.run();
        expect(b.peer.received.map((r) => r.bytes)).toEqual(frames.map((f) => frameTo(PEER, f.length)));
        for (const [i, f] of frames.entries()) expect(b.rxData(i, f.length)).toEqual(frameTo(MAC, f.length));
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(30) },
    );
  });

  test('reset, ring and link changes at any moment leak no frame and leave a working chip', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 2000 }),
      what: fc.constantFrom('rx', 'tx', 'reset', 'rxring', 'txring', 'down', 'up', 'off', 'on'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const b = bench(latency, '1Gbps');
        b.setupRx(16, 0);
        b.setupTx(16);
        for (const { wait, what } of steps) {
          b.runTo(b.sim.now + wait);
          if (what === 'rx') b.inject(frameTo(MAC, 500));
          else if (what === 'tx') b.txPut(b.place(frameTo(PEER, 500)), 0, 500 | LEGACY, 0);
          else if (what === 'reset') b.write(REG.CTRL, 0x04140241);
          else if (what === 'rxring') b.write(REG.RDH, 0);
          else if (what === 'txring') b.setupTx(16);
          else if (what === 'down') b.link.down();
          else if (what === 'up') b.link.up();
          else b.setMaster(what === 'on');
        }
        b.run();
        expect(b.receiveBalance()).toBe(0);
        b.setMaster(true);
        b.link.up();
        b.write(REG.CTRL, 0x04140241);
        b.run();
        expect(b.pool.live).toBe(0);
        expect(b.nic.tx.inFlight()).toBe(0);
        b.setupRx(16, RCTL_SECRC);
        b.setupTx(16);
        b.peer.received = [];
        b.peer.send(frameTo(MAC, 77));
        b.txPut(b.place(frameTo(PEER, 88)), 0, 88 | LEGACY, 0);
        b.run();
        expect(b.rxData(0, 77)).toEqual(frameTo(MAC, 77));
        expect(b.peer.received.map((r) => r.bytes)).toEqual([frameTo(PEER, 88)]);
      }),
      { numRuns: runs(80) },
    );
  });
});

describe('what is under way when software starts anew', () => {
  const LATENCY = 700;

  test('a descriptor fetch of the old ring is not used for the new one', () => {
    const b = bench(LATENCY);
    b.setupRx(8, RCTL_SECRC);
    b.setupRx(8, RCTL_SECRC, 2048, 0);
    const old = b.memory.alloc(2048, 64);
    const w = b.rxRing >> 2;
    const fresh = b.rxBuffers[0];
    b.arena.i32[w] = old;
    // The fetch of descriptor 0 is under way when software points it elsewhere and starts the ring again.
    b.write(REG.RDT, 7);
    b.runTo(b.sim.now + LATENCY / 2);
    b.write(REG.RCTL, 0);
    b.write(REG.RDH, 0);
    b.runTo(b.sim.now + LATENCY);
    b.arena.i32[w] = fresh;
    b.write(REG.RCTL, 2 | RCTL_SECRC);
    b.inject(frameTo(MAC, 99));
    b.run();
    expect(b.rxData(0, 99)).toEqual(frameTo(MAC, 99));
  });

  test('a data read of the old ring goes to a frame that is not in use for the new one', () => {
    const b = bench(LATENCY);
    b.setupTx(8);
    b.txPut(b.place(frameTo(PEER, 500)), 0, 500 | LEGACY, 0);
    // The descriptor is here, its data under way.
    b.runTo(b.sim.now + LATENCY + LATENCY / 2);
    expect(b.nic.tx.inFlight()).toBe(1);
    expect(b.pool.live).toBe(1);
    b.setupTx(8);
    b.txPut(b.place(frameTo(PEER, 70)), 0, 70 | LEGACY, 0);
    expect(b.pool.live).toBe(1);
    b.run();
    expect(b.peer.received.map((r) => r.bytes)).toEqual([frameTo(PEER, 70)]);
    expect(b.pool.live).toBe(0);
  });
});

describe('a clone in mid-transfer', () => {
  test('goes on exactly as its original does', () => {
    const b = new Bench({ rate: '1Gbps' });
    b.setupRx(32, RCTL_SECRC);
    b.setupTx(64);
    b.write(REG.RDTR, 20);
    b.write(REG.IMS, RXT0);
    for (let i = 0; i < 50; i++) b.txPut(b.place(frameTo(PEER, 1514)), 0, 1514 | LEGACY, 0, false);
    b.write(REG.TDT, 50);
    for (let i = 0; i < 20; i++) b.peer.send(frameTo(MAC, 60 + 50 * i));
    b.runTo(b.sim.now + 90_000);
    expect(b.nic.tx.output.sent[0]).toBeGreaterThan(5);
    expect(b.nic.tx.output.sent[0]).toBeLessThan(50);
    const copy = cloneGraph(b);
    for (const x of [copy, b]) x.run();
    const state = (x: Bench) => [x.sim.digestHex(), x.sim.now, x.nic.registers, x.peer.received, x.log.intxEdges];
    expect(b.peer.received.length).toBe(50);
    expect(state(copy)).toEqual(state(b));
    expect(copy.arena.u8.slice(0, 1 << 20)).toEqual(b.arena.u8.slice(0, 1 << 20));
  });
});
