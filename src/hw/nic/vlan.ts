import { RCTL_CFI, RCTL_CFIEN, RCTL_VFE } from './registers/bits.js';
import { RCTL, VET, VFTA0 } from './registers/indices.js';

/** Bytes of an IEEE 802.1Q tag: its type and the tag control information. */
export const VLAN_HLEN = 4;
/** Where it stands: behind the two addresses. */
export const VLAN_AT = 12;
const SHORTEST = 18;
const TCI_CFI = 1 << 12;

/** Whether the frame of `length` bytes at `off` has a tag of the type in VET. */
export function isTagged(values: Int32Array, u8: Uint8Array, off: number, length: number): boolean {
  return length >= SHORTEST && ((u8[off + VLAN_AT] << 8) | u8[off + VLAN_AT + 1]) === values[VET];
}

/** Priority, CFI and VLAN identifier of a tagged frame. */
export function tagControl(u8: Uint8Array, off: number): number {
  return (u8[off + VLAN_AT + 2] << 8) | u8[off + VLAN_AT + 3];
}

/**
 * The VLAN filter, for RCTL.VFE set: a frame without a tag passes; of a tagged one the identifier must have its bit in VFTA, and
 * with CFIEN the CFI bit must be that of RCTL.CFI.
 */
export function vlanAccepts(values: Int32Array, u8: Uint8Array, off: number, length: number): boolean {
  if (!isTagged(values, u8, off, length)) return true;
  const rctl = values[RCTL];
  const tci = tagControl(u8, off);
  if ((rctl & RCTL_CFIEN) !== 0 && ((tci & TCI_CFI) !== 0) !== ((rctl & RCTL_CFI) !== 0)) return false;
  const id = tci & 0xfff;
  return ((values[VFTA0 + (id >>> 5)] >>> (id & 31)) & 1) !== 0;
}

/** Whether the VLAN filter is on. */
export function vlanFilterOn(values: Int32Array): boolean {
  return (values[RCTL] & RCTL_VFE) !== 0;
}
