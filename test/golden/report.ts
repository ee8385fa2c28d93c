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

/** Replays the text of a trace and writes down what came of it. */
export function report(trace: string): Report {
  const record = parseRecord(trace);
  const { reads, writes, differences } = replay(record);
  const { faults, offsets } = judge(differences);
  const lines = [
    `${record.length} accesses of the Linux driver (${reads} reads, ${writes} writes):`,
    `${differences.length} reads differ, at ${offsets} offsets`,
  ];
  for (const [offset, count] of byOffset(differences)) {
    const known = REASONS.filter((r) => r.offset === offset);
    lines.push('', `${hex(offset).padStart(5, '0')} ${known[0]?.register ?? '?'}: ${count}`);
    for (const r of known) lines.push(`  ${r.reads} x ${hex(r.recorded)} -> ${hex(r.ours)}: ${r.why}`);
  }
  if (faults.length > 0) lines.push('', ...faults.map((fault) => `FAULT ${fault}`));
  return { text: lines.join('\n'), ok: faults.length === 0 };
}
