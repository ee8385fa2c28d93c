import { type Simulation, TP } from '../../sim/index.js';
import { PhysicalMemory } from '../memory/index.js';
import { BAR_IO, BAR_MEM32, BAR_NONE, type ConfigSpace } from './config-space.js';
import type { DevicePort, DevicePortFactory, EndpointPort, PciDevice, PortCounters } from './device.js';
import { createDirectPort } from './direct-port.js';
import { PcieError } from './errors.js';
import { IoMem } from './io-mem.js';
import { ECAM_BASE, ECAM_SIZE, hexAddress, isMsiAddress, PCI_MMIO_BASE, PCI_MMIO_SIZE } from './map.js';
import { PCI_INTERRUPT_PIN, PCI_VENDOR_ID } from './regs.js';

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
  /** @param pin 1..4 = INTA#..INTD# */
  intx(slot: number, pin: number, level: number): void;
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

/**
 * The root of one host's PCI tree: bus 0 with up to 32 single-function devices, configuration space over ECAM,
 * decoding of CPU accesses, and the way of interrupt messages to the interrupt controllers.
 */
export class RootComplex implements DevicePortFactory {
  readonly sim: Simulation;
  readonly memory: PhysicalMemory;
  readonly deviceMemory: PhysicalMemory;
  readonly counters: RootComplexCounters = { unclaimedRead: 0, unclaimedWrite: 0, lostMessage: 0 };
  /** Attached functions by slot. */
  readonly slots: (PciFunction | null)[] = new Array<PciFunction | null>(32).fill(null);
  readonly functions: PciFunction[] = [];
  readonly regions: DecodedRegion[] = [];
  messageTarget: MessageTarget | null = null;
  intxTarget: IntxTarget | null = null;
  private readonly makePort: PortMaker;
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
   * Plugs a device into slot 0..31 of bus 0; its configuration space is as after reset from now on.
   * @throws PcieError SLOT
   */
  attach(device: PciDevice, slot: number): PciFunction {
    if (!(slot >= 0 && slot < 32) || this.slots[slot] !== null)
      throw new PcieError('SLOT', `slot ${slot} cannot be used`);
    const known = this.unattached.findIndex((entry) => entry.device === device);
    const port = known < 0 ? this.makePort(this, device) : this.unattached[known].port;
    if (known >= 0) this.unattached.splice(known, 1);
    const bdf = slot << 3;
    device.config.seal();
    port.attached(bdf);
    const fn: PciFunction = { bdf, slot, device, config: device.config, port, counters: port.counters };
    this.slots[slot] = fn;
    this.functions.push(fn);
    return fn;
  }

  /** The function at bus/device/function, or null. */
  functionAt(bdf: number): PciFunction | null {
    return (bdf & ~0xf8) === 0 ? this.slots[bdf >> 3] : null;
  }

  /**
   * Configuration read over ECAM: 1, 2 or 4 bytes, ones where no function is (4 bytes: int32).
   * @throws PcieError CONFIG_ACCESS
   */
  ecamRead(bdf: number, offset: number, size: number): number {
    const fn = this.functionAt(bdf);
    if (fn === null) return size === 4 ? -1 : (1 << (8 * size)) - 1;
    fn.port.flushPosted();
    return fn.config.read(offset, size);
  }

  /** Configuration write over ECAM; ignored where no function is. @throws PcieError CONFIG_ACCESS */
  ecamWrite(bdf: number, offset: number, size: number, value: number): void {
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
      for (let bar = 0; bar < 6; bar++) {
        if (this.decodes(fn, bar, kind, addr)) return this.deviceRead(fn, bar, (addr - fn.config.barBase[bar]) | 0);
      }
    }
    this.counters.unclaimedRead++;
    return -1;
  }

  private barWrite(kind: number, addr: number, value: number): void {
    for (const fn of this.functions) {
      for (let bar = 0; bar < 6; bar++) {
        if (!this.decodes(fn, bar, kind, addr)) continue;
        fn.device.mmioWrite(bar, (addr - fn.config.barBase[bar]) | 0, value);
        return;
      }
    }
    this.counters.unclaimedWrite++;
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
      for (let bar = 0; bar < 6; bar++) {
        const config = fn.config;
        if (config.barKind[bar] === BAR_NONE || config.barKind[bar] === BAR_IO) continue;
        if (inside(base, length, config.barBase[bar], config.barSize[bar])) io.hint(fn, bar);
      }
    }
    return io;
  }

  /**
   * A posted 32-bit write of a device arrives: an interrupt message in the window 0xFEExxxxx, else a write to RAM.
   */
  postedWrite32(port: EndpointPort, who: number, addr: number, data: number): void {
    if (isMsiAddress(addr)) {
      if (this.sim.trace.on) this.sim.trace.put(TP.MSI, who, 0, addr, data, 0);
      if (this.messageTarget !== null) this.messageTarget.message(addr, data);
      else this.counters.lostMessage++;
    } else if ((addr & 3) === 0 && this.memory.owns(addr, 4)) {
      this.sim.arena.i32[addr >> 2] = data;
    } else {
      port.counters.unsupportedRequest++;
    }
  }

  /** An Assert_INTx or Deassert_INTx message of the function in `slot` arrives. */
  intxMessage(slot: number, who: number, level: number): void {
    const pin = this.slots[slot]?.config.bytes[PCI_INTERRUPT_PIN] ?? 0;
    if (this.sim.trace.on) this.sim.trace.put(TP.INTX, who, 0, pin, level, 0);
    if (this.intxTarget !== null && pin >= 1 && pin <= 4) this.intxTarget.intx(slot, pin, level);
    else this.counters.lostMessage++;
  }

  /** One line for people: what is plugged in. */
  toString(): string {
    return this.functions
      .map((f) => `00:${f.slot.toString(16).padStart(2, '0')}.0 ${hexAddress(f.config.read(PCI_VENDOR_ID, 4))}`)
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
