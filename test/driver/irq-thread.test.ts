import { describe, expect, it } from 'vitest';
import { type Runnable, spawn, TASK_RUN } from '../../src/cpu/index.js';
import {
  disable_irq,
  disable_irq_nosync,
  enable_irq,
  FLOW_EDGE,
  free_irq,
  IRQ_HANDLED,
  IRQ_NONE,
  IRQ_WAKE_THREAD,
  IRQF_ONESHOT,
  IRQF_SHARED,
  irq_set_affinity,
  irq_wake_thread,
  request_threaded_irq,
  synchronize_hardirq,
  synchronize_irq,
} from '../../src/driver/irq/index.js';
import { dmesg } from '../../src/driver/printk.js';
import { costs } from '../cpu/support.js';
import { Told } from './irq-board.js';
import { board, Dev, EDGE, LEVEL, lower, primary, pulse, thread } from './irq-device.js';

describe('an interrupt thread', () => {
  it('is woken by the handler, runs in task context after it, and has its name', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    expect(request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'net0', d)).toBe(0);
    const task = b.desc(EDGE).actions[0].thread?.task;
    expect([task?.name, task?.rt_priority]).toEqual(['irq/4-net0', 50]);
    pulse(b, EDGE);
    b.run();
    expect(d.log).toEqual(['hard!@0', 'thread@0']);
    expect([b.desc(EDGE).threads_handled, b.desc(EDGE).threads_active]).toEqual([1, 0]);
  });

  it('not asked for: does not run', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    d.primary = IRQ_HANDLED;
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    pulse(b, EDGE);
    b.run();
    expect(d.log).toEqual(['hard!@0']);
  });

  it('without a handler of its own: every interrupt wakes it', () => {
    const b = board();
    const d = new Dev(b, LEVEL);
    d.work = lower(d);
    request_threaded_irq(b.irqs, LEVEL, null, thread, IRQF_ONESHOT, 'x', d);
    b.pin(LEVEL, 1);
    b.run();
    expect([d.log, b.masked(LEVEL)]).toEqual([['thread@0'], false]);
  });

  it('woken three times before it runs: runs once; woken while it runs: once more', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    const irq = b.soft(FLOW_EDGE);
    request_threaded_irq(b.irqs, irq, primary, thread, 0, 'x', d);
    b.run();
    b.task(() => {
      for (let i = 0; i < 3; i++) irq_wake_thread(b.irqs, irq, d);
      expect(b.desc(irq).threads_active).toBe(1);
    });
    d.work = () => {
      d.work = null;
      for (let i = 0; i < 3; i++) irq_wake_thread(b.irqs, irq, d);
    };
    b.run();
    expect(d.log).toEqual(['thread@0', 'thread@0']);
    irq_wake_thread(b.irqs, irq, {});
    irq_wake_thread(b.irqs, 99, d);
    b.run();
    expect(d.log.length).toBe(2);
  });

  it('that wants a secondary there is none of: is told', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    d.result = IRQ_WAKE_THREAD;
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    pulse(b, EDGE);
    b.run();
    expect(dmesg(b.irqs.log)).toContain('thread of x has no secondary');
    expect(b.desc(EDGE).threads_handled).toBe(0);
  });

  it('comes before every ordinary task, whatever wakeup preemption says', () => {
    const b = board({ costs: costs({ irq_entry: 10 }), params: { wakeup_preemption: false, slice_ns: 1_000_000 } });
    const d = new Dev(b, EDGE);
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    b.run();
    const times: number[] = [];
    d.work = () => times.push(b.sim.clock[0]);
    let blocks = 0;
    const busy: Runnable = {
      step: (cpu) => {
        cpu.charge(100);
        return ++blocks < 50 ? TASK_RUN : 2;
      },
    };
    spawn(b.cpus, busy, 'busy');
    b.run(1_000);
    pulse(b, EDGE);
    b.run();
    expect(times[0]).toBeLessThan(1_500);
  });
});

describe('a ONESHOT line', () => {
  it('stays masked from the interrupt to the end of the thread', () => {
    const b = board({ costs: costs({ irq_entry: 10, switch: 100 }) });
    const d = new Dev(b, LEVEL);
    const masked: boolean[] = [];
    d.work = () => {
      masked.push(b.masked(LEVEL));
      b.cpus.smp_processor().charge(1_000);
      b.pin(LEVEL, 0);
    };
    request_threaded_irq(b.irqs, LEVEL, primary, thread, IRQF_ONESHOT, 'x', d);
    b.run();
    const start = b.sim.clock[0];
    b.pin(LEVEL, 1);
    b.run(start + 900);
    expect([masked, b.masked(LEVEL)]).toEqual([[true], true]);
    b.run();
    expect([d.log, b.masked(LEVEL)]).toEqual([['hard!@0', 'thread@0'], false]);
  });

  it('still asserted when the thread ends: interrupts again', () => {
    const b = board();
    const d = new Dev(b, LEVEL);
    let left = 3;
    d.work = () => {
      if (--left === 0) b.pin(LEVEL, 0);
    };
    request_threaded_irq(b.irqs, LEVEL, primary, thread, IRQF_ONESHOT, 'x', d);
    b.pin(LEVEL, 1);
    b.run();
    expect(d.log.filter((l) => l.startsWith('hard')).length).toBe(3);
  });

  it('whose handler wakes no thread: is open again at once', () => {
    const b = board();
    const d = new Dev(b, LEVEL);
    d.primary = IRQ_NONE;
    const release = (irq: number, dev: Dev): number => {
      b.pin(LEVEL, 0);
      return primary(irq, dev);
    };
    request_threaded_irq(b.irqs, LEVEL, release, thread, IRQF_ONESHOT, 'x', d);
    b.pin(LEVEL, 1);
    b.run();
    expect([d.log, b.masked(LEVEL)]).toEqual([['hard!@0'], false]);
  });

  it('with two threads: opens when both are done', () => {
    const b = board();
    const open: boolean[] = [];
    const devs = [new Dev(b, LEVEL), new Dev(b, LEVEL)];
    for (const d of devs) {
      d.work = () => open.push(b.masked(LEVEL));
      request_threaded_irq(b.irqs, LEVEL, primary, thread, IRQF_ONESHOT | IRQF_SHARED, 'x', d);
    }
    devs[1].work = () => {
      open.push(b.masked(LEVEL));
      b.pin(LEVEL, 0);
    };
    b.pin(LEVEL, 1);
    b.run();
    expect([open, b.masked(LEVEL), b.desc(LEVEL).threads_oneshot]).toEqual([[true, true], false, 0]);
  });

  it('disabled meanwhile: the thread leaves it masked, enable opens it', () => {
    const b = board();
    const d = new Dev(b, LEVEL);
    d.work = () => {
      disable_irq_nosync(b.irqs, LEVEL);
      b.pin(LEVEL, 0);
    };
    request_threaded_irq(b.irqs, LEVEL, primary, thread, IRQF_ONESHOT, 'x', d);
    b.pin(LEVEL, 1);
    b.run();
    expect(b.masked(LEVEL)).toBe(true);
    enable_irq(b.irqs, LEVEL);
    expect(b.masked(LEVEL)).toBe(false);
  });
});

describe('free_irq', () => {
  it('of a thread that was woken: lets it run once more, ends it, then tells', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    const told = new Told();
    const target = b.sim.attach(told);
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    b.run();
    const task = b.desc(EDGE).actions[0].thread?.task;
    b.task(() => {
      irq_wake_thread(b.irqs, EDGE, d);
      expect(free_irq(b.irqs, EDGE, d, target, 7, 8)).toBe('x');
      expect([told.got, d.log]).toEqual([[], []]);
    });
    b.run();
    expect([told.got, d.log, task?.state]).toEqual([['7 8 4'], ['thread@0'], 2]);
    expect([b.desc(EDGE).stopping, b.irqs.threads]).toEqual([[], [null]]);
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    pulse(b, EDGE);
    b.run();
    expect(d.log.length).toBe(3);
  });

  it('without anything under way: tells at the end of the block, and at once outside one', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    const told = new Told();
    const target = b.sim.attach(told);
    d.primary = IRQ_HANDLED;
    request_threaded_irq(b.irqs, EDGE, primary, null, 0, 'x', d);
    b.task(() => {
      free_irq(b.irqs, EDGE, d, target, 1, 2);
      expect(told.got).toEqual([]);
    });
    b.run();
    expect(told.got).toEqual(['1 2 4']);
    request_threaded_irq(b.irqs, EDGE, primary, null, 0, 'x', d);
    free_irq(b.irqs, EDGE, d, target, 3, 4);
    expect(told.got).toEqual(['1 2 4', '3 4 4']);
  });

  it('of an unknown device: null, not told', () => {
    const b = board();
    const told = new Told();
    expect(free_irq(b.irqs, EDGE, {}, b.sim.attach(told), 1, 2)).toBe(null);
    expect(free_irq(b.irqs, 99, {})).toBe(null);
    b.run();
    expect(told.got).toEqual([]);
  });

  it('in a hard interrupt: is told off', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    const freeing = (irq: number, dev: Dev): number => {
      free_irq(b.irqs, irq, dev);
      return IRQ_HANDLED;
    };
    request_threaded_irq(b.irqs, EDGE, freeing, null, 0, 'x', d);
    pulse(b, EDGE);
    b.run();
    expect(dmesg(b.irqs.log)).toContain('Trying to free IRQ 4 from IRQ context!');
    expect(b.desc(EDGE).actions).toEqual([]);
  });
});

describe('synchronize_irq and disable_irq', () => {
  it('with a thread active: false, and told when it is done', () => {
    const b = board({ costs: costs({ irq_entry: 10 }) });
    const d = new Dev(b, EDGE);
    const told = new Told();
    const target = b.sim.attach(told);
    d.work = () => b.cpus.smp_processor().charge(500);
    request_threaded_irq(b.irqs, EDGE, primary, thread, 0, 'x', d);
    b.run();
    const start = b.sim.clock[0];
    pulse(b, EDGE);
    b.run(start + 100);
    expect(d.log).toEqual(['hard!@0', 'thread@0']);
    expect([synchronize_irq(b.irqs, EDGE, target, 5, 6), synchronize_hardirq(b.irqs, EDGE)]).toEqual([false, false]);
    expect([disable_irq(b.irqs, EDGE), b.desc(EDGE).depth, told.got]).toEqual([false, 1, []]);
    b.run();
    expect([told.got, synchronize_irq(b.irqs, EDGE, target), synchronize_hardirq(b.irqs, EDGE)]).toEqual([
      ['5 6 4'],
      true,
      true,
    ]);
    expect(disable_irq(b.irqs, EDGE)).toBe(true);
    expect([synchronize_irq(b.irqs, 99), disable_irq(b.irqs, 99), synchronize_hardirq(b.irqs, 99)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('with an interrupt waiting in the CPU: false, and told after its handlers', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    d.primary = IRQ_HANDLED;
    const told = new Told();
    const target = b.sim.attach(told);
    request_threaded_irq(b.irqs, EDGE, primary, null, 0, 'x', d);
    b.task(() => {
      pulse(b, EDGE);
      expect(synchronize_irq(b.irqs, EDGE, target, 1, 1)).toBe(false);
      expect(d.log).toEqual([]);
    });
    b.run();
    expect([d.log, told.got]).toEqual([['hard!@0'], ['1 1 4']]);
  });

  it('with the handlers under way on another CPU: false, and told at the end of their block', () => {
    const b = board({ cpus: 2, costs: costs({ irq_entry: 100 }) });
    const d = new Dev(b, EDGE);
    d.primary = IRQ_HANDLED;
    const told = new Told();
    const target = b.sim.attach(told);
    request_threaded_irq(b.irqs, EDGE, primary, null, 0, 'x', d);
    irq_set_affinity(b.irqs, EDGE, [1]);
    pulse(b, EDGE);
    b.run(50);
    expect(d.log.length).toBe(1);
    b.task(() => expect(synchronize_irq(b.irqs, EDGE, target, 1, 1)).toBe(false));
    b.run(60);
    expect([told.got, synchronize_hardirq(b.irqs, EDGE)]).toEqual([[], false]);
    b.run();
    expect([told.got, synchronize_irq(b.irqs, EDGE)]).toEqual([['1 1 4'], true]);
  });

  it('of a line freed with an interrupt under way: told too', () => {
    const b = board();
    const d = new Dev(b, EDGE);
    const told = new Told();
    const target = b.sim.attach(told);
    request_threaded_irq(b.irqs, EDGE, primary, null, 0, 'x', d);
    b.task(() => {
      pulse(b, EDGE);
      expect(synchronize_irq(b.irqs, EDGE, target, 1, 1)).toBe(false);
      free_irq(b.irqs, EDGE, d);
    });
    b.run();
    expect([told.got, b.irqs.stray, d.log]).toEqual([['1 1 4'], 1, []]);
  });
});
