import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  APIC_LVT_TIMER_PERIODIC,
  APIC_LVTT,
  APIC_SPIV,
  APIC_TDCR,
  APIC_TMCCT,
  APIC_TMICT,
} from '../../../src/hw/ioapic/index.js';
import { cloneGraph } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import { ApicBench } from './bench.js';

const V = 0xec;
const MASKED = 0x10000;
/** Divide configuration codes, by divisor. */
const DIVIDE: Record<number, number> = { 1: 0xb, 2: 0, 4: 1, 8: 2, 16: 3, 32: 8, 64: 9, 128: 10 };
const divisors = Object.keys(DIVIDE).map(Number);
const START = 3_000_000_000;

function started(lvt: number, count: number, divisor: number): ApicBench {
  const b = new ApicBench();
  b.until(START);
  b.lapic.write32(APIC_TDCR, DIVIDE[divisor] as number);
  b.lapic.write32(APIC_LVTT, lvt);
  b.lapic.write32(APIC_TMICT, count);
  return b;
}

/** Interrupts taken and ended now. */
function serve(b: ApicBench): number {
  let n = 0;
  for (; b.takeOne() === V; n++) b.lapic.eoi();
  return n;
}

describe('APIC timer', () => {
  it.each(divisors)('one-shot, divided by %i: at zero, to the nanosecond, once', (divisor) => {
    const b = started(V, 1000, divisor);
    b.until(START + 1000 * divisor - 1);
    expect([serve(b), b.lapic.read32(APIC_TMCCT)]).toEqual([0, 1]);
    b.until(START + 1000 * divisor);
    expect([serve(b), b.lapic.read32(APIC_TMCCT), b.lapic.read32(APIC_TMICT)]).toEqual([1, 0, 1000]);
    b.until(START + 5000 * divisor);
    expect(serve(b)).toBe(0);
  });

  it('counting: the count under way is shown', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...divisors),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(100000),
        (divisor, count, at) => {
          const b = started(V, count, divisor);
          b.until(START + at);
          expect(b.lapic.read32(APIC_TMCCT)).toBe(Math.max(0, count - Math.floor(at / divisor)));
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('periodic: one interrupt a period, no drift; the count starts again', () => {
    const b = started(V | APIC_LVT_TIMER_PERIODIC, 10, 16);
    const at: number[] = [];
    for (let t = 1; t <= 800; t++) {
      b.until(START + t);
      if (serve(b) === 1) at.push(t);
    }
    expect(at).toEqual([160, 320, 480, 640, 800]);
    expect(b.lapic.read32(APIC_TMCCT)).toBe(10);
  });

  it('periodic: weak; one-shot: strong', () => {
    expect(started(V | APIC_LVT_TIMER_PERIODIC, 10, 1).sim.strong).toBe(0);
    const b = started(V, 10, 1);
    expect(b.sim.strong).toBe(1);
    b.lapic.write32(APIC_LVTT, V | APIC_LVT_TIMER_PERIODIC);
    expect(b.sim.strong).toBe(0);
    b.until(START + 35);
    b.lapic.write32(APIC_LVTT, V);
    expect([b.sim.strong, b.lapic.read32(APIC_TMCCT)]).toEqual([1, 5]);
    b.until(START + 40);
    expect([serve(b), b.lapic.read32(APIC_TMCCT), b.sim.strong]).toEqual([1, 0, 0]);
  });

  it('masked: counts, no interrupt, none afterwards', () => {
    const b = started(V | MASKED, 100, 2);
    b.until(START + 100);
    expect(b.lapic.read32(APIC_TMCCT)).toBe(50);
    b.until(START + 300);
    b.lapic.write32(APIC_LVTT, V);
    expect([serve(b), b.lapic.read32(APIC_TMCCT)]).toEqual([0, 0]);
  });

  it('initial count 0: stops; written while counting: starts anew', () => {
    const b = started(V, 100, 1);
    b.until(START + 90);
    b.lapic.write32(APIC_TMICT, 100);
    b.until(START + 189);
    expect(serve(b)).toBe(0);
    b.until(START + 190);
    expect(serve(b)).toBe(1);
    b.lapic.write32(APIC_TMICT, 100);
    b.lapic.write32(APIC_TMICT, 0);
    expect([b.lapic.read32(APIC_TMCCT), b.sim.strong]).toEqual([0, 0]);
  });

  it('divider changed while counting: the count stays and goes on at the new rate', () => {
    const b = started(V, 100, 4);
    b.until(START + 200);
    b.lapic.write32(APIC_TDCR, DIVIDE[128] as number);
    expect(b.lapic.read32(APIC_TMCCT)).toBe(50);
    b.until(START + 200 + 50 * 128 - 1);
    expect(serve(b)).toBe(0);
    b.until(START + 200 + 50 * 128);
    expect(serve(b)).toBe(1);
  });

  it('counts above 2^31: unsigned', () => {
    const b = started(V, 0xfffffff0 | 0, 1);
    b.until(START + 0x10);
    expect(b.lapic.read32(APIC_TMCCT)).toBe(0xffffffe0 | 0);
    b.until(START + 0xfffffff0);
    expect(serve(b)).toBe(1);
  });

  it('software-disabled: the entry is masked, the count goes on', () => {
    const b = started(V, 100, 1);
    b.lapic.write32(APIC_SPIV, 0xff);
    b.until(START + 60);
    expect([b.lapic.read32(APIC_TMCCT), b.lapic.read32(APIC_LVTT)]).toEqual([40, V | MASKED]);
    b.until(START + 200);
    expect(serve(b)).toBe(0);
  });

  it('reset: stopped, divided by 2', () => {
    const b = started(V, 100, 1);
    b.lapic.reset();
    b.lapic.write32(APIC_TMICT, 8);
    b.until(START + 4);
    expect(b.lapic.read32(APIC_TMCCT)).toBe(6);
    b.lapic.write32(APIC_TMICT, 0);
    expect([b.sim.strong, b.lapic.read32(APIC_TMICT), b.lapic.read32(APIC_TDCR)]).toEqual([0, 0, 0]);
  });

  it('cloned while counting: both fire, apart', () => {
    const b = started(V | APIC_LVT_TIMER_PERIODIC, 50, 2);
    b.until(START + 30);
    const copy = cloneGraph(b);
    b.until(START + 100);
    expect([serve(b), serve(copy), copy.lapic.read32(APIC_TMCCT)]).toEqual([1, 0, 35]);
    copy.until(START + 200);
    expect([serve(copy), b.lapic.read32(APIC_TMCCT)]).toEqual([1, 50]);
  });
});
