import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  disable_irq_nosync,
  enable_irq,
  FLOW_EDGE,
  FLOW_FASTEOI,
  FLOW_LEVEL,
  free_irq,
  generic_handle_irq,
  IRQ_HANDLED,
  IRQF_NO_AUTOEN,
  IRQF_ONESHOT,
  IRQF_SHARED,
  IRQF_TRIGGER_HIGH,
  IRQF_TRIGGER_RISING,
  IRQS_MASKED,
  IRQS_PENDING,
  type IrqDesc,
  irq_wake_thread,
  request_threaded_irq,
} from '../../src/driver/irq/index.js';
import { dmesg } from '../../src/driver/printk.js';
import { runs } from '../support/fc.js';
import { Board, SoftChip } from './irq-board.js';
import { type Flow, Line, type Sharer } from './irq-reference.js';

/** The real thing, driven like the model. */
class Real {
  readonly b: Board = new Board();
  readonly chip: SoftChip = new SoftChip();
  readonly irq: number;
  readonly level: boolean;
  readonly devs: Map<number, Dev> = new Map();
  calls: string[] = [];

  constructor(flow: Flow) {
    this.level = flow !== 'edge';
    this.irq = this.b.soft(flow === 'edge' ? FLOW_EDGE : flow === 'level' ? FLOW_LEVEL : FLOW_FASTEOI, this.chip);
  }

  get desc(): IrqDesc {
    return this.b.desc(this.irq);
  }

  request(s: Sharer): number {
    const dev = new Dev(this, s);
    const flags =
      (s.shared ? IRQF_SHARED : 0) |
      (s.oneshot ? IRQF_ONESHOT : 0) |
      (s.autoen ? 0 : IRQF_NO_AUTOEN) |
      (this.level ? IRQF_TRIGGER_HIGH : IRQF_TRIGGER_RISING);
    const rc = request_threaded_irq(this.b.irqs, this.irq, hard, s.threaded ? soft : null, flags, 'x', dev);
    if (rc === 0) this.devs.set(s.id, dev);
    return rc;
  }

  free(id: number): boolean {
    const dev = this.devs.get(id);
    this.devs.delete(id);
    return dev !== undefined && free_irq(this.b.irqs, this.irq, dev) !== null;
  }

  /** The controller's own mask, from what was asked of it. */
  hardwareMasked(): boolean {
    const last = this.chip.log.filter((l) => /mask|startup|shutdown/.test(l)).at(-1);
    return last !== 'unmask' && last !== 'startup';
  }

  fire(): void {
    if (!this.hardwareMasked()) generic_handle_irq(this.b.irqs, this.irq);
  }
}

class Dev {
  readonly real: Real;
  readonly s: Sharer;
  constructor(real: Real, s: Sharer) {
    this.real = real;
    this.s = { ...s };
  }
}

function hard(irq: number, d: Dev): number {
  const { real, s } = d;
  real.calls.push(`hard ${s.id}`);
  const again = s.again;
  s.again = 0;
  if (s.disables) disable_irq_nosync(real.b.irqs, irq);
  s.disables = false;
  for (let i = 0; i < again; i++) real.fire();
  return s.result;
}

/** Handled only by the thread of a handler that leaves it the work. */
function soft(_irq: number, d: Dev): number {
  d.real.calls.push(`thread ${d.s.id}`);
  return d.s.result === 2 ? IRQ_HANDLED : 0;
}

type Step =
  | { op: 'request'; s: Sharer }
  | { op: 'free' | 'wake'; id: number }
  | { op: 'disable' | 'enable' | 'run' }
  | { op: 'fire'; times: number };

const id = fc.integer({ min: 0, max: 2 });
const sharer: fc.Arbitrary<Sharer> = fc.record({
  id,
  shared: fc.boolean(),
  oneshot: fc.boolean(),
  autoen: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
  threaded: fc.boolean(),
  result: fc.constantFrom(0, 1, 2, 3),
  again: fc.integer({ min: 0, max: 2 }),
  disables: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('request' as const), s: sharer }),
  fc.record({ op: fc.constantFrom('free' as const, 'wake' as const), id }),
  fc.record({ op: fc.constantFrom('disable' as const, 'enable' as const, 'enable' as const, 'run' as const) }),
  fc.record({ op: fc.constant('fire' as const), times: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ op: fc.constant('fire' as const), times: fc.integer({ min: 1, max: 3 }) }),
);
const program = fc.record({
  flow: fc.constantFrom<Flow>('edge', 'fasteoi', 'level'),
  steps: fc.array(step, { maxLength: 25 }),
});

function settle(real: Real, line: Line): void {
  real.b.run();
  line.settle();
}

/** Carries out one step on both; their answers. */
function both(real: Real, line: Line, s: Step): unknown[] {
  const { b, irq } = real;
  switch (s.op) {
    case 'request': {
      if (line.sharers.some((x) => x.id === s.s.id)) return [0, 0];
      const answers = [real.request(s.s), line.request(s.s)];
      settle(real, line);
      return answers;
    }
    case 'free': {
      const answers = [real.free(s.id), line.free(s.id)];
      settle(real, line);
      return answers;
    }
    case 'wake': {
      const dev = real.devs.get(s.id);
      if (dev !== undefined) irq_wake_thread(b.irqs, irq, dev);
      line.wake(s.id);
      return [0, 0];
    }
    case 'disable':
      disable_irq_nosync(b.irqs, irq);
      line.disable();
      return [0, 0];
    case 'enable':
      enable_irq(b.irqs, irq);
      line.enable();
      settle(real, line);
      return [0, 0];
    case 'fire':
      for (let i = 0; i < s.times; i++) {
        real.fire();
        line.fire();
      }
      return [0, 0];
    case 'run':
      settle(real, line);
      return [0, 0];
  }
}

function seen(real: Real): unknown {
  const { desc } = real;
  return {
    calls: real.calls,
    depth: desc.depth,
    masked: (desc.state & IRQS_MASKED) !== 0,
    hardware: real.hardwareMasked(),
    pending: (desc.state & IRQS_PENDING) !== 0,
    active: desc.threads_active,
    waits: desc.threads_oneshot,
    unhandled: desc.irqs_unhandled,
    count: desc.irq_count,
    unbalanced: dmesg(real.b.irqs.log).match(/Unbalanced/g)?.length ?? 0,
  };
}

function wanted(line: Line): unknown {
  return {
    calls: line.calls,
    depth: line.depth,
    masked: line.masked,
    hardware: line.masked,
    pending: line.pending,
    active: line.woken.length,
    waits: line.waits.size,
    unhandled: line.unhandled,
    count: line.count,
    unbalanced: line.unbalanced,
  };
}

function property(sabotage: (real: Real, s: Step) => void): fc.IPropertyWithHooks<[{ flow: Flow; steps: Step[] }]> {
  return fc.property(program, ({ flow, steps }) => {
    const real = new Real(flow);
    const line = new Line(flow);
    for (const s of steps) {
      const [got, want] = both(real, line, s);
      sabotage(real, s);
      expect(got).toEqual(want);
      expect(seen(real)).toEqual(wanted(line));
    }
  });
}

describe('a line against its reference model', () => {
  it('random programs of request, free, disable, enable, interrupts and threads: both do the same', () => {
    fc.assert(
      property(() => undefined),
      { numRuns: runs(400) },
    );
  });

  it.each([
    ['forgets what came while disabled', forgetful],
    ['opens a ONESHOT line early', hasty],
    ['does not nest', flat],
    ['calls a handler too often', busy],
  ])('one that %s is found out', (_name, sabotage) => {
    expect(fc.check(property(sabotage), { numRuns: 500, seed: 1 }).failed).toBe(true);
  });
});

function forgetful({ desc }: Real): void {
  desc.state &= ~IRQS_PENDING;
}

function hasty({ desc }: Real, s: Step): void {
  if (s.op === 'fire') desc.threads_oneshot = 0;
}

function flat({ desc }: Real, s: Step): void {
  if (s.op === 'disable' && desc.depth > 1) desc.depth = 1;
}

function busy({ calls }: Real, s: Step): void {
  if (s.op === 'enable') calls.push('hard 0');
}
