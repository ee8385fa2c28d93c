/**
 * Interrupt core (`request_irq`), PCI driver core, and the driver of the Intel 82574L (`e1000e`).
 *
 * @packageDocumentation
 */
export * from './e1000e/index.js';
export { DriverError, type DriverErrorCode } from './errors.js';
export * from './irq/index.js';
export { ioremap, MappedIo, readl, writel } from './mmio.js';
export * from './pci/index.js';
export { dmesg, type LogLine, Printk } from './printk.js';
