import { type NetDevice, SkBuffHead } from '../../skbuff/index.js';
import { type In6, in6_new } from '../core/index.js';

/** States of a neighbour (`NUD_*` of linux/neighbour.h). DELAY and PROBE are reserved for reachability probing. */
export const NUD_INCOMPLETE = 0x01;
export const NUD_REACHABLE = 0x02;
export const NUD_STALE = 0x04;
export const NUD_DELAY = 0x08;
export const NUD_PROBE = 0x10;
export const NUD_FAILED = 0x20;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
export const NUD_NONE = 0x00;
/** The address is known and believed. */
export const NUD_CONNECTED: number = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE;
/** The address is known. */
export const NUD_VALID: number = NUD_CONNECTED | NUD_PROBE | NUD_STALE | NUD_DELAY;

/** Flags of `neigh_update`. */
export const NEIGH_UPDATE_F_OVERRIDE = 0x1;
export const NEIGH_UPDATE_F_WEAK_OVERRIDE = 0x2;
export const NEIGH_UPDATE_F_ADMIN = 0x4;

/** One neighbour on one device: its Ethernet address once known, and the packets that wait for it. */
export class Neighbour {
  /** Index in `table.entries`; what its timer carries. */
  readonly id: number;
  readonly dev: NetDevice;
  /** IPv6 address, or an IPv4 address in the last word. */
  readonly key: In6 = in6_new();
  /** Chain of the hash bucket. */
  next: Neighbour | null = null;
  nud_state: number = NUD_NONE;
  /** Ethernet address; meaningful in the NUD_VALID states. */
  readonly ha: Uint8Array = new Uint8Array(6);
  /** The neighbour said it is a router (NA flag R). */
  is_router: boolean = false;
  /** Solicitations sent without an answer. */
  probes: number = 0;
  readonly arp_queue: SkBuffHead = new SkBuffHead();
  /** Sum of `truesize` in the queue. */
  arp_queue_len_bytes: number = 0;
  /** Timer id, 0 before the first use. */
  timer: number = 0;
  /** Nanoseconds: [0] when the address was last confirmed, [1] when it was made or the address last changed (`updated`). */
  readonly times: Float64Array = new Float64Array(2);

  constructor(id: number, dev: NetDevice) {
    this.id = id;
    this.dev = dev;
  }
}
