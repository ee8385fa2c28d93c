import type { ConfigSpace } from './config-space.js';
import {
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_PM,
  PCI_EXP_DEVCAP,
  PCI_EXP_DEVCTL,
  PCI_EXP_DEVSTA,
  PCI_EXP_FLAGS,
  PCI_EXP_LNKCAP,
  PCI_EXP_LNKCTL,
  PCI_EXP_LNKSTA,
  PCI_EXT_CAP_ID_DSN,
  PCI_PM_CTRL,
  PCI_PM_CTRL_PME_ENABLE,
  PCI_PM_CTRL_PME_STATUS,
  PCI_PM_CTRL_STATE_MASK,
  PCI_PM_PMC,
} from './regs.js';

/**
 * Power management capability (8 bytes at `offset`). PMCSR.PowerState decides decoding and mastering; leaving D3hot
 * resets the function unless `noSoftReset`.
 * @param pmc the capabilities word (version, D-states, PME support)
 */
export function addPowerManagement(config: ConfigSpace, offset: number, pmc: number, noSoftReset = false): void {
  config.addCapability(offset, PCI_CAP_ID_PM);
  config.define(offset + PCI_PM_PMC, 2, pmc);
  const rw = PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE;
  config.define(offset + PCI_PM_CTRL, 2, noSoftReset ? 8 : 0, rw, PCI_PM_CTRL_PME_STATUS);
}

/** Contents of a PCI Express capability of version 1. */
export interface ExpressFields {
  /** PCI Express capabilities register: version, port type. */
  flags: number;
  devcap: number;
  /** Device Control after reset. */
  devctl?: number;
  lnkcap: number;
  lnksta: number;
}

/** Error reporting enables, relaxed ordering, payload size, no-snoop, read request size. */
const DEVCTL_RW = 0x78ff;
/** Correctable, non-fatal, fatal, unsupported request detected. */
const DEVSTA_W1C = 0x000f;
/** ASPM control, common clock, extended synch. */
const LNKCTL_RW = 0x00c3;

/** PCI Express capability of an endpoint (20 bytes at `offset`). */
export function addExpress(config: ConfigSpace, offset: number, fields: ExpressFields): void {
  config.addCapability(offset, PCI_CAP_ID_EXP);
  config.define(offset + PCI_EXP_FLAGS, 2, fields.flags);
  config.define(offset + PCI_EXP_DEVCAP, 4, fields.devcap);
  config.define(offset + PCI_EXP_DEVCTL, 2, fields.devctl ?? 0, DEVCTL_RW);
  config.define(offset + PCI_EXP_DEVSTA, 2, 0, 0, DEVSTA_W1C);
  config.define(offset + PCI_EXP_LNKCAP, 4, fields.lnkcap);
  config.define(offset + PCI_EXP_LNKCTL, 2, 0, LNKCTL_RW);
  config.define(offset + PCI_EXP_LNKSTA, 2, fields.lnksta);
}

/** Device Serial Number extended capability (12 bytes at `offset`): the 64-bit number as two words. */
export function addDeviceSerialNumber(config: ConfigSpace, offset: number, lo: number, hi: number): void {
  config.addExtendedCapability(offset, PCI_EXT_CAP_ID_DSN, 1);
  config.define(offset + 4, 4, lo);
  config.define(offset + 8, 4, hi);
}
