import { EventQueue } from '../../src/sim/index.js';

/** What a program of the differential test may do; times relative to now (ns, integers of any size). */
export type Command =
  | { do: 'post'; op: number }
  | { do: 'at'; delay: number; op: number }
  | { do: 'lane'; lane: number; delay: number; op: number }
  | { do: 'arm'; timer: number; delay: number }
  | { do: 'disarm'; timer: number }
  | { do: 'recreate'; timer: number; weak: boolean };

export const LANES = 3;
export const TIMERS = 6;

/** What both queues offer to a program. */
export interface Queue {
  command(c: Command): void;
  drain(limit: number): void;
  strong(): number;
  log: string[];
}

interface Entry {
  time: number;
  seq: number;
  op: number;
  what: string;
  weak: boolean;
  timer: number;
}

/** One list, sorted by (time, seq) before each step. */
export class SortedList implements Queue {
  log: string[] = [];
  private now: number;
  private seq = 0;
  private entries: Entry[] = [];
  private weak: boolean[] = Array.from({ length: TIMERS }, (_, i) => i % 2 === 1);
  private laneTail: number[] = Array.from({ length: LANES }, () => 0);
  private script: Command[][];

  constructor(start: number, script: Command[][]) {
    this.now = start;
    this.script = script;
  }

  private add(time: number, op: number, what: string, weak: boolean, timer: number): void {
    this.entries.push({ time, seq: this.seq++, op, what, weak, timer });
  }

  private drop(timer: number): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((e) => e.timer !== timer);
    return this.entries.length < before;
  }

  command(c: Command): void {
    if (c.do === 'post') this.add(this.now, c.op, 'event', false, -1);
    else if (c.do === 'at') this.add(this.now + c.delay, c.op, 'event', false, -1);
    else if (c.do === 'lane') {
      const time = Math.max(this.now + c.delay, this.laneTail[c.lane]);
      this.laneTail[c.lane] = time;
      this.add(time, c.op, `lane${c.lane}`, false, -1);
    } else if (c.do === 'arm') {
      this.drop(c.timer);
      this.add(this.now + c.delay, 0, `timer${c.timer}`, this.weak[c.timer], c.timer);
    } else {
      const pending = this.drop(c.timer);
      if (c.do === 'disarm') this.log.push(`disarm ${pending}`);
      else this.weak[c.timer] = c.weak;
    }
  }

  strong(): number {
    return this.entries.filter((e) => !e.weak).length;
  }

  drain(limit: number): void {
    while (this.strong() > 0) {
      this.entries.sort((x, y) => x.time - y.time || x.seq - y.seq);
      const e = this.entries[0];
      if (e.time > limit) return;
      this.entries.shift();
      this.now = e.time;
      this.log.push(`${this.now} ${e.what} ${e.op}`);
      for (const c of this.script.shift() ?? []) this.command(c);
    }
  }
}

/** The same commands on the real queue; this is also the target of all its events. */
export class RealQueue implements Queue {
  log: string[] = [];
  private readonly queue: EventQueue;
  private readonly id: number;
  private readonly lanes: number[];
  private readonly laneTail: number[];
  private readonly timers: number[];
  private readonly script: Command[][];

  constructor(start: number, script: Command[][]) {
    this.queue = new EventQueue(1_000_000);
    this.queue.advanceTo(start);
    this.id = this.queue.attach(this);
    this.lanes = Array.from({ length: LANES }, () => this.queue.createLane(this.id));
    this.laneTail = this.lanes.map(() => 0);
    this.timers = Array.from({ length: TIMERS }, (_, i) => this.queue.createTimer(this.id, -1, i, i % 2 === 1));
    this.script = script;
  }

  handle(op: number, a: number, b: number): void {
    const what = op !== -1 ? (a >= 0 ? `lane${a}` : 'event') : `timer${a}`;
    if (op === -1 && this.timers[a] !== b) throw new Error('a timer fired with the id of another');
    this.log.push(`${this.queue.now} ${what} ${op === -1 ? 0 : op}`);
    for (const c of this.script.shift() ?? []) this.command(c);
  }

  command(c: Command): void {
    const q = this.queue;
    if (c.do === 'post') q.post(this.id, c.op, -1, 0);
    else if (c.do === 'at' && c.delay < 0x7fffffff && c.op % 2 === 0) q.schedule(c.delay, this.id, c.op, -1, 0);
    else if (c.do === 'at') {
      q.at[0] = q.now + c.delay;
      q.scheduleAt(this.id, c.op, -1, 0);
    } else if (c.do === 'lane') {
      q.at[0] = Math.max(q.now + c.delay, this.laneTail[c.lane]);
      this.laneTail[c.lane] = q.at[0];
      q.laneAt(this.lanes[c.lane], c.op, c.lane, 0);
    } else if (c.do === 'arm') this.arm(c.timer, c.delay);
    else if (c.do === 'disarm') {
      const pending = q.timer_pending(this.timers[c.timer]);
      this.log.push(`disarm ${pending}`);
      if (q.del_timer(this.timers[c.timer]) !== pending) throw new Error('del_timer differs from timer_pending');
    } else {
      q.freeTimer(this.timers[c.timer]);
      this.timers[c.timer] = q.createTimer(this.id, -1, c.timer, c.weak);
    }
  }

  private arm(timer: number, delay: number): void {
    const q = this.queue;
    if (delay < 0x7fffffff) q.mod_timer(this.timers[timer], delay);
    else {
      q.at[0] = q.now + delay;
      q.mod_timerAt(this.timers[timer]);
    }
  }

  drain(limit: number): void {
    this.queue.drain(limit);
  }

  strong(): number {
    return this.queue.strong;
  }
}
