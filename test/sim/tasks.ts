import type { BlockedProcess, BlockReporter, Simulation } from '../../src/sim/index.js';

/** The least of a system call layer: processes are async functions, their one blocking call is `sleep`. */
export class Tasks implements BlockReporter {
  readonly sim: Simulation;
  private readonly target: number;
  private running = 0;
  private readonly waiting = new Map<number, { name: string; resolve: () => void }>();
  private next = 0;
  /** Epoch of the task's last wakeup, by name. */
  private readonly epochs = new Map<string, number>();

  constructor(sim: Simulation) {
    this.sim = sim;
    this.target = sim.attach(this);
    sim.reporters.push(this);
  }

  handle(_op: number, id: number): void {
    const call = this.waiting.get(id);
    if (call === undefined) throw new Error(`no call ${id}`);
    this.waiting.delete(id);
    this.epochs.set(call.name, this.sim.taskWoken());
    call.resolve();
  }

  private entered(name: string): void {
    const epoch = this.epochs.get(name);
    this.epochs.delete(name);
    if (epoch !== undefined) this.sim.taskEntered(epoch);
  }

  /** Sleeps `ns`; -1 for ever. */
  sleep(name: string, ns: number): Promise<void> {
    this.entered(name);
    const id = this.next++;
    if (ns >= 0) this.sim.schedule(ns, this.target, 0, id, 0);
    return new Promise((resolve) => this.waiting.set(id, { name, resolve }));
  }

  spawn(name: string, body: (sleep: (ns: number) => Promise<void>) => Promise<void>, daemon: boolean = false): void {
    if (!daemon) this.running++;
    const ended = (): void => {
      this.entered(name);
      if (!daemon) this.running--;
    };
    body((ns) => this.sleep(name, ns)).then(ended, ended);
  }

  foreground(): number {
    return this.running;
  }

  blocked(): BlockedProcess[] {
    return [...this.waiting].map(([id, c]) => ({ host: 'h', pid: id, name: c.name, syscall: 'pause', fd: 3 }));
  }
}

/** A target that notes when its events fire. */
export class Notes {
  readonly log: [number, number][] = [];
  readonly id: number;
  private readonly sim: Simulation;
  constructor(sim: Simulation) {
    this.sim = sim;
    this.id = sim.attach(this);
  }
  handle(op: number): void {
    this.log.push([this.sim.now, op]);
  }
}
