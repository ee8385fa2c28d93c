/** Flags of `pci_alloc_irq_vectors` (include/linux/pci.h). */
export const PCI_IRQ_INTX = 1;
export const PCI_IRQ_MSI = 2;
export const PCI_IRQ_MSIX = 4;
export const PCI_IRQ_AFFINITY = 8;
export const PCI_IRQ_ALL_TYPES: number = PCI_IRQ_INTX | PCI_IRQ_MSI | PCI_IRQ_MSIX;
/** Matches any id in a driver's table. */
export const PCI_ANY_ID = -1;

/** Power states of `pci_set_power_state`; a device that was never enabled is in PCI_UNKNOWN. */
export const PCI_D0 = 0;
export const PCI_D1 = 1;
export const PCI_D2 = 2;
export const PCI_D3hot = 3;
export const PCI_D3cold = 4;
export const PCI_UNKNOWN = 5;

/** Errno of the kernel that user space never sees (include/linux/errno.h): not supported by this machine. */
export const ENOTSUPP = 524;
