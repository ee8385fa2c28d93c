import { EINVAL, ENOSPC } from '../../uapi/index.js';
import type { IrqAffinity } from '../irq/index.js';
import { pci_intx } from './access.js';
import { PCI_IRQ_AFFINITY, PCI_IRQ_INTX, PCI_IRQ_MSI, PCI_IRQ_MSIX } from './constants.js';
import type { PciDev } from './device.js';
import { pci_disable_msi, pci_enable_msi_range } from './msi.js';
import { msix_range, pci_disable_msix } from './msix.js';

const NO_RESERVED: IrqAffinity = { pre_vectors: 0, post_vectors: 0 };

/**
 * `pci_alloc_irq_vectors`: between `min` and `max` interrupts of the kinds in `flags` (PCI_IRQ_*): MSI-X, then MSI, then the line (only
 * for `min` 1). Returns how many, or the error of the last kind tried (see `msix_range`, `pci_enable_msi_range`), -ENOSPC when
 * none was. With PCI_IRQ_AFFINITY they are spread over the CPUs and managed by the kernel: at most one per CPU.
 */
export function pci_alloc_irq_vectors(pdev: PciDev, min: number, max: number, flags: number): number {
  return pci_alloc_irq_vectors_affinity(pdev, min, max, flags, null);
}

/** `pci_alloc_irq_vectors_affinity`: as above; `affd` keeps vectors at both ends out of the spreading (with PCI_IRQ_AFFINITY). */
export function pci_alloc_irq_vectors_affinity(
  pdev: PciDev,
  min: number,
  max: number,
  flags: number,
  affd: IrqAffinity | null,
): number {
  const spread = (flags & PCI_IRQ_AFFINITY) === 0 ? null : (affd ?? NO_RESERVED);
  let nvecs = -ENOSPC;
  if ((flags & PCI_IRQ_MSIX) !== 0) {
    nvecs = msix_range(pdev, null, min, max, spread);
    if (nvecs > 0) return nvecs;
  }
  if ((flags & PCI_IRQ_MSI) !== 0) {
    nvecs = pci_enable_msi_range(pdev, min, max, spread);
    if (nvecs > 0) return nvecs;
  }
  if ((flags & PCI_IRQ_INTX) !== 0 && min === 1 && pdev.irq !== 0) {
    pci_intx(pdev, true);
    return 1;
  }
  return nvecs;
}

/** `pci_free_irq_vectors`: undoes `pci_alloc_irq_vectors`. The interrupts must have been freed: DriverError IRQ_IN_USE. */
export function pci_free_irq_vectors(pdev: PciDev): void {
  pci_disable_msix(pdev);
  pci_disable_msi(pdev);
}

/** `pci_irq_vector`: the interrupt number of vector `nr` (with MSI-X: its number in the table), or -EINVAL; the line is vector 0. */
export function pci_irq_vector(pdev: PciDev, nr: number): number {
  if (!pdev.msi_enabled && !pdev.msix_enabled) return nr === 0 ? pdev.irq : -EINVAL;
  return pdev.msi_descs.find((desc) => desc.hwirq === nr)?.irq ?? -EINVAL;
}

/** `pci_irq_get_affinity`: CPUs vector `nr` was spread to; all for the line; null for no such vector, or one not spread. */
export function pci_irq_get_affinity(pdev: PciDev, nr: number): readonly number[] | null {
  if (!pdev.msi_enabled && !pdev.msix_enabled) {
    return nr === 0 && pdev.irq !== 0 ? pdev.core.irqs.cpus.cpus.map((cpu) => cpu.id) : null;
  }
  const at = pdev.msi_descs.findIndex((desc) => desc.hwirq === nr);
  return pdev.msi_affinity[at] ?? null;
}
