import { type CostLine, type Costs, costLines } from './costs.js';

/** One line of a table before it is compiled: nanoseconds or cycles, and where the number comes from. */
export interface CostEntry {
  readonly ns?: number;
  readonly cycles?: number;
  readonly source: string;
}

const facts = 'docs/costs.md';

/**
 * The proposed defaults for a 3 GHz CPU. Where the measurement covers a whole (receive call with entry, wakeup with switch), the parts are
 * the whole less the other parts, or halves of it, so that the sums stay what was measured.
 */
const lumpedLines: Readonly<Record<CostLine, CostEntry>> = {
  irq_entry: { ns: 900, source: `${facts}: assumption consistent with NAPI_HOWTO` },
  mmio_read: { ns: 875, source: `${facts}: e1000 ICR/IMS 2100 cycles at 2.4 GHz (herjulf/mmio_test)` },
  mmio_write: { ns: 100, source: `${facts}: spacing of uncached stores` },
  softirq_entry: { ns: 100, source: `${facts}: assumption` },
  napi_poll: { ns: 150, source: `${facts}: assumption` },
  napi_complete: { ns: 100, source: `${facts}: assumption` },
  rx_packet: { ns: 430, source: `${facts}: Brouer 2023, 1/2.318 M` },
  rx_drop: { ns: 350, source: `${facts}: Brouer 2023, 1/2.831 M` },
  tx_packet: { ns: 430, source: 'assumption: as rx_packet' },
  tx_clean: { ns: 100, source: 'assumption' },
  syscall: { ns: 110, source: `${facts}: getppid measured` },
  recv: { ns: 470, source: `${facts}: Brouer 2023, 580 less the 110 of syscall` },
  send: { ns: 470, source: 'assumption: as recv' },
  copy_per_kib: { ns: 34, source: `${facts}: 30 B/ns warm, measured` },
  wakeup: { ns: 500, source: `${facts}: switch and wakeup 1000 together, half of it` },
  switch: { ns: 500, source: `${facts}: switch and wakeup 1000 together, half of it` },
  wake_remote: { ns: 4000, source: `${facts}: middle of 3000-5000, from memory` },
  timer: { ns: 100, source: 'assumption: as softirq_entry' },
  ksoftirqd: { ns: 100, source: 'assumption: as softirq_entry' },
};

/**
 * Makes a table of validated entries: nanoseconds become cycles, rounded to the nearest (halves up).
 */
export function compileCosts(
  name: string,
  num: number,
  den: number,
  entries: Readonly<Record<CostLine, CostEntry>>,
): Costs {
  const source: Partial<Record<CostLine, string>> = {};
  const lines: Partial<Record<CostLine, number>> = {};
  for (const line of costLines) {
    const entry = entries[line];
    lines[line] = entry.cycles ?? Math.floor(((entry.ns ?? 0) * den * 2 + num) / (num * 2));
    source[line] = entry.source;
  }
  return Object.freeze({
    name,
    num,
    den,
    ...(lines as Record<CostLine, number>),
    source: Object.freeze(source as Record<CostLine, string>),
  });
}

function zeroEntries(): Record<CostLine, CostEntry> {
  const entries: Partial<Record<CostLine, CostEntry>> = {};
  for (const line of costLines) entries[line] = { cycles: 0, source: 'zero: software takes no time' };
  return entries as Record<CostLine, CostEntry>;
}

/** Software takes no time: for library use, tests and throughput. A cycle is 1 ns, should a program charge cycles of its own. */
export const zeroCosts: Costs = compileCosts('zero', 1, 1, zeroEntries());

/** One number per stage, 3 GHz: each line's origin is in docs/costs.md. */
export const lumpedCosts: Costs = compileCosts('lumped', 1, 3, lumpedLines);
