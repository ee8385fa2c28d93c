import { describe, expect, it } from 'vitest';
import {
  disable_hardirq,
  disable_irq,
  disable_irq_nosync,
  enable_irq,
  FLOW_BAD,
  FLOW_EDGE,
  FLOW_FASTEOI,
  FLOW_LEVEL,
  FLOW_PERCPU,
  free_irq,
  generic_handle_irq,
  IRQ_DISABLE_UNLAZY,
  IRQ_HANDLED,
  IRQF_NO_AUTOEN,
  IRQF_PERCPU,
  IRQF_TRIGGER_HIGH,
  IRQF_TRIGGER_RISING,
  IRQS_PENDING,
  irq_set_chip_and_handler,
  irq_set_status_flags,
  request_irq,
} from '../../src/driver/irq/index.js';
import { dmesg } from '../../src/driver/printk.js';
import { costs } from '../cpu/support.js';
import { Board, SoftChip } from './irq-board.js';

class Dev {
  readonly b: Board;
  calls = 0;
  work: (() => void) | null = null;
  constructor(b: Board) {
    this.b = b;
  }
}

function handler(_irq: number, d: Dev): number {
  d.calls++;
  d.work?.();
  return IRQ_HANDLED;
}

function soft(flow: number, trigger = 0): { b: Board; d: Dev; chip: SoftChip; irq: number } {
  const b = new Board();
  const d = new Dev(b);
  const chip = new SoftChip();
  const irq = b.soft(flow, chip);
  request_irq(b.irqs, irq, handler, trigger, 'x', d);
  chip.log = [];
  return { b, d, chip, irq };
}

describe('flow', () => {
  it.each([
    ['edge', FLOW_EDGE, ['ack']],
    ['fasteoi', FLOW_FASTEOI, ['eoi']],
    ['level', FLOW_LEVEL, ['mask', 'ack', 'unmask']],
    ['percpu', FLOW_PERCPU, ['ack', 'eoi']],
  ])('%s asks its controller for this', (_name, flow, log) => {
    const { b, d, chip, irq } = soft(flow);
    generic_handle_irq(b.irqs, irq);
    expect([chip.log, d.calls, b.desc(irq).kstat[0]]).toEqual([log, 1, 1]);
  });

  it.each([
    ['edge', FLOW_EDGE, ['ack', 'mask']],
    ['fasteoi', FLOW_FASTEOI, ['mask', 'eoi']],
    ['level', FLOW_LEVEL, ['mask', 'ack']],
  ])('%s of a disabled line: remembered and masked, not counted', (_name, flow, log) => {
    const { b, d, chip, irq } = soft(flow);
    disable_irq(b.irqs, irq);
    generic_handle_irq(b.irqs, irq);
    expect([chip.log, d.calls, b.desc(irq).kstat[0], b.desc(irq).state & IRQS_PENDING]).toEqual([log, 0, 0, 1]);
  });

  it('percpu does not look whether the line is disabled', () => {
    const { b, d, irq } = soft(FLOW_PERCPU, IRQF_PERCPU);
    disable_irq(b.irqs, irq);
    generic_handle_irq(b.irqs, irq);
    expect(d.calls).toBe(1);
  });

  it('of a line without one: counted and acknowledged', () => {
    const b = new Board();
    const chip = new SoftChip();
    const irq = b.soft(FLOW_BAD, chip);
    generic_handle_irq(b.irqs, irq);
    expect([b.desc(irq).kstat[0], chip.log]).toEqual([1, ['ack']]);
    expect(irq_set_chip_and_handler(b.irqs, 99, chip, FLOW_EDGE)).toBe(-22);
  });

  it.each([
    ['edge', FLOW_EDGE, 2],
    ['fasteoi', FLOW_FASTEOI, 1],
    ['level', FLOW_LEVEL, 1],
  ])('%s: five interrupts while the handlers run make %#', (_name, flow, calls) => {
    const { b, d, irq } = soft(flow);
    d.work = () => {
      d.work = null;
      for (let i = 0; i < 5; i++) generic_handle_irq(b.irqs, irq);
    };
    generic_handle_irq(b.irqs, irq);
    expect([d.calls, b.desc(irq).kstat[0]]).toEqual([calls, 1]);
  });

  it('edge whose last handler goes while one is pending: is masked', () => {
    const { b, d, chip, irq } = soft(FLOW_EDGE);
    d.work = () => {
      generic_handle_irq(b.irqs, irq);
      free_irq(b.irqs, irq, d);
    };
    generic_handle_irq(b.irqs, irq);
    expect([d.calls, chip.log]).toEqual([1, ['ack', 'ack', 'mask', 'shutdown', 'release']]);
  });

  it('level through the IO-APIC: mask, EOI, handlers, unmask; still asserted, again', () => {
    const b = new Board({ costs: costs({ irq_entry: 10 }) });
    b.irqs.acpi_register_gsi(9, true, false);
    b.desc(9).flow = FLOW_LEVEL;
    const d = new Dev(b);
    d.work = () => {
      if (d.calls === 3) b.pin(9, 0);
    };
    request_irq(b.irqs, 9, handler, 0, 'x', d);
    b.pin(9, 1);
    b.run();
    expect([d.calls, b.masked(9), b.apics?.lapics[0].isr.every((w) => w === 0)]).toEqual([3, false, true]);
  });
});

describe('disable_irq', () => {
  it.each([
    ['lazy', 0, []],
    ['unlazy', IRQ_DISABLE_UNLAZY, ['mask']],
  ])('%s asks the controller for this', (_name, setting, log) => {
    const { b, chip, irq } = soft(FLOW_EDGE);
    irq_set_status_flags(b.irqs, irq, setting);
    disable_irq_nosync(b.irqs, irq);
    expect(chip.log).toEqual(log);
  });

  it('within the handler: no second call until enabled, then one', () => {
    const { b, d, irq } = soft(FLOW_EDGE, IRQF_TRIGGER_RISING);
    d.work = () => {
      d.work = null;
      disable_irq_nosync(b.irqs, irq);
      generic_handle_irq(b.irqs, irq);
    };
    generic_handle_irq(b.irqs, irq);
    expect(d.calls).toBe(1);
    enable_irq(b.irqs, irq);
    b.run();
    expect(d.calls).toBe(2);
  });

  it('hardirq: of a quiet, a busy and an unknown line', () => {
    const { b, d, irq } = soft(FLOW_EDGE);
    let busy = true;
    d.work = () => {
      busy = disable_hardirq(b.irqs, irq);
    };
    expect([disable_hardirq(b.irqs, irq), disable_hardirq(b.irqs, 99)]).toEqual([true, false]);
    enable_irq(b.irqs, irq);
    generic_handle_irq(b.irqs, irq);
    expect([busy, b.desc(irq).depth]).toEqual([false, 1]);
  });
});

describe('enable_irq', () => {
  it('with an edge pending: resent once, though enabled twice before it arrives', () => {
    const b = new Board();
    b.irqs.acpi_register_gsi(4, false, false);
    const d = new Dev(b);
    request_irq(b.irqs, 4, handler, 0, 'x', d);
    disable_irq(b.irqs, 4);
    b.pin(4, 1);
    b.run();
    b.task(() => {
      enable_irq(b.irqs, 4);
      disable_irq_nosync(b.irqs, 4);
      enable_irq(b.irqs, 4);
    });
    b.run();
    expect(d.calls).toBe(1);
  });

  it('with a level pending: not resent, it comes by itself if it still is there', () => {
    const { b, d, chip, irq } = soft(FLOW_LEVEL, IRQF_TRIGGER_HIGH);
    disable_irq(b.irqs, irq);
    generic_handle_irq(b.irqs, irq);
    chip.log = [];
    enable_irq(b.irqs, irq);
    b.run();
    expect([d.calls, chip.log, b.desc(irq).state & IRQS_PENDING]).toEqual([0, ['unmask'], 0]);
  });

  it('of a line behind another: resent by the timer softirq, or lost on a machine without timers', () => {
    for (const timers of [true, false]) {
      const { b, d, irq } = soft(FLOW_EDGE, IRQF_TRIGGER_RISING);
      if (!timers) b.cpus.timers = null;
      disable_irq(b.irqs, irq);
      generic_handle_irq(b.irqs, irq);
      enable_irq(b.irqs, irq);
      expect(d.calls).toBe(0);
      b.run();
      expect(d.calls).toBe(timers ? 1 : 0);
    }
  });

  it('of a NO_AUTOEN line starts it; unbalanced or without handler is told', () => {
    const b = new Board();
    const chip = new SoftChip();
    const irq = b.soft(FLOW_EDGE, chip);
    const d = new Dev(b);
    enable_irq(b.irqs, irq);
    request_irq(b.irqs, irq, handler, IRQF_NO_AUTOEN, 'x', d);
    disable_irq(b.irqs, irq);
    enable_irq(b.irqs, irq);
    expect(chip.log).toEqual([]);
    enable_irq(b.irqs, irq);
    expect(chip.log).toEqual(['startup']);
    enable_irq(b.irqs, irq);
    enable_irq(b.irqs, 99);
    expect(dmesg(b.irqs.log).match(/Unbalanced enable for IRQ 24/g)?.length).toBe(2);
  });

  it('an edge remembered for a handler that is gone comes to the next one', () => {
    const { b, d, irq } = soft(FLOW_EDGE, IRQF_TRIGGER_RISING);
    disable_irq(b.irqs, irq);
    generic_handle_irq(b.irqs, irq);
    free_irq(b.irqs, irq, d);
    const next = new Dev(b);
    request_irq(b.irqs, irq, handler, 0, 'y', next);
    b.run();
    expect([d.calls, next.calls]).toEqual([0, 1]);
  });
});
