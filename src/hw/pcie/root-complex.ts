import { type Simulation, TP } from '../../sim/index.js';
import { PhysicalMemory } from '../memory/index.js';
import { ERR_COR, ERR_NONFATAL, type PciError } from './aer.js';
import { checkAccess, RESET_FUNCTION, RESET_HOT } from './config-bits.js';
import { BAR_IO, BAR_MEM32, BAR_ROM, BAR_UNREACHABLE, BARS, type ConfigSpace } from './config-space.js';
import type { DevicePort, DevicePortFactory, EndpointPort, PciDevice, PortCounters } from './device.js';
import { createDirectPort } from './direct-port.js';
import { ErrorLog } from './error-log.js';
import { PcieError } from './errors.js';
import { IoMem } from './io-mem.js';
import { ECAM_BASE, ECAM_SIZE, hexAddress, isMsiAddress, PCI_MMIO_BASE, PCI_MMIO_SIZE } from './map.js';
import { PCI_ERR_UNC_UNSUP, PCI_INTERRUPT_PIN, PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK, PCI_VENDOR_ID } from './regs.js';
import { isNonPosted, requestHeader, TLP_MEM_READ, TLP_MEM_WRITE } from './tlp.js';

/** Registers the root complex itself decodes (IO-APIC, local APIC): 32-bit, offsets from the region's base. */
export interface MmioRegion {
  read32(offset: number): number;
  write32(offset: number, value: number): void;
}

/** Takes the interrupt messages devices write to 0xFEExxxxx. */
export interface MessageTarget {
  /** @param addressLo int32, 0xFEExxxxx. @param data the 32-bit message data */
  message(addressLo: number, data: number): void;
}

/** Takes Assert_INTx and Deassert_INTx messages. */
export interface IntxTarget {
  /** @param pin 1..4 = INTA#..INTD#. @param fn the function in the slot, default 0: each pulls for itself */
  intx(slot: number, pin: number, level: number, fn?: number): void;
  /** The global system interrupt that pin of that slot is wired to. */
  route(slot: number, pin: number): number;
}

/** One attached function. */
export interface PciFunction {
  /** bus << 8 | device << 3 | function, as in a requester id. */
  readonly bdf: number;
  /** Device number on bus 0. */
  readonly slot: number;
  readonly device: PciDevice;
  readonly config: ConfigSpace;
  readonly port: EndpointPort;
  readonly counters: PortCounters;
}

/** A place the root complex decodes for its own registers. */
export interface DecodedRegion {
  readonly base: number;
  readonly size: number;
  readonly region: MmioRegion;
}

/** Makes the port of a device: `createDirectPort`, or one with link timing. */
export type PortMaker = (rc: RootComplex, device: PciDevice) => EndpointPort;

/** Options of {@link RootComplex}. */
export interface RootComplexOptions {
  /** Default `createDirectPort`. Must be a top-level function (it is part of the cloned state). */
  createPort?: PortMaker;
  /** Memory of the devices (owner 0), best shared by all hosts of a network; default: one of its own. */
  deviceMemory?: PhysicalMemory;
}

/** What the root complex itself refused. */
export interface RootComplexCounters {
  /** CPU accesses no one decodes: reads give ones, writes are dropped. */
  unclaimedRead: number;
  unclaimedWrite: number;
  /** Interrupt messages with no controller behind them. */
  lostMessage: number;
}

/** Requester id of the root complex. */
const ROOT_ID = 0;

/**
 * The root of one host's PCI tree: bus 0 with up to 32 devices of up to 8 functions, configuration space over ECAM,
 * decoding of CPU accesses, and the way of interrupt and error messages up. There are no bridges.
 */
export class RootComplex implements DevicePortFactory {
  readonly sim: Simulation;
  readonly memory: PhysicalMemory;
  readonly deviceMemory: PhysicalMemory;
  readonly counters: RootComplexCounters = { unclaimedRead: 0, unclaimedWrite: 0, lostMessage: 0 };
  /** Error messages received, and errors of requests the root complex itself refused. */
  readonly errors: ErrorLog = new ErrorLog();
  /** Attached functions by device << 3 | function. */
  readonly byDevfn: (PciFunction | null)[] = new Array<PciFunction | null>(256).fill(null);
  readonly functions: PciFunction[] = [];
  readonly regions: DecodedRegion[] = [];
  messageTarget: MessageTarget | null = null;
  intxTarget: IntxTarget | null = null;
  private readonly makePort: PortMaker;
  /** Which functions of a slot pull a line, a bit each, by slot << 2 | pin - 1. */
  private readonly intxLevels: Uint8Array = new Uint8Array(32 * 4);
  private readonly unattached: { device: PciDevice; port: EndpointPort }[] = [];

  constructor(sim: Simulation, memory: PhysicalMemory, options: RootComplexOptions = {}) {
    this.sim = sim;
    this.memory = memory;
    this.deviceMemory = options.deviceMemory ?? new PhysicalMemory(sim.arena, 0);
    this.makePort = options.createPort ?? createDirectPort;
  }

  /** The port of a device that is about to be attached (a device asks for it in its constructor). */
  createPort(device: PciDevice): DevicePort {
    const port = this.makePort(this, device);
    this.unattached.push({ device, port });
    return port;
  }

  /**
   * Plugs a device into slot 0..31 of bus 0; its configuration space is as after reset from now on. Function 0 comes first;
   * with a second function all of the slot carry the multi-function bit.
   * @param fn function number 0..7 (default 0)
   * @throws PcieError SLOT when the place is taken or out of range, or function 0 is missing
   */
  attach(device: PciDevice, slot: number, fn = 0): PciFunction {
    this.checkPlace(slot, fn);
    const known = this.unattached.findIndex((entry) => entry.device === device);
    const port = known < 0 ? this.makePort(this, device) : this.unattached[known].port;
    if (known >= 0) this.unattached.splice(known, 1);
    const bdf = (slot << 3) | fn;
    device.config.seal();
    port.attached(bdf);
    const added: PciFunction = { bdf, slot, device, config: device.config, port, counters: port.counters };
    this.byDevfn[bdf] = added;
    this.functions.push(added);
    if (fn !== 0) for (const f of this.functions) if (f.slot === slot) f.config.markMultiFunction();
    return added;
  }

  private checkPlace(slot: number, fn: number): void {
    const known = Number.isInteger(slot) && slot >= 0 && slot < 32 && Number.isInteger(fn) && fn >= 0 && fn < 8;
    if (!known || this.byDevfn[(slot << 3) | fn] !== null) {
      throw new PcieError('SLOT', `slot ${slot}, function ${fn} cannot be used`);
    }
    if (fn !== 0 && this.byDevfn[slot << 3] === null) {
      throw new PcieError('SLOT', `slot ${slot} has no function 0 yet`);
    }
  }

  /** The function at bus/device/function, or null. */
  functionAt(bdf: number): PciFunction | null {
    return (bdf & ~0xff) === 0 ? (this.byDevfn[bdf] ?? null) : null;
  }

  /** Hot reset: every function and its configuration space (but its sticky bits) are as after power-on. */
  hotReset(): void {
    for (const fn of this.functions) fn.config.resetNow(RESET_HOT);
  }

  /**
   * Resets one function: by function-level reset if its Device Capabilities announce it, else by way of D3hot.
   * @returns false when there is no such function, or it can do neither (then only a hot reset helps)
   */
  functionReset(bdf: number): boolean {
    const config = this.functionAt(bdf)?.config;
    if (config === undefined) return false;
    if (config.supportsFunctionReset()) config.resetNow(RESET_FUNCTION);
    else if (config.softResets()) {
      const at = config.pmCap + PCI_PM_CTRL;
      const control = this.ecamRead(bdf, at, 2) & ~PCI_PM_CTRL_STATE_MASK;
      this.ecamWrite(bdf, at, 2, control | PCI_PM_CTRL_STATE_MASK);
      this.ecamWrite(bdf, at, 2, control);
    } else return false;
    return true;
  }

  /** A fault is injected: the function at `bdf` detects this error. Nothing happens where no function is. */
  injectError(bdf: number, error: PciError): void {
    this.functionAt(bdf)?.port.reportError(error);
  }

  /**
   * Configuration read over ECAM: 1, 2 or 4 bytes, ones where no function is (4 bytes: int32).
   * @throws PcieError CONFIG_ACCESS
   */
  ecamRead(bdf: number, offset: number, size: number): number {
    const fn = this.functionAt(bdf);
    if (fn === null) {
      checkAccess(offset, size);
      return size === 4 ? -1 : (1 << (8 * size)) - 1;
    }
    fn.port.flushPosted();
    return fn.config.read(offset, size);
  }

  /** Configuration write over ECAM; ignored where no function is. @throws PcieError CONFIG_ACCESS */
  ecamWrite(bdf: number, offset: number, size: number, value: number): void {
    checkAccess(offset, size);
    this.functionAt(bdf)?.config.write(offset, size, value);
  }

  /** Decodes `size` bytes at `base` to registers of the root complex's own side. */
  addRegion(base: number, size: number, region: MmioRegion): void {
    this.regions.push({ base: base | 0, size, region });
  }

  /** The own region that holds `addr`, or null. */
  regionAt(addr: number): DecodedRegion | null {
    for (const r of this.regions) if (within(addr, r.base, r.size)) return r;
    return null;
  }

  /** BAR `i` of `fn` decodes `addr` now (the space enabled, the base programmed so). */
  decodes(fn: PciFunction, bar: number, kind: number, addr: number): boolean {
    const config = fn.config;
    if (config.barKind[bar] !== kind) return false;
    if (kind === BAR_MEM32 ? !config.memEnabled : !config.ioEnabled) return false;
    if (config.barBase[bar] === BAR_UNREACHABLE) return false;
    return within(addr, config.barBase[bar], config.barSize[bar]);
  }

  /** The CPU reads 32 bits at a physical address: RAM, ECAM, registers. Ones where nothing answers. */
  read32(addr: number): number {
    if (this.memory.owns(addr, 4)) return this.sim.arena.dv.getInt32(addr, true);
    if (within(addr, ECAM_BASE, ECAM_SIZE)) return this.ecamRead((addr >>> 12) & 0xff, addr & 0xffc, 4);
    const own = this.regionAt(addr);
    if (own !== null) return own.region.read32(addr - own.base);
    return this.barRead(BAR_MEM32, addr);
  }

  /** The CPU writes 32 bits at a physical address; dropped and counted where nothing answers. */
  write32(addr: number, value: number): void {
    const own = this.regionAt(addr);
    if (this.memory.owns(addr, 4)) this.sim.arena.dv.setInt32(addr, value, true);
    else if (within(addr, ECAM_BASE, ECAM_SIZE)) this.ecamWrite((addr >>> 12) & 0xff, addr & 0xffc, 4, value);
    else if (own !== null) own.region.write32(addr - own.base, value);
    else this.barWrite(BAR_MEM32, addr, value);
  }

  /** 32-bit I/O port read; ones where nothing answers. */
  inl(port: number): number {
    return this.barRead(BAR_IO, port);
  }

  /** 32-bit I/O port write. */
  outl(port: number, value: number): void {
    this.barWrite(BAR_IO, port, value);
  }

  private barRead(kind: number, addr: number): number {
    for (const fn of this.functions) {
      for (let bar = 0; bar < BARS; bar++) {
        if (this.decodes(fn, bar, kind, addr)) return this.deviceRead(fn, bar, (addr - fn.config.barBase[bar]) | 0);
      }
    }
    this.counters.unclaimedRead++;
    return -1;
  }

  private barWrite(kind: number, addr: number, value: number): void {
    for (const fn of this.functions) {
      for (let bar = 0; bar < BARS; bar++) {
        if (!this.decodes(fn, bar, kind, addr)) continue;
        if (bar === BAR_ROM) return;
        fn.device.mmioWrite(bar, (addr - fn.config.barBase[bar]) | 0, value);
        return;
      }
    }
    this.counters.unclaimedWrite++;
  }

  /**
   * A read through a mapping whose BAR no longer answers. If nothing else does, the function it was meant for answers
   * Unsupported Request: ones for the CPU, an error of the function.
   */
  strayRead(fn: PciFunction, addr: number): number {
    const before = this.counters.unclaimedRead;
    const value = this.read32(addr);
    if (this.counters.unclaimedRead !== before) this.unsupported(fn, TLP_MEM_READ, addr);
    return value;
  }

  /** A write through such a mapping. */
  strayWrite(fn: PciFunction, addr: number, value: number): void {
    const before = this.counters.unclaimedWrite;
    this.write32(addr, value);
    if (this.counters.unclaimedWrite !== before) this.unsupported(fn, TLP_MEM_WRITE, addr);
  }

  private unsupported(fn: PciFunction, kind: number, addr: number): void {
    const header = requestHeader(kind, ROOT_ID, addr, 0, 4);
    fn.port.reportError({ status: PCI_ERR_UNC_UNSUP, advisory: isNonPosted(kind), header });
  }

  /** The root complex refuses a request of a device: to memory that is not there, or not this host's. */
  requestRefused(kind: number, bdf: number, lo: number, hi: number, length: number): void {
    const message = isNonPosted(kind) ? ERR_COR : ERR_NONFATAL;
    const header = requestHeader(kind, bdf, lo, hi, length);
    this.errors.refused(this.sim.clock[0], bdf, message, PCI_ERR_UNC_UNSUP, header);
  }

  /** An error message of a function arrives. */
  errorMessage(bdf: number, message: number): void {
    const fn = this.byDevfn[bdf];
    if (fn !== null) this.errors.received(this.sim.clock[0], bdf, message, fn.config);
  }

  /** A register read whose completion pushes the device's posted messages ahead of it. */
  deviceRead(fn: PciFunction, bar: number, offset: number): number {
    const value = fn.device.mmioRead(bar, offset) | 0;
    fn.port.flushPosted();
    return value;
  }

  /**
   * A mapping of `length` bytes of register space; null when the range is RAM or outside every register window.
   * What it decodes to is looked up at each access, so it may be made before the BAR is enabled.
   */
  ioremap(addr: number, length: number): IoMem | null {
    const base = addr | 0;
    if (!(length > 0)) return null;
    const inWindow =
      inside(base, length, PCI_MMIO_BASE, PCI_MMIO_SIZE) ||
      inside(base, length, ECAM_BASE, ECAM_SIZE) ||
      this.regions.some((r) => inside(base, length, r.base, r.size));
    if (!inWindow) return null;
    const io = new IoMem(this, base, length);
    for (const fn of this.functions) {
      for (let bar = 0; bar < BAR_ROM; bar++) {
        const config = fn.config;
        if (config.barKind[bar] !== BAR_MEM32 || config.barBase[bar] === BAR_UNREACHABLE) continue;
        if (inside(base, length, config.barBase[bar], config.barSize[bar])) io.hint(fn, bar);
      }
    }
    return io;
  }

  /**
   * A posted 32-bit write of a device arrives: an interrupt message in the window 0xFEExxxxx, else a write to RAM.
   */
  postedWrite32(bdf: number, who: number, addr: number, data: number): void {
    if (isMsiAddress(addr)) {
      if (this.sim.trace.on) this.sim.trace.put(TP.MSI, who, 0, addr, data, 0);
      if (this.messageTarget !== null) this.messageTarget.message(addr, data);
      else this.counters.lostMessage++;
    } else this.memoryWrite32(bdf, addr, data);
  }

  private memoryWrite32(bdf: number, addr: number, data: number): void {
    if ((addr & 3) === 0 && this.memory.owns(addr, 4)) {
      this.sim.arena.i32[addr >> 2] = data;
    } else {
      const fn = this.byDevfn[bdf];
      if (fn !== null) fn.counters.unsupportedRequest++;
      this.requestRefused(TLP_MEM_WRITE, bdf, addr, 0, 4);
    }
  }

  /**
   * An Assert_INTx or Deassert_INTx message of a function arrives. Functions of one device that use the same pin share
   * its virtual wire: it is asserted while one of them asserts it.
   */
  intxMessage(bdf: number, who: number, level: number): void {
    const slot = bdf >>> 3;
    const pin = this.byDevfn[bdf]?.config.bytes[PCI_INTERRUPT_PIN] ?? 0;
    if (this.sim.trace.on) this.sim.trace.put(TP.INTX, who, 0, pin, level, 0);
    if (pin < 1 || pin > 4) {
      this.counters.lostMessage++;
      return;
    }
    const wire = (slot << 2) | (pin - 1);
    const before = this.intxLevels[wire];
    const bit = 1 << (bdf & 7);
    this.intxLevels[wire] = level !== 0 ? before | bit : before & ~bit;
    const now = this.intxLevels[wire] !== 0 ? 1 : 0;
    if (now === (before !== 0 ? 1 : 0)) return;
    if (this.intxTarget !== null) this.intxTarget.intx(slot, pin, now);
    else this.counters.lostMessage++;
  }

  /** One line for people: what is plugged in. */
  toString(): string {
    return this.functions
      .map(
        (f) => `00:${f.slot.toString(16).padStart(2, '0')}.${f.bdf & 7} ${hexAddress(f.config.read(PCI_VENDOR_ID, 4))}`,
      )
      .join(', ');
  }
}

/** `addr` lies in [base, base + size), all int32 read as unsigned. */
function within(addr: number, base: number, size: number): boolean {
  return (addr - base) >>> 0 < size;
}

function inside(addr: number, length: number, base: number, size: number): boolean {
  return within(addr, base, size) && ((addr - base) >>> 0) + length <= size;
}
