/** Flags of `pci_alloc_irq_vectors` (include/linux/pci.h). */
export const PCI_IRQ_INTX = 1;
export const PCI_IRQ_MSI = 2;
export const PCI_IRQ_MSIX = 4;
export const PCI_IRQ_AFFINITY = 8;
export const PCI_IRQ_ALL_TYPES: number = PCI_IRQ_INTX | PCI_IRQ_MSI | PCI_IRQ_MSIX;
/** Matches any id in a driver's table. */
export const PCI_ANY_ID = -1;
