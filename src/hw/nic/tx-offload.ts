import { csum_finish, csum_partial } from '../../bytes/index.js';
import type { Arena } from '../../sim/index.js';

/**
 * Checksum insertion: the sum from byte `start` to byte `end` (inclusive; 0 = to the end of the frame) of the `length` bytes at
 * `off`, complemented, goes to byte `at`. Software has put the pseudo-header sum there, so it is part of the sum.
 * Ignored when an offset is out of range (82575 manual, page 137). For UDP a result of 0 is sent as ffff (RFC 768).
 */
export function insertChecksum(
  arena: Arena,
  off: number,
  length: number,
  start: number,
  at: number,
  end: number,
  udp: boolean,
): void {
  const stop = end === 0 || end >= length ? length : end + 1;
  if (start >= stop || at > length - 2) return;
  const sum = csum_finish(csum_partial(arena.u8, arena.u32, off + start, stop - start, 0));
  const value = udp && sum === 0 ? 0xffff : sum;
  arena.u8[off + at] = value >>> 8;
  arena.u8[off + at + 1] = value;
}
