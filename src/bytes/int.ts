/** Exact integer functions; none uses Math.log, pow, exp or cbrt, whose bits differ between engines. */

/** Largest r with r * r <= n. `n`: an integer 0 .. 2^53 - 1. */
export function isqrt(n: number): number {
  // Math.sqrt is correctly rounded by IEEE 754, so the estimate is off by one at most.
  let r = Math.floor(Math.sqrt(n));
  while (r * r > n) r--;
  while (2 * r + 1 <= n - r * r) r++;
  return r;
}

/** Largest r with r^3 <= n. `n`: an integer 0 .. 2^53 - 1. */
export function icbrt(n: number): number {
  // One bit of the root a turn, from the highest (208064^3 < 2^53 < 208065^3, so 18 bits).
  let r = 0;
  for (let bit = 131072; bit >= 1; bit /= 2) {
    const t = r + bit;
    // t < 2^18: t * t is exact, and dividing avoids a cube above 2^53.
    if (t * t <= Math.floor(n / t)) r = t;
  }
  return r;
}

/** floor(log2(n)) for an integer 1 .. 2^53 - 1; -1 for 0. */
export function ilog2(n: number): number {
  const high = Math.floor(n / 4294967296);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(n);
}

/** floor(hash * n / 2^32): spreads a 32-bit hash over 0 .. n - 1 (Linux reciprocal_scale). `n`: 0 .. 2^31 - 1. */
export function reciprocal_scale(hash: number, n: number): number {
  const low = (hash & 0xffff) * n;
  const high = (hash >>> 16) * n;
  return Math.floor((high + Math.floor(low / 65536)) / 65536);
}

/** A 32-bit mixing step: every input bit changes about half of the output bits. int32 in, int32 out. */
export function hash32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b | 0);
  return h ^ (h >>> 16);
}

/** Hash of three int32 words with a key (an int32); used by hash tables and flow hashing. int32. */
export function hash32_3(a: number, b: number, c: number, key: number): number {
  return hash32(hash32(hash32(a ^ key) + b) + c);
}

/** n rounded up to a multiple of `unit` (a power of two). Both int32, the result below 2^31. */
export function alignUp(n: number, unit: number): number {
  return (n + unit - 1) & -unit;
}
