import { describe, expect, it } from 'vitest';
import {
  FLOW_EDGE,
  FLOW_LEVEL,
  free_irq,
  free_nmi,
  generic_handle_irq,
  IRQ_HANDLED,
  IRQ_NESTED_THREAD,
  IRQ_NOAUTOEN,
  IRQ_NOREQUEST,
  IRQ_NOTCONNECTED,
  IRQ_PER_CPU_DEVID,
  IRQ_WAKE_THREAD,
  IRQCHIP_ONESHOT_SAFE,
  IRQCHIP_SUPPORTS_NMI,
  IRQF_COND_ONESHOT,
  IRQF_COND_SUSPEND,
  IRQF_IRQPOLL,
  IRQF_NO_AUTOEN,
  IRQF_NO_SUSPEND,
  IRQF_ONESHOT,
  IRQF_PERCPU,
  IRQF_SHARED,
  IRQF_TRIGGER_FALLING,
  IRQF_TRIGGER_HIGH,
  IRQF_TRIGGER_LOW,
  IRQF_TRIGGER_RISING,
  irq_set_irq_type,
  irq_set_status_flags,
  request_irq,
  request_nmi,
  request_threaded_irq,
} from '../../src/driver/irq/index.js';
import { dmesg } from '../../src/driver/printk.js';
import { Board, SoftChip } from './irq-board.js';

const LEVEL = 9;

function handled(): number {
  return IRQ_HANDLED;
}

function board(): Board {
  const b = new Board();
  b.irqs.acpi_register_gsi(LEVEL, true, false);
  return b;
}

function req(b: Board, irq: number, flags: number, dev: unknown = {}, thread: typeof handled | null = null): number {
  return request_threaded_irq(b.irqs, irq, handled, thread, flags, 'x', dev);
}

describe('request_threaded_irq', () => {
  it('of a line that has two faults: the first in the order of the kernel is reported', () => {
    const b = board();
    const bare = b.irqs.irq_alloc_bare().irq;
    const request = (
      irq: number,
      h: typeof handled | null,
      t: typeof handled | null,
      flags: number,
      dev: unknown = {},
    ) => request_threaded_irq(b.irqs, irq, h, t, flags, 'x', dev);
    expect(request(IRQ_NOTCONNECTED, null, null, IRQF_SHARED, null)).toBe(-107);
    expect(request(99, handled, null, IRQF_SHARED, null)).toBe(-22);
    b.irqs.failslab = 1;
    expect(request(LEVEL, null, null, 0)).toBe(-22);
    expect(request(99, handled, null, 0)).toBe(-22);
    expect(b.irqs.failslab).toBe(1);
    expect(request(bare, handled, null, 0)).toBe(-12);
    expect(request(bare, handled, null, 0)).toBe(-38);
    expect(b.desc(LEVEL).actions).toEqual([]);
  });

  it.each([
    ['SHARED without a device', IRQF_SHARED, null],
    ['SHARED with NO_AUTOEN', IRQF_SHARED | IRQF_NO_AUTOEN, {}],
    ['COND_SUSPEND without SHARED', IRQF_COND_SUSPEND, {}],
    ['NO_SUSPEND with COND_SUSPEND', IRQF_SHARED | IRQF_NO_SUSPEND | IRQF_COND_SUSPEND, {}],
  ])('with %s: -EINVAL', (_name, flags, dev) => {
    expect(req(board(), LEVEL, flags, dev)).toBe(-22);
  });

  it.each([
    ['not requestable', IRQ_NOREQUEST],
    ['of per-CPU devices', IRQ_PER_CPU_DEVID],
  ])('of a line that is %s: -EINVAL', (_name, setting) => {
    const b = board();
    irq_set_status_flags(b.irqs, LEVEL, setting);
    expect(req(b, LEVEL, 0)).toBe(-22);
  });

  it('without memory for the thread: -ENOMEM, and the line is free', () => {
    const b = board();
    b.irqs.failslab = 2;
    expect([req(b, LEVEL, 0), b.irqs.failslab]).toEqual([-12, 1]);
    b.irqs.failslab = 0;
    expect(req(b, LEVEL, 0, {}, handled)).toBe(0);
    const processes = b.cpus.processes;
    b.irqs.failslab = 1;
    expect(req(b, LEVEL, 0, {}, handled)).toBe(-12);
    expect(b.cpus.processes).toBe(processes);
  });

  it('nested without a thread function: -EINVAL', () => {
    const b = board();
    irq_set_status_flags(b.irqs, LEVEL, IRQ_NESTED_THREAD);
    expect([req(b, LEVEL, 0), req(b, LEVEL, 0, {}, handled)]).toEqual([-22, 0]);
    expect(b.desc(LEVEL).actions[0].thread).toBe(null);
  });

  it('without handler and ONESHOT: -EINVAL and a line in the log, unless the controller is safe', () => {
    const b = board();
    const request = (irq: number, flags: number): number =>
      request_threaded_irq(b.irqs, irq, null, handled, flags, 'x', {});
    expect(request(LEVEL, 0)).toBe(-22);
    expect(dmesg(b.irqs.log)).toContain('Threaded irq requested with handler=NULL and !ONESHOT for x (irq 9)');
    expect(request(LEVEL, IRQF_ONESHOT)).toBe(0);
    const safe = b.soft(FLOW_EDGE, new SoftChip(IRQCHIP_ONESHOT_SAFE));
    expect(request(safe, IRQF_ONESHOT)).toBe(0);
    expect(b.desc(safe).actions[0].flags & IRQF_ONESHOT).toBe(0);
    expect(request(b.soft(FLOW_EDGE, new SoftChip(IRQCHIP_ONESHOT_SAFE)), 0)).toBe(0);
  });

  it.each([
    ['both shared', IRQF_SHARED, IRQF_SHARED, 0],
    ['one not shared', 0, IRQF_SHARED, -16],
    ['the line has another trigger', IRQF_SHARED, IRQF_SHARED | IRQF_TRIGGER_LOW, -16],
    ['the trigger is the line’s', IRQF_SHARED, IRQF_SHARED | IRQF_TRIGGER_HIGH, 0],
    ['the first asked for a trigger the line has not', IRQF_SHARED | IRQF_TRIGGER_LOW, IRQF_SHARED, 0],
    ['one ONESHOT', IRQF_SHARED, IRQF_SHARED | IRQF_ONESHOT, -16],
    ['the first ONESHOT alone', IRQF_SHARED | IRQF_ONESHOT, IRQF_SHARED, -16],
    ['COND_ONESHOT adopts', IRQF_SHARED | IRQF_ONESHOT, IRQF_SHARED | IRQF_COND_ONESHOT, 0],
    ['COND_ONESHOT alone', IRQF_SHARED, IRQF_SHARED | IRQF_COND_ONESHOT, 0],
    ['one PERCPU', IRQF_SHARED | IRQF_PERCPU, IRQF_SHARED, -16],
    ['both PERCPU', IRQF_SHARED | IRQF_PERCPU, IRQF_SHARED | IRQF_PERCPU, 0],
  ])('sharing, %s', (_name, first, second, want) => {
    const b = board();
    expect(req(b, LEVEL, first, {}, handled)).toBe(0);
    expect(req(b, LEVEL, second, {}, handled)).toBe(want);
    expect(dmesg(b.irqs.log).includes('genirq: Flags mismatch irq 9. ')).toBe(want !== 0);
  });

  it('of a line without a type takes over the first sharer’s', () => {
    const b = board();
    const irq = b.soft(FLOW_EDGE);
    expect(req(b, irq, IRQF_SHARED)).toBe(0);
    expect(req(b, irq, IRQF_SHARED | IRQF_TRIGGER_RISING)).toBe(0);
    expect(req(b, irq, IRQF_SHARED | IRQF_TRIGGER_FALLING)).toBe(-16);
    expect(req(b, irq, IRQF_SHARED)).toBe(0);
  });

  it('65 ONESHOT sharers: the last is refused, and a freed bit is given again', () => {
    const b = board();
    const devs = Array.from({ length: 65 }, () => ({}));
    const rcs = devs.map((dev) => req(b, LEVEL, IRQF_SHARED | IRQF_ONESHOT, dev, handled));
    expect([rcs.slice(0, 64).every((rc) => rc === 0), rcs[64]]).toEqual([true, -16]);
    free_irq(b.irqs, LEVEL, devs[7]);
    expect(req(b, LEVEL, IRQF_SHARED | IRQF_ONESHOT, devs[64], handled)).toBe(-16);
    b.run();
    expect(req(b, LEVEL, IRQF_SHARED | IRQF_ONESHOT, devs[64], handled)).toBe(0);
    expect(b.desc(LEVEL).actions[63].oneshot).toBe(7);
  });

  it('whose controller refuses resources or trigger: its error, and resources are given back', () => {
    const b = board();
    const chip = new SoftChip();
    const irq = b.soft(FLOW_LEVEL, chip);
    chip.resources = -5;
    expect(req(b, irq, 0)).toBe(-5);
    expect(chip.log).toEqual([]);
    chip.resources = 0;
    chip.type = -22;
    expect(req(b, irq, IRQF_TRIGGER_HIGH)).toBe(-22);
    expect(chip.log).toEqual(['type 4', 'release']);
    chip.type = 0;
    chip.log = [];
    expect(req(b, irq, IRQF_TRIGGER_HIGH)).toBe(0);
    expect([chip.log, b.desc(irq).trigger]).toEqual([['type 4', 'startup'], IRQF_TRIGGER_HIGH]);
  });

  it('when all vectors of its CPUs are in use: -ENOSPC', () => {
    const b = board();
    for (let v = 0; v < 256; v++) b.irqs.vectors.take(0, 5, null);
    expect(req(b, LEVEL, 0)).toBe(-28);
    expect(b.desc(LEVEL).actions).toEqual([]);
    expect(dmesg(b.irqs.log)).toContain('no vector is free on CPU 0');
  });

  it('first one starts the line, every one clears the spurious counters', () => {
    const b = board();
    const desc = b.desc(LEVEL);
    expect(desc.depth).toBe(1);
    req(b, LEVEL, IRQF_SHARED);
    expect([desc.depth, b.masked(LEVEL)]).toEqual([0, false]);
    desc.irq_count = 5;
    desc.irqs_unhandled = 4;
    req(b, LEVEL, IRQF_SHARED);
    expect([desc.irq_count, desc.irqs_unhandled]).toEqual([0, 0]);
  });

  it('with NO_AUTOEN, as a flag or a setting of the line, leaves it disabled once', () => {
    for (const setting of [false, true]) {
      const b = board();
      if (setting) irq_set_status_flags(b.irqs, LEVEL, IRQ_NOAUTOEN);
      req(b, LEVEL, setting ? 0 : IRQF_NO_AUTOEN);
      expect([b.desc(LEVEL).depth, b.masked(LEVEL)]).toEqual([1, true]);
    }
  });
});

describe('irq_set_irq_type', () => {
  it('of unknown, typeless and typed lines', () => {
    const b = board();
    const chip = new SoftChip();
    const irq = b.soft(FLOW_EDGE, chip);
    expect([
      irq_set_irq_type(b.irqs, 99, 1),
      irq_set_irq_type(b.irqs, irq, 0),
      irq_set_irq_type(b.irqs, LEVEL, 1),
    ]).toEqual([-19, 0, 0]);
    expect([irq_set_irq_type(b.irqs, irq, 2), b.desc(irq).trigger, b.desc(LEVEL).trigger]).toEqual([0, 2, 4]);
  });
});

describe('request_nmi', () => {
  const FLAGS = IRQF_PERCPU | IRQF_NO_AUTOEN;

  it.each([
    ['shared', FLAGS | IRQF_SHARED, handled],
    ['polled', FLAGS | IRQF_IRQPOLL, handled],
    ['suspended', FLAGS | IRQF_COND_SUSPEND, handled],
    ['not of one CPU', IRQF_NO_AUTOEN, handled],
    ['on at once', IRQF_PERCPU, handled],
    ['without handler', FLAGS, null],
  ])('%s: -EINVAL', (_name, flags, handler) => {
    const b = board();
    const irq = b.soft(FLOW_EDGE, new SoftChip(IRQCHIP_SUPPORTS_NMI));
    expect(request_nmi(b.irqs, irq, handler, flags, 'n', {})).toBe(-22);
  });

  it('of a line whose controller has none, an unknown and an unconnected one', () => {
    const b = board();
    const ask = (irq: number): number => request_nmi(b.irqs, irq, handled, FLAGS, 'n', {});
    expect([ask(LEVEL), ask(99), ask(IRQ_NOTCONNECTED)]).toEqual([-22, -22, -107]);
  });

  it('owns the line: no one shares it, until it is freed', () => {
    const b = board();
    const irq = b.soft(FLOW_EDGE, new SoftChip(IRQCHIP_SUPPORTS_NMI));
    expect(request_nmi(b.irqs, irq, handled, FLAGS, 'n', {})).toBe(0);
    expect(req(b, irq, IRQF_SHARED | IRQF_PERCPU)).toBe(-22);
    expect(dmesg(b.irqs.log)).toContain('Invalid attempt to share NMI for x (irq 24) on irqchip soft.');
    expect([free_nmi(b.irqs, irq), free_nmi(b.irqs, irq)]).toEqual(['n', null]);
    expect(req(b, irq, IRQF_SHARED)).toBe(0);
    expect(request_nmi(b.irqs, irq, handled, FLAGS, 'n', {})).toBe(-16);
  });
});

describe('a handler', () => {
  it('that returns 3 is handled, and wakes no thread', () => {
    const b = board();
    const irq = b.soft(FLOW_EDGE);
    request_irq(b.irqs, irq, () => IRQ_HANDLED | IRQ_WAKE_THREAD, 0, 'x', {});
    generic_handle_irq(b.irqs, irq);
    expect([b.desc(irq).no_thread, b.desc(irq).bogus, dmesg(b.irqs.log)]).toEqual([0, 0, '']);
  });

  it('101 bogus results: 100 are told', () => {
    const b = board();
    const irq = b.soft(FLOW_EDGE);
    request_irq(b.irqs, irq, () => -1, 0, 'x', {});
    for (let i = 0; i < 101; i++) generic_handle_irq(b.irqs, irq);
    expect(dmesg(b.irqs.log).split('\n').length).toBe(100);
    expect(dmesg(b.irqs.log)).toContain('irq event 24: bogus return value ffffffff');
    expect(b.desc(irq).bogus).toBe(101);
  });

  it('unknown number is -EINVAL to generic_handle_irq', () => {
    expect(generic_handle_irq(board().irqs, 77)).toBe(-22);
  });
});
