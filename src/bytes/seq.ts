/**
 * Sequence arithmetic modulo 2^32 on int32 (RFC 9293 §3.4: comparisons are made modulo 2^32).
 * Every argument is an int32; results are meaningful while the operands are less than 2^31 apart.
 */

/** a < b in sequence space. */
export function seq_before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** a > b in sequence space. */
export function seq_after(a: number, b: number): boolean {
  return ((b - a) | 0) < 0;
}

/** a <= b in sequence space. */
export function seq_leq(a: number, b: number): boolean {
  return ((b - a) | 0) >= 0;
}

/** a >= b in sequence space. */
export function seq_geq(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}

/** low <= seq <= high in sequence space; the window high - low may be anything up to 2^32 - 1. */
export function seq_between(seq: number, low: number, high: number): boolean {
  return (high - low) >>> 0 >= (seq - low) >>> 0;
}

/** a + n modulo 2^32, as int32. */
export function seq_add(a: number, n: number): number {
  return (a + n) | 0;
}

/** The signed distance from b to a: positive when a is after b. int32. */
export function seq_diff(a: number, b: number): number {
  return (a - b) | 0;
}
