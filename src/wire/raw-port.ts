import type { SimTarget } from '../sim/index.js';
import { WireError } from './error.js';
import { FRAME_BAD_FCS, FRAME_MAX_LENGTH } from './frame-pool.js';
import type { WirePort } from './port.js';
import type { WireStation } from './station.js';

const MIN_LENGTH = 60;

/** A frame as a {@link RawPort} gives it out. */
export interface RawFrame {
  /** Instant at which its last bit arrived, ns. */
  time_ns: number;
  /** Destination address to end of payload, without FCS. */
  bytes: Uint8Array;
  /** The frame check sequence is wrong: a MAC would not pass the frame up. */
  badFcs: boolean;
  /** Its journey id. */
  journey: number;
}

/** A frame to be sent at a time. */
export interface TimedFrame {
  /** ns since any origin; only differences count. */
  time_ns: number;
  bytes: Uint8Array;
}

/** Options of a {@link RawPort}. */
export interface RawPortOptions {
  /** Pad frames below 60 bytes with zeros, as a MAC does (default true); false sends runts. */
  pad?: boolean;
  /** Keep arrived frames in `received` (default true). */
  record?: boolean;
}

/** A station without a machine behind it: takes and gives raw Ethernet frames. */
export class RawPort implements WireStation, SimTarget {
  /** The end of the link it sits on. */
  readonly port: WirePort;
  /** Frames that arrived, if recording. */
  received: RawFrame[] = [];
  /** Called with each frame that arrives, at the virtual instant of its arrival. */
  onFrame: ((frame: RawFrame) => void) | null = null;
  /** Frames that arrived, recorded or not. */
  arrived = 0;
  /** Carrier. */
  up = false;
  private readonly pad: boolean;
  private readonly record: boolean;
  private readonly id: number;
  private readonly playing: Playing[] = [];

  constructor(port: WirePort, options: RawPortOptions = {}) {
    this.port = port;
    this.pad = options.pad !== false;
    this.record = options.record !== false;
    this.id = port.sim.attach(this);
    port.attach(this);
  }

  /**
   * Sends a frame (1..16382 bytes, without FCS) now, on demand with a wrong FCS, and returns its journey id.
   * Throws {@link WireError} FRAME_LENGTH; PORT_ARGUMENT for what is no array of bytes.
   */
  send(bytes: Uint8Array, badFcs = false): number {
    checkBytes(bytes);
    const { pool, sim } = this.port;
    const length = this.pad && bytes.length > 0 && bytes.length < MIN_LENGTH ? MIN_LENGTH : bytes.length;
    const frame = pool.alloc(length);
    const at = pool.off(frame);
    sim.arena.u8.set(bytes, at);
    if (length > bytes.length) sim.arena.u8.fill(0, at + bytes.length, at + length);
    const journey = sim.trace.newJourney();
    pool.journey[frame] = journey;
    if (badFcs) pool.flags[frame] |= FRAME_BAD_FCS;
    this.port.send(frame);
    return journey;
  }

  /**
   * Sends frames with the gaps of their times, the first one after `after_ns` (default 0) from now; a time before that of the frame
   * ahead of it counts as the same instant. The array is read as time goes on.
   */
  play(frames: readonly TimedFrame[], after_ns = 0): void {
    if (!Array.isArray(frames)) throw new WireError('PORT_ARGUMENT', 'play() takes a list of { time_ns, bytes }');
    for (const { time_ns, bytes } of frames as readonly TimedFrame[]) {
      checkBytes(bytes);
      if (!Number.isSafeInteger(time_ns))
        throw new WireError('PORT_ARGUMENT', `a frame's time is whole ns, not ${time_ns}`);
      if (bytes.length < 1 || bytes.length > FRAME_MAX_LENGTH) {
        throw new WireError('FRAME_LENGTH', `a frame has 1..${FRAME_MAX_LENGTH} bytes, not ${bytes.length}`);
      }
    }
    if (!Number.isSafeInteger(after_ns) || after_ns < 0)
      throw new WireError('PORT_ARGUMENT', `bad start ${after_ns} ns`);
    if (frames.length === 0) return;
    const offset_ns = this.port.sim.clock[0] + after_ns - frames[0].time_ns;
    const done = this.playing.findIndex(isDone);
    const place = done < 0 ? this.playing.length : done;
    this.playing[place] = { frames, next: 0, offset_ns };
    this.scheduleNext(place);
  }

  handle(_op: number, which: number, _unused: number): void {
    const play = this.playing[which];
    this.send(play.frames[play.next].bytes);
    play.next++;
    if (play.next < play.frames.length) this.scheduleNext(which);
    else play.frames = [];
  }

  frameArrived(frame: number): void {
    const { pool, sim } = this.port;
    this.arrived++;
    if (this.record || this.onFrame !== null) {
      const raw: RawFrame = {
        time_ns: sim.clock[0],
        bytes: pool.bytes(frame),
        badFcs: (pool.flags[frame] & FRAME_BAD_FCS) !== 0,
        journey: pool.journey[frame],
      };
      if (this.record) this.received.push(raw);
      pool.unref(frame);
      this.onFrame?.(raw);
    } else {
      pool.unref(frame);
    }
  }

  linkChanged(up: boolean): void {
    this.up = up;
  }

  private scheduleNext(which: number): void {
    const { sim } = this.port;
    const play = this.playing[which];
    const at = play.offset_ns + play.frames[play.next].time_ns;
    sim.at[0] = at > sim.clock[0] ? at : sim.clock[0];
    sim.scheduleAt(this.id, 0, which, 0);
  }
}

interface Playing {
  frames: readonly TimedFrame[];
  next: number;
  offset_ns: number;
}

function checkBytes(bytes: unknown): void {
  if (ArrayBuffer.isView(bytes) && (bytes as Uint8Array).BYTES_PER_ELEMENT === 1) return;
  throw new WireError('PORT_ARGUMENT', 'the bytes of a frame are a Uint8Array');
}

function isDone(play: Playing): boolean {
  return play.frames.length === 0;
}
