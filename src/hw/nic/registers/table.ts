import { GENERAL_ROWS } from './general.js';
import { INTERRUPT_ROWS } from './interrupt.js';
import { RECEIVE_ROWS } from './receive.js';
import type { Access, RegisterRow } from './row.js';
import { STATISTIC_ROWS } from './statistic-rows.js';
import { TIME_SYNC_ROWS } from './time-sync.js';
import { TRANSMIT_ROWS } from './transmit.js';
import { WAKE_ROWS } from './wake.js';

/** A group of the register document. */
export interface RegisterGroup {
  readonly title: string;
  readonly rows: readonly RegisterRow[];
}

/**
 * The one register table of the 82574L: it drives the behaviour, the register document and the tests of the access
 * classes. Offsets and names are those of Linux' drivers/net/ethernet/intel/e1000e/regs.h.
 */
export const REGISTER_GROUPS: readonly RegisterGroup[] = [
  { title: 'General', rows: GENERAL_ROWS },
  { title: 'Interrupts', rows: INTERRUPT_ROWS },
  { title: 'Receive', rows: RECEIVE_ROWS },
  { title: 'Transmit', rows: TRANSMIT_ROWS },
  { title: 'Statistics', rows: STATISTIC_ROWS },
  { title: 'Wake-up', rows: WAKE_ROWS },
  { title: 'Time synchronization', rows: TIME_SYNC_ROWS },
];

/** Bytes of BAR 0 that hold registers; beyond are none. */
export const REGISTER_SPACE = 0xc000;

/** Access classes as numbers, for the register file. */
export const ACCESS_CODES: Readonly<Record<Access, number>> = { RW: 0, RO: 1, RC: 2, W1C: 3, WO: 4, WS: 5, SC: 6 };

/** The table unrolled into parallel arrays; entry i is one 32-bit register. Never written after it is built. */
export interface RegisterLayout {
  readonly count: number;
  /** Entry by offset / 4, -1 where there is no register. */
  readonly index: Int16Array;
  readonly offset: Int32Array;
  readonly access: Uint8Array;
  readonly reset: Int32Array;
  readonly mask: Int32Array;
  readonly pair: Uint8Array;
  /** 1 where reads or writes have effects of their own. */
  readonly effect: Uint8Array;
  readonly names: readonly string[];
}

function buildLayout(): RegisterLayout {
  const rows = REGISTER_GROUPS.flatMap((group) => group.rows);
  const count = rows.reduce((sum, r) => sum + r.count, 0);
  const names: string[] = [];
  const layout: RegisterLayout = {
    count,
    index: new Int16Array(REGISTER_SPACE >> 2).fill(-1),
    offset: new Int32Array(count),
    access: new Uint8Array(count),
    reset: new Int32Array(count),
    mask: new Int32Array(count),
    pair: new Uint8Array(count),
    effect: new Uint8Array(count),
    names,
  };
  for (const r of rows) {
    for (let k = 0; k < r.count; k++) {
      const i = names.length;
      const offset = r.offset + k * r.stride;
      if (layout.index[offset >> 2] !== -1)
        throw new Error(`register table: two registers at 0x${offset.toString(16)}`);
      layout.index[offset >> 2] = i;
      layout.offset[i] = offset;
      layout.access[i] = ACCESS_CODES[r.access];
      layout.reset[i] = r.reset;
      layout.mask[i] = r.mask;
      layout.pair[i] = r.pair;
      layout.effect[i] = r.effect ? 1 : 0;
      names.push(r.count > 1 ? `${r.name}[${k}]` : r.name);
    }
  }
  return layout;
}

/** The unrolled table; built once, constant. */
export const LAYOUT: RegisterLayout = buildLayout();

/** Entry of the register at `offset`. Throws when the table has none: a slip in this room. */
export function registerAt(offset: number): number {
  const i = LAYOUT.index[offset >> 2];
  if (i === undefined || i < 0) throw new Error(`register table: no register at 0x${offset.toString(16)}`);
  return i;
}
