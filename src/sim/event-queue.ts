/**
 * The event queue: one total order by (time, seq). The events of the present instant stand in a FIFO; lanes, timers and
 * one-shots in one heap; timers that are far away in a wheel in front of the heap (DESIGN §2).
 */
import { Cloneable } from './clone.js';
import { HorizonError, SimError } from './errors.js';
import { EventHeap, IDLE, LANE, ONE_SHOT, TIMER, WEAK_TIMER } from './event-heap.js';
import { InstantFifo, Lane } from './event-rings.js';
import { livelockError } from './livelock.js';
import { TimerWheel } from './timer-wheel.js';

/** Something events are delivered to. */
export interface SimTarget {
  /** For a timer `b` is the timer id. The time is in clock[0]. */
  handle(op: number, a: number, b: number): void;
}

/** Timers as protocols see them: EventQueue has this shape, and so have the kernel timers of a host. */
export interface TimerService {
  /** A persistent idle timer; when it fires, targets[target].handle(op, a, timer). A weak one never holds run(). */
  createTimer(target: number, op: number, a: number, weak?: boolean): number;
  /** (Re)arms: due `delay_ns` (int32, below 0 means 0) from now. */
  mod_timer(timer: number, delay_ns: number): void;
  /** The same for the absolute time in the simulation's `at[0]`. */
  mod_timerAt(timer: number): void;
  /** Disarms; true if it was pending. */
  del_timer(timer: number): boolean;
  timer_pending(timer: number): boolean;
  /** Disarms and gives the id back. */
  freeTimer(timer: number): void;
}

/** Times stay below 2^53 ns: the last double whose neighbours are one apart. */
export const HORIZON_NS: number = 9007199254740992;
/** Events a slice of drain() may fire before it looks around. */
const SLICE = 65536;
/** Why a slice ended. */
const QUIET = 0;
const EXHAUSTED = 1;
const TOO_MANY = 2;

/** Clock and queue. Everything here is plain data; targets are referred to by id. */
export class EventQueue extends Cloneable implements TimerService {
  /** at[0]: the absolute time argument (ns) of the calls that end in At. */
  readonly at: Float64Array;
  /** clock[0]: now, ns. */
  readonly clock: Float64Array;
  /** Event targets by id. */
  readonly targets: SimTarget[];
  /** Strong events pending. */
  strong: number;
  /** Tasks in user code: resolved, next system call not issued yet. While there are any, drain() fires nothing. */
  woken: number;
  /** Pieces of outside work that hold virtual time. */
  holds: number;
  /** drain() goes on while only weak events are left: set by run({ until }). */
  weakToo: boolean;
  private stopped: boolean;
  private draining: boolean;
  private readonly maxInstant: number;
  /** Events fired at the present instant. */
  private instant: number;
  /** Events fired in the slice at hand. */
  private fired: number;
  /** counters[0]: last sequence number; counters[1]: events fired in earlier slices. */
  private readonly counters: Float64Array;
  private readonly heap: EventHeap;
  private readonly wheel: TimerWheel;
  private readonly fifo: InstantFifo;
  private readonly lanes: Lane[];

  constructor(maxEventsPerInstant: number) {
    super();
    this.at = new Float64Array(1);
    this.clock = new Float64Array(1);
    this.targets = [];
    this.strong = 0;
    this.woken = 0;
    this.holds = 0;
    this.weakToo = false;
    this.stopped = false;
    this.draining = false;
    this.maxInstant = maxEventsPerInstant;
    this.instant = 0;
    this.fired = 0;
    this.counters = new Float64Array(2);
    this.heap = new EventHeap();
    this.wheel = new TimerWheel(this.heap, this.clock);
    this.fifo = new InstantFifo();
    this.lanes = [];
  }

  /** Now in ns; hot code reads clock[0]. */
  get now(): number {
    return this.clock[0];
  }

  /** Events fired since the start. */
  get events(): number {
    return this.counters[1] + this.fired;
  }

  /** Makes `target` known; its id is what events carry. */
  attach(target: SimTarget): number {
    return this.targets.push(target) - 1;
  }

  /** A strong event at the present instant, after everything already due now. */
  post(target: number, op: number, a: number, b: number): void {
    const fifo = this.fifo;
    const tail = fifo.tail;
    if (((tail - fifo.head) | 0) > fifo.mask) fifo.grow();
    const slot = tail & fifo.mask;
    const i = slot << 2;
    const rec = fifo.rec;
    rec[i] = target;
    rec[i + 1] = op;
    rec[i + 2] = a;
    rec[i + 3] = b;
    this.counters[0] += 1;
    fifo.seq[slot] = this.counters[0];
    fifo.tail = (tail + 1) | 0;
    this.strong++;
  }

  /** A strong one-shot `delay_ns` (int32, >= 0) from now. Throws HorizonError. */
  schedule(delay_ns: number, target: number, op: number, a: number, b: number): void {
    if (delay_ns === 0) {
      this.post(target, op, a, b);
      return;
    }
    this.at[0] = this.clock[0] + delay_ns;
    this.scheduleAt(target, op, a, b);
  }

  /** A strong one-shot at at[0]. Throws HorizonError when that is past, fractional or beyond the horizon. */
  scheduleAt(target: number, op: number, a: number, b: number): void {
    this.checkTime();
    const heap = this.heap;
    const id = heap.alloc(ONE_SHOT, target, op, a, b);
    heap.time[id] = this.at[0];
    this.counters[0] += 1;
    heap.seq[id] = this.counters[0];
    this.strong++;
    this.wheel.place(id);
  }

  createTimer(target: number, op: number, a: number, weak: boolean = false): number {
    return this.heap.alloc(weak ? WEAK_TIMER : TIMER, target, op, a, 0);
  }

  mod_timer(timer: number, delay_ns: number): void {
    this.at[0] = this.clock[0] + (delay_ns > 0 ? delay_ns : 0);
    this.mod_timerAt(timer);
  }

  /** (Re)arms for at[0]; a time that is past means now. Throws HorizonError when fractional or beyond the horizon. */
  mod_timerAt(timer: number): void {
    const heap = this.heap;
    const { at, clock } = this;
    if (at[0] < clock[0]) at[0] = clock[0];
    this.checkTime();
    const pos = heap.pos[timer];
    if (pos < IDLE) this.wheel.remove(timer);
    else if (pos === IDLE) {
      const kind = heap.kind[timer];
      if (kind === TIMER) this.strong++;
      else if (kind !== WEAK_TIMER) this.badTimer(timer);
    }
    this.counters[0] += 1;
    heap.seq[timer] = this.counters[0];
    heap.time[timer] = at[0];
    if (pos < 0) this.wheel.place(timer);
    else if (this.wheel.isNear(timer)) heap.update(timer);
    else {
      heap.remove(timer);
      this.wheel.place(timer);
    }
  }

  del_timer(timer: number): boolean {
    const heap = this.heap;
    const pos = heap.pos[timer];
    const kind = heap.kind[timer];
    if (kind !== TIMER && kind !== WEAK_TIMER) this.badTimer(timer);
    if (pos === IDLE) return false;
    if (pos >= 0) heap.remove(timer);
    else this.wheel.remove(timer);
    if (kind === TIMER) this.strong--;
    return true;
  }

  timer_pending(timer: number): boolean {
    return this.heap.pos[timer] !== IDLE;
  }

  freeTimer(timer: number): void {
    this.del_timer(timer);
    this.heap.release(timer);
  }

  /** A FIFO of strong events for `target` whose times never decrease; costs less than one-shots. */
  createLane(target: number): number {
    const lane = this.lanes.length;
    this.lanes.push(new Lane(target, this.heap.alloc(LANE, target, 0, lane, 0)));
    return lane;
  }

  /** Appends an event at at[0] to a lane. Throws HorizonError when that is before now or before the lane's last event. */
  laneAt(lane: number, op: number, a: number, b: number): void {
    const l = this.lanes[lane];
    const heap = this.heap;
    this.checkTime();
    const t = this.at[0];
    const tail = l.tail;
    const waiting = (tail - l.head) | 0;
    if (waiting > l.mask) l.grow();
    const slot = tail & l.mask;
    if (waiting > 0 && t < l.time[(tail - 1) & l.mask]) throw new HorizonError(t, l.time[(tail - 1) & l.mask]);
    const seq = this.counters[0] + 1;
    this.counters[0] = seq;
    const i = slot << 2;
    l.time[slot] = t;
    l.seq[slot] = seq;
    l.rec[i] = op;
    l.rec[i + 1] = a;
    l.rec[i + 2] = b;
    l.tail = (tail + 1) | 0;
    this.strong++;
    if (waiting === 0) {
      heap.time[l.entry] = t;
      heap.seq[l.entry] = seq;
      heap.insert(l.entry);
    }
  }

  /** Ends the drain() that is running after the event at hand, so that run() looks whether it is over. */
  stop(): void {
    this.stopped = true;
  }

  /**
   * Fires events in order until no strong event is left, the next one is later than `limit_ns`, a task was woken, time
   * would have to advance under a hold, or stop() was called. Throws LivelockError.
   */
  drain(limit_ns: number): void {
    while (this.drainSlice(limit_ns));
  }

  /** One slice of drain(); true when there is more to do at once. */
  drainSlice(limit_ns: number): boolean {
    if (this.draining) throw new SimError('REENTRANT', 'drain() was called from inside an event');
    this.draining = true;
    this.stopped = false;
    try {
      const why = this.fire(limit_ns, SLICE, this.maxInstant);
      if (why === TOO_MANY) throw livelockError(this.clock[0], this.instant, this.targets, this.record());
      return why === EXHAUSTED;
    } finally {
      this.draining = false;
    }
  }

  /** Moves the clock forward (never back) without firing anything; no pending event may be earlier. */
  advanceTo(time_ns: number): void {
    if (time_ns <= this.clock[0]) return;
    this.clock[0] = time_ns;
    this.instant = 0;
  }

  /** True inside drain(). */
  isDraining(): boolean {
    return this.draining;
  }

  /** The last drain ended because of stop(). */
  wasStopped(): boolean {
    return this.stopped;
  }

  /** State is whole only between events. Throws SimError SNAPSHOT_BUSY inside one. */
  cloneFields(copy: Record<string, unknown>): void {
    if (this.draining) throw new SimError('SNAPSHOT_BUSY', 'cannot copy a simulation from inside an event');
    copy['stopped'] = false;
  }

  /** Time of the next event of any strength, Infinity when there is none. */
  nextTime(): number {
    if (this.fifo.head !== this.fifo.tail) return this.clock[0];
    this.spill(Number.POSITIVE_INFINITY);
    return this.heap.size > 0 ? this.heap.time[this.heap.ids[0]] : Number.POSITIVE_INFINITY;
  }

  private fire(limit_ns: number, budget: number, maxInstant: number): number {
    const { clock, heap, fifo, wheel } = this;
    // Kept in fields, so that `events` is exact inside an event whatever slices a run is cut into.
    this.counters[1] += this.fired;
    this.fired = 0;
    while (this.woken === 0 && !this.stopped) {
      if (this.fired >= budget) return EXHAUSTED;
      const head = fifo.head;
      if (head !== fifo.tail) {
        if (this.instant >= maxInstant) return TOO_MANY;
        this.fired++;
        this.instant++;
        const top = heap.ids[0];
        if (heap.size !== 0 && heap.time[top] <= clock[0] && heap.seq[top] < fifo.seq[head & fifo.mask])
          this.fireTop(top);
        else this.fireInstant(head);
        continue;
      }
      if (this.strong === 0 && !this.weakToo) break;
      // Timers that are far away (watchdogs) are always there; they are not looked at before their bucket is due.
      if (wheel.count !== 0 && (heap.size === 0 || heap.time[heap.ids[0]] >= wheel.nextAt[0])) this.spill(limit_ns);
      if (heap.size === 0) break;
      const top = heap.ids[0];
      const t = heap.time[top];
      if (t > clock[0]) {
        if (t > limit_ns || this.holds !== 0) break;
        clock[0] = t;
        this.instant = 0;
      } else if (this.instant >= maxInstant) return TOO_MANY;
      this.fired++;
      this.instant++;
      this.fireTop(top);
    }
    return QUIET;
  }

  private fireInstant(head: number): void {
    const fifo = this.fifo;
    const i = (head & fifo.mask) << 2;
    const rec = fifo.rec;
    fifo.head = (head + 1) | 0;
    this.strong--;
    this.targets[rec[i]].handle(rec[i + 1], rec[i + 2], rec[i + 3]);
  }

  private fireTop(top: number): void {
    const heap = this.heap;
    const kind = heap.kind[top];
    if (kind === LANE) {
      this.fireLane(top);
      return;
    }
    const target = this.targets[heap.target[top]];
    const op = heap.op[top];
    const a = heap.a[top];
    heap.removeTop();
    if (kind === ONE_SHOT) {
      const b = heap.b[top];
      heap.release(top);
      this.strong--;
      target.handle(op, a, b);
    } else {
      if (kind === TIMER) this.strong--;
      target.handle(op, a, top);
    }
  }

  private fireLane(top: number): void {
    const heap = this.heap;
    const lane = this.lanes[heap.a[top]];
    const head = lane.head;
    const i = (head & lane.mask) << 2;
    const rec = lane.rec;
    const after = (head + 1) | 0;
    lane.head = after;
    if (after === lane.tail) heap.removeTop();
    else {
      const slot = after & lane.mask;
      heap.time[top] = lane.time[slot];
      heap.seq[top] = lane.seq[slot];
      heap.down(0, top);
    }
    this.strong--;
    this.targets[lane.target].handle(rec[i], rec[i + 1], rec[i + 2]);
  }

  /** Brings every staged timer that may be due before the heap's first entry (and by `limit_ns`) into the heap. */
  private spill(limit_ns: number): void {
    const { heap, wheel } = this;
    const nextAt = wheel.nextAt;
    while (wheel.count !== 0 && nextAt[0] <= limit_ns && (heap.size === 0 || heap.time[heap.ids[0]] >= nextAt[0])) {
      wheel.spill();
    }
  }

  /** Fires some more events of the present instant and notes (target, op) of each, for LivelockError. */
  private record(): number[] {
    const { heap, fifo, clock } = this;
    const seen: number[] = [];
    while (seen.length < 2048) {
      const head = fifo.head;
      let target = -1;
      let op = 0;
      const top = heap.ids[0];
      const due = heap.size !== 0 && heap.time[top] <= clock[0];
      if (head !== fifo.tail && !(due && heap.seq[top] < fifo.seq[head & fifo.mask])) {
        target = fifo.rec[(head & fifo.mask) << 2];
        op = fifo.rec[((head & fifo.mask) << 2) + 1];
      } else if (due && heap.kind[top] === LANE) {
        const lane = this.lanes[heap.a[top]];
        target = lane.target;
        op = lane.rec[(lane.head & lane.mask) << 2];
      } else if (due) {
        target = heap.target[top];
        op = heap.op[top];
      }
      if (target < 0) break;
      seen.push(target, op);
      if (this.fire(clock[0], 1, Number.MAX_SAFE_INTEGER) === QUIET) break;
    }
    return seen;
  }

  private checkTime(): void {
    const t = this.at[0];
    if (!(t >= this.clock[0] && t < HORIZON_NS && Math.floor(t) === t)) throw new HorizonError(t, this.clock[0]);
  }

  private badTimer(timer: number): never {
    throw new SimError('BAD_TIMER', `${timer} is not a timer`);
  }
}
