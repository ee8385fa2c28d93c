import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/fc.js';
import { Bench, type BenchOptions, frameTo, MAC, REG, RXT0, US } from './support.js';

const IAME = 1 << 27;
const ASSERTED = 1 << 31;
const FPD = 1 << 31;

/** A receiving NIC whose handler reads ICR, after its set-up is done; the times of its interrupts start at `start`. */
function receiving(msi: boolean, setup: (b: Bench) => void, options: BenchOptions = {}): { b: Bench; start: number } {
  const b = new Bench(options);
  if (msi) b.enableMsi();
  b.setupRx(64, 0);
  setup(b);
  b.read(REG.ICR);
  b.write(REG.IMS, RXT0);
  b.log.handler = () => {
    b.read(REG.ICR);
  };
  // Far from the start, so that no window of the set-up is open.
  b.runTo(1_000_000);
  return { b, start: b.sim.now };
}

/** Interrupt times (us after the start) for frames at the given times (us). */
function timeline(
  msi: boolean,
  frames: readonly number[],
  setup: (b: Bench) => void,
  options?: BenchOptions,
): number[] {
  const { b, start } = receiving(msi, setup, options);
  for (const at of frames) {
    b.runTo(start + at * US);
    b.inject(frameTo(MAC));
  }
  b.runTo(start + 10_000 * US);
  const times = msi ? b.log.msi : b.log.rises();
  return times.map((t) => (t - start) / US);
}

describe.each([
  ['INTx', false],
  ['MSI', true],
])('moderation with %s', (_name, msi) => {
  const itr = (units: number) => (b: Bench) => b.write(REG.ITR, units);

  test('ITR 0: each frame interrupts at once', () => {
    expect(timeline(msi, [0, 10, 10.5], itr(0))).toEqual([0, 10, 10.5]);
  });

  test('ITR 1000 (256 us), frames at 0, 100, 500: the first at once, the second when the window ends, the third at once', () => {
    expect(timeline(msi, [0, 100, 500], itr(1000))).toEqual([0, 256, 500]);
  });

  test('with the strict gap the window opens anew after each interrupt', () => {
    const options = { nic: { strictInterruptGap: true } };
    expect(timeline(msi, [0, 100, 500], itr(1000), options)).toEqual([0, 256, 512]);
    expect(timeline(msi, [0, 100, 513], itr(1000), options)).toEqual([0, 256, 513]);
  });

  test('ITR 200 is 51.2 us: the chip has no lower limit', () => {
    expect(timeline(msi, [0, 20], itr(200))).toEqual([0, 51.2]);
  });

  test('frames within one window share one interrupt', () => {
    expect(timeline(msi, [0, 1, 2, 3, 250], itr(1000))).toEqual([0, 256]);
  });

  test('RDTR 100: 102.4 us after the last frame', () => {
    expect(timeline(msi, [0], (b) => b.write(REG.RDTR, 100))).toEqual([102.4]);
    expect(timeline(msi, [0, 60], (b) => b.write(REG.RDTR, 100))).toEqual([162.4]);
    expect(timeline(msi, [0, 60, 120, 180], (b) => b.write(REG.RDTR, 100))).toEqual([282.4]);
  });

  test('RDTR 100, RADV 150: 153.6 us after the first frame, and again from the first one after that', () => {
    const setup = (b: Bench) => {
      b.write(REG.RDTR, 100);
      b.write(REG.RADV, 150);
    };
    expect(timeline(msi, [0, 60, 120, 180, 240, 300], setup)).toEqual([153.6, 333.6]);
  });

  test('RADV without RDTR delays nothing; RADV longer than RDTR never fires alone', () => {
    expect(timeline(msi, [5], (b) => b.write(REG.RADV, 150))).toEqual([5]);
    const setup = (b: Bench) => {
      b.write(REG.RDTR, 100);
      b.write(REG.RADV, 1000);
    };
    expect(timeline(msi, [0, 2000], setup)).toEqual([102.4, 2102.4]);
  });

  test('a delayed cause waits for the window, too', () => {
    const setup = (b: Bench) => {
      b.write(REG.RDTR, 10);
      b.write(REG.ITR, 1000);
    };
    expect(timeline(msi, [0, 100], setup)).toEqual([10.24, 266.24]);
  });
});

describe('delay timers', () => {
  test('FPD makes a running receive timer expire now, and does nothing without one', () => {
    const { b, start } = receiving(true, (x) => x.write(REG.RDTR, 1000));
    b.write(REG.RDTR, FPD | 1000);
    b.runTo(start + US);
    expect(b.log.msi).toEqual([]);
    b.inject(frameTo(MAC));
    b.runTo(start + 2 * US);
    b.write(REG.RDTR, FPD | 1000);
    b.runTo(start + 5000 * US);
    expect(b.log.msi.map((t) => t - start)).toEqual([2 * US]);
    expect(b.read(REG.RDTR)).toBe(1000);
  });

  test('RXDMT0, when it interrupts, stops the delay of RXT0; when it is masked it does not', () => {
    for (const masked of [false, true]) {
      const b = new Bench();
      b.setupRx(8, 0, 2048, 5);
      b.write(REG.RDTR, 100);
      b.read(REG.ICR);
      b.write(REG.IMS, masked ? RXT0 : RXT0 | 0x10);
      b.inject(frameTo(MAC));
      b.run();
      // Five were free; with the first frame four are left, half the ring.
      expect(b.log.rises()).toEqual([masked ? 102_400 : 0]);
      expect(b.read(REG.ICR) & ~ASSERTED).toBe(masked ? 0x90 : 0x10);
    }
  });

  test('TIDV and TADV delay TXDW of descriptors with IDE, and no other', () => {
    const b = new Bench();
    b.setupTx(16);
    b.write(REG.TIDV, 10);
    b.write(REG.TADV, 15);
    b.read(REG.ICR);
    b.write(REG.IMS, 1);
    b.log.handler = () => {
      b.read(REG.ICR);
    };
    const at = b.place(frameTo(MAC, 60));
    const command = 60 | (1 << 24) | (1 << 25) | (1 << 27);
    const ide = command | (1 << 31);
    for (const t of [0, 5000, 10_000, 30_000]) {
      b.runTo(t);
      b.txPut(at, 0, ide, 0);
    }
    b.runTo(60_000);
    b.txPut(at, 0, ide, 0);
    b.runTo(61_000);
    b.txPut(at, 0, command, 0);
    b.runTo(1_000_000);
    // 15.36 us after the first; 10.24 us after the one at 30; the immediate one takes the pending one with it.
    expect(b.log.rises()).toEqual([15_360, 40_240, 61_000]);
  });
});

describe('causes and masks', () => {
  test('INTx: ICR reads with bit 31, clears, lowers the line; masked causes do not raise it', () => {
    const b = new Bench();
    b.read(REG.ICR);
    b.write(REG.ICS, 4);
    b.run();
    expect(b.log.level).toBe(0);
    expect(b.read(REG.ICR)).toBe(4);
    b.write(REG.IMS, 0x80);
    b.write(REG.ICS, 0x84);
    b.run();
    expect(b.log.level).toBe(1);
    expect(b.nic.config.interruptStatus()).toBe(true);
    expect(b.read(REG.ICR)).toBe(0x84 | ASSERTED);
    expect(b.log.level).toBe(0);
    expect(b.read(REG.ICR)).toBe(0);
    // Without IAME the mask stays.
    expect(b.read(REG.IMS)).toBe(0x80);
  });

  test('IAME: reading or writing ICR with an interrupt asserted masks what IAM names', () => {
    for (const byWrite of [false, true]) {
      const b = new Bench();
      b.read(REG.ICR);
      b.write(REG.CTRL_EXT, IAME);
      b.write(REG.IAM, 0x81);
      b.write(REG.IMS, 0x85);
      b.read(REG.ICR);
      expect(b.read(REG.IMS)).toBe(0x85);
      b.write(REG.ICS, 0x80);
      if (byWrite) b.write(REG.ICR, 0x80);
      else b.read(REG.ICR);
      expect(b.read(REG.IMS)).toBe(0x04);
    }
  });

  test('MSI: one message per rise of the request; unmasking a waiting cause is a rise', () => {
    const b = new Bench();
    b.enableMsi();
    b.read(REG.ICR);
    b.write(REG.IMS, 0x80);
    b.write(REG.ICS, 0x80);
    b.write(REG.ICS, 0x80);
    b.run();
    expect(b.log.msi.length).toBe(1);
    b.write(REG.IMC, -1);
    b.write(REG.IMS, 0x80);
    b.run();
    expect(b.log.msi.length).toBe(2);
    b.read(REG.ICR);
    b.write(REG.ICS, 0x80);
    b.run();
    expect(b.log.msi.length).toBe(3);
    expect(b.log.intxEdges).toEqual([]);
    expect(b.fn.counters.intxAsserts).toBe(0);
  });

  test('a cause that is acknowledged before its window ends does not interrupt', () => {
    const b = new Bench();
    b.enableMsi();
    b.read(REG.ICR);
    b.write(REG.ITR, 1000);
    b.write(REG.IMS, 0x80);
    b.write(REG.ICS, 0x80);
    b.read(REG.ICR);
    b.write(REG.ICS, 0x80);
    b.read(REG.ICR);
    b.run();
    expect(b.log.msi.length).toBe(1);
  });

  test('a shorter ITR written while an interrupt waits ends the window earlier', () => {
    const b = new Bench();
    b.enableMsi();
    b.read(REG.ICR);
    b.write(REG.ITR, 1000);
    b.write(REG.IMS, 0x80);
    b.write(REG.ICS, 0x80);
    b.read(REG.ICR);
    b.write(REG.ICS, 0x80);
    b.runTo(10_000);
    b.write(REG.ITR, 100);
    b.run();
    expect(b.log.msi).toEqual([0, 25_600]);
  });

  test('INTx level = (ICR & IMS) is not 0, after any program of register accesses', () => {
    const op = fc.tuple(
      fc.constantFrom(REG.ICR, REG.ICS, REG.IMS, REG.IMC, REG.IAM, REG.CTRL_EXT, -1, -2),
      fc.integer(),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 40 }), (program) => {
        const b = new Bench({ checked: false });
        b.setupRx(8, 0);
        for (const [where, value] of program) {
          if (where === -1) b.read(REG.ICR);
          else if (where === -2) b.inject(frameTo(MAC));
          else b.write(where, value);
          b.run();
          const request = (b.nic.peek(REG.ICR) & b.nic.peek(REG.IMS) & ~ASSERTED) !== 0;
          expect(b.log.level).toBe(request ? 1 : 0);
          expect(b.nic.config.interruptStatus()).toBe(request);
          expect(b.nic.peek(REG.ICR) < 0).toBe(request);
        }
      }),
      { numRuns: runs(100) },
    );
  });

  test('within a window the level stays low, and it never stays low beyond it', () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 40_000 }), frame: fc.boolean(), ack: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const b = new Bench({ checked: false });
        b.setupRx(64, 0);
        b.read(REG.ICR);
        b.write(REG.ITR, 100);
        b.write(REG.IMS, RXT0);
        let since = -1;
        for (const s of steps) {
          b.runTo(b.sim.now + s.wait);
          if (s.frame) b.inject(frameTo(MAC));
          if (s.ack) b.read(REG.ICR);
          b.runTo(b.sim.now);
          const request = b.nic.peek(REG.ICR) < 0;
          if (!request) since = -1;
          else if (since < 0) since = b.sim.now;
          if (!request) expect(b.log.level).toBe(0);
          else if (b.sim.now - since >= 25_600) expect(b.log.level).toBe(1);
        }
      }),
      { numRuns: runs(100) },
    );
  });
});
