import { type Action, parse, perform, print } from './shared-actions.js';
import { allServed, alwaysTrue, atRest } from './shared-checks.js';
import { Rig, type RigOptions } from './shared-rig.js';

/** Events after which a machine that has nothing to do but this is taken to hang. */
const HANG = 1000;

/** Chooses one of `n` ways to go on: 0 lets the machine take its next step. */
export type Choose = (n: number) => number;

/** What was done, and what was wrong with it ('' for nothing). */
export interface Played {
  why: string;
  order: string;
}

/** The scripts of several parties that act at any moment, in the order of each script. */
class Play {
  readonly rig: Rig;
  readonly scripts: readonly (readonly Action[])[];
  readonly at: number[];
  readonly choose: Choose;
  order: string[] = [];

  constructor(rig: Rig, scripts: readonly (readonly Action[])[], choose: Choose) {
    this.rig = rig;
    this.scripts = scripts;
    this.choose = choose;
    this.at = scripts.map(() => 0);
  }

  /** Scripts that are not at their end; `raises`: whose next action is a device's. */
  open(raises: boolean): number[] {
    const list: number[] = [];
    for (let s = 0; s < this.scripts.length; s++) {
      const next = this.scripts[s][this.at[s]];
      if (next !== undefined && (!raises || next.do === 'raise')) list.push(s);
    }
    return list;
  }

  act(script: number): void {
    const action = this.scripts[script][this.at[script]++];
    this.order.push(print(action));
    perform(this.rig, action);
  }

  /** Inside a block, or between two of its effects: devices may act. */
  inner(): void {
    for (let list = this.open(true); list.length !== 0; list = this.open(true)) {
      const chosen = this.choose(list.length + 1);
      if (chosen === 0) break;
      this.act(list[chosen - 1]);
      this.order.push('(inside)');
    }
  }

  run(): string {
    const { rig } = this;
    for (;;) {
      const list = this.open(false);
      const idle = rig.idle();
      const wrong = alwaysTrue(rig) || (idle && rig.admin.queue.length === 0 ? atRest(rig) : '');
      if (wrong !== '') return wrong;
      if (idle && list.length === 0) return allServed(rig);
      const chosen = idle ? this.choose(list.length) + 1 : list.length === 0 ? 0 : this.choose(list.length + 1);
      if (chosen !== 0) this.act(list[chosen - 1]);
      else {
        this.order.push('.');
        rig.step();
        if (rig.events > HANG * (1 + this.order.filter((o) => o !== '.').length)) return 'it never comes to rest';
      }
    }
  }
}

/** Plays the scripts in the order chosen. `inner`: devices act inside blocks too. */
export function play(rig: Rig, scripts: readonly (readonly Action[])[], choose: Choose, inner: boolean): Played {
  const p = new Play(rig, scripts, choose);
  if (inner) rig.between = () => p.inner();
  let why: string;
  try {
    why = p.run();
  } catch (error) {
    why = String(error);
  }
  rig.between = () => undefined;
  return { why, order: p.order.join(' ') };
}

/** What an exploration is of. */
export interface Scene extends RigOptions {
  /** What each party does, in order. */
  scripts: readonly (readonly string[])[];
  inner?: boolean;
  /** A new machine for each order, where the order leaves traces. */
  fresh?: boolean;
  /** Changes the machine before it is used. */
  mutant?: (rig: Rig) => void;
}

export interface Explored {
  /** Orders played. */
  orders: number;
  /** The first order that something was wrong with, or null. */
  failure: Played | null;
  /** Interrupts taken and events of the simulation, over all orders. */
  interrupts: number;
  events: number;
}

function machine(scene: Scene): Rig {
  const rig = new Rig(scene);
  scene.mutant?.(rig);
  return rig;
}

/** Plays every order of the scripts' actions and the machine's steps, until one goes wrong. */
export function explore(scene: Scene): Explored {
  const scripts = scene.scripts.map((script) => script.map(parse));
  const found: Explored = { orders: 0, failure: null, interrupts: 0, events: 0 };
  const path: { chosen: number; n: number }[] = [];
  let rig: Rig | null = null;
  for (;;) {
    let depth = 0;
    const choose = (n: number): number => {
      if (depth === path.length) path.push({ chosen: 0, n });
      const here = path[depth++];
      if (here.n !== n) throw new Error(`${n} choices where there were ${here.n}: not deterministic`);
      return here.chosen;
    };
    if (rig === null || scene.fresh === true) rig = machine(scene);
    else rig.again();
    const played = play(rig, scripts, choose, scene.inner === true);
    found.orders++;
    found.interrupts += rig.interrupts();
    found.events += rig.events;
    if (played.why !== '') {
      found.failure = played;
      return found;
    }
    while (path.length !== 0 && path[path.length - 1].chosen === path[path.length - 1].n - 1) path.pop();
    if (path.length === 0) return found;
    path[path.length - 1].chosen++;
  }
}
