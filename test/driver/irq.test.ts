import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCT_HARDIRQ, ACCT_INTERRUPTS, lumpedCosts } from '../../src/cpu/index.js';
import {
  disable_irq,
  dmesg,
  enable_irq,
  free_irq,
  generic_handle_irq,
  IRQ_HANDLED,
  IRQ_NONE,
  IRQ_NOTCONNECTED,
  IRQ_WAKE_THREAD,
  IRQF_COND_ONESHOT,
  IRQF_COND_SUSPEND,
  IRQF_NO_AUTOEN,
  IRQF_NO_SUSPEND,
  IRQF_ONESHOT,
  IRQF_PERCPU,
  IRQF_PROBE_SHARED,
  IRQF_SHARED,
  IRQF_TRIGGER_HIGH,
  IRQF_TRIGGER_LOW,
  interrupt_rows,
  irq_set_affinity,
  request_irq,
} from '../../src/driver/index.js';
import { runs } from '../support/fc.js';
import { Machine, type MachineOptions } from './support.js';

/** A device on an IO-APIC pin that counts its calls, answers `result`, and releases a level line when asked. */
class Line {
  calls = 0;
  log: string[] = [];
  result = IRQ_HANDLED;
  readonly m: Machine;
  readonly gsi: number;
  readonly name: string;
  constructor(m: Machine, gsi: number, name = 'dev') {
    this.m = m;
    this.gsi = gsi;
    this.name = name;
  }
  pin(level: number): void {
    this.m.apics.ioapic.setPin(this.gsi, level);
  }
  pulse(): void {
    this.pin(1);
    this.pin(0);
    this.m.run();
  }
}

function handler(_irq: number, line: Line): number {
  line.calls++;
  line.log.push(line.name);
  return line.result;
}

function releasing(irq: number, line: Line): number {
  line.pin(0);
  return handler(irq, line);
}

const LEVEL = 9;
const EDGE = 4;

/** A machine with pin 9 level and active high, pin 4 edge. */
function machine(o: MachineOptions = {}): Machine {
  const m = new Machine({ nics: 0, ...o });
  m.irqs.acpi_register_gsi(LEVEL, true, false);
  m.irqs.acpi_register_gsi(EDGE, false, false);
  return m;
}

describe('request_irq', () => {
  it('errors come in the order of the kernel, and change nothing', () => {
    const m = machine();
    const r = (irq: number, h: typeof handler | null, flags: number, dev: Line | null = new Line(m, LEVEL)): number =>
      request_irq(m.irqs, irq, h as typeof handler, flags, 'x', dev as Line);
    expect(r(IRQ_NOTCONNECTED, null, IRQF_SHARED, null)).toBe(-107);
    expect(r(LEVEL, handler, IRQF_SHARED, null)).toBe(-22);
    expect(r(LEVEL, handler, IRQF_SHARED | IRQF_NO_AUTOEN)).toBe(-22);
    expect(r(LEVEL, handler, IRQF_COND_SUSPEND)).toBe(-22);
    expect(r(LEVEL, handler, IRQF_SHARED | IRQF_NO_SUSPEND | IRQF_COND_SUSPEND)).toBe(-22);
    expect(r(23, handler, 0)).toBe(-22);
    expect(r(99, handler, 0)).toBe(-22);
    expect(r(LEVEL, null, 0)).toBe(-22);
    expect(interrupt_rows(m.irqs)).toEqual([]);
    expect(r(LEVEL, handler, 0, null)).toBe(0);
  });

  it.each([
    ['both shared', IRQF_SHARED, IRQF_SHARED, 0],
    ['first not shared', 0, IRQF_SHARED, -16],
    ['second not shared', IRQF_SHARED, 0, -16],
    ['same trigger as the line', IRQF_SHARED, IRQF_SHARED | IRQF_TRIGGER_HIGH, 0],
    ['other trigger', IRQF_SHARED, IRQF_SHARED | IRQF_TRIGGER_LOW, -16],
    ['one oneshot', IRQF_SHARED, IRQF_SHARED | IRQF_ONESHOT, -16],
    ['oneshot adopted', IRQF_SHARED | IRQF_ONESHOT, IRQF_SHARED | IRQF_COND_ONESHOT, 0],
    ['one percpu', IRQF_SHARED | IRQF_PERCPU, IRQF_SHARED, -16],
  ])('sharing: %s', (_name, first, second, want) => {
    const m = machine();
    expect(request_irq(m.irqs, LEVEL, handler, first, 'a', new Line(m, LEVEL))).toBe(0);
    expect(request_irq(m.irqs, LEVEL, handler, second, 'b', new Line(m, LEVEL))).toBe(want);
    expect(dmesg(m.irqs.log).includes('Flags mismatch irq 9.')).toBe(want !== 0);
  });

  it('probing for a shared line is not logged', () => {
    const m = machine();
    request_irq(m.irqs, LEVEL, handler, 0, 'a', new Line(m, LEVEL));
    expect(request_irq(m.irqs, LEVEL, handler, IRQF_PROBE_SHARED, 'b', new Line(m, LEVEL))).toBe(-16);
    expect(dmesg(m.irqs.log)).toBe('');
  });

  it('all handlers of a shared line run, in order, whatever the first returned', () => {
    const m = machine();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      const line = new Line(m, LEVEL, name);
      line.log = log;
      if (name === 'b') line.result = IRQ_NONE;
      request_irq(m.irqs, LEVEL, name === 'a' ? releasing : handler, IRQF_SHARED, name, line);
    }
    m.apics.ioapic.setPin(LEVEL, 1);
    m.run();
    expect(log).toEqual(['a', 'b', 'c']);
    expect(interrupt_rows(m.irqs)).toEqual([
      { irq: 9, counts: [1], chip: 'IO-APIC', type: '9-fasteoi', actions: ['a', 'b', 'c'] },
    ]);
  });
});

describe('flow', () => {
  it('level line still asserted at the EOI interrupts again', () => {
    const m = machine();
    const line = new Line(m, LEVEL);
    const stubborn = (_irq: number, l: Line): number => {
      if (++l.calls === 3) l.pin(0);
      return IRQ_HANDLED;
    };
    request_irq(m.irqs, LEVEL, stubborn, 0, 'x', line);
    line.pin(1);
    m.run();
    expect(line.calls).toBe(3);
    m.run();
    expect(line.calls).toBe(3);
  });

  it('edge interrupts once per edge, however long the level stays', () => {
    const m = machine();
    const line = new Line(m, EDGE);
    request_irq(m.irqs, EDGE, handler, 0, 'x', line);
    line.pin(1);
    m.run();
    m.run();
    expect(line.calls).toBe(1);
    line.pin(0);
    line.pulse();
    expect(line.calls).toBe(2);
  });

  it('edges while handlers run make them run exactly once more', () => {
    const m = machine();
    const line = new Line(m, EDGE);
    const again = (irq: number, l: Line): number => {
      if (l.calls === 0) for (let i = 0; i < 5; i++) generic_handle_irq(l.m.irqs, irq);
      return handler(irq, l);
    };
    request_irq(m.irqs, EDGE, again, 0, 'x', line);
    line.pulse();
    expect(line.calls).toBe(2);
    line.pulse();
    expect(line.calls).toBe(3);
  });

  it('interrupt costs its entry, once', () => {
    const m = machine({ costs: lumpedCosts });
    const line = new Line(m, EDGE);
    request_irq(m.irqs, EDGE, handler, 0, 'x', line);
    line.pulse();
    const acct = m.cpus.cpus[0].acct;
    expect([acct[ACCT_INTERRUPTS], acct[ACCT_HARDIRQ]]).toEqual([1, m.cpus.costs.irq_entry]);
  });

  it('result that is no irqreturn_t is counted, a wish for a thread is told once', () => {
    const m = machine();
    const line = new Line(m, EDGE);
    request_irq(m.irqs, EDGE, handler, 0, 'x', line);
    line.result = 8;
    line.pulse();
    line.result = IRQ_WAKE_THREAD;
    line.pulse();
    line.pulse();
    const desc = m.irqs.irq_to_desc(EDGE);
    expect([desc?.bogus, desc?.no_thread]).toEqual([1, 2]);
    expect(dmesg(m.irqs.log).split('\n').length).toBe(2);
  });

  it('vector that leads nowhere is counted and ended', () => {
    const m = machine();
    m.apics.bus.message(0xfee00000 | 0, 0x55);
    m.run();
    expect(m.irqs.stray).toBe(1);
    const line = new Line(m, EDGE);
    request_irq(m.irqs, EDGE, handler, 0, 'x', line);
    line.pulse();
    expect(line.calls).toBe(1);
  });
});

describe('free_irq', () => {
  it('returns the name of the first match, and null with a line in the log for none', () => {
    const m = machine();
    const a = new Line(m, LEVEL, 'a');
    const b = new Line(m, LEVEL, 'b');
    request_irq(m.irqs, LEVEL, releasing, IRQF_SHARED, 'a', a);
    request_irq(m.irqs, LEVEL, releasing, IRQF_SHARED, 'b', b);
    expect(free_irq(m.irqs, LEVEL, a)).toBe('a');
    a.pin(1);
    m.run();
    expect([a.calls, b.calls]).toEqual([0, 1]);
    expect(free_irq(m.irqs, LEVEL, b)).toBe('b');
    a.pin(1);
    m.run();
    expect(b.calls).toBe(1);
    expect(free_irq(m.irqs, LEVEL, b)).toBe(null);
    expect(dmesg(m.irqs.log)).toContain('Trying to free already-free IRQ 9');
    expect(m.irqs.vectors.used[0]).toBe(0);
  });

  it('line asserted while nobody listens is delivered to who asks for it next', () => {
    const m = machine();
    const line = new Line(m, LEVEL);
    line.pin(1);
    m.run();
    request_irq(m.irqs, LEVEL, releasing, 0, 'x', line);
    m.run();
    expect(line.calls).toBe(1);
  });
});

describe('disable_irq and enable_irq', () => {
  it('nest, and an edge missed meanwhile is delivered once', () => {
    const m = machine();
    const line = new Line(m, EDGE);
    request_irq(m.irqs, EDGE, handler, 0, 'x', line);
    disable_irq(m.irqs, EDGE);
    disable_irq(m.irqs, EDGE);
    for (let i = 0; i < 3; i++) line.pulse();
    enable_irq(m.irqs, EDGE);
    m.run();
    expect(line.calls).toBe(0);
    enable_irq(m.irqs, EDGE);
    m.run();
    expect(line.calls).toBe(1);
    enable_irq(m.irqs, EDGE);
    expect(dmesg(m.irqs.log)).toContain('Unbalanced enable for IRQ 4');
  });

  it('are lazy: the pin is masked only when an interrupt comes', () => {
    const m = machine();
    const line = new Line(m, LEVEL);
    const masked = (): boolean => (m.apics.ioapic.entryLow(LEVEL) & 0x10000) !== 0;
    request_irq(m.irqs, LEVEL, releasing, 0, 'x', line);
    disable_irq(m.irqs, LEVEL);
    expect(masked()).toBe(false);
    line.pin(1);
    m.run();
    expect([line.calls, masked()]).toEqual([0, true]);
    enable_irq(m.irqs, LEVEL);
    m.run();
    expect([line.calls, masked()]).toEqual([1, false]);
  });

  it('NO_AUTOEN waits for the first enable', () => {
    const m = machine();
    const line = new Line(m, EDGE);
    request_irq(m.irqs, EDGE, handler, IRQF_NO_AUTOEN, 'x', line);
    line.pulse();
    expect(line.calls).toBe(0);
    enable_irq(m.irqs, EDGE);
    line.pulse();
    expect(line.calls).toBe(1);
  });

  it('in any order lose no level interrupt: at the end it is handled iff enabled', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('assert', 'disable', 'enable', 'run'), { maxLength: 30 }), (ops) => {
        const m = machine();
        const line = new Line(m, LEVEL);
        request_irq(m.irqs, LEVEL, releasing, 0, 'x', line);
        let depth = 0;
        let asserted = false;
        for (const op of ops) {
          if (op === 'assert') {
            line.pin(1);
            asserted = true;
          } else if (op === 'disable') {
            disable_irq(m.irqs, LEVEL);
            depth++;
          } else if (op === 'enable' && depth > 0) {
            enable_irq(m.irqs, LEVEL);
            depth--;
          } else if (op === 'run') m.run();
        }
        m.run();
        if (depth === 0) expect(m.apics.ioapic.level[LEVEL]).toBe(0);
        if (asserted && depth === 0) expect(line.calls).toBeGreaterThan(0);
        while (depth-- > 0) enable_irq(m.irqs, LEVEL);
        m.run();
        expect(m.apics.ioapic.level[LEVEL]).toBe(0);
        expect(line.calls > 0).toBe(asserted);
      }),
      { numRuns: runs(150) },
    );
  });
});

describe('spurious detector', () => {
  it.each([
    [99901, true],
    [99900, false],
  ])('%i unhandled of 100,000 switch the line off: %s', (unhandled, off) => {
    const m = machine();
    const line = new Line(m, LEVEL);
    request_irq(m.irqs, LEVEL, handler, IRQF_SHARED, 'x', line);
    line.result = IRQ_NONE;
    for (let i = 0; i < unhandled; i++) generic_handle_irq(m.irqs, LEVEL);
    line.result = IRQ_HANDLED;
    for (let i = unhandled; i < 100_000; i++) generic_handle_irq(m.irqs, LEVEL);
    expect(dmesg(m.irqs.log).includes('Disabling IRQ #9')).toBe(off);
    const before = line.calls;
    generic_handle_irq(m.irqs, LEVEL);
    expect(line.calls - before).toBe(off ? 0 : 1);
    request_irq(m.irqs, LEVEL, handler, IRQF_SHARED, 'y', new Line(m, LEVEL));
    generic_handle_irq(m.irqs, LEVEL);
    expect(line.calls - before).toBe(off ? 1 : 2);
  });
});

describe('vectors and CPUs', () => {
  it('interrupts spread over the CPUs, one vector each', () => {
    const m = machine({ cpus: 2 });
    const level = new Line(m, LEVEL);
    const edge = new Line(m, EDGE);
    request_irq(m.irqs, LEVEL, releasing, 0, 'l', level);
    request_irq(m.irqs, EDGE, handler, 0, 'e', edge);
    level.pin(1);
    edge.pulse();
    expect(m.irqs.interrupts()).toBe(
      [
        '           CPU0       CPU1       ',
        '  4:          0          1  IO-APIC   4-edge      e',
        '  9:          1          0  IO-APIC   9-fasteoi   l',
        '',
      ].join('\n'),
    );
  });

  it('moved interrupt arrives at the new CPU, the one under way at the old', () => {
    const m = machine({ cpus: 2 });
    const line = new Line(m, EDGE);
    request_irq(m.irqs, EDGE, handler, 0, 'x', line);
    line.pin(1);
    expect(irq_set_affinity(m.irqs, EDGE, [1])).toBe(0);
    m.run();
    line.pin(0);
    expect(irq_set_affinity(m.irqs, EDGE, [0])).toBe(0);
    line.pulse();
    expect([...(m.irqs.irq_to_desc(EDGE)?.kstat ?? [])]).toEqual([1, 1]);
    expect(irq_set_affinity(m.irqs, EDGE, [7])).toBe(-22);
    expect([...m.irqs.vectors.used]).toEqual([1, 1]);
    expect(irq_set_affinity(m.irqs, EDGE, [0, 5])).toBe(0);
    line.pulse();
    expect([...(m.irqs.irq_to_desc(EDGE)?.kstat ?? [])]).toEqual([2, 1]);
    expect([...m.irqs.vectors.used]).toEqual([1, 0]);
  });
});
