import type { Simulation } from '../sim/index.js';

/** Lines kept; older ones are forgotten. */
const LOG_LINES = 256;

/** One line of a host's kernel log. */
export interface LogLine {
  time_ns: number;
  text: string;
}

/** The kernel log of one host: what its interrupt core and drivers have to say to a human. */
export class Printk {
  readonly sim: Simulation;
  readonly lines: LogLine[];

  constructor(sim: Simulation) {
    this.sim = sim;
    this.lines = [];
  }

  print(text: string): void {
    if (this.lines.length === LOG_LINES) this.lines.shift();
    this.lines.push({ time_ns: this.sim.clock[0], text });
  }
}

/** `dmesg`: the log as text, times in seconds. */
export function dmesg(log: Printk): string {
  return log.lines.map((l) => `[${(l.time_ns / 1e9).toFixed(6).padStart(12)}] ${l.text}`).join('\n');
}
