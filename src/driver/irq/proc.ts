import { flowNames } from './constants.js';
import type { IrqCore } from './core.js';

/** One line of /proc/interrupts. */
export interface InterruptRow {
  irq: number;
  /** Interrupts handled, by CPU. */
  counts: number[];
  chip: string;
  /** `16-fasteoi`, `0-edge`. */
  type: string;
  /** Names of the handlers, in order. */
  actions: string[];
}

/** The interrupts that have handlers or a history, by number. */
export function interrupt_rows(irqs: IrqCore): InterruptRow[] {
  const rows: InterruptRow[] = [];
  for (const desc of irqs.descs) {
    if (desc === null) continue;
    const counts = [...desc.kstat];
    if (desc.actions.length === 0 && counts.every((n) => n === 0)) continue;
    const hwirq = desc.hwirq < 0 ? '' : String(desc.hwirq);
    const type = flowNames[desc.flow] === '' ? hwirq : `${hwirq}-${flowNames[desc.flow]}`;
    rows.push({ irq: desc.irq, counts, chip: desc.chip.name, type, actions: desc.actions.map((a) => a.name) });
  }
  return rows;
}

/**
 * `/proc/interrupts` as text: the devices' lines as Linux 6.18 prints them (`show_interrupts`; measured). The summary lines of the
 * architecture (NMI, LOC, ...) are left out.
 */
export function proc_interrupts(irqs: IrqCore): string {
  let prec = 3;
  for (let n = 1000; prec < 10 && n <= irqs.descs.length; n *= 10) prec++;
  const head = irqs.cpus.cpus.map((cpu) => `CPU${String(cpu.id).padEnd(8)}`).join('');
  const lines = interrupt_rows(irqs).map((row) => {
    const counts = row.counts.map((n) => ` ${String(n).padStart(10)}`).join('');
    const [hwirq, flow] = row.type.split('-');
    const type = `${(hwirq as string).padStart(prec)}${flow === undefined ? '' : `-${flow.padEnd(8)}`}`;
    const names = row.actions.length === 0 ? '' : `  ${row.actions.join(', ')}`;
    return `${String(row.irq).padStart(prec)}:${counts} ${row.chip.padStart(8)} ${type}${names}\n`;
  });
  return `${' '.repeat(prec + 8)}${head}\n${lines.join('')}`;
}
