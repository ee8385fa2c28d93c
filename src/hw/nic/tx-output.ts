import { crc32 } from '../../bytes/index.js';
import type { Arena } from '../../sim/index.js';
import { FCS_BYTES, FRAME_BAD_FCS, type FramePool, type WirePort } from '../../wire/index.js';
import { addOctets, bump, sizeClass } from './counters.js';
import { DEST_BROADCAST, DEST_MULTICAST, destinationKind } from './filter.js';
import type { NicParts } from './parts.js';
import { TCTL_PSP, TXD_CMD_IFCS } from './registers/bits.js';
import * as R from './registers/indices.js';
import { insertChecksum } from './tx-offload.js';
import { MIN_LENGTH, OFFLOAD_IP, OFFLOAD_L4, OFFLOAD_UDP, type TxPackets } from './tx-packets.js';

/** The end of the transmitter: what happens to a gathered frame before it is on the wire. */
export class TxOutput {
  /** Frames handed to the wire. */
  readonly sent: Float64Array = new Float64Array(1);
  private readonly values: Int32Array;
  private readonly pool: FramePool;
  private readonly arena: Arena;

  constructor(parts: NicParts) {
    this.values = parts.file.values;
    this.pool = parts.pool;
    this.arena = parts.port.arena;
  }

  /** Checksums, padding, FCS, statistics, wire. Takes over the frame of the slot; without a wire it goes nowhere. */
  send(packets: TxPackets, slot: number, wire: WirePort | null): void {
    const frame = packets.frame[slot];
    const length = packets.length[slot];
    if (packets.offload[slot] !== 0) this.offload(packets, slot, frame, length);
    let out = frame;
    if ((packets.command[slot] & TXD_CMD_IFCS) === 0) out = this.withOwnFcs(frame, length);
    else if (length < MIN_LENGTH) out = this.pad(frame, length);
    this.count(out);
    this.sent[0]++;
    if (wire === null) this.pool.unref(out);
    else wire.send(out);
  }

  private offload(packets: TxPackets, slot: number, frame: number, length: number): void {
    const pool = this.pool;
    const what = packets.offload[slot];
    if ((what & OFFLOAD_IP) !== 0) {
      const c = packets.ipContext[slot];
      insertChecksum(pool, frame, length, c & 0xff, (c >>> 8) & 0xff, c >>> 16, false);
    }
    if ((what & OFFLOAD_L4) !== 0) {
      const c = packets.l4Context[slot];
      insertChecksum(pool, frame, length, c & 0xff, (c >>> 8) & 0xff, c >>> 16, (what & OFFLOAD_UDP) !== 0);
    }
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
}
