import type { E1000Adapter } from './adapter.js';
import { e1000e_down, NEXT_SWITCH } from './netdev.js';
import { e1000_max_frame, e1000_rx_buffer_len } from './rx-buffer.js';

/**
 * `e1000_change_mtu`: the length of receive buffers follows. Each frame lies in one buffer, whose size RCTL.FLXBUF tells the chip in KiB;
 * the kernel driver chains pages instead, because it cannot count on 16 KiB in one piece. An open device is stopped for it without losing
 * packets. 0.
 */
export function e1000_change_mtu(a: E1000Adapter, mtu: number): number {
  a.max_frame_size = e1000_max_frame(mtu);
  const length = e1000_rx_buffer_len(mtu);
  if (length === a.next_rx_buffer_len) return 0;
  a.next_rx_buffer_len = length;
  if (a.opened && !a.halted) e1000e_down(a, NEXT_SWITCH);
  return 0;
}
