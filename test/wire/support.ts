import { type SimTarget, Simulation } from '../../src/sim/index.js';
import { FramePool, Link, type LinkOptions, RawPort, type WireStation } from '../../src/wire/index.js';

/** Two raw ports on a link, checked pool. */
export class Rig {
  readonly sim: Simulation;
  readonly pool: FramePool;
  readonly link: Link;
  readonly a: RawPort;
  readonly b: RawPort;
  constructor(options: LinkOptions = {}, seed = 1) {
    this.sim = new Simulation({ seed });
    this.pool = new FramePool(this.sim, { checked: true });
    this.link = new Link(this.sim, this.pool, options);
    this.a = new RawPort(this.link.a);
    this.b = new RawPort(this.link.b);
  }
  /** Runs until nothing is left, or up to a time. */
  drain(limit_ns: number = Number.MAX_SAFE_INTEGER): void {
    this.sim.drain(limit_ns);
  }
  /** Arrivals at b as [time, first byte]. */
  arrivals(): [number, number][] {
    return this.b.received.map((frame) => [frame.time_ns, frame.bytes[0]]);
  }
  /** Throws unless no frame is left anywhere. */
  finish(): void {
    this.drain();
    this.pool.assertNoLeaks();
  }
}

/** A frame of `length` bytes, each of them `fill`. */
export function frame(fill = 1, length = 60): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

/** A station that only counts and frees. */
export class Sink implements WireStation {
  readonly pool: FramePool;
  arrived = 0;
  carrier: boolean[] = [];
  constructor(pool: FramePool) {
    this.pool = pool;
  }
  frameArrived(one: number): void {
    this.arrived++;
    this.pool.unref(one);
  }
  linkChanged(up: boolean): void {
    this.carrier.push(up);
  }
}

/** Calls a function of a test at a virtual time. */
export class At implements SimTarget {
  readonly sim: Simulation;
  private readonly calls: (() => void)[] = [];
  private readonly id: number;
  constructor(sim: Simulation) {
    this.sim = sim;
    this.id = sim.attach(this);
  }
  at(time_ns: number, call: () => void): void {
    this.sim.at[0] = time_ns;
    this.sim.scheduleAt(this.id, 0, this.calls.push(call) - 1, 0);
  }
  handle(_op: number, a: number): void {
    this.calls[a]();
  }
}

/** The `code` of what a call throws; '' if it returns. */
export function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return '';
}
