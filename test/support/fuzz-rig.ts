import { PhysicalMemory } from '../../src/hw/memory/index.js';
import { msiAddress } from '../../src/hw/msi/index.js';
import { Nic82574, type Nic82574Options } from '../../src/hw/nic/index.js';
import { type IntxTarget, type MessageTarget, type PciFunction, RootComplex } from '../../src/hw/pcie/index.js';
import { Simulation } from '../../src/sim/index.js';
import { FramePool, Link, RawPort } from '../../src/wire/index.js';
import { type WatchPort, WatchPorts } from './fuzz-port.js';
import { createSlowPort } from './fuzz-slow.js';

export const FUZZ_MAC: Uint8Array = Uint8Array.of(0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc);
/** Where the BARs are when the driver has set them: registers, flash, MSI-X table; and the I/O window. */
export const BAR0: number = 0xc0000000 | 0;
export const BAR1: number = 0xc0020000 | 0;
export const BAR3: number = 0xc0040000 | 0;
export const IO = 0xc000;

export const PM: number = 0xc8;
export const MSI: number = 0xd0;
export const MSIX: number = 0xa0;

/** Host memory of the rig, and its parts as offsets from its start: rings a page apart, buffers with gaps, data to send. */
export const HOST_BYTES: number = 3 * 65536;
const RINGS = 0x1000;
const BUFFERS = 0x8000;
export const BUFFER_STRIDE = 0x900;
export const BUFFER_COUNT = 48;
const DATA = 0x28000;
const OTHER_BYTES: number = 2 * 65536;

export type Signalling = 'intx' | 'msi' | 'msix';

/** What arrives at the interrupt controllers. */
export class Signals implements MessageTarget, IntxTarget {
  level = 0;
  rises = 0;
  /** Time of the last rise. */
  rose = -1;
  /** Messages by their data. */
  readonly messages: Map<number, number> = new Map();
  total = 0;
  private readonly clock: Float64Array;

  constructor(clock: Float64Array) {
    this.clock = clock;
  }

  message(_address: number, data: number): void {
    this.total++;
    this.messages.set(data, this.count(data) + 1);
  }

  count(data: number): number {
    return this.messages.get(data) ?? 0;
  }

  intx(_slot: number, _pin: number, level: number): void {
    if (level !== 0 && this.level === 0) {
      this.rises++;
      this.rose = this.clock[0];
    }
    this.level = level;
  }

  route(): number {
    return 16;
  }
}

/** What a case may choose about the machine. */
export interface RigOptions {
  readonly rate: number | string;
  /** Reads complete later, posted requests arrive later. */
  readonly slow?: boolean;
  readonly nic: Nic82574Options;
}

/**
 * A machine with one 82574L: the memory of its host between canaries, the memory of another host right behind it, a port that
 * judges each request, a wire and a peer. Plain data, so that it can be cloned at any instant.
 */
export class FuzzRig {
  readonly sim: Simulation = new Simulation({ seed: 7, maxEventsPerInstant: 400_000 });
  readonly pool: FramePool = new FramePool(this.sim, { checked: true });
  readonly rc: RootComplex;
  readonly nic: Nic82574;
  readonly fn: PciFunction;
  readonly port: WatchPort;
  readonly link: Link;
  readonly peer: RawPort;
  readonly signals: Signals;
  /** Start of the host's memory, and of the other host's. */
  readonly host: number;
  readonly other: number;
  /** What both memories must hold. */
  private readonly shadow: Uint8Array;
  /** What the driver thinks: its tails and sizes by ring. */
  readonly tails: number[] = [0, 0, 0, 0];
  readonly sizes: number[] = [0, 0, 0, 0];
  nextBuffer = 0;
  /** So many stimuli follow each other at once, before what is due happens. */
  hold = 0;
  /** Flow control was on at some time: PAUSE frames may have been sent. */
  flow = false;

  constructor(options: RigOptions) {
    const { sim } = this;
    const memory = new PhysicalMemory(sim.arena, 1);
    const other = new PhysicalMemory(sim.arena, 2);
    this.rc = new RootComplex(sim, memory, options.slow === true ? { createPort: createSlowPort } : {});
    this.signals = new Signals(sim.clock);
    this.rc.messageTarget = this.signals;
    this.rc.intxTarget = this.signals;
    const ports = new WatchPorts(this.rc);
    this.nic = new Nic82574(ports, this.pool, FUZZ_MAC, options.nic);
    this.port = ports.ports[0];
    this.port.device = this.nic;
    this.port.pool = this.pool;
    this.fn = this.rc.attach(this.nic, 3);
    this.link = new Link(sim, this.pool, { rate: options.rate });
    this.nic.connect(this.link.a);
    this.peer = new RawPort(this.link.b, { pad: false });
    this.host = memory.alloc(HOST_BYTES);
    this.other = other.alloc(OTHER_BYTES);
    const { u8 } = sim.arena;
    for (let i = 0; i < HOST_BYTES + OTHER_BYTES; i++) u8[this.host + i] = (i * 167 + (i >> 8)) | 1;
    this.shadow = u8.slice(this.host, this.host + HOST_BYTES + OTHER_BYTES);
    this.configure('intx');
    this.drain();
  }

  /* Memory. */

  ring(ring: number): number {
    return this.host + RINGS * (1 + ring);
  }

  buffer(n: number): number {
    return this.host + BUFFERS + (n % BUFFER_COUNT) * BUFFER_STRIDE;
  }

  data(offset: number): number {
    return this.host + DATA + offset;
  }

  /** The driver writes a word of its own memory. */
  store(address: number, value: number): void {
    this.sim.arena.dv.setInt32(address, value, true);
    new DataView(this.shadow.buffer).setInt32(address - this.host, value, true);
  }

  storeBytes(address: number, bytes: Uint8Array): void {
    this.sim.arena.u8.set(bytes, address);
    this.shadow.set(bytes, address - this.host);
  }

  load(address: number): number {
    return this.sim.arena.dv.getInt32(address, true);
  }

  /** The first byte that changed without having been written by a judged request, as text; '' for none. */
  foreignChange(): string {
    const { u8 } = this.sim.arena;
    const { written } = this.port;
    for (let k = 0; k < written.length; k += 2) this.accept(written[k], written[k + 1]);
    this.port.written = [];
    for (const lo of this.port.messages) if (lo >= this.host && lo < this.host + HOST_BYTES) this.accept(lo, 4);
    const now = u8.subarray(this.host, this.host + this.shadow.length);
    if (Buffer.compare(now, this.shadow) === 0) return '';
    const at = now.findIndex((byte, i) => byte !== this.shadow[i]);
    return `byte ${at.toString(16)} of ${at < HOST_BYTES ? 'the host' : 'another host'} changed`;
  }

  private accept(address: number, length: number): void {
    this.shadow.set(this.sim.arena.u8.subarray(address, address + length), address - this.host);
  }

  /* Registers and time. */

  write(offset: number, value: number): void {
    this.rc.write32((BAR0 + offset) | 0, value | 0);
  }

  read(offset: number): number {
    return this.rc.read32((BAR0 + offset) | 0);
  }

  config(offset: number, size: number, value: number): void {
    this.rc.ecamWrite(this.fn.bdf, offset, size, value);
  }

  configRead(offset: number, size: number): number {
    return this.rc.ecamRead(this.fn.bdf, offset, size);
  }

  /** All that is due at this instant happens. */
  settle(): void {
    this.sim.drain(this.sim.now);
  }

  /** Time goes on by `ns`. */
  pass(ns: number): void {
    const end = this.sim.now + ns;
    this.sim.drain(end);
    this.sim.advanceTo(end);
  }

  /** Runs until nothing is left to do. */
  drain(): void {
    this.sim.drain(Number.MAX_SAFE_INTEGER);
  }

  /* What a driver does. */

  /** Configuration space as firmware and driver leave it. */
  configure(how: Signalling): void {
    this.config(PM + 4, 2, 0);
    this.config(0x10, 4, BAR0);
    this.config(0x14, 4, BAR1);
    this.config(0x18, 4, IO);
    this.config(0x1c, 4, BAR3);
    this.config(MSI + 2, 2, 0);
    this.config(MSIX + 2, 2, 0);
    this.config(0x04, 2, how === 'intx' ? 0x0007 : 0x0407);
    if (how === 'msi') {
      this.config(MSI + 4, 4, msiAddress(0));
      this.config(MSI + 8, 4, 0);
      this.config(MSI + 12, 2, 0x41);
      this.config(MSI + 2, 2, 1);
    } else if (how === 'msix') this.configureVectors();
  }

  private configureVectors(): void {
    this.config(MSIX + 2, 2, 0xc000);
    for (let n = 0; n < 5; n++) {
      this.rc.write32((BAR3 + 16 * n) | 0, msiAddress(0));
      this.rc.write32((BAR3 + 16 * n + 4) | 0, 0);
      this.rc.write32((BAR3 + 16 * n + 8) | 0, 0x50 + n);
      this.rc.write32((BAR3 + 16 * n + 12) | 0, 0);
    }
    this.config(MSIX + 2, 2, 0x8000);
  }

  /** A ring with its registers; a receive ring gets `given` buffers. */
  setupRing(ring: number, count: number, given: number): void {
    const at = [0x2800, 0x2900, 0x3800, 0x3900][ring];
    const base = this.ring(ring);
    for (let i = 0; i < count; i++) {
      if (ring < 2) this.giveBuffer(ring, i);
      else for (let k = 0; k < 16; k += 4) this.store(base + i * 16 + k, 0);
    }
    this.write(at, base);
    this.write(at + 4, 0);
    this.write(at + 8, count * 16);
    this.write(at + 0x10, 0);
    this.tails[ring] = ring < 2 ? given : 0;
    this.sizes[ring] = count;
    this.write(at + 0x18, this.tails[ring]);
  }

  /** A fresh receive descriptor with the next buffer. */
  giveBuffer(ring: number, i: number): void {
    const at = this.ring(ring) + (i & 127) * 16;
    this.store(at, this.buffer(this.nextBuffer++));
    this.store(at + 4, 0);
    this.store(at + 8, 0);
    this.store(at + 12, 0);
  }

  /** Four words into the next transmit descriptor of ring 2 or 3. */
  put(ring: number, lo: number, hi: number, command: number, upper: number): void {
    const at = this.ring(ring) + (this.tails[ring] & 127) * 16;
    this.store(at, lo);
    this.store(at + 4, hi);
    this.store(at + 8, command);
    this.store(at + 12, upper);
    this.tails[ring] = this.sizes[ring] === 0 ? 0 : (this.tails[ring] + 1) % this.sizes[ring];
  }

  kick(ring: number): void {
    this.write([0x2818, 0x2918, 0x3818, 0x3918][ring], this.tails[ring]);
  }

  /** Software resets of the MAC and the PHY, as Linux' driver does them when it starts. */
  softReset(): void {
    this.write(0x00d8, -1);
    this.write(0x0000, 0x04140241);
    this.write(0x0000, 0x80140241 | 0);
    this.drain();
  }
}
