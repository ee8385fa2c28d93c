import type { WirePort } from '../../../wire/index.js';
import { FCS_BYTES } from '../../../wire/index.js';
import type { DevicePort } from '../../pcie/index.js';
import { NIC_TX_ABORT, newTxErrors, type TxErrors } from '../drops.js';
import { type DelayOwner, DelayTimer } from '../interrupts/delay-timer.js';
import type { InterruptUnit } from '../interrupts/irq.js';
import {
  type NicParts,
  PACKET_BUFFER_BYTES,
  receiveFifoBytes,
  TIMER_TADV,
  TIMER_TIDV,
  TIMER_TX_FIFO,
} from '../parts.js';
import {
  CTRL_GIO_MASTER_DISABLE,
  CTRL_RFCE,
  CTRL_TFCE,
  FPD,
  RCTL_LBM_MAC,
  RCTL_LBM_MASK,
  TCTL_EN,
} from '../registers/bits.js';
import * as R from '../registers/indices.js';
import { type LoopbackTarget, TxOutput } from './tx-output.js';
import { PACKET_SLOTS } from './tx-packets.js';
import { SLOT_BITS, TransmitQueue } from './tx-queue.js';

/** While the FIFO is full, this many bytes are let out before the next packet is looked at. */
const FIFO_STEP = 8192;
const MAX_WAIT_NS = 1_000_000_000;
const SLOT_MASK: number = (1 << SLOT_BITS) - 1;
/** Most frames of both queues between parsing and completion. */
const MOST_UNDER_WAY: number = 2 * PACKET_SLOTS;
/** COUNT of TARC: packets that a queue may send in its turn. */
const TARC_COUNT_MASK = 0x7f;

/**
 * The transmitter: two queues of descriptors, gathering straight into wire frames, checksum and tag insertion,
 * segmentation, hand-over to the wire, completion. While the link is down nothing leaves and nothing completes: frames
 * wait on chip and in the rings until the link is back or software resets the device.
 */
export class TransmitUnit implements DelayOwner {
  readonly delay: DelayTimer;
  readonly errors: TxErrors = newTxErrors();
  readonly output: TxOutput;
  readonly irq: InterruptUnit;
  readonly queue0: TransmitQueue;
  readonly queue1: TransmitQueue;
  wire: WirePort | null = null;
  linkUp = false;
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly drops: Float64Array;
  private readonly fifoTimer: number;
  private fifoWaiting = false;
  /** Software has set up the second ring: the queues take turns. */
  private second = false;
  /** The queue whose turn it is, and the packets that it may still begin. */
  private turn = 0;
  private quota = 1;

  constructor(parts: NicParts) {
    this.values = parts.file.values;
    this.port = parts.port;
    this.drops = parts.drops;
    this.irq = parts.irq;
    this.output = new TxOutput(parts);
    const plan = {
      restarting: R.TIDV,
      absolute: R.TADV,
      restartingCount: R.ICTXPTC,
      absoluteCount: R.ICTXATC,
      restartingOp: TIMER_TIDV,
      absoluteOp: TIMER_TADV,
    };
    this.delay = new DelayTimer(parts.file, parts.port, parts.irq, plan, this);
    this.queue0 = new TransmitQueue(this, parts, 0);
    this.queue1 = new TransmitQueue(this, parts, 1);
    this.fifoTimer = parts.port.createTimer(TIMER_TX_FIFO, 0);
  }

  /** Bytes of the transmit FIFO. */
  fifoBytes(): number {
    return PACKET_BUFFER_BYTES - receiveFifoBytes(this.values[R.PBA]);
  }

  private running(): boolean {
    return (
      (this.values[R.TCTL] & TCTL_EN) !== 0 &&
      (this.values[R.CTRL] & CTRL_GIO_MASTER_DISABLE) === 0 &&
      (this.linkUp || this.output.loop !== null)
    );
  }

  /** TDT or TCTL was written, the link came up, the FIFO has room, or DMA has ended: goes on where it can. */
  pump(): void {
    if (!this.running()) return;
    if (this.second) this.takeTurns();
    else this.queue0.pumpAll();
  }

  /**
   * Each queue in its turn begins up to COUNT packets (TARC). A turn goes on after the FIFO was full; it ends early when the queue
   * has nothing to send.
   */
  private takeTurns(): void {
    let idle = 0;
    this.queue0.settle();
    this.queue1.settle();
    while (idle < 2) {
      const queue = this.turn === 0 ? this.queue0 : this.queue1;
      queue.blocked = false;
      const begun = queue.pump(this.quota);
      this.quota -= begun;
      if (queue.blocked && this.quota > 0) return;
      idle = begun === 0 ? idle + 1 : 0;
      this.nextTurn(this.turn ^ 1);
    }
  }

  private nextTurn(turn: number): void {
    const count = this.values[turn === 0 ? R.TARC0 : R.TARC1] & TARC_COUNT_MASK;
    this.turn = turn;
    this.quota = count === 0 ? 1 : count;
  }

  /** Whether `length` more bytes fit into the FIFO; if not, a timer is set for when the wire has taken some out. */
  fits(length: number): boolean {
    const { wire, output } = this;
    let over = this.queue0.staged + length + FCS_BYTES - this.fifoBytes();
    if (this.second) over += this.queue1.staged;
    if (output.line.paced) {
      // Frames under way end there too; unpadded ones may be more than the line can hold.
      if (!output.line.waiting.holds(MOST_UNDER_WAY)) return false;
      over += output.line.waiting.bytes;
    }
    if (over + (wire === null ? 0 : wire.queuedAtMost()) <= 0) return true;
    return this.fitsNow(over);
  }

  /** As {@link fits}, after a look at what the wire has taken out; `over` is by how much the rest exceeds the FIFO. */
  private fitsNow(over: number): boolean {
    const wire = this.wire;
    const rate = wire === null ? 0 : wire.rate_bps;
    const queued = wire === null || rate === 0 ? 0 : wire.queuedBytes();
    const excess = over + queued;
    if (excess <= 0) return true;
    // Without frames on the wire, the reads under way (or frames that wait for the line) make room when they end.
    if (queued > 0 && !this.fifoWaiting) {
      const step = queued < FIFO_STEP ? queued : FIFO_STEP;
      const wait_ns = Math.ceil(((excess > step ? excess : step) * 8e9) / rate);
      this.fifoWaiting = true;
      this.port.armTimer(this.fifoTimer, wait_ns > MAX_WAIT_NS ? MAX_WAIT_NS : wait_ns);
    }
    return false;
  }

  /** The timer of a full FIFO has fired. */
  fifoTimerExpired(): void {
    this.fifoWaiting = false;
    this.pump();
  }

  /** The line is free for a frame that waits. */
  lineFree(): void {
    this.output.line.release(this.wire);
    this.pump();
  }

  /** A PAUSE frame of `quanta` has come. While looped back the transmitter has no line that could fall silent. */
  pause(quanta: number): void {
    if (this.output.loop !== null) return;
    this.output.line.pause(quanta, this.wire);
    this.pump();
  }

  /** The pause has run out. */
  pauseExpired(): void {
    this.output.line.pauseExpired(this.wire);
    this.pump();
  }

  /** The PHY's link came or went; {@link pump} lets the queues go on. */
  setLink(up: boolean): void {
    this.linkUp = up;
    this.output.line.linkUp = up;
    if (up) this.output.line.release(this.wire);
  }

  /** A descriptor fetch of a queue has ended. */
  fetched(queue: number, ok: number): void {
    if ((queue === 0 ? this.queue0 : this.queue1).fetched(ok)) this.pump();
  }

  /** A data read has ended; `place` is slot | queue << SLOT_BITS. */
  dataRead(place: number, ok: number): void {
    const queue = place <= SLOT_MASK ? this.queue0 : this.queue1;
    if (queue.dataRead(place & SLOT_MASK, ok)) this.pump();
  }

  /**
   * Descriptors of `queue` that report have been completed; `delayed`: the last of them has IDE. Returns the causes to raise
   * now. With a write-back threshold they wait until it is reached or TIDV expires.
   */
  completed(queue: TransmitQueue, delayed: boolean, cause: number): number {
    if (queue.ring.held > 0) {
      if (!queue.ring.due()) {
        // TIDV forces held descriptors out, with IDE or without; while it is 0 nothing but the threshold does.
        this.delay.event(cause);
        return 0;
      }
      queue.ring.flush();
    }
    if (delayed && !this.delay.event(cause)) return 0;
    return this.delay.running ? cause | this.delay.take() : cause;
  }

  flushHeld(): void {
    this.queue0.ring.flush();
    this.queue1.ring.flush();
  }

  /** Frames on chip whose ring was set up anew, or reset. */
  forgotten(frames: number): void {
    this.errors.ring += frames;
    this.drops[NIC_TX_ABORT] += frames;
  }

  /** Frames on chip that have not left. */
  inFlight(): number {
    return this.queue0.packets.frames() + this.queue1.packets.frames() + this.output.line.waiting.count;
  }

  /** Reads of host memory are under way. */
  reading(): boolean {
    return this.queue0.reading() || this.queue1.reading();
  }

  /** A register of the transmitter was written. */
  wrote(i: number, value: number): void {
    if (i === R.TDT1) this.pump();
    else if (i === R.TARC0 || i === R.TARC1) this.arbitrationChanged();
    else if (i === R.TIDV) {
      if ((value & FPD) !== 0) this.flush();
    } else if (i === R.TXDCTL) this.queue0.thresholdsChanged();
    else if (i === R.TXDCTL1) this.queue1.thresholdsChanged();
    else if (i === R.TDBAL || i === R.TDBAH || i === R.TDLEN || i === R.TDH) this.queue0.ringChanged();
    else if (i === R.TDBAL1 || i === R.TDBAH1 || i === R.TDLEN1 || i === R.TDH1) this.secondRingChanged();
  }

  private arbitrationChanged(): void {
    this.queue0.arbitrationChanged();
    this.queue1.arbitrationChanged();
    this.pump();
  }

  /** FPD: what is held is written back, and a delay that runs is over. */
  private flush(): void {
    this.flushHeld();
    this.delay.flush();
  }

  private secondRingChanged(): void {
    this.queue1.ringChanged();
    this.second = this.queue1.ring.used();
    this.nextTurn(0);
  }

  /** CTRL or RCTL was written, or the PHY's loopback: flow control, loopback. */
  controlChanged(loop: LoopbackTarget): void {
    const ctrl = this.values[R.CTRL];
    this.output.line.setFlowControl((ctrl & CTRL_RFCE) !== 0, (ctrl & CTRL_TFCE) !== 0, this.wire);
    const mac = (this.values[R.RCTL] & RCTL_LBM_MASK) === RCTL_LBM_MAC;
    this.output.loop = mac || loop.phyLoopback ? loop : null;
  }

  /** The registers have been reset already. */
  reset(): void {
    this.queue0.reset();
    this.queue1.reset();
    this.second = false;
    this.nextTurn(0);
    this.errors.reset += this.output.reset();
    this.output.loop = null;
    this.delay.cancel();
    if (this.fifoWaiting) this.port.disarmTimer(this.fifoTimer);
    this.fifoWaiting = false;
  }
}
