import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EVENTS } from './events.js';
import { judge, MOST_OFFSETS, MOST_READS, REASONS } from './reasons.js';
import { parseRecord } from './record.js';
import { replay } from './replay.js';
import { report } from './report.js';

const TRACE = gunzipSync(
  readFileSync(new URL('../fixtures/linux-e1000e-qemu72-mmio.trace.gz', import.meta.url)),
).toString();
const RECORD = parseRecord(TRACE);

describe('the Linux driver, recorded with another model of the chip', () => {
  test('the record is whole', () => {
    expect(RECORD.length).toBe(4549);
    expect(RECORD.filter((a) => !a.write).length).toBe(1932);
    expect(new Set(RECORD.map((a) => a.offset)).size).toBe(453);
  });

  test('reads from our chip what it read there, but for the reasons of the table', () => {
    const { differences, machine } = replay(RECORD);
    const { faults, reads, offsets } = judge(differences);
    expect(faults).toEqual([]);
    expect(reads).toBeLessThanOrEqual(MOST_READS);
    expect(offsets).toBeLessThanOrEqual(MOST_OFFSETS);
    // The frames really passed, nothing was lost, and no access missed a register.
    expect(machine.peer.arrived).toBe(11);
    expect(machine.nic.rx.delivered[0]).toBe(5);
    expect(machine.nic.dropRecord()).toEqual({});
    expect(machine.nic.file.unknownRegister).toBe(0);
    expect(machine.messages.count.some((n) => n > 0)).toBe(true);
  });

  test('npm run golden says the same', () => {
    const { text, ok } = report(TRACE);
    expect(ok).toBe(true);
    expect(text).toContain(`${REASONS.reduce((n, r) => n + r.reads, 0)} reads differ`);
    expect(text).not.toContain('FAULT');
  });
});

describe('the judge', () => {
  const { differences } = replay(RECORD);

  test('a difference without a reason is a fault', () => {
    const d = differences[0];
    expect(judge([...differences, { ...d, ours: d.ours ^ 1 }]).faults).toHaveLength(1);
    expect(judge([...differences, { ...d, offset: 0x5400 }]).faults.length).toBeGreaterThan(0);
  });

  test('a reason without its differences is a fault', () => {
    expect(judge(differences.slice(1)).faults).toHaveLength(1);
    expect(judge([]).faults).toHaveLength(REASONS.length);
  });

  test('a chip that answers one read otherwise is noticed', () => {
    const at = RECORD.findIndex((a) => !a.write && a.offset === 0);
    const changed = RECORD.map((a, i) => (i === at ? { ...a, value: a.value ^ 1 } : a));
    expect(judge(replay(changed).differences).faults).toHaveLength(1);
  });

  test('an event in the wrong place is refused', () => {
    expect(() => replay(RECORD, [{ ...EVENTS[0], before: 2 }])).toThrow('before access 2');
    expect(() => replay(RECORD, [{ ...EVENTS[0], before: 5000 }])).toThrow('did not happen');
  });
});
