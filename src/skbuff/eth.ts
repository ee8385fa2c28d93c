import {
  ETH_HLEN,
  ETH_P_802_2,
  ETH_P_802_3,
  ETH_P_802_3_MIN,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
} from '../uapi/index.js';
import type { NetDevice } from './device.js';
import type { SkBuff } from './skb.js';

/**
 * `eth_type_trans`: reads the Ethernet header at `skb.data`, sets `mac_header`, `dev` and `pkt_type`, pulls the header and
 * returns the protocol in host order (the caller stores it). The packet holds at least ETH_HLEN bytes in its head.
 */
export function eth_type_trans(skb: SkBuff, dev: NetDevice): number {
  const arena = skb.pool.arena;
  const u8 = arena.u8;
  const at = skb.data;
  skb.dev = dev;
  skb.mac_header = at;
  skb.len = (skb.len - ETH_HLEN) | 0;
  skb.data = (at + ETH_HLEN) | 0;
  skb.pkt_type = eth_pkt_type(u8, at, dev.dev_addr);
  const type = (u8[at + 12] << 8) | u8[at + 13];
  if (type >= ETH_P_802_3_MIN) return type;
  // Novell's raw 802.3 frames start with a checksum of all ones where an 802.2 header would be.
  if (skb.len >= 2 && u8[at + 14] === 0xff && u8[at + 15] === 0xff) return ETH_P_802_3;
  return ETH_P_802_2;
}

/** PACKET_*: whom the frame at `at` is for, seen by a device with address `mac`. */
function eth_pkt_type(u8: Uint8Array, at: number, mac: Uint8Array): number {
  if ((u8[at] & 1) === 0) return same(u8, at, mac) ? PACKET_HOST : PACKET_OTHERHOST;
  for (let i = 0; i < 6; i++) if (u8[at + i] !== 0xff) return PACKET_MULTICAST;
  return PACKET_BROADCAST;
}

function same(u8: Uint8Array, at: number, mac: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (u8[at + i] !== mac[i]) return false;
  return true;
}
