import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  APIC_DEST_ALLBUT,
  APIC_DFR,
  APIC_ICR,
  APIC_ICR2,
  APIC_IRR,
  APIC_ISR,
  APIC_LDR,
  APIC_SPIV,
  APIC_TASKPRI,
  APIC_TMR,
  IOAPIC_PINS,
  IOEOI,
  type LocalApic,
} from '../../../src/hw/ioapic/index.js';
import { MSI_ADDRESS_BASE } from '../../../src/hw/pcie/index.js';
import { cloneGraph } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import { ApicBench } from './bench.js';
import { Model } from './model.js';

const CPUS = 3;
/** The pins that programs use: two of the ISA side, the four PCI lines. */
const PINS = [2, 4, 16, 17, 18, 19];
/** Few vectors, so that they meet: three classes, an illegal one. */
const vector = fc.constantFrom(0x31, 0x32, 0x41, 0x42, 0x51, 0x52, 7);
const pin = fc.constantFrom(...PINS);
const cpu = fc.nat(CPUS - 1);
const dest = fc.constantFrom(0, 1, 2, 3, 5, 7, 0x12, 0xff);
/** Fixed and lowest priority most of the time. */
const mode = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7);
const low = fc
  .record({ vector, mode, logical: fc.boolean(), low: fc.boolean(), level: fc.boolean(), masked: fc.nat(3) })
  .map(
    (e) =>
      e.vector |
      (e.mode << 8) |
      (e.logical ? 0x800 : 0) |
      (e.low ? 0x2000 : 0) |
      (e.level ? 0x8000 : 0) |
      (e.masked === 0 ? 0x10000 : 0),
  );

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('pin' as const), pin, volts: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('low' as const), pin, value: low }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('dest' as const), pin, dest }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('ack' as const), cpu }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('eoi' as const), cpu }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('tpr' as const), cpu, value: fc.constantFrom(0, 0x30, 0x4f, 0xff) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('enable' as const), cpu, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('end' as const), vector }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('ldr' as const),
      cpu,
      ldr: fc.constantFrom(0, 1, 2, 4, 0x11, 0x12),
      cluster: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('msi' as const),
      dest,
      logical: fc.boolean(),
      mode,
      vector,
      level: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('ipi' as const), cpu, dest, logical: fc.boolean(), vector }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the machine and the model answer to a step: the vector given, or -1. */
function onModel(m: Model, s: Step): number {
  switch (s.op) {
    case 'pin':
      m.setPin(s.pin, s.volts);
      break;
    case 'low':
      m.writeLow(s.pin, s.value);
      break;
    case 'dest':
      m.writeDest(s.pin, s.dest);
      break;
    case 'ack':
      return m.acknowledge(s.cpu);
    case 'eoi':
      m.eoi(s.cpu);
      break;
    case 'tpr':
      m.cpus[s.cpu]!.tpr = s.value;
      break;
    case 'enable':
      m.enable(s.cpu, s.on);
      break;
    case 'end':
      m.end(s.vector);
      break;
    case 'ldr':
      m.setLogical(s.cpu, s.ldr, s.cluster);
      break;
    case 'msi':
      m.send(s.dest, s.logical, s.mode, s.vector, s.level);
      break;
    case 'ipi':
      if (s.vector >= 16) m.send(s.dest, s.logical, 0, s.vector, false);
      break;
  }
  return -1;
}

function onMachine(b: ApicBench, s: Step): number {
  const lapic = 'cpu' in s ? (b.apics.lapics[s.cpu] as LocalApic) : b.lapic;
  switch (s.op) {
    case 'pin':
      b.apics.ioapic.setPin(s.pin, s.volts);
      break;
    case 'low':
      b.writeIo(0, 0x10 + 2 * s.pin);
      b.writeIo(0x10, s.value);
      break;
    case 'dest':
      b.writeIo(0, 0x11 + 2 * s.pin);
      b.writeIo(0x10, s.dest << 24);
      break;
    case 'ack':
      return b.takeOne(s.cpu);
    case 'eoi':
      lapic.eoi();
      break;
    case 'tpr':
      lapic.write32(APIC_TASKPRI, s.value);
      break;
    case 'enable':
      lapic.write32(APIC_SPIV, s.on ? 0x1ff : 0xff);
      break;
    case 'end':
      b.writeIo(IOEOI, s.vector);
      break;
    case 'ldr':
      // Both at once for the model: no message may see one without the other.
      lapic.ldr = s.ldr << 24;
      lapic.write32(APIC_DFR, s.cluster ? 0 : -1);
      expect(lapic.read32(APIC_LDR)).toBe(s.ldr << 24);
      break;
    case 'msi':
      b.apics.bus.message(
        MSI_ADDRESS_BASE | (s.dest << 12) | (s.logical ? 4 : 0),
        s.vector | (s.mode << 8) | (s.level ? 0xc000 : 0),
      );
      break;
    case 'ipi':
      lapic.write32(APIC_ICR2, s.dest << 24);
      lapic.write32(APIC_ICR, s.vector | (s.logical ? 0x800 : 0));
      break;
  }
  return -1;
}

function vectors(lapic: LocalApic, base: number): number[] {
  const list: number[] = [];
  for (let v = 0; v < 256; v++) if ((lapic.read32(base + 16 * (v >> 5)) & (1 << (v & 31))) !== 0) list.push(v);
  return list;
}

const sorted = (s: Set<number>): number[] => [...s].sort((a, b) => a - b);

function compare(b: ApicBench, m: Model): void {
  expect(PINS.map((p) => b.readEntry(p).toString(16))).toEqual(PINS.map((p) => m.entry(p).toString(16)));
  for (const [i, c] of m.cpus.entries()) {
    const lapic = b.apics.lapics[i] as LocalApic;
    expect([vectors(lapic, APIC_IRR), vectors(lapic, APIC_ISR)]).toEqual([sorted(c.irr), sorted(c.isr)]);
    expect(vectors(lapic, APIC_TMR)).toEqual(sorted(c.level));
    expect([lapic.pending, b.cpus[i]?.nmis]).toEqual([m.ready(i) >= 0, c.nmis]);
  }
}

const fresh = (): [ApicBench, Model] => [new ApicBench(CPUS), new Model(CPUS, IOAPIC_PINS, (p) => p >= 16 && p < 20)];

describe('local APICs and IO-APIC against the reference model', () => {
  it('random pins, registers, messages, acknowledges, EOIs: same vectors in the same order, same registers', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const [bench, model] = fresh();
        for (const s of steps) expect(onMachine(bench, s)).toBe(onModel(model, s));
        compare(bench, model);
      }),
      { numRuns: runs(250, 2500) },
    );
  });

  it('the same, looked at after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [bench, model] = fresh();
        for (const s of steps) {
          expect(onMachine(bench, s)).toBe(onModel(model, s));
          compare(bench, model);
        }
      }),
      { numRuns: runs(40, 400) },
    );
  });

  it('cloned in the middle: the copy goes on as the model does, the original stays', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(step, { maxLength: 60 }), (before, after) => {
        const [bench, model] = fresh();
        for (const s of before) expect(onMachine(bench, s)).toBe(onModel(model, s));
        const [copy, future] = [cloneGraph(bench), cloneGraph(model)];
        for (const s of after) expect(onMachine(copy, s)).toBe(onModel(future, s));
        compare(copy, future);
        compare(bench, model);
      }),
      { numRuns: runs(20, 200) },
    );
  });

  it('edges while masked: the machine counts as many as the model loses', () => {
    const edgesOnly = fc.oneof(
      fc.record({ op: fc.constant('pin' as const), pin: fc.constantFrom(2, 4), volts: fc.nat(1) }),
      fc.record({ op: fc.constant('low' as const), pin: fc.constantFrom(2, 4), value: fc.constantFrom(0x41, 0x10041) }),
    );
    fc.assert(
      fc.property(fc.array(edgesOnly, { maxLength: 60 }), (steps) => {
        const [bench, model] = fresh();
        for (const s of steps) {
          onMachine(bench, s);
          onModel(model, s);
        }
        expect(bench.apics.ioapic.masked[2]! + bench.apics.ioapic.masked[4]!).toBe(model.lostEdges);
      }),
      { numRuns: runs(100, 1000) },
    );
  });

  it('the model sees a planted fault: an interrupt too many', () => {
    const [bench, model] = fresh();
    bench.lapic.write32(APIC_ICR, 0x41 | APIC_DEST_ALLBUT);
    expect(() => compare(bench, model)).toThrow();
  });
});
