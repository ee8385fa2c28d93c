import { TP } from '../../../sim/index.js';
import { FCS_BYTES, FRAME_BAD_FCS, type FramePool } from '../../../wire/index.js';
import type { DevicePort } from '../../pcie/index.js';
import { addOctets, bump, sizeClass } from '../counters.js';
import { CACHE_DESCRIPTORS, DescriptorRing } from '../descriptor-ring.js';
import { dropFrame, NIC_CRC_ERROR, NIC_FILTER, NIC_LENGTH_ERROR, NIC_MISSED, NIC_RX_DISABLED } from '../drops.js';
import { CONTROL_CONSUMED, CONTROL_ORDINARY, CONTROL_PASSED, FlowControl } from '../flow-control.js';
import { FrameFifo } from '../frame-fifo.js';
import { type DelayOwner, DelayTimer } from '../interrupts/delay-timer.js';
import type { InterruptUnit } from '../interrupts/irq.js';
import {
  LONGEST_FRAME,
  type NicParts,
  receiveFifoBytes,
  TAG_RX_DESCRIPTORS,
  TAG_SHIFT,
  TIMER_RADV,
  TIMER_RAID,
  TIMER_RDTR,
} from '../parts.js';
import {
  CTRL_GIO_MASTER_DISABLE,
  CTRL_TFCE,
  FPD,
  ICR_ACK,
  ICR_RXDMT0,
  ICR_RXO,
  ICR_RXT0,
  ICR_SRPD,
  RCTL_EN,
  RCTL_LPE,
  RCTL_RDMTS_SHIFT,
  RCTL_SBP,
  TSYNC_ENABLED,
} from '../registers/bits.js';
import * as R from '../registers/indices.js';
import type { TransmitUnit } from '../tx/transmit.js';
import { vlanAccepts, vlanFilterOn } from '../vlan.js';
import { accepts, DEST_BROADCAST, DEST_MULTICAST, destinationKind } from './filter.js';
import { MRQ_QUEUE_1, Rss, rssEnabled } from './rss.js';
import { RxHeaders } from './rx-headers.js';
import { RxStore } from './rx-store.js';

/** Shortest and longest frame without RCTL.LPE, without CRC. */
const MIN_LENGTH = 60;
const MAX_LENGTH = 1518;
const ETH_HLEN = 14;
/** Nanoseconds of one unit of RAID. */
const ACK_UNIT_NS = 1024;
/** Instead of causes: the oldest frame waits for descriptors. */
const WAIT = -1;
/** Causes other than those of the queues. */
const OTHER: number = ICR_RXDMT0 | ICR_SRPD | ICR_ACK;

/** The receiver: filters, FIFO, queues, receive causes. */
export class ReceiveUnit implements DelayOwner {
  readonly fifo: FrameFifo;
  readonly ring: DescriptorRing;
  readonly ring1: DescriptorRing;
  readonly delay: DelayTimer;
  readonly flow: FlowControl;
  /** Frames written to host memory. */
  readonly delivered: Float64Array = new Float64Array(1);
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly pool: FramePool;
  private readonly irq: InterruptUnit;
  private readonly parts: NicParts;
  private readonly store: RxStore;
  private readonly headers: RxHeaders = new RxHeaders();
  private readonly rss: Rss;
  private readonly ackTimer: number;
  private ackArmed = false;
  /** Frames may take the short way. */
  private plain = false;
  /** Command.MASTER: without it frames wait in the FIFO. */
  master = false;
  /** Receive-side scaling is on. */
  private scaling = false;
  /** Software has set up the second ring. */
  private second = false;

  constructor(parts: NicParts, tx: TransmitUnit) {
    this.values = parts.file.values;
    this.port = parts.port;
    this.pool = parts.pool;
    this.irq = parts.irq;
    this.parts = parts;
    this.fifo = new FrameFifo(parts.pool);
    this.flow = new FlowControl(parts, tx);
    this.ring = receiveRing(parts, 0);
    this.ring1 = receiveRing(parts, 1);
    const plan = {
      restarting: R.RDTR,
      absolute: R.RADV,
      restartingCount: R.ICRXPTC,
      absoluteCount: R.ICRXATC,
      restartingOp: TIMER_RDTR,
      absoluteOp: TIMER_RADV,
    };
    this.delay = new DelayTimer(parts.file, parts.port, parts.irq, plan, this);
    this.store = new RxStore(parts);
    this.rss = new Rss(this.values);
    this.ackTimer = parts.port.createTimer(TIMER_RAID, 0);
  }

  /** A frame from the wire, with link, or looped back. Takes over the reference. */
  arrived(frame: number): void {
    const v = this.values;
    if ((v[R.RCTL] & RCTL_EN) === 0) {
      this.drop(frame, NIC_RX_DISABLED);
      return;
    }
    const length = this.pool.len(frame);
    bump(v, R.TPR);
    addOctets(v, R.TORL, length + FCS_BYTES);
    if (length < ETH_HLEN) {
      this.arrivedRunt(frame, length);
      return;
    }
    const arena = this.port.arena;
    const off = this.pool.off(frame);
    const kind = destinationKind(arena, off);
    if (((arena.u8[off + 12] << 8) | arena.u8[off + 13]) === v[R.FCT]) {
      this.arrivedControl(frame, length, kind);
      return;
    }
    if (!accepts(v, arena, off, kind) || (vlanFilterOn(v) && !vlanAccepts(v, arena.u8, off, length))) {
      this.drop(frame, NIC_FILTER);
      return;
    }
    this.accepted(frame, length, kind);
  }

  private accepted(frame: number, length: number, kind: number): void {
    if ((this.pool.flags[frame] & FRAME_BAD_FCS) !== 0) this.arrivedBad(frame, length);
    else this.arrivedGood(frame, length, kind);
  }

  /** Too short for its headers: with SBP it is stored all the same, if its address passes. */
  private arrivedRunt(frame: number, length: number): void {
    const v = this.values;
    bump(v, (this.pool.flags[frame] & FRAME_BAD_FCS) !== 0 ? R.RFC : R.RUC);
    bump(v, R.RLEC);
    const arena = this.port.arena;
    const off = this.pool.off(frame);
    if ((v[R.RCTL] & RCTL_SBP) === 0 || length < 6) this.drop(frame, NIC_LENGTH_ERROR);
    else if (!accepts(v, arena, off, destinationKind(arena, off))) this.drop(frame, NIC_FILTER);
    else this.enqueue(this.padded(frame, length));
  }

  /** A frame of the type in FCT. One that the MAC keeps is no good packet to any other counter. */
  private arrivedControl(frame: number, length: number, kind: number): void {
    const fate = this.flow.received(frame);
    const arena = this.port.arena;
    const passed = fate === CONTROL_PASSED;
    if (fate === CONTROL_CONSUMED || (!passed && !accepts(this.values, arena, this.pool.off(frame), kind))) {
      this.drop(frame, NIC_FILTER);
    } else if (fate === CONTROL_ORDINARY) this.accepted(frame, length, kind);
    else this.enqueue(length < MIN_LENGTH ? this.padded(frame, length) : frame);
  }

  private longest(): number {
    return (this.values[R.RCTL] & RCTL_LPE) !== 0 ? LONGEST_FRAME - FCS_BYTES : MAX_LENGTH;
  }

  /** A wrong CRC: counted by length, and stored only with RCTL.SBP. */
  private arrivedBad(frame: number, length: number): void {
    const v = this.values;
    const long = length > this.longest();
    bump(v, long ? R.RJC : length < MIN_LENGTH ? R.RFC : R.CRCERRS);
    if (long || length < MIN_LENGTH) bump(v, R.RLEC);
    if ((v[R.RCTL] & RCTL_SBP) === 0) this.drop(frame, long ? NIC_LENGTH_ERROR : NIC_CRC_ERROR);
    else this.enqueue(length < MIN_LENGTH ? this.padded(frame, length) : frame);
  }

  private arrivedGood(frame: number, length: number, kind: number): void {
    const v = this.values;
    if (length > this.longest()) {
      this.arrivedLong(frame);
      return;
    }
    const whole = length < MIN_LENGTH ? this.padded(frame, length) : frame;
    if ((v[R.TSYNCRXCTL] & TSYNC_ENABLED) !== 0) this.parts.timeSync.received(whole);
    if (!this.enqueue(whole)) return;
    const octets = (length < MIN_LENGTH ? MIN_LENGTH : length) + FCS_BYTES;
    bump(v, R.GPRC);
    addOctets(v, R.GORCL, octets);
    bump(v, R.PRC64 + sizeClass(octets));
    if (kind === DEST_MULTICAST) bump(v, R.MPRC);
    else if (kind === DEST_BROADCAST) bump(v, R.BPRC);
  }

  private arrivedLong(frame: number): void {
    const v = this.values;
    bump(v, R.ROC);
    bump(v, R.RLEC);
    if ((v[R.RCTL] & RCTL_SBP) === 0) this.drop(frame, NIC_LENGTH_ERROR);
    else this.enqueue(frame);
  }

  /** A frame whose sender did not pad it, filled up to 60 bytes. Frames are immutable, so it is a copy. */
  private padded(frame: number, length: number): number {
    const { pool, port } = this;
    const copy = pool.alloc(MIN_LENGTH);
    const u8 = port.arena.u8;
    const from = pool.off(frame);
    const to = pool.off(copy);
    u8.copyWithin(to, from, from + length);
    u8.fill(0, to + length, to + MIN_LENGTH);
    pool.journey[copy] = pool.journey[frame];
    pool.flags[copy] = pool.flags[frame];
    pool.unref(frame);
    return copy;
  }

  /** Into the FIFO, if there is room. */
  private enqueue(frame: number): boolean {
    const v = this.values;
    const { fifo } = this;
    const length = this.pool.len(frame);
    if (!fifo.fits(length + FCS_BYTES, receiveFifoBytes(v[R.PBA]))) {
      this.missed(frame);
      return false;
    }
    if (this.scaling) this.classify(frame, length);
    const { mrq } = this.rss;
    fifo.push(frame, this.rss.hash, mrq);
    const trace = this.port.trace;
    if (trace.on) {
      trace.put(TP.MAC_FIFO, this.port.hostId << 8, this.pool.journey[frame], length, fifo.bytes, 0);
    }
    if (this.ringOf(mrq).free() === 0) bump(v, R.RNBC);
    if ((v[R.CTRL] & CTRL_TFCE) !== 0) this.flow.grown(fifo.bytes);
    this.drain();
    return true;
  }

  /** Receive-side scaling: finds out the queue of a frame. */
  private classify(frame: number, length: number): void {
    const { u8 } = this.port.arena;
    const off = this.pool.off(frame);
    this.headers.parse(u8, off, length, this.values[R.VET]);
    this.rss.classify(u8, off, this.headers);
  }

  /** The FIFO has no room for a frame. */
  private missed(frame: number): void {
    const v = this.values;
    bump(v, R.MPC);
    bump(v, R.ICRXOC);
    this.drop(frame, NIC_MISSED);
    if ((v[R.CTRL] & CTRL_TFCE) !== 0) this.flow.grown(this.fifo.bytes);
    this.raise(ICR_RXO | this.stopDelayFor(ICR_RXO));
    // A refused prefetch is tried again with each frame that comes.
    this.drain();
  }

  private ringOf(mrq: number): DescriptorRing {
    return mrq < MRQ_QUEUE_1 ? this.ring : this.ring1;
  }

  /** Descriptors of a queue have come (or were refused). */
  fetched(queue: number, ok: number): void {
    if ((queue === 0 ? this.ring : this.ring1).fetched(ok)) this.drain();
  }

  /** The receiver may work: enabled, and allowed to master the bus. */
  private running(): boolean {
    return (this.values[R.RCTL] & RCTL_EN) !== 0 && (this.values[R.CTRL] & CTRL_GIO_MASTER_DISABLE) === 0;
  }

  /** Moves frames from the FIFO to host memory as long as descriptors last, then reports them. */
  drain(): void {
    if (!this.running()) return;
    const { fifo, store } = this;
    let causes = 0;
    while (fifo.count > 0) {
      const mrq = fifo.mrq();
      const ring = this.ringOf(mrq);
      if (this.plain && store.storePlain(ring, fifo.peek(), fifo.hash(), mrq)) {
        causes |= this.irq.rxCause(mrq < MRQ_QUEUE_1 ? 0 : 1) | this.fewLeft(ring, 1);
        this.stored();
        continue;
      }
      const got = this.storeNext(ring, mrq);
      if (got < 0) break;
      causes |= got;
    }
    if (this.ring.cached < this.ring.below || fifo.count > 0) this.refill(this.ring);
    if (this.second) this.refill(this.ring1);
    if (this.flow.high) this.flow.shrunk(fifo.bytes);
    if (causes !== 0) this.report(causes);
  }

  /** The oldest frame is in host memory. */
  private stored(): void {
    this.pool.unref(this.fifo.take());
    this.delivered[0]++;
  }

  /** The oldest frame in whatever format to whichever queue; the causes, or WAIT when there are no descriptors for it. */
  private storeNext(ring: DescriptorRing, mrq: number): number {
    const { fifo, store } = this;
    if (!this.master) return WAIT;
    store.load(fifo.peek());
    const need = store.need();
    const skipped = store.skipEmpty(ring);
    if (!store.ready(ring, need)) {
      if (this.canHold(ring, need * store.stride)) return WAIT;
      // The whole ring cannot hold this frame: waiting for descriptors would last forever.
      bump(this.values, R.MPC);
      this.drop(fifo.take(), NIC_MISSED);
      return 0;
    }
    const used = skipped + store.store(ring, need, fifo.hash(), mrq);
    const causes = this.irq.rxCause(mrq < MRQ_QUEUE_1 ? 0 : 1) | this.reached(ring, used);
    this.stored();
    return causes;
  }

  /** Whether a ring can ever have `need` descriptors on chip; makes room for them there. */
  private canHold(ring: DescriptorRing, need: number): boolean {
    ring.flush();
    return (need < ring.size() && need <= CACHE_DESCRIPTORS) || ring.size() === 0;
  }

  private refill(ring: DescriptorRing): void {
    if (this.fifo.count > 0) ring.fetch();
    else ring.prefetch();
  }

  /** What else the frame in hand, now stored, has brought about: few descriptors left, a small packet, an acknowledgement. */
  private reached(ring: DescriptorRing, used: number): number {
    let causes = this.fewLeft(ring, used);
    if (this.store.total <= this.values[R.RSRPD]) causes |= ICR_SRPD;
    if (this.store.ack) causes |= this.acknowledged();
    return causes;
  }

  /** RXDMT0 when the last `used` descriptors brought the free ones down to the fraction of RDMTS. */
  private fewLeft(ring: DescriptorRing, used: number): number {
    const v = this.values;
    const left = ring.free();
    const least = ring.size() >>> (1 + ((v[R.RCTL] >>> RCTL_RDMTS_SHIFT) & 3));
    return left > least || left + used <= least ? 0 : this.fewReached();
  }

  private fewReached(): number {
    bump(this.values, R.ICRXDMTC);
    return ICR_RXDMT0;
  }

  /** ACK now, or after RAID; further ones do not restart that timer. */
  private acknowledged(): number {
    const delay = this.values[R.RAID];
    if (delay === 0) return ICR_ACK;
    if (!this.ackArmed) {
      this.ackArmed = true;
      this.port.armTimer(this.ackTimer, delay * ACK_UNIT_NS);
    }
    return 0;
  }

  /** RAID has run out. */
  ackExpired(): void {
    this.ackArmed = false;
    this.raise(ICR_ACK);
  }

  /** Raises the causes of frames written back, those of the queues after their delays; a small packet waits for none. */
  private report(causes: number): void {
    if (this.values[R.RDTR] === 0 && (causes & OTHER) === 0) this.raise(causes);
    else this.reportDelayed(causes);
  }

  private reportDelayed(causes: number): void {
    let now = causes & OTHER;
    if ((now & ICR_SRPD) !== 0) now = causes | this.delay.take();
    else if (this.delay.event(causes & ~OTHER)) now = causes;
    else now |= this.stopDelayFor(now);
    if (now !== 0) this.raise(now);
    else if (this.ring.held > 0 || this.ring1.held > 0) this.flushDue();
  }

  /** Causes may be raised only when the descriptors behind them are in host memory. */
  private raise(causes: number): void {
    this.flushHeld();
    this.irq.raise(causes);
  }

  flushHeld(): void {
    this.ring.flush();
    this.ring1.flush();
  }

  private flushDue(): void {
    if (this.ring.due()) this.ring.flush();
    if (this.ring1.due()) this.ring1.flush();
  }

  /**
   * RXDMT0 and RXO, when they interrupt, stop the delay timers (82583V datasheet 7.1.9): software looks at the ring anyway.
   * Under MSI-X another vector does, so that the causes of the queues are due now; they are returned.
   */
  private stopDelayFor(causes: number): number {
    return (causes & this.values[R.IMS]) !== 0 ? this.delay.take() & ~ICR_RXT0 : 0;
  }

  /** RDT or RCTL.EN was written. */
  kick(): void {
    if (this.fifo.count > 0) this.drain();
    else if (this.running()) this.ring.prefetch();
  }

  /** RCTL was written. */
  controlChanged(): void {
    this.formatChanged();
    this.kick();
    if (this.second && this.running()) this.ring1.prefetch();
  }

  /** A register that decides on what is stored was written: one of the receiver's, or CTRL. */
  formatChanged(): void {
    this.store.configure();
    this.scaling = rssEnabled(this.values);
    if (!this.scaling) this.rss.clear();
    this.plain = this.master && this.store.plain && this.values[R.RSRPD] === 0;
  }

  /** Bus mastering has gone off, or come back, which lets waiting frames go. */
  masterChanged(): void {
    this.master = !this.master;
    this.formatChanged();
    if (this.master) this.kick();
  }

  /** A register of the receiver was written. */
  wrote(i: number, value: number): void {
    if (i === R.RDT1) this.kickSecond();
    else if (i === R.RDTR) this.delayWritten(value);
    else if (i === R.RXDCTL || i === R.RXDCTL1) this.thresholdsChanged();
    else if (i === R.RDBAL || i === R.RDBAH || i === R.RDLEN || i === R.RDH) this.ring.restart();
    else if (i === R.RDBAL1 || i === R.RDBAH1 || i === R.RDLEN1 || i === R.RDH1) {
      this.ring1.restart();
      this.second = this.ring1.used();
    } else this.formatChanged();
  }

  private kickSecond(): void {
    if (this.fifo.count > 0) this.drain();
    else if (this.running()) this.ring1.prefetch();
  }

  /** FPD: what is held is written back, and a delay that runs is over. */
  private delayWritten(value: number): void {
    this.thresholdsChanged();
    if ((value & FPD) !== 0) this.delay.flush();
  }

  /** Without RDTR each frame is written back at once, because each may interrupt. */
  private thresholdsChanged(): void {
    const immediate = this.values[R.RDTR] === 0;
    this.ring.thresholdsChanged(immediate);
    this.ring1.thresholdsChanged(immediate);
  }

  /** Frames in the FIFO are lost; the registers have been reset already. */
  reset(): void {
    while (this.fifo.count > 0) this.drop(this.fifo.take(), NIC_RX_DISABLED);
    this.delay.cancel();
    if (this.ackArmed) this.port.disarmTimer(this.ackTimer);
    this.ackArmed = false;
    this.ring.restart();
    this.ring1.restart();
    this.second = false;
    this.flow.reset();
    this.thresholdsChanged();
    this.formatChanged();
  }

  private drop(frame: number, reason: number): void {
    this.parts.timeSync.taken(frame);
    dropFrame(this.parts, frame, reason);
  }
}

function receiveRing(parts: NicParts, queue: 0 | 1): DescriptorRing {
  const first = queue === 0;
  return new DescriptorRing(parts.file, parts.port, {
    base: first ? R.RDBAL : R.RDBAL1,
    baseHigh: first ? R.RDBAH : R.RDBAH1,
    length: first ? R.RDLEN : R.RDLEN1,
    head: first ? R.RDH : R.RDH1,
    tail: first ? R.RDT : R.RDT1,
    control: first ? R.RXDCTL : R.RXDCTL1,
    tag: TAG_RX_DESCRIPTORS | (queue << TAG_SHIFT),
    ring: first ? 0 : 2,
  });
}
