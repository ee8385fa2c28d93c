import {
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_MSI,
  PCI_CAP_ID_MSIX,
  PCI_CAP_ID_PM,
  type PciFunctionInfo,
  type PciResource,
} from '../../hw/pcie/index.js';
import type { IrqDesc } from '../irq/index.js';
import { PCI_UNKNOWN } from './constants.js';
import type { PciCore } from './core.js';

/** One function as drivers see it (`struct pci_dev`). */
export class PciDev {
  readonly core: PciCore;
  readonly info: PciFunctionInfo;
  readonly bdf: number;
  readonly vendor: number;
  readonly device: number;
  readonly subsystem_vendor: number;
  readonly subsystem_device: number;
  /** 24 bits: base class, sub-class, programming interface. */
  readonly class: number;
  readonly revision: number;
  /** `0000:00:03.0`. */
  readonly name: string;
  /** Offsets of capabilities, 0 for none. */
  readonly pm_cap: number;
  readonly msi_cap: number;
  readonly msix_cap: number;
  readonly pcie_cap: number;
  /** Nesting of `pci_enable_device`. */
  enable_cnt: number;
  /** PCI_D0 .. PCI_D3cold, or PCI_UNKNOWN before the first `pci_enable_device`. */
  current_state: number;
  /** Interrupt number: the INTx line's, or the MSI's while MSI is enabled; 0 when there is none. */
  irq: number;
  /** The line's number, kept while MSI is enabled. */
  intx_irq: number;
  msi_enabled: boolean;
  msix_enabled: boolean;
  /** Messages are known not to work with this function. */
  no_msi: boolean;
  /** Interrupts of the enabled messages, in the order they were asked for; `hwirq` is the number in the function. */
  msi_descs: IrqDesc[];
  /** CPUs each of them was spread to; null when they were not. */
  msi_affinity: (number[] | null)[];
  /** What `pci_save_state` keeps: configuration registers by offset. */
  saved: Map<number, number>;
  state_saved: boolean;
  /** DMA memory and mappings a driver holds and has not given back. */
  dma_count: number;
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
    this.subsystem_vendor = info.subsystemVendor;
    this.subsystem_device = info.subsystemId;
    this.class = info.classCode;
    this.revision = info.revision;
    const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
    this.name = `0000:${hex(info.bdf >> 8, 2)}:${hex((info.bdf >> 3) & 31, 2)}.${info.bdf & 7}`;
    const cap = (id: number): number => info.capabilities.find((c) => c.id === id)?.offset ?? 0;
    this.pm_cap = cap(PCI_CAP_ID_PM);
    this.msi_cap = cap(PCI_CAP_ID_MSI);
    this.msix_cap = cap(PCI_CAP_ID_MSIX);
    this.pcie_cap = cap(PCI_CAP_ID_EXP);
    this.enable_cnt = 0;
    this.current_state = PCI_UNKNOWN;
    this.irq = this.intx_irq = 0;
    this.msi_enabled = this.msix_enabled = this.no_msi = false;
    this.msi_descs = [];
    this.msi_affinity = [];
    this.saved = new Map();
    this.state_saved = false;
    this.dma_count = 0;
    this.regions = '';
    this.driver = null;
    this.drvdata = null;
  }
}

/**
 * One line of a driver's id table (`struct pci_device_id`); PCI_ANY_ID matches all. What is left out matches all too; `class` is
 * compared in the bits of `class_mask`.
 */
export interface PciDeviceId {
  vendor: number;
  device: number;
  subvendor?: number;
  subdevice?: number;
  class?: number;
  class_mask?: number;
  /** The driver's own. */
  driver_data?: number;
}

/** What a driver is told around a reset of its device (`struct pci_error_handlers`). */
export interface PciErrorHandlers {
  reset_prepare?(pdev: PciDev): void;
  reset_done?(pdev: PciDev): void;
}

/** `struct pci_driver`. */
export interface PciDriver {
  readonly name: string;
  readonly id_table: readonly PciDeviceId[];
  readonly err_handler?: PciErrorHandlers;
  /** 0 when the driver takes the device, else -errno. */
  probe(pdev: PciDev, id: PciDeviceId): number;
  remove(pdev: PciDev): void;
}

/** The memory or I/O range of BAR `bar`, or null when the function has none. */
export function pci_resource(pdev: PciDev, bar: number): PciResource | null {
  return pdev.info.resources.find((r) => r.bar === bar) ?? null;
}
