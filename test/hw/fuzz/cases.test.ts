import { describe, expect, test } from 'vitest';
import { wireFrame } from '../../support/fuzz-actions.js';
import { alive, conserved, finish } from '../../support/fuzz-checks.js';
import { FuzzRig, PM } from '../../support/fuzz-rig.js';

const CTRL_RFCE = 0x08140241;
const CTRL_TFCE = 0x10140241;

/** Found by the programs of this folder, and kept. */
describe('recorded cases', () => {
  test('paused 1100 frames of one byte', () => {
    const rig = new FuzzRig({ rate: '1Gbps', nic: {} });
    rig.write(0x0000, CTRL_RFCE);
    rig.write(0x0030, 0x8808);
    rig.write(0x0028, 0x00c28001);
    rig.write(0x002c, 0x0100);
    rig.write(0x0100, 0x04008002);
    // Without PSP short frames stay short.
    rig.write(0x0400, 2);
    rig.setupRing(2, 128, 0);
    const pause = wireFrame(4, 60);
    pause.set([0xff, 0xff], 16);
    rig.peer.send(pause);
    rig.pass(10_000);
    for (let k = 0; k < 1100; k++) {
      rig.put(2, rig.data(k), 0, 1 | (0x0b << 24), 0);
      rig.kick(2);
      rig.settle();
    }
    expect(conserved(rig)).toBe('');
    finish(rig);
    expect(rig.peer.received.length).toBe(1100);
    alive(rig);
  });

  test('PME enabled CTRL.RST', () => {
    const rig = new FuzzRig({ rate: 0, nic: { wake: true } });
    rig.config(PM + 4, 2, 0x0100);
    expect(rig.read(0x5800) & 6).toBe(2);
    rig.write(0x0000, 0x04140241);
    expect(rig.read(0x5800) & 6).toBe(2);
  });

  test('no link SWXOFF', () => {
    const rig = new FuzzRig({ rate: 0, nic: {} });
    rig.write(0x0000, CTRL_TFCE);
    rig.link.down();
    rig.drain();
    rig.write(0x0400, 0x0040000a);
    rig.drain();
    expect(rig.read(0x4054)).toBe(0);
    expect(rig.peer.received.length).toBe(0);
    rig.link.up();
    rig.drain();
    rig.write(0x0400, 0x0040000a);
    rig.drain();
    expect(rig.read(0x4054)).toBe(1);
    expect(rig.peer.received.length).toBe(1);
  });

  test('transmit data under way ring written', () => {
    const rig = new FuzzRig({ rate: '100Mbps', nic: {} });
    rig.setupRing(2, 128, 0);
    rig.write(0x0400, 0xa);
    for (let k = 0; k < 60; k++) rig.put(2, rig.data(k * 64), 0, 1514 | (0x0b << 24), 0);
    rig.kick(2);
    rig.settle();
    // The FIFO has room again before its timer fires: the write of the tail starts reads.
    rig.pass(500_000);
    const reads = rig.port.reads;
    rig.kick(2);
    expect(rig.port.reads).toBeGreaterThan(reads);
    rig.write(0x3800, rig.ring(2));
    rig.settle();
    expect(conserved(rig)).toBe('');
    finish(rig);
    alive(rig);
  });

  test('transmit packets that wait for the link CTRL.RST', () => {
    const rig = new FuzzRig({ rate: 0, nic: {} });
    rig.setupRing(2, 16, 0);
    rig.write(0x0400, 0xa);
    rig.put(2, rig.data(0), 0, 100 | (0x0b << 24), 0);
    rig.kick(2);
    // The carrier goes between the fetch of the descriptor and the end of the data read.
    rig.link.down();
    rig.settle();
    expect(rig.nic.tx.inFlight()).toBe(1);
    rig.write(0x0000, 0x04140241);
    rig.settle();
    expect([rig.nic.tx.inFlight(), rig.pool.live]).toEqual([0, 0]);
    alive(rig);
  });

  test('transmit packet of a bad type without an end CTRL.RST', () => {
    const rig = new FuzzRig({ rate: 0, nic: {} });
    rig.setupRing(2, 16, 0);
    rig.write(0x0400, 0xa);
    rig.put(2, rig.data(0), 0, 100 | (0x2a2 << 20), 0);
    rig.kick(2);
    rig.drain();
    expect(rig.nic.txErrors.descriptorType).toBe(1);
    alive(rig);
  });

  test("receive ring in another host's memory frame: master abort, the frame waits, nothing there changes", () => {
    const rig = new FuzzRig({ rate: 0, nic: {} });
    rig.write(0x0100, 0x04008002);
    rig.write(0x2800, rig.other);
    rig.write(0x2808, 256);
    rig.write(0x2818, 8);
    rig.peer.send(wireFrame(0, 100));
    rig.drain();
    expect(rig.configRead(0x06, 2) & 0x2000).toBe(0x2000);
    expect(rig.rc.errors.records.length).toBeGreaterThan(0);
    expect([rig.nic.receiveInFlight(), rig.read(0x2810)]).toEqual([1, 0]);
    expect(rig.foreignChange()).toBe('');
    alive(rig);
  });

  test("receive buffer in another host's memory frame: the write is refused and logged, the ring goes on", () => {
    const rig = new FuzzRig({ rate: 0, nic: {} });
    rig.setupRing(0, 16, 0);
    rig.store(rig.ring(0), rig.other);
    rig.write(0x2818, 15);
    rig.write(0x0100, 0x04008002);
    rig.peer.send(wireFrame(0, 100));
    rig.peer.send(wireFrame(0, 100));
    rig.drain();
    expect(rig.fn.counters.unsupportedRequest).toBe(1);
    expect(rig.read(0x2810)).toBe(2);
    expect(rig.foreignChange()).toBe('');
    alive(rig);
  });

  test("data in another host's memory send: not sent, reported done, counted", () => {
    const rig = new FuzzRig({ rate: 0, nic: {} });
    rig.setupRing(2, 16, 0);
    rig.write(0x0400, 0xa);
    rig.put(2, rig.other, 0, 100 | (0x0b << 24), 0);
    rig.kick(2);
    rig.drain();
    expect(rig.peer.received.length).toBe(0);
    expect(rig.nic.dropRecord()).toEqual({ NIC_DMA_ABORT: 1 });
    expect(rig.load(rig.ring(2) + 12) & 1).toBe(1);
    expect(rig.configRead(0x06, 2) & 0x2000).toBe(0x2000);
    alive(rig);
  });

  test('slow bus transmit data under way ring written: the frame lives until its data has come, and is counted', () => {
    for (const reset of [false, true]) {
      const rig = new FuzzRig({ rate: 0, slow: true, nic: {} });
      rig.setupRing(2, 16, 0);
      rig.write(0x0400, 0xa);
      rig.put(2, rig.data(0), 0, 100 | (0x0b << 24), 0);
      rig.kick(2);
      // The descriptor is here, its data is not.
      rig.pass(1000);
      expect([rig.nic.tx.inFlight(), rig.pool.live]).toEqual([1, 1]);
      if (reset) rig.write(0x0000, 0x04140241);
      else rig.write(0x3800, rig.ring(2));
      expect([rig.nic.tx.inFlight(), rig.pool.live]).toEqual([0, 1]);
      expect([rig.nic.dropRecord(), rig.nic.txErrors.ring]).toEqual([{ NIC_TX_ABORT: 1 }, 1]);
      expect(conserved(rig)).toBe('');
      finish(rig);
      expect(rig.pool.live).toBe(0);
      alive(rig);
    }
  });

  test('bus mastering off with descriptors on chip frame: it waits; on again, it is stored', () => {
    for (const rfctl of [0, 0x9000]) {
      const rig = new FuzzRig({ rate: 0, nic: {} });
      rig.write(0x5008, rfctl);
      rig.setupRing(0, 16, 15);
      rig.write(0x0100, 0x04008002);
      rig.drain();
      rig.config(0x04, 2, 2);
      for (let k = 0; k < 3; k++) rig.peer.send(wireFrame(0, 100));
      rig.drain();
      expect([rig.nic.rx.delivered[0], rig.nic.receiveInFlight(), rig.read(0x2810)]).toEqual([0, 3, 0]);
      expect(rig.fn.counters.dmaWriteMasterOff).toBe(0);
      rig.config(0x04, 2, 6);
      rig.drain();
      expect([rig.nic.rx.delivered[0], rig.nic.receiveInFlight(), rig.read(0x2810)]).toEqual([3, 0, 3]);
      expect(conserved(rig)).toBe('');
      alive(rig);
    }
  });
});
