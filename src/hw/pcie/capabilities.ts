import type { ConfigSpace } from './config-space.js';
import { PcieError } from './errors.js';
import {
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_PM,
  PCI_EXP_DEVCAP,
  PCI_EXP_DEVCAP_EXT_TAG,
  PCI_EXP_DEVCAP_FLR,
  PCI_EXP_DEVCTL,
  PCI_EXP_DEVCTL_BCR_FLR,
  PCI_EXP_DEVCTL_CERE,
  PCI_EXP_DEVCTL_EXT_TAG,
  PCI_EXP_DEVCTL_FERE,
  PCI_EXP_DEVCTL_NFERE,
  PCI_EXP_DEVCTL_NOSNOOP_EN,
  PCI_EXP_DEVCTL_PAYLOAD,
  PCI_EXP_DEVCTL_READRQ,
  PCI_EXP_DEVCTL_RELAX_EN,
  PCI_EXP_DEVCTL_URRE,
  PCI_EXP_DEVSTA,
  PCI_EXP_FLAGS,
  PCI_EXP_FLAGS_VERS,
  PCI_EXP_LNKCAP,
  PCI_EXP_LNKCAP_CLKPM,
  PCI_EXP_LNKCTL,
  PCI_EXP_LNKCTL_CLKREQ_EN,
  PCI_EXP_LNKSTA,
  PCI_EXT_CAP_ID_DSN,
  PCI_PM_CAP_PME_D3COLD,
  PCI_PM_CAP_PME_MASK,
  PCI_PM_CTRL,
  PCI_PM_CTRL_NO_SOFT_RESET,
  PCI_PM_CTRL_PME_ENABLE,
  PCI_PM_CTRL_PME_STATUS,
  PCI_PM_CTRL_STATE_MASK,
  PCI_PM_PMC,
} from './regs.js';

/**
 * Power management capability (8 bytes at `offset`). PMCSR.PowerState decides decoding and mastering; leaving D3hot
 * resets the function unless `noSoftReset`. PME_En and PME_Status exist only when PMC announces PME from some state, and
 * outlive resets when it announces PME from D3cold.
 * @param pmc the capabilities word (version, D-states, PME support)
 */
export function addPowerManagement(config: ConfigSpace, offset: number, pmc: number, noSoftReset = false): void {
  config.addCapability(offset, PCI_CAP_ID_PM);
  config.define(offset + PCI_PM_PMC, 2, pmc);
  const pme = (pmc & PCI_PM_CAP_PME_MASK) !== 0;
  const rw = PCI_PM_CTRL_STATE_MASK | (pme ? PCI_PM_CTRL_PME_ENABLE : 0);
  const control = noSoftReset ? PCI_PM_CTRL_NO_SOFT_RESET : 0;
  config.define(offset + PCI_PM_CTRL, 2, control, rw, pme ? PCI_PM_CTRL_PME_STATUS : 0);
  if ((pmc & PCI_PM_CAP_PME_D3COLD) !== 0) {
    config.keepOverReset(offset + PCI_PM_CTRL, PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_PME_STATUS);
  }
}

/** Contents of a PCI Express capability of version 1. */
export interface ExpressFields {
  /** PCI Express capabilities register: version, port type. */
  flags: number;
  /** Bit 28 announces function-level reset, bit 5 extended tags. */
  devcap: number;
  /** Device Control after reset; default 0x2810: relaxed ordering, no-snoop, read requests of 512 bytes. */
  devctl?: number;
  lnkcap: number;
  lnksta: number;
}

const DEVCTL_DEFAULT = 0x2810;
/** Error reporting enables, relaxed ordering, payload size, no-snoop, read request size. */
const DEVCTL_RW =
  PCI_EXP_DEVCTL_CERE |
  PCI_EXP_DEVCTL_NFERE |
  PCI_EXP_DEVCTL_FERE |
  PCI_EXP_DEVCTL_URRE |
  PCI_EXP_DEVCTL_RELAX_EN |
  PCI_EXP_DEVCTL_PAYLOAD |
  PCI_EXP_DEVCTL_NOSNOOP_EN |
  PCI_EXP_DEVCTL_READRQ;
/** Correctable, non-fatal, fatal, unsupported request detected. */
const DEVSTA_W1C = 0x000f;
/** ASPM control, read completion boundary, common clock, extended synch. */
const LNKCTL_RW = 0x00cb;

/**
 * PCI Express capability of an endpoint (20 bytes at `offset`). A function-level reset (Device Control bit 15, when
 * `devcap` announces it) leaves the payload size and Link Control as they are, which the link depends on.
 * @throws PcieError CONFIG_LAYOUT when `flags` says another version than 1
 */
export function addExpress(config: ConfigSpace, offset: number, fields: ExpressFields): void {
  if ((fields.flags & PCI_EXP_FLAGS_VERS) !== 1) {
    throw new PcieError('CONFIG_LAYOUT', `PCI Express capability of version ${fields.flags & PCI_EXP_FLAGS_VERS}`);
  }
  config.addCapability(offset, PCI_CAP_ID_EXP);
  config.define(offset + PCI_EXP_FLAGS, 2, fields.flags);
  config.define(offset + PCI_EXP_DEVCAP, 4, fields.devcap);
  const tags = (fields.devcap & PCI_EXP_DEVCAP_EXT_TAG) !== 0 ? PCI_EXP_DEVCTL_EXT_TAG : 0;
  const flr = (fields.devcap & PCI_EXP_DEVCAP_FLR) !== 0 ? PCI_EXP_DEVCTL_BCR_FLR : 0;
  config.define(offset + PCI_EXP_DEVCTL, 2, fields.devctl ?? DEVCTL_DEFAULT, DEVCTL_RW | tags | flr);
  config.define(offset + PCI_EXP_DEVSTA, 2, 0, 0, DEVSTA_W1C);
  config.define(offset + PCI_EXP_LNKCAP, 4, fields.lnkcap);
  const clock = (fields.lnkcap & PCI_EXP_LNKCAP_CLKPM) !== 0 ? PCI_EXP_LNKCTL_CLKREQ_EN : 0;
  config.define(offset + PCI_EXP_LNKCTL, 2, 0, LNKCTL_RW | clock);
  config.define(offset + PCI_EXP_LNKSTA, 2, fields.lnksta);
  config.keepOverFunctionReset(offset + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_PAYLOAD);
  config.keepOverFunctionReset(offset + PCI_EXP_LNKCTL, LNKCTL_RW | clock);
}

/** Device Serial Number extended capability (12 bytes at `offset`): the 64-bit number as two words. */
export function addDeviceSerialNumber(config: ConfigSpace, offset: number, lo: number, hi: number): void {
  config.addExtendedCapability(offset, PCI_EXT_CAP_ID_DSN, 1);
  config.define(offset + 4, 4, lo);
  config.define(offset + 8, 4, hi);
}
