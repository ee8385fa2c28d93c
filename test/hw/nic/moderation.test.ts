import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { msiAddress } from '../../../src/hw/msi/index.js';
import { runs } from '../../support/fc.js';
import { Bench, frameTo, MAC, REG, RXT0, US } from './support.js';

const FPD = 1 << 31;
const EIAC = 0xdc;
const IVAR = 0xe4;
const EITR = 0xe8;
const RXQ0 = 1 << 20;
const TXQ0 = 1 << 22;
const START = 1_000_000;
const ICRXPTC = 0x4104;
const ICRXATC = 0x4108;
const ICTXPTC = 0x410c;
const ICTXATC = 0x4110;

type Mode = 'INTx' | 'MSI' | 'MSI-X';
const MODES: readonly Mode[] = ['INTx', 'MSI', 'MSI-X'];

/** A NIC in a mode, its handler acknowledging as a driver would; times count from START. */
class Moderated {
  readonly b = new Bench({ checked: false });
  readonly mode: Mode;

  constructor(mode: Mode, setup: (m: Moderated) => void = () => {}) {
    const { b } = this;
    this.mode = mode;
    if (mode === 'MSI') b.enableMsi();
    if (mode === 'MSI-X') {
      b.nic.mmioWrite(3, 0, msiAddress(0));
      b.nic.mmioWrite(3, 12, 0);
      b.nic.config.write(b.nic.config.msixCap + 2, 2, 0x8000);
      b.write(IVAR, 0x00808);
      b.write(EIAC, RXQ0 | TXQ0);
    }
    b.setupRx(256, 0);
    b.setupTx(64);
    setup(this);
    b.read(REG.ICR);
    const causes = mode === 'MSI-X' ? RXQ0 | TXQ0 : RXT0 | 1;
    b.write(REG.IMS, causes);
    b.log.handler = () => {
      if (mode === 'MSI-X') b.write(REG.IMS, causes);
      else b.read(REG.ICR);
    };
    b.runTo(START);
  }

  throttle(units: number): void {
    this.b.write(this.mode === 'MSI-X' ? EITR : REG.ITR, units);
  }

  at(us: number): void {
    this.b.runTo(START + us * US);
  }

  frames(times: readonly number[]): number[] {
    for (const t of times) {
      this.at(t);
      this.b.inject(frameTo(MAC));
    }
    return this.interrupts();
  }

  /** A packet with RS, and IDE if it may be delayed. */
  send(delayed: boolean): void {
    const { b } = this;
    b.txPut(this.data, 0, 60 | (0x0b << 24) | (delayed ? 1 << 31 : 0), 0);
  }

  private readonly data: number = this.b.place(frameTo(MAC, 60));

  packets(times: readonly number[], delayed = true): number[] {
    for (const t of times) {
      this.at(t);
      this.send(delayed);
    }
    return this.interrupts();
  }

  interrupts(): number[] {
    this.at(50_000);
    const { log } = this.b;
    const times = this.mode === 'INTx' ? log.rises() : log.msi;
    return times.map((t) => (t - START) / US);
  }
}

describe.each(MODES)('the table of moderation with %s', (mode) => {
  const run = (times: readonly number[], setup: (m: Moderated) => void): number[] =>
    new Moderated(mode, setup).frames(times);

  test('ITR: 0; 1000 (256 us); 200 (51.2 us, no lower limit); 195, which is 20000 a second; 65535', () => {
    expect(run([0], (m) => m.throttle(0))).toEqual([0]);
    expect(run([0, 100, 500], (m) => m.throttle(1000))).toEqual([0, 256, 500]);
    expect(run([0, 20], (m) => m.throttle(200))).toEqual([0, 51.2]);
    expect(run([0, 1], (m) => m.throttle(195))).toEqual([0, 49.92]);
    expect(run([0, 1], (m) => m.throttle(65535))).toEqual([0, 16_776.96]);
  });

  test('RDTR 100: 102.4 us after the last frame', () => {
    const m = new Moderated(mode, (x) => x.b.write(REG.RDTR, 100));
    expect(m.frames([0, 100, 150])).toEqual([252.4]);
    expect([m.b.read(ICRXPTC), m.b.read(ICRXATC)]).toEqual([1, 0]);
  });

  test('RDTR 100, RADV 150, frames each 60 us: 153.6 us after the first, and after the first since', () => {
    const m = new Moderated(mode, (x) => {
      x.b.write(REG.RDTR, 100);
      x.b.write(REG.RADV, 150);
    });
    expect(m.frames([0, 60, 120, 180, 240, 300])).toEqual([153.6, 333.6]);
    expect([m.b.read(ICRXPTC), m.b.read(ICRXATC)]).toEqual([0, 2]);
  });

  test('RDTR expires first: RADV is cancelled with it', () => {
    const m = new Moderated(mode, (x) => {
      x.b.write(REG.RDTR, 10);
      x.b.write(REG.RADV, 20);
    });
    expect(m.frames([0, 15, 100])).toEqual([10.24, 25.24, 110.24]);
    expect([m.b.read(ICRXPTC), m.b.read(ICRXATC)]).toEqual([3, 0]);
  });

  test('RDTR 0: RADV alone delays nothing', () => {
    expect(run([0, 7], (m) => m.b.write(REG.RADV, 150))).toEqual([0, 7]);
  });

  test('FPD expires a running receive timer now and starts none', () => {
    const m = new Moderated(mode, (x) => x.b.write(REG.RDTR, 1000));
    m.b.write(REG.RDTR, FPD | 1000);
    m.at(5);
    m.b.inject(frameTo(MAC));
    m.at(9);
    m.b.write(REG.RDTR, FPD | 1000);
    expect(m.interrupts()).toEqual([9]);
  });

  test('a delayed cause meets an open window', () => {
    const setup = (m: Moderated): void => {
      m.b.write(REG.RDTR, 10);
      m.throttle(1000);
    };
    expect(run([0, 100], setup)).toEqual([10.24, 266.24]);
  });

  test('TIDV 10: 10.24 us after the last packet with IDE; one without takes the waiting ones along', () => {
    const m = new Moderated(mode, (x) => x.b.write(REG.TIDV, 10));
    expect(m.packets([0, 5, 30])).toEqual([15.24, 40.24]);
    expect([m.b.read(ICTXPTC), m.b.read(ICTXATC)]).toEqual([2, 0]);
    const now = new Moderated(mode, (x) => x.b.write(REG.TIDV, 10));
    now.at(0);
    now.send(true);
    now.at(3);
    now.send(false);
    expect(now.interrupts()).toEqual([3]);
  });

  test('TIDV 10, TADV 15: 15.36 us after the first packet', () => {
    const m = new Moderated(mode, (x) => {
      x.b.write(REG.TIDV, 10);
      x.b.write(REG.TADV, 15);
    });
    expect(m.packets([0, 6, 12, 18, 40])).toEqual([15.36, 28.24, 50.24]);
    expect([m.b.read(ICTXPTC), m.b.read(ICTXATC)]).toEqual([2, 1]);
  });

  test('TIDV 0 with IDE, and TIDV without IDE: at once; FPD flushes', () => {
    expect(new Moderated(mode).packets([0, 4])).toEqual([0, 4]);
    expect(new Moderated(mode, (m) => m.b.write(REG.TIDV, 10)).packets([0, 4], false)).toEqual([0, 4]);
    const m = new Moderated(mode, (x) => x.b.write(REG.TIDV, 1000));
    m.at(0);
    m.send(true);
    m.at(2);
    m.b.write(REG.TIDV, FPD | 1000);
    expect(m.interrupts()).toEqual([2]);
  });

  test('every event is reported: never later than its timers and the window allow, never twice', () => {
    const gap = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(
        fc.array(gap, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 40 }),
        // 125 units are 32 us: then a window could end with the very instant of another event, and either order is right.
        fc.integer({ min: 0, max: 124 }),
        (gaps, rdtr, radv, itr) => {
          const m = new Moderated(mode, (x) => {
            x.b.write(REG.RDTR, rdtr);
            x.b.write(REG.RADV, radv);
            x.throttle(itr);
          });
          const times: number[] = [];
          let t = 0;
          for (const g of gaps) {
            t += g;
            times.push(t);
          }
          const seen = m.frames(times).map((us) => Math.round(us * US));
          expect(seen).toEqual(
            reference(
              times.map((us) => us * US),
              rdtr * 1024,
              radv * 1024,
              itr * 256,
            ),
          );
        },
      ),
      { numRuns: runs(60) },
    );
  });
});

/** Interrupt times for frames at `times`, all ns: first the delay timers, then the window. */
function reference(times: readonly number[], rdtr: number, radv: number, itr: number): number[] {
  const raised: number[] = [];
  for (let k = 0; k < times.length; ) {
    const first = times[k];
    let due = rdtr === 0 ? first : first + rdtr;
    const limit = radv === 0 || rdtr === 0 ? Number.POSITIVE_INFINITY : first + radv;
    k++;
    while (rdtr !== 0 && k < times.length && times[k] < Math.min(due, limit)) due = times[k++] + rdtr;
    raised.push(Math.min(due, limit));
  }
  const out: number[] = [];
  let window = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < raised.length; ) {
    const t = raised[k++];
    if (t >= window) {
      window = t + itr;
      out.push(t);
      continue;
    }
    while (k < raised.length && raised[k] < window) k++;
    out.push(window);
  }
  return out;
}
