import { TAG_SHIFT as JOURNEY_SHIFT } from '../../../sim/index.js';
import { FCS_BYTES, type FramePool } from '../../../wire/index.js';
import type { DevicePort } from '../../pcie/index.js';
import { bump } from '../counters.js';
import { CACHE_DESCRIPTORS, type DescriptorRing } from '../descriptor-ring.js';
import { NIC_DMA_ABORT, NIC_TX_ABORT } from '../drops.js';
import { LONGEST_FRAME, type NicParts, TAG_SHIFT, TAG_TX_DATA } from '../parts.js';
import {
  CTRL_VME,
  ICR_TXD_LOW,
  ICR_TXQE,
  TARC_ENABLE,
  TXD_CMD_DEXT,
  TXD_CMD_EOP,
  TXD_CMD_IC,
  TXD_CMD_IDE,
  TXD_CMD_IFCS,
  TXD_CMD_RS,
  TXD_CMD_TSE,
  TXD_CMD_VLE,
  TXD_DTYP_DATA,
  TXD_DTYP_MASK,
  TXD_STAT_DD,
  TXDCTL_LWTHRESH_SHIFT,
} from '../registers/bits.js';
import * as R from '../registers/indices.js';
import { VLAN_HLEN } from '../vlan.js';
import type { TransmitUnit } from './transmit.js';
import { dataLength, packetDescriptors, transmitRing } from './tx-descriptors.js';
import { MIN_LENGTH, PACKET_SLOTS, SLOT_CONTEXT, SLOT_DISCARD, SLOT_FRAME, TxPackets } from './tx-packets.js';
import { TxContext, TxSegmenter } from './tx-segment.js';

/** Slot number of the reads that fetch the headers of a packet to segment. */
const HEADER_SLOT = PACKET_SLOTS;
/** Bits of a slot number in the tag of a data read; the queue stands above. */
export const SLOT_BITS = 6;
/** A packet must leave this much of the transmit FIFO free (82583V datasheet 7.2.9.1.2). */
const FIFO_RESERVE = 80;

/* What `parse` did. */
const NOTHING = 0;
const ONE_DESCRIPTOR = 1;
const ONE_PACKET = 2;

const NO_LIMIT = 0x7fffffff;

/** One transmit queue: its ring, its context, its packets under way. Packets of a queue leave in order. */
export class TransmitQueue {
  readonly ring: DescriptorRing;
  readonly packets: TxPackets = new TxPackets();
  /** Bytes in frames under way on chip. */
  staged = 0;
  /** A {@link pump} ended because the FIFO was full; whoever wants to know clears it before. */
  blocked = false;
  private readonly unit: TransmitUnit;
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly pool: FramePool;
  private readonly drops: Float64Array;
  private readonly context: TxContext = new TxContext();
  private readonly segmenter: TxSegmenter;
  /** 0 or 1, and its entries of TARC, TXDCTL, TDH and TDT. */
  private readonly queue: number;
  private readonly tarc: number;
  private readonly control: number;
  private readonly head: number;
  private readonly tail: number;
  private readonly dataTag: number;
  /** Cached descriptors that belong to slots. */
  private parsed = 0;
  /** Reads of a ring that has been given up; nothing new starts before they are back. */
  private orphans = 0;
  /** Descriptors of a malformed packet are discarded up to its end. */
  private discarding = false;
  /** Length of the packet that `measure` has measured. */
  private measured = 0;
  /** TARC lets the queue send. */
  private enabled = true;
  /** Free descriptors at which TXD_LOW is raised, 0 = never. */
  private lowWater = 0;

  constructor(unit: TransmitUnit, parts: NicParts, queue: 0 | 1) {
    this.unit = unit;
    this.queue = queue;
    this.values = parts.file.values;
    this.port = parts.port;
    this.pool = parts.pool;
    this.drops = parts.drops;
    this.segmenter = new TxSegmenter(parts);
    this.tarc = queue === 0 ? R.TARC0 : R.TARC1;
    this.control = queue === 0 ? R.TXDCTL : R.TXDCTL1;
    this.head = queue === 0 ? R.TDH : R.TDH1;
    this.tail = queue === 0 ? R.TDT : R.TDT1;
    this.dataTag = TAG_TX_DATA | (queue << (TAG_SHIFT + SLOT_BITS));
    this.ring = transmitRing(parts, queue);
  }

  /** Goes on with the queue, for at most `limit` packets; returns how many were begun. */
  pump(limit: number): number {
    if (this.orphans !== 0) return 0;
    if (this.complete()) this.retire();
    if (!this.enabled) return 0;
    let left = limit;
    let more = true;
    while (more) {
      more = false;
      while (left > 0 && this.parsed < this.ring.cached && this.packets.count < PACKET_SLOTS) {
        const did = this.parse();
        if (did === NOTHING) break;
        if (did === ONE_PACKET) left--;
      }
      // Context and discarded descriptors complete without DMA, which makes room for more.
      if (this.complete()) {
        this.retire();
        more = true;
      }
    }
    if (this.parsed >= this.ring.cached) this.ring.fetch();
    else this.ring.prefetch();
    return limit - left;
  }

  /** Completes what is complete, in whosever turn. */
  settle(): void {
    if (this.orphans === 0 && this.complete()) this.retire();
  }

  /** As many packets as there are. */
  pumpAll(): void {
    this.pump(NO_LIMIT);
  }

  /** Looks at the next descriptor, or packet of descriptors. NOTHING when it has to wait. */
  private parse(): number {
    if (this.segmenter.active) return this.segment();
    const words = this.port.arena.i32;
    const w = this.ring.word(this.parsed);
    const command = words[w + 2];
    if (this.discarding) {
      this.discarding = (command & TXD_CMD_EOP) === 0;
      this.take(SLOT_DISCARD, 1);
      return ONE_DESCRIPTOR;
    }
    const extended = (command & TXD_CMD_DEXT) !== 0;
    if (extended && (command & TXD_DTYP_MASK) === 0) {
      this.context.load(words, w);
      this.take(SLOT_CONTEXT, 1);
      return ONE_DESCRIPTOR;
    }
    if (extended && (command & TXD_DTYP_MASK) !== TXD_DTYP_DATA) {
      this.unit.errors.descriptorType++;
      this.discarding = (command & TXD_CMD_EOP) === 0;
      this.refuse(1);
      return ONE_PACKET;
    }
    if ((command & TXD_CMD_EOP) === 0) return this.parseLong(command, extended);
    this.measured = command & (extended ? 0xfffff : 0xffff);
    return this.parsePacket(1, command, command, extended);
  }

  /** A packet of several descriptors. */
  private parseLong(first: number, extended: boolean): number {
    const descriptors = this.measure(extended);
    if (descriptors === 0) {
      this.ring.fetch();
      return NOTHING;
    }
    if (descriptors < 0) {
      this.discarding = true;
      this.refuse(-descriptors);
      return ONE_PACKET;
    }
    const words = this.port.arena.i32;
    const last = words[this.ring.word(this.parsed + descriptors - 1) + 2];
    return this.parsePacket(descriptors, first, last, extended);
  }

  /** A packet that is all on chip; `first`, `last`: commands of its first and last descriptor. */
  private parsePacket(descriptors: number, first: number, last: number, extended: boolean): number {
    if (extended && (first & TXD_CMD_TSE) !== 0) return this.beginSegments(descriptors, first);
    const tagged = (last & TXD_CMD_VLE) !== 0 && (this.values[R.CTRL] & CTRL_VME) !== 0;
    const length = this.measured + (tagged ? VLAN_HLEN : 0);
    if (this.tooLong(length, last, tagged)) {
      this.unit.errors.length++;
      this.refuse(descriptors);
      return ONE_PACKET;
    }
    if (this.waits(length)) return NOTHING;
    this.gather(descriptors, length, extended, last, tagged);
    return ONE_PACKET;
  }

  /**
   * Descriptors from the next one to its end of packet, their data length in `measured`; 0 when the end is not on chip yet;
   * negative (the number to discard) when it can never come or a descriptor of another type lies in between.
   */
  private measure(extended: boolean): number {
    const { ring } = this;
    const words = this.port.arena.i32;
    const n = packetDescriptors(ring, words, this.parsed, extended);
    if (n < 0) this.unit.errors.descriptorType++;
    if (n > 0) this.measured = dataLength(ring, words, this.parsed, n, extended);
    if (n !== 0) return n;
    ring.flush();
    if (ring.cached < CACHE_DESCRIPTORS || this.parsed > 0) return 0;
    this.unit.errors.noEndOfPacket++;
    return -CACHE_DESCRIPTORS;
  }

  /** No data, or more than a frame or the FIFO can hold. A frame that gets a tag gets its FCS from the chip too. */
  private tooLong(length: number, last: number, tagged: boolean): boolean {
    const ownFcs = (last & TXD_CMD_IFCS) === 0 && !tagged ? FCS_BYTES : 0;
    const least = tagged ? VLAN_HLEN : ownFcs;
    const longest = LONGEST_FRAME - FCS_BYTES + ownFcs;
    return length <= least || length > longest || length > this.unit.fifoBytes() - FIFO_RESERVE;
  }

  /** The FIFO has no room for a frame of `length` bytes yet. */
  private waits(length: number): boolean {
    if (this.unit.fits(length)) return false;
    this.blocked = true;
    return true;
  }

  private take(kind: number, descriptors: number): number {
    const slot = this.packets.push(kind, descriptors);
    this.parsed += descriptors;
    return slot;
  }

  /** One lost packet: its descriptors are completed, its loss counted. */
  private refuse(descriptors: number): void {
    this.drops[NIC_TX_ABORT]++;
    this.take(SLOT_DISCARD, descriptors);
  }

  /** A slot with a fresh frame of `length` bytes, for the packet whose first descriptor is number `first`. */
  private newFrame(descriptors: number, length: number, command: number, first: number): number {
    const { pool, port, packets } = this;
    const slot = this.take(SLOT_FRAME, descriptors);
    const padded = length < MIN_LENGTH ? MIN_LENGTH : length;
    const frame = pool.alloc(padded);
    packets.setFrame(slot, frame, length, command);
    this.staged += padded + FCS_BYTES;
    const tags = port.arena.tags;
    const journey = port.arena.i32[this.ring.word(first)] >>> JOURNEY_SHIFT;
    pool.journey[frame] = journey < tags.length ? tags[journey] : 0;
    return slot;
  }

  /** Starts the reads of a packet into a wire frame. */
  private gather(descriptors: number, length: number, extended: boolean, last: number, tagged: boolean): void {
    const { port, ring, packets } = this;
    const first = this.parsed;
    const slot = this.newFrame(descriptors, length, last, first);
    const words = port.arena.i32;
    const w0 = words[ring.word(first) + 3];
    if (extended) packets.planContext(slot, this.context, w0);
    else if ((last & TXD_CMD_IC) !== 0) packets.planLegacy(slot, (w0 >>> 8) & 0xff, (last >>> 16) & 0xff);
    let to = this.pool.off(packets.frame[slot]);
    if (tagged) {
      to += VLAN_HLEN;
      packets.tag[slot] = words[ring.word(first + descriptors - 1) + 3] >>> 16;
      packets.command[slot] |= TXD_CMD_IFCS;
    }
    const tag = this.dataTag | (slot << TAG_SHIFT);
    for (let k = 0; k < descriptors; k++) {
      const w = ring.word(first + k);
      const n = words[w + 2] & (extended ? 0xfffff : 0xffff);
      if (n === 0) continue;
      packets.pending[slot]++;
      port.dmaRead(words[w], words[w + 1], n, to, tag);
      to += n;
    }
  }

  /** A packet to segment: checked against its context, its headers asked for. */
  private beginSegments(descriptors: number, first: number): number {
    const { segmenter, unit } = this;
    const tagged = (first & TXD_CMD_VLE) !== 0 && (this.values[R.CTRL] & CTRL_VME) !== 0;
    const sizes = this.context.sizes;
    const longest = ((sizes >>> 8) & 0xff) + (sizes >>> 16) + (tagged ? VLAN_HLEN : 0);
    const fits = longest <= LONGEST_FRAME - FCS_BYTES && longest <= unit.fifoBytes() - FIFO_RESERVE;
    if (!fits || !segmenter.accepts(this.context, this.measured)) {
      unit.errors.segmentation++;
      bump(this.values, R.TSCTFC);
      this.refuse(descriptors);
      return ONE_PACKET;
    }
    segmenter.begin(this.context, descriptors);
    segmenter.pendingHeader = this.read(segmenter.header, segmenter.memory, this.dataTag | (HEADER_SLOT << TAG_SHIFT));
    return ONE_DESCRIPTOR;
  }

  /** Reads the next `length` bytes of the packet to segment to `to`; returns the number of reads. */
  private read(length: number, to: number, tag: number): number {
    const { segmenter, ring, port } = this;
    const words = port.arena.i32;
    let reads = 0;
    let done = 0;
    while (done < length) {
      const w = ring.word(this.parsed + segmenter.at);
      const rest = (words[w + 2] & 0xfffff) - segmenter.offset;
      const n = rest < length - done ? rest : length - done;
      if (n > 0) {
        const lo = (words[w] + segmenter.offset) | 0;
        const carry = lo >>> 0 < words[w] >>> 0 ? 1 : 0;
        port.dmaRead(lo, (words[w + 1] + carry) | 0, n, to + done, tag);
        reads++;
        done += n;
        segmenter.offset += n;
      }
      if (n === rest) {
        segmenter.at++;
        segmenter.offset = 0;
      }
    }
    return reads;
  }

  /** The next frame of the packet to segment; the last one completes its descriptors. */
  private segment(): number {
    const { segmenter, packets, ring } = this;
    if (segmenter.pendingHeader > 0) return NOTHING;
    const words = this.port.arena.i32;
    const base = this.parsed;
    const count = segmenter.descriptors;
    const last = words[ring.word(base + count - 1) + 2];
    if (segmenter.failed) {
      segmenter.end();
      this.drops[NIC_DMA_ABORT]++;
      bump(this.values, R.TSCTFC);
      this.take(SLOT_DISCARD, count);
      return ONE_PACKET;
    }
    const w = ring.word(base);
    const tagged = (words[w + 2] & TXD_CMD_VLE) !== 0 && (this.values[R.CTRL] & CTRL_VME) !== 0;
    const payload = segmenter.next();
    const length = segmenter.header + payload + (tagged ? VLAN_HLEN : 0);
    if (this.waits(length)) return NOTHING;
    const final = payload === segmenter.left;
    const popts = words[w + 3];
    const slot = this.newFrame(0, length, last | TXD_CMD_IFCS, base);
    packets.planContext(slot, this.context, popts);
    if (tagged) packets.tag[slot] = popts >>> 16;
    const to = this.pool.off(packets.frame[slot]) + (tagged ? VLAN_HLEN : 0);
    segmenter.put(to, payload);
    packets.pending[slot] = this.read(payload, to + segmenter.header, this.dataTag | (slot << TAG_SHIFT));
    if (final) {
      packets.descriptors[slot] = count;
      this.parsed += count;
      segmenter.end();
      bump(this.values, R.TSCTC);
    }
    return ONE_PACKET;
  }

  /** A descriptor fetch has ended. True when the queue may go on. */
  fetched(ok: number): boolean {
    return this.ring.fetched(ok);
  }

  /** A data read has ended. True when the queue may go on. */
  dataRead(slot: number, ok: number): boolean {
    if (slot === HEADER_SLOT) return this.headerRead(ok);
    const packets = this.packets;
    packets.pending[slot]--;
    if (this.orphans > 0) {
      if (packets.pending[slot] === 0) this.pool.unref(packets.frame[slot]);
      return --this.orphans === 0;
    }
    if (ok === 0) this.readFailed(slot);
    return packets.pending[slot] === 0 && slot === packets.first;
  }

  private headerRead(ok: number): boolean {
    if (this.orphans > 0) return --this.orphans === 0;
    if (ok === 0) this.segmenter.failed = true;
    return --this.segmenter.pendingHeader === 0;
  }

  /** Frames of a packet that is being cut up have no descriptors of their own yet: the rest of it is given up. */
  private readFailed(slot: number): void {
    this.packets.failed[slot] = 1;
    if (this.segmenter.active && this.packets.descriptors[slot] === 0) this.segmenter.failed = true;
  }

  /** The data of the oldest packet is here. */
  private complete(): boolean {
    return this.packets.count > 0 && this.packets.pending[this.packets.first] === 0;
  }

  /** Completes packets in order, as far as their data is here; that of the oldest is. */
  private retire(): void {
    const packets = this.packets;
    const free = this.lowWater === 0 ? 0 : this.ring.free();
    let causes = 0;
    do {
      const slot = packets.first;
      if (packets.kind[slot] === SLOT_FRAME) this.finish(slot);
      causes |= this.writeBack(packets.descriptors[slot]);
      packets.shift();
    } while (this.complete());
    const v = this.values;
    if (v[this.head] === v[this.tail] || (this.ring.held > 0 && this.ring.free() === 0)) {
      bump(v, R.ICTXQEC);
      causes |= ICR_TXQE;
    }
    if (free > this.lowWater) causes |= this.fewLeft();
    if (causes !== 0) this.unit.irq.raise(causes);
  }

  /** There were more descriptors than the low threshold; are there still? */
  private fewLeft(): number {
    if (this.ring.free() > this.lowWater) return 0;
    bump(this.values, R.ICTXQMTC);
    return ICR_TXD_LOW;
  }

  /** Writes back the descriptors of one packet that ask for it; returns the cause to raise now. */
  private writeBack(descriptors: number): number {
    const { ring, unit } = this;
    const words = this.port.arena.i32;
    const every = this.values[R.IVAR] < 0 && unit.irq.everyWriteback();
    let reported = false;
    let delayed = false;
    for (let k = 0; k < descriptors; k++) {
      const w = ring.word(0);
      if ((words[w + 2] & TXD_CMD_RS) !== 0 || every) {
        words[w + 3] |= TXD_STAT_DD;
        ring.writeBack(TXD_STAT_DD, 0);
        reported = true;
        delayed = (words[w + 2] & TXD_CMD_IDE) !== 0;
      }
      ring.advance();
    }
    this.parsed -= descriptors;
    if (!reported) return 0;
    const cause = unit.irq.txCause(this.queue);
    return delayed || ring.held > 0 || unit.delay.running ? unit.completed(this, delayed, cause) : cause;
  }

  /** The frame is whole: out it goes, unless its data could not be read. */
  private finish(slot: number): void {
    const { packets } = this;
    this.staged -= this.pool.len(packets.frame[slot]) + FCS_BYTES;
    if (packets.failed[slot] === 0) {
      this.unit.output.send(packets, slot, this.unit.wire);
      return;
    }
    this.drops[NIC_DMA_ABORT]++;
    this.pool.unref(packets.frame[slot]);
  }

  /** TXDCTL was written. */
  thresholdsChanged(): void {
    this.ring.thresholdsChanged(false);
    this.lowWater = (this.values[this.control] >>> TXDCTL_LWTHRESH_SHIFT) << 3;
  }

  /** TARC was written. */
  arbitrationChanged(): void {
    this.enabled = (this.values[this.tarc] & TARC_ENABLE) !== 0;
  }

  /** A base, length or head register was written: frames on chip are lost, uncompleted, and counted. */
  ringChanged(): void {
    const { packets, segmenter } = this;
    // The rest of a packet that is being cut up counts as one.
    this.unit.forgotten(packets.frames() + (segmenter.active ? 1 : 0));
    for (; packets.count > 0; packets.shift()) {
      const slot = packets.first;
      if (packets.kind[slot] !== SLOT_FRAME) continue;
      if (packets.pending[slot] === 0) this.pool.unref(packets.frame[slot]);
      else this.orphans += packets.pending[slot];
    }
    if (segmenter.active) {
      this.orphans += segmenter.pendingHeader;
      segmenter.end();
    }
    this.parsed = 0;
    this.staged = 0;
    this.discarding = false;
    this.ring.restart();
  }

  /** Reads of host memory are under way. */
  reading(): boolean {
    return this.ring.fetching() || this.orphans > 0 || this.segmenter.pendingHeader > 0 || this.packets.reading();
  }

  /** The registers have been reset already. */
  reset(): void {
    this.ringChanged();
    this.context.clear();
    this.thresholdsChanged();
    this.arbitrationChanged();
  }
}
