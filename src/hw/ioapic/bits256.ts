/*
 * A set of interrupt vectors as the local APIC keeps it: 256 bits in eight words.
 */

/** Highest vector in the set, which has none above `most`; -1 when it is empty. */
export function highestBit(words: Int32Array, most: number): number {
  for (let i = most >> 5; i >= 0; i--) {
    const word = words[i];
    if (word !== 0) return i * 32 + 31 - Math.clz32(word);
  }
  return -1;
}

export function setBit(words: Int32Array, vector: number): void {
  words[vector >> 5] |= 1 << (vector & 31);
}

export function clearBit(words: Int32Array, vector: number): void {
  words[vector >> 5] &= ~(1 << (vector & 31));
}

export function testBit(words: Int32Array, vector: number): boolean {
  return (words[vector >> 5] & (1 << (vector & 31))) !== 0;
}
