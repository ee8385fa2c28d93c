import { CTX_HARDIRQ } from '../../src/cpu/index.js';
import { IRQ_HANDLED, IRQ_WAKE_THREAD } from '../../src/driver/irq/index.js';
import { Board, type BoardOptions } from './irq-board.js';

export const LEVEL: number = 9;
export const EDGE: number = 4;

/** A device with a handler and a thread that note where they run. */
export class Dev {
  readonly b: Board;
  readonly gsi: number;
  log: string[] = [];
  primary: number = IRQ_WAKE_THREAD;
  result: number = IRQ_HANDLED;
  /** Done by the thread. */
  work: (() => void) | null = null;
  constructor(b: Board, gsi: number) {
    this.b = b;
    this.gsi = gsi;
  }
}

export function note(d: Dev, what: string): void {
  const cpu = d.b.cpus.current;
  d.log.push(`${what}${cpu?.ctx === CTX_HARDIRQ ? '!' : ''}@${cpu?.id}`);
}

export function primary(_irq: number, d: Dev): number {
  note(d, 'hard');
  return d.primary;
}

export function thread(_irq: number, d: Dev): number {
  note(d, 'thread');
  d.work?.();
  return d.result;
}

export function lower(d: Dev): () => void {
  return () => d.b.pin(d.gsi, 0);
}

export function board(o: BoardOptions = {}): Board {
  const b = new Board(o);
  b.irqs.acpi_register_gsi(LEVEL, true, false);
  b.irqs.acpi_register_gsi(EDGE, false, false);
  return b;
}

export function pulse(b: Board, gsi: number): void {
  b.pin(gsi, 1);
  b.pin(gsi, 0);
}
