import { Cloneable } from '../../sim/index.js';
import { FRAME_BAD_FCS, type FramePool } from '../../wire/index.js';
import type { DevicePort } from '../pcie/index.js';
import { bump } from './counters.js';
import type { NicParts } from './parts.js';
import { CTRL_RFCE, CTRL_TFCE, FCRTL_XONE, RCTL_DPF, RCTL_PMCF, TCTL_SWXOFF } from './registers/bits.js';
import * as R from './registers/indices.js';
import type { TransmitUnit } from './tx/transmit.js';
import { pauseNs } from './tx/tx-line.js';

const OPCODE_PAUSE = 1;
const FRAME_BYTES = 60;
/** Of a MAC control frame: type, opcode, timer. */
const TYPE_AT = 12;
const OPCODE_AT = 14;
const TIMER_AT = 16;
const SHORTEST = 18;
/** RTH and RTL: bytes, in units of 8. */
const THRESHOLD_MASK = 0xfff8;

/* What becomes of a received frame. */
export const CONTROL_ORDINARY = 0;
/** The MAC keeps it. */
export const CONTROL_CONSUMED = 1;
/** A MAC control frame that the address filters do not judge. */
export const CONTROL_PASSED = 2;

/**
 * Flow control (IEEE 802.3x; Intel 8254x manual 8.7): received PAUSE frames stop the transmitter, the fill of the receive
 * FIFO sends them.
 */
export class FlowControl extends Cloneable {
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly pool: FramePool;
  private readonly tx: TransmitUnit;
  /** The FIFO has passed its high threshold and not yet fallen below the low one. */
  high = false;
  /** [0] when the pause that was last asked for runs out, ns. */
  private readonly until: Float64Array = new Float64Array(1);

  constructor(parts: NicParts, tx: TransmitUnit) {
    super();
    this.values = parts.file.values;
    this.port = parts.port;
    this.pool = parts.pool;
    this.tx = tx;
  }

  /**
   * Judges a frame whose type is FCT: PAUSE to the address of FCAL/FCAH or of this station, other opcodes, or neither.
   * RCTL.DPF keeps PAUSE frames from the host, and all other MAC control frames need RCTL.PMCF to get there. While FCT is 0 there
   * are none.
   */
  received(frame: number): number {
    const v = this.values;
    const { u8 } = this.port.arena;
    const off = this.pool.off(frame);
    if (v[R.FCT] === 0 || this.pool.len(frame) < SHORTEST) return CONTROL_ORDINARY;
    if ((this.pool.flags[frame] & FRAME_BAD_FCS) !== 0) return CONTROL_ORDINARY;
    if (!this.isOurs(u8, off)) return CONTROL_ORDINARY;
    if (((u8[off + OPCODE_AT] << 8) | u8[off + OPCODE_AT + 1]) !== OPCODE_PAUSE) {
      bump(v, R.FCRUC);
      return (v[R.RCTL] & RCTL_PMCF) !== 0 ? CONTROL_PASSED : CONTROL_CONSUMED;
    }
    const quanta = (u8[off + TIMER_AT] << 8) | u8[off + TIMER_AT + 1];
    bump(v, quanta === 0 ? R.XONRXC : R.XOFFRXC);
    if ((v[R.CTRL] & CTRL_RFCE) !== 0) this.tx.pause(quanta);
    return (v[R.RCTL] & RCTL_DPF) !== 0 ? CONTROL_CONSUMED : CONTROL_ORDINARY;
  }

  private isOurs(u8: Uint8Array, off: number): boolean {
    const v = this.values;
    const low = u8[off] | (u8[off + 1] << 8) | (u8[off + 2] << 16) | (u8[off + 3] << 24);
    const high = u8[off + 4] | (u8[off + 5] << 8);
    return (low === v[R.FCAL] && high === v[R.FCAH]) || (low === v[R.RAL0] && high === (v[R.RAH0] & 0xffff));
  }

  /** A frame has come and the receive FIFO holds `bytes`, or could not take it. Asked again after each pause that ran out. */
  grown(bytes: number): void {
    const v = this.values;
    const threshold = v[R.FCRTH] & THRESHOLD_MASK;
    if ((v[R.CTRL] & CTRL_TFCE) === 0 || threshold === 0 || bytes < threshold) return;
    if (this.high && this.port.clock[0] < this.until[0]) return;
    this.high = true;
    this.xoff();
  }

  /** Frames have left the receive FIFO. */
  shrunk(bytes: number): void {
    const v = this.values;
    if (!this.high || bytes >= (v[R.FCRTL] & THRESHOLD_MASK)) return;
    this.high = false;
    if ((v[R.FCRTL] & FCRTL_XONE) === 0 || (v[R.CTRL] & CTRL_TFCE) === 0) return;
    this.send(0, R.XONTXC);
  }

  /** TCTL was written: SWXOFF sends one PAUSE frame and reads as 0. */
  transmitControlWritten(): void {
    const v = this.values;
    if ((v[R.TCTL] & TCTL_SWXOFF) === 0) return;
    v[R.TCTL] &= ~TCTL_SWXOFF;
    if ((v[R.CTRL] & CTRL_TFCE) !== 0) this.xoff();
  }

  private xoff(): void {
    const quanta = this.values[R.FCTTV];
    this.until[0] = this.port.clock[0] + pauseNs(quanta, this.tx.wire);
    this.send(quanta, R.XOFFTXC);
  }

  /** Sends a PAUSE frame and counts it in entry `counter`; without a link there is none. */
  private send(quanta: number, counter: number): void {
    const { pool, port } = this;
    const v = this.values;
    if (!this.tx.linkUp) return;
    bump(v, counter);
    const frame = pool.alloc(FRAME_BYTES);
    const off = pool.off(frame);
    const { u8, dv } = port.arena;
    u8.fill(0, off, off + FRAME_BYTES);
    dv.setInt32(off, v[R.FCAL], true);
    dv.setUint16(off + 4, v[R.FCAH], true);
    dv.setInt32(off + 6, v[R.RAL0], true);
    dv.setUint16(off + 10, v[R.RAH0], true);
    dv.setUint16(off + TYPE_AT, v[R.FCT]);
    dv.setUint16(off + OPCODE_AT, OPCODE_PAUSE);
    dv.setUint16(off + TIMER_AT, quanta);
    this.tx.output.control(frame, this.tx.wire);
  }

  reset(): void {
    this.high = false;
    this.until[0] = 0;
  }
}
