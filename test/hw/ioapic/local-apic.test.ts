import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  APIC_EOI,
  APIC_IRR,
  APIC_ISR,
  APIC_SPIV,
  APIC_TASKPRI,
  APIC_TMR,
  TRIGGER_EDGE,
  TRIGGER_LEVEL,
} from '../../../src/hw/ioapic/index.js';
import { MSI_ADDRESS_BASE } from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { ApicBench } from './bench.js';

const max = (s: Set<number>): number => Math.max(-1, ...s);

describe('LocalApic against sets', () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('accept' as const), v: fc.integer({ min: 0, max: 255 }), level: fc.boolean() }),
    fc.record({ op: fc.constantFrom('ack' as const, 'eoi' as const), v: fc.constant(0), level: fc.constant(false) }),
    fc.record({ op: fc.constant('tpr' as const), v: fc.integer({ min: 0, max: 255 }), level: fc.constant(false) }),
  );

  it('random accept, acknowledge, EOI, TPR: same vectors, same pending, a call per rising edge, EOIs of level vectors', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const bench = new ApicBench();
        const { lapic, cpus, apics } = bench;
        const [irr, isr, tmr] = [new Set<number>(), new Set<number>(), new Set<number>()];
        const broadcast: number[] = [];
        apics.bus.eoiListeners.push({ eoi: (v) => void broadcast.push(v) });
        let [tpr, calls, was] = [0, 0, false];
        const expected: number[] = [];
        const ready = (): boolean => irr.size > 0 && max(irr) >> 4 > Math.max(tpr >> 4, max(isr) >> 4);
        for (const s of steps) {
          if (s.op === 'accept') {
            expect(lapic.accept(s.v, s.level ? TRIGGER_LEVEL : TRIGGER_EDGE)).toBe(s.v >= 16);
            if (s.v >= 16) irr.add(s.v);
            if (s.v >= 16) s.level ? tmr.add(s.v) : tmr.delete(s.v);
          } else if (s.op === 'ack') {
            const vector = ready() ? max(irr) : 0xff;
            if (ready()) {
              irr.delete(vector);
              isr.add(vector);
            }
            expect(lapic.acknowledge()).toBe(vector);
            was = false;
          } else if (s.op === 'eoi') {
            const vector = max(isr);
            isr.delete(vector);
            if (tmr.has(vector) && vector >= 0) expected.push(vector);
            lapic.eoi();
          } else {
            lapic.write32(APIC_TASKPRI, s.v);
            tpr = s.v;
          }
          if (ready() && !was) calls++;
          was = ready();
          expect(lapic.pending).toBe(ready());
          expect(cpus[0]?.interrupts).toBe(calls);
          expect(broadcast).toEqual(expected);
        }
        for (const [base, set] of [
          [APIC_IRR, irr],
          [APIC_ISR, isr],
        ] as const) {
          for (let i = 0; i < 8; i++) {
            let word = 0;
            for (const v of set) if (v >> 5 === i) word |= 1 << (v & 31);
            expect(lapic.read32(base + 16 * i)).toBe(word);
          }
        }
      }),
      { numRuns: runs(200) },
    );
  });
});

describe('LocalApic', () => {
  it('vector 0x41 in service, 0x42 arrives: waits for EOI; 0x51 interrupts it', () => {
    const { lapic } = new ApicBench();
    lapic.accept(0x41, TRIGGER_EDGE);
    expect(lapic.acknowledge()).toBe(0x41);
    lapic.accept(0x42, TRIGGER_EDGE);
    expect(lapic.pending).toBe(false);
    lapic.accept(0x51, TRIGGER_EDGE);
    expect([lapic.pending, lapic.acknowledge()]).toEqual([true, 0x51]);
    lapic.eoi();
    expect(lapic.pending).toBe(false);
    lapic.eoi();
    expect([lapic.pending, lapic.acknowledge()]).toEqual([true, 0x42]);
  });

  it('TPR at class 4: vector 0x4f waits, 0x50 passes', () => {
    const { lapic } = new ApicBench();
    lapic.write32(APIC_TASKPRI, 0x40);
    lapic.accept(0x4f, TRIGGER_EDGE);
    expect(lapic.pending).toBe(false);
    lapic.accept(0x50, TRIGGER_EDGE);
    expect(lapic.acknowledge()).toBe(0x50);
    lapic.eoi();
    lapic.write32(APIC_TASKPRI, 0x3f);
    expect(lapic.acknowledge()).toBe(0x4f);
  });

  it('same vector twice before it is taken: one interrupt; once more while in service: another', () => {
    const { lapic } = new ApicBench();
    lapic.accept(0x41, TRIGGER_EDGE);
    lapic.accept(0x41, TRIGGER_EDGE);
    expect(lapic.acknowledge()).toBe(0x41);
    lapic.accept(0x41, TRIGGER_EDGE);
    lapic.eoi();
    expect(lapic.acknowledge()).toBe(0x41);
    lapic.eoi();
    expect([lapic.pending, lapic.acknowledge()]).toEqual([false, 0xff]);
    expect(lapic.counters).toMatchObject({ accepted: 3, spurious: 1 });
  });

  it('software-disabled: refuses and counts; TMR tells level from edge', () => {
    const { lapic } = new ApicBench();
    lapic.accept(0x41, TRIGGER_LEVEL);
    expect(lapic.read32(APIC_TMR + 0x20)).toBe(2);
    lapic.accept(0x41, TRIGGER_EDGE);
    expect(lapic.read32(APIC_TMR + 0x20)).toBe(0);
    lapic.write32(APIC_SPIV, 0xff);
    expect(lapic.accept(0x61, TRIGGER_EDGE)).toBe(false);
    lapic.accept(3, TRIGGER_EDGE);
    expect(lapic.counters).toMatchObject({ disabled: 1, illegalVector: 1 });
  });

  it('reserved register: reads 0, ignored, counted', () => {
    const { lapic } = new ApicBench();
    lapic.write32(0x400, 1);
    expect([lapic.read32(0x3f0), lapic.counters.refusedRegister]).toEqual([0, 2]);
  });
});

describe('messages', () => {
  const dest = (id: number, bits = 0): number => MSI_ADDRESS_BASE | (id << 12) | bits;
  const pending = (b: ApicBench): boolean[] => b.apics.lapics.map((l) => l.pending);

  it('physical destination: that CPU only; 0xff: all; unknown: counted', () => {
    const bench = new ApicBench(3);
    bench.apics.bus.message(dest(1), 0x41);
    expect(pending(bench)).toEqual([false, true, false]);
    bench.apics.bus.message(dest(0xff), 0x42);
    expect(pending(bench)).toEqual([true, true, true]);
    bench.apics.bus.message(dest(9), 0x43);
    expect(bench.apics.bus.counters).toMatchObject({ messages: 3, undelivered: 1 });
  });

  it('logical flat destination: a set of CPUs; with the redirection hint: the one of lowest priority', () => {
    const bench = new ApicBench(3);
    bench.apics.bus.message(dest(0b110, 4), 0x41);
    expect(pending(bench)).toEqual([false, true, true]);
    const hinted = new ApicBench(3);
    hinted.apics.lapics[0]?.write32(APIC_TASKPRI, 0x30);
    hinted.apics.bus.message(dest(0b111, 4 | 8), 0x41);
    expect(pending(hinted)).toEqual([false, true, false]);
  });

  it('reserved delivery mode: refused and counted; level de-assert: nothing', () => {
    const bench = new ApicBench();
    bench.apics.bus.message(dest(0), 0x341);
    bench.apics.bus.message(dest(0), 0x8041);
    expect(pending(bench)).toEqual([false]);
    expect(bench.apics.bus.counters).toMatchObject({ messages: 1, refusedMode: 1 });
    bench.apics.bus.message(dest(0), 0xc041);
    expect(pending(bench)).toEqual([true]);
  });

  it('each CPU sees its own APIC at 0xFEE00000', () => {
    const bench = new ApicBench(2);
    const io = bench.rc.ioremap(MSI_ADDRESS_BASE, 0x1000);
    bench.apics.bus.message(dest(1), 0x41);
    bench.apics.lapics[1]?.acknowledge();
    bench.current = bench.cpus[1] ?? null;
    expect([io?.read32(0x20), io?.read32(APIC_ISR + 0x20)]).toEqual([1 << 24, 2]);
    io?.write32(APIC_EOI, 0);
    expect(io?.read32(APIC_ISR + 0x20)).toBe(0);
    bench.current = null;
    expect(io?.read32(0x20)).toBe(0);
  });
});
