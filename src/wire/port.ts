import { type SimTarget, type Simulation, TP } from '../sim/index.js';
import { BitClock, CLOCK_FREE, CLOCK_LAST_BIT, CLOCK_START, FCS_BYTES } from './bit-clock.js';
import {
  dropRecord,
  WIRE_DROP_DOWN,
  WIRE_DROP_FAULT,
  WIRE_DROP_NO_STATION,
  WIRE_DROP_QUEUE,
  WIRE_DROP_REASONS,
} from './drop-reasons.js';
import { WireError } from './error.js';
import type { PlacedRule } from './fault-chain.js';
import {
  ACT_CORRUPT,
  ACT_DELAY,
  ACT_DROP,
  ACT_DUPLICATE,
  ACT_HOLD,
  ACT_TRUNCATE,
  FaultContext,
} from './fault-context.js';
import { FRAME_BAD_FCS, type FramePool } from './frame-pool.js';
import { HoldList } from './hold-list.js';
import { type LinkDirection, TAP_DELIVERED, TAP_SENT, type WireStation, type WireTap } from './station.js';
import { TxQueue } from './tx-queue.js';

const OP_ARRIVE = 0;
const OP_CARRIER = 1;
const OP_HOLD_DUE = 2;

/** Slots of `time`. */
const START = 0;
const NOMINAL = 1;
const ARRIVAL = 2;
const LANE_LAST = 3;
const DELAY = 4;

/** Slots of `counts`. */
const SENT = 0;
const SENT_BYTES = 1;
const DUPLICATED = 2;
const DELIVERED = 3;
const DELIVERED_BYTES = 4;

/** Counters of one direction of a link. sent + duplicated = delivered + all drops + inFlight, at any instant. */
export interface WirePortStats {
  /** Frames handed to `send`. */
  sent: number;
  /** Their bytes, without FCS. */
  sentBytes: number;
  /** Copies added by fault rules. */
  duplicated: number;
  /** Frames handed to the far station. */
  delivered: number;
  /** Their bytes, without FCS. */
  deliveredBytes: number;
  /** Frames queued, on the line or held. */
  inFlight: number;
  /** Frames lost, by reason (WIRE_DROP_*); reasons that never occurred are left out. */
  drops: Record<string, number>;
}

/** What a link gives its two ports. */
export interface WirePortSetup {
  sim: Simulation;
  pool: FramePool;
  linkId: number;
  direction: LinkDirection;
  streamName: string;
}

/**
 * One end of a link: the station attached here sends by `send` and gets frames by its `frameArrived`. The port holds the
 * whole state of the direction that leads away from it.
 */
export class WirePort implements SimTarget {
  readonly sim: Simulation;
  readonly pool: FramePool;
  /** The link's id: `who` of its trace records. */
  readonly linkId: number;
  readonly direction: LinkDirection;
  /** What receives here. Set by `attach`, or directly by who asks for the carrier itself. */
  station: WireStation | null = null;
  /** Carrier. */
  up = true;
  /** bit/s; 0 = no serialisation time. */
  rate_bps = 0;
  /** Frames sent here and not yet delivered or lost. */
  inFlight = 0;
  /** @internal The other end; set by the link. */
  peer: WirePort;
  /** @internal */
  taps: readonly WireTap[] = [];
  /** @internal */
  chain: readonly PlacedRule[] = [];
  /** @internal Waiting frames; its limits are set by the link. */
  readonly queue: TxQueue;
  private readonly bits: BitClock;
  private readonly time: Float64Array = new Float64Array(5);
  private readonly counts: Float64Array = new Float64Array(5);
  private readonly drops: Float64Array = new Float64Array(WIRE_DROP_REASONS);
  private readonly context: FaultContext;
  private readonly held: HoldList = new HoldList();
  private readonly id: number;
  private readonly lane: number;
  private readonly dir: number;
  private holdTimer = -1;
  /** Counts the losses of carrier: an arrival of an older generation was cut off. */
  private generation = 0;

  constructor(setup: WirePortSetup) {
    this.sim = setup.sim;
    this.pool = setup.pool;
    this.linkId = setup.linkId;
    this.direction = setup.direction;
    this.dir = setup.direction === 'a->b' ? 0 : 1;
    this.peer = this;
    this.id = this.sim.attach(this);
    this.lane = this.sim.createLane(this.id);
    this.queue = new TxQueue(this.sim.clock);
    this.bits = new BitClock(this.sim.clock, 1);
    this.context = new FaultContext(this.pool, this.direction, this.sim.rng(setup.streamName));
  }

  /** Puts a station on this end and tells it the carrier. Throws {@link WireError} LINK_ARGUMENT if one is there already. */
  attach(station: WireStation): void {
    if (this.station !== null)
      throw new WireError('LINK_ARGUMENT', 'a station is already attached to this end of the link');
    this.station = station;
    station.linkChanged(this.up);
  }

  /**
   * Puts a frame on the line, or behind those that wait; takes over the caller's reference. The order of events: queue
   * limit, digest and trace (WIRE_TX), taps, fault rules, serialisation and delay, arrival at the far station.
   */
  send(frame: number): void {
    const pool = this.pool;
    const time = this.time;
    const length = pool.len(frame);
    this.counts[SENT] += 1;
    this.counts[SENT_BYTES] += length;
    this.inFlight++;
    if (pool.journey[frame] === 0) pool.journey[frame] = this.sim.trace.newJourney();
    if (!this.up) {
      this.lose(frame, WIRE_DROP_DOWN);
      return;
    }
    if (this.rate_bps > 0) {
      if (!this.takeLine(length)) {
        this.lose(frame, WIRE_DROP_QUEUE);
        return;
      }
    } else {
      time[START] = this.sim.clock[0];
      time[NOMINAL] = time[START] + time[DELAY];
    }
    this.record(frame, length);
    if (this.chain.length > 0) this.judge(frame, 0, 0, 0, 0);
    else this.launch(frame);
  }

  /** At least {@link queuedBytes}, without looking at the clock. */
  queuedAtMost(): number {
    return this.queue.bytes;
  }

  /** Bytes (frames with FCS) given to this end and not yet wholly on the line. */
  queuedBytes(): number {
    this.queue.expire();
    return this.queue.bytes;
  }

  /** Frames given to this end and not yet wholly on the line; the oldest of them is being sent. */
  queuedFrames(): number {
    this.queue.expire();
    return this.queue.count;
  }

  /** Writes the instant (ns) at which the line is free for one more frame, now or later, to `sim.at[0]`. */
  freeAt(): void {
    const now = this.sim.clock[0];
    const free = this.bits.slot[CLOCK_FREE];
    this.sim.at[0] = this.rate_bps > 0 && free > now ? free : now;
  }

  /** Counters of the direction that leads away from this end. */
  stats(): WirePortStats {
    const counts = this.counts;
    return {
      sent: counts[SENT],
      sentBytes: counts[SENT_BYTES],
      duplicated: counts[DUPLICATED],
      delivered: counts[DELIVERED],
      deliveredBytes: counts[DELIVERED_BYTES],
      inFlight: this.inFlight,
      drops: dropRecord(this.drops),
    };
  }

  /** Frames lost for one reason (WIRE_DROP_*). */
  dropped(reason: number): number {
    return this.drops[reason];
  }

  /** @internal Rate in bit/s for frames to come, 0 for none. */
  setRate(rate_bps: number): void {
    if (rate_bps > 0) this.bits.setRate(rate_bps);
    this.rate_bps = rate_bps;
  }

  /** @internal Propagation delay for frames to come. */
  setDelay(delay_ns: number): void {
    this.time[DELAY] = delay_ns;
  }

  /** @internal Carrier on or off; the station hears of it by an event of this instant. */
  setCarrier(up: boolean): void {
    this.up = up;
    if (!up) {
      this.generation = (this.generation + 1) | 0;
      this.bits.clear();
      this.queue.clear();
      for (let frame = this.held.takeAny(); frame !== 0; frame = this.held.takeAny()) this.lose(frame, WIRE_DROP_DOWN);
      this.armHold();
    }
    this.sim.post(this.id, OP_CARRIER, up ? 1 : 0, 0);
  }

  handle(op: number, a: number, b: number): void {
    if (op === OP_ARRIVE) this.arrive(a, b);
    else if (op === OP_CARRIER) this.station?.linkChanged(a === 1);
    else this.releaseDue();
  }

  private takeLine(length: number): boolean {
    const queue = this.queue;
    if (queue.limited()) {
      queue.expire();
      if (!queue.accepts(length + FCS_BYTES)) return false;
    }
    const bits = this.bits;
    const time = this.time;
    bits.advance(length);
    queue.push(length + FCS_BYTES, bits.slot, CLOCK_FREE);
    time[START] = bits.slot[CLOCK_START];
    time[NOMINAL] = bits.slot[CLOCK_LAST_BIT] + time[DELAY];
    return true;
  }

  /** Digest (contents, time of the call, wait for the line), trace and taps of a frame as it is sent. */
  private record(frame: number, length: number): void {
    const sim = this.sim;
    const pool = this.pool;
    const arena = sim.arena;
    sim.digest.event(this.id ^ (pool.flags[frame] << 24), (this.time[START] - sim.clock[0]) | 0);
    sim.digest.frame(arena.u32, arena.u8, pool.off(frame), length);
    if (pool.checked) pool.seal(frame);
    if (sim.trace.on) sim.trace.put(TP.WIRE_TX, this.linkId, pool.journey[frame], frame, length, this.dir);
    const taps = this.taps;
    for (let i = 0; i < taps.length; i++) taps[i].tapped(TAP_SENT, this.dir, frame, this.time);
  }

  /** Sends a frame through the rules from `from` on. `extra_ns` and the hold are what earlier rules decided. */
  private judge(frame: number, from: number, extra_ns: number, holdFrames: number, holdNs: number): void {
    const ctx = this.context;
    const chain = this.chain;
    let current = frame;
    let extra = extra_ns;
    let later = holdFrames;
    let within = holdNs;
    for (let i = from; i < chain.length; i++) {
      const placed = chain[i];
      ctx.load(current, placed.seen, placed.rng);
      placed.seen++;
      placed.rule.verdict(ctx);
      const acted = ctx.acted;
      if (acted === 0) continue;
      placed.hits++;
      if ((acted & ACT_DROP) !== 0) {
        this.lose(current, WIRE_DROP_FAULT);
        return;
      }
      if ((acted & (ACT_TRUNCATE | ACT_CORRUPT)) !== 0) current = this.damage(current, acted);
      if ((acted & ACT_DELAY) !== 0) extra += ctx.span[0];
      if ((acted & ACT_HOLD) !== 0) {
        later = ctx.holdFrames;
        within = ctx.span[1];
      }
      if ((acted & ACT_DUPLICATE) !== 0) {
        this.multiply(current, ctx.copies);
        for (let left = ctx.copies; left > 0; left--) this.judge(current, i + 1, extra, later, within);
      }
    }
    this.depart(current, extra, later, within);
  }

  private multiply(frame: number, copies: number): void {
    for (let i = 0; i < copies; i++) this.pool.ref(frame);
    this.counts[DUPLICATED] += copies;
    this.inFlight += copies;
  }

  /** A truncated or corrupted copy in place of `frame`. */
  private damage(frame: number, acted: number): number {
    const pool = this.pool;
    const ctx = this.context;
    const cut = (acted & ACT_TRUNCATE) !== 0;
    const length = cut ? ctx.truncateTo : pool.len(frame);
    const copy = pool.copy(frame, length);
    pool.unref(frame);
    if (cut && !ctx.fixTruncate) pool.flags[copy] |= FRAME_BAD_FCS;
    if ((acted & ACT_CORRUPT) !== 0) {
      const byte = ctx.corruptBit >>> 3;
      if (byte < length) this.sim.arena.u8[pool.off(copy) + byte] ^= 1 << (ctx.corruptBit & 7);
      if (byte >= length || !ctx.fixCorrupt) pool.flags[copy] |= FRAME_BAD_FCS;
    }
    this.sim.digest.mix(pool.flags[copy]);
    this.sim.digest.frame(this.sim.arena.u32, this.sim.arena.u8, pool.off(copy), length);
    if (pool.checked) pool.seal(copy);
    return copy;
  }

  /** A frame leaves the fault chain. */
  private depart(frame: number, extra_ns: number, later: number, within_ns: number): void {
    const time = this.time;
    if (later > 0) {
      this.held.add(frame, later, time[NOMINAL] + extra_ns + within_ns);
      this.armHold();
    } else if (extra_ns > 0) {
      time[ARRIVAL] = time[NOMINAL] + extra_ns;
      this.sim.at[0] = time[ARRIVAL];
      this.sim.scheduleAt(this.id, OP_ARRIVE, frame, this.generation);
      if (this.held.count() > 0) this.releasePassed();
    } else {
      this.launch(frame);
    }
  }

  /** Schedules the arrival at the nominal time: in the lane, unless a delay made smaller in mid-run lets it overtake. */
  private launch(frame: number): void {
    const time = this.time;
    time[ARRIVAL] = time[NOMINAL];
    this.enqueueArrival(frame);
    if (this.held.count() > 0) this.releasePassed();
  }

  private enqueueArrival(frame: number): void {
    const time = this.time;
    const at = time[ARRIVAL];
    this.sim.at[0] = at;
    if (at >= time[LANE_LAST]) {
      time[LANE_LAST] = at;
      this.sim.laneAt(this.lane, OP_ARRIVE, frame, this.generation);
    } else {
      this.sim.scheduleAt(this.id, OP_ARRIVE, frame, this.generation);
    }
  }

  /** A frame went ahead of those held: the ones passed often enough arrive right behind it. */
  private releasePassed(): void {
    this.held.passed();
    let released = false;
    for (let frame = this.held.takePassed(); frame !== 0; frame = this.held.takePassed()) {
      this.sim.at[0] = this.time[ARRIVAL];
      this.sim.scheduleAt(this.id, OP_ARRIVE, frame, this.generation);
      released = true;
    }
    if (released) this.armHold();
  }

  private releaseDue(): void {
    const now = this.sim.clock[0];
    for (let frame = this.held.takeDue(now); frame !== 0; frame = this.held.takeDue(now)) {
      this.sim.post(this.id, OP_ARRIVE, frame, this.generation);
    }
    this.armHold();
  }

  private armHold(): void {
    if (this.held.count() === 0) {
      if (this.holdTimer >= 0) this.sim.del_timer(this.holdTimer);
      return;
    }
    if (this.holdTimer < 0) this.holdTimer = this.sim.createTimer(this.id, OP_HOLD_DUE, 0);
    this.sim.at[0] = this.held.firstDue();
    this.sim.mod_timerAt(this.holdTimer);
  }

  private arrive(frame: number, generation: number): void {
    const sim = this.sim;
    const pool = this.pool;
    const station = this.peer.station;
    if (generation !== this.generation) {
      this.lose(frame, WIRE_DROP_DOWN);
      return;
    }
    if (station === null) {
      this.lose(frame, WIRE_DROP_NO_STATION);
      return;
    }
    const length = pool.len(frame);
    this.counts[DELIVERED] += 1;
    this.counts[DELIVERED_BYTES] += length;
    this.inFlight--;
    sim.digest.event(this.id, pool.journey[frame]);
    if (pool.checked) pool.verify(frame);
    if (sim.trace.on) sim.trace.put(TP.WIRE_RX, this.linkId, pool.journey[frame], frame, length, this.dir);
    const taps = this.taps;
    for (let i = 0; i < taps.length; i++) taps[i].tapped(TAP_DELIVERED, this.dir, frame, sim.clock);
    station.frameArrived(frame);
  }

  /** Ends a frame on the wire: counted, in the digest, traced. */
  private lose(frame: number, reason: number): void {
    const sim = this.sim;
    const pool = this.pool;
    this.drops[reason] += 1;
    this.inFlight--;
    sim.digest.event(this.id ^ (reason << 24), pool.journey[frame]);
    if (sim.trace.on) sim.trace.put(TP.WIRE_DROP, this.linkId, pool.journey[frame], frame, pool.len(frame), reason);
    pool.unref(frame);
  }
}
