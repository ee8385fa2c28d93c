import { PhysicalMemory } from '../../../src/hw/memory/index.js';
import { msiAddress, msiData } from '../../../src/hw/msi/index.js';
import { Nic82574, type Nic82574Options } from '../../../src/hw/nic/index.js';
import {
  type DevicePortFactory,
  type IntxTarget,
  type MessageTarget,
  PCI_COMMAND,
  type PciFunction,
  RootComplex,
} from '../../../src/hw/pcie/index.js';
import { type Arena, type SimTarget, Simulation } from '../../../src/sim/index.js';
import { FramePool, Link, RawPort } from '../../../src/wire/index.js';

export const MAC: Uint8Array = Uint8Array.of(0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc);
export const HOST = 1;
export const US = 1000;

/* Register offsets that the tests use. */
export const REG = {
  CTRL: 0x0000,
  STATUS: 0x0008,
  EERD: 0x0014,
  CTRL_EXT: 0x0018,
  MDIC: 0x0020,
  ICR: 0x00c0,
  ITR: 0x00c4,
  ICS: 0x00c8,
  IMS: 0x00d0,
  IMC: 0x00d8,
  IAM: 0x00e0,
  RCTL: 0x0100,
  TCTL: 0x0400,
  PBA: 0x1000,
  RDBAL: 0x2800,
  RDBAH: 0x2804,
  RDLEN: 0x2808,
  RDH: 0x2810,
  RDT: 0x2818,
  RDTR: 0x2820,
  RADV: 0x282c,
  TDBAL: 0x3800,
  TDLEN: 0x3808,
  TDH: 0x3810,
  TDT: 0x3818,
  TIDV: 0x3820,
  TADV: 0x382c,
  CRCERRS: 0x4000,
  MPC: 0x4010,
  GPRC: 0x4074,
  GORCL: 0x4088,
  GORCH: 0x408c,
  RNBC: 0x40a0,
  RUC: 0x40a4,
  ROC: 0x40ac,
  TPR: 0x40d0,
  TPT: 0x40d4,
  TSCTFC: 0x40fc,
  RXCSUM: 0x5000,
  RFCTL: 0x5008,
  MTA: 0x5200,
  RAL: 0x5400,
  RAH: 0x5404,
  SWSM: 0x5b50,
} as const;

export const RCTL_EN: number = 1 << 1;
export const RCTL_BAM: number = 1 << 15;
export const RCTL_SECRC: number = 1 << 26;
export const RFCTL_EXTEN: number = 1 << 15;
/** EN and PSP. */
export const TCTL_ON = 0xa;
export const RXT0 = 0x80;

/** Records interrupts with their times. */
export class InterruptLog implements MessageTarget, IntxTarget {
  readonly msi: number[] = [];
  /** Message data, one for each entry of `msi`. */
  readonly messages: number[] = [];
  readonly intxEdges: { time: number; level: number }[] = [];
  level = 0;
  /** Called at each interrupt: an interrupt handler. */
  handler: (() => void) | null = null;
  private readonly sim: Simulation;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  message(_address: number, data: number): void {
    this.msi.push(this.sim.clock[0]);
    this.messages.push(data);
    this.handler?.();
  }

  intx(_slot: number, _pin: number, level: number): void {
    this.level = level;
    this.intxEdges.push({ time: this.sim.clock[0], level });
    if (level === 1) this.handler?.();
  }

  route(_slot: number, _pin: number): number {
    return 16;
  }

  /** Times at which the line rose. */
  rises(): number[] {
    return this.intxEdges.filter((e) => e.level === 1).map((e) => e.time);
  }
}

export interface BenchOptions {
  nic?: Nic82574Options;
  mac?: Uint8Array;
  rate?: number | string;
  checked?: boolean;
  /** Wraps or replaces the port. */
  ports?: (rc: RootComplex) => DevicePortFactory;
}

/** One NIC in a root complex, with a raw port at the other end of its wire. */
export class Bench {
  readonly sim: Simulation = new Simulation({ seed: 1 });
  readonly pool: FramePool;
  readonly memory: PhysicalMemory;
  readonly rc: RootComplex;
  readonly nic: Nic82574;
  readonly fn: PciFunction;
  readonly link: Link;
  readonly peer: RawPort;
  readonly log: InterruptLog;
  rxRing = 0;
  txRing = 0;
  rxBuffers: number[] = [];
  rxCount = 0;
  txCount = 0;
  txTail = 0;
  /** Delivers what is posted before a register read completes. */
  upstream: { flushPosted(): void };
  private readonly alarm: number;

  constructor(options: BenchOptions = {}) {
    this.pool = new FramePool(this.sim, { checked: options.checked !== false });
    this.memory = new PhysicalMemory(this.sim.arena, HOST);
    this.alarm = this.sim.attach(new Alarm());
    this.rc = new RootComplex(this.sim, this.memory);
    this.log = new InterruptLog(this.sim);
    this.rc.messageTarget = this.log;
    this.rc.intxTarget = this.log;
    this.nic = new Nic82574(options.ports?.(this.rc) ?? this.rc, this.pool, options.mac ?? MAC, options.nic);
    this.fn = this.rc.attach(this.nic, 3);
    this.upstream = this.fn.port;
    this.link = new Link(this.sim, this.pool, { rate: options.rate ?? 0 });
    this.nic.connect(this.link.a);
    this.peer = new RawPort(this.link.b);
    this.setMaster(true);
    this.run();
  }

  get arena(): Arena {
    return this.sim.arena;
  }

  /** Memory and bus-master enable. */
  setMaster(on: boolean): void {
    this.nic.config.write(PCI_COMMAND, 2, on ? 6 : 2);
  }

  enableMsi(): void {
    const cap = this.nic.config.msiCap;
    this.nic.config.write(cap + 4, 4, msiAddress(0));
    this.nic.config.write(cap + 12, 2, msiData(0x41));
    this.nic.config.write(cap + 2, 2, 1);
  }

  read(offset: number): number {
    const value = this.nic.mmioRead(0, offset) | 0;
    this.upstream.flushPosted();
    return value;
  }

  write(offset: number, value: number): void {
    this.nic.mmioWrite(0, offset, value | 0);
  }

  /** Runs until nothing is left to do. */
  run(): void {
    this.sim.drain(Number.MAX_SAFE_INTEGER);
  }

  /** Runs to an absolute time and stands there. */
  runTo(time_ns: number): void {
    this.sim.at[0] = time_ns;
    this.sim.scheduleAt(this.alarm, 0, 0, 0);
    this.sim.drain(time_ns);
  }

  /** A receive ring of `count` descriptors with `buffers` of them given to the chip. */
  setupRx(count: number, rctl: number, bufferBytes = 2048, given: number = count - 1): void {
    this.rxCount = count;
    this.rxRing = this.memory.alloc(count * 16, 128);
    this.rxBuffers = [];
    for (let i = 0; i < count; i++) {
      this.rxBuffers.push(this.memory.alloc(bufferBytes, 64));
      this.armRx(i);
    }
    this.write(REG.RDBAL, this.rxRing);
    this.write(REG.RDBAH, 0);
    this.write(REG.RDLEN, count * 16);
    this.write(REG.RDH, 0);
    this.write(REG.RDT, given);
    this.write(REG.RCTL, rctl | RCTL_EN);
    this.run();
  }

  /** Makes descriptor `i` fresh. */
  armRx(i: number): void {
    const w = (this.rxRing >> 2) + i * 4;
    const words = this.arena.i32;
    words[w] = this.rxBuffers[i];
    words[w + 1] = 0;
    words[w + 2] = 0;
    words[w + 3] = 0;
  }

  /** The four words of receive descriptor `i`. */
  rxWords(i: number): Int32Array {
    const w = (this.rxRing >> 2) + i * 4;
    return this.arena.i32.slice(w, w + 4);
  }

  rxData(i: number, length: number): Uint8Array {
    return this.arena.u8.slice(this.rxBuffers[i], this.rxBuffers[i] + length);
  }

  setupTx(count: number): void {
    this.txCount = count;
    this.txTail = 0;
    this.txRing = this.memory.alloc(count * 16, 128);
    this.arena.i32.fill(0, this.txRing >> 2, (this.txRing >> 2) + count * 4);
    this.write(REG.TDBAL, this.txRing);
    this.write(REG.TDLEN, count * 16);
    this.write(REG.TDH, 0);
    this.write(REG.TDT, 0);
    this.write(REG.TCTL, TCTL_ON);
  }

  /** Puts four words into the next transmit descriptor; `kick` moves TDT there. */
  txPut(w0: number, w1: number, w2: number, w3: number, kick = true): number {
    const index = this.txTail;
    const w = (this.txRing >> 2) + index * 4;
    const words = this.arena.i32;
    words[w] = w0;
    words[w + 1] = w1;
    words[w + 2] = w2;
    words[w + 3] = w3;
    this.txTail = (index + 1) % this.txCount;
    if (kick) this.write(REG.TDT, this.txTail);
    return index;
  }

  txWords(i: number): Int32Array {
    const w = (this.txRing >> 2) + i * 4;
    return this.arena.i32.slice(w, w + 4);
  }

  /** Copies bytes to fresh host memory. */
  place(bytes: Uint8Array): number {
    const at = this.memory.alloc(bytes.length, 64);
    this.arena.u8.set(bytes, at);
    return at;
  }

  /** A frame straight into the NIC at this instant, as the wire would give it. */
  inject(bytes: Uint8Array, flags = 0): void {
    const frame = this.pool.copyIn(bytes);
    this.pool.flags[frame] |= flags;
    this.nic.frameArrived(frame);
  }

  /** arrived = delivered + drops on the receive side + in the FIFO. */
  receiveBalance(): number {
    let lost = 0;
    for (let reason = 0; reason <= 5; reason++) lost += this.nic.drops[reason];
    return this.nic.arrived[0] - this.nic.rx.delivered[0] - lost - this.nic.receiveInFlight();
  }
}

/** An event that does nothing but mark a time. */
class Alarm implements SimTarget {
  fired = 0;
  handle(): void {
    this.fired++;
  }
}

/** An Ethernet frame: destination, a fixed source, type 0x88b5 (local experiment), payload counting up. */
export function frameTo(dest: Uint8Array, length = 60, type = 0x88b5): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(dest);
  bytes.set([2, 0, 0, 0, 0, 1], 6);
  bytes[12] = type >>> 8;
  bytes[13] = type;
  for (let i = 14; i < length; i++) bytes[i] = i;
  return bytes;
}

export function mac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':').map((part) => Number.parseInt(part, 16)));
}

export function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
