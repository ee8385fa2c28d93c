import { crc32, csum_add, csum_partial } from '../../bytes/index.js';
import { TP } from '../../sim/index.js';
import { FCS_BYTES, FRAME_BAD_FCS, type FramePool } from '../../wire/index.js';
import type { DevicePort } from '../pcie/index.js';
import { addOctets, bump, sizeClass } from './counters.js';
import { DelayTimer } from './delay-timer.js';
import { DescriptorRing } from './descriptor-ring.js';
import { NIC_CRC_ERROR, NIC_FILTER, NIC_LENGTH_ERROR, NIC_MISSED, NIC_RX_DISABLED } from './drops.js';
import { accepts, DEST_BROADCAST, DEST_MULTICAST, destinationKind } from './filter.js';
import { FrameFifo } from './frame-fifo.js';
import type { InterruptUnit } from './irq.js';
import { LONGEST_FRAME, type NicParts, receiveFifoBytes, TAG_RX_DESCRIPTORS, TIMER_RADV, TIMER_RDTR } from './parts.js';
import {
  CTRL_GIO_MASTER_DISABLE,
  ICR_RXDMT0,
  ICR_RXO,
  ICR_RXT0,
  RCTL_EN,
  RCTL_LPE,
  RCTL_RDMTS_SHIFT,
  RCTL_SBP,
  RCTL_SECRC,
  RFCTL_EXTEN,
  RXCSUM_IPOFLD,
  RXCSUM_PCSD,
  RXCSUM_PCSS_MASK,
  RXCSUM_TUOFLD,
  RXD_ERR_CE,
  RXD_STAT_IXSM,
} from './registers/bits.js';
import * as R from './registers/indices.js';
import { verifyChecksums } from './rx-checksum.js';
import { receiveBufferBytes, writeExtended, writeLegacy } from './rx-descriptor.js';

/** Shortest and longest frame without RCTL.LPE, without CRC. */
const MIN_LENGTH = 60;
const MAX_LENGTH = 1518;
const ETH_HLEN = 14;
/** A prefetch is due when fewer descriptors than this are left on chip. */
const PREFETCH_BELOW = 16;

/** The receiver: filters, FIFO, descriptors, checksums, write-back, receive causes. */
export class ReceiveUnit {
  readonly fifo: FrameFifo;
  readonly ring: DescriptorRing;
  readonly delay: DelayTimer;
  /** Frames written to host memory. */
  readonly delivered: Float64Array = new Float64Array(1);
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly pool: FramePool;
  private readonly irq: InterruptUnit;
  private readonly drops: Float64Array;
  /** Arena offset where a CRC is put together before it is written to the host. */
  private readonly crcAt: number;
  private bufferBytes: number;

  constructor(parts: NicParts) {
    this.values = parts.file.values;
    this.port = parts.port;
    this.pool = parts.pool;
    this.irq = parts.irq;
    this.drops = parts.drops;
    this.fifo = new FrameFifo(parts.pool);
    this.ring = new DescriptorRing(parts.file, parts.port, {
      base: R.RDBAL,
      baseHigh: R.RDBAH,
      length: R.RDLEN,
      head: R.RDH,
      tail: R.RDT,
      tag: TAG_RX_DESCRIPTORS,
      ring: 0,
    });
    this.delay = new DelayTimer(parts.file, parts.port, parts.irq, {
      restarting: R.RDTR,
      absolute: R.RADV,
      restartingCount: R.ICRXPTC,
      absoluteCount: R.ICRXATC,
      cause: ICR_RXT0,
      restartingOp: TIMER_RDTR,
      absoluteOp: TIMER_RADV,
    });
    this.crcAt = parts.port.localMemory(64);
    this.bufferBytes = receiveBufferBytes(0);
  }

  /** A frame from the wire, with link. Takes over the reference. */
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
      bump(v, (this.pool.flags[frame] & FRAME_BAD_FCS) !== 0 ? R.RFC : R.RUC);
      this.drop(frame, NIC_LENGTH_ERROR);
      return;
    }
    const arena = this.port.arena;
    const off = this.pool.off(frame);
    const kind = destinationKind(arena, off);
    if (!accepts(v, arena, off, kind)) {
      this.drop(frame, NIC_FILTER);
      return;
    }
    if ((this.pool.flags[frame] & FRAME_BAD_FCS) !== 0) this.arrivedBad(frame, length);
    else this.arrivedGood(frame, length, kind);
  }

  private longest(): number {
    return (this.values[R.RCTL] & RCTL_LPE) !== 0 ? LONGEST_FRAME - FCS_BYTES : MAX_LENGTH;
  }

  /** A wrong CRC: counted by length, and stored only with RCTL.SBP. */
  private arrivedBad(frame: number, length: number): void {
    const v = this.values;
    if (length > this.longest()) {
      bump(v, R.RJC);
      this.drop(frame, NIC_LENGTH_ERROR);
      return;
    }
    bump(v, length < MIN_LENGTH ? R.RFC : R.CRCERRS);
    if ((v[R.RCTL] & RCTL_SBP) === 0) this.drop(frame, NIC_CRC_ERROR);
    else this.enqueue(length < MIN_LENGTH ? this.padded(frame, length) : frame);
  }

  private arrivedGood(frame: number, length: number, kind: number): void {
    const v = this.values;
    if (length > this.longest()) {
      bump(v, R.ROC);
      this.drop(frame, NIC_LENGTH_ERROR);
      return;
    }
    if (!this.enqueue(length < MIN_LENGTH ? this.padded(frame, length) : frame)) return;
    const octets = (length < MIN_LENGTH ? MIN_LENGTH : length) + FCS_BYTES;
    bump(v, R.GPRC);
    addOctets(v, R.GORCL, octets);
    bump(v, R.PRC64 + sizeClass(octets));
    if (kind === DEST_MULTICAST) bump(v, R.MPRC);
    else if (kind === DEST_BROADCAST) bump(v, R.BPRC);
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
    const length = this.pool.len(frame);
    if (!this.fifo.fits(length + FCS_BYTES, receiveFifoBytes(v[R.PBA]))) {
      bump(v, R.MPC);
      bump(v, R.ICRXOC);
      this.drop(frame, NIC_MISSED);
      this.stopDelayFor(ICR_RXO);
      this.irq.raise(ICR_RXO);
      // A refused prefetch is tried again with each frame that comes.
      this.drain();
      return false;
    }
    this.fifo.push(frame);
    const trace = this.port.trace;
    if (trace.on) {
      trace.put(TP.MAC_FIFO, this.port.hostId << 8, this.pool.journey[frame], length, this.fifo.bytes, 0);
    }
    if (this.ring.free() === 0) bump(v, R.RNBC);
    this.drain();
    return true;
  }

  /** Descriptors have come (or were refused). */
  fetched(ok: number): void {
    if (this.ring.fetched(ok)) this.drain();
  }

  /** The receiver may work: enabled, and allowed to master the bus. */
  private running(): boolean {
    return (this.values[R.RCTL] & RCTL_EN) !== 0 && (this.values[R.CTRL] & CTRL_GIO_MASTER_DISABLE) === 0;
  }

  /** Moves frames from the FIFO to host memory as long as descriptors last, then reports them. */
  drain(): void {
    if (!this.running()) return;
    const ring = this.ring;
    const crc = (this.values[R.RCTL] & RCTL_SECRC) !== 0 ? 0 : FCS_BYTES;
    let causes = 0;
    while (this.fifo.count > 0) {
      const total = this.pool.len(this.fifo.peek()) + crc;
      const buffers = total <= this.bufferBytes ? 1 : Math.ceil(total / this.bufferBytes);
      if (ring.cached < buffers) {
        if (buffers < ring.size() || ring.size() === 0) break;
        // The whole ring cannot hold this frame: waiting for descriptors would last forever.
        bump(this.values, R.MPC);
        this.drop(this.fifo.take(), NIC_MISSED);
        continue;
      }
      causes |= this.deliver(this.fifo.take(), total, buffers);
    }
    if (ring.cached < PREFETCH_BELOW || this.fifo.count > 0) ring.fetch();
    if (causes !== 0) this.report(causes);
  }

  /** Data first, then the descriptor: posted writes keep that order. Returns RXT0 and what else was reached. */
  private deliver(frame: number, total: number, buffers: number): number {
    const { pool, ring } = this;
    const checks = this.checks(frame);
    const extended = (this.values[R.RFCTL] & RFCTL_EXTEN) !== 0;
    const journey = pool.journey[frame];
    const length = pool.len(frame);
    const noSums = (this.values[R.RXCSUM] & RXCSUM_PCSD) !== 0;
    const sums = noSums ? 0 : extended ? this.identification(frame) : this.packetChecksum(frame, total);
    let causes = ICR_RXT0;
    for (let k = 0, at = 0; k < buffers; k++, at += this.bufferBytes) {
      const rest = total - at;
      const n = rest < this.bufferBytes ? rest : this.bufferBytes;
      const last = k === buffers - 1;
      const words = this.port.arena.i32;
      const w = ring.word(0);
      this.writeData(words[w], words[w + 1], frame, length, at, n, journey);
      if (extended) writeExtended(words, w, n, sums, checks, last);
      else writeLegacy(words, w, n, k === 0 ? sums : 0, checks, last);
      ring.writeBack(last ? checks | 3 : 1, journey);
      ring.advance();
      if (ring.free() === ring.size() >>> (1 + ((this.values[R.RCTL] >>> RCTL_RDMTS_SHIFT) & 3))) {
        bump(this.values, R.ICRXDMTC);
        causes |= ICR_RXDMT0;
      }
    }
    this.delivered[0]++;
    pool.unref(frame);
    return causes;
  }

  /** `n` bytes of frame and CRC from position `at`, to the buffer at hi:lo. */
  private writeData(
    lo: number,
    hi: number,
    frame: number,
    length: number,
    at: number,
    n: number,
    journey: number,
  ): void {
    const { port } = this;
    const data = at + n <= length ? n : at < length ? length - at : 0;
    if (data > 0) port.dmaWrite(lo, hi, data, this.pool.off(frame) + at, journey);
    if (data === n) return;
    this.makeCrc(frame, length);
    const to = (lo + data) | 0;
    const carry = to >>> 0 < lo >>> 0 ? 1 : 0;
    port.dmaWrite(to, (hi + carry) | 0, n - data, this.crcAt + (at + data - length), journey);
  }

  private makeCrc(frame: number, length: number): void {
    const arena = this.port.arena;
    const crc = crc32(arena.u8, this.pool.off(frame), length);
    arena.i32[this.crcAt >> 2] = (this.pool.flags[frame] & FRAME_BAD_FCS) !== 0 ? ~crc : crc;
  }

  /** Status and error bits of a frame. */
  private checks(frame: number): number {
    const v = this.values;
    if ((this.pool.flags[frame] & FRAME_BAD_FCS) !== 0) return RXD_ERR_CE << 8;
    const rxcsum = v[R.RXCSUM];
    if ((rxcsum & (RXCSUM_IPOFLD | RXCSUM_TUOFLD)) === 0) return RXD_STAT_IXSM;
    return verifyChecksums(this.pool, frame, rxcsum, v[R.RFCTL]);
  }

  /** Of an extended descriptor without RXCSUM.PCSD (with it there is the RSS hash, of which none is made): the IPv4 identification. */
  private identification(frame: number): number {
    const u8 = this.port.arena.u8;
    const off = this.pool.off(frame);
    return u8[off + 12] === 8 && u8[off + 13] === 0 ? (u8[off + 18] << 8) | u8[off + 19] : 0;
  }

  /** Of a legacy descriptor: the packet checksum from RXCSUM.PCSS to the end of what is stored. */
  private packetChecksum(frame: number, total: number): number {
    const { u8, u32 } = this.port.arena;
    const off = this.pool.off(frame);
    const start = this.values[R.RXCSUM] & RXCSUM_PCSS_MASK;
    const length = this.pool.len(frame);
    if (start >= length) return 0xffff;
    let sum = csum_partial(u8, u32, off + start, length - start, 0);
    if (total > length) {
      this.makeCrc(frame, length);
      const crc = csum_partial(u8, u32, this.crcAt, FCS_BYTES, 0);
      // After an odd number of bytes the CRC begins in the middle of a 16-bit word.
      sum = csum_add(sum, ((length - start) & 1) !== 0 ? swap(crc) : crc);
    }
    return ~sum & 0xffff;
  }

  /** Raises the causes of frames written back, RXT0 after its delays. */
  private report(causes: number): void {
    let now = causes & ~ICR_RXT0;
    if (this.delay.event()) now |= ICR_RXT0;
    else this.stopDelayFor(now);
    if (now !== 0) this.irq.raise(now);
  }

  /** RXDMT0 and RXO, when they interrupt, stop the delay timers (82583V datasheet 7.1.9): software looks at the ring anyway. */
  private stopDelayFor(causes: number): void {
    if ((causes & this.values[R.IMS]) !== 0) this.delay.cancel();
  }

  /** RDT or RCTL.EN was written. */
  kick(): void {
    if (this.fifo.count > 0) this.drain();
    else if (this.ring.cached < PREFETCH_BELOW && this.running()) this.ring.fetch();
  }

  controlChanged(): void {
    this.bufferBytes = receiveBufferBytes(this.values[R.RCTL]);
    this.kick();
  }

  /** A base, length or head register was written. */
  ringChanged(): void {
    this.ring.restart();
  }

  /** Frames in the FIFO are lost; the registers have been reset already. */
  reset(): void {
    while (this.fifo.count > 0) this.drop(this.fifo.take(), NIC_RX_DISABLED);
    this.delay.cancel();
    this.ring.restart();
    this.bufferBytes = receiveBufferBytes(this.values[R.RCTL]);
  }

  private drop(frame: number, reason: number): void {
    this.drops[reason]++;
    this.pool.unref(frame);
  }
}

function swap(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8);
}
