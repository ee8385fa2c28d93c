import type { Arena } from '../../../sim/index.js';
import {
  IPAV_V6,
  WUFC_ARP,
  WUFC_BC,
  WUFC_EX,
  WUFC_FLX0,
  WUFC_IPV4,
  WUFC_IPV6,
  WUFC_MAG,
  WUFC_MC,
} from '../registers/bits.js';
import * as R from '../registers/indices.js';
import { DEST_BROADCAST, DEST_MULTICAST } from '../rx/filter.js';

/*
 * The wake-up filters of WUFC (8254x software developer's manual, 6.4.3). Each looks at a frame of `length` bytes at `off`.
 */

const FLEXIBLE_FILTERS = 4;
const FLEXIBLE_BYTES = 128;
const IPV4_ENTRIES = 4;
const MAGIC_ONES = 6;
const MAGIC_REPEATS = 16;

/** Bits of WUS for the filters of WUFC that pass a frame whose destination is of `kind` (DEST_*). */
export function wakeFilters(v: Int32Array, arena: Arena, off: number, length: number, kind: number): number {
  const wufc = v[R.WUFC];
  const kindBit = kind === DEST_BROADCAST ? WUFC_BC : kind === DEST_MULTICAST ? WUFC_MC : WUFC_EX;
  let bits = wufc & kindBit;
  if ((wufc & WUFC_MAG) !== 0 && isMagic(v, arena, off, length)) bits |= WUFC_MAG;
  if ((wufc & (WUFC_ARP | WUFC_IPV4 | WUFC_IPV6)) !== 0) bits |= wufc & protocolBits(v, arena, off, length);
  for (let k = 0; k < FLEXIBLE_FILTERS; k++) {
    if ((wufc & (WUFC_FLX0 << k)) !== 0 && flexible(v, arena, off, length, k)) bits |= WUFC_FLX0 << k;
  }
  return bits;
}

/** Six bytes of ones and sixteen times the station address, anywhere behind the Ethernet header's addresses. */
export function isMagic(v: Int32Array, arena: Arena, off: number, length: number): boolean {
  const { u8 } = arena;
  const last = off + length - MAGIC_ONES - 6 * MAGIC_REPEATS;
  for (let at = off + 12; at <= last; at++) {
    let k = 0;
    while (k < MAGIC_ONES && u8[at + k] === 0xff) k++;
    if (k === MAGIC_ONES && repeats(v, u8, at + MAGIC_ONES)) return true;
  }
  return false;
}

function repeats(v: Int32Array, u8: Uint8Array, at: number): boolean {
  const low = v[R.RAL0];
  const high = v[R.RAH0];
  for (let k = 0; k < 6 * MAGIC_REPEATS; k++) {
    const b = k % 6;
    if (u8[at + k] !== (((b < 4 ? low >>> (8 * b) : high >>> (8 * (b - 4))) & 0xff) | 0)) return false;
  }
  return true;
}

/** Every byte that FFMT names equals FFVT's, over the filter's whole length. */
function flexible(v: Int32Array, arena: Arena, off: number, length: number, filter: number): boolean {
  const need = v[R.FFLT0 + filter];
  if (length < need) return false;
  const n = need < FLEXIBLE_BYTES ? need : FLEXIBLE_BYTES;
  for (let k = 0; k < n; k++) {
    if (((v[R.FFMT0 + k] >>> filter) & 1) === 0) continue;
    if (arena.u8[off + k] !== ((v[R.FFVT0 + k] >>> (8 * filter)) & 0xff)) return false;
  }
  return true;
}

/** ARP request for, or packet to, an address of the IP tables; a VLAN tag and an LLC/SNAP header are skipped. */
function protocolBits(v: Int32Array, arena: Arena, off: number, length: number): number {
  const { u8 } = arena;
  const end = off + length;
  let at = off + 12;
  let type = (u8[at] << 8) | u8[at + 1];
  if (type === v[R.VET] && at + 6 <= end) {
    at += 4;
    type = (u8[at] << 8) | u8[at + 1];
  }
  if (type <= 1500 && at + 10 <= end && u8[at + 2] === 0xaa && u8[at + 3] === 0xaa && u8[at + 4] === 3) {
    at += 8;
    type = (u8[at] << 8) | u8[at + 1];
  }
  const body = at + 2;
  if (type === 0x0806) return body + 28 <= end && isArpRequest(u8, body) && has4(v, u8, body + 24) ? WUFC_ARP : 0;
  if (type === 0x0800) return body + 20 <= end && u8[body] >> 4 === 4 && has4(v, u8, body + 16) ? WUFC_IPV4 : 0;
  if (type === 0x86dd) return body + 40 <= end && u8[body] >> 4 === 6 && has6(v, u8, body + 24) ? WUFC_IPV6 : 0;
  return 0;
}

/** Hardware type 1, protocol 0800, lengths 6 and 4, operation 1. */
function isArpRequest(u8: Uint8Array, at: number): boolean {
  return word(u8, at) === 0x00080100 && u8[at + 4] === 6 && u8[at + 5] === 4 && u8[at + 6] === 0 && u8[at + 7] === 1;
}

function word(u8: Uint8Array, at: number): number {
  return u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24);
}

function has4(v: Int32Array, u8: Uint8Array, at: number): boolean {
  const address = word(u8, at);
  for (let k = 0; k < IPV4_ENTRIES; k++) {
    if (((v[R.IPAV] >>> k) & 1) !== 0 && v[R.IP4AT0 + k] === address) return true;
  }
  return false;
}

function has6(v: Int32Array, u8: Uint8Array, at: number): boolean {
  if ((v[R.IPAV] & IPAV_V6) === 0) return false;
  for (let k = 0; k < 4; k++) if (v[R.IP6AT0 + k] !== word(u8, at + 4 * k)) return false;
  return true;
}
