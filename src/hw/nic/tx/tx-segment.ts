import { csum_fold } from '../../../bytes/index.js';
import { type Arena, Cloneable } from '../../../sim/index.js';
import type { NicParts } from '../parts.js';
import { TXD_TUCMD_IP, TXD_TUCMD_SNAP, TXD_TUCMD_TCP } from '../registers/bits.js';

/** On-chip room for the headers of a packet to segment: HDRLEN is a byte. */
const HEADER_BYTES = 256;
/** MSS must be more than 16 (82583V datasheet 7.2.9.3.1). */
const LEAST_MSS = 17;
const ETH_HLEN = 14;
const IPV4_HLEN = 20;
const IPV6_HLEN = 40;
const TCP_HLEN = 20;
const UDP_HLEN = 8;
/** Places in the headers. */
const LENGTH_FIELD = 12;
const IPV4_TOTAL = 2;
const IPV4_IDENTIFICATION = 4;
const IPV6_PAYLOAD = 4;
const UDP_LENGTH = 4;
const TCP_SEQUENCE = 4;
const TCP_FLAGS = 13;
/** FIN and PSH stay in the last frame only. */
const TCP_LAST_FLAGS = 0x09;
const PAYLEN_MASK = 0xfffff;

/** The context descriptor in force, as its four words. */
export class TxContext extends Cloneable {
  /** IPCSS | IPCSO << 8 | IPCSE << 16. */
  ip = 0;
  /** TUCSS | TUCSO << 8 | TUCSE << 16. */
  l4 = 0;
  /** PAYLEN | DTYP << 20 | TUCMD << 24. */
  command: number = TXD_TUCMD_TCP;
  /** HDRLEN << 8 | MSS << 16. */
  sizes = 0;

  load(words: Int32Array, w: number): void {
    this.ip = words[w];
    this.l4 = words[w + 1];
    this.command = words[w + 2];
    this.sizes = words[w + 3];
  }

  isUdp(): boolean {
    return (this.command & TXD_TUCMD_TCP) === 0;
  }

  clear(): void {
    this.ip = 0;
    this.l4 = 0;
    this.command = TXD_TUCMD_TCP;
    this.sizes = 0;
  }
}

/**
 * TCP segmentation of one packet: its headers are read once and kept here; each frame gets them with its own lengths,
 * identification, sequence number, flags and partial checksum (82583V datasheet 7.3.6.2). UDP packets get their length.
 */
export class TxSegmenter extends Cloneable {
  /** A packet is being cut up. */
  active = false;
  /** Reads of the headers that are not back. */
  pendingHeader = 0;
  /** A read failed: the rest of the packet is given up. */
  failed = false;
  /** Descriptors of the packet. */
  descriptors = 0;
  /** Bytes of the headers; payload bytes of a full frame; payload bytes that have no frame yet. */
  header = 0;
  mss = 0;
  left = 0;
  /** Where the next byte is: descriptor of the packet, byte in its buffer. */
  at = 0;
  offset = 0;
  /** Arena offset of the headers. */
  readonly memory: number;
  private readonly arena: Arena;
  private command = 0;
  private ip = 0;
  private l4 = 0;
  private check = 0;
  /** Of the next frame: sequence number (int32) and IPv4 identification. */
  private sequence = 0;
  private identification = 0;
  /** The next frame is the first. */
  private first = false;

  constructor(parts: NicParts) {
    super();
    this.memory = parts.port.localMemory(HEADER_BYTES);
    this.arena = parts.port.arena;
  }

  /** Whether `context` and a packet of `length` bytes fit together, and its headers hold what is to be changed in them. */
  accepts(context: TxContext, length: number): boolean {
    const header = (context.sizes >>> 8) & 0xff;
    const mss = context.sizes >>> 16;
    if (mss < LEAST_MSS || length !== header + (context.command & PAYLEN_MASK)) return false;
    const ip = context.ip & 0xff;
    const l4 = context.l4 & 0xff;
    const ipBytes = (context.command & TXD_TUCMD_IP) !== 0 ? IPV4_HLEN : IPV6_HLEN;
    return ip >= ETH_HLEN && ip + ipBytes <= l4 && l4 + (context.isUdp() ? UDP_HLEN : TCP_HLEN) <= header;
  }

  /** Takes on a packet that was accepted, of `descriptors` descriptors. */
  begin(context: TxContext, descriptors: number): void {
    this.active = true;
    this.failed = false;
    this.descriptors = descriptors;
    this.header = (context.sizes >>> 8) & 0xff;
    this.mss = context.sizes >>> 16;
    this.left = context.command & PAYLEN_MASK;
    this.command = context.command;
    this.ip = context.ip & 0xff;
    this.l4 = context.l4 & 0xff;
    this.check = (context.l4 >>> 8) & 0xff;
    this.at = 0;
    this.offset = 0;
    this.first = true;
  }

  /** Payload bytes of the next frame. */
  next(): number {
    return this.left < this.mss ? this.left : this.mss;
  }

  /** Puts the headers of the next frame, of `payload` bytes, at arena offset `to`. */
  put(to: number, payload: number): void {
    const { u8, dv } = this.arena;
    u8.copyWithin(to, this.memory, this.memory + this.header);
    if (this.first) {
      this.first = false;
      this.sequence = dv.getInt32(to + this.l4 + TCP_SEQUENCE);
      this.identification = dv.getUint16(to + this.ip + IPV4_IDENTIFICATION);
    }
    const length = this.header + payload;
    if ((this.command & TXD_TUCMD_SNAP) !== 0) dv.setUint16(to + LENGTH_FIELD, length - ETH_HLEN);
    if ((this.command & TXD_TUCMD_IP) !== 0) {
      dv.setUint16(to + this.ip + IPV4_TOTAL, length - this.ip);
      dv.setUint16(to + this.ip + IPV4_IDENTIFICATION, this.identification);
    } else {
      dv.setUint16(to + this.ip + IPV6_PAYLOAD, length - this.ip - IPV6_HLEN);
    }
    this.putTransport(to, length, payload);
    this.left -= payload;
    this.identification = (this.identification + 1) & 0xffff;
    this.sequence = (this.sequence + payload) | 0;
  }

  /** Software has put the sum of the pseudo header without the length into the checksum field: the length is added here. */
  private putTransport(to: number, length: number, payload: number): void {
    const { u8, dv } = this.arena;
    const l4 = to + this.l4;
    if ((this.command & TXD_TUCMD_TCP) === 0) {
      dv.setUint16(l4 + UDP_LENGTH, length - this.l4);
    } else {
      dv.setInt32(l4 + TCP_SEQUENCE, this.sequence);
      if (payload < this.left) u8[l4 + TCP_FLAGS] &= ~TCP_LAST_FLAGS;
    }
    if (this.check + 2 > this.header) return;
    const field = to + this.check;
    dv.setUint16(field, csum_fold(dv.getUint16(field) + length - this.l4));
  }

  /** The packet is done, given up or forgotten. */
  end(): void {
    this.active = false;
    this.pendingHeader = 0;
  }
}
