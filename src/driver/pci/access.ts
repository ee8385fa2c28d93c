import {
  BAR_IO,
  BAR_ROM,
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_COMMAND_IO,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
} from '../../hw/pcie/index.js';
import { EBUSY } from '../../uapi/index.js';
import { ioremap, type MappedIo } from '../mmio.js';
import { PCI_D0 } from './constants.js';
import { type PciDev, pci_resource } from './device.js';
import { pci_set_power_state } from './power.js';

/** `pci_read_config_byte`: 8 bits. */
export function pci_read_config_byte(pdev: PciDev, where: number): number {
  return pdev.core.rc.ecamRead(pdev.bdf, where, 1);
}

/** `pci_read_config_word`: 16 bits at an even offset; PcieError CONFIG_ACCESS otherwise. */
export function pci_read_config_word(pdev: PciDev, where: number): number {
  return pdev.core.rc.ecamRead(pdev.bdf, where, 2);
}

/** `pci_read_config_dword`: 32 bits (int32) at a multiple of 4; PcieError CONFIG_ACCESS otherwise. */
export function pci_read_config_dword(pdev: PciDev, where: number): number {
  return pdev.core.rc.ecamRead(pdev.bdf, where, 4);
}

/** `pci_write_config_byte`. */
export function pci_write_config_byte(pdev: PciDev, where: number, value: number): void {
  pdev.core.rc.ecamWrite(pdev.bdf, where, 1, value);
}

/** `pci_write_config_word`. */
export function pci_write_config_word(pdev: PciDev, where: number, value: number): void {
  pdev.core.rc.ecamWrite(pdev.bdf, where, 2, value);
}

/** `pci_write_config_dword`. */
export function pci_write_config_dword(pdev: PciDev, where: number, value: number): void {
  pdev.core.rc.ecamWrite(pdev.bdf, where, 4, value);
}

/** `pci_find_capability`: its offset, or 0. */
export function pci_find_capability(pdev: PciDev, id: number): number {
  return pdev.info.capabilities.find((c) => c.id === id)?.offset ?? 0;
}

/** `pci_find_ext_capability`: offset of an extended capability (0x100 and above), or 0. */
export function pci_find_ext_capability(pdev: PciDev, id: number): number {
  return pci_find_next_ext_capability(pdev, 0, id);
}

/** `pci_find_next_ext_capability`: the next one of that id behind the one at `start` (0: the first), or 0. */
export function pci_find_next_ext_capability(pdev: PciDev, start: number, id: number): number {
  const list = pdev.info.extendedCapabilities;
  const from = start === 0 ? 0 : list.findIndex((c) => c.offset === start) + 1;
  return list.slice(from).find((c) => c.id === id)?.offset ?? 0;
}

function command(pdev: PciDev, clear: number, set: number): void {
  const old = pci_read_config_word(pdev, PCI_COMMAND);
  const value = (old & ~clear) | set;
  if (value !== old) pci_write_config_word(pdev, PCI_COMMAND, value);
}

/**
 * `pci_enable_device`: powered up, its BARs decode, its INTx line is an interrupt (`pdev.irq`). Nests. 0, or -EIO when its registers
 * do not answer.
 */
export function pci_enable_device(pdev: PciDev): number {
  return enable(pdev, true);
}

/** `pci_enable_device_mem`: as {@link pci_enable_device}, memory BARs alone. */
export function pci_enable_device_mem(pdev: PciDev): number {
  return enable(pdev, false);
}

function enable(pdev: PciDev, io: boolean): number {
  if (pdev.enable_cnt > 0) {
    pdev.enable_cnt++;
    return 0;
  }
  const err = pci_set_power_state(pdev, PCI_D0);
  if (err !== 0) return err;
  pdev.enable_cnt = 1;
  let bits = 0;
  for (const r of pdev.info.resources) {
    if (r.bar === BAR_ROM) continue;
    if (r.kind !== BAR_IO) bits |= PCI_COMMAND_MEMORY;
    else if (io) bits |= PCI_COMMAND_IO;
  }
  command(pdev, 0, bits);
  if (pdev.msi_enabled || pdev.msix_enabled || pdev.info.gsi < 0) return 0;
  command(pdev, PCI_COMMAND_INTX_DISABLE, 0);
  const irq = pdev.core.irqs.acpi_register_gsi(pdev.info.gsi, true, true);
  if (irq >= 0) pdev.irq = pdev.intx_irq = irq;
  return 0;
}

/** `pci_disable_device`: with the last call bus mastering goes off. */
export function pci_disable_device(pdev: PciDev): void {
  if (pdev.enable_cnt === 0 || --pdev.enable_cnt > 0) return;
  command(pdev, PCI_COMMAND_MASTER, 0);
}

/** `pci_set_master`: the device may do DMA and send messages. */
export function pci_set_master(pdev: PciDev): void {
  command(pdev, 0, PCI_COMMAND_MASTER);
}

/** `pci_clear_master`. */
export function pci_clear_master(pdev: PciDev): void {
  command(pdev, PCI_COMMAND_MASTER, 0);
}

/** `pci_intx`: allows (true) or forbids the INTx line. */
export function pci_intx(pdev: PciDev, enable: boolean): void {
  if (enable) command(pdev, PCI_COMMAND_INTX_DISABLE, 0);
  else command(pdev, 0, PCI_COMMAND_INTX_DISABLE);
}

/** `pci_request_regions`: claims the BARs. 0, or -EBUSY when another driver has them. */
export function pci_request_regions(pdev: PciDev, name: string): number {
  if (pdev.regions !== '') return -EBUSY;
  pdev.regions = name;
  return 0;
}

export function pci_release_regions(pdev: PciDev): void {
  pdev.regions = '';
}

/** `pci_ioremap_bar`: the registers of a memory BAR; null when there is no such BAR. */
export function pci_ioremap_bar(pdev: PciDev, bar: number): MappedIo | null {
  const r = pci_resource(pdev, bar);
  if (r === null || r.kind === BAR_IO || bar === BAR_ROM) return null;
  return ioremap(pdev.core.rc, pdev.core.irqs.cpus, r.base, r.size);
}

/** `pci_set_drvdata`. */
export function pci_set_drvdata(pdev: PciDev, data: object | null): void {
  pdev.drvdata = data;
}
