import { TAG_SHIFT as JOURNEY_SHIFT } from '../../sim/index.js';
import { FCS_BYTES, type FramePool, type WirePort } from '../../wire/index.js';
import type { DevicePort } from '../pcie/index.js';
import { bump } from './counters.js';
import { DelayTimer } from './delay-timer.js';
import { CACHE_DESCRIPTORS, DescriptorRing } from './descriptor-ring.js';
import { NIC_DMA_ABORT, NIC_TX_ABORT, newTxErrors, type TxErrors } from './drops.js';
import type { InterruptUnit } from './irq.js';
import {
  LONGEST_FRAME,
  type NicParts,
  PACKET_BUFFER_BYTES,
  receiveFifoBytes,
  TAG_SHIFT,
  TAG_TX_DATA,
  TAG_TX_DESCRIPTORS,
  TIMER_TADV,
  TIMER_TIDV,
  TIMER_TX_FIFO,
} from './parts.js';
import {
  CTRL_GIO_MASTER_DISABLE,
  CTRL_VME,
  ICR_TXDW,
  ICR_TXQE,
  TCTL_EN,
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
  TXD_POPTS_IXSM,
  TXD_POPTS_TXSM,
  TXD_STAT_DD,
  TXD_TUCMD_TCP,
} from './registers/bits.js';
import * as R from './registers/indices.js';
import { TxOutput } from './tx-output.js';
import {
  MIN_LENGTH,
  OFFLOAD_IP,
  OFFLOAD_L4,
  OFFLOAD_UDP,
  PACKET_SLOTS,
  SLOT_CONTEXT,
  SLOT_DISCARD,
  SLOT_FRAME,
  TxPackets,
} from './tx-packets.js';

/** A packet must leave this much of the transmit FIFO free (82583V datasheet 7.2.9.1.2). */
const FIFO_RESERVE = 80;
/** While the FIFO is full, this many bytes are let out before the next packet is looked at. */
const FIFO_STEP = 8192;
const MAX_WAIT_NS = 1_000_000_000;

/**
 * The transmitter: descriptors, gathering straight into wire frames, checksum insertion, hand-over to the wire,
 * completion. Packets leave in order. While the link is down nothing leaves and nothing completes: frames wait on
 * chip and in the ring until the link is back or software resets the device.
 */
export class TransmitUnit {
  readonly ring: DescriptorRing;
  readonly delay: DelayTimer;
  readonly errors: TxErrors = newTxErrors();
  readonly output: TxOutput;
  wire: WirePort | null = null;
  linkUp = false;
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly pool: FramePool;
  private readonly irq: InterruptUnit;
  private readonly drops: Float64Array;
  private readonly packets: TxPackets = new TxPackets();
  private readonly fifoTimer: number;
  private fifoWaiting = false;
  /** Cached descriptors that belong to slots. */
  private parsed = 0;
  /** Bytes in frames under way on chip. */
  private staged = 0;
  /** Reads of a transmitter that has been reset; nothing new starts before they are back. */
  private orphans = 0;
  /** Descriptors of a malformed packet are discarded up to its end. */
  private discarding = false;
  /** The context in force: two words, and whether it is UDP's. */
  private ipContext = 0;
  private l4Context = 0;
  private udpContext = false;
  /** Length of the packet that `packetDescriptors` has measured. */
  private measured = 0;

  constructor(parts: NicParts) {
    this.values = parts.file.values;
    this.port = parts.port;
    this.pool = parts.pool;
    this.irq = parts.irq;
    this.drops = parts.drops;
    this.output = new TxOutput(parts);
    this.ring = new DescriptorRing(parts.file, parts.port, {
      base: R.TDBAL,
      baseHigh: R.TDBAH,
      length: R.TDLEN,
      head: R.TDH,
      tail: R.TDT,
      tag: TAG_TX_DESCRIPTORS,
      ring: 1,
    });
    this.delay = new DelayTimer(parts.file, parts.port, parts.irq, {
      restarting: R.TIDV,
      absolute: R.TADV,
      restartingCount: R.ICTXPTC,
      absoluteCount: R.ICTXATC,
      cause: ICR_TXDW,
      restartingOp: TIMER_TIDV,
      absoluteOp: TIMER_TADV,
    });
    this.fifoTimer = parts.port.createTimer(TIMER_TX_FIFO, 0);
  }

  private fifoBytes(): number {
    return PACKET_BUFFER_BYTES - receiveFifoBytes(this.values[R.PBA]);
  }

  private running(): boolean {
    return (
      (this.values[R.TCTL] & TCTL_EN) !== 0 &&
      (this.values[R.CTRL] & CTRL_GIO_MASTER_DISABLE) === 0 &&
      this.linkUp &&
      this.orphans === 0
    );
  }

  /** TDT or TCTL was written, the link came up, the FIFO has room, or DMA has ended: goes on where it can. */
  pump(): void {
    if (!this.running()) return;
    this.retire();
    let more = true;
    while (more) {
      more = false;
      while (this.parsed < this.ring.cached && this.packets.count < PACKET_SLOTS && this.parse());
      // Context and discarded descriptors complete without DMA, which makes room for more.
      if (this.packets.count > 0 && this.packets.pending[this.packets.first] === 0) more = this.retire();
    }
    if (this.ring.cached < CACHE_DESCRIPTORS / 4 || this.parsed >= this.ring.cached) this.ring.fetch();
  }

  /** Looks at the next descriptor, or packet of descriptors. False when it has to wait. */
  private parse(): boolean {
    const words = this.port.arena.i32;
    const w = this.ring.word(this.parsed);
    const command = words[w + 2];
    if (this.discarding) {
      this.discarding = (command & TXD_CMD_EOP) === 0;
      this.take(SLOT_DISCARD, 1, command);
      return true;
    }
    const extended = (command & TXD_CMD_DEXT) !== 0;
    if (extended && (command & TXD_DTYP_MASK) === 0) {
      this.ipContext = words[w];
      this.l4Context = words[w + 1];
      this.udpContext = (command & TXD_TUCMD_TCP) === 0;
      this.take(SLOT_CONTEXT, 1, command);
      return true;
    }
    if (extended && (command & TXD_DTYP_MASK) !== TXD_DTYP_DATA) {
      this.errors.descriptorType++;
      this.discarding = (command & TXD_CMD_EOP) === 0;
      this.refuse(1, command);
      return true;
    }
    return this.parsePacket(extended);
  }

  private parsePacket(extended: boolean): boolean {
    const descriptors = this.packetDescriptors(extended);
    if (descriptors === 0) {
      this.ring.fetch();
      return false;
    }
    if (descriptors < 0) {
      this.discarding = true;
      this.refuse(-descriptors, 0);
      return true;
    }
    const words = this.port.arena.i32;
    const last = words[this.ring.word(this.parsed + descriptors - 1) + 2];
    const length = this.measured;
    if (this.refusable(descriptors, length, extended, last)) {
      this.refuse(descriptors, last);
      return true;
    }
    if (!this.fits(length)) return false;
    this.gather(descriptors, length, extended, last);
    return true;
  }

  /**
   * Descriptors from the next one to its end of packet, their data length in `measured`; 0 when the end is not on chip yet;
   * negative (the number to discard) when it can never come or a descriptor of another type lies in between.
   */
  private packetDescriptors(extended: boolean): number {
    const words = this.port.arena.i32;
    let length = 0;
    for (let k = this.parsed; k < this.ring.cached; k++) {
      const command = words[this.ring.word(k) + 2];
      const isExtended = (command & TXD_CMD_DEXT) !== 0;
      if (isExtended !== extended || (extended && (command & TXD_DTYP_MASK) !== TXD_DTYP_DATA)) {
        this.errors.descriptorType++;
        return this.parsed - k;
      }
      length += command & (extended ? 0xfffff : 0xffff);
      if ((command & TXD_CMD_EOP) === 0) continue;
      this.measured = length;
      return k - this.parsed + 1;
    }
    if (this.ring.cached < CACHE_DESCRIPTORS || this.parsed > 0) return 0;
    this.errors.noEndOfPacket++;
    return -CACHE_DESCRIPTORS;
  }

  /** Whether a packet asks for what is not done, or cannot be; counted by kind. */
  private refusable(descriptors: number, length: number, extended: boolean, last: number): boolean {
    const words = this.port.arena.i32;
    let any = 0;
    if (extended) for (let k = 0; k < descriptors; k++) any |= words[this.ring.word(this.parsed + k) + 2];
    if ((any & TXD_CMD_TSE) !== 0) {
      this.errors.segmentation++;
      bump(this.values, R.TSCTFC);
      return true;
    }
    if ((last & TXD_CMD_VLE) !== 0 && (this.values[R.CTRL] & CTRL_VME) !== 0) {
      this.errors.vlan++;
      return true;
    }
    const ownFcs = (last & TXD_CMD_IFCS) === 0 ? FCS_BYTES : 0;
    const longest = LONGEST_FRAME - FCS_BYTES + ownFcs;
    if (length <= ownFcs || length > longest || length > this.fifoBytes() - FIFO_RESERVE) {
      this.errors.length++;
      return true;
    }
    return false;
  }

  private take(kind: number, descriptors: number, command: number): number {
    const slot = this.packets.push(kind, descriptors);
    this.packets.command[slot] = command;
    this.parsed += descriptors;
    return slot;
  }

  /** One lost packet: its descriptors are completed, its loss counted. */
  private refuse(descriptors: number, command: number): void {
    this.drops[NIC_TX_ABORT]++;
    this.take(SLOT_DISCARD, descriptors, command);
  }

  /** Whether `length` more bytes fit into the FIFO; if not, a timer is set for when the wire has taken some out. */
  private fits(length: number): boolean {
    const wire = this.wire;
    const over = this.staged + length + FCS_BYTES - this.fifoBytes();
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
    // Without frames on the wire, the reads under way make room when they end.
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

  /** Starts the reads of a packet into a wire frame. */
  private gather(descriptors: number, length: number, extended: boolean, last: number): void {
    const { pool, port, ring } = this;
    const first = this.parsed;
    const slot = this.take(SLOT_FRAME, descriptors, last);
    const padded = length < MIN_LENGTH ? MIN_LENGTH : length;
    const frame = pool.alloc(padded);
    const packets = this.packets;
    packets.frame[slot] = frame;
    packets.length[slot] = length;
    this.staged += padded + FCS_BYTES;
    this.planOffload(slot, first, descriptors, extended, last);
    const words = port.arena.i32;
    const journey = words[ring.word(first)] >>> JOURNEY_SHIFT;
    pool.journey[frame] = journey < port.arena.tags.length ? port.arena.tags[journey] : 0;
    const tag = TAG_TX_DATA | (slot << TAG_SHIFT);
    let to = pool.off(frame);
    for (let k = 0; k < descriptors; k++) {
      const w = ring.word(first + k);
      const n = words[w + 2] & (extended ? 0xfffff : 0xffff);
      if (n === 0) continue;
      packets.pending[slot]++;
      port.dmaRead(words[w], words[w + 1], n, to, tag);
      to += n;
    }
  }

  /** POPTS counts in the first data descriptor; of legacy ones CSS in the first, IC and CSO in the last. */
  private planOffload(slot: number, first: number, descriptors: number, extended: boolean, last: number): void {
    const words = this.port.arena.i32;
    const packets = this.packets;
    const w = this.ring.word(first);
    if (extended) {
      const popts = words[w + 3];
      let offload = (popts & TXD_POPTS_IXSM) !== 0 ? OFFLOAD_IP : 0;
      if ((popts & TXD_POPTS_TXSM) !== 0) offload |= this.udpContext ? OFFLOAD_L4 | OFFLOAD_UDP : OFFLOAD_L4;
      packets.offload[slot] = offload;
      packets.ipContext[slot] = this.ipContext;
      packets.l4Context[slot] = this.l4Context;
      return;
    }
    if ((last & TXD_CMD_IC) === 0) return;
    const css = (words[w + 3] >>> 8) & 0xff;
    const cso = (words[this.ring.word(first + descriptors - 1) + 2] >>> 16) & 0xff;
    packets.offload[slot] = OFFLOAD_L4;
    packets.l4Context[slot] = css | (cso << 8);
  }

  /** A descriptor fetch has ended. */
  fetched(ok: number): void {
    if (this.ring.fetched(ok)) this.pump();
  }

  /** A data read has ended. */
  dataRead(slot: number, ok: number): void {
    const packets = this.packets;
    packets.pending[slot]--;
    if (ok === 0) packets.failed[slot] = 1;
    if (this.orphans > 0) {
      if (packets.pending[slot] === 0) this.pool.unref(packets.frame[slot]);
      if (--this.orphans === 0) this.pump();
      return;
    }
    if (packets.pending[slot] === 0 && slot === packets.first) this.pump();
  }

  /** Completes packets in order, as far as their data is here. True when any was. */
  private retire(): boolean {
    const packets = this.packets;
    let causes = 0;
    let any = false;
    while (packets.count > 0 && packets.pending[packets.first] === 0) {
      const slot = packets.first;
      if (packets.kind[slot] === SLOT_FRAME) this.finish(slot);
      causes |= this.complete(packets.descriptors[slot]);
      packets.shift();
      any = true;
    }
    if (!any) return false;
    if (this.values[R.TDH] === this.values[R.TDT]) {
      bump(this.values, R.ICTXQEC);
      causes |= ICR_TXQE;
    }
    if (causes !== 0) this.irq.raise(causes);
    return true;
  }

  /** Writes back the descriptors of one packet that ask for it; returns the cause to raise now. */
  private complete(descriptors: number): number {
    const { ring } = this;
    const words = this.port.arena.i32;
    let reported = false;
    let delayed = false;
    for (let k = 0; k < descriptors; k++) {
      const w = ring.word(0);
      if ((words[w + 2] & TXD_CMD_RS) !== 0) {
        words[w + 3] |= TXD_STAT_DD;
        ring.writeBack(TXD_STAT_DD, 0);
        reported = true;
        delayed = (words[w + 2] & TXD_CMD_IDE) !== 0;
      }
      ring.advance();
    }
    this.parsed -= descriptors;
    if (!reported) return 0;
    if (delayed && !this.delay.event()) return 0;
    this.delay.cancel();
    return ICR_TXDW;
  }

  /** The frame is whole: out it goes, unless its data could not be read. */
  private finish(slot: number): void {
    const { packets } = this;
    this.staged -= this.pool.len(packets.frame[slot]) + FCS_BYTES;
    if (packets.failed[slot] === 0) {
      this.output.send(packets, slot, this.wire);
      return;
    }
    this.drops[NIC_DMA_ABORT]++;
    this.pool.unref(packets.frame[slot]);
  }

  /** Frames on chip that have not left: their descriptors are not complete either. */
  inFlight(): number {
    const { packets } = this;
    let n = 0;
    for (let i = 0; i < packets.count; i++) {
      if (packets.kind[(packets.first + i) % PACKET_SLOTS] === SLOT_FRAME) n++;
    }
    return n;
  }

  /** A base, length or head register was written, or the chip was reset: frames on chip are forgotten, uncompleted. */
  ringChanged(): void {
    const { packets } = this;
    for (; packets.count > 0; packets.shift()) {
      const slot = packets.first;
      if (packets.kind[slot] !== SLOT_FRAME) continue;
      if (packets.pending[slot] === 0) this.pool.unref(packets.frame[slot]);
      else this.orphans += packets.pending[slot];
    }
    this.parsed = 0;
    this.staged = 0;
    this.discarding = false;
    this.ring.restart();
  }

  /** The registers have been reset already. */
  reset(): void {
    this.ringChanged();
    this.ipContext = 0;
    this.l4Context = 0;
    this.udpContext = false;
    this.delay.cancel();
    if (this.fifoWaiting) this.port.disarmTimer(this.fifoTimer);
    this.fifoWaiting = false;
  }
}
