import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ABLE_PARTNER,
  ADVERTISE_10FULL,
  ADVERTISE_10HALF,
  ADVERTISE_100FULL,
  ADVERTISE_100HALF,
  type LinkPartner,
  LPA_1000FULL,
  NO_MODE,
  resolve,
} from '../../../src/hw/nic/phy/autoneg.js';
import { runs } from '../../support/fc.js';
import { Bench, type BenchOptions, frameTo, hex, MAC, RCTL_BAM, REG } from './support.js';

const LSC = 4;
const MDAC = 0x200;
const LU = 2;
const FD = 1;
const SPEED = 0xc0;
const BMCR = 0;
const BMSR = 1;
const ANAR = 4;
const LPA = 5;
const ANER = 6;
const CTRL1000 = 9;
const STAT1000 = 10;
const PSCR = 16;
const PSSR = 17;
const INT_STATUS = 19;
const AUTONEG_NS = 2_000_000;

function phyRead(b: Bench, register: number): number {
  b.write(REG.MDIC, (2 << 26) | (1 << 21) | (register << 16));
  return b.read(REG.MDIC) & 0xffff;
}

function phyWrite(b: Bench, register: number, value: number): void {
  b.write(REG.MDIC, (1 << 26) | (1 << 21) | (register << 16) | value);
}

/** A chip whose first autonegotiation has ended, with its causes read. */
function linked(partner: LinkPartner = ABLE_PARTNER, options: BenchOptions = {}): Bench {
  const b = new Bench({ ...options, nic: { autoneg_ns: AUTONEG_NS, partner, ...options.nic } });
  b.read(REG.ICR);
  phyRead(b, BMSR);
  phyRead(b, ANER);
  phyRead(b, INT_STATUS);
  return b;
}

function status(b: Bench): number {
  return b.read(REG.STATUS) & (LU | FD | SPEED);
}

function only(abilities: number, gigabit = 0): LinkPartner {
  return { ...ABLE_PARTNER, abilities, gigabit };
}

describe('autonegotiation', () => {
  test('the best common mode is taken: 1000 full, then 100, then 10', () => {
    const cases: [LinkPartner, number][] = [
      [ABLE_PARTNER, LU | FD | 0x80],
      [only(0x01e0), LU | FD | 0x40],
      [only(ADVERTISE_100HALF | ADVERTISE_10FULL), LU | 0x40],
      [only(ADVERTISE_10FULL | ADVERTISE_10HALF), LU | FD],
      [only(ADVERTISE_10HALF), LU],
    ];
    for (const [partner, expected] of cases) expect(status(linked(partner))).toBe(expected);
  });

  test('what we offer counts as much: ANAR and CTRL1000 without gigabit give 100', () => {
    const b = linked();
    phyWrite(b, CTRL1000, 0);
    phyWrite(b, BMCR, 0x1340);
    b.run();
    expect(status(b)).toBe(LU | FD | 0x40);
    phyWrite(b, ANAR, 1 | ADVERTISE_10HALF);
    phyWrite(b, BMCR, 0x1340);
    b.run();
    expect(status(b)).toBe(LU);
    expect(phyRead(b, PSSR)).toBe(0x0c08);
  });

  test('no common mode is no link, and autonegotiation does not complete', () => {
    const b = linked(only(ADVERTISE_100FULL));
    expect(status(b) & LU).toBe(LU);
    phyWrite(b, ANAR, 1 | ADVERTISE_10FULL);
    phyWrite(b, BMCR, 0x1340);
    b.run();
    expect(status(b) & LU).toBe(0);
    expect(phyRead(b, BMSR) & 0x24).toBe(0);
    expect(phyRead(b, LPA)).toBe(0);
  });

  test('the partner shows in LPA, STAT1000 and ANER only when it is done; the received page once', () => {
    const b = linked(only(0x01e1, LPA_1000FULL));
    expect(phyRead(b, LPA)).toBe(0x41e1);
    expect(phyRead(b, STAT1000)).toBe(0x3800);
    expect(phyRead(b, ANER)).toBe(0x0005);
    phyWrite(b, BMCR, 0x1340);
    expect([phyRead(b, LPA), phyRead(b, STAT1000), phyRead(b, ANER)]).toEqual([0, 0, 4]);
    b.run();
    expect(phyRead(b, ANER)).toBe(0x0007);
    expect(phyRead(b, ANER)).toBe(0x0005);
  });

  test('a partner that does not negotiate is found by parallel detection: half duplex, no acknowledge', () => {
    const b = linked({ ...only(ADVERTISE_100FULL), autoneg: false });
    expect(status(b)).toBe(LU | 0x40);
    expect(phyRead(b, LPA)).toBe(ADVERTISE_100FULL);
    expect(phyRead(b, ANER)).toBe(4);
    expect(phyRead(b, STAT1000)).toBe(0);
  });

  test('the default partner has what the rate of the wire allows', () => {
    expect(status(new Bench({ rate: '10Mbps' }))).toBe(LU | FD);
    expect(status(new Bench({ rate: '100Mbps' }))).toBe(LU | FD | 0x40);
    expect(status(new Bench({ rate: '1Gbps' }))).toBe(LU | FD | 0x80);
  });

  test('restart with autonegotiation off does nothing', () => {
    const b = linked();
    phyWrite(b, BMCR, 0x0340);
    expect(b.read(REG.ICR)).toBe(0);
    expect(status(b) & LU).toBe(LU);
  });

  test('resolution is symmetric: neither side sees another mode', () => {
    const page = fc.integer({ min: 0, max: 15 }).map((n) => n << 5);
    const gigabit = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(page, gigabit, page, gigabit, (ours, ours1000, theirs, theirs1000) => {
        const here = resolve(ours, ours1000 << 8, only(theirs, theirs1000 << 10));
        const there = resolve(theirs, theirs1000 << 8, only(ours, ours1000 << 10));
        expect(here).toBe(there);
        expect(here === NO_MODE).toBe((ours & theirs) === 0 && (ours1000 & theirs1000) === 0);
      }),
      { numRuns: runs(200) },
    );
  });
});

describe('forced modes', () => {
  test('speed and duplex written to BMCR wait for the software reset', () => {
    const b = linked();
    phyWrite(b, BMCR, 0x2100);
    b.run();
    expect(status(b)).toBe(LU | FD | 0x80);
    phyWrite(b, BMCR, 0xa100);
    expect(b.read(REG.ICR)).toBe(LSC);
    expect(status(b) & LU).toBe(0);
    b.run();
    expect(b.read(REG.ICR)).toBe(LSC);
    expect(status(b)).toBe(LU | FD | 0x40);
    expect(phyRead(b, BMCR)).toBe(0x2100);
    expect(phyRead(b, BMSR) & 0x20).toBe(0);
    phyRead(b, BMSR);
    phyWrite(b, BMCR, 0x8000);
    b.run();
    expect(status(b)).toBe(LU);
  });

  test('1000 cannot be forced, nor a speed that the partner has not', () => {
    const b = linked(only(ADVERTISE_100FULL));
    phyWrite(b, BMCR, 0x8140);
    b.run();
    expect(status(b) & LU).toBe(0);
    phyWrite(b, BMCR, 0x8100);
    b.run();
    expect(status(b) & LU).toBe(0);
    phyWrite(b, BMCR, 0xa000);
    b.run();
    expect(status(b)).toBe(LU | 0x40);
  });

  test('CTRL.FRCSPD and FRCDPX force the MAC', () => {
    const b = linked();
    b.write(REG.CTRL, 0x00141940);
    expect(status(b)).toBe(LU | 0x40);
    b.write(REG.CTRL, 0x00140241);
    expect(status(b)).toBe(LU | FD | 0x80);
  });
});

describe('the link', () => {
  test('isolate takes it from the MAC only', () => {
    const b = linked();
    phyWrite(b, BMCR, 0x1540);
    expect(status(b) & LU).toBe(0);
    expect(b.read(REG.ICR)).toBe(LSC);
    expect(phyRead(b, BMSR) & 0x24).toBe(0x24);
    phyWrite(b, BMCR, 0x1140);
    expect(status(b) & LU).toBe(LU);
    expect(b.read(REG.ICR)).toBe(LSC);
  });

  test('loopback: the MAC has a link without a wire, the medium has none', () => {
    const b = linked();
    b.link.down();
    b.run();
    b.read(REG.ICR);
    phyWrite(b, BMCR, 0x4140);
    expect(status(b)).toBe(LU | FD | 0x80);
    phyRead(b, BMSR);
    expect(phyRead(b, BMSR) & 4).toBe(0);
    phyWrite(b, BMCR, 0x1140);
    expect(status(b) & LU).toBe(0);
    b.link.up();
    b.run();
    expect(status(b) & LU).toBe(LU);
  });

  test('loopback: what is sent is received, and nothing goes to the wire; CTRL.RST leaves it so', () => {
    const b = linked();
    for (const reset of [false, true]) {
      phyWrite(b, BMCR, 0x4140);
      if (reset) b.write(REG.CTRL, 0x04140241);
      b.setupRx(8, RCTL_BAM);
      b.setupTx(8);
      const frame = frameTo(MAC, 60);
      b.txPut(b.place(frame), 0, 0x0b000000 | frame.length, 0);
      b.run();
      expect(b.rxData(0, 60)).toEqual(frame);
      expect(b.peer.received.length).toBe(0);
    }
    phyWrite(b, BMCR, 0x1140);
    b.run();
    b.txPut(b.place(frameTo(MAC, 60)), 0, 0x0b000000 | 60, 0);
    b.run();
    expect(b.peer.received.length).toBe(1);
  });

  test('MDI and MDIX: one end must cross, an automatic one does', () => {
    const crossed = linked({ ...ABLE_PARTNER, mdi: 'mdi' });
    expect(phyRead(crossed, PSSR) & 0x40).toBe(0x40);
    phyWrite(crossed, PSCR, 0x3300);
    phyWrite(crossed, BMCR, 0x9140);
    crossed.run();
    expect(status(crossed) & LU).toBe(0);
    phyWrite(crossed, PSCR, 0x3320);
    phyWrite(crossed, BMCR, 0x9140);
    crossed.run();
    expect(status(crossed) & LU).toBe(LU);
    const straight = linked();
    phyWrite(straight, PSCR, 0x3320);
    phyWrite(straight, BMCR, 0x9140);
    straight.run();
    expect(phyRead(straight, PSSR)).toBe(0xac48);
  });

  test('interrupt status: link, page and end of autonegotiation, cleared by reading', () => {
    const b = linked();
    phyWrite(b, BMCR, 0x1340);
    expect(phyRead(b, INT_STATUS)).toBe(0x0400);
    b.run();
    expect(phyRead(b, INT_STATUS)).toBe(0x1c00);
    expect(phyRead(b, INT_STATUS)).toBe(0);
    phyWrite(b, CTRL1000, 0);
    phyWrite(b, BMCR, 0x1340);
    b.run();
    expect(phyRead(b, INT_STATUS) & 0x4000).toBe(0x4000);
  });

  test('a software reset keeps what was written, CTRL.PHY_RST does not', () => {
    const b = linked();
    phyWrite(b, PSCR, 0x3b60);
    phyWrite(b, BMCR, 0x9140);
    b.run();
    expect([phyRead(b, BMCR), phyRead(b, PSCR)]).toEqual([0x1140, 0x3b60]);
    b.write(REG.CTRL, 0x80140241);
    b.run();
    expect([phyRead(b, BMCR), phyRead(b, PSCR)]).toEqual([0x1140, 0x3360]);
  });

  test('whatever is written to the PHY, STATUS.LU is BMSR.link unless isolated or looped back', () => {
    const op = fc.tuple(
      fc.constantFrom(BMCR, ANAR, CTRL1000, PSCR, 22, 31, 29, 30, -1, -2),
      fc.integer({ min: 0, max: 0xffff }),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 30 }), (program) => {
        const b = linked(ABLE_PARTNER, { checked: false });
        for (const [where, value] of program) {
          if (where === -1) b.link.down();
          else if (where === -2) b.link.up();
          else phyWrite(b, where, value);
          b.run();
          phyRead(b, BMSR);
          const bmcr = phyRead(b, BMCR);
          expect(bmcr & 0x823f).toBe(0);
          const loop = (bmcr & 0x4800) === 0x4000;
          const link = (phyRead(b, BMSR) & 4) !== 0 && (bmcr & 0x0400) === 0;
          expect((status(b) & LU) !== 0).toBe(loop || link);
        }
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('pages', () => {
  test('register 22 takes the page, register 31 the page times 32; registers below 16 are the same in all', () => {
    const b = linked();
    phyWrite(b, 22, 2);
    phyWrite(b, 20, 0x1234);
    expect(phyRead(b, 20)).toBe(0x1234);
    expect(phyRead(b, 2)).toBe(0x0141);
    phyWrite(b, 22, 0);
    expect(phyRead(b, 20)).toBe(0);
    phyWrite(b, 31, 2 << 5);
    expect(phyRead(b, 20)).toBe(0x1234);
    expect(phyRead(b, 31)).toBe(2 << 5);
  });

  test('the wake-up page is reached by address and data, and only while page 769 enables it', () => {
    const b = linked();
    const wakeup = (register: number): void => {
      phyWrite(b, 31, 800 << 5);
      phyWrite(b, 0x11, register);
    };
    wakeup(1);
    phyWrite(b, 0x12, 0xabcd);
    expect(phyRead(b, 0x12)).toBe(0);
    phyWrite(b, 31, 769 << 5);
    phyWrite(b, 17, 4);
    wakeup(1);
    phyWrite(b, 0x12, 0xabcd);
    wakeup(2);
    expect(phyRead(b, 0x12)).toBe(0);
    wakeup(1);
    expect(phyRead(b, 0x12)).toBe(0xabcd);
    phyWrite(b, 31, 0);
    expect(phyRead(b, PSCR)).toBe(0x3360);
  });

  test('registers 29 and 30 are number and contents of an indirect register', () => {
    const b = linked();
    phyWrite(b, 29, 3);
    phyWrite(b, 30, 0x55aa);
    phyWrite(b, 29, 4);
    expect(phyRead(b, 30)).toBe(0);
    phyWrite(b, 29, 3);
    expect(phyRead(b, 30)).toBe(0x55aa);
  });
});

describe('MDIC', () => {
  test('with a time, READY and MDAC come at its end, and a write meanwhile is lost', () => {
    const b = new Bench({ nic: { mdi_ns: 25_600 } });
    b.read(REG.ICR);
    const start = b.sim.now;
    const read2 = (2 << 26) | (1 << 21) | (2 << 16);
    b.write(REG.MDIC, read2 | (1 << 29));
    expect(hex(b.read(REG.MDIC))).toBe('28220000');
    b.write(REG.MDIC, (2 << 26) | (1 << 21) | (3 << 16));
    b.runTo(start + 25_599);
    expect(b.read(REG.MDIC) & (1 << 28)).toBe(0);
    b.runTo(start + 25_600);
    expect(hex(b.read(REG.MDIC))).toBe('38220141');
    expect(b.read(REG.ICR) & MDAC).toBe(MDAC);
  });

  test('CTRL.RST forgets a transaction under way', () => {
    const b = new Bench({ nic: { mdi_ns: 25_600 } });
    b.write(REG.MDIC, (2 << 26) | (1 << 21) | (2 << 16));
    b.write(REG.CTRL, 0x04140241);
    b.run();
    expect(b.read(REG.MDIC)).toBe(0);
    b.write(REG.MDIC, (2 << 26) | (1 << 21) | (2 << 16));
    b.run();
    expect(b.read(REG.MDIC) & 0xffff).toBe(0x0141);
  });
});
