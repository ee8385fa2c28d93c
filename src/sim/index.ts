/** Clock, events, chance, memory, trace, digest, snapshots: the floor under every other room. */
export * from './arena.js';
export * from './clone.js';
export * from './digest.js';
export * from './errors.js';
export { EventQueue, HORIZON_NS, type SimTarget, type TimerService } from './event-queue.js';
export { JiffiesClock, jiffiesAt } from './jiffies.js';
export * from './options.js';
export * from './rng.js';
export { checkRunOptions, MICROTASK_HOPS, type RunOptions, type RunResult } from './run.js';
export * from './runtime.js';
export * from './simulation.js';
export * from './trace-points.js';
export * from './trace-ring.js';
export * from './units.js';
