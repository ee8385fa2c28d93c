/** One more event in a statistics register: it sticks at ffffffff. */
export function bump(values: Int32Array, i: number): void {
  const n = (values[i] + 1) | 0;
  values[i] = n === 0 ? -1 : n;
}

/** Adds `n` (0 .. 2^31 - 1) to the 64-bit pair whose low word is entry `i`; it sticks at all ones. */
export function addOctets(values: Int32Array, i: number, n: number): void {
  const before = values[i];
  const after = (before + n) | 0;
  values[i] = after;
  // Unsigned after < before: the low word wrapped.
  if ((after ^ 0x80000000) >= (before ^ 0x80000000)) return;
  const high = (values[i + 1] + 1) | 0;
  if (high === 0) {
    values[i] = -1;
    values[i + 1] = -1;
  } else {
    values[i + 1] = high;
  }
}

/** Size class of a frame of `length` bytes with CRC: 0 for 64, 1 for 65-127, 2 for 128-255, ... 5 for 1024 and more. */
export function sizeClass(length: number): number {
  if (length <= 64) return 0;
  const k = 26 - Math.clz32(length);
  return k > 5 ? 5 : k;
}
