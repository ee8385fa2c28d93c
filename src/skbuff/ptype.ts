import { ETH_P_ALL } from '../uapi/index.js';
import type { NetDevice } from './device.js';
import type { Net } from './net.js';
import type { SkBuff } from './skb.js';

/** Receives packets of one type. Owns the reference it is given: frees it or passes it on. */
export interface PacketHandler {
  /** NET_RX_SUCCESS or NET_RX_DROP. `skb.data` is at the network header. */
  rcv(skb: SkBuff, dev: NetDevice): number;
}

/** `struct packet_type`: who receives packets of `type` (ETH_P_*; ETH_P_ALL sees every packet) from `dev` (null: any). */
export interface PacketType {
  type: number;
  dev: NetDevice | null;
  func: PacketHandler;
}

/** `dev_add_pack`: from now on `pt` is offered the packets of its type. */
export function dev_add_pack(net: Net, pt: PacketType): void {
  (pt.type === ETH_P_ALL ? net.ptype_all : net.ptype_base).push(pt);
}

/** `dev_remove_pack`: the opposite; unknown entries are ignored. */
export function dev_remove_pack(net: Net, pt: PacketType): void {
  const list = pt.type === ETH_P_ALL ? net.ptype_all : net.ptype_base;
  const i = list.indexOf(pt);
  if (i >= 0) list.splice(i, 1);
}
