import { assert, JiffiesClock, type SimTarget, type Simulation, type TimerService, TP } from '../sim/index.js';
import { TASK_EXIT, TASK_RUN, TASK_SLEEP } from './constants.js';
import type { Costs } from './costs.js';
import { Cpu } from './cpu.js';
import { cyclesToNs } from './cycles.js';
import { CpuError } from './errors.js';
import { msecs_to_jiffies } from './jiffies.js';
import { type HostParams, type HostParamsInput, hostParams } from './params.js';
import type { SoftirqAction } from './softirq.js';
import { zeroCosts } from './tables.js';
import { type Runnable, Task } from './task.js';

const OP_WAKE = 0;
const OP_WAKE_REMOTE = 1;
const OP_ACTIVATE = 2;

/** Options of {@link CpuSet}. */
export interface CpuSetOptions {
  /** 1 .. 2^22; names the host in traces. */
  hostId: number;
  /** Number of CPUs, 1 (default) .. 64. */
  cpus?: number;
  /** Cost table; default `zero`. */
  costs?: Costs;
  params?: HostParamsInput;
  /** Zero-cost blocks that may follow each other on one CPU without an event before it counts as a livelock; default 10^6. */
  maxBlocksPerInstant?: number;
}

/** The CPUs of one host with their tasks. */
export class CpuSet implements SimTarget {
  readonly sim: Simulation;
  readonly hostId: number;
  readonly costs: Costs;
  readonly params: HostParams;
  readonly cpus: Cpu[] = [];
  readonly target: number;
  readonly maxBlocksPerInstant: number;
  /** The CPU whose block runs now; null: boot code, events, programs outside: there, effects apply at once. */
  current: Cpu | null = null;
  /** By `Task.id`; null where free. */
  readonly tasks: (Task | null)[] = [];
  /** Tasks made so far, ksoftirqd included. */
  processes: number = 0;
  /** The kernel timers of this host, once they are made. */
  timers: TimerService | null = null;
  /** `MAX_SOFTIRQ_TIME` in jiffies. */
  readonly max_softirq_jiffies: number;
  private readonly ticks: JiffiesClock;
  private readonly freeIds: number[] = [];

  constructor(sim: Simulation, options: CpuSetOptions) {
    const count = options.cpus ?? 1;
    if (!Number.isInteger(count) || count < 1 || count > 64) {
      throw new CpuError('BAD_PARAM', `cpus must be an integer from 1 to 64, not ${count}`);
    }
    this.sim = sim;
    this.hostId = options.hostId;
    this.costs = options.costs ?? zeroCosts;
    this.params = hostParams(options.params);
    this.ticks = new JiffiesClock(sim.clock, this.params.hz);
    this.max_softirq_jiffies = msecs_to_jiffies(this.params.max_softirq_ms, this.params.hz);
    this.maxBlocksPerInstant = options.maxBlocksPerInstant ?? 1_000_000;
    this.target = sim.attach(this);
    for (let id = 0; id < count; id++) {
      const cpu = new Cpu(this, id);
      this.cpus.push(cpu);
      cpu.ksoftirqd = this.newTask(ksoftirqdBody, `ksoftirqd/${id}`, cpu);
    }
  }

  /** The CPU whose block runs now, else CPU 0: where boot code runs. */
  smp_processor(): Cpu {
    const current = this.current;
    return current === null ? this.cpus[0] : current;
  }

  /** Ticks since boot, a wrapping int32. */
  jiffies(): number {
    return this.ticks.now();
  }

  /** Installs the handler of softirq `nr` on every CPU; `factory` is called at once, for each. */
  open_softirq(nr: number, factory: (cpu: Cpu) => SoftirqAction): void {
    for (const cpu of this.cpus) cpu.softirq.open(nr, factory(cpu));
  }

  /** See {@link wake_up_process}. */
  wake_up_process(task: Task): void {
    const current = this.current;
    if (current === null) {
      this.activate(task);
      return;
    }
    if (task.state === TASK_SLEEP) current.cost += current.costs.wakeup;
    const op = current === task.cpu ? OP_WAKE : OP_WAKE_REMOTE;
    current.effect(this.target, op, task.id, task.pid);
  }

  handle(op: number, id: number, pid: number): void {
    const task = this.tasks[id];
    if (task === null || task === undefined || task.pid !== pid) return;
    if (op === OP_WAKE_REMOTE) this.wakeRemote(task);
    else if (op === OP_WAKE) this.activate(task);
    else if (task.waking) this.activate(task);
  }

  /** Makes a sleeping task runnable now; a running or queued one will not sleep before it has looked again. Between blocks only. */
  activate(task: Task): void {
    task.woken = true;
    if (task.state !== TASK_SLEEP) return;
    task.state = TASK_RUN;
    task.waking = false;
    const trace = this.sim.trace;
    if (trace.on) trace.put(TP.WAKEUP, task.cpu.who, 0, task.pid, 0, 0);
    task.cpu.enqueue(task);
  }

  /** A wakeup by another CPU: an idle CPU needs `wake_remote` cycles to come up, a busy one sees it at its next boundary. */
  private wakeRemote(task: Task): void {
    const costs = this.costs;
    if (task.state !== TASK_SLEEP || costs.wake_remote === 0 || !task.cpu.idle()) {
      this.activate(task);
      return;
    }
    if (task.waking) return;
    task.waking = true;
    this.sim.schedule(cyclesToNs(costs.wake_remote, costs.num, costs.den), this.target, OP_ACTIVATE, task.id, task.pid);
  }

  /** Makes a sleeping task. `spawn` also starts it. */
  newTask(runnable: Runnable, name: string, cpu: Cpu): Task {
    const id = this.freeIds.pop() ?? this.tasks.length;
    const task = new Task(id, ++this.processes, name, cpu, runnable);
    this.tasks[id] = task;
    return task;
  }

  /** Forgets an exited task. */
  release(task: Task): void {
    this.tasks[task.id] = null;
    this.freeIds.push(task.id);
  }
}

/** Never stepped as a task: the CPU runs the softirq loop in its place. */
class KsoftirqdBody implements Runnable {
  step(_cpu: Cpu, _task: Task): number {
    assert(false, 'ksoftirqd stepped as a task');
    return TASK_EXIT;
  }
}
const ksoftirqdBody: KsoftirqdBody = new KsoftirqdBody();

/**
 * Starts a task on CPU `cpuIndex`, where it stays; its first block runs at the end of the block under way, or as soon as the CPU is free.
 */
export function spawn(set: CpuSet, runnable: Runnable, name: string, cpuIndex: number = 0): Task {
  const cpu = set.cpus[cpuIndex];
  if (cpu === undefined) throw new CpuError('BAD_PARAM', `no cpu ${cpuIndex}: the host has ${set.cpus.length}`);
  const task = set.newTask(runnable, name, cpu);
  set.wake_up_process(task);
  return task;
}

/**
 * Wakes `task`: an effect of the block under way, or at once outside blocks. A wakeup that lands while the task's block runs, or before its
 * next one, cancels the sleep that the block asked for: no wakeup is lost. Wakeups of ended tasks are ignored.
 */
export function wake_up_process(task: Task): void {
  task.cpu.set.wake_up_process(task);
}
