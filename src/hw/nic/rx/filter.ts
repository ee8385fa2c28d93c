import type { Arena } from '../../../sim/index.js';
import { RAH_AV, RCTL_BAM, RCTL_MO_SHIFT, RCTL_MPE, RCTL_UPE } from '../registers/bits.js';
import { MTA0, RAH0, RAL0, RCTL } from '../registers/indices.js';

/** Receive address entries. */
const ENTRIES = 16;

/** Kinds of destination address. */
export const DEST_UNICAST = 0;
export const DEST_MULTICAST = 1;
export const DEST_BROADCAST = 2;

/** Kind of the destination address at `at` (6 bytes). */
export function destinationKind(arena: Arena, at: number): number {
  const u8 = arena.u8;
  if ((u8[at] & 1) === 0) return DEST_UNICAST;
  const ones = u8[at] & u8[at + 1] & u8[at + 2] & u8[at + 3] & u8[at + 4] & u8[at + 5];
  return ones === 0xff ? DEST_BROADCAST : DEST_MULTICAST;
}

/**
 * Whether the address filters let a frame pass whose destination address is at `at`: promiscuous bits and BAM of RCTL, the
 * sixteen exact entries, and the multicast hash table.
 */
export function accepts(values: Int32Array, arena: Arena, at: number, kind: number): boolean {
  const rctl = values[RCTL];
  if (kind === DEST_UNICAST) return (rctl & RCTL_UPE) !== 0 || exact(values, arena, at);
  if ((rctl & RCTL_MPE) !== 0) return true;
  if (kind === DEST_BROADCAST) return (rctl & RCTL_BAM) !== 0 || exact(values, arena, at);
  return hashed(values, arena, at) || exact(values, arena, at);
}

function exact(values: Int32Array, arena: Arena, at: number): boolean {
  const u8 = arena.u8;
  const low = u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24);
  const high = u8[at + 4] | (u8[at + 5] << 8) | RAH_AV;
  for (let i = 0; i < ENTRIES; i++) {
    if (values[RAL0 + i] === low && (values[RAH0 + i] & (RAH_AV | 0xffff)) === high) return true;
  }
  return false;
}

/** RCTL.MO picks 12 of the last 16 bits of the address: 47:36, 46:35, 45:34 or 43:32. */
function hashed(values: Int32Array, arena: Arena, at: number): boolean {
  const mo = (values[RCTL] >>> RCTL_MO_SHIFT) & 3;
  const shift = mo === 3 ? 0 : 4 - mo;
  const hash = ((arena.u8[at + 4] | (arena.u8[at + 5] << 8)) >>> shift) & 0xfff;
  return ((values[MTA0 + (hash >>> 5)] >>> (hash & 31)) & 1) !== 0;
}
