import { ConfigBits, checkAccess, RESET_FUNCTION, RESET_HOT } from './config-bits.js';
import { PcieError } from './errors.js';
import {
  PCI_BASE_ADDRESS_0,
  PCI_BASE_ADDRESS_MEM_PREFETCH,
  PCI_BASE_ADDRESS_MEM_TYPE_64,
  PCI_BASE_ADDRESS_SPACE_IO,
  PCI_CACHE_LINE_SIZE,
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_MSI,
  PCI_CAP_ID_MSIX,
  PCI_CAP_ID_PM,
  PCI_CAPABILITY_LIST,
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_COMMAND_IO,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  PCI_COMMAND_PARITY,
  PCI_COMMAND_SERR,
  PCI_DEVICE_ID,
  PCI_EXP_DEVCAP,
  PCI_EXP_DEVCAP_FLR,
  PCI_EXP_DEVCTL,
  PCI_EXP_DEVCTL_BCR_FLR,
  PCI_EXT_CAP_ID_ERR,
  PCI_HEADER_TYPE,
  PCI_HEADER_TYPE_MFD,
  PCI_INTERRUPT_LINE,
  PCI_INTERRUPT_PIN,
  PCI_MSI_ADDRESS_HI,
  PCI_MSI_ADDRESS_LO,
  PCI_MSI_DATA_32,
  PCI_MSI_DATA_64,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_64BIT,
  PCI_MSI_FLAGS_ENABLE,
  PCI_MSI_FLAGS_MASKBIT,
  PCI_MSI_FLAGS_QMASK,
  PCI_MSI_FLAGS_QSIZE,
  PCI_MSI_MASK_32,
  PCI_MSI_MASK_64,
  PCI_MSI_PENDING_32,
  PCI_MSI_PENDING_64,
  PCI_MSIX_FLAGS,
  PCI_MSIX_FLAGS_ENABLE,
  PCI_MSIX_FLAGS_MASKALL,
  PCI_PM_CAP_D1,
  PCI_PM_CAP_D2,
  PCI_PM_CTRL,
  PCI_PM_CTRL_NO_SOFT_RESET,
  PCI_PM_CTRL_STATE_MASK,
  PCI_PM_PMC,
  PCI_REVISION_ID,
  PCI_ROM_ADDRESS,
  PCI_ROM_ADDRESS_ENABLE,
  PCI_ROM_ADDRESS_MASK,
  PCI_STATUS,
  PCI_STATUS_CAP_LIST,
  PCI_STATUS_INTERRUPT,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
} from './regs.js';

/** First extended capability (PCI Express). */
export const EXTENDED_CONFIG = 0x100;

/** BARs of a function, the expansion ROM included. */
export const BARS = 7;
/** Number of the expansion ROM's BAR (`PCI_ROM_RESOURCE`). */
export const BAR_ROM = 6;

/** What a BAR claims: nothing; memory (also with 64-bit registers); I/O ports; the upper half of the 64-bit BAR below it. */
export const BAR_NONE = 0;
export const BAR_MEM32 = 1;
export const BAR_IO = 2;
export const BAR_UPPER = 3;
/** `barBase` of a BAR that decodes nothing the CPU can address: the upper half is not 0, or the ROM is not enabled. */
export const BAR_UNREACHABLE = -1;

const COMMAND_RW =
  PCI_COMMAND_IO |
  PCI_COMMAND_MEMORY |
  PCI_COMMAND_MASTER |
  PCI_COMMAND_PARITY |
  PCI_COMMAND_SERR |
  PCI_COMMAND_INTX_DISABLE;
/** Master Data Parity Error (8) and the five abort/error bits 11-15. */
const STATUS_W1C = 0xf900;
const D0 = 0;
const D1 = 1;
const D3HOT = 3;
/** Largest memory BAR: what leaves room for another in the host's register window. */
const MAX_MEMORY_BAR = 1 << 30;
/** Largest expansion ROM (PCI Local Bus specification: 16 MB). */
const MAX_ROM = 1 << 24;

/** Identity of a function, as in the header of its configuration space. */
export interface ConfigIdentity {
  vendor: number;
  device: number;
  /** 24 bits: base class, sub-class, programming interface (0x020000 = Ethernet controller). */
  classCode: number;
  revision?: number;
  subsystemVendor?: number;
  subsystemId?: number;
  /** 0 = uses no INTx, 1..4 = INTA#..INTD#. */
  interruptPin?: number;
}

/** Told after each configuration write that was carried out. */
export interface ConfigListener {
  configWritten(): void;
  /** The function left D3hot without No_Soft_Reset: configuration space is already back to its initial values. */
  functionReset(): void;
}

/**
 * Type-0 configuration space of one function: 4096 bytes, each bit read-only, read-write or write-1-to-clear.
 *
 * A BAR needs no sizing logic: its address bits below the size are read-only zeros, so writing ones reads back the
 * size mask. The decisions other parts ask for on every access (`memEnabled`, `busMaster`, ...) are plain fields
 * kept current by each write; in D3hot a function neither decodes nor masters (PCI power management), so they
 * are false there.
 */
export class ConfigSpace extends ConfigBits {
  /** `BAR_NONE`, `BAR_MEM32`, `BAR_IO` or `BAR_UPPER`, by BAR; `BAR_ROM` is the expansion ROM. */
  readonly barKind: Int32Array = new Int32Array(BARS);
  /** Bytes claimed, by BAR. */
  readonly barSize: Int32Array = new Int32Array(BARS);
  /** Base address (int32) now programmed, by BAR; `BAR_UNREACHABLE` when it decodes nothing. */
  readonly barBase: Int32Array = new Int32Array(BARS);

  memEnabled = false;
  ioEnabled = false;
  busMaster = false;
  /** INTx may be signalled: not disabled, MSI and MSI-X off, in D0. */
  intxAllowed = true;
  intxDisabled = false;
  msiEnabled = false;
  msixEnabled = false;
  /** MSI-X Function Mask. */
  msixMasked = false;
  /** The MSI message: address words, data, and the number of vectors granted less one. */
  msiAddressLo = 0;
  msiAddressHi = 0;
  msiData = 0;
  msiVectorMask = 0;
  /** MSI Mask Bits and Pending Bits, 0 without per-vector masking. */
  msiMask = 0;
  msiPending = 0;
  /** Offset of the capability, 0 when the function has none. */
  pmCap = 0;
  msiCap = 0;
  msixCap = 0;
  expCap = 0;
  aerCap = 0;
  listener: ConfigListener | null = null;

  private lastCap = 0;
  private lastExtCap = 0;

  constructor(id: ConfigIdentity) {
    super();
    this.define(PCI_VENDOR_ID, 2, id.vendor);
    this.define(PCI_DEVICE_ID, 2, id.device);
    this.define(PCI_COMMAND, 2, 0, COMMAND_RW);
    this.define(PCI_STATUS, 2, 0, 0, STATUS_W1C);
    this.define(PCI_REVISION_ID, 4, (id.classCode << 8) | (id.revision ?? 0));
    this.define(PCI_CACHE_LINE_SIZE, 1, 0, 0xff);
    this.define(PCI_SUBSYSTEM_VENDOR_ID, 2, id.subsystemVendor ?? 0);
    this.define(PCI_SUBSYSTEM_ID, 2, id.subsystemId ?? 0);
    this.define(PCI_INTERRUPT_LINE, 1, 0, 0xff);
    this.define(PCI_INTERRUPT_PIN, 1, id.interruptPin ?? 0);
  }

  /** A 32-bit memory BAR of `size` bytes (a power of two, 16 to 2^30). @throws PcieError CONFIG_LAYOUT */
  addMemoryBar(bar: number, size: number, prefetchable = false): void {
    this.addBar(bar, BAR_MEM32, size, 16, prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
  }

  /**
   * A memory BAR with a 64-bit register, in BARs `bar` and `bar + 1`; `size` as for a 32-bit one. It decodes while its
   * upper half is 0: CPU addresses have 32 bits here. @throws PcieError CONFIG_LAYOUT
   */
  addMemoryBar64(bar: number, size: number, prefetchable = false): void {
    if (!(bar >= 0 && bar < 5) || this.barKind[bar + 1] !== BAR_NONE) {
      throw new PcieError('CONFIG_LAYOUT', `64-bit BAR ${bar}`);
    }
    const prefetch = prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0;
    this.addBar(bar, BAR_MEM32, size, 16, PCI_BASE_ADDRESS_MEM_TYPE_64 | prefetch);
    this.barKind[bar + 1] = BAR_UPPER;
    this.define(PCI_BASE_ADDRESS_0 + 4 * (bar + 1), 4, 0, -1);
  }

  /**
   * An expansion ROM of `size` bytes (a power of two, 2 KiB to 16 MiB): the device answers reads of BAR `BAR_ROM`, writes
   * do not reach it. @throws PcieError CONFIG_LAYOUT
   */
  addExpansionRom(size: number): void {
    if (!(size >= 2048 && size <= MAX_ROM) || (size & (size - 1)) !== 0 || this.barKind[BAR_ROM] !== BAR_NONE) {
      throw new PcieError('CONFIG_LAYOUT', `expansion ROM of ${size} bytes`);
    }
    this.barKind[BAR_ROM] = BAR_MEM32;
    this.barSize[BAR_ROM] = size;
    this.define(PCI_ROM_ADDRESS, 4, 0, -size | PCI_ROM_ADDRESS_ENABLE);
  }

  /** An I/O BAR of `size` ports (a power of two, 4 to 256). @throws PcieError CONFIG_LAYOUT */
  addIoBar(bar: number, size: number): void {
    if (size > 256) throw new PcieError('CONFIG_LAYOUT', `an I/O BAR has at most 256 ports, not ${size}`);
    this.addBar(bar, BAR_IO, size, 4, PCI_BASE_ADDRESS_SPACE_IO);
  }

  private addBar(bar: number, kind: number, size: number, min: number, flags: number): void {
    const free = bar >= 0 && bar <= 5 && this.barKind[bar] === BAR_NONE;
    if (!free || !(size >= min && size <= MAX_MEMORY_BAR) || (size & (size - 1)) !== 0) {
      throw new PcieError('CONFIG_LAYOUT', `BAR ${bar} of ${size} bytes`);
    }
    this.barKind[bar] = kind;
    this.barSize[bar] = size;
    this.define(PCI_BASE_ADDRESS_0 + 4 * bar, 4, flags, -size);
  }

  /**
   * Appends a capability to the list: writes its id and a zero link at `offset`, and links its predecessor to it.
   * The registers that follow are the caller's to `define`. @throws PcieError CONFIG_LAYOUT
   */
  addCapability(offset: number, id: number): void {
    if (offset < 0x40 || offset >= EXTENDED_CONFIG || (offset & 3) !== 0) {
      throw new PcieError('CONFIG_LAYOUT', `capability at 0x${offset.toString(16)}`);
    }
    this.define(offset, 2, id);
    this.define(this.lastCap === 0 ? PCI_CAPABILITY_LIST : this.lastCap + 1, 1, offset);
    this.bytes[PCI_STATUS] = this.bytes[PCI_STATUS] | PCI_STATUS_CAP_LIST;
    this.lastCap = offset;
    if (id === PCI_CAP_ID_PM) this.pmCap = offset;
    if (id === PCI_CAP_ID_MSI) this.msiCap = offset;
    if (id === PCI_CAP_ID_MSIX) this.msixCap = offset;
    if (id === PCI_CAP_ID_EXP) this.expCap = offset;
    this.refresh();
  }

  /** Appends an extended capability; the first one must lie at 0x100. @throws PcieError CONFIG_LAYOUT */
  addExtendedCapability(offset: number, id: number, version: number): void {
    const first = this.lastExtCap === 0;
    if ((offset & 3) !== 0 || offset < EXTENDED_CONFIG || first !== (offset === EXTENDED_CONFIG)) {
      throw new PcieError('CONFIG_LAYOUT', `extended capability at 0x${offset.toString(16)}`);
    }
    this.define(offset, 4, (id & 0xffff) | ((version & 15) << 16));
    if (!first) this.define(this.lastExtCap, 4, (this.read(this.lastExtCap, 4) & 0xfffff) | (offset << 20));
    this.lastExtCap = offset;
    if (id === PCI_EXT_CAP_ID_ERR) this.aerCap = offset;
  }

  /** This function shares its slot with others: bit 7 of Header Type, which no reset changes. */
  markMultiFunction(): void {
    this.bytes[PCI_HEADER_TYPE] = this.bytes[PCI_HEADER_TYPE] | PCI_HEADER_TYPE_MFD;
    if (this.initial !== null) this.initial[PCI_HEADER_TYPE] = this.bytes[PCI_HEADER_TYPE];
  }

  /** Writes 1, 2 or 4 bytes, bit by bit as its access class says. @throws PcieError CONFIG_ACCESS */
  write(offset: number, size: number, value: number): void {
    checkAccess(offset, size);
    const before = this.powerState();
    this.store(offset, size, value);
    if (!this.supportsState(this.powerState())) this.setPowerState(before);
    if (this.takeFunctionReset()) this.resetNow(RESET_FUNCTION);
    else if (before === D3HOT && this.powerState() === D0 && this.softResets()) this.resetNow(RESET_HOT);
    else {
      this.refresh();
      this.listener?.configWritten();
    }
  }

  /** Resets configuration space and then the device. */
  resetNow(kind: number): void {
    this.reset(kind);
    this.listener?.functionReset();
  }

  /** Device Control, bit 15 was written as 1, which only a function with function-level reset takes; it always reads 0. */
  private takeFunctionReset(): boolean {
    if (this.expCap === 0) return false;
    const at = this.expCap + PCI_EXP_DEVCTL + 1;
    const bit = PCI_EXP_DEVCTL_BCR_FLR >> 8;
    if ((this.bytes[at] & bit) === 0) return false;
    this.bytes[at] = this.bytes[at] & ~bit;
    return true;
  }

  /** Device Capabilities announce function-level reset. */
  supportsFunctionReset(): boolean {
    return this.expCap !== 0 && (this.read(this.expCap + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR) !== 0;
  }

  /** The Command register. */
  command(): number {
    return this.read(PCI_COMMAND, 2);
  }

  /** Status.IntStatus: the function's INTx request, whether or not it is signalled. */
  interruptStatus(): boolean {
    return (this.bytes[PCI_STATUS] & PCI_STATUS_INTERRUPT) !== 0;
  }

  /** Hardware's side of Status.IntStatus. */
  setInterruptStatus(level: number): void {
    const s = this.bytes[PCI_STATUS];
    this.bytes[PCI_STATUS] = level !== 0 ? s | PCI_STATUS_INTERRUPT : s & ~PCI_STATUS_INTERRUPT;
  }

  /** Hardware sets bits 8-15 of the header's Status register; software clears them by writing ones. */
  raiseStatus(bits: number): void {
    this.bytes[PCI_STATUS + 1] = this.bytes[PCI_STATUS + 1] | (bits >>> 8);
  }

  /** Hardware's side of the MSI Pending Bits; only for a capability with per-vector masking. */
  setMsiPending(bits: number): void {
    const at = this.msiCap + (this.msi64() ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32);
    for (let i = 0; i < 4; i++) this.bytes[at + i] = bits >>> (8 * i);
    this.msiPending = bits | 0;
  }

  /** 0 (D0) to 3 (D3hot); 0 for a function without power management. */
  powerState(): number {
    if (this.pmCap === 0) return D0;
    return this.bytes[this.pmCap + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK;
  }

  /** D0 and D3hot always; D1 and D2 when the PMC says so. A write of another state changes nothing (PCI PM 1.2). */
  private supportsState(state: number): boolean {
    if (state === D0 || state === D3HOT) return true;
    const pmc = this.read(this.pmCap + PCI_PM_PMC, 2);
    return (pmc & (state === D1 ? PCI_PM_CAP_D1 : PCI_PM_CAP_D2)) !== 0;
  }

  private setPowerState(state: number): void {
    const at = this.pmCap + PCI_PM_CTRL;
    this.bytes[at] = (this.bytes[at] & ~PCI_PM_CTRL_STATE_MASK) | state;
  }

  /** Leaving D3hot resets the function. */
  softResets(): boolean {
    return this.pmCap !== 0 && (this.bytes[this.pmCap + PCI_PM_CTRL] & PCI_PM_CTRL_NO_SOFT_RESET) === 0;
  }

  /** Recomputes the fields other parts read on every access. */
  protected override refresh(): void {
    const command = this.read(PCI_COMMAND, 2);
    const on = this.powerState() === D0;
    this.memEnabled = on && (command & PCI_COMMAND_MEMORY) !== 0;
    this.ioEnabled = on && (command & PCI_COMMAND_IO) !== 0;
    this.busMaster = on && (command & PCI_COMMAND_MASTER) !== 0;
    this.intxDisabled = (command & PCI_COMMAND_INTX_DISABLE) !== 0;
    this.msiEnabled = this.msiCap !== 0 && (this.read(this.msiCap + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_ENABLE) !== 0;
    if (this.msiCap !== 0) this.refreshMessage();
    const msix = this.msixCap === 0 ? 0 : this.read(this.msixCap + PCI_MSIX_FLAGS, 2);
    this.msixEnabled = (msix & PCI_MSIX_FLAGS_ENABLE) !== 0;
    this.msixMasked = (msix & PCI_MSIX_FLAGS_MASKALL) !== 0;
    this.intxAllowed = on && !this.intxDisabled && !this.msiEnabled && !this.msixEnabled;
    for (let bar = 0; bar < BAR_ROM; bar++) this.refreshBar(bar);
    if (this.barKind[BAR_ROM] === BAR_NONE) return;
    const rom = this.read(PCI_ROM_ADDRESS, 4);
    this.barBase[BAR_ROM] = (rom & PCI_ROM_ADDRESS_ENABLE) !== 0 ? rom & PCI_ROM_ADDRESS_MASK : BAR_UNREACHABLE;
  }

  private refreshBar(bar: number): void {
    const kind = this.barKind[bar];
    if (kind === BAR_NONE || kind === BAR_UPPER) return;
    const at = PCI_BASE_ADDRESS_0 + 4 * bar;
    const upper = bar < 5 && this.barKind[bar + 1] === BAR_UPPER ? this.read(at + 4, 4) : 0;
    this.barBase[bar] = upper !== 0 ? BAR_UNREACHABLE : this.read(at, 4) & (kind === BAR_IO ? ~3 : ~15);
  }

  private msi64(): boolean {
    return (this.bytes[this.msiCap + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT) !== 0;
  }

  private refreshMessage(): void {
    const cap = this.msiCap;
    const flags = this.read(cap + PCI_MSI_FLAGS, 2);
    const is64 = (flags & PCI_MSI_FLAGS_64BIT) !== 0;
    this.msiAddressLo = this.read(cap + PCI_MSI_ADDRESS_LO, 4);
    this.msiAddressHi = is64 ? this.read(cap + PCI_MSI_ADDRESS_HI, 4) : 0;
    this.msiData = this.read(cap + (is64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 2);
    const offered = (flags & PCI_MSI_FLAGS_QMASK) >> 1;
    const granted = (flags & PCI_MSI_FLAGS_QSIZE) >> 4;
    this.msiVectorMask = (1 << (granted < offered ? granted : offered)) - 1;
    if ((flags & PCI_MSI_FLAGS_MASKBIT) === 0) return;
    this.msiMask = this.read(cap + (is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32), 4);
    this.msiPending = this.read(cap + (is64 ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32), 4);
  }
}
