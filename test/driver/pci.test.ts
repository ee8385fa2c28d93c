import { describe, expect, it } from 'vitest';
import {
  DriverError,
  dmesg,
  IRQ_HANDLED,
  PCI_ANY_ID,
  PCI_IRQ_ALL_TYPES,
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  PCI_IRQ_MSIX,
  type PciDev,
  type PciDriver,
  pci_alloc_irq_vectors,
  pci_disable_device,
  pci_disable_msi,
  pci_enable_device,
  pci_enable_msi,
  pci_find_capability,
  pci_free_irq_vectors,
  pci_ioremap_bar,
  pci_irq_vector,
  pci_msi_vec_count,
  pci_read_config_dword,
  pci_read_config_word,
  pci_register_driver,
  pci_request_regions,
  pci_set_master,
  readl,
  request_irq,
  writel,
} from '../../src/driver/index.js';
import { Machine } from './support.js';

function device(): { m: Machine; pdev: PciDev } {
  const m = new Machine();
  return { m, pdev: m.pci.devices[0] };
}

describe('pci device', () => {
  it('found by enumeration has its ids, name and ranges', () => {
    const { pdev } = device();
    expect([pdev.vendor, pdev.device, pdev.name]).toEqual([0x8086, 0x10d3, '0000:00:03.0']);
    expect(pci_read_config_dword(pdev, 0) >>> 0).toBe(0x10d38086);
  });

  it('disabled device does not answer, enabled one does', () => {
    const { pdev } = device();
    const io = pci_ioremap_bar(pdev, 0);
    if (io === null) throw new Error('no BAR 0');
    expect(readl(io, 8)).toBe(-1);
    expect(pci_enable_device(pdev)).toBe(0);
    expect(readl(io, 8)).not.toBe(-1);
    writel(io, 0xc4, 77);
    expect(readl(io, 0xc4)).toBe(77);
    expect(pci_ioremap_bar(pdev, 5)).toBe(null);
  });

  it('enable nests, and the last disable takes bus mastering away', () => {
    const { m, pdev } = device();
    pci_enable_device(pdev);
    pci_enable_device(pdev);
    pci_set_master(pdev);
    pci_disable_device(pdev);
    expect(m.nics[0].config.busMaster).toBe(true);
    pci_disable_device(pdev);
    expect(m.nics[0].config.busMaster).toBe(false);
    pci_disable_device(pdev);
    expect(pdev.enable_cnt).toBe(0);
  });

  it('regions are claimed once', () => {
    const { pdev } = device();
    expect([pci_request_regions(pdev, 'a'), pci_request_regions(pdev, 'b')]).toEqual([0, -16]);
  });

  it('driver is offered what its table matches, and not what another has', () => {
    const { m } = device();
    const probed: string[] = [];
    const driver = (name: string, id: number, result: number): void => {
      pci_register_driver(m.pci, {
        name,
        id_table: [{ vendor: PCI_ANY_ID, device: id }],
        probe: () => {
          probed.push(name);
          return result;
        },
        remove: () => undefined,
      });
    };
    driver('other', 0x1234, 0);
    driver('failing', 0x10d3, -19);
    driver('first', PCI_ANY_ID, 0);
    driver('late', 0x10d3, 0);
    expect(probed).toEqual(['failing', 'first']);
  });

  it('driver of a name that is registered: -EBUSY, and no device is offered', () => {
    const { m, pdev } = device();
    const twin = (probe: () => number): PciDriver => ({ name: 'twin', id_table: [], probe, remove: () => undefined });
    expect([
      pci_register_driver(
        m.pci,
        twin(() => 0),
      ),
      pci_register_driver(
        m.pci,
        twin(() => 0),
      ),
    ]).toEqual([0, -16]);
    expect([m.pci.drivers.length, pdev.driver]).toEqual([1, null]);
    expect(dmesg(m.irqs.log)).toContain("Error: Driver 'twin' is already registered, aborting...");
  });

  it('probe that throws: neither driver nor data stay behind', () => {
    const { m, pdev } = device();
    const probe = (found: PciDev): number => {
      found.drvdata = {};
      throw new Error('mine');
    };
    const id_table = [{ vendor: PCI_ANY_ID, device: PCI_ANY_ID }];
    const remove = (): void => undefined;
    expect(() => pci_register_driver(m.pci, { name: 'thrower', id_table, probe, remove })).toThrow('mine');
    expect([m.pci.drivers, pdev.driver, pdev.drvdata]).toEqual([[], null, null]);
  });
});

describe('pci interrupts', () => {
  it('MSI replaces the line and gives it back', () => {
    const { m, pdev } = device();
    expect(pci_enable_msi(pdev)).toBe(-22);
    pci_enable_device(pdev);
    expect([pdev.irq, pci_irq_vector(pdev, 0), pci_irq_vector(pdev, 1)]).toEqual([19, 19, -22]);
    expect(pci_msi_vec_count(pdev)).toBe(1);
    expect([pci_enable_msi(pdev), pci_enable_msi(pdev)]).toEqual([0, -22]);
    expect([pci_irq_vector(pdev, 0), m.nics[0].config.msiEnabled, m.nics[0].config.intxDisabled]).toEqual([
      24,
      true,
      true,
    ]);
    const cap = pci_find_capability(pdev, 5);
    expect(pci_read_config_dword(pdev, cap + 4) >>> 0).toBe(0xfee00000);
    expect(pci_read_config_word(pdev, cap + 12)).toBeGreaterThanOrEqual(0x21);
    expect(request_irq(m.irqs, pdev.irq, () => IRQ_HANDLED, 0, 'x', pdev)).toBe(0);
    expect(() => pci_disable_msi(pdev)).toThrow(DriverError);
  });

  it('MSI disabled after its handler is gone leaves the line and no vector', () => {
    const { m, pdev } = device();
    pci_enable_device(pdev);
    pci_enable_msi(pdev);
    pci_disable_msi(pdev);
    expect([pdev.irq, m.nics[0].config.msiEnabled, m.nics[0].config.intxDisabled, m.irqs.vectors.used[0]]).toEqual([
      19,
      false,
      false,
      0,
    ]);
  });

  it.each([
    ['all kinds', 1, 8, PCI_IRQ_ALL_TYPES, 5, 24],
    ['MSI', 1, 1, PCI_IRQ_MSI, 1, 24],
    ['the line', 1, 1, PCI_IRQ_INTX, 1, 19],
    ['MSI-X alone', 1, 1, PCI_IRQ_MSIX, 1, 24],
    ['two', 2, 4, PCI_IRQ_ALL_TYPES, 4, 24],
    ['two messages or the line', 2, 4, PCI_IRQ_MSI | PCI_IRQ_INTX, -28, 19],
    ['fewer than the least', 4, 2, PCI_IRQ_ALL_TYPES, -34, 19],
    ['no kind', 1, 1, 0, -28, 19],
  ])('pci_alloc_irq_vectors for %s', (_name, min, max, flags, want, irq) => {
    const { pdev } = device();
    pci_enable_device(pdev);
    expect(pci_alloc_irq_vectors(pdev, min, max, flags)).toBe(want);
    expect(pci_irq_vector(pdev, 0)).toBe(irq);
    pci_free_irq_vectors(pdev);
    expect(pci_irq_vector(pdev, 0)).toBe(19);
  });
});
