import { FLOW_FASTEOI } from './constants.js';
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
    const type = `${desc.hwirq}-${desc.flow === FLOW_FASTEOI ? 'fasteoi' : 'edge'}`;
    rows.push({ irq: desc.irq, counts, chip: desc.chip.name, type, actions: desc.actions.map((a) => a.name) });
  }
  return rows;
}

/** `/proc/interrupts` as text. */
export function proc_interrupts(irqs: IrqCore): string {
  const head = irqs.cpus.cpus.map((cpu) => `CPU${cpu.id}`.padEnd(11)).join('');
  const lines = interrupt_rows(irqs).map((row) => {
    const counts = row.counts.map((n) => ` ${String(n).padStart(10)}`).join('');
    const names = row.actions.length === 0 ? '' : `      ${row.actions.join(', ')}`;
    return `${String(row.irq).padStart(4)}:${counts}  ${row.chip}  ${row.type}${names}`;
  });
  return `${' '.repeat(11)}${head}`.trimEnd().concat('\n', lines.join('\n'), lines.length === 0 ? '' : '\n');
}
