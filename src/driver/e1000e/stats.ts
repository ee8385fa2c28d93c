import { readl } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';

/** Statistics registers that are read, by `ethtool -S` name. 32 bits, cleared by reading. */
const HW_STATS: readonly (readonly [string, number])[] = [
  ['rx_crc_errors', 0x4000],
  ['rx_missed_errors', 0x4010],
  ['rx_length_errors_rlec', 0x4040],
  ['rx_good_packets', 0x4074],
  ['rx_broadcast', 0x4078],
  ['rx_multicast', 0x407c],
  ['tx_good_packets', 0x4080],
  ['rx_no_buffer_count', 0x40a0],
  ['rx_undersize', 0x40a4],
  ['rx_fragments', 0x40a8],
  ['rx_oversize', 0x40ac],
  ['rx_jabber', 0x40b0],
  ['total_packets_rx', 0x40d0],
  ['total_packets_tx', 0x40d4],
  ['tx_multicast', 0x40f0],
  ['tx_broadcast', 0x40f4],
  ['interrupts_asserted', 0x4100],
  ['rx_overruns', 0x4124],
];

/** Running totals of the chip's counters. */
export class E1000HwStats {
  readonly totals: Float64Array = new Float64Array(HW_STATS.length);
}

/** `e1000e_update_stats`: adds what the chip has counted since the last call, and brings `dev.stats` up to date. */
export function e1000e_update_stats(a: E1000Adapter): void {
  const totals = a.hw_stats.totals;
  for (let i = 0; i < HW_STATS.length; i++) totals[i] += readl(a.io, HW_STATS[i][1]) >>> 0;
  const stats = a.dev.stats;
  stats.rx_crc_errors = hw(a, 'rx_crc_errors');
  stats.rx_length_errors = hw(a, 'rx_undersize') + hw(a, 'rx_oversize') + hw(a, 'rx_fragments') + hw(a, 'rx_jabber');
  stats.rx_missed_errors = hw(a, 'rx_missed_errors');
  stats.rx_errors = a.rx_frame_errors + stats.rx_crc_errors + stats.rx_length_errors;
}

function hw(a: E1000Adapter, name: string): number {
  return a.hw_stats.totals[HW_STATS.findIndex((s) => s[0] === name)];
}

/** `ethtool -S`: names and values, the driver's own and, read now, the chip's. */
export function e1000_get_ethtool_stats(a: E1000Adapter): Record<string, number> {
  e1000e_update_stats(a);
  const stats = a.dev.stats;
  const out: Record<string, number> = {
    rx_packets: stats.rx_packets,
    tx_packets: stats.tx_packets,
    rx_bytes: stats.rx_bytes,
    tx_bytes: stats.tx_bytes,
    rx_errors: stats.rx_errors,
    rx_csum_offload_good: a.hw_csum_good,
    rx_csum_offload_errors: a.hw_csum_err,
    alloc_rx_buff_failed: a.alloc_rx_buff_failed,
    tx_restart_queue: a.tx_restart_queue,
    tx_busy: a.tx_busy,
  };
  HW_STATS.forEach(([name], i) => {
    out[name] = a.hw_stats.totals[i];
  });
  return out;
}
