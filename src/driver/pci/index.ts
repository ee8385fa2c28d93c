export * from './access.js';
export * from './constants.js';
export { PciCore, pci_bind, pci_init, pci_register_driver, pci_unbind, pci_unregister_driver } from './core.js';
export { PciDev, type PciDeviceId, type PciDriver, type PciErrorHandlers, pci_resource } from './device.js';
export { pci_match_id } from './match.js';
export { pci_disable_msi, pci_enable_msi, pci_msi_vec_count } from './msi.js';
export {
  type MsixEntry,
  pci_disable_msix,
  pci_enable_msix_exact,
  pci_enable_msix_range,
  pci_msix_vec_count,
} from './msix.js';
export {
  pci_reset_function,
  pci_reset_supported,
  pci_restore_state,
  pci_save_state,
  pci_set_power_state,
  pcie_flr,
} from './power.js';
export {
  pci_alloc_irq_vectors,
  pci_alloc_irq_vectors_affinity,
  pci_free_irq_vectors,
  pci_irq_get_affinity,
  pci_irq_vector,
} from './vectors.js';
