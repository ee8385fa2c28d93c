import { type Arena, type SimTarget, type Simulation, TAG_SHIFT, TP, type TraceRing } from '../../sim/index.js';
import { detectError, type PciError } from './aer.js';
import type { ConfigListener, ConfigSpace } from './config-space.js';
import { type EndpointPort, newPortCounters, type PciDevice, type PortCounters } from './device.js';
import { PcieError } from './errors.js';
import { POSTED_ERROR, POSTED_INTX, POSTED_MSI, PostedQueue } from './posted-queue.js';
import { PCI_STATUS_REC_MASTER_ABORT } from './regs.js';
import type { RootComplex } from './root-complex.js';
import { TLP_MEM_READ, TLP_MEM_WRITE } from './tlp.js';

const OP_DMA_COMPLETE = 0;
const OP_POSTED = 1;
/** Device timers use the ops from here on. */
const OP_TIMER = 2;
/** Up to this length a copy by words is cheaper than copyWithin. */
const SHORT_BYTES = 16;

/**
 * The port without a link: data moves when asked for, and what must not happen inside a request (completions, interrupt
 * messages) passes the same-instant event FIFO.
 *
 * Order: a DMA write is visible when `dmaWrite` returns and an MSI arrives later, so an MSI cannot overtake it. Messages
 * arrive in the order sent, and a register or configuration read drains them first (`flushPosted`): the completion of
 * a read may not pass posted requests, which is why a driver that has read ICR no longer sees the old INTx level.
 */
export class DirectPort implements EndpointPort, ConfigListener, SimTarget {
  readonly hostId: number;
  readonly clock: Float64Array;
  readonly at: Float64Array;
  readonly arena: Arena;
  readonly trace: TraceRing;
  readonly counters: PortCounters = newPortCounters();
  private readonly sim: Simulation;
  private readonly rc: RootComplex;
  private readonly device: PciDevice;
  private readonly config: ConfigSpace;
  private readonly target: number;
  private readonly posted: PostedQueue = new PostedQueue();
  private bdf = 0;
  /** Trace points of this device: host << 8 | slot. */
  private who = 0;
  /** What the device asks for, and what the root complex was told last. */
  private intxRequest = 0;
  private intxSignalled = 0;

  constructor(rc: RootComplex, device: PciDevice) {
    this.rc = rc;
    this.device = device;
    this.config = device.config;
    this.sim = rc.sim;
    this.hostId = rc.memory.hostId;
    this.clock = rc.sim.clock;
    this.at = rc.sim.at;
    this.arena = rc.sim.arena;
    this.trace = rc.sim.trace;
    this.target = rc.sim.attach(this);
  }

  attached(bdf: number): void {
    this.bdf = bdf;
    this.who = (this.hostId << 8) | (bdf >>> 3);
    this.device.config.listener = this;
  }

  dmaRead(lo: number, hi: number, length: number, local: number, tag: number): void {
    this.sim.post(this.target, OP_DMA_COMPLETE, tag, this.readNow(lo, hi, length, local, tag) ? 1 : 0);
  }

  private readNow(lo: number, hi: number, length: number, local: number, tag: number): boolean {
    const { arena, config } = this;
    if (length !== 0 && !arena.owns(0, local, length)) this.badLocal(local, length);
    if (!config.busMaster || (length !== 0 && (hi !== 0 || !arena.owns(this.hostId, lo, length)))) {
      return this.refuseRead(lo, hi, length);
    }
    this.counters.dmaReads++;
    if (this.trace.on) this.traceDma(TP.DMA_READ, this.arena.tags[lo >>> TAG_SHIFT] | 0, lo, length, tag);
    copy(arena, local, lo, length);
    return true;
  }

  private traceDma(point: number, journey: number, lo: number, length: number, tag: number): void {
    this.trace.put(point, this.who, journey, lo, length, tag);
  }

  private refuseRead(lo: number, hi: number, length: number): false {
    if (!this.config.busMaster) this.counters.dmaReadMasterOff++;
    else {
      this.counters.unsupportedRequest++;
      this.config.raiseStatus(PCI_STATUS_REC_MASTER_ABORT);
      this.rc.requestRefused(TLP_MEM_READ, this.bdf, lo, hi, length);
    }
    return false;
  }

  dmaWrite(lo: number, hi: number, length: number, local: number, journey: number): void {
    const { arena, config } = this;
    if (length !== 0 && !arena.owns(0, local, length)) this.badLocal(local, length);
    if (length === 0 || hi !== 0 || !config.busMaster || !arena.owns(this.hostId, lo, length)) {
      this.refuseWrite(lo, hi, length);
      return;
    }
    this.counters.dmaWrites++;
    if (this.trace.on) this.traceDma(TP.DMA_WRITE, journey, lo, length, 0);
    copy(arena, lo, local, length);
    if (journey !== 0) {
      const last = (lo + length - 1) >>> TAG_SHIFT;
      for (let t = lo >>> TAG_SHIFT; t <= last; t++) arena.tags[t] = journey;
    }
  }

  private refuseWrite(lo: number, hi: number, length: number): void {
    if (!this.config.busMaster) this.counters.dmaWriteMasterOff++;
    else if (length !== 0) {
      this.counters.unsupportedRequest++;
      this.rc.requestRefused(TLP_MEM_WRITE, this.bdf, lo, hi, length);
    }
  }

  private badLocal(local: number, length: number): never {
    throw new PcieError('DMA_BUFFER', `${length} bytes at ${local} are not device memory`);
  }

  msiWrite(lo: number, hi: number, data: number): void {
    if (hi !== 0 || !this.config.busMaster) {
      this.refuseMsi(lo, hi);
      return;
    }
    this.counters.msi++;
    this.send(POSTED_MSI, lo, data);
  }

  private refuseMsi(lo: number, hi: number): void {
    if (!this.config.busMaster) this.counters.msiMasterOff++;
    else {
      this.counters.unsupportedRequest++;
      this.rc.requestRefused(TLP_MEM_WRITE, this.bdf, lo, hi, 4);
    }
  }

  intx(level: 0 | 1): void {
    if (level === this.intxRequest) return;
    this.intxRequest = level;
    this.device.config.setInterruptStatus(level);
    this.signalIntx();
  }

  /** Sends the message that makes the signalled level what request and configuration now say, if it differs. */
  private signalIntx(): void {
    const level = this.device.config.intxAllowed ? this.intxRequest : 0;
    if (level === this.intxSignalled) return;
    this.intxSignalled = level;
    if (level !== 0) this.counters.intxAsserts++;
    else this.counters.intxDeasserts++;
    this.send(POSTED_INTX, level, 0);
  }

  private send(kind: number, a: number, b: number): void {
    this.sim.post(this.target, OP_POSTED, this.posted.push(kind, a, b), 0);
  }

  configWritten(): void {
    // The write may have replaced Status while a request stands, and may have switched the signalling.
    this.device.config.setInterruptStatus(this.intxRequest);
    this.signalIntx();
    if (this.config.msiPending !== 0) this.sendPending();
    this.device.configWritten?.();
  }

  /** Messages whose vector is no longer masked, lowest first. */
  private sendPending(): void {
    const config = this.config;
    for (let vector = 0; config.msiEnabled && vector <= config.msiVectorMask; vector++) {
      const bit = 1 << vector;
      if ((config.msiPending & ~config.msiMask & bit) === 0) continue;
      config.setMsiPending(config.msiPending & ~bit);
      this.msiWrite(config.msiAddressLo, config.msiAddressHi, (config.msiData & ~config.msiVectorMask) | vector);
    }
  }

  functionReset(): void {
    this.intxRequest = 0;
    this.signalIntx();
    // Of the messages dropped an INTx one must be made good: the line ends deasserted.
    if (this.posted.drop(POSTED_INTX)) this.send(POSTED_INTX, 0, 0);
    this.device.reset();
    this.configWritten();
  }

  reportError(error: PciError): void {
    for (let messages = detectError(this.config, error); messages !== 0; messages >>>= 8) {
      this.send(POSTED_ERROR, messages & 0xff, 0);
    }
  }

  flushPosted(): void {
    if (this.posted.head !== this.posted.tail) this.deliverThrough((this.posted.tail - 1) | 0);
  }

  /** Delivers every message up to and including number `last`. */
  private deliverThrough(last: number): void {
    const posted = this.posted;
    while (posted.head !== posted.tail && ((last - posted.head) | 0) >= 0) {
      posted.take();
      if (posted.kind === POSTED_MSI) this.rc.postedWrite32(this.bdf, this.who, posted.a, posted.b);
      else this.deliverOther(posted.kind, posted.a);
    }
  }

  private deliverOther(kind: number, a: number): void {
    if (kind === POSTED_INTX) this.rc.intxMessage(this.bdf, this.who, a);
    else this.rc.errorMessage(this.bdf, a);
  }

  handle(op: number, a: number, b: number): void {
    if (op === OP_DMA_COMPLETE) this.device.dmaComplete(a, b);
    else if (op === OP_POSTED) this.deliverThrough(a);
    else this.device.timer(op - OP_TIMER, a);
  }

  createTimer(op: number, a: number): number {
    return this.sim.createTimer(this.target, op + OP_TIMER, a);
  }

  armTimer(timer: number, delay_ns: number): void {
    this.sim.mod_timer(timer, delay_ns);
  }

  armTimerAt(timer: number): void {
    this.sim.mod_timerAt(timer);
  }

  disarmTimer(timer: number): void {
    this.sim.del_timer(timer);
  }

  localMemory(bytes: number): number {
    return this.rc.deviceMemory.alloc(bytes, 64);
  }
}

/** Copies inside the arena: descriptors by words, data by copyWithin. */
function copy(arena: Arena, to: number, from: number, length: number): void {
  if (length <= SHORT_BYTES && ((to | from | length) & 3) === 0) {
    const words = arena.i32;
    const end = (to + length) >> 2;
    for (let t = to >> 2, f = from >> 2; t < end; t++, f++) words[t] = words[f];
    return;
  }
  arena.u8.copyWithin(to, from, from + length);
}

/** The port maker of a {@link RootComplex} without link timing. */
export function createDirectPort(rc: RootComplex, device: PciDevice): EndpointPort {
  return new DirectPort(rc, device);
}
