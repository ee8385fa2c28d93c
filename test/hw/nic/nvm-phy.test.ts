import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NVM_SUM, NVM_WORDS } from '../../../src/hw/nic/index.js';
import { EEPROM_WRITE_NS } from '../../../src/hw/nic/nvm/eeprom.js';
import { Bench, hex, mac, REG } from './support.js';

const LSC = 4;
const READY = 1 << 28;

function phyRead(b: Bench, register: number, phy = 1): number {
  b.write(REG.MDIC, (2 << 26) | (phy << 21) | (register << 16));
  return b.read(REG.MDIC);
}

function phyWrite(b: Bench, register: number, value: number): void {
  b.write(REG.MDIC, (1 << 26) | (1 << 21) | (register << 16) | value);
}

function eerd(b: Bench, word: number): number {
  b.write(REG.EERD, (word << 2) | 1);
  const value = b.read(REG.EERD);
  expect(value & 0xffff).toBe((word << 2) | 2);
  return value >>> 16;
}

describe('NVM', () => {
  test('read word by word by EERD it sums to BABA and begins with the MAC address', () => {
    const b = new Bench();
    let sum = 0;
    for (let i = 0; i < NVM_WORDS; i++) sum += eerd(b, i);
    expect(sum & 0xffff).toBe(NVM_SUM);
    expect([eerd(b, 0), eerd(b, 1), eerd(b, 2)]).toEqual([0x5452, 0xaa00, 0xccbb]);
    expect(eerd(b, NVM_WORDS)).toBe(0);
  });

  test('EEWR changes a word, and CTRL.RST loads the new address', () => {
    const b = new Bench();
    b.write(0x102c, (0x1234 << 16) | (2 << 2) | 1);
    expect(b.read(0x102c) & 3).toBe(0);
    b.runTo(b.sim.now + EEPROM_WRITE_NS - 1);
    expect(b.read(0x102c) & 3).toBe(0);
    b.runTo(b.sim.now + 1);
    expect(b.read(0x102c) & 3).toBe(2);
    expect(eerd(b, 2)).toBe(0x1234);
    b.write(REG.CTRL, 0x04140241);
    expect(hex(b.read(REG.RAH))).toBe('80001234');
  });

  test('EECD.REQ is granted at once', () => {
    const b = new Bench();
    b.write(0x10, 0x40);
    expect(b.read(0x10) & 0x80).toBe(0x80);
    b.write(0x10, 0);
    expect(b.read(0x10)).toBe(0x300);
  });
});

describe('semaphores', () => {
  test('EXTCNF_CTRL bit 5 is taken and given back', () => {
    const b = new Bench();
    b.write(0xf00, 0x28);
    expect(b.read(0xf00)).toBe(0x28);
    b.write(0xf00, 0x08);
    expect(b.read(0xf00)).toBe(0x08);
  });

  test('SWSM: the first read after a release gives 0, the next one 1', () => {
    const b = new Bench();
    b.write(REG.SWSM, 0);
    expect(b.read(REG.SWSM)).toBe(0);
    expect(b.read(REG.SWSM)).toBe(1);
  });
});

describe('PHY', () => {
  test('identity and registers with link', () => {
    const b = new Bench();
    expect(hex(phyRead(b, 2))).toBe('18220141');
    expect(phyRead(b, 3) & 0xffff).toBe(0x0cb1);
    expect(phyRead(b, 1) & 0xffff).toBe(0x796d);
    expect(phyRead(b, 5) & 0xffff).toBe(0x47e0);
    expect(phyRead(b, 17) & 0xffff).toBe(0xac08);
  });

  test('another PHY address or operation answers READY with ERROR', () => {
    const b = new Bench();
    expect(phyRead(b, 2, 2) & (READY | (1 << 30))).toBe(READY | (1 << 30));
    b.write(REG.MDIC, 1 << 21);
    expect(b.read(REG.MDIC) & (1 << 30)).toBe(1 << 30);
  });

  test('identity and status registers cannot be written', () => {
    const b = new Bench();
    for (const register of [1, 2, 3, 5, 17]) {
      const before = phyRead(b, register);
      phyWrite(b, register, 0xffff);
      expect(phyRead(b, register)).toBe(before);
    }
  });

  test('restarted autonegotiation drops the link and brings it back after its time, with LSC each time', () => {
    const b = new Bench({ nic: { autoneg_ns: 500_000 } });
    expect(b.sim.now).toBe(500_000);
    expect(b.read(REG.STATUS) & 2).toBe(2);
    expect(b.read(REG.ICR)).toBe(LSC);
    phyWrite(b, 0, 0x1340);
    expect(b.read(REG.STATUS) & 2).toBe(0);
    expect(b.read(REG.ICR)).toBe(LSC);
    expect(phyRead(b, 0) & 0xffff).toBe(0x1140);
    expect(phyRead(b, 1) & 0xffff).toBe(0x7949);
    expect(phyRead(b, 17) & 0x0400).toBe(0);
    b.runTo(999_999);
    expect(b.read(REG.STATUS) & 2).toBe(0);
    b.runTo(1_000_000);
    expect(b.read(REG.STATUS) & 2).toBe(2);
    expect(b.read(REG.ICR)).toBe(LSC);
  });

  test('a lost carrier clears STATUS.LU, is latched in BMSR, and its return is seen', () => {
    const b = new Bench();
    b.read(REG.ICR);
    b.link.down();
    b.run();
    expect(b.read(REG.STATUS) & 2).toBe(0);
    expect(b.read(REG.ICR)).toBe(LSC);
    b.link.up();
    b.run();
    expect(b.read(REG.STATUS) & 2).toBe(2);
    expect(b.read(REG.ICR)).toBe(LSC);
    expect(phyRead(b, 1) & 4).toBe(0);
    expect(phyRead(b, 1) & 4).toBe(4);
  });

  test('power down takes the link away until power up', () => {
    const b = new Bench();
    phyWrite(b, 0, 0x1940);
    b.run();
    expect(b.read(REG.STATUS) & 2).toBe(0);
    expect(phyRead(b, 1) & 0x24).toBe(0);
    phyWrite(b, 0, 0x1140);
    b.run();
    expect(b.read(REG.STATUS) & 2).toBe(2);
  });

  test('CTRL: without SLU no link, GIO master disable clears STATUS bit 19, PHY_RST negotiates anew', () => {
    const b = new Bench();
    b.write(REG.CTRL, 0x00140201);
    expect(b.read(REG.STATUS) & 2).toBe(0);
    b.write(REG.CTRL, 0x00140245);
    expect(hex(b.read(REG.STATUS))).toBe('00000283');
    b.write(REG.CTRL, 0x00140241);
    expect(hex(b.read(REG.STATUS))).toBe('00080283');
    phyWrite(b, 4, 0x0001);
    b.write(REG.CTRL, 0x80140241);
    expect(hex(b.read(REG.CTRL))).toBe('00140241');
    b.run();
    expect(phyRead(b, 4) & 0xffff).toBe(0x0de1);
    expect(b.read(REG.STATUS) & 2).toBe(2);
  });
});

describe('the Linux driver probing', () => {
  test('reads what it read from another model of the chip, but for the reasons given', () => {
    const b = new Bench({ mac: mac('52:54:00:12:34:56'), nic: { autoneg_ns: 500_000 } });
    b.runTo(1_000_000);
    const trace = readFileSync(new URL('../../fixtures/linux-e1000e-probe.trace', import.meta.url), 'utf8');
    const differing: string[] = [];
    let reads = 0;
    for (const line of trace.split('\n')) {
      const [op, offsetText, valueText] = line.split(' ');
      if (op !== 'r' && op !== 'w') continue;
      b.runTo(b.sim.now);
      const offset = Number.parseInt(offsetText, 16);
      const value = Number.parseInt(valueText, 16) | 0;
      if (op === 'w') {
        b.write(offset, value);
        continue;
      }
      reads++;
      const got = b.read(offset);
      if (got !== value) differing.push(`${hex(offset)} ${hex(value)} ${hex(got)}`);
    }
    expect(reads).toBe(605);
    // CTRL.RST of the other model resets neither CTRL (GIO master disable, bit 2, survives) nor CTRL_EXT.
    const ctrl = '00000000 00140245 00140241';
    expect(differing).toEqual([ctrl, ctrl, '00000018 10400000 00000000']);
    expect(b.nic.file.unknownRegister).toBe(0);
  });
});
