import {
  type Costs,
  type Cpu,
  CpuSet,
  type CpuSetOptions,
  type InterruptController,
  loadCostTable,
  type Runnable,
  type SoftirqAction,
  TASK_SLEEP,
  type Task,
  type VectorEntry,
} from '../../src/cpu/index.js';
import { type SimTarget, Simulation } from '../../src/sim/index.js';

/** All-zero costs but for the lines given (cycles), at a frequency. */
export function costs(lines: Record<string, number> = {}, freq_hz: number = 1_000_000_000): Costs {
  const given: Record<string, { cycles: number; source: string }> = {};
  for (const [line, cycles] of Object.entries(lines)) given[line] = { cycles, source: 'test' };
  return loadCostTable({ name: 'test', freq_hz, extends: 'zero', lines: given });
}

/** A host's CPUs on a fresh simulation. 1 cycle = 1 ns unless costs are given. */
export function machine(options: Partial<CpuSetOptions> = {}): CpuSet {
  return new CpuSet(new Simulation({ seed: 1 }), { hostId: 1, costs: costs(), ...options });
}

/** Runs events up to `until` ns. */
export function run(set: CpuSet, until: number = 1_000_000_000): void {
  set.sim.drain(until);
}

/** A task made of a function. */
export class Script implements Runnable {
  readonly body: (cpu: Cpu, task: Task) => number;
  constructor(body: (cpu: Cpu, task: Task) => number) {
    this.body = body;
  }
  step(cpu: Cpu, task: Task): number {
    return this.body(cpu, task);
  }
}

/** A task that runs the given blocks one after the other, then sleeps for good. */
export function sequence(blocks: ((cpu: Cpu) => void)[]): Runnable {
  let at = 0;
  return new Script((cpu) => {
    if (at < blocks.length) blocks[at++](cpu);
    return at < blocks.length ? 0 : TASK_SLEEP;
  });
}

/** Event target made of a function. */
export class Probe implements SimTarget {
  readonly body: (op: number, a: number, b: number) => void;
  constructor(body: (op: number, a: number, b: number) => void) {
    this.body = body;
  }
  handle(op: number, a: number, b: number): void {
    this.body(op, a, b);
  }
}

/** Interrupts: vectors queue up in order and are handed over one at a time. */
export class Line implements InterruptController, VectorEntry {
  pending: boolean = false;
  readonly vectors: number[] = [];
  readonly cpu: Cpu;
  readonly body: (cpu: Cpu, vector: number) => void;
  constructor(cpu: Cpu, body: (cpu: Cpu, vector: number) => void) {
    this.cpu = cpu;
    this.body = body;
    cpu.lapic = this;
    cpu.entry = this;
  }
  raise(vector: number): void {
    this.vectors.push(vector);
    this.pending = true;
    this.cpu.interrupt();
  }
  acknowledge(): number {
    const vector = this.vectors.shift() as number;
    this.pending = this.vectors.length !== 0;
    return vector;
  }
  eoi(): void {}
  do_IRQ(cpu: Cpu, vector: number): void {
    this.body(cpu, vector);
  }
}

/** A softirq handler made of a function: one call is one step. */
export class Action implements SoftirqAction {
  readonly body: (cpu: Cpu) => boolean;
  constructor(body: (cpu: Cpu) => boolean) {
    this.body = body;
  }
  begin(_cpu: Cpu): void {}
  step(cpu: Cpu): boolean {
    return this.body(cpu);
  }
}

/** Calls `body` at `ns`, from outside every block. */
export function at(set: CpuSet, ns: number, body: () => void): void {
  const target = set.sim.attach(new Probe(body));
  set.sim.at[0] = ns;
  set.sim.scheduleAt(target, 0, 0, 0);
}

/** `result`, after the expressions before it were evaluated: for one-line bodies. */
export function also<T>(_done: unknown, result: T): T {
  return result;
}
