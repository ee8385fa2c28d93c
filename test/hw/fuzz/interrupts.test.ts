import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/fc.js';
import { wireFrame } from '../../support/fuzz-actions.js';
import { BAR3, FuzzRig, MSIX, type Signalling } from '../../support/fuzz-rig.js';

const ICR = 0x00c0;
const ITR = 0x00c4;
const ICS = 0x00c8;
const IMS = 0x00d0;
const IMC = 0x00d8;
const EIAC = 0x00dc;
const IAM = 0x00e0;
const IVAR = 0x00e4;
const EITR = 0x00e8;
const CTRL_EXT = 0x0018;
const RDTR = 0x2820;
const CAUSES = 0x01f782df;
/** Causes that also set OTHER with MSI-X: LSC, RXO, MDAC, SRPD, ACK, MNG. */
const OTHERS = 0x00070244;
const OTHER = 1 << 24;
const WINDOW_UNIT_NS = 256;

type Stimulus =
  | { t: 'write'; at: number; value: number }
  | { t: 'read' }
  | { t: 'frame' }
  | { t: 'time'; ns: number }
  | { t: 'vector'; n: number; masked: boolean }
  | { t: 'function'; masked: boolean };

const causes: fc.Arbitrary<number> = fc.oneof(
  fc.nat(24).map((bit) => 1 << bit),
  fc.integer(),
  fc.constantFrom(CAUSES, 0x80, 0x01500000, 0x00f00000),
);
const interval: fc.Arbitrary<number> = fc.constantFrom(0, 0, 1, 20, 195, 1000, 0xffff);

function write(at: number, value: fc.Arbitrary<number>): fc.Arbitrary<Stimulus> {
  return fc.record({ t: fc.constant('write' as const), at: fc.constant(at), value });
}

const common: fc.Arbitrary<Stimulus> = fc.oneof(
  { weight: 4, arbitrary: write(ICS, causes) },
  { weight: 3, arbitrary: write(IMS, causes) },
  { weight: 2, arbitrary: write(IMC, causes) },
  { weight: 1, arbitrary: write(ICR, causes) },
  { weight: 1, arbitrary: write(ITR, interval) },
  { weight: 1, arbitrary: write(CTRL_EXT, fc.constantFrom(0, 1 << 27, 1 << 24)) },
  { weight: 1, arbitrary: write(IAM, causes) },
  { weight: 1, arbitrary: write(RDTR, fc.constantFrom(0, 1, 30)) },
  { weight: 3, arbitrary: fc.constant<Stimulus>({ t: 'read' }) },
  { weight: 2, arbitrary: fc.constant<Stimulus>({ t: 'frame' }) },
  { weight: 3, arbitrary: fc.record({ t: fc.constant('time' as const), ns: fc.nat(300_000) }) },
);

const vectors: fc.Arbitrary<Stimulus> = fc.oneof(
  { weight: 4, arbitrary: common },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(4), interval).map(([n, value]): Stimulus => ({ t: 'write', at: EITR + 4 * n, value })),
  },
  { weight: 1, arbitrary: write(EIAC, fc.constantFrom(0, 0x01f00000, 0x01500000, 0x00100000)) },
  {
    weight: 1,
    arbitrary: write(IVAR, fc.constantFrom(0x000a0908, 0x000a9898, 0x000ccba9, 0x800a0908 | 0, 0x00088888)),
  },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('vector' as const), n: fc.nat(4), masked: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('function' as const), masked: fc.boolean() }) },
);

function machine(how: Signalling): FuzzRig {
  const rig = new FuzzRig({ rate: 0, nic: {} });
  rig.configure(how);
  rig.softReset();
  rig.setupRing(0, 128, 127);
  rig.write(0x0100, 0x04008002);
  rig.write(IVAR, 0x000a0908);
  rig.drain();
  rig.read(ICR);
  rig.settle();
  return rig;
}

function apply(rig: FuzzRig, s: Stimulus): void {
  if (s.t === 'write') rig.write(s.at, s.value);
  else if (s.t === 'read') rig.read(ICR);
  else if (s.t === 'frame') rig.peer.send(wireFrame(0, 100));
  else if (s.t === 'time') rig.pass(s.ns);
  else if (s.t === 'vector') rig.rc.write32((BAR3 + 16 * s.n + 12) | 0, s.masked ? 1 : 0);
  else rig.config(MSIX + 2, 2, s.masked ? 0xc000 : 0x8000);
  rig.settle();
}

function request(rig: FuzzRig): boolean {
  return (rig.nic.peek(ICR) & rig.nic.peek(IMS) & CAUSES) !== 0;
}

/** What is owed of an MSI-X vector: count of its messages when a cause came up. */
class Debts {
  readonly owed: Map<number, number> = new Map();
  private readonly rig: FuzzRig;

  constructor(rig: FuzzRig) {
    this.rig = rig;
  }

  private count(n: number): number {
    return this.rig.signals.count(0x50 + n);
  }

  private vectorOf(k: number): number {
    const nibble = (this.rig.nic.peek(IVAR) >>> (4 * k)) & 15;
    return nibble >= 8 && nibble < 13 ? nibble - 8 : -1;
  }

  /** Software is about to set causes: those that come up anew owe a message. */
  raise(written: number): void {
    const all = (written & OTHERS) !== 0 ? written | OTHER : written;
    const fresh = all & this.rig.nic.peek(IMS) & ~this.rig.nic.peek(ICR);
    for (let k = 0; k < 5; k++) {
      const n = this.vectorOf(k);
      if (n >= 0 && (fresh & (1 << (20 + k))) !== 0 && !this.owed.has(n)) this.owed.set(n, this.count(n));
    }
  }

  /** After a stimulus; `withdrawn`: software may have taken causes back. */
  settle(withdrawn: boolean): void {
    const { nic } = this.rig;
    const up = nic.peek(ICR) & nic.peek(IMS);
    for (const [n, before] of this.owed) {
      if (this.count(n) > before) this.owed.delete(n);
      else if (withdrawn && !nic.irq.msix.table.isPending(n)) {
        let wanted = false;
        for (let k = 0; k < 5; k++) if (this.vectorOf(k) === n && (up & (1 << (20 + k))) !== 0) wanted = true;
        if (!wanted) this.owed.delete(n);
      }
    }
  }
}

/** The full suite takes minutes. */
const LONG_MS = 600_000;

describe('interrupts in random programs', () => {
  test(
    'INTx: the line is (ICR & IMS) != 0 at all times, but for the window of ITR',
    () => {
      let held = 0;
      let high = 0;
      fc.assert(
        fc.property(fc.array(common, { maxLength: 60, size: 'max' }), (list) => {
          const rig = machine('intx');
          for (const s of list) {
            apply(rig, s);
            const { signals } = rig;
            if (signals.level === 1) {
              high++;
              expect(request(rig)).toBe(true);
            } else if (request(rig)) {
              held++;
              const window = (rig.nic.peek(ITR) & 0xffff) * WINDOW_UNIT_NS;
              expect(rig.sim.now).toBeLessThan(signals.rose + window);
            }
          }
          rig.drain();
          expect(rig.signals.level).toBe(request(rig) ? 1 : 0);
        }),
        { numRuns: runs(250) },
      );
      expect(Math.min(held, high)).toBeGreaterThan(100);
    },
    LONG_MS,
  );

  test(
    'MSI: a request that comes up sends one message, now or at the end of the window; none is lost, none sent twice',
    () => {
      let sent = 0;
      fc.assert(
        fc.property(fc.array(common, { maxLength: 60, size: 'max' }), (list) => {
          const rig = machine('msi');
          let clean = rig.signals.total;
          for (const s of list) {
            apply(rig, s);
            expect(rig.signals.total - clean).toBeLessThanOrEqual(1);
            if (!request(rig)) clean = rig.signals.total;
          }
          rig.drain();
          expect(rig.signals.total - clean).toBe(request(rig) ? 1 : 0);
          sent += rig.signals.total;
        }),
        { numRuns: runs(250) },
      );
      expect(sent).toBeGreaterThan(200);
    },
    LONG_MS,
  );

  test(
    'MSI-X: each cause that comes up brings a message of its vector, whatever was masked in between',
    () => {
      let owed = 0;
      fc.assert(
        fc.property(fc.array(vectors, { maxLength: 60, size: 'max' }), (list) => {
          const rig = machine('msix');
          const debts = new Debts(rig);
          for (const s of list) {
            if (s.t === 'write' && s.at === ICS) debts.raise(s.value);
            owed += debts.owed.size;
            apply(rig, s);
            const takesBack = s.t === 'read' || (s.t === 'write' && (s.at === ICR || s.at === IMC || s.at === IVAR));
            debts.settle(takesBack);
          }
          // Each unmasking must deliver by itself: what is not masked is not touched.
          const { table } = rig.nic.irq.msix;
          if (rig.nic.config.msixMasked && list.length % 2 === 0) apply(rig, { t: 'function', masked: false });
          for (let n = 0; n < 5; n++)
            if ((table.words[4 * n + 3] & 1) !== 0) apply(rig, { t: 'vector', n, masked: false });
          if (rig.nic.config.msixMasked) apply(rig, { t: 'function', masked: false });
          rig.drain();
          debts.settle(false);
          expect([...debts.owed]).toEqual([]);
        }),
        { numRuns: runs(250) },
      );
      expect(owed).toBeGreaterThan(100);
    },
    LONG_MS,
  );
});
