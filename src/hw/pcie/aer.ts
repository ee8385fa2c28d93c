import type { ConfigSpace } from './config-space.js';
import { PcieError } from './errors.js';
import {
  PCI_COMMAND_SERR,
  PCI_ERR_CAP,
  PCI_ERR_CAP_ECRC_CHKC,
  PCI_ERR_CAP_ECRC_CHKE,
  PCI_ERR_CAP_ECRC_GENC,
  PCI_ERR_CAP_ECRC_GENE,
  PCI_ERR_CAP_FEP,
  PCI_ERR_COR_ADV_NFAT,
  PCI_ERR_COR_LOG_OVER,
  PCI_ERR_COR_MASK,
  PCI_ERR_COR_STATUS,
  PCI_ERR_HEADER_LOG,
  PCI_ERR_UNC_COMP_ABORT,
  PCI_ERR_UNC_DLP,
  PCI_ERR_UNC_FCP,
  PCI_ERR_UNC_INTN,
  PCI_ERR_UNC_MALF_TLP,
  PCI_ERR_UNC_POISON_TLP,
  PCI_ERR_UNC_RX_OVER,
  PCI_ERR_UNC_SURPDN,
  PCI_ERR_UNC_UNSUP,
  PCI_ERR_UNCOR_MASK,
  PCI_ERR_UNCOR_SEVER,
  PCI_ERR_UNCOR_STATUS,
  PCI_EXP_DEVCAP,
  PCI_EXP_DEVCAP_RBER,
  PCI_EXP_DEVCTL,
  PCI_EXP_DEVCTL_CERE,
  PCI_EXP_DEVCTL_FERE,
  PCI_EXP_DEVCTL_NFERE,
  PCI_EXP_DEVCTL_URRE,
  PCI_EXP_DEVSTA,
  PCI_EXP_DEVSTA_CED,
  PCI_EXP_DEVSTA_FED,
  PCI_EXP_DEVSTA_NFED,
  PCI_EXP_DEVSTA_URD,
  PCI_EXT_CAP_ID_ERR,
  PCI_STATUS_DETECTED_PARITY,
  PCI_STATUS_SIG_SYSTEM_ERROR,
  PCI_STATUS_SIG_TARGET_ABORT,
} from './regs.js';

/** Error messages of a function, by their message codes; 0 = none is sent. */
export const ERR_NONE = 0;
export const ERR_COR = 0x30;
export const ERR_NONFATAL = 0x31;
export const ERR_FATAL = 0x33;

/** An error a function detects. */
export interface PciError {
  /** One bit of the correctable (`PCI_ERR_COR_*`) or the uncorrectable (`PCI_ERR_UNC_*`) status register. */
  status: number;
  /** `status` is of the correctable register. */
  correctable?: boolean;
  /**
   * One of the cases in which a non-fatal error is only advisory, because someone else will deal with it: the function
   * answered the request with Unsupported Request or Completer Abort. Default false.
   */
  advisory?: boolean;
  /** Header of the packet at fault: four words, first byte in the top bits. */
  header?: readonly number[];
}

/** What an Advanced Error Reporting capability implements. */
export interface ErrorReportingFields {
  /** Version, 1 or 2 (default 2). */
  version?: number;
  /** Implemented uncorrectable errors; default 0x003ff030. */
  uncorrectable?: number;
  /** Implemented correctable errors; default 0x0000f1c1. */
  correctable?: number;
  /** End-to-end checksums can be made and checked (default false). */
  ecrc?: boolean;
}

/** Severity after reset: what breaks the link or the ordering rules is fatal. */
const FATAL_BY_DEFAULT =
  PCI_ERR_UNC_DLP |
  PCI_ERR_UNC_SURPDN |
  PCI_ERR_UNC_FCP |
  PCI_ERR_UNC_RX_OVER |
  PCI_ERR_UNC_MALF_TLP |
  PCI_ERR_UNC_INTN;
/** Masked after reset: advisory, corrected internal error, header log overflow. */
const COR_MASKED_BY_DEFAULT = 0xe000;

/**
 * Advanced Error Reporting (44 bytes at `offset` in extended space). Status, mask, severity and log outlive hot and
 * function-level resets. Needs a PCI Express capability to have an effect. @throws PcieError CONFIG_LAYOUT
 */
export function addAdvancedErrorReporting(
  config: ConfigSpace,
  offset: number,
  fields: ErrorReportingFields = {},
): void {
  config.addExtendedCapability(offset, PCI_EXT_CAP_ID_ERR, fields.version ?? 2);
  const unc = fields.uncorrectable ?? 0x003ff030;
  const cor = fields.correctable ?? 0x0000f1c1;
  config.define(offset + PCI_ERR_UNCOR_STATUS, 4, 0, 0, unc);
  config.define(offset + PCI_ERR_UNCOR_MASK, 4, 0, unc);
  config.define(offset + PCI_ERR_UNCOR_SEVER, 4, FATAL_BY_DEFAULT & unc, unc);
  config.define(offset + PCI_ERR_COR_STATUS, 4, 0, 0, cor);
  config.define(offset + PCI_ERR_COR_MASK, 4, COR_MASKED_BY_DEFAULT & cor, cor);
  const able = fields.ecrc === true ? PCI_ERR_CAP_ECRC_GENC | PCI_ERR_CAP_ECRC_CHKC : 0;
  const enable = fields.ecrc === true ? PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE : 0;
  config.define(offset + PCI_ERR_CAP, 4, able, enable);
  for (let at = PCI_ERR_UNCOR_STATUS; at < PCI_ERR_HEADER_LOG + 16; at += 4) config.keepOverReset(offset + at, -1);
}

/**
 * The function detects an error: sets what it must in Device Status, the header's Status and the AER registers, and says
 * which message to send: ERR_COR, ERR_NONFATAL, ERR_FATAL or ERR_NONE; a second one (of a header log overflow) in the
 * next byte. The sequence is that of the PCI Express base
 * specification, 6.2.5 (unverified; read: QEMU's hw/pci/pcie_aer.c, which follows it): detected bits always; a masked error
 * ends there; the first unmasked uncorrectable one fills First Error Pointer and Header Log until software clears it;
 * Device Control or SERR# Enable let the message go. A function without PCI Express capability reports nothing.
 * @throws PcieError CONFIG_LAYOUT when `status` is not exactly one bit
 */
export function detectError(config: ConfigSpace, error: PciError): number {
  const bit = error.status;
  if (bit === 0 || (bit & (bit - 1)) !== 0) {
    throw new PcieError('CONFIG_LAYOUT', `error status 0x${(bit >>> 0).toString(16)} is not one bit`);
  }
  if (config.expCap === 0) return ERR_NONE;
  if (error.correctable === true) return detectCorrectable(config, bit);
  if (bit === PCI_ERR_UNC_POISON_TLP) config.raiseStatus(PCI_STATUS_DETECTED_PARITY);
  if (bit === PCI_ERR_UNC_COMP_ABORT) config.raiseStatus(PCI_STATUS_SIG_TARGET_ABORT);
  const header = error.header ?? NO_HEADER;
  const severity = config.aerCap === 0 ? FATAL_BY_DEFAULT : config.read(config.aerCap + PCI_ERR_UNCOR_SEVER, 4);
  const roleBased = (config.read(config.expCap + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_RBER) !== 0;
  const fatal = (severity & bit) !== 0;
  if (!fatal && error.advisory === true && roleBased) return detectAdvisory(config, bit, header);
  return detectUncorrectable(config, bit, fatal, header);
}

const NO_HEADER: readonly number[] = [0, 0, 0, 0];

function detectCorrectable(config: ConfigSpace, bit: number): number {
  detected(config, PCI_EXP_DEVSTA_CED);
  if (config.aerCap !== 0 && !setCorrectable(config, bit)) return ERR_NONE;
  return allowed(config, PCI_EXP_DEVCTL_CERE) ? ERR_COR : ERR_NONE;
}

/** Sets a correctable status bit; false when it is masked. */
function setCorrectable(config: ConfigSpace, bit: number): boolean {
  const at = config.aerCap;
  setBits(config, at + PCI_ERR_COR_STATUS, bit);
  return (config.read(at + PCI_ERR_COR_MASK, 4) & bit) === 0;
}

/** Reported as correctable. Without AER nothing is sent (role-based error reporting). */
function detectAdvisory(config: ConfigSpace, bit: number, header: readonly number[]): number {
  detected(config, PCI_EXP_DEVSTA_CED | unsupported(bit));
  if (config.aerCap === 0 || !setCorrectable(config, PCI_ERR_COR_ADV_NFAT)) return ERR_NONE;
  const second = Math.max(logUncorrectable(config, bit, header), 0);
  if (bit === PCI_ERR_UNC_UNSUP && !allowed(config, PCI_EXP_DEVCTL_URRE)) return ERR_NONE;
  return allowed(config, PCI_EXP_DEVCTL_CERE) ? ERR_COR | second : ERR_NONE;
}

function detectUncorrectable(config: ConfigSpace, bit: number, fatal: boolean, header: readonly number[]): number {
  detected(config, (fatal ? PCI_EXP_DEVSTA_FED : PCI_EXP_DEVSTA_NFED) | unsupported(bit));
  const second = config.aerCap === 0 ? 0 : logUncorrectable(config, bit, header);
  if (second === MASKED) return ERR_NONE;
  const serr = (config.command() & PCI_COMMAND_SERR) !== 0;
  if (!serr && bit === PCI_ERR_UNC_UNSUP && !allowed(config, PCI_EXP_DEVCTL_URRE)) return ERR_NONE;
  if (!serr && !allowed(config, fatal ? PCI_EXP_DEVCTL_FERE : PCI_EXP_DEVCTL_NFERE)) return ERR_NONE;
  if (serr) config.raiseStatus(PCI_STATUS_SIG_SYSTEM_ERROR);
  return (fatal ? ERR_FATAL : ERR_NONFATAL) | second;
}

const MASKED = -1;

/**
 * Sets an uncorrectable status bit and, unmasked, the log if it is free. MASKED, or the message of an overflow of the log
 * (in the second byte), or 0.
 */
function logUncorrectable(config: ConfigSpace, bit: number, header: readonly number[]): number {
  const at = config.aerCap;
  const control = config.read(at + PCI_ERR_CAP, 4);
  const status = config.read(at + PCI_ERR_UNCOR_STATUS, 4);
  const busy = ((status >>> (control & PCI_ERR_CAP_FEP)) & 1) !== 0;
  setBits(config, at + PCI_ERR_UNCOR_STATUS, bit);
  if ((config.read(at + PCI_ERR_UNCOR_MASK, 4) & bit) !== 0) return MASKED;
  if (busy) {
    const known = (config.clearable(at + PCI_ERR_COR_STATUS) & PCI_ERR_COR_LOG_OVER) !== 0;
    return known ? detectCorrectable(config, PCI_ERR_COR_LOG_OVER) << 8 : 0;
  }
  config.set(at + PCI_ERR_CAP, 4, (control & ~PCI_ERR_CAP_FEP) | (31 - Math.clz32(bit)));
  for (let i = 0; i < 4; i++) config.set(at + PCI_ERR_HEADER_LOG + 4 * i, 4, header[i] ?? 0);
  return 0;
}

function unsupported(bit: number): number {
  return bit === PCI_ERR_UNC_UNSUP ? PCI_EXP_DEVSTA_URD : 0;
}

function detected(config: ConfigSpace, bits: number): void {
  const at = config.expCap + PCI_EXP_DEVSTA;
  config.set(at, 2, config.read(at, 2) | bits);
}

function allowed(config: ConfigSpace, bit: number): boolean {
  return (config.read(config.expCap + PCI_EXP_DEVCTL, 2) & bit) !== 0;
}

/** Sets status bits the capability implements. */
function setBits(config: ConfigSpace, at: number, bits: number): void {
  config.set(at, 4, config.read(at, 4) | (bits & config.clearable(at)));
}
