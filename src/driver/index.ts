/**
 * Interrupt core (`request_irq`), PCI driver core, DMA and timers for drivers, and the driver of the Intel 82574L (`e1000e`).
 * How to write one: docs/writing-a-driver.md.
 *
 * @packageDocumentation
 */
export { netdev_info, pci_info, printk, SET_NETDEV_DEV, to_pci_dev } from './dev-printk.js';
export * from './dma.js';
export * from './e1000e/index.js';
export { DriverError, type DriverErrorCode } from './errors.js';
export type { DriverFactory, DriverHost } from './host.js';
export * from './irq/index.js';
export { ioremap, MappedIo, readl, writel } from './mmio.js';
export * from './pci/index.js';
export { dmesg, type LogLine, Printk } from './printk.js';
export {
  mod_timer,
  type TimerBase,
  TimerList,
  timer_delete,
  timer_pending,
  timer_setup,
  timer_shutdown,
} from './timer-list.js';
