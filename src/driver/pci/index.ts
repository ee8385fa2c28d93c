export * from './access.js';
export * from './constants.js';
export { PciCore, pci_bind, pci_init, pci_register_driver, pci_unbind, pci_unregister_driver } from './core.js';
export { PciDev, type PciDeviceId, type PciDriver, pci_resource } from './device.js';
export {
  pci_alloc_irq_vectors,
  pci_disable_msi,
  pci_enable_msi,
  pci_free_irq_vectors,
  pci_irq_vector,
  pci_msi_vec_count,
} from './msi.js';
