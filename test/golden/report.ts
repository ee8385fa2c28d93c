import { EVENTS, type Event } from './events.js';
import { judge, REASONS } from './reasons.js';
import { parseRecord } from './record.js';
import { byOffset, replay } from './replay.js';

/** What `npm run golden` prints. */
export interface Report {
  readonly text: string;
  readonly ok: boolean;
}

function hex(value: number): string {
  return (value >>> 0).toString(16);
}

/** What the record does not have, and was put between its accesses. */
function placed(): string[] {
  const count = (has: (event: Event) => boolean): number => EVENTS.filter(has).length;
  const frames = count((e) => e.frames !== undefined);
  const memory = count((e) => e.memory !== undefined);
  const waits = count((e) => e.wait_ns !== undefined);
  const links = count((e) => e.link !== undefined);
  return [
    `placed by us: ${frames} frames received, ${memory} times memory of the driver, ${waits} times time that passes, ${links} changes of link;`,
    `  and ${count((e) => e.master !== undefined)} writes of CTRL that lift GIO_MASTER_DISABLE while frames pass: the recorded driver wrote it back for ever, because`,
    '  that model does not clear it at a reset, and moved frames all the same (without them: 26 reads at 15 offsets, from this one cause)',
  ];
}

/** Replays the text of a trace and writes down what came of it. */
export function report(trace: string): Report {
  const record = parseRecord(trace);
  const { reads, writes, differences } = replay(record);
  const { faults, offsets } = judge(differences);
  const lines = [
    `${record.length} accesses of the Linux driver (${reads} reads, ${writes} writes):`,
    `${differences.length} reads differ, at ${offsets} offsets`,
    ...placed(),
  ];
  for (const [offset, count] of byOffset(differences)) {
    const known = REASONS.filter((r) => r.offset === offset);
    lines.push('', `${hex(offset).padStart(5, '0')} ${known[0]?.register ?? '?'}: ${count}`);
    for (const r of known) lines.push(`  ${r.reads} x ${hex(r.recorded)} -> ${hex(r.ours)}: ${r.why}`);
  }
  if (faults.length > 0) lines.push('', ...faults.map((fault) => `FAULT ${fault}`));
  return { text: lines.join('\n'), ok: faults.length === 0 };
}
