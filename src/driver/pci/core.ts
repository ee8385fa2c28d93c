import { enumerate, type RootComplex } from '../../hw/pcie/index.js';
import { EBUSY, ENODEV } from '../../uapi/index.js';
import type { IrqCore } from '../irq/index.js';
import { PciDev, type PciDriver } from './device.js';
import { pci_match_id } from './match.js';

/** The PCI bus of one host: what enumeration found, and the drivers registered for it. */
export class PciCore {
  readonly rc: RootComplex;
  readonly irqs: IrqCore;
  readonly devices: PciDev[];
  readonly drivers: PciDriver[];

  constructor(rc: RootComplex, irqs: IrqCore) {
    this.rc = rc;
    this.irqs = irqs;
    this.devices = [];
    this.drivers = [];
  }
}

/** Enumerates the bus of `rc`: devices found and their BARs assigned, none enabled. */
export function pci_init(rc: RootComplex, irqs: IrqCore): PciCore {
  const core = new PciCore(rc, irqs);
  for (const info of enumerate(rc)) core.devices.push(new PciDev(core, info));
  return core;
}

/**
 * `pci_register_driver`: offers every device without a driver that the table matches to `probe`. 0, or -EBUSY when a driver of that name
 * is registered already (`driver_register`). When a probe throws the driver is not registered.
 */
export function pci_register_driver(core: PciCore, driver: PciDriver): number {
  if (core.drivers.some((other) => other.name === driver.name)) {
    core.irqs.log.print(`Error: Driver '${driver.name}' is already registered, aborting...`);
    return -EBUSY;
  }
  core.drivers.push(driver);
  try {
    for (const pdev of core.devices) pci_bind(pdev, driver);
  } catch (error) {
    pci_unregister_driver(core, driver);
    throw error;
  }
  return 0;
}

/**
 * Binds one device to a driver: the result of its probe, -ENODEV when the table does not match or it is taken. A probe that throws leaves
 * the device to others, as one that fails.
 */
export function pci_bind(pdev: PciDev, driver: PciDriver): number {
  const id = pdev.driver === null ? pci_match_id(driver.id_table, pdev) : undefined;
  if (id === undefined) return -ENODEV;
  pdev.driver = driver;
  let err = -ENODEV;
  try {
    err = driver.probe(pdev, id);
  } finally {
    if (err !== 0) pdev.driver = pdev.drvdata = null;
  }
  if (err === 0) return 0;
  pdev.core.irqs.log.print(`${driver.name} ${pdev.name}: probe failed with error ${err}`);
  return err;
}

/** `pci_unregister_driver`: removes the driver from its devices and forgets it. */
export function pci_unregister_driver(core: PciCore, driver: PciDriver): void {
  for (const pdev of core.devices) if (pdev.driver === driver) pci_unbind(pdev);
  const at = core.drivers.indexOf(driver);
  if (at >= 0) core.drivers.splice(at, 1);
}

/** Takes the device from its driver. */
export function pci_unbind(pdev: PciDev): void {
  const driver = pdev.driver;
  if (driver === null) return;
  driver.remove(pdev);
  pdev.driver = null;
  pdev.drvdata = null;
}
