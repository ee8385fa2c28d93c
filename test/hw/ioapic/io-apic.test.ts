import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  IOAPICVER,
  IOEOI,
  REDIR_ACTIVE_LOW,
  REDIR_LEVEL,
  REDIR_MASKED,
  REDIR_REMOTE_IRR,
} from '../../../src/hw/ioapic/index.js';
import { runs } from '../../support/fc.js';
import { ApicBench } from './bench.js';

const V = 0x41;
const LEVEL_LOW = V | REDIR_LEVEL | REDIR_ACTIVE_LOW;

describe('registers', () => {
  it('after reset: 24 masked entries, version 0x20', () => {
    const bench = new ApicBench();
    expect(bench.readIo(IOAPICVER)).toBe(0x00170020);
    for (let pin = 0; pin < 24; pin++) expect(bench.readEntry(pin)).toBe(REDIR_MASKED);
  });

  it('all ones written: Delivery Status and Remote IRR stay 0, reserved bits too', () => {
    const bench = new ApicBench();
    bench.redirect(5, -1, 0xab);
    expect(bench.readEntry(5)).toBe(0x1afff);
    expect(bench.readIo(0x10 + 11)).toBe(0xab << 24);
    expect([bench.readIo(0x40), bench.readIo(0x0f)]).toEqual([0, 0]);
  });
});

describe('level pins', () => {
  it('asserted: one message, Remote IRR; EOI while asserted: again; EOI after deassertion: none', () => {
    const bench = new ApicBench();
    const { ioapic, router } = bench.apics;
    bench.redirect(16, LEVEL_LOW);
    router.intx(0, 1, 1);
    expect(bench.readEntry(16) & REDIR_REMOTE_IRR).toBe(REDIR_REMOTE_IRR);
    expect([bench.takeOne(), bench.takeOne()]).toEqual([V, -1]);
    bench.lapic.eoi();
    expect([bench.takeOne(), ioapic.sent[16]]).toEqual([V, 2]);
    router.intx(0, 1, 0);
    bench.lapic.eoi();
    expect([bench.takeOne(), ioapic.sent[16], bench.readEntry(16) & REDIR_REMOTE_IRR]).toEqual([-1, 2, 0]);
  });

  it('masked while asserted: fires when unmasked; deasserted before: does not', () => {
    const bench = new ApicBench();
    const { router } = bench.apics;
    bench.redirect(17, LEVEL_LOW | REDIR_MASKED);
    router.intx(1, 1, 1);
    expect(bench.takeOne()).toBe(-1);
    bench.redirect(17, LEVEL_LOW);
    expect(bench.takeOne()).toBe(V);
    router.intx(1, 1, 0);
    bench.lapic.eoi();
    bench.redirect(17, LEVEL_LOW | REDIR_MASKED);
    router.intx(1, 1, 1);
    router.intx(1, 1, 0);
    bench.redirect(17, LEVEL_LOW);
    expect(bench.takeOne()).toBe(-1);
  });

  it('masked in service: the EOI clears Remote IRR, the message waits for the unmask', () => {
    const bench = new ApicBench();
    bench.redirect(16, LEVEL_LOW);
    bench.apics.router.intx(0, 1, 1);
    bench.takeOne();
    bench.redirect(16, LEVEL_LOW | REDIR_MASKED);
    expect(bench.readEntry(16) & REDIR_REMOTE_IRR).toBe(REDIR_REMOTE_IRR);
    bench.lapic.eoi();
    expect([bench.takeOne(), bench.readEntry(16) & REDIR_REMOTE_IRR]).toEqual([-1, 0]);
    bench.redirect(16, LEVEL_LOW);
    expect(bench.takeOne()).toBe(V);
  });

  it('polarity high on a PCI line: idle counts as asserted', () => {
    const bench = new ApicBench();
    bench.redirect(18, V | REDIR_LEVEL);
    expect(bench.takeOne()).toBe(V);
    bench.redirect(18, LEVEL_LOW);
    bench.lapic.eoi();
    expect(bench.takeOne()).toBe(-1);
  });

  it('EOI register: ends the vector for all its pins', () => {
    const bench = new ApicBench();
    bench.redirect(16, LEVEL_LOW);
    bench.redirect(17, LEVEL_LOW);
    bench.apics.router.intx(0, 1, 1);
    bench.apics.router.intx(1, 1, 1);
    bench.apics.router.intx(0, 1, 0);
    bench.apics.router.intx(1, 1, 0);
    bench.writeIo(IOEOI, V + 1);
    expect(bench.readEntry(16) & REDIR_REMOTE_IRR).not.toBe(0);
    bench.writeIo(IOEOI, V);
    expect((bench.readEntry(16) | bench.readEntry(17)) & REDIR_REMOTE_IRR).toBe(0);
  });

  it('no CPU accepts it: Remote IRR stays 0, so a later unmask can send', () => {
    const bench = new ApicBench();
    bench.redirect(16, LEVEL_LOW, 9);
    bench.apics.router.intx(0, 1, 1);
    expect([bench.readEntry(16) & REDIR_REMOTE_IRR, bench.apics.bus.counters.undelivered]).toEqual([0, 1]);
    bench.redirect(16, LEVEL_LOW, 0);
    expect(bench.takeOne()).toBe(V);
  });

  it('stuck Remote IRR: going through edge mode clears it', () => {
    const bench = new ApicBench();
    bench.redirect(16, LEVEL_LOW);
    bench.apics.router.intx(0, 1, 1);
    bench.redirect(16, (LEVEL_LOW | REDIR_MASKED) & ~REDIR_LEVEL);
    expect(bench.readEntry(16) & REDIR_REMOTE_IRR).toBe(0);
  });
});

describe('edge pins', () => {
  it('rises: one message; stays high over EOI: none; falls and rises: one more', () => {
    const bench = new ApicBench();
    const { ioapic } = bench.apics;
    bench.redirect(4, V);
    ioapic.setPin(4, 1);
    expect(bench.takeOne()).toBe(V);
    bench.lapic.eoi();
    expect(bench.takeOne()).toBe(-1);
    ioapic.setPin(4, 0);
    expect(bench.takeOne()).toBe(-1);
    ioapic.setPin(4, 1);
    expect([bench.takeOne(), ioapic.sent[4]]).toEqual([V, 2]);
  });

  it('edge while masked: lost', () => {
    const bench = new ApicBench();
    bench.redirect(4, V | REDIR_MASKED);
    bench.apics.ioapic.setPin(4, 1);
    bench.redirect(4, V);
    expect(bench.takeOne()).toBe(-1);
  });

  it('active low: the falling edge counts', () => {
    const bench = new ApicBench();
    bench.redirect(16, V | REDIR_ACTIVE_LOW);
    bench.apics.router.intx(0, 1, 1);
    expect(bench.takeOne()).toBe(V);
    bench.lapic.eoi();
    bench.apics.router.intx(0, 1, 0);
    expect(bench.takeOne()).toBe(-1);
  });
});

describe('shared line', () => {
  it('slots 0 and 4 share GSI 16: low until the last one lets go', () => {
    const bench = new ApicBench();
    const { ioapic, router } = bench.apics;
    expect([router.route(0, 1), router.route(4, 1), router.route(1, 1), router.route(0, 4)]).toEqual([16, 16, 17, 19]);
    bench.redirect(16, LEVEL_LOW);
    router.intx(0, 1, 1);
    router.intx(4, 1, 1);
    bench.takeOne();
    router.intx(0, 1, 0);
    expect(ioapic.active(16)).toBe(true);
    bench.lapic.eoi();
    expect(bench.takeOne()).toBe(V);
    router.intx(4, 1, 0);
    bench.lapic.eoi();
    expect([ioapic.active(16), bench.takeOne()]).toEqual([false, -1]);
  });

  it('random assertions, masks, acknowledges and EOIs of level pins: nothing lost, nothing invented', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('intx' as const), n: fc.nat(11), on: fc.boolean() }),
      fc.record({ op: fc.constant('mask' as const), n: fc.nat(3), on: fc.boolean() }),
      fc.record({ op: fc.constantFrom('ack' as const, 'eoi' as const), n: fc.constant(0), on: fc.constant(false) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const bench = new ApicBench();
        const { ioapic, router } = bench.apics;
        const low = (line: number): number => LEVEL_LOW + 16 * line;
        const asserted = new Set<number>();
        const masked = [false, false, false, false];
        const remote = [false, false, false, false];
        const sent = [0, 0, 0, 0];
        const service: number[] = [];
        const settle = (): void => {
          for (let line = 0; line < 4; line++) {
            const active = [...asserted].some((slot) => slot % 4 === line);
            if (!active || masked[line] || remote[line]) continue;
            remote[line] = true;
            sent[line] = (sent[line] ?? 0) + 1;
          }
        };
        for (let line = 0; line < 4; line++) bench.redirect(16 + line, low(line));
        for (const s of steps) {
          if (s.op === 'intx') {
            if (s.on) asserted.add(s.n);
            else asserted.delete(s.n);
            router.intx(s.n, 1, s.on ? 1 : 0);
          } else if (s.op === 'mask') {
            masked[s.n] = s.on;
            bench.redirect(16 + s.n, low(s.n) | (s.on ? REDIR_MASKED : 0));
          } else if (s.op === 'ack') {
            const vector = bench.takeOne();
            if (vector >= 0) service.push((vector - V) >> 4);
          } else {
            bench.lapic.eoi();
            // Vectors nest by class, so the last taken is the one ended.
            const line = service.pop();
            if (line !== undefined) remote[line] = false;
          }
          settle();
          for (let line = 0; line < 4; line++) {
            expect((bench.readEntry(16 + line) & REDIR_REMOTE_IRR) !== 0).toBe(remote[line]);
            expect(ioapic.sent[16 + line]).toBe(sent[line]);
          }
        }
      }),
      { numRuns: runs(150) },
    );
  });
});
