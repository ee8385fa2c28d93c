import {
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_ENABLE,
  PCI_MSI_FLAGS_QSIZE,
  PCI_MSIX_FLAGS,
  PCI_MSIX_FLAGS_ENABLE,
  PCI_MSIX_FLAGS_MASKALL,
} from '../../hw/pcie/index.js';
import { IRQS_STARTED } from '../irq/index.js';
import type { PciDev } from './device.js';

/** Changes 16 bits of configuration space: first cleared, then set. */
export function config_clear_set(pdev: PciDev, where: number, clear: number, set: number): void {
  const { rc } = pdev.core;
  rc.ecamWrite(pdev.bdf, where, 2, (rc.ecamRead(pdev.bdf, where, 2) & ~clear) | set);
}

/** `pci_restore_msi_state`: the messages in use are written into the function again, after it lost them. */
export function pci_restore_msi_state(pdev: PciDev): void {
  if (pdev.msi_enabled) {
    const flags = pdev.msi_cap + PCI_MSI_FLAGS;
    config_clear_set(pdev, PCI_COMMAND, 0, PCI_COMMAND_INTX_DISABLE);
    config_clear_set(pdev, flags, PCI_MSI_FLAGS_ENABLE, 0);
    program(pdev);
    config_clear_set(pdev, flags, PCI_MSI_FLAGS_QSIZE, PCI_MSI_FLAGS_ENABLE);
  }
  if (pdev.msix_enabled) {
    const flags = pdev.msix_cap + PCI_MSIX_FLAGS;
    config_clear_set(pdev, PCI_COMMAND, 0, PCI_COMMAND_INTX_DISABLE);
    config_clear_set(pdev, flags, 0, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    program(pdev);
    config_clear_set(pdev, flags, PCI_MSIX_FLAGS_MASKALL, 0);
  }
}

/** Address, data and mask of every vector that has a handler. */
function program(pdev: PciDev): void {
  for (const desc of pdev.msi_descs) {
    if ((desc.state & IRQS_STARTED) !== 0) desc.chip.startup(desc);
    else if (desc.vector >= 0) desc.chip.retarget(desc);
  }
}
