/**
 * A small reference model of one interrupt line, written from the rules (facts of kernel/irq) and not from the code: who is
 * registered, how deep it is disabled, what is remembered, what is masked. One CPU, no time; a step is over before the next.
 */
export interface Sharer {
  id: number;
  shared: boolean;
  oneshot: boolean;
  autoen: boolean;
  threaded: boolean;
  /** What its handler returns, and its thread. */
  result: number;
  /** Interrupts that come while its handler runs, the first time. */
  again: number;
  /** Its handler disables the line, the first time. */
  disables: boolean;
}

export type Flow = 'edge' | 'fasteoi' | 'level';

export class Line {
  readonly flow: Flow;
  sharers: Sharer[] = [];
  depth = 1;
  started = false;
  disabled = true;
  masked = true;
  pending = false;
  running = false;
  oneshot = false;
  resend = false;
  /** Threads to run, in order, and the ONESHOT ones the line waits for. */
  woken: number[] = [];
  readonly waits: Set<number> = new Set();
  readonly ending: Map<number, Sharer> = new Map();
  calls: string[] = [];
  unbalanced = 0;
  /** Spurious detector: counted, unhandled, a judgement left over, handled by threads since. */
  count = 0;
  unhandled = 0;
  deferred = false;
  byThread = 0;

  constructor(flow: Flow) {
    this.flow = flow;
  }

  request(s: Sharer): number {
    if (s.shared && !s.autoen) return -22;
    const first = this.sharers[0];
    if (first !== undefined && (!first.shared || !s.shared || first.oneshot !== s.oneshot)) return -16;
    this.sharers.push({ ...s });
    this.count = this.unhandled = 0;
    if (first !== undefined) return 0;
    this.oneshot = s.oneshot;
    this.depth = 1;
    if (s.autoen) this.start();
    return 0;
  }

  private start(): void {
    this.depth = 0;
    this.started = true;
    this.disabled = this.masked = false;
    if (this.pending && this.flow === 'edge') this.resend = true;
    this.pending = false;
  }

  free(id: number): boolean {
    const at = this.sharers.findIndex((s) => s.id === id);
    if (at < 0) return false;
    const [s] = this.sharers.splice(at, 1) as [Sharer];
    if (this.woken.includes(id)) this.ending.set(id, s);
    if (this.sharers.length > 0) return true;
    if (this.started) {
      this.depth = 1;
      this.disabled = this.masked = true;
    }
    this.started = false;
    return true;
  }

  disable(): void {
    if (this.depth++ === 0) this.disabled = true;
  }

  enable(): void {
    if (this.depth === 0 || this.sharers.length === 0) this.unbalanced++;
    else if (this.depth > 1) this.depth--;
    else this.start();
  }

  /** The controller delivers, unless the line is masked. */
  fire(): void {
    if (!this.masked) this.arrive();
  }

  private arrive(): void {
    if (this.flow === 'level') this.masked = true;
    if (this.running) {
      if (this.flow === 'edge') this.pending = this.masked = true;
      return;
    }
    if (this.disabled || this.sharers.length === 0) {
      this.pending = this.masked = true;
      return;
    }
    if (this.flow === 'fasteoi' && this.oneshot) this.masked = true;
    let more = true;
    while (more) {
      if (this.flow === 'edge' && this.pending) this.masked = false;
      this.pending = false;
      this.handlers();
      more = this.flow === 'edge' && this.pending && !this.disabled;
    }
    if (this.flow === 'level' || (this.flow === 'fasteoi' && this.oneshot)) this.open();
  }

  private open(): void {
    if (!this.disabled && this.waits.size === 0) this.masked = false;
  }

  private handlers(): void {
    this.running = true;
    let all = 0;
    for (const s of this.sharers) {
      this.calls.push(`hard ${s.id}`);
      const again = s.again;
      s.again = 0;
      if (s.disables) this.disable();
      s.disables = false;
      for (let i = 0; i < again; i++) this.fire();
      if (s.result === 2) this.wake(s.id);
      all |= s.result;
    }
    this.judge(all);
    this.running = false;
  }

  wake(id: number): void {
    const s = this.sharers.find((x) => x.id === id);
    if (s === undefined || !s.threaded) return;
    if (s.oneshot) this.waits.add(id);
    if (!this.woken.includes(id)) this.woken.push(id);
  }

  /** Handled: 1 among the results. Only threads woken: what they have done since the last such interrupt. */
  private judge(all: number): void {
    let handled = (all & 1) !== 0;
    if (all === 3) this.deferred = false;
    if (all === 2) {
      const judged = this.deferred;
      this.deferred = true;
      if (!judged) return;
      handled = this.byThread > 0;
      this.byThread = 0;
    }
    if (!handled) this.unhandled++;
    if (this.unhandled > 0) this.count++;
  }

  /** Everything that waits happens: threads, what is to be resent, threads again. */
  settle(): void {
    this.threads();
    if (!this.resend) return;
    this.resend = false;
    this.arrive();
    this.threads();
  }

  private threads(): void {
    for (let id = this.woken.shift(); id !== undefined; id = this.woken.shift()) {
      const s = this.sharers.find((x) => x.id === id) ?? this.ending.get(id);
      this.ending.delete(id);
      this.calls.push(`thread ${id}`);
      if (s?.result === 2) this.byThread++;
      this.waits.delete(id);
      if (this.oneshot) this.open();
    }
  }
}
