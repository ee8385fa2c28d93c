import { parseDuration, parseRate, parseSize, type Simulation } from '../sim/index.js';
import { WireError } from './error.js';
import { type FaultCount, PlacedRule } from './fault-chain.js';
import type { Fault } from './fault-rule.js';
import { toRule } from './faults.js';
import type { FramePool } from './frame-pool.js';
import { WirePort } from './port.js';
import type { LinkDirection, WireTap } from './station.js';
import { NO_LIMIT } from './tx-queue.js';

/** How much may wait for the line in each direction, besides the frame being sent; a frame beyond that is lost. */
export interface QueueLimit {
  /** Frames; default no limit. */
  frames?: number;
  /** Bytes of frames with FCS, or text like '64KiB'; default no limit. */
  bytes?: number | string;
}

/** Options of a {@link Link}; both directions get the same. */
export interface LinkOptions {
  /** Names the link in its random streams and reports; default 'link' and its number. */
  name?: string;
  /** bit/s or text like '10Gbps'; default '1Gbps'; 0 = frames take no time on the line. */
  rate?: number | string;
  /** Propagation delay: ns or text like '1ms'; default 0. */
  delay?: number | string;
  queue?: QueueLimit;
  /** Fault rules, in order, for each direction its own counters and random streams. */
  faults?: readonly Fault[];
}

/**
 * A full-duplex Ethernet link. Accounting per frame: preamble 8, frame with FCS at least 64, gap 12 bytes; the frame
 * arrives when its last bit does. Everything but the name can be changed in mid-run; a change holds for frames sent from then on
 * (with a smaller delay these may overtake earlier ones).
 */
export class Link {
  readonly id: number;
  readonly name: string;
  /** One end. */
  readonly a: WirePort;
  /** The other end. */
  readonly b: WirePort;
  private readonly sim: Simulation;

  /** Throws {@link WireError} or UnitError for bad options. */
  constructor(sim: Simulation, pool: FramePool, options: LinkOptions = {}) {
    this.sim = sim;
    this.id = ++pool.ids;
    this.name = uniqueName(pool, options.name ?? `link${this.id}`);
    this.a = new WirePort({ sim, pool, linkId: this.id, direction: 'a->b', streamName: this.streamName('a->b', 0) });
    this.b = new WirePort({ sim, pool, linkId: this.id, direction: 'b->a', streamName: this.streamName('b->a', 0) });
    this.a.peer = this.b;
    this.b.peer = this.a;
    this.setRate(options.rate ?? 1_000_000_000);
    this.setDelay(options.delay ?? 0);
    this.setQueue(options.queue ?? {});
    this.setFaults(options.faults === undefined ? [] : options.faults);
  }

  /** Whether the carrier is there. */
  get carrier(): boolean {
    return this.a.up;
  }

  /** Takes the carrier away: what is queued, in flight or held is lost (WIRE_DROP_DOWN), and so is what is sent. */
  down(): void {
    if (!this.a.up) return;
    this.a.setCarrier(false);
    this.b.setCarrier(false);
  }

  /** Brings the carrier back. */
  up(): void {
    if (this.a.up) return;
    this.a.setCarrier(true);
    this.b.setCarrier(true);
  }

  /** Replaces the fault rules of one or both directions; counters and indices start anew, random streams go on. */
  setFaults(faults: readonly Fault[], direction?: LinkDirection): void {
    if (!Array.isArray(faults)) throw new WireError('FAULT_ARGUMENT', 'faults is a list of rules, as [drop({...})]');
    const rules = (faults as readonly Fault[]).map(toRule);
    for (const port of this.ports(direction)) {
      port.chain = rules.map(
        (rule, place) => new PlacedRule(rule, this.sim.rng(this.streamName(port.direction, place))),
      );
    }
  }

  /** What each rule of a direction has done since it was installed, in order. */
  faultCounts(direction: LinkDirection): FaultCount[] {
    return this.ports(direction)[0].chain.map((placed) => placed.count());
  }

  /** bit/s, or text like '100Mbps'; 0 = no serialisation. */
  setRate(rate: number | string, direction?: LinkDirection): void {
    const rate_bps = parseRate(rate);
    for (const port of this.ports(direction)) port.setRate(rate_bps);
  }

  /** ns, or text like '1ms'. */
  setDelay(delay: number | string, direction?: LinkDirection): void {
    const delay_ns = parseDuration(delay);
    for (const port of this.ports(direction)) port.setDelay(delay_ns);
  }

  /** Limits what may wait; a limit left out is lifted. Frames that wait already stay. */
  setQueue(limit: QueueLimit, direction?: LinkDirection): void {
    if (typeof limit !== 'object' || limit === null) {
      throw new WireError('LINK_ARGUMENT', 'a queue limit is { frames, bytes }');
    }
    const frames = limit.frames ?? NO_LIMIT;
    const bytes = limit.bytes === undefined ? NO_LIMIT : parseSize(limit.bytes);
    if (!Number.isInteger(frames) || frames < 0 || frames > NO_LIMIT || bytes > NO_LIMIT) {
      throw new WireError('LINK_ARGUMENT', `a queue limit is a whole number from 0 to ${NO_LIMIT}`);
    }
    for (const port of this.ports(direction)) {
      port.queue.limitFrames = frames;
      port.queue.limitBytes = bytes;
    }
  }

  /** Shows all frames of both directions to `tap` from now on. Throws {@link WireError} LINK_ARGUMENT for what is none. */
  tap(tap: WireTap): void {
    if (typeof tap?.tapped !== 'function') {
      throw new WireError('LINK_ARGUMENT', 'a tap is an object with a method tapped()');
    }
    this.a.taps = this.b.taps = [...this.a.taps, tap];
  }

  /** Ends a tap. */
  untap(tap: WireTap): void {
    this.a.taps = this.b.taps = this.a.taps.filter((other) => other !== tap);
  }

  private ports(direction: LinkDirection | undefined): WirePort[] {
    if (direction === undefined) return [this.a, this.b];
    if (direction === 'a->b') return [this.a];
    if (direction === 'b->a') return [this.b];
    throw new WireError('LINK_ARGUMENT', `a direction is 'a->b' or 'b->a', not ${String(direction)}`);
  }

  private streamName(direction: LinkDirection, place: number): string {
    return `wire/${this.name}/${direction}/${place}`;
  }
}

/** Two links never share a random stream: the second one that asks for a name gets '#2' behind it. */
function uniqueName(pool: FramePool, name: string): string {
  const count = (pool.linkNames.get(name) ?? 0) + 1;
  pool.linkNames.set(name, count);
  return count === 1 ? name : `${name}#${count}`;
}
