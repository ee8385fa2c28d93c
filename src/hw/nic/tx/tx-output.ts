import { crc32 } from '../../../bytes/index.js';
import type { Arena } from '../../../sim/index.js';
import { FCS_BYTES, FRAME_BAD_FCS, type FramePool, type WirePort } from '../../../wire/index.js';
import { addOctets, bump, sizeClass } from '../counters.js';
import { NIC_TX_ABORT } from '../drops.js';
import type { NicParts } from '../parts.js';
import { TCTL_PSP, TXD_CMD_IFCS } from '../registers/bits.js';
import * as R from '../registers/indices.js';
import { DEST_BROADCAST, DEST_MULTICAST, destinationKind } from '../rx/filter.js';
import type { TimeSync } from '../time-sync.js';
import { VLAN_AT, VLAN_HLEN } from '../vlan.js';
import { TxLine } from './tx-line.js';
import { insertChecksum } from './tx-offload.js';
import { MIN_LENGTH, OFFLOAD_IP, OFFLOAD_L4, OFFLOAD_STAMP, OFFLOAD_UDP, type TxPackets } from './tx-packets.js';

/** Where frames go while the MAC is looped back. */
export interface LoopbackTarget {
  /** A frame of this MAC comes back; takes over the reference. */
  loopedBack(frame: number): void;
  /** The PHY loops back (BMCR). */
  readonly phyLoopback: boolean;
}

/** The end of the transmitter: what happens to a gathered frame before it is on the wire. */
export class TxOutput {
  /** Frames handed to the wire, or looped back. */
  readonly sent: Float64Array = new Float64Array(1);
  /** Frames that wait for the line or for the end of a pause. */
  readonly line: TxLine;
  /** RCTL.LBM: frames go here instead of to the wire. */
  loop: LoopbackTarget | null = null;
  private readonly values: Int32Array;
  private readonly pool: FramePool;
  private readonly arena: Arena;
  private readonly drops: Float64Array;
  private readonly stamps: TimeSync;

  constructor(parts: NicParts) {
    this.values = parts.file.values;
    this.pool = parts.pool;
    this.arena = parts.port.arena;
    this.drops = parts.drops;
    this.stamps = parts.timeSync;
    this.line = new TxLine(parts);
  }

  /** Checksums, tag, padding, FCS, statistics, wire. Takes over the frame of the slot; without a wire it goes nowhere. */
  send(packets: TxPackets, slot: number, wire: WirePort | null): void {
    const frame = packets.frame[slot];
    const length = packets.length[slot];
    const tag = packets.tag[slot];
    if (packets.offload[slot] !== 0) this.offload(packets, slot, frame, length, tag < 0 ? 0 : VLAN_HLEN);
    if (tag >= 0) this.insertTag(frame, tag);
    let out = frame;
    if ((packets.command[slot] & TXD_CMD_IFCS) === 0) out = this.withOwnFcs(frame, length);
    else if (length < MIN_LENGTH) out = this.pad(frame, length);
    this.count(out);
    this.sent[0]++;
    if ((packets.offload[slot] & OFFLOAD_STAMP) !== 0 && wire !== null) this.stamp(wire);
    if (this.loop !== null) this.loopBack(out);
    else if (wire === null) this.pool.unref(out);
    else if (this.line.paced) this.line.send(out, wire);
    else wire.send(out);
  }

  /** Latches when the line takes the frame that comes next; a pause that holds it longer does not show in the stamp. */
  private stamp(wire: WirePort): void {
    wire.freeAt();
    this.stamps.sent();
  }

  /** A frame of the MAC itself: at once, ahead of frames that wait and in spite of a pause. */
  control(frame: number, wire: WirePort | null): void {
    const v = this.values;
    bump(v, R.TPT);
    addOctets(v, R.TOTL, this.pool.len(frame) + FCS_BYTES);
    if (wire === null) this.pool.unref(frame);
    else wire.send(frame);
  }

  private loopBack(frame: number): void {
    const { pool } = this;
    if (pool.journey[frame] === 0) pool.journey[frame] = pool.sim.trace.newJourney();
    this.loop?.loopedBack(frame);
  }

  /** `shift`: how far into the frame the packet lies. */
  private offload(packets: TxPackets, slot: number, frame: number, length: number, shift: number): void {
    const what = packets.offload[slot];
    if ((what & OFFLOAD_IP) !== 0) this.insert(frame, length, packets.ipContext[slot], shift, false);
    if ((what & OFFLOAD_L4) !== 0) {
      this.insert(frame, length, packets.l4Context[slot], shift, (what & OFFLOAD_UDP) !== 0);
    }
  }

  private insert(frame: number, length: number, context: number, shift: number, udp: boolean): void {
    const end = context >>> 16;
    const start = (context & 0xff) + shift;
    const at = ((context >>> 8) & 0xff) + shift;
    insertChecksum(this.pool, frame, length, start, at, end === 0 ? 0 : end + shift, udp);
  }

  /** The packet lies four bytes into the frame: its addresses move to the front, the tag goes between. */
  private insertTag(frame: number, tag: number): void {
    const off = this.pool.off(frame);
    const u8 = this.arena.u8;
    const vet = this.values[R.VET];
    // What is known of a sum may be of bytes that move now.
    this.pool.knowSum(frame, 0, 0, 0);
    u8.copyWithin(off, off + VLAN_HLEN, off + VLAN_HLEN + VLAN_AT);
    u8[off + VLAN_AT] = vet >>> 8;
    u8[off + VLAN_AT + 1] = vet;
    u8[off + VLAN_AT + 2] = tag >>> 8;
    u8[off + VLAN_AT + 3] = tag;
  }

  /** With TCTL.PSP zeros up to 60 bytes; without it the frame goes out short. */
  private pad(frame: number, length: number): number {
    if ((this.values[R.TCTL] & TCTL_PSP) === 0) return this.shortened(frame, length);
    const off = this.pool.off(frame);
    this.arena.u8.fill(0, off + length, off + MIN_LENGTH);
    return frame;
  }

  /** IFCS clear: the last four bytes are the software's own FCS; the wire knows only whether it is right. */
  private withOwnFcs(frame: number, length: number): number {
    const arena = this.arena;
    const off = this.pool.off(frame);
    const n = length - FCS_BYTES;
    const given = arena.dv.getInt32(off + n, true);
    const right = crc32(arena.u8, off, n) === given;
    const out = this.shortened(frame, n);
    if (!right) this.pool.flags[out] |= FRAME_BAD_FCS;
    return out;
  }

  private shortened(frame: number, length: number): number {
    const out = this.pool.copy(frame, length);
    this.pool.unref(frame);
    return out;
  }

  private count(frame: number): void {
    const v = this.values;
    const octets = this.pool.len(frame) + FCS_BYTES;
    bump(v, R.TPT);
    addOctets(v, R.TOTL, octets);
    bump(v, R.GPTC);
    addOctets(v, R.GOTCL, octets);
    bump(v, R.PTC64 + sizeClass(octets));
    const kind = destinationKind(this.arena, this.pool.off(frame));
    if (kind === DEST_MULTICAST) bump(v, R.MPTC);
    else if (kind === DEST_BROADCAST) bump(v, R.BPTC);
  }

  /** The chip was reset: frames that wait are lost, and counted; how many. */
  reset(): number {
    const lost = this.line.reset();
    this.drops[NIC_TX_ABORT] += lost;
    return lost;
  }
}
