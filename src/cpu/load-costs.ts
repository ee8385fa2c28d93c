import { type CostLine, type Costs, costLines } from './costs.js';
import { CpuError } from './errors.js';
import { type CostEntry, compileCosts, lumpedCosts, zeroCosts } from './tables.js';

const MAX_CYCLES = 0x7fffffff;
const MAX_PART = 0x3ffffff;

/** A table as it comes: nothing about it is known to be right. */
interface RawTable {
  readonly name?: unknown;
  readonly freq_hz?: unknown;
  readonly extends?: unknown;
  readonly lines?: unknown;
}

function bad(message: string): never {
  throw new CpuError('BAD_COSTS', `cost table: ${message}`);
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) bad(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function onlyKeys(value: Record<string, unknown>, allowed: readonly string[], what: string): void {
  for (const key of Object.keys(value))
    if (!allowed.includes(key)) bad(`${what} has an unknown key ${JSON.stringify(key)}`);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Whole Hz to the reduced ns per cycle. */
function cycleOf(hz: unknown): { num: number; den: number } {
  if (typeof hz !== 'number' || !Number.isInteger(hz) || hz < 1 || hz > 100_000_000_000) {
    bad('freq_hz must be an integer from 1 to 10^11');
  }
  const common = gcd(1_000_000_000, hz);
  const num = 1_000_000_000 / common;
  const den = hz / common;
  // num * den must stay exact (cycles.ts); odd frequencies such as 2,999,999,999 Hz do not.
  if (den > MAX_PART || num * den > Number.MAX_SAFE_INTEGER / 2) bad(`freq_hz ${hz} has no short cycle time; round it`);
  return { num, den };
}

function entryOf(line: string, value: unknown, num: number, den: number): CostEntry {
  const given = record(value, line);
  onlyKeys(given, ['ns', 'cycles', 'source'], line);
  const { ns, cycles, source } = given;
  if (typeof source !== 'string' || source.trim() === '') bad(`${line} names no source`);
  if ((ns === undefined) === (cycles === undefined)) bad(`${line} needs either ns or cycles`);
  const amount = ns ?? cycles;
  if (typeof amount !== 'number' || !Number.isInteger(amount) || amount < 0 || amount > MAX_CYCLES) {
    bad(`${line} must be an integer from 0 to 2^31-1`);
  }
  if (ns !== undefined && (amount * den) / num > MAX_CYCLES) bad(`${line} is 2^31 cycles or more`);
  if (ns === undefined && (amount * num) / den > MAX_CYCLES) bad(`${line} is 2^31 ns or more`);
  return ns === undefined ? { cycles: amount, source } : { ns: amount, source };
}

function baseOf(name: unknown): Costs | null {
  if (name === undefined) return null;
  if (name === 'zero') return zeroCosts;
  if (name === 'lumped') return lumpedCosts;
  return bad('extends must be "zero" or "lumped"');
}

/**
 * Reads a cost table: `{ "name", "freq_hz", "extends"?: "zero" | "lumped", "lines": { line: { "ns" | "cycles", "source" } } }`, as parsed
 * JSON or as text. Lines not given come from the extended table (their time is kept when the frequency differs); without one, every line
 * must be given. Throws `CpuError` BAD_COSTS that says what is wrong.
 */
export function loadCostTable(json: unknown): Costs {
  let parsed: unknown = json;
  if (typeof json === 'string') {
    try {
      parsed = JSON.parse(json);
    } catch {
      bad('not JSON');
    }
  }
  const raw = record(parsed, 'the table');
  onlyKeys(raw, ['name', 'freq_hz', 'extends', 'lines'], 'the table');
  const table: RawTable = raw;
  const name = table.name;
  if (typeof name !== 'string' || name === '') bad('name is missing');
  const { num, den } = cycleOf(table.freq_hz);
  const base = baseOf(table.extends);
  const given = record(table.lines, 'lines');
  onlyKeys(given, costLines, 'lines');
  const entries: Partial<Record<CostLine, CostEntry>> = {};
  for (const line of costLines) {
    if (given[line] !== undefined) entries[line] = entryOf(line, given[line], num, den);
    else if (base === null) bad(`${line} is missing`);
    else
      entries[line] = {
        ns: Math.round((base[line] * base.num) / base.den),
        source: `${base.name}: ${base.source[line]}`,
      };
  }
  return compileCosts(name, num, den, entries as Record<CostLine, CostEntry>);
}
