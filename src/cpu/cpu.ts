import { HorizonError, LivelockError, type SimTarget, type Simulation, TP } from '../sim/index.js';
import {
  ACCT_BLOCKS,
  ACCT_CYCLES,
  ACCT_HARDIRQ,
  ACCT_IDLE,
  ACCT_INTERRUPTS,
  ACCT_SLOTS,
  ACCT_SOFTIRQ,
  ACCT_SWITCHES,
  ACCT_SYSTEM,
  ACCT_TIMER_INTERRUPTS,
  ACCT_USER,
} from './account.js';
import { CTX_HARDIRQ, CTX_SOFTIRQ, CTX_TASK, TASK_EXIT, TASK_RUN, TASK_SLEEP, TIMER_SOFTIRQ } from './constants.js';
import type { Costs } from './costs.js';
import type { CpuSet } from './cpu-set.js';
import { cyclesToTime, nsToCycles, timeToCycles } from './cycles.js';
import { EffectQueue } from './effects.js';
import { CpuError } from './errors.js';
import type { InterruptController, VectorEntry } from './interrupts.js';
import { RunQueue } from './run-queue.js';
import { rt_resched } from './sched.js';
import { Softirqs } from './softirq.js';
import type { Task } from './task.js';

const OP_KICK = 0;
const OP_TIMER = 1;

/** Nothing to run; a kick on its way; in the block loop; a block's end pending; waiting for the clock edge to start. */
const IDLE = 0;
const KICKED = 1;
const RUNNING = 2;
const BUSY = 3;
const EDGE = 4;

/** Exception vector of the non-maskable interrupt, as traced. */
const NMI_VECTOR = 2;
const MAX_BLOCK_CYCLES = 0x7fffffff;
/** Cycle counts are exact integers in doubles. */
const MAX_CYCLES = Number.MAX_SAFE_INTEGER;

/**
 * A virtual CPU: runs one block at a time (DESIGN §3). Order of choice at each block boundary: a pending interrupt, the softirq loop, then
 * the run queue. Blocks of zero cycles chain inline; the end of one that costs is the CPU's one timer.
 */
export class Cpu implements SimTarget {
  /** Index in its set. */
  readonly id: number;
  readonly set: CpuSet;
  readonly sim: Simulation;
  readonly costs: Costs;
  /** Its id as event target. */
  readonly target: number;
  /** host << 8 | cpu: `who` in traces. */
  readonly who: number;
  /** Cycles charged by the block under way. Hot code may write `cpu.cost += cpu.costs.x`. */
  cost: number = 0;
  /** Context of the block under way, CTX_*. */
  ctx: number = CTX_TASK;
  /** Someone asked for a new choice of task at the next boundary. */
  need_resched: boolean = false;
  lapic: InterruptController | null = null;
  entry: VectorEntry | null = null;
  /** Interrupts are taken at block boundaries only while this is true; turn it on again by {@link local_irq_enable}. */
  local_irq_enabled: boolean = true;
  readonly rq: RunQueue = new RunQueue();
  /** The task whose context the CPU is in, running or preempted by an interrupt; null: the idle task. */
  curr: Task | null = null;
  readonly softirq: Softirqs;
  /** Made by the set right after the constructor. */
  ksoftirqd: Task | null = null;
  /** Cycle and event counts, see ACCT_*. */
  readonly acct: Float64Array = new Float64Array(ACCT_SLOTS);
  private readonly effects: EffectQueue = new EffectQueue();
  private readonly end_timer: number;
  private readonly slice: number;
  private user: number = 0;
  private state: number = IDLE;
  /** The local timer's interrupt line (kernel timers). */
  private timer_irq: boolean = false;
  /** Non-maskable interrupts taken; one waits, however many came; the block under way serves one. */
  nmis: number = 0;
  private nmi_pending: boolean = false;
  private in_nmi: boolean = false;
  private bh_count: number = 0;
  /** Bottom halves were enabled in the task block under way with softirqs pending. */
  private bh_exit: boolean = false;
  private wake_check: boolean = false;
  private result: number = TASK_RUN;
  /** Cycles of the last block run. */
  private charged: number = 0;
  /** The task that last ran here, null after idle. */
  private last: Task | null = null;

  constructor(set: CpuSet, id: number) {
    this.set = set;
    this.id = id;
    this.sim = set.sim;
    this.costs = set.costs;
    this.who = (set.hostId << 8) | id;
    this.target = this.sim.attach(this);
    this.end_timer = this.sim.createTimer(this.target, OP_TIMER, 0);
    this.slice = nsToCycles(set.params.slice_ns, this.costs.num, this.costs.den);
    this.softirq = new Softirqs(this);
  }

  /** Whole cycles since the epoch at the last block boundary. */
  get cycles(): number {
    return this.acct[ACCT_CYCLES];
  }

  /** Adds `cycles` (0 .. 2^31-1) to the block under way; what is charged outside blocks (boot code) is forgotten. */
  charge(cycles: number): void {
    this.cost += cycles;
  }

  /** As {@link charge}, counted as user time in task context. */
  chargeUser(cycles: number): void {
    this.cost += cycles;
    this.user += cycles;
  }

  /** Something that happens at the end of the block under way: `targets[target].handle(op, a, b)`. Outside this CPU's blocks: at once. */
  effect(target: number, op: number, a: number, b: number): void {
    if (this.set.current === this) this.effects.push(target, op, a, b);
    else this.sim.targets[target].handle(op, a, b);
  }

  /** As {@link effect} for a posted MMIO write, which a register read of this CPU flushes. */
  posted(target: number, op: number, a: number, b: number): void {
    if (this.set.current !== this) {
      this.sim.targets[target].handle(op, a, b);
      return;
    }
    this.effects.push(~target, op, a, b);
    this.effects.writes++;
  }

  /** Makes this block's earlier posted writes take effect now: what a register read does before it. */
  flushPosted(): void {
    if (this.effects.writes !== 0) this.effects.flushWrites(this.sim.targets);
  }

  /** The interrupt line rose: it is looked at when the block under way ends, at once when idle. */
  interrupt(): void {
    this.kick();
  }

  local_irq_disable(): void {
    this.local_irq_enabled = false;
  }

  local_irq_enable(): void {
    this.local_irq_enabled = true;
    this.kick();
  }

  /** The local timer's interrupt: a HARDIRQ block that raises TIMER_SOFTIRQ. */
  timerInterrupt(): void {
    this.timer_irq = true;
    this.kick();
  }

  /** A non-maskable interrupt: taken at the next block boundary, before anything else, even with interrupts disabled. */
  nmi(): void {
    this.nmi_pending = true;
    this.kick();
  }

  /**
   * Marks softirq `nr` pending on this CPU. It runs at interrupt exit, at {@link local_bh_enable}, or in the loop under way; raised from a
   * task with bottom halves enabled, or from outside any block, it wakes ksoftirqd (`raise_softirq_irqoff`).
   */
  raise_softirq(nr: number): void {
    const softirq = this.softirq;
    if (!softirq.opened(nr)) throw new CpuError('NO_SOFTIRQ', `softirq ${nr} raised, but no handler is open`);
    softirq.pending |= 1 << nr;
    if (this.bh_count !== 0) return;
    if (this.set.current === this && this.ctx !== CTX_TASK) return;
    if (this.ksoftirqd !== null) this.set.wake_up_process(this.ksoftirqd);
  }

  /** Softirqs raised until {@link local_bh_enable} wait for it. Nests; must be balanced within a block. */
  local_bh_disable(): void {
    this.bh_count++;
  }

  /** Ends a {@link local_bh_disable}; the outermost in a task lets pending softirqs run at the block's end. */
  local_bh_enable(): void {
    if (--this.bh_count !== 0 || this.softirq.pending === 0) return;
    if (this.set.current !== this) this.wakeup_softirqd();
    else if (this.ctx === CTX_TASK) this.bh_exit = true;
  }

  /** Wakes ksoftirqd at once. Between blocks only. */
  wakeup_softirqd(): void {
    if (this.ksoftirqd !== null) this.set.activate(this.ksoftirqd);
  }

  /** Whether another task (or, when idle, any) is due: `need_resched()`. Between blocks only. */
  resched(): boolean {
    if (this.need_resched) return true;
    if (this.rq.size === 0) return false;
    const curr = this.curr;
    if (curr === null) return true;
    if ((this.rq.first().rt_priority | curr.rt_priority) !== 0) return rt_resched(this, curr);
    if (this.wake_check) {
      this.wake_check = false;
      if (this.set.params.wakeup_preemption && this.rq.first().vruntime < curr.vruntime) this.need_resched = true;
    }
    return this.need_resched || curr.ran >= this.slice;
  }

  /** Nothing runs here and nothing is about to. */
  idle(): boolean {
    return this.state === IDLE;
  }

  /** Puts a task that became runnable into the queue. Between blocks only. */
  enqueue(task: Task): void {
    this.rq.place(task, this.curr, this.slice);
    this.rq.add(task);
    this.wake_check = true;
    this.kick();
  }

  handle(op: number, _a: number, _b: number): void {
    try {
      if (op === OP_KICK) this.leaveIdle();
      else {
        if (this.state === BUSY) this.endBlock();
        this.chain();
      }
    } finally {
      this.set.current = null;
    }
  }

  private kick(): void {
    if (this.state !== IDLE) return;
    this.state = KICKED;
    this.sim.post(this.target, OP_KICK, 0, 0);
  }

  /** Idle time ends with the first cycle that starts at or after now. */
  private leaveIdle(): void {
    const { acct, costs, sim } = this;
    const since = acct[ACCT_CYCLES];
    timeToCycles(sim.clock, 0, acct, ACCT_CYCLES, costs.num, costs.den);
    if (acct[ACCT_CYCLES] > MAX_CYCLES) throw new HorizonError(acct[ACCT_CYCLES], sim.now);
    acct[ACCT_IDLE] += acct[ACCT_CYCLES] - since;
    if (costs.num === 1) {
      this.chain();
      return;
    }
    cyclesToTime(acct, ACCT_CYCLES, sim.at, 0, costs.num, costs.den);
    if (sim.at[0] === sim.clock[0]) {
      this.chain();
      return;
    }
    this.state = EDGE;
    sim.mod_timerAt(this.end_timer);
  }

  /** Runs blocks until one costs cycles or nothing is left to run. */
  private chain(): void {
    this.state = RUNNING;
    let left = this.set.maxBlocksPerInstant;
    while (this.runBlock()) {
      const cost = this.cost;
      this.charged = cost;
      if (cost !== 0) {
        this.armEnd(cost);
        return;
      }
      this.endBlock();
      if (--left === 0) this.livelock();
    }
    this.state = IDLE;
  }

  /** Books the block's cycles and lets its end be the CPU's timer. */
  private armEnd(cost: number): void {
    const { acct, costs, sim } = this;
    if (!(cost > 0 && cost <= MAX_BLOCK_CYCLES))
      throw new CpuError('BLOCK_TOO_LONG', `a block of ${cost} cycles; split it`);
    this.state = BUSY;
    if (sim.trace.on) this.untrace();
    this.book(cost);
    acct[ACCT_CYCLES] += cost;
    if (acct[ACCT_CYCLES] > MAX_CYCLES) throw new HorizonError(acct[ACCT_CYCLES], sim.now);
    cyclesToTime(acct, ACCT_CYCLES, sim.at, 0, costs.num, costs.den);
    sim.mod_timerAt(this.end_timer);
  }

  private livelock(): void {
    const name = this.ctx === CTX_TASK && this.curr !== null ? `Cpu task ${this.curr.name}` : 'Cpu';
    throw new LivelockError(
      this.sim.now,
      this.set.maxBlocksPerInstant,
      [{ target: this.target, name, op: this.ctx }],
      true,
    );
  }

  /** Chooses and runs the next block; false: nothing to run. */
  private runBlock(): boolean {
    if (this.nmi_pending) {
      this.nmiBlock();
      return true;
    }
    if (this.local_irq_enabled && this.hardirqBlock()) return true;
    if (this.softirq.active && this.softirq.advance()) {
      this.softirqBlock();
      return true;
    }
    return this.taskBlock();
  }

  private begin(ctx: number): void {
    this.cost = 0;
    this.user = 0;
    this.ctx = ctx;
    this.set.current = this;
    if (this.sim.trace.on) this.traceBlock(TP.BLOCK_START, this.curr === null ? 0 : this.curr.pid);
  }

  private hardirqBlock(): boolean {
    const lapic = this.lapic;
    if (this.timer_irq) {
      this.begin(CTX_HARDIRQ);
      this.timer_irq = false;
      this.cost += this.costs.irq_entry;
      this.acct[ACCT_TIMER_INTERRUPTS]++;
      this.raise_softirq(TIMER_SOFTIRQ);
    } else if (lapic?.pending && this.entry !== null) {
      this.begin(CTX_HARDIRQ);
      this.cost += this.costs.irq_entry;
      this.acct[ACCT_INTERRUPTS]++;
      const vector = lapic.acknowledge();
      const trace = this.sim.trace;
      if (trace.on) trace.put(TP.VECTOR, this.who, 0, vector, 0, 0);
      this.entry.do_IRQ(this, vector);
    } else {
      return false;
    }
    this.set.current = null;
    return true;
  }

  private nmiBlock(): void {
    this.begin(CTX_HARDIRQ);
    this.nmi_pending = false;
    this.in_nmi = true;
    this.nmis++;
    this.cost += this.costs.irq_entry;
    if (this.sim.trace.on) this.sim.trace.put(TP.VECTOR, this.who, 0, NMI_VECTOR, 0, 0);
    this.entry?.do_NMI?.(this);
    this.set.current = null;
  }

  private softirqBlock(): void {
    this.begin(CTX_SOFTIRQ);
    this.softirq.step();
    this.set.current = null;
  }

  private taskBlock(): boolean {
    let task = this.curr;
    if (task === null || this.resched()) task = this.schedule();
    if (task === null) return false;
    if (task === this.ksoftirqd) return this.ksoftirqdBlock(task);
    this.begin(CTX_TASK);
    if (task !== this.last) this.switchTo(task);
    task.woken = false;
    this.result = task.runnable.step(this, task);
    this.set.current = null;
    return true;
  }

  private switchTo(task: Task): void {
    this.last = task;
    this.cost += this.costs.switch;
    this.acct[ACCT_SWITCHES]++;
  }

  /** One round of ksoftirqd: the pass loop in task context, or sleep. Each step of the loop is a SOFTIRQ block. */
  private ksoftirqdBlock(task: Task): boolean {
    const softirq = this.softirq;
    const idle = softirq.pending === 0;
    this.begin(idle ? CTX_TASK : CTX_SOFTIRQ);
    if (task !== this.last) this.switchTo(task);
    task.woken = false;
    if (idle) {
      this.result = TASK_SLEEP;
    } else {
      this.cost += this.costs.ksoftirqd;
      softirq.start(true);
      softirq.step();
    }
    this.set.current = null;
    return true;
  }

  private schedule(): Task | null {
    const prev = this.curr;
    this.need_resched = false;
    this.wake_check = false;
    if (prev !== null) this.rq.add(prev);
    const next = this.rq.take();
    this.curr = next;
    if (next === null) this.last = null;
    else next.ran = 0;
    return next;
  }

  /** The block is over: books its cycles, applies its effects, then lets its context go on. */
  private endBlock(): void {
    const { acct, ctx, sim } = this;
    if (sim.trace.on) this.traceBlock(TP.BLOCK_END, this.charged);
    acct[ACCT_BLOCKS + ctx]++;
    if (this.bh_count !== 0) throw new CpuError('BH_UNBALANCED', 'a block ended with bottom halves disabled');
    if (this.effects.used !== 0) this.effects.apply(sim.targets);
    if (sim.trace.on) this.untrace();
    if (ctx === CTX_HARDIRQ) {
      if (this.in_nmi) this.in_nmi = false;
      else if (!this.softirq.active) this.invoke_softirq();
    } else if (ctx === CTX_TASK) {
      this.endTaskBlock();
    }
  }

  private traceBlock(point: number, what: number): void {
    const trace = this.sim.trace;
    trace.cpu = this.who;
    trace.ctx = this.ctx;
    trace.cycle[0] = this.acct[ACCT_CYCLES];
    trace.put(point, this.who, 0, this.ctx, what, 0);
  }

  private untrace(): void {
    const trace = this.sim.trace;
    trace.cpu = -1;
    trace.ctx = -1;
  }

  private book(cost: number): void {
    const { acct, ctx, curr } = this;
    if (ctx === CTX_HARDIRQ) {
      acct[ACCT_HARDIRQ] += cost;
    } else if (ctx === CTX_SOFTIRQ) {
      acct[ACCT_SOFTIRQ] += cost;
      if (this.softirq.by_ksoftirqd && curr !== null) this.bookTask(curr, cost);
    } else {
      acct[ACCT_USER] += this.user;
      acct[ACCT_SYSTEM] += cost - this.user;
      if (curr !== null) this.bookTask(curr, cost);
    }
  }

  private bookTask(task: Task, cost: number): void {
    if (task.rt_priority === 0) task.vruntime += cost;
    task.ran += cost;
  }

  private endTaskBlock(): void {
    const task = this.curr;
    const result = this.result;
    if (task !== null && result !== TASK_RUN && (result === TASK_EXIT || !task.woken)) {
      task.state = result;
      this.curr = null;
      if (result === TASK_EXIT) this.set.release(task);
    }
    if (this.bh_exit) {
      this.bh_exit = false;
      this.invoke_softirq();
    }
  }

  /** Runs pending softirqs inline, unless the host's rule leaves them to a runnable ksoftirqd. */
  private invoke_softirq(): void {
    const softirq = this.softirq;
    if (softirq.pending === 0) return;
    const ksoftirqd = this.ksoftirqd;
    if (this.set.params.ksoftirqd === 'v4.9' && ksoftirqd !== null && ksoftirqd.state === TASK_RUN) return;
    softirq.start(false);
  }
}
