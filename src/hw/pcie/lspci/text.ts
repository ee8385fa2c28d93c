import type { ConfigSpace } from '../config-space.js';

/** `+` when a bit of `value` is set, else `-`. */
export function sign(value: number, mask: number): string {
  return (value & mask) !== 0 ? '+' : '-';
}

/** `name+` or `name-` for each bit, in the order given, separated by blanks. */
export function flags(value: number, bits: readonly (readonly [string, number])[]): string {
  return bits.map(([name, mask]) => name + sign(value, mask)).join(' ');
}

/** Lower-case hex digits of an unsigned value. */
export function hex(value: number, digits: number): string {
  return (value >>> 0).toString(16).padStart(digits, '0');
}

const UNITS = ['', 'K', 'M', 'G'];

/** ` [size=128K]`, or nothing for a size that is not known. */
export function sizeText(bytes: number): string {
  if (bytes === 0) return '';
  let value = bytes;
  let unit = 0;
  while (unit < UNITS.length - 1 && value % 1024 === 0) {
    value /= 1024;
    unit++;
  }
  return ` [size=${value}${UNITS[unit]}]`;
}

/** Reads that leave the simulation as it is: no posted message moves. */
export class Registers {
  private readonly config: ConfigSpace;

  constructor(config: ConfigSpace) {
    this.config = config;
  }

  u8(offset: number): number {
    return this.config.bytes[offset & 0xfff];
  }

  u16(offset: number): number {
    return this.u8(offset) | (this.u8(offset + 1) << 8);
  }

  /** int32 */
  u32(offset: number): number {
    return this.u16(offset) | (this.u16(offset + 2) << 16);
  }
}
