import { crc32, csum_add, csum_partial } from '../../../bytes/index.js';
import { type Arena, Cloneable } from '../../../sim/index.js';
import { FCS_BYTES, FRAME_BAD_FCS, type FramePool } from '../../../wire/index.js';
import type { DevicePort } from '../../pcie/index.js';
import type { DescriptorRing } from '../descriptor-ring.js';
import type { NicParts } from '../parts.js';
import {
  CTRL_VME,
  RCTL_DTYP_MASK,
  RCTL_DTYP_PS,
  RCTL_SECRC,
  RFCTL_ACK_DIS,
  RFCTL_ACKD_DIS,
  RFCTL_EXTEN,
  RFCTL_IPFRSP_DIS,
  RXCSUM_IPOFLD,
  RXCSUM_IPPCSE,
  RXCSUM_PCSD,
  RXCSUM_PCSS_MASK,
  RXCSUM_TUOFLD,
  RXD_ERR_CE,
  RXD_STAT_ACK,
  RXD_STAT_DD,
  RXD_STAT_EOP,
  RXD_STAT_IPIDV,
  RXD_STAT_IXSM,
  RXD_STAT_TST,
  RXD_STAT_UDPV,
  RXD_STAT_VP,
} from '../registers/bits.js';
import * as R from '../registers/indices.js';
import type { TimeSync } from '../time-sync.js';
import { isTagged, tagControl, VLAN_AT, VLAN_HLEN } from '../vlan.js';
import { verifyChecksums } from './rx-checksum.js';
import {
  extendedStatus,
  receiveBufferBytes,
  splitBufferBytes,
  writeExtended,
  writeLegacy,
  writeSplitUpper,
} from './rx-descriptor.js';
import { PROTO_UDP, RxHeaders } from './rx-headers.js';

/** Where the type of an untagged frame stands. */
const TYPE_AT = 12;
/** Descriptors that a frame would need for which the buffers have no room at all. */
const NEVER = 0x7fff;

/**
 * Writes frames to host memory: which bytes go into which buffer, CRC, stripped tag, header split, and what the
 * descriptors say about them. Data first, then the descriptor: posted writes keep that order.
 */
export class RxStore extends Cloneable {
  /** The frame in hand: bytes to store, with the CRC if that is stored. */
  total = 0;
  /**
   * The usual configuration: extended descriptors, no CRC, no tags stripped, nobody asks for acknowledgements. Frames that
   * fit into one buffer take a short way then.
   */
  plain = false;
  /** It is an acknowledgement that RFCTL wants to be told of. */
  ack = false;
  /** 16-byte descriptors that one descriptor of the format in force takes: 2 for packet split. */
  stride = 1;
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly arena: Arena;
  private readonly pool: FramePool;
  private readonly stamps: TimeSync;
  private readonly headers: RxHeaders = new RxHeaders();
  /** Arena offset where a CRC is put together before it is written to the host. */
  private readonly crcAt: number;
  private frame = 0;
  private off = 0;
  private journey = 0;
  /** Bytes of the frame as stored, without CRC; its tag, and how many bytes of it are left out behind the addresses. */
  private length = 0;
  private tci = 0;
  private hole = 0;
  /** Bytes of header that go to a buffer of their own, 0 = no split. */
  private header = 0;
  private parsed = false;
  /** Bytes of a buffer; with packet split those of the four buffers. */
  private bufferBytes: number;
  private readonly sizes: Int32Array = new Int32Array(4);
  private readonly written: Int32Array = new Int32Array(4);

  constructor(parts: NicParts) {
    super();
    this.values = parts.file.values;
    this.port = parts.port;
    this.arena = parts.port.arena;
    this.pool = parts.pool;
    this.stamps = parts.timeSync;
    this.crcAt = parts.port.localMemory(64);
    this.bufferBytes = receiveBufferBytes(0);
  }

  /** A register of the receiver, or CTRL, was written. Packet split needs the extended format too. */
  configure(): void {
    const v = this.values;
    const rctl = v[R.RCTL];
    const rfctl = v[R.RFCTL];
    const split = (rctl & RCTL_DTYP_MASK) === RCTL_DTYP_PS && (rfctl & RFCTL_EXTEN) !== 0;
    this.stride = split ? 2 : 1;
    this.bufferBytes = receiveBufferBytes(rctl);
    const usual =
      (rfctl & (RFCTL_EXTEN | RFCTL_ACK_DIS)) === (RFCTL_EXTEN | RFCTL_ACK_DIS) && (rctl & RCTL_SECRC) !== 0;
    this.plain = usual && !split && (v[R.CTRL] & CTRL_VME) === 0 && (v[R.RXCSUM] & RXCSUM_IPPCSE) === 0;
    for (let k = 0; k < 4; k++) this.sizes[k] = splitBufferBytes(v[R.PSRCTL], k);
  }

  /** Takes a frame in hand. */
  load(frame: number): void {
    const v = this.values;
    const off = this.pool.off(frame);
    const length = this.pool.len(frame);
    this.frame = frame;
    this.off = off;
    this.hole = 0;
    this.tci = 0;
    this.header = 0;
    this.ack = false;
    this.parsed = false;
    if ((v[R.CTRL] & CTRL_VME) !== 0 && isTagged(v, this.arena.u8, off, length)) {
      this.hole = VLAN_HLEN;
      this.tci = tagControl(this.arena.u8, off);
    }
    this.length = length - this.hole;
    this.total = (v[R.RCTL] & RCTL_SECRC) !== 0 ? this.length : this.length + FCS_BYTES;
    if (this.stride === 2) this.planSplit();
  }

  private parse(): RxHeaders {
    const { headers } = this;
    if (!this.parsed) headers.parse(this.arena.u8, this.off, this.length + this.hole, this.values[R.VET]);
    this.parsed = true;
    return headers;
  }

  /** The header of an IP packet goes to buffer 0, if that can hold it; RFCTL can leave fragments out. */
  private planSplit(): void {
    const h = this.parse();
    if (h.version === 0 || (h.fragment && (this.values[R.RFCTL] & RFCTL_IPFRSP_DIS) !== 0)) return;
    const header = h.headers - this.hole;
    if (header <= this.sizes[0]) this.header = header;
  }

  /**
   * With `plain`: stores a frame into the oldest descriptor, if that has a buffer and the frame fits; else does nothing and
   * returns false.
   */
  storePlain(ring: DescriptorRing, frame: number, hash: number, mrq: number): boolean {
    const { pool } = this;
    const length = pool.len(frame);
    const words = this.arena.i32;
    const w = ring.word(0);
    const lo = words[w];
    if (length > this.bufferBytes || ring.cached === 0 || lo === 0) return false;
    const v = this.values;
    const off = pool.off(frame);
    const journey = pool.journey[frame];
    this.port.dmaWrite(lo, words[w + 1], length, off, journey);
    this.frame = frame;
    let checks = this.checks();
    let sums = hash;
    if ((v[R.RXCSUM] & RXCSUM_PCSD) === 0) {
      this.off = off;
      sums = this.identification();
      checks |= this.sumStatus;
    }
    if (this.stamps.taken(frame)) checks |= RXD_STAT_TST;
    words[w] = mrq;
    words[w + 1] = sums;
    words[w + 2] = RXD_STAT_DD | RXD_STAT_EOP | extendedStatus(checks);
    words[w + 3] = length;
    ring.writeBack(checks | RXD_STAT_DD | RXD_STAT_EOP, journey);
    ring.advance();
    return true;
  }

  /** Descriptors (of 16 or 32 bytes) that the frame in hand needs; NEVER when no number would do. */
  need(): number {
    if (this.stride === 2) return this.needSplit();
    return this.total <= this.bufferBytes ? 1 : Math.ceil(this.total / this.bufferBytes);
  }

  private needSplit(): number {
    const s = this.sizes;
    const pages = s[1] + s[2] + s[3];
    const room = this.header > 0 ? pages : s[0] + pages;
    const rest = this.total - this.header;
    if (rest <= 0) return 1;
    return room === 0 ? NEVER : Math.ceil(rest / room);
  }

  /** Stores the frame in hand into the `need` oldest descriptors that have a buffer; returns the 16-byte descriptors used. */
  store(ring: DescriptorRing, need: number, hash: number, mrq: number): number {
    const v = this.values;
    this.journey = this.pool.journey[this.frame];
    const extended = (v[R.RFCTL] & RFCTL_EXTEN) !== 0;
    let checks = this.checks();
    if ((v[R.RFCTL] & RFCTL_ACK_DIS) === 0) checks |= this.acknowledgement();
    if (this.hole !== 0) checks |= RXD_STAT_VP;
    if (this.stamps.taken(this.frame)) checks |= RXD_STAT_TST;
    const noSums = (v[R.RXCSUM] & RXCSUM_PCSD) !== 0;
    let sums = hash;
    if (!noSums) {
      sums = extended ? this.identification() : this.packetChecksum();
      if (extended) checks |= this.sumStatus;
    }
    if (this.stride === 2) return this.storeSplit(ring, need, sums, mrq, checks);
    let used = need;
    for (let k = 0, at = 0; k < need; k++, at += this.bufferBytes) {
      if (k > 0) used += this.skipEmpty(ring);
      const rest = this.total - at;
      const n = rest < this.bufferBytes ? rest : this.bufferBytes;
      const last = k === need - 1;
      const words = this.arena.i32;
      const w = ring.word(0);
      this.writeData(words[w], words[w + 1], at, n);
      if (extended) writeExtended(words, w, n, mrq, sums, checks, this.tci, last);
      else writeLegacy(words, w, n, k === 0 ? sums : 0, checks, this.tci, last);
      ring.writeBack(last ? checks | RXD_STAT_DD | RXD_STAT_EOP : RXD_STAT_DD, this.journey);
      ring.advance();
    }
    return used;
  }

  /**
   * Descriptors without a buffer address are given back at once, with DD set and nothing else changed (as known
   * of this family, unverified); not with packet split. Returns how many.
   */
  skipEmpty(ring: DescriptorRing): number {
    if (this.stride === 2) return 0;
    const words = this.arena.i32;
    const status = (this.values[R.RFCTL] & RFCTL_EXTEN) !== 0 ? 2 : 3;
    let skipped = 0;
    while (ring.cached > 0) {
      const w = ring.word(0);
      if ((words[w] | words[w + 1]) !== 0) break;
      words[w + status] |= RXD_STAT_DD;
      ring.writeBack(RXD_STAT_DD, 0);
      ring.advance();
      skipped++;
    }
    return skipped;
  }

  /** Whether `need` descriptors with buffers are on chip. */
  ready(ring: DescriptorRing, need: number): boolean {
    if (ring.cached < need * this.stride) return false;
    if (need === 1 || this.stride === 2) return true;
    const words = this.arena.i32;
    let usable = 0;
    for (let k = 0; k < ring.cached && usable < need; k++) {
      const w = ring.word(k);
      if ((words[w] | words[w + 1]) !== 0) usable++;
    }
    return usable === need;
  }

  private storeSplit(ring: DescriptorRing, need: number, sums: number, mrq: number, checks: number): number {
    let at = 0;
    for (let k = 0; k < need; k++) {
      const words = this.arena.i32;
      const lower = ring.word(0);
      const upper = ring.word(1);
      at = this.fill(words, lower, upper, at);
      const last = k === need - 1;
      const n = this.written;
      writeSplitUpper(words, upper, this.header, n[1], n[2], n[3]);
      words[lower] = mrq;
      words[lower + 1] = sums;
      words[lower + 2] = last ? RXD_STAT_DD | RXD_STAT_EOP | extendedStatus(checks) : RXD_STAT_DD;
      words[lower + 3] = n[0] | (this.tci << 16);
      ring.writeBackPair(last ? checks | RXD_STAT_DD | RXD_STAT_EOP : RXD_STAT_DD, this.journey);
    }
    return need * 2;
  }

  /** Fills the four buffers of a packet-split descriptor from byte `at` on; with a split buffer 0 takes the header only. */
  private fill(words: Int32Array, lower: number, upper: number, at: number): number {
    let next = at;
    for (let b = 0; b < 4; b++) {
      const w = (b < 2 ? lower : upper) + ((b & 1) << 1);
      let room = this.sizes[b];
      if (b === 0 && this.header > 0) room = at === 0 ? this.header : 0;
      const rest = this.total - next;
      const n = rest < room ? rest : room;
      this.written[b] = n;
      if (n > 0) this.writeData(words[w], words[w + 1], next, n);
      next += n;
    }
    return next;
  }

  /** `n` bytes of the stored frame and its CRC from position `at`, to the buffer at hi:lo. */
  private writeData(lo: number, hi: number, at: number, n: number): void {
    const { length } = this;
    const data = at + n <= length ? n : at < length ? length - at : 0;
    if (data > 0) {
      if (this.hole === 0) this.port.dmaWrite(lo, hi, data, this.off + at, this.journey);
      else this.writeAround(lo, hi, at, data);
    }
    if (data === n) return;
    this.makeCrc();
    this.writePart(lo, hi, data, n - data, this.crcAt + (at + data - length));
  }

  /** As the bytes of a frame without its tag: those before and those behind it. */
  private writeAround(lo: number, hi: number, at: number, n: number): void {
    let before = at < VLAN_AT ? VLAN_AT - at : 0;
    if (before > n) before = n;
    if (before > 0) this.writePart(lo, hi, 0, before, this.off + at);
    if (n > before) this.writePart(lo, hi, before, n - before, this.off + at + before + this.hole);
  }

  /** `n` bytes from arena offset `from` to `skip` bytes behind hi:lo. */
  private writePart(lo: number, hi: number, skip: number, n: number, from: number): void {
    const to = (lo + skip) | 0;
    const carry = to >>> 0 < lo >>> 0 ? 1 : 0;
    this.port.dmaWrite(to, (hi + carry) | 0, n, from, this.journey);
  }

  /** The CRC of the frame as it came, tag and all. */
  private makeCrc(): void {
    const crc = crc32(this.arena.u8, this.off, this.length + this.hole);
    this.arena.i32[this.crcAt >> 2] = (this.pool.flags[this.frame] & FRAME_BAD_FCS) !== 0 ? ~crc : crc;
  }

  /** Status and error bits of the frame: CRC error or checksums. */
  private checks(): number {
    const v = this.values;
    if ((this.pool.flags[this.frame] & FRAME_BAD_FCS) !== 0) return RXD_ERR_CE << 16;
    const rxcsum = v[R.RXCSUM];
    if ((rxcsum & (RXCSUM_IPOFLD | RXCSUM_TUOFLD)) === 0) return RXD_STAT_IXSM;
    return verifyChecksums(this.pool, this.frame, rxcsum, v[R.RFCTL], v[R.VET]);
  }

  private acknowledgement(): number {
    const pure = (this.values[R.RFCTL] & RFCTL_ACKD_DIS) !== 0;
    this.ack = this.parse().isAck(this.arena.u8, this.off, pure);
    return this.ack ? RXD_STAT_ACK : 0;
  }

  /** Status bits that go with the last {@link identification}. */
  private sumStatus = 0;

  /**
   * Of an extended descriptor without RXCSUM.PCSD: the IPv4 identification, and with IPPCSE the checksum over the payload of a
   * fragment of UDP.
   */
  private identification(): number {
    const { u8 } = this.arena;
    this.sumStatus = 0;
    let at = this.off + TYPE_AT;
    if (((u8[at] << 8) | u8[at + 1]) === this.values[R.VET]) at += VLAN_HLEN;
    if (u8[at] !== 0x08 || u8[at + 1] !== 0 || u8[at + 2] >>> 4 !== 4) return 0;
    this.sumStatus = RXD_STAT_IPIDV;
    const id = (u8[at + 6] << 8) | u8[at + 7];
    return (this.values[R.RXCSUM] & RXCSUM_IPPCSE) === 0 ? id : this.fragmentSum(id);
  }

  private fragmentSum(id: number): number {
    const { u8, u32 } = this.arena;
    const h = this.parse();
    if (h.version !== 4 || !h.fragment || h.next !== PROTO_UDP) return id;
    this.sumStatus |= RXD_STAT_UDPV;
    return id | (~csum_partial(u8, u32, this.off + h.l4, h.end - h.l4, 0) << 16);
  }

  /** Of a legacy descriptor: the packet checksum from RXCSUM.PCSS to the end of what is stored. */
  private packetChecksum(): number {
    const { u8, u32 } = this.arena;
    const start = this.values[R.RXCSUM] & RXCSUM_PCSS_MASK;
    const n = this.length - start;
    if (n <= 0) return 0xffff;
    let sum = this.sumFrom(u8, u32, start, n);
    if (this.total > this.length) {
      this.makeCrc();
      const crc = csum_partial(u8, u32, this.crcAt, FCS_BYTES, 0);
      // After an odd number of bytes the CRC begins in the middle of a 16-bit word.
      sum = csum_add(sum, (n & 1) !== 0 ? swap(crc) : crc);
    }
    return ~sum & 0xffff;
  }

  private sumFrom(u8: Uint8Array, u32: Uint32Array, start: number, n: number): number {
    if (this.hole === 0) return csum_partial(u8, u32, this.off + start, n, 0);
    const from = this.off + start;
    if (start >= VLAN_AT) return csum_partial(u8, u32, from + this.hole, n, 0);
    const before = VLAN_AT - start;
    const rest = csum_partial(u8, u32, this.off + VLAN_AT + this.hole, n - before, 0);
    return csum_add(csum_partial(u8, u32, from, before, 0), (before & 1) !== 0 ? swap(rest) : rest);
  }
}

function swap(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8);
}
