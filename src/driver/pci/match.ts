import { PCI_ANY_ID } from './constants.js';
import type { PciDev, PciDeviceId } from './device.js';

/** `pci_match_id`: the first line of the table that fits the function; undefined for none. */
export function pci_match_id(table: readonly PciDeviceId[], pdev: PciDev): PciDeviceId | undefined {
  return table.find(
    (id) =>
      fits(id.vendor, pdev.vendor) &&
      fits(id.device, pdev.device) &&
      fits(id.subvendor, pdev.subsystem_vendor) &&
      fits(id.subdevice, pdev.subsystem_device) &&
      (((id.class ?? 0) ^ pdev.class) & (id.class_mask ?? 0)) === 0,
  );
}

function fits(wanted: number | undefined, actual: number): boolean {
  return wanted === undefined || wanted === PCI_ANY_ID || wanted === actual;
}
