import { describe, expect, it } from 'vitest';
import {
  disable_irq,
  FLOW_EDGE,
  generic_handle_irq,
  handle_nested_irq,
  IRQ_HANDLED,
  IRQF_ONESHOT,
  irq_set_affinity,
  irq_set_nested_thread,
  irq_wake_thread,
  request_threaded_irq,
} from '../../src/driver/irq/index.js';
import { costs } from '../cpu/support.js';
import type { Board } from './irq-board.js';
import { board, Dev, EDGE, LEVEL, primary, pulse, thread } from './irq-device.js';

describe('a thread and the CPUs', () => {
  it('follows its line at the next wakeup', () => {
    const b = board({ cpus: 2 });
    const d = new Dev(b, EDGE);
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    pulse(b, EDGE);
    b.run();
    irq_set_affinity(b.irqs, EDGE, [1]);
    pulse(b, EDGE);
    b.run();
    expect(d.log).toEqual(['hard!@0', 'thread@0', 'hard!@1', 'thread@1']);
  });

  it('that runs when its line moves: moves at the wakeup after it slept', () => {
    const b = board({ cpus: 2, costs: costs({ irq_entry: 1 }) });
    const d = new Dev(b, EDGE);
    d.work = () => b.cpus.smp_processor().charge(1_000);
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    pulse(b, EDGE);
    b.run(500);
    irq_set_affinity(b.irqs, EDGE, [1]);
    pulse(b, EDGE);
    b.run();
    pulse(b, EDGE);
    b.run();
    expect(d.log.filter((l) => l.startsWith('thread'))).toEqual(['thread@0', 'thread@0', 'thread@1']);
  });
});

describe('handlers on two CPUs', () => {
  /** CPU 0 runs the handlers for 1000 ns; the line has moved to CPU 1. */
  function overlap(edges: number): { b: Board; d: Dev } {
    const b = board({ cpus: 2, costs: costs({ irq_entry: 1_000 }) });
    const d = new Dev(b, EDGE);
    d.primary = IRQ_HANDLED;
    request_threaded_irq(b.irqs, EDGE, primary, null, 0, 'x', d);
    pulse(b, EDGE);
    b.run(100);
    irq_set_affinity(b.irqs, EDGE, [1]);
    for (let i = 0; i < edges; i++) {
      pulse(b, EDGE);
      b.run(200 + i);
    }
    return { b, d };
  }

  it.each([1, 3])('%i edges that come while the other runs them: they run once more', (edges) => {
    const { b, d } = overlap(edges);
    expect(d.log).toEqual(['hard!@0']);
    b.run();
    expect(d.log).toEqual(['hard!@0', 'hard!@1']);
    expect([b.masked(EDGE), b.desc(EDGE).state & 1]).toEqual([false, 0]);
  });

  it('without such an edge: do not', () => {
    const { b, d } = overlap(0);
    b.run();
    expect(d.log).toEqual(['hard!@0']);
  });

  it('a ONESHOT thread that ends while they run elsewhere: waits for them', () => {
    const b = board({ cpus: 2, costs: costs({ irq_entry: 10 }) });
    const d = new Dev(b, LEVEL);
    request_threaded_irq(b.irqs, LEVEL, primary, thread, IRQF_ONESHOT, 'x', d);
    const desc = b.desc(LEVEL);
    b.run();
    d.primary = IRQ_HANDLED;
    const start = b.sim.clock[0];
    b.task(() => {
      generic_handle_irq(b.irqs, LEVEL);
      b.cpus.smp_processor().charge(1_000);
    }, 1);
    b.run(start + 100);
    irq_wake_thread(b.irqs, LEVEL, d);
    b.run(start + 900);
    expect([d.log, desc.threads_active, desc.threads_oneshot]).toEqual([['hard@1', 'thread@0'], 1, 1]);
    b.run();
    expect([b.masked(LEVEL), desc.threads_active, desc.threads_oneshot]).toEqual([false, 0, 0]);
    expect(b.sim.clock[0]).toBeGreaterThanOrEqual(start + 1_000);
  });
});

describe('a nested line', () => {
  function nested(): { b: Board; parent: Dev; child: Dev; inner: number } {
    const b = board();
    const parent = new Dev(b, EDGE);
    const child = new Dev(b, EDGE);
    const inner = b.soft(FLOW_EDGE);
    irq_set_nested_thread(b.irqs, inner, true);
    expect(request_threaded_irq(b.irqs, inner, primary, thread, IRQF_ONESHOT, 'inner', child)).toBe(0);
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'outer', parent);
    parent.work = () => handle_nested_irq(b.irqs, inner);
    return { b, parent, child, inner };
  }

  it('is handled by the thread of the line it hangs behind', () => {
    const { b, child, inner } = nested();
    pulse(b, EDGE);
    b.run();
    expect([child.log, [...b.desc(inner).kstat]]).toEqual([['thread@0'], [1]]);
  });

  it('disabled: is remembered', () => {
    const { b, child, inner } = nested();
    disable_irq(b.irqs, inner);
    pulse(b, EDGE);
    b.run();
    expect([child.log, b.desc(inner).state & 1]).toEqual([[], 1]);
    handle_nested_irq(b.irqs, 99);
    irq_set_nested_thread(b.irqs, inner, false);
    expect(b.desc(inner).settings).toBe(0);
  });
});
