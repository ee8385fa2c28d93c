/**
 * Exact conversions between whole cycles of a clock whose cycle lasts num/den ns and whole nanoseconds, both below 2^53.
 * Values pass through typed slots, so that nothing is boxed; num * den must stay below 2^53.
 */

/** to[j] = ceil(from[i] cycles × num / den) ns. */
export function cyclesToTime(
  from: Float64Array,
  i: number,
  to: Float64Array,
  j: number,
  num: number,
  den: number,
): void {
  const cycles = from[i];
  const whole = Math.floor(cycles / den);
  const rest = cycles - whole * den;
  if (num === 1) to[j] = rest > 0 ? whole + 1 : whole;
  else to[j] = whole * num + Math.ceil((rest * num) / den);
}

/** to[j] = ceil(from[i] ns × den / num) cycles: the first cycle that starts at or after that time. */
export function timeToCycles(
  from: Float64Array,
  i: number,
  to: Float64Array,
  j: number,
  num: number,
  den: number,
): void {
  const ns = from[i];
  if (num === 1) {
    // A whole number of GHz: a cycle starts with every ns.
    to[j] = ns * den;
    return;
  }
  const whole = Math.floor(ns / num);
  to[j] = whole * den + Math.ceil(((ns - whole * num) * den) / num);
}

/** Nanoseconds that `cycles` cycles take, rounded up. Cold code. */
export function cyclesToNs(cycles: number, num: number, den: number): number {
  const whole = Math.floor(cycles / den);
  return whole * num + Math.ceil(((cycles - whole * den) * num) / den);
}

/** Whole cycles that fit into `ns` nanoseconds. Cold code. */
export function nsToCycles(ns: number, num: number, den: number): number {
  const whole = Math.floor(ns / num);
  return whole * den + Math.floor(((ns - whole * num) * den) / num);
}
