import { describe, expect, it } from 'vitest';
import {
  disable_irq,
  enable_irq,
  free_irq,
  IRQ_HANDLED,
  IRQF_ONESHOT,
  irq_set_affinity,
  proc_irq_write,
  request_irq,
  request_threaded_irq,
} from '../../src/driver/irq/index.js';
import {
  type MsixEntry,
  PCI_D3hot,
  PCI_IRQ_AFFINITY,
  PCI_IRQ_ALL_TYPES,
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  PCI_IRQ_MSIX,
  pci_alloc_irq_vectors,
  pci_alloc_irq_vectors_affinity,
  pci_disable_msix,
  pci_enable_device,
  pci_enable_msi,
  pci_enable_msix_exact,
  pci_enable_msix_range,
  pci_free_irq_vectors,
  pci_irq_get_affinity,
  pci_irq_vector,
  pci_msi_vec_count,
  pci_msix_vec_count,
  pci_set_master,
  pci_set_power_state,
} from '../../src/driver/pci/index.js';
import { dmesg } from '../../src/driver/printk.js';
import { Board, type BoardOptions, type CardOptions } from './irq-board.js';

function card(o: CardOptions = {}, board: BoardOptions = {}): Board {
  const b = new Board({ cards: [o], ...board });
  pci_enable_device(b.pdev);
  pci_set_master(b.pdev);
  return b;
}

class Dev {
  readonly got: number[] = [];
}

function handler(irq: number, d: Dev): number {
  d.got.push(irq);
  return IRQ_HANDLED;
}

function used(b: Board): number {
  return b.irqs.vectors.used.reduce((n, v) => n + v, 0);
}

describe('pci_alloc_irq_vectors', () => {
  it.each<[string, CardOptions, number, number, number, number, string]>([
    ['everything offered: MSI-X', {}, 1, 8, PCI_IRQ_ALL_TYPES, 4, 'msix'],
    ['as many as asked', {}, 2, 3, PCI_IRQ_ALL_TYPES, 3, 'msix'],
    ['more than the table has, MSI alone left', {}, 5, 8, PCI_IRQ_ALL_TYPES, -28, ''],
    ['no MSI-X: MSI', { msix: 0 }, 1, 8, PCI_IRQ_ALL_TYPES, 1, 'msi'],
    ['several messages: no vectors in a row on x86', { msix: 0, msi: 8 }, 1, 8, PCI_IRQ_ALL_TYPES, 1, 'msi'],
    ['at least two messages', { msix: 0, msi: 8 }, 2, 8, PCI_IRQ_MSI, -28, ''],
    ['neither: the line', { msix: 0, msi: 0 }, 1, 8, PCI_IRQ_ALL_TYPES, 1, 'line'],
    ['the line is one', { msix: 0, msi: 0 }, 2, 8, PCI_IRQ_ALL_TYPES, -22, ''],
    ['the line alone, two asked', {}, 2, 2, PCI_IRQ_INTX, -28, ''],
    ['MSI-X alone, without', { msix: 0 }, 1, 1, PCI_IRQ_MSIX, -22, ''],
    ['MSI alone, without', { msi: 0 }, 1, 1, PCI_IRQ_MSI, -22, ''],
    ['max below min', {}, 3, 2, PCI_IRQ_ALL_TYPES, -34, ''],
    ['no kind', {}, 1, 1, 0, -28, ''],
    ['no message', {}, 0, 0, PCI_IRQ_MSIX | PCI_IRQ_MSI, -22, ''],
    ['a table in a BAR there is not: the next kind', { tableBar: 5 }, 1, 4, PCI_IRQ_ALL_TYPES, 1, 'msi'],
    ['a table in a BAR there is not', { tableBar: 5 }, 1, 4, PCI_IRQ_MSIX, -12, ''],
  ])('%s', (_name, o, min, max, flags, want, kind) => {
    const b = card(o);
    const { pdev } = b;
    const line = pdev.irq;
    expect(pci_alloc_irq_vectors(pdev, min, max, flags)).toBe(want);
    expect([pdev.msix_enabled, pdev.msi_enabled]).toEqual([kind === 'msix', kind === 'msi']);
    const { config } = b.cards[0];
    expect([config.msixEnabled, config.msiEnabled, config.intxDisabled]).toEqual([
      kind === 'msix',
      kind === 'msi',
      kind === 'msix' || kind === 'msi',
    ]);
    expect(pdev.irq).toBe(kind === 'msi' ? 24 : line);
    expect(used(b)).toBe(kind === 'msix' ? want : kind === 'msi' ? 1 : 0);
    pci_free_irq_vectors(pdev);
    expect([
      pdev.irq,
      used(b),
      config.msixEnabled,
      config.msiEnabled,
      config.intxDisabled,
      pci_irq_vector(pdev, 0),
    ]).toEqual([line, 0, false, false, false, line]);
  });

  it('of a function that was never enabled, sleeps, or cannot: -EINVAL', () => {
    const b = new Board({ cards: [{}] });
    expect(pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSIX)).toBe(-22);
    pci_enable_device(b.pdev);
    b.pdev.no_msi = true;
    expect(pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSIX | PCI_IRQ_MSI)).toBe(-22);
    b.pdev.no_msi = false;
    pci_set_power_state(b.pdev, PCI_D3hot);
    expect(pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSIX)).toBe(-22);
    expect(pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSI)).toBe(-22);
  });

  it('on a machine where nobody takes messages: -ENOTSUPP, and no line either', () => {
    const b = card({}, { apics: false });
    expect(pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSIX)).toBe(-524);
    expect(pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_ALL_TYPES)).toBe(-524);
    expect(pci_irq_vector(b.pdev, 0)).toBe(0);
  });

  it('while the other kind is enabled: -EINVAL and a line in the log', () => {
    const b = card();
    pci_enable_msi(b.pdev);
    expect([pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSIX), pci_enable_msi(b.pdev)]).toEqual([-22, -22]);
    pci_free_irq_vectors(b.pdev);
    pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSIX);
    expect([pci_enable_msi(b.pdev), pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSIX)]).toEqual([-22, -22]);
    expect(dmesg(b.irqs.log)).toContain("can't enable MSI-X (MSI already enabled)");
    expect(dmesg(b.irqs.log)).toContain("can't enable MSI (MSI-X already enabled)");
  });

  it('without CPU vectors left: -ENOSPC, and everything is as before', () => {
    const b = card();
    for (let v = 0; v < 200; v++) b.irqs.vectors.take(0, 5, null);
    const before = used(b);
    expect(pci_alloc_irq_vectors(b.pdev, 1, 4, PCI_IRQ_MSIX | PCI_IRQ_MSI)).toBe(1);
    pci_free_irq_vectors(b.pdev);
    while (b.irqs.vectors.take(0, 5, null) >= 0);
    expect(pci_alloc_irq_vectors(b.pdev, 1, 4, PCI_IRQ_MSIX)).toBe(-28);
    expect(pci_alloc_irq_vectors(b.pdev, 1, 4, PCI_IRQ_MSI)).toBe(-28);
    expect([b.pdev.msi_descs, b.cards[0].config.msixEnabled, b.irqs.irq_to_desc(24)]).toEqual([[], false, null]);
    expect(used(b)).toBeGreaterThan(before);
    expect(b.pdev.irq).not.toBe(0);
  });

  it('freed with a handler left: IRQ_IN_USE, and nothing changes', () => {
    const b = card();
    pci_alloc_irq_vectors(b.pdev, 2, 2, PCI_IRQ_MSIX);
    const d = new Dev();
    const irq = pci_irq_vector(b.pdev, 1);
    request_irq(b.irqs, irq, handler, 0, 'x', d);
    expect(() => pci_free_irq_vectors(b.pdev)).toThrow('irq 25 is freed while x handles it');
    b.cards[0].msix(1);
    b.run();
    expect(d.got).toEqual([irq]);
    free_irq(b.irqs, irq, d);
    pci_free_irq_vectors(b.pdev);
    expect(used(b)).toBe(0);
  });
});

describe('PCI_IRQ_AFFINITY', () => {
  it('spreads over the CPUs, at most one each, and keeps user space out', () => {
    const b = card({ msix: 8 }, { cpus: 4 });
    expect(pci_alloc_irq_vectors(b.pdev, 1, 8, PCI_IRQ_MSIX | PCI_IRQ_AFFINITY)).toBe(4);
    const cpus = [0, 1, 2, 3].map((nr) => b.desc(pci_irq_vector(b.pdev, nr)).cpu);
    expect([cpus, pci_irq_get_affinity(b.pdev, 2), pci_irq_get_affinity(b.pdev, 4)]).toEqual([[0, 1, 2, 3], [2], null]);
    const d = new Dev();
    const irq = pci_irq_vector(b.pdev, 3);
    proc_irq_write(b.irqs, null, 'default_smp_affinity', '1');
    request_irq(b.irqs, irq, handler, 0, 'x', d);
    expect([b.desc(irq).cpu, proc_irq_write(b.irqs, irq, 'smp_affinity', '1')]).toEqual([3, -5]);
  });

  it('keeps vectors at both ends out of it', () => {
    const b = card({ msix: 8 }, { cpus: 2 });
    const affd = { pre_vectors: 1, post_vectors: 1 };
    expect(pci_alloc_irq_vectors_affinity(b.pdev, 2, 8, PCI_IRQ_MSIX | PCI_IRQ_AFFINITY, affd)).toBe(4);
    expect([0, 1, 2, 3].map((nr) => pci_irq_get_affinity(b.pdev, nr))).toEqual([[0, 1], [0], [1], [0, 1]]);
    const irq = pci_irq_vector(b.pdev, 0);
    expect(proc_irq_write(b.irqs, irq, 'smp_affinity', '2')).toBe(1);
    pci_free_irq_vectors(b.pdev);
    expect(pci_alloc_irq_vectors_affinity(b.pdev, 1, 8, PCI_IRQ_MSIX | PCI_IRQ_AFFINITY, affd)).toBe(-28);
    expect(pci_alloc_irq_vectors_affinity(b.pdev, 1, 8, PCI_IRQ_MSI | PCI_IRQ_AFFINITY, affd)).toBe(-28);
  });

  it('of the line: all CPUs; of a message not spread: not known', () => {
    const b = card({}, { cpus: 2 });
    pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_INTX | PCI_IRQ_AFFINITY);
    expect([pci_irq_get_affinity(b.pdev, 0), pci_irq_get_affinity(b.pdev, 1)]).toEqual([[0, 1], null]);
    pci_enable_msi(b.pdev);
    expect(pci_irq_get_affinity(b.pdev, 0)).toBe(null);
    pci_free_irq_vectors(b.pdev);
    expect(pci_alloc_irq_vectors(b.pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_AFFINITY)).toBe(1);
    expect(pci_irq_get_affinity(b.pdev, 0)).toEqual([0, 1]);
  });
});

describe('pci_enable_msix_range', () => {
  const entries = (...numbers: number[]): MsixEntry[] => numbers.map((entry) => ({ entry, vector: -1 }));

  it('gives the entries asked for, by their numbers', () => {
    const b = card();
    const asked = entries(3, 1);
    expect(pci_enable_msix_range(b.pdev, asked, 1, 2)).toBe(2);
    expect(asked.map((e) => e.vector)).toEqual([24, 25]);
    expect([0, 1, 3].map((nr) => pci_irq_vector(b.pdev, nr))).toEqual([-22, 25, 24]);
    const d = new Dev();
    for (const { vector } of asked) request_irq(b.irqs, vector, handler, 0, 'x', d);
    b.cards[0].msix(3);
    b.cards[0].msix(0);
    b.run();
    expect(d.got).toEqual([24]);
    expect(b.irqs.interrupts()).toContain(' 24:          1 PCI-MSIX-0000:00:03.0   3-edge      x\n');
  });

  it.each([
    ['one twice', [1, 1], 1, 2, -22],
    ['one beyond the table', [1, 4], 1, 2, -22],
    ['one below it', [-1], 1, 1, -22],
    ['min above max', [0, 1], 2, 1, -34],
    ['one only of two', [0, 1], 1, 1, 1],
  ])('with %s', (_name, numbers, min, max, want) => {
    expect(pci_enable_msix_range(card().pdev, entries(...numbers), min, max)).toBe(want);
  });

  it('exact: all or nothing', () => {
    const b = card();
    expect(pci_enable_msix_exact(b.pdev, entries(0, 1, 2), 3)).toBe(0);
    pci_disable_msix(b.pdev);
    expect(pci_enable_msix_exact(b.pdev, entries(0, 1, 2, 3), 5)).toBe(-28);
  });

  it('counts', () => {
    expect([pci_msix_vec_count(card().pdev), pci_msix_vec_count(card({ msix: 0 }).pdev)]).toEqual([4, -22]);
    expect([pci_msi_vec_count(card({ msi: 8 }).pdev), pci_msi_vec_count(card({ msi: 0 }).pdev)]).toEqual([8, -22]);
  });
});

describe('MSI-X vectors', () => {
  function two(board: BoardOptions = {}): { b: Board; d: Dev; irq: number } {
    const b = card({}, board);
    pci_alloc_irq_vectors(b.pdev, 2, 2, PCI_IRQ_MSIX);
    const d = new Dev();
    const irq = pci_irq_vector(b.pdev, 1);
    return { b, d, irq };
  }

  it('without a handler are masked: what comes waits in the pending bits until there is one', () => {
    const { b, d, irq } = two();
    const { table } = b.cards[0];
    expect([table?.isMasked(1), b.cards[0].msix(1), table?.isPending(1)]).toEqual([true, false, true]);
    b.run();
    request_irq(b.irqs, irq, handler, 0, 'x', d);
    b.run();
    expect([d.got, table?.isMasked(1), table?.isPending(1), table?.isMasked(0)]).toEqual([[irq], false, false, true]);
  });

  it('disabled: the first is remembered and masks, the next ones wait in the device, enable gives one more', () => {
    const { b, d, irq } = two();
    request_irq(b.irqs, irq, handler, 0, 'x', d);
    disable_irq(b.irqs, irq);
    expect(b.cards[0].table?.isMasked(1)).toBe(false);
    for (let i = 0; i < 3; i++) {
      b.cards[0].msix(1);
      b.run();
    }
    expect([d.got, b.cards[0].table?.isMasked(1), b.cards[0].table?.isPending(1)]).toEqual([[], true, true]);
    enable_irq(b.irqs, irq);
    b.run();
    expect(d.got.length).toBe(1);
  });

  it('in a block: masked and unmasked by posted writes, in order', () => {
    const { b, d, irq } = two();
    b.task(() => {
      request_irq(b.irqs, irq, handler, 0, 'x', d);
      expect(b.cards[0].table?.isMasked(1)).toBe(true);
    });
    b.run();
    expect(b.cards[0].table?.isMasked(1)).toBe(false);
    b.task(() => {
      free_irq(b.irqs, irq, d);
      pci_free_irq_vectors(b.pdev);
    });
    b.run();
    expect([b.cards[0].table?.isMasked(1), b.cards[0].config.msixEnabled, used(b)]).toEqual([true, false, 0]);
    pci_alloc_irq_vectors(b.pdev, 4, 4, PCI_IRQ_MSIX);
    expect(used(b)).toBe(4);
  });

  it('moved to another CPU: message and handler follow', () => {
    const { b, d, irq } = two({ cpus: 2 });
    request_irq(b.irqs, irq, handler, 0, 'x', d);
    const to = 1 - b.desc(irq).cpu;
    irq_set_affinity(b.irqs, irq, [to]);
    b.cards[0].msix(1);
    b.run();
    expect([d.got.length, b.desc(irq).kstat[to]]).toEqual([1, 1]);
  });

  it('with a thread: ONESHOT is not needed and masks nothing', () => {
    const { b, d, irq } = two();
    expect(request_threaded_irq(b.irqs, irq, null, handler, 0, 'x', d)).toBe(0);
    expect(request_threaded_irq(b.irqs, pci_irq_vector(b.pdev, 0), null, handler, IRQF_ONESHOT, 'x', d)).toBe(0);
    b.cards[0].msix(1);
    b.cards[0].msix(0);
    b.run();
    expect([d.got.length, b.cards[0].table?.isMasked(0)]).toEqual([2, false]);
  });
});

describe('MSI with a mask register', () => {
  it('is masked until requested and while a disabled line was hit', () => {
    const b = card({ msix: 0, masking: true });
    const d = new Dev();
    const mask = (): number => b.rc.ecamRead(b.pdev.bdf, b.pdev.msi_cap + 0x10, 4) & 1;
    pci_enable_msi(b.pdev);
    expect(mask()).toBe(1);
    request_irq(b.irqs, b.pdev.irq, handler, 0, 'x', d);
    expect(mask()).toBe(0);
    disable_irq(b.irqs, b.pdev.irq);
    b.cards[0].msi();
    b.run();
    expect([mask(), d.got]).toEqual([1, []]);
    enable_irq(b.irqs, b.pdev.irq);
    b.run();
    expect([mask(), d.got.length]).toEqual([0, 1]);
    free_irq(b.irqs, b.pdev.irq, d);
    expect(mask()).toBe(1);
    pci_free_irq_vectors(b.pdev);
    expect(mask()).toBe(0);
  });
});
