import { describe, expect, test } from 'vitest';
import { Bench, frameTo, hex, MAC, RCTL_BAM, REG } from './support.js';

// Cases that were measured, by register accesses and a virtual clock, on another model of this chip (QEMU's e1000e). What differs here
// differs on purpose, and each such line says why.

const EOP_IFCS_RS = 0x0b;
const TXDW_TXQE = 3;

/** The 16 bytes of a descriptor in the order of memory. */
function bytes(b: Bench, at: number): string {
  return Buffer.from(b.arena.u8.slice(at, at + 16)).toString('hex');
}

describe('cases measured on another model of this chip', () => {
  test('power-on station address read', () => {
    const b = new Bench();
    expect([hex(b.read(REG.RAL)), hex(b.read(REG.RAH))]).toEqual(['aa005452', '8000ccbb']);
  });

  test('legacy receive ring, INTx enabled, one frame of 60 bytes', () => {
    const b = new Bench();
    b.setupRx(8, RCTL_BAM);
    b.read(REG.ICR);
    b.write(REG.IMS, 0x80);
    const frame = frameTo(MAC, 60);
    b.peer.send(frame);
    b.run();
    expect(b.read(REG.RDH)).toBe(1);
    const line = bytes(b, b.rxRing);
    // Length with CRC (SECRC is 0), status DD and EOP, no errors, no tag.
    expect([line.slice(16, 20), line.slice(24)]).toEqual(['4000', '03000000']);
    // The packet checksum is the sum over the frame; the other model leaves it 0.
    expect(line.slice(20, 24)).not.toBe('0000');
    expect(b.rxData(0, 60)).toEqual(frame);
    expect(b.log.level).toBe(1);
    // ICS is write-only here; reading it there shows ICR.
    expect(b.read(REG.ICS)).toBe(0);
    expect(hex(b.read(REG.ICR))).toBe('80000080');
    expect([b.read(REG.ICR), b.log.level, b.log.intxEdges.length]).toEqual([0, 0, 2]);
  });

  test('legacy transmit ring, one frame of 60 bytes', () => {
    const b = new Bench();
    b.setupTx(8);
    b.read(REG.ICR);
    b.write(REG.IMS, TXDW_TXQE);
    const frame = frameTo(MAC, 60);
    const at = b.place(frame);
    b.txPut(at, 0, (EOP_IFCS_RS << 24) | 60, 0);
    b.run();
    expect(b.read(REG.TDH)).toBe(1);
    // CMD stays, DD is written back.
    expect(bytes(b, b.txRing).slice(22, 26)).toBe('0b01');
    expect(b.peer.received.map((f) => f.bytes)).toEqual([frame]);
    expect(hex(b.read(REG.ICR))).toBe('80000003');
  });
});
