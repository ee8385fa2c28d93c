/** Reading the units people write: '1ms', '1Gbps', '1/100', '64KiB'. All results are exact integers. */
import { UnitError } from './errors.js';

const DURATION: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  min: 60e9,
  h: 3600e9,
};
const RATE: Readonly<Record<string, number>> = { bps: 1, kbps: 1e3, Mbps: 1e6, Gbps: 1e9, Tbps: 1e12 };
const SIZE: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1048576,
  GiB: 1073741824,
};

/** digits[.digits] times a whole factor as an exact integer, -1 when it is none below 2^53. */
function scaled(whole: string, fraction: string, factor: number): number {
  let value = Number(whole) * factor;
  let unit = factor;
  for (const digit of fraction) {
    if (unit % 10 !== 0) return digit === '0' && /^0*$/.test(fraction) ? value : -1;
    unit /= 10;
    value += Number(digit) * unit;
  }
  return Number.isSafeInteger(value) ? value : -1;
}

function parse(kind: string, text: number | string, units: Readonly<Record<string, number>>, expected: string): number {
  if (typeof text === 'number') {
    if (Number.isSafeInteger(text) && text >= 0) return text;
    throw new UnitError(kind, text, expected);
  }
  if (typeof text !== 'string') throw new UnitError(kind, text, expected);
  const match = /^(\d+)(?:\.(\d+))?\s*([a-zA-Zµμ]+)$/.exec(text);
  const factor = match === null ? undefined : units[match[3]];
  const value = match === null || factor === undefined ? -1 : scaled(match[1], match[2] ?? '', factor);
  if (value < 0) throw new UnitError(kind, text, expected);
  return value;
}

/** Nanoseconds of a duration: a whole number of ns, or text like '250us', '1.5ms', '2s' (ns us ms s min h). */
export function parseDuration(value: number | string): number {
  return parse('duration', value, DURATION, "whole ns or text like '1.5ms' (ns us ms s min h)");
}

/** Bits per second of a rate: a whole number, or text like '1Gbps', '2.5Gbps', '100Mbps' (bps kbps Mbps Gbps Tbps). */
export function parseRate(value: number | string): number {
  return parse('rate', value, RATE, "whole bit/s or text like '1Gbps' (bps kbps Mbps Gbps Tbps)");
}

/** Bytes of a size: a whole number, or text like '64KiB', '1MB' (B kB MB GB KiB MiB GiB). */
export function parseSize(value: number | string): number {
  return parse('size', value, SIZE, "whole bytes or text like '64KiB' (B kB MB GB KiB MiB GiB)");
}

/** A probability as two integers, 0 <= num <= den, 1 <= den < 2^31. */
export interface Ratio {
  num: number;
  den: number;
}

/**
 * A probability: text 'num/den', a pair [num, den], or the whole numbers 0 and 1. Fractions like 0.01 are refused:
 * a double is not the ratio that was meant.
 */
export function parseRatio(value: number | string | readonly [number, number]): Ratio {
  let num = -1;
  let den = 1;
  if (typeof value === 'number') num = value;
  else if (typeof value === 'string') {
    const match = /^(\d+)\/(\d+)$/.exec(value);
    if (match !== null) [num, den] = [Number(match[1]), Number(match[2])];
  } else if (Array.isArray(value) && value.length === 2) [num, den] = value as readonly [number, number];
  if (Number.isInteger(num) && Number.isInteger(den) && num >= 0 && den >= 1 && num <= den && den < 2147483648) {
    return { num, den };
  }
  throw new UnitError('ratio', value, "'num/den' or [num, den] with 0 <= num <= den < 2^31");
}
