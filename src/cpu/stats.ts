import {
  ACCT_BLOCKS,
  ACCT_CYCLES,
  ACCT_HARDIRQ,
  ACCT_IDLE,
  ACCT_INTERRUPTS,
  ACCT_SOFTIRQ,
  ACCT_SWITCHES,
  ACCT_SYSTEM,
  ACCT_TIMER_INTERRUPTS,
  ACCT_USER,
  type CpuStats,
} from './account.js';
import { CTX_HARDIRQ, CTX_SOFTIRQ, CTX_TASK, softirqNames, TASK_RUN } from './constants.js';
import type { Cpu } from './cpu.js';
import type { CpuSet } from './cpu-set.js';
import { cyclesToNs, nsToCycles } from './cycles.js';

/** Where the cycles of a CPU went so far. */
export function cpu_stats(cpu: Cpu): CpuStats {
  const acct = cpu.acct;
  const { num, den } = cpu.costs;
  // An idle CPU books its idle time when it leaves idle: add what has run up to now.
  const open = cpu.idle() ? Math.max(0, nsToCycles(cpu.sim.now, num, den) - acct[ACCT_CYCLES]) : 0;
  const task = acct[ACCT_BLOCKS + CTX_TASK];
  const softirq = acct[ACCT_BLOCKS + CTX_SOFTIRQ];
  const hardirq = acct[ACCT_BLOCKS + CTX_HARDIRQ];
  return {
    cpu: cpu.id,
    elapsed: acct[ACCT_CYCLES] + open,
    user: acct[ACCT_USER],
    system: acct[ACCT_SYSTEM],
    softirq: acct[ACCT_SOFTIRQ],
    hardirq: acct[ACCT_HARDIRQ],
    idle: acct[ACCT_IDLE] + open,
    blocks: { task, softirq, hardirq, total: task + softirq + hardirq },
    context_switches: acct[ACCT_SWITCHES],
    interrupts: acct[ACCT_INTERRUPTS],
    timer_interrupts: acct[ACCT_TIMER_INTERRUPTS],
    softirq_runs: cpu.softirq.runs,
    softirq_passes: cpu.softirq.passes,
    softirq_deferred: cpu.softirq.deferred,
  };
}

/** Units of `/proc/stat`: USER_HZ = 100 per second. */
const NS_PER_USER_TICK = 10_000_000;

function ticks(cycles: number, set: CpuSet): number {
  return Math.floor(cyclesToNs(cycles, set.costs.num, set.costs.den) / NS_PER_USER_TICK);
}

function cpuLine(label: string, stats: readonly CpuStats[], set: CpuSet): string {
  const sum = (field: 'user' | 'system' | 'idle' | 'hardirq' | 'softirq'): number => {
    let total = 0;
    for (const s of stats) total += ticks(s[field], set);
    return total;
  };
  return `${label} ${sum('user')} 0 ${sum('system')} ${sum('idle')} 0 ${sum('hardirq')} ${sum('softirq')} 0 0 0`;
}

/**
 * The CPU lines of `/proc/stat` (user nice system idle iowait irq softirq steal guest guest_nice, in 1/100 s), then `ctxt`, `processes`,
 * `procs_running` and `softirq` (total, then by number). One line each, ending in a newline.
 */
export function proc_stat(set: CpuSet): string {
  const stats = set.cpus.map(cpu_stats);
  const lines = [cpuLine('cpu ', stats, set)];
  for (const s of stats) lines.push(cpuLine(`cpu${s.cpu}`, [s], set));
  lines.push(`ctxt ${stats.reduce((n, s) => n + s.context_switches, 0)}`);
  lines.push(`processes ${set.processes}`);
  lines.push(`procs_running ${set.tasks.filter((t) => t !== null && t.state === TASK_RUN).length}`);
  const counts = softirqNames.map((_name, nr) => set.cpus.reduce((n, cpu) => n + cpu.softirq.counts[nr], 0));
  lines.push(`softirq ${counts.reduce((a, b) => a + b, 0)} ${counts.join(' ')}`);
  return `${lines.join('\n')}\n`;
}
