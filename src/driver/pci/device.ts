import type { PciFunctionInfo, PciResource } from '../../hw/pcie/index.js';
import type { IrqDesc } from '../irq/index.js';
import type { PciCore } from './core.js';

/** One function as drivers see it (`struct pci_dev`). */
export class PciDev {
  readonly core: PciCore;
  readonly info: PciFunctionInfo;
  readonly bdf: number;
  readonly vendor: number;
  readonly device: number;
  /** `0000:00:03.0`. */
  readonly name: string;
  /** Nesting of `pci_enable_device`. */
  enable_cnt: number;
  /** Interrupt number: the INTx line's, or the MSI's while MSI is enabled; 0 when there is none. */
  irq: number;
  /** The line's number, kept while MSI is enabled. */
  intx_irq: number;
  msi_enabled: boolean;
  msi: IrqDesc | null;
  /** Who claimed the memory regions (`pci_request_regions`); '' for nobody. */
  regions: string;
  driver: PciDriver | null;
  /** The driver's own state (`pci_set_drvdata`). */
  drvdata: object | null;

  constructor(core: PciCore, info: PciFunctionInfo) {
    this.core = core;
    this.info = info;
    this.bdf = info.bdf;
    this.vendor = info.vendor;
    this.device = info.device;
    const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
    this.name = `0000:${hex(info.bdf >> 8, 2)}:${hex((info.bdf >> 3) & 31, 2)}.${info.bdf & 7}`;
    this.enable_cnt = 0;
    this.irq = this.intx_irq = 0;
    this.msi_enabled = false;
    this.msi = null;
    this.regions = '';
    this.driver = null;
    this.drvdata = null;
  }
}

/** One line of a driver's id table; PCI_ANY_ID matches all. */
export interface PciDeviceId {
  vendor: number;
  device: number;
}

/** `struct pci_driver`. */
export interface PciDriver {
  readonly name: string;
  readonly id_table: readonly PciDeviceId[];
  /** 0 when the driver takes the device, else -errno. */
  probe(pdev: PciDev, id: PciDeviceId): number;
  remove(pdev: PciDev): void;
}

/** The memory or I/O range of BAR `bar`, or null when the function has none. */
export function pci_resource(pdev: PciDev, bar: number): PciResource | null {
  return pdev.info.resources.find((r) => r.bar === bar) ?? null;
}
