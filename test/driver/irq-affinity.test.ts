import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FLOW_BAD,
  FLOW_EDGE,
  format_cpulist,
  format_cpumask,
  free_irq,
  IRQ_HANDLED,
  IRQF_NOBALANCING,
  IRQF_PERCPU,
  interrupt_rows,
  irq_can_set_affinity,
  irq_set_affinity,
  irq_set_affinity_hint,
  parse_cpumask,
  proc_interrupts,
  proc_irq_read,
  proc_irq_write,
  request_irq,
} from '../../src/driver/irq/index.js';
import { irq_calc_affinity_vectors, irq_create_affinity_masks } from '../../src/driver/irq/spread.js';
import { dmesg } from '../../src/driver/printk.js';
import { costs } from '../cpu/support.js';
import { runs } from '../support/fc.js';
import { Board, type BoardOptions } from './irq-board.js';

const EDGE = 4;
const LEVEL = 9;

class Dev {
  readonly b: Board;
  cpus: number[] = [];
  release = -1;
  constructor(b: Board) {
    this.b = b;
  }
}

function handler(_irq: number, d: Dev): number {
  d.cpus.push(d.b.cpus.current?.id ?? -1);
  if (d.release >= 0) d.b.pin(d.release, 0);
  return IRQ_HANDLED;
}

function board(o: BoardOptions = { cpus: 4 }): { b: Board; d: Dev } {
  const b = new Board(o);
  b.irqs.acpi_register_gsi(EDGE, false, false);
  b.irqs.acpi_register_gsi(LEVEL, true, false);
  return { b, d: new Dev(b) };
}

function pulse(b: Board): void {
  b.pin(EDGE, 1);
  b.pin(EDGE, 0);
  b.run();
}

describe('irq_set_affinity', () => {
  it('to CPUs that do not exist, of a line that has no choice or does not exist: -EINVAL', () => {
    const { b } = board();
    const soft = b.soft(FLOW_EDGE);
    const bare = b.irqs.irq_alloc_bare().irq;
    expect([
      irq_set_affinity(b.irqs, EDGE, []),
      irq_set_affinity(b.irqs, EDGE, [4, 9]),
      irq_set_affinity(b.irqs, 99, [0]),
      irq_set_affinity(b.irqs, soft, [0]),
      irq_set_affinity(b.irqs, bare, [0]),
      irq_set_affinity(b.irqs, EDGE, [9, 3]),
    ]).toEqual([-22, -22, -22, -22, -22, 0]);
    expect(b.desc(EDGE).affinity).toEqual([3]);
  });

  it('before the line starts: is where it starts', () => {
    const { b, d } = board();
    irq_set_affinity(b.irqs, EDGE, [2]);
    request_irq(b.irqs, EDGE, handler, 0, 'x', d);
    pulse(b);
    expect(d.cpus).toEqual([2]);
  });

  it('twice before an interrupt has come: the second waits for the first, and is not forgotten', () => {
    const { b, d } = board();
    request_irq(b.irqs, EDGE, handler, 0, 'x', d);
    expect([irq_set_affinity(b.irqs, EDGE, [1]), irq_set_affinity(b.irqs, EDGE, [2])]).toEqual([0, 0]);
    expect(proc_irq_read(b.irqs, EDGE, 'smp_affinity')).toBe('4\n');
    expect(proc_irq_read(b.irqs, EDGE, 'effective_affinity')).toBe('2\n');
    pulse(b);
    pulse(b);
    pulse(b);
    expect(d.cpus).toEqual([1, 2, 2]);
    expect([...b.irqs.vectors.used]).toEqual([0, 0, 1, 0]);
  });

  it('back to the CPU it is on: takes the waiting wish back', () => {
    const { b, d } = board();
    request_irq(b.irqs, EDGE, handler, 0, 'x', d);
    irq_set_affinity(b.irqs, EDGE, [1]);
    irq_set_affinity(b.irqs, EDGE, [2]);
    irq_set_affinity(b.irqs, EDGE, [1, 3]);
    pulse(b);
    pulse(b);
    expect([d.cpus, proc_irq_read(b.irqs, EDGE, 'smp_affinity_list')]).toEqual([[1, 1], '1,3\n']);
  });

  it('of a level line in service: moves after its EOI, and the line lives', () => {
    const { b, d } = board({ cpus: 2, costs: costs({ irq_entry: 100 }) });
    request_irq(b.irqs, LEVEL, handler, 0, 'x', d);
    b.pin(LEVEL, 1);
    b.task(() => expect(irq_set_affinity(b.irqs, LEVEL, [1])).toBe(0), 1);
    b.run(50);
    expect(b.desc(LEVEL).pending_affinity).toEqual([1]);
    d.release = LEVEL;
    b.run();
    expect(d.cpus).toEqual([0, 0]);
    b.pin(LEVEL, 1);
    b.run();
    expect([d.cpus, b.masked(LEVEL), b.desc(LEVEL).cpu]).toEqual([[0, 0, 1], false, 1]);
  });

  it('when the new CPU has no vector left: stays', () => {
    const { b, d } = board();
    request_irq(b.irqs, EDGE, handler, 0, 'x', d);
    for (let v = 0; v < 256; v++) b.irqs.vectors.take(1, 5, null);
    irq_set_affinity(b.irqs, EDGE, [1]);
    pulse(b);
    expect([d.cpus, b.desc(EDGE).affinity]).toEqual([[0], [0, 1, 2, 3]]);
  });

  it('hint: sets, shows, and must be taken away before the line is freed', () => {
    const { b, d } = board();
    request_irq(b.irqs, EDGE, handler, 0, 'x', d);
    expect([irq_set_affinity_hint(b.irqs, EDGE, [2, 3]), irq_set_affinity_hint(b.irqs, 99, null)]).toEqual([0, -22]);
    expect(proc_irq_read(b.irqs, EDGE, 'affinity_hint')).toBe('c\n');
    expect(b.desc(EDGE).cpu).toBe(2);
    free_irq(b.irqs, EDGE, d);
    expect([dmesg(b.irqs.log).includes('affinity hint'), b.desc(EDGE).affinity_hint]).toEqual([true, null]);
    request_irq(b.irqs, EDGE, handler, 0, 'x', d);
    irq_set_affinity_hint(b.irqs, EDGE, [1]);
    irq_set_affinity_hint(b.irqs, EDGE, null);
    expect(proc_irq_read(b.irqs, EDGE, 'affinity_hint')).toBe('0\n');
  });
});

describe('/proc/irq', () => {
  it('default_smp_affinity: for lines that start from now on', () => {
    const { b, d } = board();
    request_irq(b.irqs, EDGE, handler, 0, 'x', d);
    expect(proc_irq_read(b.irqs, null, 'default_smp_affinity')).toBe('f\n');
    expect(proc_irq_write(b.irqs, null, 'default_smp_affinity', 'a\n')).toBe(2);
    request_irq(b.irqs, LEVEL, handler, 0, 'x', d);
    expect([b.desc(EDGE).cpu, b.desc(LEVEL).cpu, proc_irq_read(b.irqs, LEVEL, 'smp_affinity')]).toEqual([0, 1, 'a\n']);
    for (const bad of ['0', '10', 'x', '', '1,,2', '123456789']) {
      expect(proc_irq_write(b.irqs, null, 'default_smp_affinity', bad)).toBe(-22);
    }
    expect([proc_irq_write(b.irqs, null, 'other', '1'), proc_irq_read(b.irqs, null, 'other')]).toEqual([-22, null]);
  });

  it('smp_affinity of a line that has no choice: -EIO', () => {
    const { b, d } = board();
    const soft = b.soft(FLOW_EDGE);
    request_irq(b.irqs, EDGE, handler, IRQF_PERCPU, 'x', d);
    request_irq(b.irqs, LEVEL, handler, IRQF_NOBALANCING, 'x', d);
    const write = (irq: number, text: string): number => proc_irq_write(b.irqs, irq, 'smp_affinity', text);
    expect([write(EDGE, '1'), write(LEVEL, '1'), write(soft, '1')]).toEqual([-5, -5, -5]);
    expect(irq_can_set_affinity(b.irqs, b.desc(EDGE))).toBe(false);
    free_irq(b.irqs, EDGE, d);
    const { b: c, d: e } = board();
    request_irq(c.irqs, EDGE, handler, 0, 'x', e);
    expect([proc_irq_write(c.irqs, EDGE, 'smp_affinity', '2\n'), c.desc(EDGE).cpu]).toEqual([2, 1]);
    expect([
      proc_irq_write(c.irqs, EDGE, 'smp_affinity', '10'),
      proc_irq_write(c.irqs, EDGE, 'smp_affinity', 'z'),
      proc_irq_write(c.irqs, EDGE, 'node', '1'),
      proc_irq_write(c.irqs, 99, 'smp_affinity', '1'),
    ]).toEqual([-22, -22, -22, -22]);
  });

  it('files of a line that is not started, and files there are not', () => {
    const { b } = board();
    const read = (file: string): string | null => proc_irq_read(b.irqs, EDGE, file);
    expect([
      read('effective_affinity'),
      read('effective_affinity_list'),
      read('node'),
      read('smp_affinity_list'),
    ]).toEqual(['0\n', '\n', '0\n', '0-3\n']);
    expect([read('nothing'), proc_irq_read(b.irqs, 99, 'spurious')]).toEqual([null, null]);
  });

  it.each([
    [[0, 1], 2, '3', '0-1'],
    [[0], 8, '01', '0'],
    [[0, 2, 3, 5], 12, '02d', '0,2-3,5'],
    [[0, 33], 40, '02,00000001', '0,33'],
    [[31, 63], 64, '80000000,80000000', '31,63'],
  ])('CPUs %j of %i print as the kernel prints them', (cpus, count, mask, list) => {
    expect([format_cpumask(cpus, count), format_cpulist(cpus)]).toEqual([mask, list]);
    expect(parse_cpumask(mask)).toEqual(cpus);
  });

  it('masks: what is printed is parsed to the same', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 63 })), (cpus) => {
        const sorted = cpus.sort((a, b) => a - b);
        expect(parse_cpumask(format_cpumask(sorted, 64))).toEqual(sorted);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('/proc/interrupts', () => {
  it('is formatted as Linux 6.18 does on a machine with two CPUs', () => {
    // Lines measured there, with our counts.
    const { b, d } = board({ cpus: 2 });
    b.irqs.acpi_register_gsi(5, false, false);
    request_irq(b.irqs, 5, handler, 0, 'ACPI:Ged', d);
    request_irq(b.irqs, LEVEL, handler, 0, 'ttyS0', d);
    b.irqs.irq_alloc_desc({ ...b.irqs.no_irq_chip, name: 'PCI-MSIX-0000:00:01.0' } as typeof b.irqs.no_irq_chip, 8, 4);
    b.desc(24).kstat[0] = 1346;
    b.desc(24).kstat[1] = 385769;
    expect(proc_interrupts(b.irqs)).toBe(
      [
        '           CPU0       CPU1       ',
        '  5:          0          0  IO-APIC   5-edge      ACPI:Ged',
        '  9:          0          0  IO-APIC   9-fasteoi   ttyS0',
        ' 24:       1346     385769 PCI-MSIX-0000:00:01.0   4-edge    ',
        '',
      ].join('\n'),
    );
  });

  it('of a line behind another one has no number there', () => {
    const b = new Board();
    const soft = b.soft(FLOW_EDGE);
    request_irq(b.irqs, soft, handler, 0, 'a', new Dev(b));
    request_irq(b.irqs, b.soft(FLOW_BAD), handler, 0, 'b', new Dev(b));
    expect(interrupt_rows(b.irqs).map((r) => r.type)).toEqual(['-edge', '']);
    expect(proc_interrupts(b.irqs).split('\n').slice(1, 3)).toEqual([
      ' 24:          0     soft    -edge      a',
      ' 25:          0     soft      b',
    ]);
  });
});

describe('spreading', () => {
  const none = { pre_vectors: 0, post_vectors: 0 };

  it.each([
    [4, 1, 8, 0, 0, 4],
    [4, 1, 3, 0, 0, 3],
    [4, 2, 8, 1, 1, 6],
    [4, 2, 4, 1, 1, 4],
    [4, 1, 8, 1, 1, 0],
  ])('%i CPUs, %i to %i vectors, %i and %i kept out: %i', (cpus, min, max, pre, post, want) => {
    const b = new Board({ cpus });
    expect(irq_calc_affinity_vectors(b.irqs, min, max, { pre_vectors: pre, post_vectors: post })).toBe(want);
  });

  it.each([
    [4, 4, none, ['0', '1', '2', '3']],
    [4, 3, none, ['0-1', '2', '3']],
    [4, 2, none, ['0-1', '2-3']],
    [5, 2, none, ['0-2', '3-4']],
    [2, 3, { pre_vectors: 1, post_vectors: 0 }, ['0-1*', '0', '1']],
    [3, 3, { pre_vectors: 1, post_vectors: 1 }, ['0-2*', '0-2', '0-2*']],
  ])('%i CPUs over %i vectors', (cpus, nvecs, affd, want) => {
    const b = new Board({ cpus });
    const masks = irq_create_affinity_masks(b.irqs, nvecs, affd) ?? [];
    expect(masks.map((m) => format_cpulist(m.mask) + (m.managed ? '' : '*'))).toEqual(want);
  });

  it('nothing left to spread: none', () => {
    expect(irq_create_affinity_masks(new Board().irqs, 2, { pre_vectors: 1, post_vectors: 1 })).toBe(null);
  });
});
