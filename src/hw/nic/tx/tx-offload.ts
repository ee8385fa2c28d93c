import { csum_finish, csum_partial } from '../../../bytes/index.js';
import type { FramePool } from '../../../wire/index.js';

/**
 * Checksum insertion: the sum from byte `start` to byte `end` (inclusive; 0 = to the end of the frame) of the first `length` bytes of
 * a frame, complemented, goes to byte `at`. Software has put the pseudo-header sum there, so it is part of the sum.
 * Ignored when an offset is out of range (82575 manual, page 137). For UDP a result of 0 is sent as ffff (RFC 768).
 * What the range sums up to afterwards is known without another look, and noted for whoever verifies it.
 */
export function insertChecksum(
  pool: FramePool,
  frame: number,
  length: number,
  start: number,
  at: number,
  end: number,
  udp: boolean,
): void {
  const stop = end === 0 || end >= length ? length : end + 1;
  if (start >= stop || at > length - 2) return;
  const { u8, u32 } = pool.sim.arena;
  const field = pool.off(frame) + at;
  const sum = csum_finish(csum_partial(u8, u32, field - at + start, stop - start, 0));
  const value = udp && sum === 0 ? 0xffff : sum;
  const before = (u8[field] << 8) | u8[field + 1];
  u8[field] = value >>> 8;
  u8[field + 1] = value;
  // In ones-complement arithmetic the value takes away the whole old sum, which leaves minus the old field. A value of 0 may
  // leave zeros only, whose sum is the other zero; a field across two words of the sum is not worth the thought.
  if (value === 0 || at < start || at + 2 > stop || ((at - start) & 1) !== 0) return;
  pool.knowSum(frame, start, stop - start, before === 0xffff ? 0xffff : ~before & 0xffff);
}
