import { PcapngWriter, timestamp } from '../pcap/index.js';
import { TP } from '../sim/index.js';
import { drop_reason_name } from '../skbuff/index.js';
import { FRAME_BAD_FCS, type FramePool, type Link, TAP_SENT, WIRE_DROP_NAMES, type WireTap } from '../wire/index.js';
import type { TraceRecord } from './record.js';
import { nicDropText } from './station.js';

interface CapturedFrame {
  time: number;
  iface: number;
  bytes: Uint8Array;
  badFcs: boolean;
  journey: number;
}

/** Names for what a record's numbers mean, in comments. */
export interface CaptureNames {
  /** Drop reasons by number. Default: the names of `drops()`. */
  dropReason?: (reason: number) => string;
  /** Hosts by id. Default: `host1` and so on. */
  host?: (id: number) => string;
}

/** Directions of a frame's epb_flags, by tap point. */
const OUTBOUND = 'outbound';
const INBOUND = 'inbound';

/**
 * A pcapng file of one or more links: an interface per tap point (each direction, as sent and as delivered after faults), nanosecond
 * stamps (of the first bit where sent, of the last where delivered), and on each packet comments that tell its journey id, a bad FCS, and
 * what became of it: at which CPU cycle a program received it, or where and why it was dropped.
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

  /** The file. `records` (a whole trace) supply the fates. The same run gives the same bytes. */
  toBytes(records: readonly TraceRecord[] = [], names: CaptureNames = {}): Uint8Array {
    const writer = new PcapngWriter({ application: 'softirq' });
    for (const name of this.interfaces) writer.addInterface({ name });
    const fates = fatesOf(records, names);
    // Sorted by time; Array.prototype.sort keeps the order of equal ones.
    for (const f of [...this.frames].sort((x, y) => x.time - y.time)) {
      const comments = [`journey=${f.journey}${f.badFcs ? ' bad FCS' : ''}`, ...(fates.get(f.journey) ?? [])];
      const direction = f.iface % 4 < 2 ? OUTBOUND : INBOUND;
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
    this.frames.push({
      time: time[0],
      iface: this.first + (point === TAP_SENT ? 0 : 2) + direction,
      bytes: this.pool.bytes(frame),
      badFcs: (this.pool.flags[frame] & FRAME_BAD_FCS) !== 0,
      journey: this.pool.journey[frame],
    });
  }
}

function fatesOf(records: readonly TraceRecord[], names: CaptureNames): Map<number, string[]> {
  const fates = new Map<number, string[]>();
  for (const r of records) {
    const text = r.journey === 0 ? null : fateOf(r, names);
    if (text === null) continue;
    const list = fates.get(r.journey) ?? [];
    list.push(text);
    fates.set(r.journey, list);
  }
  return fates;
}

function fateOf(r: TraceRecord, names: CaptureNames): string | null {
  if (r.id === TP.WIRE_DROP) return `time=${r.time} dropped on the wire, reason=${WIRE_DROP_NAMES[r.c] ?? r.c}`;
  if (r.id === TP.NIC_DROP) {
    return `time=${r.time} ${names.host?.(r.host) ?? `host${r.host}`} dropped in the NIC: ${nicDropText(r.b)}`;
  }
  if (r.id !== TP.SKB_DROP && r.id !== TP.RECVFROM) return null;
  const at = `${r.ctx < 0 ? `time=${r.time}` : `cycle=${r.cycle}`} ${names.host?.(r.host) ?? `host${r.host}`}`;
  if (r.id === TP.SKB_DROP) return `${at} dropped, reason=${(names.dropReason ?? drop_reason_name)(r.b)}`;
  return `${at} recvfrom pid=${r.a} fd=${r.b} bytes=${r.c}`;
}
