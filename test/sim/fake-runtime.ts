import type { Runtime } from '../../src/sim/index.js';

/** A wall clock that only moves when the simulation sleeps or yields; `onSleep` plays the world outside. */
export class FakeRuntime implements Runtime {
  wall = 1_000_000_007;
  macrotasks = 0;
  sleeps: number[] = [];
  /** Called before a sleep; returns how much of it passes before it is cut short, or undefined for all of it. */
  onSleep: ((ns: number) => number | undefined) | null = null;

  macrotask(): Promise<void> {
    this.macrotasks++;
    this.wall += 250_000;
    return new Promise((resolve) => setImmediate(resolve));
  }

  now_ns(): number {
    return this.wall;
  }

  async sleep(ns: number, signal: AbortSignal): Promise<void> {
    this.sleeps.push(ns);
    const passed = this.onSleep?.(ns);
    this.wall += passed ?? ns;
    await undefined;
    if (passed === undefined || signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  }
}
