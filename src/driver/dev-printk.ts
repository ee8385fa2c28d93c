import type { NetDevice } from '../skbuff/index.js';
import { PciDev } from './pci/index.js';

/** `SET_NETDEV_DEV`: says which PCI function a network device belongs to. Before `register_netdev`. */
export function SET_NETDEV_DEV(dev: NetDevice, pdev: PciDev): void {
  dev.parent = pdev;
}

/** The PCI function behind a network device, or null. */
export function to_pci_dev(dev: NetDevice): PciDev | null {
  return dev.parent instanceof PciDev ? dev.parent : null;
}

/** `printk`: a line in the machine's log (`dmesg`), as it is. */
export function printk(pdev: PciDev, text: string): void {
  pdev.core.irqs.log.print(text);
}

/** `pci_info`: a line that starts with the driver and the function, `e1000e 0000:00:03.0: text`. */
export function pci_info(pdev: PciDev, text: string): void {
  printk(pdev, `${pdev.driver?.name ?? 'pci'} ${pdev.name}: ${text}`);
}

/** `netdev_info`: a line that starts with driver, function and interface, `e1000e 0000:00:03.0 eth0: text`. */
export function netdev_info(dev: NetDevice, text: string): void {
  const pdev = to_pci_dev(dev);
  if (pdev !== null) printk(pdev, `${pdev.driver?.name ?? 'pci'} ${pdev.name} ${dev.name}: ${text}`);
}
