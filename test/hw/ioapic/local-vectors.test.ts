import { describe, expect, it } from 'vitest';
import {
  APIC_ESR,
  APIC_ESR_ILLREGA,
  APIC_ESR_RECVILL,
  APIC_IRR,
  APIC_LVT0,
  APIC_LVT1,
  APIC_LVTERR,
  APIC_LVTPC,
  APIC_LVTTHMR,
  APIC_SPIV,
} from '../../../src/hw/ioapic/index.js';
import { ApicBench } from './bench.js';

const V = 0x41;
const MASKED = 0x10000;
const LEVEL = 0x8000;
const REMOTE_IRR = 0x4000;
const LOW = 0x2000;
const PENDING = 0x1000;
const NMI = 0x400;
const EXTINT = 0x700;

describe('local vectors', () => {
  it('LINT0 edge: one interrupt per rise; Send Pending until the CPU takes it', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT0, V);
    b.lapic.lint(0, 1);
    expect([b.lapic.read32(APIC_LVT0), b.takeOne(), b.lapic.read32(APIC_LVT0)]).toEqual([V | PENDING, V, V]);
    b.lapic.eoi();
    b.lapic.lint(0, 1);
    expect(b.takeOne()).toBe(-1);
    b.lapic.lint(0, 0);
    b.lapic.lint(0, 1);
    expect(b.takeOne()).toBe(V);
  });

  it('LINT0 level, active low: Remote IRR; EOI while active: again; after: none', () => {
    const b = new ApicBench();
    b.lapic.lint(0, 1);
    b.lapic.write32(APIC_LVT0, V | LEVEL | LOW);
    b.lapic.lint(0, 0);
    expect([b.takeOne(), b.lapic.read32(APIC_LVT0)]).toEqual([V, V | LEVEL | LOW | REMOTE_IRR]);
    b.lapic.eoi();
    expect(b.takeOne()).toBe(V);
    b.lapic.lint(0, 1);
    b.lapic.eoi();
    expect([b.takeOne(), b.lapic.read32(APIC_LVT0)]).toEqual([-1, V | LEVEL | LOW]);
  });

  it('LINT0 level in service, falls and rises: one more after the EOI, not two; through edge mode: Remote IRR goes', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT0, V | LEVEL);
    b.lapic.lint(0, 1);
    expect(b.takeOne()).toBe(V);
    b.lapic.lint(0, 0);
    b.lapic.lint(0, 1);
    expect(b.lapic.requested(V)).toBe(false);
    b.lapic.eoi();
    expect(b.takeOne()).toBe(V);
    b.lapic.lint(0, 0);
    b.lapic.eoi();
    expect(b.takeOne()).toBe(-1);
    b.lapic.lint(0, 1);
    b.lapic.write32(APIC_LVT0, V | MASKED);
    b.lapic.write32(APIC_LVT0, V | LEVEL | MASKED);
    expect(b.lapic.read32(APIC_LVT0)).toBe(V | LEVEL | MASKED | PENDING);
  });

  it('reset while one waits: idle', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT0, V);
    b.lapic.lint(0, 1);
    b.lapic.reset();
    expect([b.lapic.read32(APIC_LVT0), b.lapic.pending, b.takeOne()]).toEqual([MASKED, false, -1]);
  });

  it('LINT level while masked: counts when unmasked; edge while masked: lost', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT0, V | LEVEL | MASKED);
    b.lapic.write32(APIC_LVT1, (V + 16) | MASKED);
    b.lapic.lint(0, 1);
    b.lapic.lint(1, 1);
    b.lapic.write32(APIC_LVT0, V | LEVEL);
    b.lapic.write32(APIC_LVT1, V + 16);
    expect([b.takeOne(), b.takeOne()]).toEqual([V, -1]);
  });

  it('LINT1 as NMI, trigger bit level: an edge; LINT0 as ExtINT: counted on assertion and on unmask', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT1, NMI | LEVEL);
    b.lapic.lint(1, 1);
    expect([b.cpus[0]?.nmis, b.lapic.read32(APIC_LVT1)]).toEqual([1, NMI | LEVEL]);
    b.lapic.write32(APIC_LVT0, EXTINT);
    b.lapic.lint(0, 1);
    b.lapic.write32(APIC_LVT0, EXTINT);
    b.lapic.write32(APIC_LVT0, EXTINT | MASKED);
    b.lapic.write32(APIC_LVT0, EXTINT);
    expect([b.lapic.counters.extInt, b.lapic.pending]).toEqual([2, false]);
  });

  it('reserved mode: refused by name', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT0, 0x300);
    b.lapic.lint(0, 1);
    expect(b.lapic.counters.refusedMode).toBe(1);
  });

  it('performance: masks itself; thermal: does not; masked: nothing', () => {
    const b = new ApicBench();
    expect(b.lapic.thermalInterrupt()).toBe(false);
    b.lapic.write32(APIC_LVTPC, NMI);
    b.lapic.write32(APIC_LVTTHMR, V);
    expect([b.lapic.performanceInterrupt(), b.lapic.performanceInterrupt()]).toEqual([true, false]);
    expect([b.lapic.read32(APIC_LVTPC), b.cpus[0]?.nmis]).toEqual([NMI | MASKED, 1]);
    expect([b.lapic.thermalInterrupt(), b.lapic.read32(APIC_LVTTHMR)]).toEqual([true, V | PENDING]);
  });

  it('software-disabled: all masked, mask bits cannot be cleared; what waits is still given', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT0, V);
    b.lapic.lint(0, 1);
    b.lapic.write32(APIC_SPIV, 0xff);
    b.lapic.write32(APIC_LVT0, V);
    expect(b.lapic.read32(APIC_LVT0)).toBe(V | MASKED | PENDING);
    b.lapic.lint(0, 0);
    b.lapic.lint(0, 1);
    expect([b.takeOne(), b.takeOne()]).toEqual([V, -1]);
    b.lapic.write32(APIC_SPIV, 0x1ff);
    expect(b.lapic.read32(APIC_LVT0)).toBe(V | MASKED);
  });

  it('vector rewritten while one waits: the new one is idle', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVT0, V);
    b.lapic.lint(0, 1);
    b.lapic.write32(APIC_LVT0, V + 1);
    expect([b.lapic.read32(APIC_LVT0), b.takeOne()]).toEqual([V + 1, V]);
  });
});

describe('error status', () => {
  it('an error: not seen until ESR is written; back-to-back writes clear it', () => {
    const { lapic } = new ApicBench();
    lapic.accept(3, 0);
    lapic.read32(0x10);
    expect(lapic.read32(APIC_ESR)).toBe(0);
    lapic.write32(APIC_ESR, 0);
    expect([lapic.read32(APIC_ESR), lapic.read32(APIC_ESR)]).toEqual(
      Array(2).fill(APIC_ESR_RECVILL | APIC_ESR_ILLREGA),
    );
    lapic.write32(APIC_ESR, 0);
    expect(lapic.read32(APIC_ESR)).toBe(0);
  });

  it('error vector: one interrupt until ESR is written, then another', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_LVTERR, 0xfe);
    b.lapic.accept(3, 0);
    b.lapic.accept(4, 0);
    expect([b.takeOne(), b.takeOne()]).toEqual([0xfe, -1]);
    b.lapic.eoi();
    b.lapic.accept(5, 0);
    expect(b.takeOne()).toBe(-1);
    b.lapic.write32(APIC_ESR, 0);
    b.lapic.accept(5, 0);
    expect(b.takeOne()).toBe(0xfe);
  });

  it('error vector masked: recorded all the same; itself illegal: one more error, no more', () => {
    const { lapic } = new ApicBench();
    lapic.read32(0x10);
    lapic.write32(APIC_ESR, 0);
    expect(lapic.read32(APIC_ESR)).toBe(APIC_ESR_ILLREGA);
    lapic.write32(APIC_LVTERR, 7);
    lapic.read32(0x10);
    lapic.write32(APIC_ESR, 0);
    expect([lapic.read32(APIC_ESR), lapic.read32(APIC_IRR)]).toEqual([APIC_ESR_ILLREGA | APIC_ESR_RECVILL, 0]);
  });
});
