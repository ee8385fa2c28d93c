import { describe, expect, it } from 'vitest';
import { IRQ_HANDLED, request_irq } from '../../src/driver/irq/index.js';
import { readl, writel } from '../../src/driver/mmio.js';
import {
  PCI_ANY_ID,
  PCI_D0,
  PCI_D1,
  PCI_D2,
  PCI_D3cold,
  PCI_D3hot,
  PCI_IRQ_MSI,
  PCI_IRQ_MSIX,
  PCI_UNKNOWN,
  type PciDeviceId,
  pci_alloc_irq_vectors,
  pci_enable_device,
  pci_enable_device_mem,
  pci_find_ext_capability,
  pci_find_next_ext_capability,
  pci_ioremap_bar,
  pci_irq_vector,
  pci_match_id,
  pci_read_config_word,
  pci_register_driver,
  pci_reset_function,
  pci_reset_supported,
  pci_restore_state,
  pci_save_state,
  pci_set_master,
  pci_set_power_state,
  pci_write_config_word,
} from '../../src/driver/pci/index.js';
import { Board, type CardOptions } from './irq-board.js';

function card(o: CardOptions = {}): Board {
  const b = new Board({ cards: [o] });
  pci_enable_device(b.pdev);
  pci_set_master(b.pdev);
  return b;
}

/** BARs, Command, Device Control: what a reset takes and must come back. */
function config(b: Board): number[] {
  return [0x04, 0x10, 0x18, 0x1c, 0x78].map((at) => b.rc.ecamRead(b.pdev.bdf, at, at === 0x04 ? 2 : 4));
}

describe('pci_set_power_state', () => {
  it('D3hot and back: BARs are restored, Command is not', () => {
    const b = card();
    const before = config(b);
    expect([pci_set_power_state(b.pdev, PCI_D3hot), b.pdev.current_state]).toEqual([0, PCI_D3hot]);
    expect(pci_set_power_state(b.pdev, PCI_D0)).toBe(0);
    const after = config(b);
    expect([after.slice(1, 4), after[0], b.cards[0].resets]).toEqual([before.slice(1, 4), 0, 1]);
  });

  it('of a function that keeps its state: nothing is lost', () => {
    const b = card({ pm: 'keeps' });
    const before = config(b);
    pci_set_power_state(b.pdev, PCI_D3hot);
    pci_set_power_state(b.pdev, PCI_D0);
    expect([config(b), b.cards[0].resets]).toEqual([before, 0]);
  });

  it('to a less deep state but D0: -EINVAL; to one the function has not: -EIO', () => {
    const b = card();
    expect([pci_set_power_state(b.pdev, PCI_D1), pci_set_power_state(b.pdev, PCI_D2)]).toEqual([-5, -5]);
    pci_set_power_state(b.pdev, PCI_D3hot);
    expect([pci_set_power_state(b.pdev, PCI_D1), b.pdev.current_state]).toEqual([-22, PCI_D3hot]);
  });

  it('without power management: D0 is all there is', () => {
    const b = card({ pm: 'none' });
    expect([pci_set_power_state(b.pdev, PCI_D3hot), pci_set_power_state(b.pdev, PCI_D0)]).toEqual([-5, 0]);
  });

  it('out of range is taken as the nearest; the present state is no change', () => {
    const b = card();
    expect([pci_set_power_state(b.pdev, -3), b.pdev.current_state]).toEqual([0, PCI_D0]);
    expect([pci_set_power_state(b.pdev, 9), b.pdev.current_state]).toEqual([0, PCI_D3cold]);
    expect([pci_set_power_state(b.pdev, PCI_D3cold), pci_set_power_state(b.pdev, PCI_D0)]).toEqual([0, 0]);
  });
});

describe('pci_enable_device', () => {
  it('takes the function from D3hot, lets its BARs decode and its line interrupt', () => {
    const b = new Board({ cards: [{}] });
    expect(b.pdev.current_state).toBe(PCI_UNKNOWN);
    pci_write_config_word(b.pdev, b.pdev.pm_cap + 4, 3);
    pci_write_config_word(b.pdev, 4, 0x400);
    expect(pci_enable_device(b.pdev)).toBe(0);
    expect([b.pdev.current_state, pci_read_config_word(b.pdev, 4), b.pdev.irq]).toEqual([PCI_D0, 3, 19]);
  });

  it('_mem leaves the ports off', () => {
    const b = new Board({ cards: [{}] });
    pci_enable_device_mem(b.pdev);
    expect([pci_read_config_word(b.pdev, 4), b.pdev.enable_cnt]).toEqual([2, 1]);
  });
});

describe('pci_save_state', () => {
  it('what was saved is restored once', () => {
    const b = card();
    const before = config(b);
    pci_restore_state(b.pdev);
    expect(pci_save_state(b.pdev)).toBe(0);
    pci_set_power_state(b.pdev, PCI_D3hot);
    pci_set_power_state(b.pdev, PCI_D0);
    pci_restore_state(b.pdev);
    expect([config(b), b.pdev.state_saved]).toEqual([before, false]);
    pci_write_config_word(b.pdev, 4, 0);
    pci_restore_state(b.pdev);
    expect(pci_read_config_word(b.pdev, 4)).toBe(0);
  });
});

describe('pci_reset_function', () => {
  it.each<[string, CardOptions, number, number]>([
    ['function-level reset', { flr: true, pm: 'keeps' }, 0, 1],
    ['both ways: function-level', { flr: true }, 0, 1],
    ['through D3hot', {}, 0, 1],
    ['neither', { pm: 'keeps' }, -25, 0],
    ['neither, nothing at all', { pm: 'none', express: false }, -25, 0],
  ])('%s', (_name, o, want, resets) => {
    const b = card(o);
    const before = config(b);
    const io = pci_ioremap_bar(b.pdev, 0);
    if (io === null) throw new Error('no BAR 0');
    writel(io, 0, 77);
    expect(pci_reset_supported(b.pdev)).toBe(want === 0);
    expect([pci_reset_function(b.pdev), b.cards[0].resets, config(b)]).toEqual([want, resets, before]);
    expect(readl(io, 0)).toBe(want === 0 ? 0 : 77);
  });

  it('its driver is told before and after', () => {
    const b = new Board({ cards: [{ flr: true }] });
    const log: string[] = [];
    pci_register_driver(b.pci, {
      name: 'd',
      id_table: [{ vendor: PCI_ANY_ID, device: PCI_ANY_ID }],
      err_handler: {
        reset_prepare: () => log.push(`prepare ${b.cards[0].resets}`),
        reset_done: () => log.push(`done ${b.cards[0].resets}`),
      },
      probe: (pdev) => pci_enable_device(pdev),
      remove: () => undefined,
    });
    expect(pci_reset_function(b.pdev)).toBe(0);
    expect(log).toEqual(['prepare 0', 'done 1']);
  });

  it.each([
    ['MSI', { msix: 0 }, PCI_IRQ_MSI],
    ['MSI with masking', { msix: 0, masking: true }, PCI_IRQ_MSI],
    ['MSI-X', {}, PCI_IRQ_MSIX],
  ])('messages in use (%s) come as before', (_name, o, kind) => {
    const b = card({ flr: true, ...o });
    const got: number[] = [];
    pci_alloc_irq_vectors(b.pdev, 1, 2, kind);
    const irq = pci_irq_vector(b.pdev, 0);
    const handler = (n: number): number => {
      got.push(n);
      return IRQ_HANDLED;
    };
    request_irq(b.irqs, irq, handler, 0, 'x', b);
    pci_reset_function(b.pdev);
    if (kind === PCI_IRQ_MSI) b.cards[0].msi();
    else for (const vector of [0, 1]) b.cards[0].msix(vector);
    b.run();
    expect([got, b.cards[0].config.intxDisabled]).toEqual([[irq], true]);
  });
});

describe('capabilities and ids', () => {
  it('extended capabilities are found, one after the other', () => {
    const { pdev } = card();
    const first = pci_find_ext_capability(pdev, 3);
    expect([first, pci_find_ext_capability(pdev, 1)]).toEqual([0x100, 0]);
    expect([pci_find_next_ext_capability(pdev, first, 3), pci_find_next_ext_capability(pdev, 0, 3)]).toEqual([
      0, 0x100,
    ]);
  });

  it.each<[string, Partial<PciDeviceId>, boolean]>([
    ['anything', {}, true],
    ['its ids', { vendor: 0x1234, device: 0x5678 }, true],
    ['another device', { vendor: 0x1234, device: 0x5679 }, false],
    ['another vendor', { vendor: 0x1235 }, false],
    ['its subsystem', { subvendor: 0x1111, subdevice: 0x2222 }, true],
    ['another subsystem', { subvendor: 0x1111, subdevice: 0x2223 }, false],
    ['any subsystem', { subvendor: PCI_ANY_ID, subdevice: PCI_ANY_ID }, true],
    ['its class', { class: 0x020000, class_mask: 0xffff00 }, true],
    ['another class', { class: 0x010000, class_mask: 0xff0000 }, false],
    ['another class, not compared', { class: 0x010000 }, true],
  ])('a table line with %s matches: %s', (_name, id, want) => {
    const { pdev } = card();
    const line = { vendor: PCI_ANY_ID, device: PCI_ANY_ID, ...id };
    expect(pci_match_id([line], pdev)).toBe(want ? line : undefined);
  });

  it('the first line that fits is the one the driver gets', () => {
    const b = card();
    let got = -1;
    pci_register_driver(b.pci, {
      name: 'd',
      id_table: [
        { vendor: 1, device: 1, driver_data: 1 },
        { vendor: 0x1234, device: PCI_ANY_ID, driver_data: 2 },
        { vendor: PCI_ANY_ID, device: PCI_ANY_ID, driver_data: 3 },
      ],
      probe: (_pdev, id) => {
        got = id.driver_data ?? 0;
        return 0;
      },
      remove: () => undefined,
    });
    expect(got).toBe(2);
  });
});
