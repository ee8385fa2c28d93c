import {
  PCI_CAP_ID_MSI,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_ENABLE,
  PCI_MSI_FLAGS_QMASK,
  PCI_MSI_FLAGS_QSIZE,
} from '../../hw/pcie/index.js';
import { EINVAL, ENOSPC, ERANGE } from '../../uapi/index.js';
import { MsiChip } from '../irq/chips.js';
import { pci_find_capability, pci_intx, pci_read_config_word, pci_write_config_word } from './access.js';
import { PCI_IRQ_INTX, PCI_IRQ_MSI } from './constants.js';
import type { PciDev } from './device.js';

/** `pci_msi_vec_count`: vectors the function asks for (1..32), or -EINVAL without the capability. */
export function pci_msi_vec_count(pdev: PciDev): number {
  const cap = pci_find_capability(pdev, PCI_CAP_ID_MSI);
  if (cap === 0) return -EINVAL;
  return 1 << ((pci_read_config_word(pdev, cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QMASK) >> 1);
}

/**
 * `pci_enable_msi`: the device sends a message instead of pulling its line; `pdev.irq` is the new interrupt. 0, or -EINVAL
 * (not enabled device, no capability, enabled already). One message: without interrupt remapping x86 has no more.
 */
export function pci_enable_msi(pdev: PciDev): number {
  if (pdev.enable_cnt === 0 || pdev.msi_enabled) return -EINVAL;
  const cap = pci_find_capability(pdev, PCI_CAP_ID_MSI);
  if (cap === 0) return -EINVAL;
  const { irqs, rc } = pdev.core;
  const desc = irqs.irq_alloc_desc(new MsiChip(rc, pdev.bdf, cap, `PCI-MSI-${pdev.name}`), pdev.bdf);
  irqs.assign_vector(desc);
  desc.chip.startup(desc);
  pci_intx(pdev, false);
  const flags = pci_read_config_word(pdev, cap + PCI_MSI_FLAGS) & ~PCI_MSI_FLAGS_QSIZE;
  pci_write_config_word(pdev, cap + PCI_MSI_FLAGS, flags | PCI_MSI_FLAGS_ENABLE);
  pdev.msi = desc;
  pdev.msi_enabled = true;
  pdev.irq = desc.irq;
  return 0;
}

/** `pci_disable_msi`: back to the line. The interrupt must have been freed: DriverError IRQ_IN_USE. */
export function pci_disable_msi(pdev: PciDev): void {
  const desc = pdev.msi;
  if (!pdev.msi_enabled || desc === null) return;
  pdev.core.irqs.irq_free_desc(desc);
  const cap = pci_find_capability(pdev, PCI_CAP_ID_MSI);
  pci_write_config_word(
    pdev,
    cap + PCI_MSI_FLAGS,
    pci_read_config_word(pdev, cap + PCI_MSI_FLAGS) & ~PCI_MSI_FLAGS_ENABLE,
  );
  pci_intx(pdev, true);
  pdev.msi = null;
  pdev.msi_enabled = false;
  pdev.irq = pdev.intx_irq;
}

/**
 * `pci_alloc_irq_vectors`: between `min` and `max` interrupts of the kinds in `flags` (PCI_IRQ_*), MSI before INTx. Returns how
 * many (always 1 here), or -ERANGE (max < min), -ENOSPC (fewer than `min`, or no kind is possible) or -EINVAL. MSI-X is not
 * driven: PCI_IRQ_MSIX alone is -ENOSPC.
 */
export function pci_alloc_irq_vectors(pdev: PciDev, min: number, max: number, flags: number): number {
  if (max < min) return -ERANGE;
  if (min < 1) return -EINVAL;
  let rc = -ENOSPC;
  if ((flags & PCI_IRQ_MSI) !== 0) {
    const have = pci_msi_vec_count(pdev);
    if (have < 0) rc = have;
    else if (min > 1) rc = -ENOSPC;
    else rc = pci_enable_msi(pdev);
    if (rc === 0) return 1;
  }
  if ((flags & PCI_IRQ_INTX) !== 0 && min === 1 && pdev.irq !== 0) {
    pci_intx(pdev, true);
    return 1;
  }
  return rc;
}

/** `pci_free_irq_vectors`: undoes `pci_alloc_irq_vectors`. */
export function pci_free_irq_vectors(pdev: PciDev): void {
  pci_disable_msi(pdev);
}

/** `pci_irq_vector`: the interrupt number of vector `nr`, or -EINVAL. */
export function pci_irq_vector(pdev: PciDev, nr: number): number {
  return nr === 0 && pdev.irq !== 0 ? pdev.irq : -EINVAL;
}
