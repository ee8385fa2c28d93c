import { PcapngWriter, timestamp } from '../pcap/index.js';
import { TP } from '../sim/index.js';
import { FRAME_BAD_FCS, type FramePool, type Link, TAP_SENT, type WireTap } from '../wire/index.js';
import type { TraceRecord } from './record.js';

interface CapturedFrame {
  time: number;
  iface: number;
  bytes: Uint8Array;
  badFcs: boolean;
  journey: number;
}

/** Names for what a record's numbers mean, in comments. */
export interface CaptureNames {
  /** `SKB_DROP_REASON_*` by number. */
  dropReason?: (reason: number) => string;
}

/**
 * A pcapng file of one or more links: an interface per tap point (each direction, as sent and as delivered after faults), nanosecond
 * stamps, and on each packet a comment that tells its journey id, the CPU cycle at which a program received it, or why it was dropped.
 */
export class PcapngCapture {
  private readonly frames: CapturedFrame[] = [];
  private readonly interfaces: string[] = [];

  /** Listens on a link from now on. */
  add(link: Link, pool: FramePool): void {
    const first = this.interfaces.length;
    for (const point of ['sent', 'delivered']) {
      for (const direction of ['a->b', 'b->a']) this.interfaces.push(`${link.name} ${direction} ${point}`);
    }
    link.tap(new CaptureTap(this.frames, first, pool));
  }

  /** The file. `records` (a whole trace) supply the comments. The same run gives the same bytes. */
  toBytes(records: readonly TraceRecord[] = [], names: CaptureNames = {}): Uint8Array {
    const writer = new PcapngWriter({ application: 'softirq' });
    for (const name of this.interfaces) writer.addInterface({ name });
    const fates = fatesOf(records, names);
    const order = this.frames.map((_, i) => i);
    order.sort((x, y) => (this.frames[x] as CapturedFrame).time - (this.frames[y] as CapturedFrame).time || x - y);
    for (const i of order) {
      const f = this.frames[i] as CapturedFrame;
      const comments = [`journey=${f.journey}${f.badFcs ? ' bad FCS' : ''}`, ...(fates.get(f.journey) ?? [])];
      const direction = (f.iface & 2) === 0 ? 'outbound' : 'inbound';
      writer.packet({ interface: f.iface, ...timestamp(f.time), data: f.bytes, direction, comments });
    }
    return writer.take();
  }
}

/** One link's tap. Interfaces from `first` on: sent a->b, sent b->a, delivered a->b, delivered b->a. */
class CaptureTap implements WireTap {
  private readonly frames: CapturedFrame[];
  private readonly first: number;
  private readonly pool: FramePool;

  constructor(frames: CapturedFrame[], first: number, pool: FramePool) {
    this.frames = frames;
    this.first = first;
    this.pool = pool;
  }

  tapped(point: number, direction: number, frame: number, time: Float64Array): void {
    const { pool } = this;
    this.frames.push({
      time: time[0],
      iface: this.first + (point === TAP_SENT ? 0 : 2) + direction,
      bytes: pool.bytes(frame),
      badFcs: (pool.flags[frame] & FRAME_BAD_FCS) !== 0,
      journey: pool.journey[frame],
    });
  }
}

function fatesOf(records: readonly TraceRecord[], names: CaptureNames): Map<number, string[]> {
  const fates = new Map<number, string[]>();
  for (const r of records) {
    if (r.journey === 0) continue;
    const text = fateOf(r, names);
    if (text === null) continue;
    const list = fates.get(r.journey) ?? [];
    list.push(text);
    fates.set(r.journey, list);
  }
  return fates;
}

function fateOf(r: TraceRecord, names: CaptureNames): string | null {
  if (r.id === TP.SKB_DROP) return `cycle=${r.cycle} skb=${r.a} drop=${names.dropReason?.(r.b) ?? r.b}`;
  if (r.id === TP.RECVFROM) return `cycle=${r.cycle} recvfrom pid=${r.a} fd=${r.b} bytes=${r.c}`;
  return null;
}
