import type { WirePort } from '../../../wire/index.js';
import type { DevicePort } from '../../pcie/index.js';
import { bump } from '../counters.js';
import { FrameFifo } from '../frame-fifo.js';
import { type NicParts, TIMER_PAUSE, TIMER_TX_LINE } from '../parts.js';
import { DC } from '../registers/indices.js';

/** Bit times of one unit of a PAUSE frame's timer (IEEE 802.3x). */
const PAUSE_QUANTUM_BITS = 512;
/** Bit rate that counts where the wire has none. */
const NOMINAL_BPS = 1_000_000_000;

/** How long `quanta` last on a wire, ns. */
export function pauseNs(quanta: number, wire: WirePort | null): number {
  const rate = wire === null || wire.rate_bps === 0 ? NOMINAL_BPS : wire.rate_bps;
  return Math.ceil((quanta * PAUSE_QUANTUM_BITS * 1e9) / rate);
}

/**
 * Frames between the transmit FIFO and the line, for a MAC with flow control: each is handed to the wire only when the line is
 * free, so that a pause stops all but the frame being sent, and a PAUSE frame waits for no more than that. Without flow
 * control frames queue at the wire, which costs no timer.
 */
export class TxLine {
  /** CTRL.RFCE or TFCE is set. */
  paced = false;
  /** The far end has asked for silence. */
  paused = false;
  /** The PHY has its link; without, frames wait. */
  linkUp = false;
  readonly waiting: FrameFifo;
  private readonly port: DevicePort;
  private readonly lineTimer: number;
  private readonly pauseTimer: number;
  private readonly parts: NicParts;

  constructor(parts: NicParts) {
    this.parts = parts;
    this.port = parts.port;
    this.waiting = new FrameFifo(parts.pool);
    this.lineTimer = parts.port.createTimer(TIMER_TX_LINE, 0);
    this.pauseTimer = parts.port.createTimer(TIMER_PAUSE, 0);
  }

  /** Takes over a frame. */
  send(frame: number, wire: WirePort): void {
    if (this.waiting.count === 0 && this.free(wire)) wire.send(frame);
    else {
      if (this.paused) bump(this.parts.file.values, DC);
      this.waiting.push(frame, 0, 0);
      if (this.waiting.count === 1) this.release(wire);
    }
  }

  /** Whether a frame may go now. If the line is busy, `port.at[0]` is when it will be free. */
  private free(wire: WirePort): boolean {
    if (this.paused || !this.linkUp) return false;
    wire.freeAt();
    return this.port.at[0] <= this.port.clock[0];
  }

  /** Sends what may go; if the line is taken before all has gone, a timer is set for when it is free. */
  release(wire: WirePort | null): void {
    if (wire === null) return;
    while (this.waiting.count > 0) {
      if (!this.free(wire)) {
        if (!this.paused && this.linkUp) this.port.armTimerAt(this.lineTimer);
        return;
      }
      wire.send(this.waiting.take());
    }
  }

  /** A PAUSE frame of `quanta` has come: silence for so long from now on; 0 ends it. */
  pause(quanta: number, wire: WirePort | null): void {
    this.port.disarmTimer(this.pauseTimer);
    this.paused = quanta !== 0;
    if (quanta === 0) {
      this.release(wire);
      return;
    }
    this.port.at[0] = this.port.clock[0] + pauseNs(quanta, wire);
    this.port.armTimerAt(this.pauseTimer);
  }

  /** The pause is over. */
  pauseExpired(wire: WirePort | null): void {
    this.paused = false;
    this.release(wire);
  }

  /** CTRL was written. Without flow control all that waits goes to the wire, as far as there is a link. */
  setFlowControl(receive: boolean, transmit: boolean, wire: WirePort | null): void {
    if (!receive && this.paused) this.pause(0, wire);
    this.paced = receive || transmit || this.waiting.count > 0;
  }

  /** Frames lost. */
  reset(): number {
    const lost = this.waiting.count;
    while (this.waiting.count > 0) this.parts.pool.unref(this.waiting.take());
    this.port.disarmTimer(this.lineTimer);
    this.port.disarmTimer(this.pauseTimer);
    this.paused = false;
    this.paced = false;
    return lost;
  }
}
