import { PcapError } from './error.js';

const NS = 1_000_000_000n;
const MAX_SECONDS = BigInt(Number.MAX_SAFE_INTEGER);

/** How an interface counts time: units per second, from `offset_s` seconds after the epoch. */
export interface TimeUnit {
  perSecond: bigint;
  offset_s: bigint;
}

/** The unit of an if_tsresol byte: 10^-n s, or 2^-n s with the highest bit set. */
export function timeUnit(resolution: number, offset_s: bigint): TimeUnit {
  const exponent = BigInt(resolution & 0x7f);
  return { perSecond: (resolution & 0x80) !== 0 ? 1n << exponent : 10n ** exponent, offset_s };
}

/** A 64-bit time stamp in whole ns, rounded down where the unit is finer. Throws {@link PcapError} PCAP_TIME before 1970 or beyond 2^53 s. */
export function readTime(
  unit: TimeUnit,
  high: number,
  low: number,
  at: number,
): { seconds: number; nanoseconds: number } {
  const stamp = (BigInt(high) << 32n) | BigInt(low);
  const seconds = stamp / unit.perSecond + unit.offset_s;
  if (seconds < 0n || seconds > MAX_SECONDS) {
    throw new PcapError('PCAP_TIME', at, `bad time stamp: ${seconds} seconds since 1970`);
  }
  const rest = stamp % unit.perSecond;
  return { seconds: Number(seconds), nanoseconds: Number((rest * NS) / unit.perSecond) };
}
