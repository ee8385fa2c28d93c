import { Cloneable } from '../../sim/index.js';
import type { FramePool } from '../../wire/index.js';
import type { DevicePort } from '../pcie/index.js';
import { TSYNC_ENABLED, TSYNC_VALID } from './registers/bits.js';
import * as R from './registers/indices.js';

/** Nanoseconds of one cycle of the time-sync clock: 25 MHz (Linux' e1000e_get_base_timinca for the 82574). */
export const TSYNC_CYCLE_NS = 40;
const MASK64 = (1n << 64n) - 1n;

/* TSYNCRXCTL bits 3:1, what gets a stamp (Linux' E1000_TSYNCRXCTL_TYPE_*). */
const TYPE_MASK = 0x0e;
const TYPE_L2_V2 = 0x00;
const TYPE_L4_V1 = 0x02;
const TYPE_L2_L4_V2 = 0x04;
const TYPE_ALL = 0x08;
const TYPE_EVENT_V2 = 0x0a;

const ETHERTYPE = 12;
const L2_MESSAGE = 14;
/** Byte of the control field in a message of version 1, and of the source identity and sequence number. */
const V1_CONTROL = 32;
const SOURCE_ID = 20;
const SEQUENCE_ID = 30;
/** PTP messages of version 2: 0 Sync to 3 Pdelay_Resp are events. */
const PDELAY_REQ = 2;
const PDELAY_RESP = 3;

/**
 * SYSTIM and the two time stamps. SYSTIM runs on the virtual clock: every TIMINCA.INCPERIOD cycles of 40 ns it grows by
 * TIMINCA.INCVALUE; with a period or a value of 0 it stands. Software that programs 1 and 40 << 18, as Linux does, counts
 * units of 2^-18 ns. A stamp stays until its high half has been read; meanwhile no other packet gets one.
 */
export class TimeSync extends Cloneable {
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly pool: FramePool;
  /** SYSTIM at the beginning of cycle `epoch`. */
  private base: bigint;
  private epoch: number;
  /** TIMINCA in force. */
  private increment: number;
  /** The frame in the receive FIFO whose stamp is held, -1 none: its descriptor gets the TST bit. */
  stamped: number;

  constructor(values: Int32Array, port: DevicePort, pool: FramePool) {
    super();
    this.values = values;
    this.port = port;
    this.pool = pool;
    this.base = 0n;
    this.epoch = 0;
    this.increment = 0;
    this.stamped = -1;
  }

  /** SYSTIM at the time `ns`, modulo 2^64. */
  private at(ns: number): bigint {
    const period = this.increment >>> 24;
    const value = this.increment & 0xffffff;
    if (period === 0 || value === 0) return this.base;
    const cycles = Math.floor(ns / TSYNC_CYCLE_NS) - this.epoch;
    if (cycles <= 0) return this.base;
    return (this.base + BigInt(Math.floor(cycles / period)) * BigInt(value)) & MASK64;
  }

  /** SYSTIM goes on from now with `base`. */
  private restart(base: bigint): void {
    this.base = base & MASK64;
    this.epoch = Math.floor(this.port.clock[0] / TSYNC_CYCLE_NS);
  }

  /** SYSTIML or SYSTIMH now. The register file holds what was last written. */
  half(entry: number): number {
    const now = this.at(this.port.clock[0]);
    return Number((entry === R.SYSTIML ? now : now >> 32n) & 0xffffffffn) | 0;
  }

  private store(entry: number, time: bigint): void {
    this.values[entry] = Number(time & 0xffffffffn) | 0;
    this.values[entry + 1] = Number(time >> 32n) | 0;
  }

  /** TIMINCA was written: what has been counted stands. */
  wroteIncrement(): void {
    this.restart(this.at(this.port.clock[0]));
    this.increment = this.values[R.TIMINCA];
  }

  /** SYSTIML or SYSTIMH was written: the clock goes on with that half replaced. */
  wroteTime(entry: number): void {
    const now = this.at(this.port.clock[0]);
    const half = BigInt(this.values[entry] >>> 0);
    this.restart(entry === R.SYSTIML ? (now & ~0xffffffffn) | half : (now & 0xffffffffn) | (half << 32n));
  }

  /** TIMADJH was written: TIMADJH:TIMADJL, with the sign in bit 31, is added once. */
  adjust(): void {
    const high = this.values[R.TIMADJH];
    const amount = (BigInt(high & 0x7fffffff) << 32n) | BigInt(this.values[R.TIMADJL] >>> 0);
    const now = this.at(this.port.clock[0]);
    this.restart(high < 0 ? now - amount : now + amount);
  }

  /** A good frame has arrived and TSYNCRXCTL.EN is set: stamps it if it is one that TYPE selects. */
  received(frame: number): void {
    const v = this.values;
    if ((v[R.TSYNCRXCTL] & TSYNC_VALID) !== 0) return;
    const ptp = this.selected(frame);
    if (ptp < 0) return;
    this.store(R.RXSTMPL, this.at(this.port.clock[0]));
    v[R.TSYNCRXCTL] |= TSYNC_VALID;
    this.stamped = frame;
    this.storeIdentity(frame, ptp);
  }

  /** RXSATR: the first six bytes of the source identity and the sequence number of the message at `ptp`; 0 without one. */
  private storeIdentity(frame: number, ptp: number): void {
    const v = this.values;
    v[R.RXSATRL] = 0;
    v[R.RXSATRH] = 0;
    if (ptp === 0 || ptp + SEQUENCE_ID + 2 > this.pool.len(frame)) return;
    const { u8 } = this.port.arena;
    const at = this.pool.off(frame) + ptp;
    const id = at + SOURCE_ID;
    v[R.RXSATRL] = u8[id] | (u8[id + 1] << 8) | (u8[id + 2] << 16) | (u8[id + 3] << 24);
    const sequence = (u8[at + SEQUENCE_ID] << 8) | u8[at + SEQUENCE_ID + 1];
    v[R.RXSATRH] = u8[id + 4] | (u8[id + 5] << 8) | (sequence << 16);
  }

  /** Offset of the PTP message in a frame that is to be stamped; 0 where every frame is and this is none; -1 if not. */
  private selected(frame: number): number {
    const type = this.values[R.TSYNCRXCTL] & TYPE_MASK;
    const l2 = this.isL2(frame) ? L2_MESSAGE : -1;
    const l4 = l2 > 0 ? -1 : this.udpMessage(frame);
    const ptp = l2 > 0 ? l2 : l4;
    if (type === TYPE_ALL) return ptp < 0 ? 0 : ptp;
    if (type === TYPE_L4_V1) return l4 > 0 && this.isVersion1(frame, l4) ? l4 : -1;
    if (type === TYPE_L2_V2) return l2 > 0 && this.isMessage(frame, l2) ? l2 : -1;
    if (ptp < 0) return -1;
    if (type === TYPE_L2_L4_V2) return this.isMessage(frame, ptp) ? ptp : -1;
    return type === TYPE_EVENT_V2 && this.messageType(frame, ptp) <= PDELAY_RESP ? ptp : -1;
  }

  private isL2(frame: number): boolean {
    if (this.pool.len(frame) <= L2_MESSAGE) return false;
    const { u8 } = this.port.arena;
    const at = this.pool.off(frame) + ETHERTYPE;
    return ((u8[at] << 8) | u8[at + 1]) === (this.values[R.RXMTRL] & 0xffff);
  }

  /** Offset of the payload of a UDP datagram to the port in RXUDP (which holds it in network order), or -1. */
  private udpMessage(frame: number): number {
    const { u8 } = this.port.arena;
    const at = this.pool.off(frame);
    const length = this.pool.len(frame);
    if (length < 14 + 20 + 8) return -1;
    const type = (u8[at + ETHERTYPE] << 8) | u8[at + ETHERTYPE + 1];
    let udp = -1;
    if (type === 0x0800 && u8[at + 23] === 17 && ((u8[at + 20] << 8) & 0x1f00) === 0 && u8[at + 21] === 0) {
      udp = 14 + (u8[at + 14] & 15) * 4;
    } else if (type === 0x86dd && u8[at + 20] === 17) udp = 14 + 40;
    if (udp < 0 || udp + 8 >= length) return -1;
    return (u8[at + udp + 2] | (u8[at + udp + 3] << 8)) === (this.values[R.RXUDP] & 0xffff) ? udp + 8 : -1;
  }

  private isVersion1(frame: number, ptp: number): boolean {
    if (ptp + V1_CONTROL >= this.pool.len(frame)) return false;
    const control = this.port.arena.u8[this.pool.off(frame) + ptp + V1_CONTROL];
    return control === ((this.values[R.RXMTRL] >>> 16) & 0xff);
  }

  private messageType(frame: number, ptp: number): number {
    return this.port.arena.u8[this.pool.off(frame) + ptp] & 15;
  }

  /** The message type in RXMTRL; peer delay requests and responses are stamped in any case. */
  private isMessage(frame: number, ptp: number): boolean {
    const type = this.messageType(frame, ptp);
    return type === this.values[R.RXMTRL] >>> 24 || type === PDELAY_REQ || type === PDELAY_RESP;
  }

  /** A frame leaves the receive FIFO, for host memory or lost. True when its stamp is the one taken. */
  taken(frame: number): boolean {
    if (frame !== this.stamped) return false;
    this.stamped = -1;
    return true;
  }

  /** A packet whose descriptor asks for a stamp goes to the wire, its first bit at the time `port.at[0]`. */
  sent(): void {
    const v = this.values;
    if ((v[R.TSYNCTXCTL] & (TSYNC_ENABLED | TSYNC_VALID)) !== TSYNC_ENABLED) return;
    this.store(R.TXSTMPL, this.at(this.port.at[0]));
    v[R.TSYNCTXCTL] |= TSYNC_VALID;
  }

  /** RXSTMPH or TXSTMPH was read: the next packet may be stamped. */
  released(control: number): void {
    this.values[control] &= ~TSYNC_VALID;
  }

  /** The registers were reset. */
  reset(): void {
    this.increment = 0;
    this.restart(0n);
    this.stamped = -1;
  }
}
