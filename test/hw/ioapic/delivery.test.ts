import { describe, expect, it } from 'vitest';
import {
  APIC_DEST_ALLBUT,
  APIC_DEST_ALLINC,
  APIC_DEST_LOGICAL,
  APIC_DEST_SELF,
  APIC_DFR,
  APIC_ESR,
  APIC_ESR_RECVILL,
  APIC_ESR_SENDILL,
  APIC_ICR,
  APIC_ICR2,
  APIC_ID,
  APIC_LDR,
  APIC_SPIV,
  APIC_TASKPRI,
  APIC_TMR,
  REDIR_ACTIVE_LOW,
  REDIR_DEST_LOGICAL,
  REDIR_LEVEL,
  REDIR_MASKED,
  REDIR_REMOTE_IRR,
  REDIR_SEND_PENDING,
} from '../../../src/hw/ioapic/index.js';
import { MSI_ADDRESS_BASE } from '../../../src/hw/pcie/index.js';
import { ApicBench } from './bench.js';

const V = 0x41;
const SMI = 2 << 8;
const NMI = 4 << 8;
const INIT = 5 << 8;
const STARTUP = 6 << 8;
const EXTINT = 7 << 8;
const takers = (b: ApicBench): number[] => b.apics.lapics.filter((l) => l.pending).map((l) => l.id);

/** Rises an edge on pin 4. */
function pulse(b: ApicBench): void {
  b.apics.ioapic.setPin(4, 1);
  b.apics.ioapic.setPin(4, 0);
}

describe('delivery modes of the IO-APIC', () => {
  it('NMI to CPU 1: an event there, no vector, no Remote IRR though the entry says level', () => {
    const b = new ApicBench(2);
    b.redirect(4, NMI | REDIR_LEVEL, 1);
    pulse(b);
    pulse(b);
    expect([b.cpus.map((c) => c.nmis), takers(b), b.readEntry(4)]).toEqual([[0, 2], [], NMI | REDIR_LEVEL]);
    expect(b.apics.lapics[1]?.counters.nmi).toBe(2);
  });

  it.each([
    ['SMI', SMI, 'smi'],
    ['INIT', INIT, 'init'],
    ['ExtINT', EXTINT, 'extInt'],
  ] as const)('%s to all: counted at each CPU, nothing pending, nothing held', (_name, mode, counter) => {
    const b = new ApicBench(2);
    b.redirect(4, mode, 0xff);
    pulse(b);
    expect(b.apics.lapics.map((l) => l.counters[counter])).toEqual([1, 1]);
    expect([takers(b), b.readEntry(4), b.apics.bus.counters.undelivered]).toEqual([[], mode, 0]);
  });

  it.each([3, 6])('reserved mode %i: refused by name, held', (mode) => {
    const b = new ApicBench();
    b.redirect(4, V | (mode << 8));
    pulse(b);
    expect([b.apics.bus.counters.refusedMode, b.readEntry(4)]).toEqual([1, V | (mode << 8) | REDIR_SEND_PENDING]);
  });

  it('NMI message with redirection hint, or level and de-assert: an NMI to all it names, as the mode says', () => {
    const b = new ApicBench(2);
    b.apics.bus.message(MSI_ADDRESS_BASE | 0xff008, NMI);
    b.apics.bus.message(MSI_ADDRESS_BASE | 0x1000, NMI | 0x8000);
    expect([b.cpus.map((c) => c.nmis), b.apics.bus.counters.undelivered]).toEqual([[1, 2], 0]);
  });

  it('software-disabled APIC: NMI, SMI, INIT come through, ExtINT does not', () => {
    const b = new ApicBench();
    b.lapic.write32(APIC_SPIV, 0xff);
    for (const mode of [SMI, NMI, INIT, EXTINT]) b.apics.bus.message(MSI_ADDRESS_BASE, mode);
    expect(b.lapic.counters).toMatchObject({ smi: 1, nmi: 1, init: 1, extInt: 0, disabled: 1 });
  });

  it('lowest priority: the CPU of lowest priority; a disabled one only when there is no other', () => {
    const b = new ApicBench(3);
    b.redirect(4, V | 0x100 | REDIR_DEST_LOGICAL, 7);
    b.apics.lapics[0]?.write32(APIC_TASKPRI, 0x20);
    b.apics.lapics[1]?.write32(APIC_SPIV, 0xff);
    pulse(b);
    expect(takers(b)).toEqual([2]);
    b.apics.lapics[2]?.write32(APIC_TASKPRI, 0x30);
    pulse(b);
    expect(takers(b)).toEqual([0, 2]);
    for (const l of b.apics.lapics) l.write32(APIC_SPIV, 0xff);
    pulse(b);
    expect([b.apics.bus.counters.undelivered, b.readEntry(4) & REDIR_SEND_PENDING]).toEqual([1, REDIR_SEND_PENDING]);
  });

  it('lowest priority on a level pin: Remote IRR, ended by the CPU that took it', () => {
    const b = new ApicBench(2);
    b.redirect(16, V | 0x100 | REDIR_LEVEL | REDIR_ACTIVE_LOW, 0xff);
    b.apics.lapics[0]?.write32(APIC_TASKPRI, 0x50);
    b.apics.router.intx(0, 1, 1);
    expect([takers(b), b.readEntry(16) & REDIR_REMOTE_IRR]).toEqual([[1], REDIR_REMOTE_IRR]);
    expect(b.takeOne(1)).toBe(V);
    b.apics.router.intx(0, 1, 0);
    b.apics.lapics[1]?.eoi();
    expect(b.readEntry(16) & REDIR_REMOTE_IRR).toBe(0);
  });
});

describe('Delivery Status', () => {
  it('edge nobody takes: Send Pending, further edges merge; the APIC enabled: one interrupt', () => {
    const b = new ApicBench();
    b.redirect(4, V);
    b.lapic.write32(APIC_SPIV, 0xff);
    pulse(b);
    pulse(b);
    expect([b.readEntry(4), b.apics.ioapic.sent[4]]).toEqual([V | REDIR_SEND_PENDING, 1]);
    b.lapic.write32(APIC_SPIV, 0x1ff);
    expect([b.readEntry(4), b.takeOne(), b.takeOne()]).toEqual([V, V, -1]);
  });

  it('edge held: masked, it is gone; destination rewritten, it is sent', () => {
    const b = new ApicBench(2);
    b.redirect(4, V, 9);
    pulse(b);
    b.redirect(4, V | REDIR_MASKED, 9);
    expect(b.readEntry(4)).toBe(V | REDIR_MASKED);
    b.redirect(4, V, 9);
    expect(b.readEntry(4)).toBe(V);
    pulse(b);
    b.writeIo(0, 0x19);
    b.writeIo(0x10, 1 << 24);
    expect([takers(b), b.readEntry(4)]).toEqual([[1], V]);
  });

  it('level nobody takes: Send Pending while active; the APIC enabled: sent', () => {
    const b = new ApicBench();
    const low = V | REDIR_LEVEL | REDIR_ACTIVE_LOW;
    b.redirect(16, low);
    b.lapic.write32(APIC_SPIV, 0xff);
    b.apics.router.intx(0, 1, 1);
    expect(b.readEntry(16)).toBe(low | REDIR_SEND_PENDING);
    b.apics.router.intx(0, 1, 0);
    expect(b.readEntry(16)).toBe(low);
    b.apics.router.intx(0, 1, 1);
    b.lapic.write32(APIC_SPIV, 0x1ff);
    expect([b.readEntry(16), b.takeOne()]).toEqual([low | REDIR_REMOTE_IRR, V]);
  });

  it.each([
    ['physical id', 0, 9, APIC_ID, 9 << 24],
    ['logical id', REDIR_DEST_LOGICAL, 4, APIC_LDR, 4 << 24],
    ['logical model', REDIR_DEST_LOGICAL, 0x10, APIC_DFR, 0],
  ])('edge held for want of a %s: sent when an APIC gets it', (_name, bit, dest, register, value) => {
    const b = new ApicBench();
    if (register === APIC_DFR) b.lapic.write32(APIC_LDR, 0x11 << 24);
    if (register === APIC_DFR) b.lapic.write32(APIC_DFR, 1 << 28);
    b.redirect(4, V | bit, register === APIC_DFR ? 0x11 : dest);
    pulse(b);
    expect(b.readEntry(4) & REDIR_SEND_PENDING).toBe(REDIR_SEND_PENDING);
    b.lapic.write32(register, value);
    expect([b.readEntry(4) & REDIR_SEND_PENDING, b.takeOne()]).toEqual([0, V]);
  });

  it('level held, turned to edge: dropped, as a level has no memory', () => {
    const b = new ApicBench();
    b.redirect(16, V | REDIR_LEVEL | REDIR_ACTIVE_LOW, 9);
    b.apics.router.intx(0, 1, 1);
    b.redirect(16, V | REDIR_ACTIVE_LOW, 9);
    expect([b.readEntry(16), b.takeOne()]).toEqual([V | REDIR_ACTIVE_LOW, -1]);
  });

  it('vector below 16: refused with an error at the APIC, held; a legal vector written: delivered', () => {
    const b = new ApicBench();
    b.redirect(4, 15);
    pulse(b);
    b.lapic.write32(APIC_ESR, 0);
    expect([b.lapic.read32(APIC_ESR), b.readEntry(4)]).toEqual([APIC_ESR_RECVILL, 15 | REDIR_SEND_PENDING]);
    b.redirect(4, 16);
    expect([b.readEntry(4), b.lapic.requested(16)]).toEqual([16, true]);
  });
});

describe('destinations', () => {
  const to = (b: ApicBench, dest: number, logical: boolean): number[] => {
    b.apics.bus.deliver(dest, logical, 0, V, 0);
    return takers(b);
  };

  it('physical: the id as written; 0xff: all; nobody: counted', () => {
    const b = new ApicBench(3);
    b.apics.lapics[2]?.write32(APIC_ID, 0x20 << 24);
    expect(to(b, 0x20, false)).toEqual([0x20]);
    expect(to(b, 2, false)).toEqual([0x20]);
    expect(b.apics.bus.counters.undelivered).toBe(1);
    expect(to(b, 0xff, false)).toEqual([0, 1, 0x20]);
  });

  it('flat: every APIC with a common bit; 0xff: even one without logical id', () => {
    const b = new ApicBench(3);
    b.apics.lapics[2]?.write32(APIC_LDR, 0);
    expect(to(b, 0b110, true)).toEqual([1]);
    expect(to(b, 0xff, true)).toEqual([0, 1, 2]);
  });

  it('cluster: members of the named cluster; cluster 15: of all; other models: nobody', () => {
    const make = (): ApicBench => {
      const b = new ApicBench(4);
      for (const [i, ldr] of [0x01, 0x02, 0x11, 0x12].entries()) {
        b.apics.lapics[i]?.write32(APIC_DFR, 0);
        b.apics.lapics[i]?.write32(APIC_LDR, ldr << 24);
      }
      return b;
    };
    expect(to(make(), 0x03, true)).toEqual([0, 1]);
    expect(to(make(), 0x12, true)).toEqual([3]);
    expect(to(make(), 0x23, true)).toEqual([]);
    expect(to(make(), 0xf1, true)).toEqual([0, 2]);
    expect(to(make(), 0xff, true)).toEqual([0, 1, 2, 3]);
    const odd = make();
    for (const l of odd.apics.lapics) l.write32(APIC_DFR, 5 << 28);
    expect([to(odd, 0x0f, true), to(odd, 0xff, true)]).toEqual([[], []]);
  });
});

describe('interprocessor interrupts', () => {
  const send = (b: ApicBench, from: number, low: number, dest = 0): void => {
    b.apics.lapics[from]?.write32(APIC_ICR2, dest << 24);
    b.apics.lapics[from]?.write32(APIC_ICR, low);
  };

  it('fixed to one, physical and logical: idle at once', () => {
    const b = new ApicBench(3);
    send(b, 0, V, 2);
    expect([takers(b), b.lapic.read32(APIC_ICR)]).toEqual([[2], V]);
    send(b, 2, V | APIC_DEST_LOGICAL, 0b010);
    expect(takers(b)).toEqual([1, 2]);
    send(b, 0, V, 9);
    expect(b.apics.bus.counters.undelivered).toBe(1);
  });

  it.each([
    ['self', APIC_DEST_SELF, [1]],
    ['all including self', APIC_DEST_ALLINC, [0, 1, 2]],
    ['all excluding self', APIC_DEST_ALLBUT, [0, 2]],
  ] as const)('%s: the destination field is ignored', (_name, shorthand, expected) => {
    const b = new ApicBench(3);
    send(b, 1, V | shorthand, 0xff);
    expect(takers(b)).toEqual([...expected]);
  });

  it('level trigger: issued as edge', () => {
    const b = new ApicBench(2);
    send(b, 0, V | 0xc000, 1);
    expect([takers(b), b.apics.lapics[1]?.read32(APIC_TMR + 0x20)]).toEqual([[1], 0]);
  });

  it('NMI to the others, start-up to one: an event, and a count', () => {
    const b = new ApicBench(3);
    send(b, 0, NMI | APIC_DEST_ALLBUT);
    send(b, 0, STARTUP | 0x99, 2);
    send(b, 0, SMI, 1);
    send(b, 0, INIT | 0xc000, 1);
    expect(b.cpus.map((c) => c.nmis)).toEqual([0, 1, 1]);
    expect(b.apics.lapics[2]?.counters.startup).toBe(1);
    expect(b.apics.lapics[1]?.counters).toMatchObject({ smi: 1, init: 1 });
    expect(b.lapic.counters).toMatchObject({ ipis: 4, refusedIpi: 0 });
  });

  it('INIT level de-assert: not sent, counted', () => {
    const b = new ApicBench(2);
    send(b, 0, INIT | 0x8000 | APIC_DEST_ALLINC);
    expect([b.lapic.counters.initDeassert, b.apics.lapics[1]?.counters.init]).toEqual([1, 0]);
  });

  it.each([
    ['NMI to self', NMI | APIC_DEST_SELF],
    ['start-up to all including self', STARTUP | APIC_DEST_ALLINC],
    ['lowest priority to self', V | 0x100 | APIC_DEST_SELF],
    ['reserved mode', V | 0x300],
    ['ExtINT', EXTINT],
  ])('%s: refused', (_name, low) => {
    const b = new ApicBench(2);
    send(b, 0, low, 0xff);
    expect([b.lapic.counters.refusedIpi, b.lapic.counters.ipis, b.cpus.map((c) => c.nmis)]).toEqual([1, 0, [0, 0]]);
    expect(takers(b)).toEqual([]);
  });

  it('lowest priority to the others: one of them', () => {
    const b = new ApicBench(3);
    b.apics.lapics[1]?.write32(APIC_TASKPRI, 0x20);
    send(b, 0, V | 0x100 | APIC_DEST_ALLBUT);
    expect(takers(b)).toEqual([2]);
  });

  it('vector below 16: not sent, send illegal vector; to self: received illegal vector too', () => {
    const b = new ApicBench(2);
    send(b, 0, 5, 1);
    b.lapic.write32(APIC_ESR, 0);
    expect([b.lapic.read32(APIC_ESR), b.apics.lapics[1]?.counters.illegalVector]).toEqual([APIC_ESR_SENDILL, 0]);
    send(b, 0, 5 | APIC_DEST_SELF);
    b.lapic.write32(APIC_ESR, 0);
    expect(b.lapic.read32(APIC_ESR)).toBe(APIC_ESR_SENDILL | APIC_ESR_RECVILL);
  });

  it('software-disabled sender: sends still, receives nothing fixed', () => {
    const b = new ApicBench(2);
    b.lapic.write32(APIC_SPIV, 0xff);
    send(b, 0, V, 1);
    send(b, 1, V, 0);
    expect([takers(b), b.lapic.counters.disabled]).toEqual([[1], 1]);
  });
});
