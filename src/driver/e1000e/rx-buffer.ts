import { ETH_DATA_LEN } from '../../uapi/index.js';
import { E1000_RCTL_FLXBUF_SHIFT, E1000_RCTL_LPE } from './regs.js';

/** Ethernet header with a VLAN tag, and FCS. */
const VLAN_ETH_HLEN = 18;
const ETH_FCS_LEN = 4;
/** Longest frame of the chip, FCS included (DEFAULT_JUMBO). */
const MAX_HW_FRAME_SIZE = 9234;

/** Bytes of the longest frame of an MTU, VLAN tag and FCS included. */
export function e1000_max_frame(mtu: number): number {
  return mtu + VLAN_ETH_HLEN + ETH_FCS_LEN;
}

/** Largest MTU (`e1000_probe`). */
export const E1000_MAX_MTU: number = MAX_HW_FRAME_SIZE - VLAN_ETH_HLEN - ETH_FCS_LEN;
/** What the chip may store with RCTL.LPE off: a frame with a VLAN tag and FCS. */
export const RX_BUFFER_STANDARD: number = e1000_max_frame(ETH_DATA_LEN);

/** Bytes of a receive buffer for an MTU: a whole number of KiB above the standard one. */
export function e1000_rx_buffer_len(mtu: number): number {
  return mtu <= ETH_DATA_LEN ? RX_BUFFER_STANDARD : (e1000_max_frame(mtu) + 1023) & ~1023;
}

/** RCTL bits of a buffer length. */
export function e1000_rctl_buffer(length: number): number {
  return length <= RX_BUFFER_STANDARD ? 0 : E1000_RCTL_LPE | ((length >> 10) << E1000_RCTL_FLXBUF_SHIFT);
}
