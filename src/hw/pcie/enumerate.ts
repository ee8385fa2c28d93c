import { BAR_IO, BAR_MEM32, BAR_ROM, EXTENDED_CONFIG } from './config-space.js';
import { PcieError } from './errors.js';
import { PCI_IO_BASE, PCI_IO_SIZE, PCI_MMIO_BASE, PCI_MMIO_SIZE } from './map.js';
import {
  PCI_BASE_ADDRESS_0,
  PCI_BASE_ADDRESS_MEM_PREFETCH,
  PCI_BASE_ADDRESS_MEM_TYPE_64,
  PCI_BASE_ADDRESS_MEM_TYPE_MASK,
  PCI_BASE_ADDRESS_SPACE_IO,
  PCI_CAPABILITY_LIST,
  PCI_COMMAND,
  PCI_COMMAND_IO,
  PCI_COMMAND_MEMORY,
  PCI_DEVICE_ID,
  PCI_HEADER_TYPE,
  PCI_HEADER_TYPE_MFD,
  PCI_INTERRUPT_LINE,
  PCI_INTERRUPT_PIN,
  PCI_REVISION_ID,
  PCI_ROM_ADDRESS,
  PCI_ROM_ADDRESS_MASK,
  PCI_STATUS,
  PCI_STATUS_CAP_LIST,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
} from './regs.js';
import type { RootComplex } from './root-complex.js';

/** A BAR as sized and assigned. */
export interface PciResource {
  /** 0..5, or `BAR_ROM` (assigned, not enabled). */
  readonly bar: number;
  /** `BAR_MEM32` (memory, also with a 64-bit register) or `BAR_IO`. */
  readonly kind: number;
  /** Physical address (int32) or port. */
  readonly base: number;
  readonly size: number;
  readonly prefetchable: boolean;
  /** The register has 64 bits and takes the next BAR's place too; the base lies below 4 GiB all the same. */
  readonly wide: boolean;
}

/** A capability found in the list. */
export interface PciCapability {
  readonly id: number;
  readonly offset: number;
}

/** What enumeration learned about one function, and what it assigned. */
export interface PciFunctionInfo {
  readonly bdf: number;
  readonly vendor: number;
  readonly device: number;
  readonly subsystemVendor: number;
  readonly subsystemId: number;
  /** 24 bits. */
  readonly classCode: number;
  readonly revision: number;
  readonly resources: PciResource[];
  readonly capabilities: PciCapability[];
  readonly extendedCapabilities: PciCapability[];
  /** 0 = none, 1..4 = INTA#..INTD#. */
  readonly pin: number;
  /** Global system interrupt of the pin, -1 when it has none. */
  readonly gsi: number;
}

/** Where the next BAR of a kind may go, in offsets from the window's base. */
interface Windows {
  memUsed: number;
  ioUsed: number;
}

/** A capability list of 256 bytes holds at most 48 entries, an extended one at most 960; more is a loop. */
const MAX_CAPABILITIES = 48;
const MAX_EXTENDED = 960;

/**
 * What firmware does at power-on, through ECAM alone: looks for functions on bus 0, sizes each BAR (write ones, read
 * the mask), assigns addresses from the fixed windows (naturally aligned, in order of discovery), writes Interrupt Line
 * and reads both capability lists. Memory and I/O decoding are left as found: enabling them is the driver's business.
 * @throws PcieError NO_RESOURCE when a window is full
 */
export function enumerate(rc: RootComplex): PciFunctionInfo[] {
  const found: PciFunctionInfo[] = [];
  const windows: Windows = { memUsed: 0, ioUsed: 0 };
  for (let slot = 0; slot < 32; slot++) {
    if (rc.ecamRead(slot << 3, PCI_VENDOR_ID, 2) === 0xffff) continue;
    const several = (rc.ecamRead(slot << 3, PCI_HEADER_TYPE, 1) & PCI_HEADER_TYPE_MFD) !== 0;
    for (let f = 0; f < (several ? 8 : 1); f++) {
      const bdf = (slot << 3) | f;
      if (rc.ecamRead(bdf, PCI_VENDOR_ID, 2) !== 0xffff) found.push(probe(rc, bdf, windows));
    }
  }
  return found;
}

function probe(rc: RootComplex, bdf: number, windows: Windows): PciFunctionInfo {
  const pin = rc.ecamRead(bdf, PCI_INTERRUPT_PIN, 1);
  const gsi = pin >= 1 && pin <= 4 && rc.intxTarget !== null ? rc.intxTarget.route(bdf >> 3, pin) : -1;
  if (gsi >= 0) rc.ecamWrite(bdf, PCI_INTERRUPT_LINE, 1, gsi);
  return {
    bdf,
    vendor: rc.ecamRead(bdf, PCI_VENDOR_ID, 2),
    device: rc.ecamRead(bdf, PCI_DEVICE_ID, 2),
    subsystemVendor: rc.ecamRead(bdf, PCI_SUBSYSTEM_VENDOR_ID, 2),
    subsystemId: rc.ecamRead(bdf, PCI_SUBSYSTEM_ID, 2),
    classCode: rc.ecamRead(bdf, PCI_REVISION_ID, 4) >>> 8,
    revision: rc.ecamRead(bdf, PCI_REVISION_ID, 1),
    resources: assignBars(rc, bdf, windows),
    capabilities: capabilities(rc, bdf),
    extendedCapabilities: extendedCapabilities(rc, bdf),
    pin,
    gsi,
  };
}

function assignBars(rc: RootComplex, bdf: number, windows: Windows): PciResource[] {
  const resources: PciResource[] = [];
  const command = rc.ecamRead(bdf, PCI_COMMAND, 2);
  // A BAR full of ones must not be decoded while it is being sized.
  rc.ecamWrite(bdf, PCI_COMMAND, 2, command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO));
  for (let bar = 0; bar < 6; bar++) {
    const at = PCI_BASE_ADDRESS_0 + 4 * bar;
    const flags = rc.ecamRead(bdf, at, 4);
    rc.ecamWrite(bdf, at, 4, -1);
    const mask = rc.ecamRead(bdf, at, 4);
    rc.ecamWrite(bdf, at, 4, flags);
    if (mask === 0) continue;
    const io = (flags & PCI_BASE_ADDRESS_SPACE_IO) !== 0;
    const wide = !io && (flags & PCI_BASE_ADDRESS_MEM_TYPE_MASK) === PCI_BASE_ADDRESS_MEM_TYPE_64;
    const size = -(mask & (io ? ~3 : ~15)) >>> 0;
    const base = io ? assignIo(windows, size) : assignMemory(windows, size);
    rc.ecamWrite(bdf, at, 4, base);
    const prefetchable = !io && (flags & PCI_BASE_ADDRESS_MEM_PREFETCH) !== 0;
    resources.push({ bar, kind: io ? BAR_IO : BAR_MEM32, base, size, prefetchable, wide });
    if (!wide) continue;
    bar++;
    rc.ecamWrite(bdf, at + 4, 4, 0);
  }
  assignRom(rc, bdf, windows, resources);
  rc.ecamWrite(bdf, PCI_COMMAND, 2, command);
  return resources;
}

function assignRom(rc: RootComplex, bdf: number, windows: Windows, resources: PciResource[]): void {
  rc.ecamWrite(bdf, PCI_ROM_ADDRESS, 4, PCI_ROM_ADDRESS_MASK);
  const mask = rc.ecamRead(bdf, PCI_ROM_ADDRESS, 4) & PCI_ROM_ADDRESS_MASK;
  if (mask === 0) return;
  const size = -mask >>> 0;
  const base = assignMemory(windows, size);
  rc.ecamWrite(bdf, PCI_ROM_ADDRESS, 4, base);
  resources.push({ bar: BAR_ROM, kind: BAR_MEM32, base, size, prefetchable: false, wide: false });
}

function assignMemory(windows: Windows, size: number): number {
  const at = Math.ceil(windows.memUsed / size) * size;
  if (at + size > PCI_MMIO_SIZE) throw new PcieError('NO_RESOURCE', `no room for a memory BAR of ${size} bytes`);
  windows.memUsed = at + size;
  return (PCI_MMIO_BASE + at) | 0;
}

function assignIo(windows: Windows, size: number): number {
  const at = Math.ceil(windows.ioUsed / size) * size;
  if (at + size > PCI_IO_SIZE) throw new PcieError('NO_RESOURCE', `no room for an I/O BAR of ${size} ports`);
  windows.ioUsed = at + size;
  return PCI_IO_BASE + at;
}

function capabilities(rc: RootComplex, bdf: number): PciCapability[] {
  const list: PciCapability[] = [];
  if ((rc.ecamRead(bdf, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST) === 0) return list;
  let offset = rc.ecamRead(bdf, PCI_CAPABILITY_LIST, 1) & ~3;
  while (offset >= 0x40 && list.length < MAX_CAPABILITIES) {
    list.push({ id: rc.ecamRead(bdf, offset, 1), offset });
    offset = rc.ecamRead(bdf, offset + 1, 1) & ~3;
  }
  return list;
}

function extendedCapabilities(rc: RootComplex, bdf: number): PciCapability[] {
  const list: PciCapability[] = [];
  let offset = EXTENDED_CONFIG;
  while (offset >= EXTENDED_CONFIG && list.length < MAX_EXTENDED) {
    const header = rc.ecamRead(bdf, offset, 4);
    if (header === 0 || header === -1) break;
    list.push({ id: header & 0xffff, offset });
    offset = (header >>> 20) & ~3;
  }
  return list;
}
