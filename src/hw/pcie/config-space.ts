import { PcieError } from './errors.js';
import {
  PCI_BASE_ADDRESS_0,
  PCI_BASE_ADDRESS_MEM_PREFETCH,
  PCI_BASE_ADDRESS_SPACE_IO,
  PCI_CACHE_LINE_SIZE,
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
  PCI_INTERRUPT_LINE,
  PCI_INTERRUPT_PIN,
  PCI_MSI_ADDRESS_HI,
  PCI_MSI_ADDRESS_LO,
  PCI_MSI_DATA_32,
  PCI_MSI_DATA_64,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_64BIT,
  PCI_MSI_FLAGS_ENABLE,
  PCI_MSI_FLAGS_QMASK,
  PCI_MSI_FLAGS_QSIZE,
  PCI_MSIX_FLAGS,
  PCI_MSIX_FLAGS_ENABLE,
  PCI_PM_CTRL,
  PCI_PM_CTRL_NO_SOFT_RESET,
  PCI_PM_CTRL_STATE_MASK,
  PCI_REVISION_ID,
  PCI_STATUS,
  PCI_STATUS_CAP_LIST,
  PCI_STATUS_INTERRUPT,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
} from './regs.js';

/** Bytes of one function's configuration space. */
export const CONFIG_BYTES = 4096;
/** First extended capability (PCI Express). */
export const EXTENDED_CONFIG = 0x100;

/** What a BAR claims. */
export const BAR_NONE = 0;
export const BAR_MEM32 = 1;
export const BAR_IO = 2;

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
const D3HOT = 3;

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
export class ConfigSpace {
  readonly bytes: Uint8Array = new Uint8Array(CONFIG_BYTES);
  private readonly rw: Uint8Array = new Uint8Array(CONFIG_BYTES);
  private readonly w1c: Uint8Array = new Uint8Array(CONFIG_BYTES);
  private initial: Uint8Array | null = null;

  /** `BAR_NONE`, `BAR_MEM32` or `BAR_IO`, by BAR. */
  readonly barKind: Int32Array = new Int32Array(6);
  /** Bytes claimed, by BAR. */
  readonly barSize: Int32Array = new Int32Array(6);
  /** Base address (int32) now programmed, by BAR. */
  readonly barBase: Int32Array = new Int32Array(6);

  memEnabled = false;
  ioEnabled = false;
  busMaster = false;
  intxDisabled = false;
  msiEnabled = false;
  msixEnabled = false;
  /** The MSI message: address words, data, and the number of vectors granted less one. */
  msiAddressLo = 0;
  msiAddressHi = 0;
  msiData = 0;
  msiVectorMask = 0;
  /** Offset of the capability, 0 when the function has none. */
  pmCap = 0;
  msiCap = 0;
  msixCap = 0;
  listener: ConfigListener | null = null;

  private lastCap = 0;
  private lastExtCap = 0;

  constructor(id: ConfigIdentity) {
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

  /**
   * Defines a register: its value after reset, its read-write bits and its write-1-to-clear bits; the rest is read-only.
   * @param size bytes: 1, 2 or 4
   * @throws PcieError CONFIG_LAYOUT when a bit is both, or the register does not fit or is not aligned
   */
  define(offset: number, size: 1 | 2 | 4, value: number, rw = 0, w1c = 0): void {
    if (offset < 0 || offset + size > CONFIG_BYTES || offset % size !== 0 || (rw & w1c) !== 0) {
      throw new PcieError('CONFIG_LAYOUT', `register of ${size} bytes at 0x${offset.toString(16)}`);
    }
    for (let i = 0; i < size; i++) {
      this.bytes[offset + i] = value >>> (8 * i);
      this.rw[offset + i] = rw >>> (8 * i);
      this.w1c[offset + i] = w1c >>> (8 * i);
    }
    this.refresh();
  }

  /** A 32-bit memory BAR of `size` bytes (a power of two, 16 to 2^30). @throws PcieError CONFIG_LAYOUT */
  addMemoryBar(bar: number, size: number, prefetchable = false): void {
    this.addBar(bar, BAR_MEM32, size, 16, prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
  }

  /** An I/O BAR of `size` ports (a power of two, 4 to 256). @throws PcieError CONFIG_LAYOUT */
  addIoBar(bar: number, size: number): void {
    if (size > 256) throw new PcieError('CONFIG_LAYOUT', `an I/O BAR has at most 256 ports, not ${size}`);
    this.addBar(bar, BAR_IO, size, 4, PCI_BASE_ADDRESS_SPACE_IO);
  }

  private addBar(bar: number, kind: number, size: number, min: number, flags: number): void {
    if (bar < 0 || bar > 5 || this.barKind[bar] !== BAR_NONE || size < min || (size & (size - 1)) !== 0) {
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
  }

  /** Takes the present contents as the values after reset. Called by `RootComplex.attach`. */
  seal(): void {
    this.initial = this.bytes.slice();
  }

  /** Back to the values after reset; the listener is not told. */
  reset(): void {
    if (this.initial !== null) this.bytes.set(this.initial);
    this.refresh();
  }

  /**
   * Reads 1, 2 or 4 bytes, little-endian; 4 bytes give an int32.
   * @throws PcieError CONFIG_ACCESS on a bad size, alignment or offset
   */
  read(offset: number, size: number): number {
    checkAccess(offset, size);
    const b = this.bytes;
    if (size === 1) return b[offset];
    const low = b[offset] | (b[offset + 1] << 8);
    if (size === 2) return low;
    return low | (b[offset + 2] << 16) | (b[offset + 3] << 24);
  }

  /** Writes 1, 2 or 4 bytes, bit by bit as its access class says. @throws PcieError CONFIG_ACCESS */
  write(offset: number, size: number, value: number): void {
    checkAccess(offset, size);
    const wasD3 = this.powerState() === D3HOT;
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      const v = (value >>> (8 * i)) & 0xff;
      const rw = this.rw[at];
      this.bytes[at] = ((this.bytes[at] & ~rw) | (v & rw)) & ~(v & this.w1c[at]);
    }
    if (wasD3 && this.powerState() === D0 && this.softResets()) {
      this.reset();
      this.listener?.functionReset();
      return;
    }
    this.refresh();
    this.listener?.configWritten();
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

  /** Hardware sets bits of a Status register of the header (16 bits); software clears them by writing ones. */
  raiseStatus(bits: number): void {
    this.bytes[PCI_STATUS + 1] = this.bytes[PCI_STATUS + 1] | (bits >>> 8);
  }

  /** 0 (D0) to 3 (D3hot); 0 for a function without power management. */
  powerState(): number {
    if (this.pmCap === 0) return D0;
    return this.bytes[this.pmCap + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK;
  }

  private softResets(): boolean {
    return (this.bytes[this.pmCap + PCI_PM_CTRL] & PCI_PM_CTRL_NO_SOFT_RESET) === 0;
  }

  /** Recomputes the fields other parts read on every access. */
  private refresh(): void {
    const command = this.read(PCI_COMMAND, 2);
    const on = this.powerState() === D0;
    this.memEnabled = on && (command & PCI_COMMAND_MEMORY) !== 0;
    this.ioEnabled = on && (command & PCI_COMMAND_IO) !== 0;
    this.busMaster = on && (command & PCI_COMMAND_MASTER) !== 0;
    this.intxDisabled = (command & PCI_COMMAND_INTX_DISABLE) !== 0;
    this.msiEnabled = this.msiCap !== 0 && (this.read(this.msiCap + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_ENABLE) !== 0;
    if (this.msiCap !== 0) this.refreshMessage();
    this.msixEnabled =
      this.msixCap !== 0 && (this.read(this.msixCap + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_ENABLE) !== 0;
    for (let bar = 0; bar < 6; bar++) {
      const kind = this.barKind[bar];
      if (kind === BAR_NONE) continue;
      const flags = kind === BAR_IO ? 3 : 15;
      this.barBase[bar] = this.read(PCI_BASE_ADDRESS_0 + 4 * bar, 4) & ~flags;
    }
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
  }
}

function checkAccess(offset: number, size: number): void {
  if ((size !== 1 && size !== 2 && size !== 4) || offset % size !== 0 || offset < 0 || offset + size > CONFIG_BYTES) {
    throw new PcieError('CONFIG_ACCESS', `configuration access of ${size} bytes at ${offset}`);
  }
}
