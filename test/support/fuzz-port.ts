import type { DevicePort, DevicePortFactory, PciDevice, PciError, RootComplex } from '../../src/hw/pcie/index.js';
import type { Arena, TraceRing } from '../../src/sim/index.js';
import type { FramePool } from '../../src/wire/index.js';
import { SlowPort, type SlowRead, type SlowWatcher } from './fuzz-slow.js';

/** Register offsets of the four descriptor rings: receive 0 and 1, transmit 0 and 1. */
export const RING_REGISTERS: readonly number[] = [0x2800, 0x2900, 0x3800, 0x3900];

const RCTL = 0x0100;
const PSRCTL = 0x2170;
const RFCTL = 0x5008;

/** What a port needs to know of the device it watches: registers without side effects. */
export interface Peeked extends PciDevice {
  peek(offset: number): number;
}

/** Tags of data reads: kind 2, slot, queue; this slot reads headers to the segmenter instead of a frame. */
const HEADER_SLOT = 32;

/** A read under way on a slow bus. */
interface UnderWay {
  /** Of a descriptor read: its ring as programmed when it was made. */
  readonly key: string;
  /** Of a data read: the frame it goes to, 0 = none. */
  readonly frame: number;
}

/** A range of host memory that the device was given: int32 words of the address, bytes. */
interface Given {
  /** Base and length of the ring that it stood in. */
  readonly key: string;
  readonly lo: number;
  readonly hi: number;
  readonly length: number;
}

/**
 * A port that passes everything on and judges it: the device may read descriptors only inside the rings now programmed, data
 * only where a transmit descriptor that it has fetched points; it may write descriptors back only to the rings, and data
 * only to where a receive descriptor that it has fetched points, and no more than the buffer size that is programmed.
 * What is against the rules goes to `violations`; what was written, to `written`.
 */
export class WatchPort implements DevicePort, SlowWatcher {
  readonly hostId: number;
  readonly clock: Float64Array;
  readonly at: Float64Array;
  readonly arena: Arena;
  readonly trace: TraceRing;
  readonly violations: string[] = [];
  /** Pairs of address and length written since the last `take`. */
  written: number[] = [];
  /** Addresses of messages sent: a message address may be RAM. */
  readonly messages: Set<number> = new Set();
  device: Peeked | null = null;
  /** Where the frames are that data is read to. */
  pool: FramePool | null = null;
  /** On a slow bus: reads that have not completed, oldest first. */
  readonly underWay: UnderWay[] = [];
  private readonly slow: boolean;
  reads = 0;
  writes = 0;
  descriptors = 0;
  bytesRead = 0;
  /** Frames that data was read into, and packets whose headers were. */
  framesBegun = 0;
  headersRead = 0;
  /** Tag of the last data read, and where it ended. */
  private lastTag = -1;
  private lastEnd = 0;
  /** Reads refused with bus mastering on. */
  aborted = 0;
  private readonly inner: DevicePort;
  private readonly rxGiven: Given[][] = [[], []];
  private readonly txGiven: Given[][] = [[], []];

  constructor(inner: DevicePort) {
    this.inner = inner;
    this.hostId = inner.hostId;
    this.clock = inner.clock;
    this.at = inner.at;
    this.arena = inner.arena;
    this.trace = inner.trace;
    this.slow = inner instanceof SlowPort;
    if (inner instanceof SlowPort) inner.watcher = this;
  }

  private peek(offset: number): number {
    return this.device === null ? 0 : this.device.peek(offset);
  }

  private complain(what: string, lo: number, hi: number, length: number): void {
    this.violations.push(`${what} of ${length} bytes at ${(hi >>> 0).toString(16)}:${(lo >>> 0).toString(16)}`);
  }

  /** Whether the request goes through: bus mastering on and every byte this host's. */
  private reaches(lo: number, hi: number, length: number): boolean {
    const master = this.device?.config.busMaster === true;
    return master && (length === 0 || (hi === 0 && this.arena.owns(this.hostId, lo, length)));
  }

  /** Whether [lo, lo + length) is inside ring `ring` as it is programmed, from descriptor to descriptor. */
  private insideRing(ring: number, lo: number, hi: number, length: number): boolean {
    const at = RING_REGISTERS[ring];
    const offset = distance(lo, hi, this.peek(at), this.peek(at + 4));
    const size = this.peek(at + 8) >>> 0;
    return offset >= 0 && offset + length <= size && offset % 16 === 0 && length % 16 === 0;
  }

  dmaRead(lo: number, hi: number, length: number, local: number, tag: number): void {
    this.reads++;
    const kind = tag & 3;
    const queue = (tag >>> 2) & 1;
    if (kind === 2) {
      const from = (tag >>> 8) & 1;
      if (!inside(this.txGiven[from], this.key(2 + from), lo, hi, length)) this.complain('data read', lo, hi, length);
    } else if (!this.insideRing(kind === 0 ? queue : 2 + queue, lo, hi, length)) {
      this.complain('descriptor read', lo, hi, length);
    }
    if (kind === 2) this.countData(length, local, tag);
    const key = kind === 2 ? '' : this.key(kind === 0 ? queue : 2 + queue);
    if (this.slow) this.underWay.push({ key, frame: kind === 2 ? this.frameOf(local, length, tag) : 0 });
    const reached = this.reaches(lo, hi, length);
    if (!reached && this.device?.config.busMaster === true && !this.slow) this.aborted++;
    this.inner.dmaRead(lo, hi, length, local, tag);
    if (reached && !this.slow) this.came(kind, queue, key, length, local);
  }

  /** Reads of one frame come in a row, each where the last one ended. */
  private countData(length: number, local: number, tag: number): void {
    if (((tag >>> 2) & 63) === HEADER_SLOT) this.headersRead++;
    else if (tag !== this.lastTag || local !== this.lastEnd) this.framesBegun++;
    this.lastTag = tag;
    this.lastEnd = local + length;
  }

  /** Bytes that a read asked for have come. */
  private came(kind: number, queue: number, key: string, length: number, local: number): void {
    this.bytesRead += length;
    if (kind === 2) return;
    this.descriptors += length / 16;
    for (let w = local >> 2; w < (local + length) >> 2; w += 4) this.note(kind, queue, key, w);
  }

  /** The live frame that [local, local + length) lies in. */
  private frameOf(local: number, length: number, tag: number): number {
    if (((tag >>> 2) & 63) === HEADER_SLOT || this.pool === null) return 0;
    const frame = frameAt(this.pool, local, length);
    if (frame === 0) this.violations.push(`data read of ${length} bytes to ${local}, where no frame is`);
    return frame;
  }

  readArrives(read: SlowRead): void {
    const { frame } = this.underWay[0];
    if (frame !== 0 && this.pool?.refCount(frame) === 0) {
      this.violations.push(`data of ${read.length} bytes read to frame ${frame}, which has been freed`);
    }
  }

  readArrived(read: SlowRead): void {
    const { key } = this.underWay.shift() as UnderWay;
    const { lo, hi, length, local, tag, made } = read;
    const owned = length === 0 || (hi === 0 && this.arena.owns(this.hostId, lo, length));
    if (made && owned) this.came(tag & 3, (tag >>> 2) & 1, key, length, local);
    else if (made) this.aborted++;
  }

  writeArrived(lo: number, length: number): void {
    if (length > 0 && this.arena.owns(this.hostId, lo, length)) this.written.push(lo, length);
  }

  /** Remembers what a fetched descriptor gives; only as many as can be on chip, and some. */
  private note(kind: number, queue: number, key: string, w: number): void {
    const words = this.arena.i32;
    const list = kind === 0 ? this.rxGiven[queue] : this.txGiven[queue];
    if (kind === 0) {
      list.push({ key, lo: words[w], hi: words[w + 1], length: 0 });
      list.push({ key, lo: words[w + 2], hi: words[w + 3], length: 0 });
    } else {
      const extended = (words[w + 2] & (1 << 29)) !== 0;
      list.push({ key, lo: words[w], hi: words[w + 1], length: words[w + 2] & (extended ? 0xfffff : 0xffff) });
    }
    if (list.length > 512) list.splice(0, 256);
  }

  /** A ring that is moved or resized takes with it what it gave. */
  private key(ring: number): string {
    const at = RING_REGISTERS[ring];
    return `${this.peek(at)} ${this.peek(at + 4)} ${this.peek(at + 8)}`;
  }

  /** The largest buffer that RCTL and PSRCTL now say. */
  private bufferBytes(): number {
    const rctl = this.peek(RCTL);
    const psrctl = this.peek(PSRCTL);
    const split = ((rctl >>> 10) & 3) === 1 && (this.peek(RFCTL) & 0x8000) !== 0;
    if (split) {
      const pages = [8, 16, 24].map((shift) => ((psrctl >>> shift) & 0x3f) * 1024);
      return Math.max((psrctl & 0x7f) * 128, ...pages);
    }
    const flex = (rctl >>> 27) & 15;
    if (flex !== 0) return flex * 1024;
    const size = (rctl >>> 16) & 3;
    return (rctl & (1 << 25)) !== 0 && size !== 0 ? 32768 >> size : 2048 >> size;
  }

  dmaWrite(lo: number, hi: number, length: number, local: number, journey: number): void {
    this.writes++;
    if (!this.mayWrite(lo, hi, length)) this.complain('write', lo, hi, length);
    if (!this.slow && length > 0 && this.reaches(lo, hi, length)) this.written.push(lo, length);
    this.inner.dmaWrite(lo, hi, length, local, journey);
  }

  private mayWrite(lo: number, hi: number, length: number): boolean {
    if (length === 16) for (let ring = 0; ring < 4; ring++) if (this.insideRing(ring, lo, hi, 16)) return true;
    const most = this.bufferBytes();
    return this.rxGiven.some((list, queue) => {
      const key = this.key(queue);
      return list.some((g) => {
        if (g.key !== key) return false;
        const offset = distance(lo, hi, g.lo, g.hi);
        return offset >= 0 && offset + length <= most;
      });
    });
  }

  msiWrite(lo: number, hi: number, data: number): void {
    if (hi === 0) this.messages.add(lo);
    this.inner.msiWrite(lo, hi, data);
  }

  intx(level: 0 | 1): void {
    this.inner.intx(level);
  }

  reportError(error: PciError): void {
    this.inner.reportError(error);
  }

  createTimer(op: number, a: number): number {
    return this.inner.createTimer(op, a);
  }

  armTimer(timer: number, delay_ns: number): void {
    this.inner.armTimer(timer, delay_ns);
  }

  armTimerAt(timer: number): void {
    this.inner.armTimerAt(timer);
  }

  disarmTimer(timer: number): void {
    this.inner.disarmTimer(timer);
  }

  localMemory(bytes: number): number {
    return this.inner.localMemory(bytes);
  }
}

/** Gives a device a {@link WatchPort} in front of the root complex's own. */
export class WatchPorts implements DevicePortFactory {
  readonly ports: WatchPort[] = [];
  private readonly rc: RootComplex;

  constructor(rc: RootComplex) {
    this.rc = rc;
  }

  createPort(device: PciDevice): DevicePort {
    const port = new WatchPort(this.rc.createPort(device));
    this.ports.push(port);
    return port;
  }
}

/** hi:lo less base, modulo 2^64, exact where it is small, which is where it decides. */
function distance(lo: number, hi: number, baseLo: number, baseHi: number): number {
  return ((hi - baseHi) | 0) * 4294967296 + ((lo >>> 0) - (baseLo >>> 0));
}

function inside(list: readonly Given[], key: string, lo: number, hi: number, length: number): boolean {
  return list.some((g) => {
    if (g.key !== key) return false;
    const offset = distance(lo, hi, g.lo, g.hi);
    return offset >= 0 && offset + length <= g.length;
  });
}

/** The live frame that holds the bytes [at, at + length), 0 = none. */
function frameAt(pool: FramePool, at: number, length: number): number {
  for (let frame = 1; pool.refCount(frame) !== undefined; frame++) {
    if (pool.refCount(frame) === 0) continue;
    const off = pool.off(frame);
    if (at >= off && at + length <= off + pool.len(frame)) return frame;
  }
  return 0;
}
