import {
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_64BIT,
  PCI_MSI_FLAGS_ENABLE,
  PCI_MSI_FLAGS_MASKBIT,
  PCI_MSI_FLAGS_QMASK,
  PCI_MSI_FLAGS_QSIZE,
  PCI_MSI_MASK_32,
  PCI_MSI_MASK_64,
} from '../../hw/pcie/index.js';
import { EINVAL, ENOSPC, ERANGE } from '../../uapi/index.js';
import { MsiChip } from '../irq/chips.js';
import { type IrqAffinity, irq_calc_affinity_vectors, irq_create_affinity_masks } from '../irq/spread.js';
import { pci_intx, pci_read_config_word, pci_write_config_dword } from './access.js';
import { ENOTSUPP, PCI_D0 } from './constants.js';
import type { PciDev } from './device.js';
import { msi_add, msi_remove } from './msi-descs.js';
import { config_clear_set } from './restore-msi.js';

/** `pci_msi_vec_count`: vectors the function asks for (1..32), or -EINVAL without the capability. */
export function pci_msi_vec_count(pdev: PciDev): number {
  if (pdev.msi_cap === 0) return -EINVAL;
  return 1 << ((pci_read_config_word(pdev, pdev.msi_cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QMASK) >> 1);
}

/**
 * `pci_enable_msi`: the device sends a message instead of pulling its line; `pdev.irq` is the new interrupt. 0, or the errors of
 * {@link pci_enable_msi_range}.
 */
export function pci_enable_msi(pdev: PciDev): number {
  const rc = pci_enable_msi_range(pdev, 1, 1, null);
  return rc < 0 ? rc : 0;
}

/**
 * `__pci_enable_msi_range`: between `minvec` and `maxvec` messages. Returns how many: 1, since without interrupt remapping x86 gives
 * a function's messages no vectors in a row. Else, in this order: -EINVAL (minvec < 1, `no_msi`, not in D0, MSI-X enabled);
 * -ERANGE; -EINVAL (enabled already); -ENOTSUPP (no controller takes messages); -EINVAL (no capability); -ENOSPC (fewer than
 * `minvec`, or no CPU vector). The place of -ENOTSUPP is unverified.
 */
export function pci_enable_msi_range(pdev: PciDev, minvec: number, maxvec: number, affd: IrqAffinity | null): number {
  if (minvec < 1 || pdev.no_msi || pdev.current_state !== PCI_D0) return -EINVAL;
  const { irqs, rc } = pdev.core;
  if (pdev.msix_enabled) {
    irqs.log.print(`pci ${pdev.name}: can't enable MSI (MSI-X already enabled)`);
    return -EINVAL;
  }
  if (maxvec < minvec) return -ERANGE;
  if (pdev.msi_enabled) return -EINVAL;
  if (rc.messageTarget === null) return -ENOTSUPP;
  const offered = pci_msi_vec_count(pdev);
  if (offered < 0) return offered;
  if (offered < minvec) return -ENOSPC;
  if (affd !== null && irq_calc_affinity_vectors(irqs, minvec, Math.min(offered, maxvec), affd) < minvec)
    return -ENOSPC;
  return minvec > 1 ? -ENOSPC : msi_capability_init(pdev, affd);
}

function msi_capability_init(pdev: PciDev, affd: IrqAffinity | null): number {
  const { irqs, rc } = pdev.core;
  const cap = pdev.msi_cap;
  const flags = cap + PCI_MSI_FLAGS;
  config_clear_set(pdev, flags, PCI_MSI_FLAGS_ENABLE, 0);
  const control = pci_read_config_word(pdev, flags);
  const mask = (control & PCI_MSI_FLAGS_64BIT) !== 0 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32;
  const mask_pos = (control & PCI_MSI_FLAGS_MASKBIT) !== 0 ? cap + mask : 0;
  const chip = new MsiChip(rc, pdev.bdf, cap, mask_pos, `PCI-MSI-${pdev.name}`);
  const masks = affd === null ? null : irq_create_affinity_masks(irqs, 1, affd);
  if (!msi_add(pdev, chip, 0, masks?.[0] ?? null)) {
    msi_remove(pdev);
    return -ENOSPC;
  }
  const [desc] = pdev.msi_descs;
  chip.retarget(desc);
  chip.mask(desc);
  pci_intx(pdev, false);
  config_clear_set(pdev, flags, PCI_MSI_FLAGS_QSIZE, PCI_MSI_FLAGS_ENABLE);
  pdev.msi_enabled = true;
  pdev.irq = desc.irq;
  return 1;
}

/** `pci_disable_msi`: back to the line, the mask register as after reset. The interrupt must have been freed: DriverError IRQ_IN_USE. */
export function pci_disable_msi(pdev: PciDev): void {
  if (!pdev.msi_enabled) return;
  const { chip } = pdev.msi_descs[0];
  msi_remove(pdev);
  config_clear_set(pdev, pdev.msi_cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 0);
  pci_intx(pdev, true);
  if (chip instanceof MsiChip && chip.mask_pos !== 0) pci_write_config_dword(pdev, chip.mask_pos, 0);
  pdev.msi_enabled = false;
  pdev.irq = pdev.intx_irq;
}
