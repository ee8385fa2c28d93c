/** Finding the cycle in a run of events that never lets time advance. */
import { type CycleStep, LivelockError } from './errors.js';

/** Events listed when no cycle repeats. */
const SHOWN = 16;

/** True when the pairs repeat with period `p` (in pairs) all along. */
function repeats(pairs: readonly number[], p: number): boolean {
  for (let i = p * 2; i < pairs.length; i++) {
    if (pairs[i] !== pairs[i - p * 2]) return false;
  }
  return true;
}

/** The shortest period that the whole run repeats at least twice, 0 if there is none. */
function period(pairs: readonly number[]): number {
  const count = pairs.length / 2;
  for (let p = 1; p * 2 <= count; p++) {
    if (repeats(pairs, p)) return p;
  }
  return 0;
}

/** The error for `events` events at `now_ns`; `pairs` are (target id, op) of the events that followed. */
export function livelockError(
  now_ns: number,
  events: number,
  targets: readonly object[],
  pairs: readonly number[],
): LivelockError {
  const p = period(pairs);
  const length = p > 0 ? p : Math.min(SHOWN, pairs.length / 2);
  const cycle: CycleStep[] = [];
  for (let i = 0; i < length * 2; i += 2) {
    const target = pairs[i];
    cycle.push({ target, name: targets[target]?.constructor.name ?? '?', op: pairs[i + 1] });
  }
  return new LivelockError(now_ns, events, cycle, p > 0);
}
