import { describe, expect, it } from 'vitest';
import {
  FLOW_EDGE,
  FLOW_FASTEOI,
  generic_handle_irq,
  IRQ_HANDLED,
  IRQ_IS_POLLED,
  IRQ_NESTED_THREAD,
  IRQ_NONE,
  IRQ_WAKE_THREAD,
  IRQF_IRQPOLL,
  IRQF_PERCPU,
  IRQF_SHARED,
  IRQS_SPURIOUS_DISABLED,
  irq_set_status_flags,
  proc_irq_read,
  request_irq,
  request_threaded_irq,
} from '../../src/driver/irq/index.js';
import { dmesg } from '../../src/driver/printk.js';
import { Board, type BoardOptions } from './irq-board.js';

/** A line behind a controller of our own, its handler's result and calls. */
class Dev {
  calls = 0;
  result = IRQ_NONE;
  thread = IRQ_NONE;
}

function primary(_irq: number, d: Dev): number {
  d.calls++;
  return d.result;
}

function thread(_irq: number, d: Dev): number {
  return d.thread;
}

function line(o: BoardOptions = {}, flags = IRQF_SHARED, flow = FLOW_FASTEOI): { b: Board; d: Dev; irq: number } {
  const b = new Board(o);
  const d = new Dev();
  const irq = b.soft(flow);
  request_irq(b.irqs, irq, primary, flags, 'x', d);
  return { b, d, irq };
}

function fire(b: Board, irq: number, times: number): void {
  for (let i = 0; i < times; i++) generic_handle_irq(b.irqs, irq);
}

const TENTH = 100_000_000;

describe('unhandled interrupts', () => {
  it('less than a tenth of a second apart are counted, later ones start anew', () => {
    const { b, irq } = line();
    fire(b, irq, 3);
    expect(proc_irq_read(b.irqs, irq, 'spurious')).toBe('count 3\nunhandled 3\nlast_unhandled 0 ms\n');
    b.pass(TENTH);
    fire(b, irq, 1);
    expect(proc_irq_read(b.irqs, irq, 'spurious')).toBe('count 4\nunhandled 4\nlast_unhandled 100 ms\n');
    b.pass(TENTH + 4_000_000);
    fire(b, irq, 1);
    expect(proc_irq_read(b.irqs, irq, 'spurious')).toBe('count 5\nunhandled 1\nlast_unhandled 204 ms\n');
  });

  it('handled ones are counted only after an unhandled one', () => {
    const { b, d, irq } = line();
    d.result = IRQ_HANDLED;
    fire(b, irq, 10);
    expect(b.desc(irq).irq_count).toBe(0);
    d.result = IRQ_NONE;
    fire(b, irq, 1);
    d.result = IRQ_HANDLED;
    fire(b, irq, 10);
    expect([b.desc(irq).irq_count, b.desc(irq).irqs_unhandled]).toEqual([11, 1]);
  });

  it('of a polled line are not judged', () => {
    const { b, irq } = line();
    irq_set_status_flags(b.irqs, irq, IRQ_IS_POLLED);
    fire(b, irq, 10);
    expect(b.desc(irq).irqs_unhandled).toBe(0);
  });
});

describe('interrupts that only wake a thread', () => {
  function threaded(result: number): { b: Board; d: Dev; irq: number } {
    const b = new Board();
    const d = new Dev();
    const irq = b.soft(FLOW_EDGE);
    d.result = IRQ_WAKE_THREAD;
    d.thread = result;
    request_threaded_irq(b.irqs, irq, primary, thread, 0, 'x', d);
    b.run();
    return { b, d, irq };
  }

  it.each([
    ['handles', IRQ_HANDLED, [0, 0, 0, 0]],
    ['does not', IRQ_NONE, [0, 1, 2, 3]],
  ])('whose thread %s: are judged one interrupt late', (_name, result, want) => {
    const { b, irq } = threaded(result);
    const counts = [];
    for (let i = 0; i < 4; i++) {
      fire(b, irq, 1);
      b.run();
      counts.push(b.desc(irq).irqs_unhandled);
    }
    expect(counts).toEqual(want);
  });

  it('whose thread has not run when the next one comes: count against it', () => {
    const { b, irq } = threaded(IRQ_HANDLED);
    fire(b, irq, 3);
    expect(b.desc(irq).irqs_unhandled).toBe(2);
    b.run();
    fire(b, irq, 1);
    expect(b.desc(irq).irqs_unhandled).toBe(2);
  });

  it('handled by a sharer too: end the deferral', () => {
    const b = new Board();
    const d = new Dev();
    const other = new Dev();
    const irq = b.soft(FLOW_EDGE);
    d.result = IRQ_WAKE_THREAD;
    other.result = IRQ_HANDLED;
    request_threaded_irq(b.irqs, irq, primary, thread, IRQF_SHARED, 'x', d);
    request_irq(b.irqs, irq, primary, IRQF_SHARED, 'y', other);
    fire(b, irq, 3);
    other.result = IRQ_NONE;
    fire(b, irq, 1);
    expect(b.desc(irq).irqs_unhandled).toBe(0);
    fire(b, irq, 1);
    expect(b.desc(irq).irqs_unhandled).toBe(1);
  });
});

describe('a line that was switched off', () => {
  function off(o: BoardOptions = {}): ReturnType<typeof line> {
    const all = line(o);
    fire(all.b, all.irq, 100_000);
    expect(
      dmesg(all.b.irqs.log)
        .split('\n')
        .map((l) => l.slice(15)),
    ).toEqual(['irq 24: nobody cared (try booting with the "irqpoll" option)', 'Disabling IRQ #24']);
    all.d.calls = 0;
    return all;
  }

  it('is polled every tenth of a second, in the timer softirq, and judged no more', () => {
    const { b, d, irq } = off();
    const contexts: number[] = [];
    const noting = (n: number, dev: Dev): number => {
      contexts.push(b.cpus.current?.ctx ?? -1);
      return primary(n, dev);
    };
    b.desc(irq).actions[0].handler = noting as (irq: number, dev: unknown) => number;
    b.pass(TENTH - 1);
    expect(d.calls).toBe(0);
    b.pass(1);
    expect(d.calls).toBe(1);
    b.pass(10 * TENTH + 1);
    expect([d.calls, new Set(contexts), b.desc(irq).irqs_unhandled]).toEqual([11, new Set([1]), 0]);
  });

  it('is masked when the next interrupt comes', () => {
    const { b, irq } = off();
    const desc = b.desc(irq);
    expect([desc.depth, (desc.chip as unknown as { log: string[] }).log.includes('mask')]).toEqual([1, false]);
    fire(b, irq, 1);
    expect((desc.chip as unknown as { log: string[] }).log.includes('mask')).toBe(true);
  });

  it('a sharer comes: is on again, and no longer polled', () => {
    const { b, d, irq } = off();
    request_irq(b.irqs, irq, primary, IRQF_SHARED, 'y', new Dev());
    expect([b.desc(irq).depth, b.desc(irq).state & IRQS_SPURIOUS_DISABLED]).toEqual([0, 0]);
    b.pass(5 * TENTH);
    expect(d.calls).toBe(0);
    fire(b, irq, 1);
    expect(d.calls).toBe(1);
  });

  it('does not keep a run from ending', () => {
    const { b, d } = off();
    const before = b.sim.clock[0];
    b.run();
    expect([b.sim.clock[0], d.calls]).toEqual([before, 0]);
  });

  it('interrupt while it is polled: handlers run again', () => {
    const { b, d, irq } = off();
    let again = 2;
    const nested = (n: number, dev: Dev): number => {
      if (again-- > 0) generic_handle_irq(b.irqs, irq);
      return primary(n, dev);
    };
    b.desc(irq).flow = FLOW_EDGE;
    b.desc(irq).actions[0].handler = nested as (irq: number, dev: unknown) => number;
    b.pass(TENTH);
    expect(d.calls).toBe(3);
  });

  it.each([
    ['not shared', 0, 0],
    ['of one CPU', IRQF_SHARED | IRQF_PERCPU, 0],
    ['nested', IRQF_SHARED, IRQ_NESTED_THREAD],
    ['polled otherwise', IRQF_SHARED, IRQ_IS_POLLED],
  ])('%s: is not polled', (_name, flags, setting) => {
    const { b, d, irq } = line({}, flags);
    fire(b, irq, 100_000);
    irq_set_status_flags(b.irqs, irq, setting);
    d.calls = 0;
    b.pass(3 * TENTH);
    expect([dmesg(b.irqs.log).includes('Disabling'), d.calls]).toEqual([true, 0]);
  });

  it('at HZ 100 the poll comes at a tick', () => {
    const b = new Board({ params: { hz: 100 } });
    const d = new Dev();
    const irq = b.soft(FLOW_EDGE);
    request_irq(b.irqs, irq, primary, IRQF_SHARED, 'x', d);
    b.pass(3_000_000);
    fire(b, irq, 100_000);
    d.calls = 0;
    b.pass(96_999_999);
    expect(d.calls).toBe(0);
    b.pass(1);
    expect(d.calls).toBe(1);
  });
});

describe('irqfixup', () => {
  function two(option: number, flags: number): { b: Board; d: Dev; other: Dev; irq: number } {
    const b = new Board();
    const d = new Dev();
    const other = new Dev();
    other.result = IRQ_HANDLED;
    const irq = b.soft(FLOW_EDGE);
    request_irq(b.irqs, irq, primary, IRQF_SHARED | flags, 'x', d);
    request_irq(b.irqs, b.soft(FLOW_EDGE), primary, IRQF_SHARED, 'y', other);
    b.irqs.irqfixup = option;
    return { b, d, other, irq };
  }

  it.each([
    [0, 0, IRQ_NONE, 0, 1],
    [1, 0, IRQ_NONE, 1, 0],
    [1, IRQF_IRQPOLL, IRQ_HANDLED, 0, 0],
    [2, IRQF_IRQPOLL, IRQ_HANDLED, 1, 0],
    [2, 0, IRQ_HANDLED, 0, 0],
  ])('%i, flags %i, result %i: the other line is looked at %i times', (option, flags, result, calls, unhandled) => {
    const { b, d, other, irq } = two(option, flags);
    d.result = result;
    fire(b, irq, 1);
    expect([other.calls, b.desc(irq).irqs_unhandled]).toEqual([calls, unhandled]);
  });
});
