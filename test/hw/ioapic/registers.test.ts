import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  APIC_ARBPRI,
  APIC_DFR,
  APIC_EOI,
  APIC_ESR,
  APIC_ESR_ILLREGA,
  APIC_ICR,
  APIC_ICR2,
  APIC_ID,
  APIC_IRR,
  APIC_ISR,
  APIC_LDR,
  APIC_LVR,
  APIC_LVT0,
  APIC_LVT1,
  APIC_LVTERR,
  APIC_LVTPC,
  APIC_LVTT,
  APIC_LVTTHMR,
  APIC_PROCPRI,
  APIC_RRR,
  APIC_SPIV,
  APIC_TASKPRI,
  APIC_TDCR,
  APIC_TMCCT,
  APIC_TMICT,
  APIC_TMR,
  IOAPIC_PINS,
  IOAPICARB,
  IOAPICID,
  IOAPICVER,
  IOEOI,
  IOREDTBL,
  IOREGSEL,
  IOWIN,
} from '../../../src/hw/ioapic/index.js';
import { runs } from '../../support/fc.js';
import { ApicBench } from './bench.js';

/** Of one local APIC register: bits a write keeps, bits always 1, value after power-up. */
interface Access {
  name: string;
  at: number;
  rw: number;
  ones?: number;
  reset?: number;
}

const LOCAL: Access[] = [
  { name: 'ID', at: APIC_ID, rw: 0xff000000 | 0 },
  { name: 'LVR', at: APIC_LVR, rw: 0, reset: 0x50014 },
  { name: 'TPR', at: APIC_TASKPRI, rw: 0xff },
  { name: 'LDR', at: APIC_LDR, rw: 0xff000000 | 0 },
  { name: 'DFR', at: APIC_DFR, rw: 0xf0000000 | 0, ones: 0x0fffffff, reset: -1 },
  { name: 'SVR', at: APIC_SPIV, rw: 0x3ff, reset: 0xff },
  { name: 'ICR high', at: APIC_ICR2, rw: 0xff000000 | 0 },
  { name: 'ICR low', at: APIC_ICR, rw: 0xccfff },
  { name: 'LVT timer', at: APIC_LVTT, rw: 0x300ff, reset: 0x10000 },
  { name: 'LVT thermal', at: APIC_LVTTHMR, rw: 0x107ff, reset: 0x10000 },
  { name: 'LVT performance', at: APIC_LVTPC, rw: 0x107ff, reset: 0x10000 },
  { name: 'LVT LINT0', at: APIC_LVT0, rw: 0x1a7ff, reset: 0x10000 },
  { name: 'LVT LINT1', at: APIC_LVT1, rw: 0x1a7ff, reset: 0x10000 },
  { name: 'LVT error', at: APIC_LVTERR, rw: 0x100ff, reset: 0x10000 },
  { name: 'TDCR', at: APIC_TDCR, rw: 0xb },
  { name: 'EOI', at: APIC_EOI, rw: 0 },
  { name: 'RRR', at: APIC_RRR, rw: 0 },
  { name: 'TMCCT', at: APIC_TMCCT, rw: 0 },
];
for (let i = 0; i < 8; i++) {
  for (const [name, base] of [
    ['ISR', APIC_ISR],
    ['TMR', APIC_TMR],
    ['IRR', APIC_IRR],
  ] as const) {
    LOCAL.push({ name: `${name}${i}`, at: base + 16 * i, rw: 0 });
  }
}

const word = fc.integer({ min: -0x80000000, max: 0x7fffffff });

describe('local APIC registers', () => {
  it.each(LOCAL)('$name after power-up: reset value', ({ at, reset = 0 }) => {
    const { lapic } = new ApicBench();
    lapic.reset();
    expect(lapic.read32(at)).toBe(reset);
    expect(lapic.counters.refusedRegister).toBe(0);
  });

  it.each(LOCAL)('$name written: keeps its writable bits', ({ at, rw, ones = 0, reset = 0 }) => {
    const { lapic } = new ApicBench();
    fc.assert(
      fc.property(word, (value) => {
        lapic.reset();
        lapic.write32(APIC_SPIV, 0x1ff);
        lapic.write32(at, value);
        // A pin programmed as active low is active at once: Delivery Status and Remote IRR are what they are.
        const seen = at === APIC_LVT0 || at === APIC_LVT1 ? ~0x5000 : -1;
        expect(lapic.read32(at) & seen).toBe(rw === 0 ? reset : (value & rw) | ones);
        expect(lapic.counters.refusedRegister).toBe(0);
      }),
      { numRuns: runs(10) },
    );
  });

  it('every other place of the page: reads 0, ignored, illegal register address', () => {
    const known = new Set([...LOCAL.map((r) => r.at), APIC_ARBPRI, APIC_PROCPRI, APIC_ESR, APIC_TMICT]);
    const { lapic } = new ApicBench();
    let refused = 0;
    for (let at = 0; at < 0x1000; at += 4) {
      if (known.has(at)) continue;
      lapic.write32(at, -1);
      expect(lapic.read32(at)).toBe(0);
      refused += 2;
    }
    expect(lapic.counters.refusedRegister).toBe(refused);
    lapic.write32(APIC_ESR, 0);
    expect(lapic.read32(APIC_ESR)).toBe(APIC_ESR_ILLREGA);
  });

  it('read-only registers written: ignored and counted', () => {
    const { lapic } = new ApicBench();
    const readOnly = [
      APIC_LVR,
      APIC_ARBPRI,
      APIC_PROCPRI,
      APIC_RRR,
      APIC_TMCCT,
      APIC_ISR,
      APIC_TMR + 16,
      APIC_IRR + 112,
    ];
    for (const at of readOnly) lapic.write32(at, -1);
    expect(lapic.counters).toMatchObject({ readOnlyWrite: readOnly.length, refusedRegister: 0 });
  });

  it('version without directed EOI: SVR bit 12 reserved; with it: version bit 24, SVR bit 12, no broadcast', () => {
    const plain = new ApicBench().lapic;
    plain.write32(APIC_SPIV, 0x11ff);
    expect([plain.read32(APIC_LVR), plain.read32(APIC_SPIV)]).toEqual([0x50014, 0x1ff]);
    const { lapic, apics } = new ApicBench(1, { directedEoi: true });
    const ended: number[] = [];
    apics.bus.eoiListeners.push({ eoi: (v) => void ended.push(v) });
    const serve = (): void => {
      lapic.accept(0x41, 1);
      lapic.acknowledge();
      lapic.write32(APIC_EOI, 0);
    };
    serve();
    lapic.write32(APIC_SPIV, 0x11ff);
    serve();
    expect([lapic.read32(APIC_LVR), lapic.read32(APIC_SPIV), ended]).toEqual([0x1050014, 0x11ff, [0x41]]);
  });

  it('APR: TPR when it is the highest; else the request, or what TPR and service have in common', () => {
    const { lapic } = new ApicBench();
    lapic.write32(APIC_TASKPRI, 0x35);
    expect(lapic.read32(APIC_ARBPRI)).toBe(0x35);
    lapic.accept(0x62, 0);
    expect([lapic.read32(APIC_ARBPRI), lapic.read32(APIC_PROCPRI)]).toEqual([0x60, 0x35]);
    lapic.acknowledge();
    expect([lapic.read32(APIC_ARBPRI), lapic.read32(APIC_PROCPRI)]).toEqual([0x20, 0x60]);
  });
});

describe('IO-APIC registers', () => {
  const index = (bench: ApicBench, at: number, value: number): number => {
    bench.writeIo(IOREGSEL, at);
    bench.writeIo(IOWIN, value);
    return bench.readIo(at);
  };

  it('any register written with any value: keeps its writable bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), word, (at, value) => {
        const bench = new ApicBench();
        const got = index(bench, at, value);
        const pin = (at - IOREDTBL) >> 1;
        if (at === IOAPICID) expect(got).toBe(value & 0x0f000000);
        else if (at === IOAPICVER) expect(got).toBe(0x00170020);
        else if (pin < 0 || pin >= IOAPIC_PINS) expect(got).toBe(0);
        else if ((at & 1) === 1) expect(got).toBe(value & 0xff000000);
        // A PCI line idles high: as an active-high level it is asserted at once, and the message may be taken or held.
        else expect(got & 0x1afff).toBe(value & 0x1afff);
        const readOnly = at === IOAPICVER || at === IOAPICARB;
        const reserved = at > IOAPICARB && (pin < 0 || pin >= IOAPIC_PINS);
        expect(bench.apics.ioapic.refusedAccess).toBe(reserved ? 2 : Number(readOnly));
      }),
      { numRuns: runs(300, 2000) },
    );
  });

  it('ID written: the arbitration id follows; written itself: ignored', () => {
    const bench = new ApicBench();
    index(bench, IOAPICID, -1);
    expect(bench.readIo(IOAPICARB)).toBe(0x0f000000);
    expect(index(bench, IOAPICARB, 0)).toBe(0x0f000000);
    expect(index(bench, IOAPICVER, 0)).toBe(0x00170020);
  });

  it('index register: eight bits', () => {
    const bench = new ApicBench();
    bench.writeIo(IOREGSEL, -1);
    expect(bench.apics.ioapic.read32(IOREGSEL)).toBe(0xff);
  });

  it('places between registers: read 0, ignored, counted; EOI reads 0', () => {
    const { ioapic } = new ApicBench().apics;
    let places = 0;
    for (let at = 0; at < 0x1000; at += 4) {
      if (at === IOREGSEL || at === IOWIN || at === IOEOI) continue;
      ioapic.write32(at, -1);
      expect(ioapic.read32(at)).toBe(0);
      places += 2;
    }
    expect([ioapic.read32(IOEOI), ioapic.refusedAccess]).toEqual([0, places]);
  });

  it('byte accesses: index and EOI take them; the data register is read in parts but not written', () => {
    const bench = new ApicBench();
    const { ioapic } = bench.apics;
    ioapic.writePart(IOREGSEL, 1, IOAPICVER);
    expect([ioapic.readPart(IOREGSEL, 1), ioapic.readPart(IOWIN, 1), ioapic.readPart(IOWIN + 2, 1)]).toEqual([
      1, 0x20, 0x17,
    ]);
    expect(ioapic.readPart(IOWIN + 2, 2)).toBe(0x17);
    ioapic.writePart(IOREGSEL, 1, IOREDTBL);
    ioapic.writePart(IOWIN, 1, 0x41);
    ioapic.writePart(IOWIN + 2, 1, 0);
    ioapic.writePart(IOREGSEL + 1, 1, 0x33);
    expect([ioapic.entryLow(0), ioapic.refusedAccess, ioapic.read32(IOREGSEL)]).toEqual([0x10000, 3, IOREDTBL]);
    bench.redirect(16, 0xa041);
    bench.apics.router.intx(0, 1, 1);
    bench.apics.router.intx(0, 1, 0);
    ioapic.writePart(IOEOI, 1, 0x41);
    expect(ioapic.entryLow(16)).toBe(0xa041);
  });

  it('reset: all masked, pins keep their level', () => {
    const bench = new ApicBench();
    bench.redirect(16, 0xa041);
    bench.apics.router.intx(0, 1, 1);
    bench.apics.ioapic.reset();
    expect(bench.readEntry(16)).toBe(0x10000);
    bench.redirect(16, 0xa042);
    expect(bench.takeOne()).toBe(0x42);
  });
});
