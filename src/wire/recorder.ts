import { FRAME_BAD_FCS, type FramePool } from './frame-pool.js';
import { type LinkDirection, TAP_SENT, type WireTap } from './station.js';

/** Where a {@link FrameRecorder} listens: what senders put on the line, what receivers get, or both. */
export type RecordPoint = 'sent' | 'delivered' | 'both';

/** A frame seen by a {@link FrameRecorder}. */
export interface RecordedFrame {
  /** First bit on the line (sent) or last bit at the far end (delivered), ns. */
  time_ns: number;
  point: 'sent' | 'delivered';
  direction: LinkDirection;
  /** Without FCS. */
  bytes: Uint8Array;
  badFcs: boolean;
  journey: number;
}

/** A tap that keeps frames, by reference until they are asked for. Give them back with `release` when done. */
export class FrameRecorder implements WireTap {
  private readonly pool: FramePool;
  private readonly point: RecordPoint;
  private times: number[] = [];
  private places: number[] = [];
  private frames: number[] = [];

  constructor(pool: FramePool, point: RecordPoint = 'sent') {
    this.pool = pool;
    this.point = point;
  }

  tapped(point: number, direction: number, frame: number, time: Float64Array): void {
    if (this.point !== 'both' && (point === TAP_SENT) !== (this.point === 'sent')) return;
    this.pool.ref(frame);
    this.times.push(time[0]);
    this.places.push(point * 2 + direction);
    this.frames.push(frame);
  }

  /** Frames seen so far. */
  count(): number {
    return this.frames.length;
  }

  /** The frames in order of time, copied out. */
  records(): RecordedFrame[] {
    const order = this.frames.map((_, i) => i).sort((x, y) => this.times[x] - this.times[y] || x - y);
    return order.map((i) => ({
      time_ns: this.times[i],
      point: this.places[i] < 2 ? 'sent' : 'delivered',
      direction: (this.places[i] & 1) === 0 ? 'a->b' : 'b->a',
      bytes: this.pool.bytes(this.frames[i]),
      badFcs: (this.pool.flags[this.frames[i]] & FRAME_BAD_FCS) !== 0,
      journey: this.pool.journey[this.frames[i]],
    }));
  }

  /** Forgets all frames and gives their references back. */
  release(): void {
    for (const frame of this.frames) this.pool.unref(frame);
    this.times = [];
    this.places = [];
    this.frames = [];
  }
}
