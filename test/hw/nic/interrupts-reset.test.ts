import { describe, expect, test } from 'vitest';
import { PCI_COMMAND, PCI_PM_CTRL } from '../../../src/hw/pcie/regs.js';
import { Bench, frameTo, hex, MAC, REG, RXT0 } from './support.js';

const CTRL_RESET = 0x00140241;
const GIO_MASTER_DISABLE = 1 << 2;
const GIO_MASTER_ENABLED = 1 << 19;
const RST = 1 << 26;
const PHY_RST = 1 << 31;
const EE_RST = 1 << 13;
const LSC = 4;

/** A receiver with an interrupt asserted, and one more held back by ITR. */
function busy(msi = false): Bench {
  const b = new Bench();
  if (msi) b.enableMsi();
  b.setupRx(8, 0);
  b.read(REG.ICR);
  b.write(REG.ITR, 1000);
  b.write(REG.IMS, RXT0);
  b.inject(frameTo(MAC));
  b.runTo(b.sim.now);
  return b;
}

describe('CTRL.RST', () => {
  test('lowers INTx, closes the window, forgets delayed causes; the table of memory BARs and the link stay', () => {
    const b = busy();
    expect(b.log.level).toBe(1);
    b.write(REG.RDTR, 100);
    b.inject(frameTo(MAC));
    b.write(REG.CTRL, CTRL_RESET | RST);
    b.run();
    expect(b.log.level).toBe(0);
    expect([b.read(REG.ICR), b.read(REG.IMS), b.read(REG.ITR)]).toEqual([0, 0, 0]);
    expect(hex(b.read(REG.CTRL))).toBe(hex(CTRL_RESET));
    expect(b.read(REG.STATUS) & 2).toBe(2);
    expect(b.nic.config.read(PCI_COMMAND, 2) & 6).toBe(6);
  });

  test('an interrupt held back by its window dies with it', () => {
    const b = busy(true);
    b.read(REG.ICR);
    b.inject(frameTo(MAC));
    b.write(REG.CTRL, CTRL_RESET | RST);
    b.run();
    expect(b.log.msi.length).toBe(1);
    b.write(REG.IMS, RXT0);
    b.write(REG.ICS, RXT0);
    b.run();
    expect(b.log.msi.length).toBe(2);
  });
});

describe('other resets', () => {
  test('CTRL.PHY_RST drops the link until autonegotiation has ended, and reads as 0', () => {
    const b = new Bench({ nic: { autoneg_ns: 5000 } });
    b.read(REG.ICR);
    b.write(REG.CTRL, CTRL_RESET | PHY_RST);
    expect(b.read(REG.STATUS) & 2).toBe(0);
    expect(b.read(REG.ICR)).toBe(LSC);
    expect(hex(b.read(REG.CTRL))).toBe(hex(CTRL_RESET));
    b.runTo(b.sim.now + 6000);
    expect(b.read(REG.STATUS) & 2).toBe(2);
    expect(b.read(REG.ICR)).toBe(LSC);
  });

  test('CTRL_EXT.EE_RST reads the address from the NVM again and leaves the rest', () => {
    const b = new Bench();
    b.write(REG.ITR, 77);
    b.write(REG.RAL, 0x11111111);
    b.write(REG.CTRL_EXT, EE_RST);
    expect(hex(b.read(REG.RAL))).toBe('aa005452');
    expect(b.read(REG.CTRL_EXT)).toBe(0);
    expect(b.read(REG.ITR)).toBe(77);
  });

  test('the way through D3hot resets registers and configuration space and lowers INTx', () => {
    const b = busy();
    const pm = b.nic.config.pmCap + PCI_PM_CTRL;
    b.nic.config.write(pm, 2, 3);
    b.run();
    expect(b.log.level).toBe(0);
    b.inject(frameTo(MAC));
    b.run();
    expect(b.nic.rx.delivered[0]).toBe(1);
    b.nic.config.write(pm, 2, 0);
    expect(b.nic.config.read(PCI_COMMAND, 2)).toBe(0);
    expect([b.nic.peek(REG.ICR) & RXT0, b.nic.peek(REG.IMS), b.nic.peek(REG.RCTL)]).toEqual([0, 0, 0]);
    expect(b.receiveBalance()).toBe(0);
  });
});

describe('CTRL.GIO_MASTER_DISABLE', () => {
  test('STATUS bit 19 stays until the reads under way have ended; then nothing is read until it is cleared', () => {
    const b = new Bench();
    b.setupTx(8);
    b.setupRx(8, 0);
    b.txPut(b.place(frameTo(MAC)), 0, 60 | (0x0b << 24), 0);
    b.write(REG.CTRL, CTRL_RESET | GIO_MASTER_DISABLE);
    expect(b.read(REG.STATUS) & GIO_MASTER_ENABLED).toBe(GIO_MASTER_ENABLED);
    b.run();
    expect(b.read(REG.STATUS) & GIO_MASTER_ENABLED).toBe(0);
    const reads = b.fn.counters.dmaReads;
    b.inject(frameTo(MAC));
    b.write(REG.TDT, 2);
    b.run();
    expect(b.fn.counters.dmaReads).toBe(reads);
    expect(b.peer.received.length).toBe(0);
    expect(b.receiveBalance()).toBe(0);
    b.write(REG.TDT, 1);
    b.write(REG.CTRL, CTRL_RESET);
    b.run();
    expect(b.read(REG.STATUS) & GIO_MASTER_ENABLED).toBe(GIO_MASTER_ENABLED);
    expect(b.peer.received.length).toBe(1);
    expect(b.nic.rx.delivered[0]).toBe(1);
  });
});
