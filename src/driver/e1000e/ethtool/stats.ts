import { readl } from '../../mmio.js';
import type { E1000Adapter } from '../adapter.js';

/** Statistics registers of the chip, 32 bits, cleared by reading; those from HW_GORC on are pairs, low word first. */
const REGISTERS: readonly number[] = [
  0x4000, 0x4010, 0x40a0, 0x40a4, 0x40ac, 0x4004, 0x400c, 0x403c, 0x4078, 0x407c, 0x4074, 0x4080, 0x40d4, 0x40f0,
  0x40f4, 0x4048, 0x404c, 0x4050, 0x4054, 0x40f8, 0x40fc, 0x40b4, 0x40b8, 0x40bc, 0x4014, 0x4018, 0x401c, 0x4020,
  0x4028, 0x4030, 0x40a8, 0x40b0, 0x4088, 0x4090,
];
/* Index of each in `E1000HwStats.totals`. */
export const HW_CRCERRS = 0;
export const HW_MPC = 1;
export const HW_RNBC = 2;
export const HW_RUC = 3;
export const HW_ROC = 4;
export const HW_ALGNERRC = 5;
export const HW_RXERRC = 6;
export const HW_CEXTERR = 7;
export const HW_BPRC = 8;
export const HW_MPRC = 9;
export const HW_GPRC = 10;
export const HW_GPTC = 11;
// 12 is TPT, all packets sent: read so that it does not stick.
export const HW_MPTC = 13;
export const HW_BPTC = 14;
export const HW_XONRXC = 15;
export const HW_XONTXC = 16;
export const HW_XOFFRXC = 17;
export const HW_XOFFTXC = 18;
export const HW_TSCTC = 19;
export const HW_TSCTFC = 20;
export const HW_MGTPRC = 21;
export const HW_MGTPDC = 22;
export const HW_MGTPTC = 23;
export const HW_SCC = 24;
export const HW_ECOL = 25;
export const HW_MCC = 26;
export const HW_LATECOL = 27;
export const HW_COLC = 28;
export const HW_DC = 29;
export const HW_RFC = 30;
export const HW_RJC = 31;
export const HW_GORC = 32;
export const HW_GOTC = 33;

/** Running totals of the chip's counters. */
export class E1000HwStats {
  readonly totals: Float64Array = new Float64Array(REGISTERS.length);
}

/**
 * `e1000e_update_stats`: adds what the chip has counted since the last call, and brings `dev.stats` up to date. At 1 Gbit/s the octet
 * counters would need 34 s to overflow even their low words; the watchdog comes every 2 s. Nothing while the device sleeps.
 */
export function e1000e_update_stats(a: E1000Adapter): void {
  if (a.suspended) return;
  const { io } = a;
  const { totals } = a.hw_stats;
  for (let i = 0; i < HW_SCC; i++) totals[i] += readl(io, REGISTERS[i]) >>> 0;
  // Collisions and deferrals happen at half duplex only.
  if (!a.full_duplex) for (let i = HW_SCC; i <= HW_DC; i++) totals[i] += readl(io, REGISTERS[i]) >>> 0;
  for (let i = HW_RFC; i <= HW_RJC; i++) totals[i] += readl(io, REGISTERS[i]) >>> 0;
  for (let i = HW_GORC; i <= HW_GOTC; i++) {
    const low = readl(io, REGISTERS[i]) >>> 0;
    totals[i] += low + (readl(io, REGISTERS[i] + 4) >>> 0) * 4294967296;
  }
  const stats = a.dev.stats;
  stats.rx_crc_errors = totals[HW_CRCERRS];
  stats.rx_length_errors = totals[HW_RUC] + totals[HW_ROC] + totals[HW_RFC] + totals[HW_RJC];
  stats.rx_missed_errors = totals[HW_MPC];
  stats.rx_errors =
    a.rx_frame_errors +
    stats.rx_crc_errors +
    stats.rx_length_errors +
    totals[HW_RXERRC] +
    totals[HW_ALGNERRC] +
    totals[HW_CEXTERR];
  stats.tx_errors = totals[HW_ECOL] + totals[HW_LATECOL];
  stats.tx_aborted_errors = totals[HW_ECOL];
}

type Value = (a: E1000Adapter) => number;

function hw(i: number): Value {
  return (a) => a.hw_stats.totals[i];
}

function never(): number {
  return 0;
}

/**
 * `ethtool -S`: names in the order of Linux' e1000e and where each value comes from. `rx_bytes` and `tx_bytes` are the chip's counters, which
 * include the FCS. What this driver has no use for (time stamps, header split, ECC of later chips) stays 0.
 */
const ETHTOOL_STATS: readonly (readonly [string, Value])[] = [
  ['rx_packets', hw(HW_GPRC)],
  ['tx_packets', hw(HW_GPTC)],
  ['rx_bytes', hw(HW_GORC)],
  ['tx_bytes', hw(HW_GOTC)],
  ['rx_broadcast', hw(HW_BPRC)],
  ['tx_broadcast', hw(HW_BPTC)],
  ['rx_multicast', hw(HW_MPRC)],
  ['tx_multicast', hw(HW_MPTC)],
  ['rx_errors', (a) => a.dev.stats.rx_errors],
  ['tx_errors', (a) => a.dev.stats.tx_errors],
  ['tx_dropped', (a) => a.dev.stats.tx_dropped],
  ['multicast', hw(HW_MPRC)],
  ['collisions', hw(HW_COLC)],
  ['rx_length_errors', (a) => a.dev.stats.rx_length_errors],
  ['rx_over_errors', never],
  ['rx_crc_errors', hw(HW_CRCERRS)],
  ['rx_frame_errors', hw(HW_ALGNERRC)],
  ['rx_no_buffer_count', hw(HW_RNBC)],
  ['rx_missed_errors', hw(HW_MPC)],
  ['tx_aborted_errors', hw(HW_ECOL)],
  ['tx_carrier_errors', never],
  ['tx_fifo_errors', never],
  ['tx_heartbeat_errors', never],
  ['tx_window_errors', hw(HW_LATECOL)],
  ['tx_abort_late_coll', hw(HW_LATECOL)],
  ['tx_deferred_ok', hw(HW_DC)],
  ['tx_single_coll_ok', hw(HW_SCC)],
  ['tx_multi_coll_ok', hw(HW_MCC)],
  ['tx_timeout_count', (a) => a.tx_timeout_count],
  ['tx_restart_queue', (a) => a.tx_restart_queue],
  ['rx_long_length_errors', hw(HW_ROC)],
  ['rx_short_length_errors', hw(HW_RUC)],
  ['rx_align_errors', hw(HW_ALGNERRC)],
  ['tx_tcp_seg_good', hw(HW_TSCTC)],
  ['tx_tcp_seg_failed', hw(HW_TSCTFC)],
  ['rx_flow_control_xon', hw(HW_XONRXC)],
  ['rx_flow_control_xoff', hw(HW_XOFFRXC)],
  ['tx_flow_control_xon', hw(HW_XONTXC)],
  ['tx_flow_control_xoff', hw(HW_XOFFTXC)],
  ['rx_csum_offload_good', (a) => a.hw_csum_good],
  ['rx_csum_offload_errors', (a) => a.hw_csum_err],
  ['rx_header_split', never],
  ['alloc_rx_buff_failed', (a) => a.alloc_rx_buff_failed],
  ['tx_smbus', hw(HW_MGTPTC)],
  ['rx_smbus', hw(HW_MGTPRC)],
  ['dropped_smbus', hw(HW_MGTPDC)],
  ['rx_dma_failed', never],
  ['tx_dma_failed', never],
  ['rx_hwtstamp_cleared', never],
  ['uncorr_ecc_errors', never],
  ['corr_ecc_errors', never],
  ['tx_hwtstamp_timeouts', never],
  ['tx_hwtstamp_skipped', never],
];

/** Names of `ethtool -S`, in order. */
export const E1000_STATS_STRINGS: readonly string[] = ETHTOOL_STATS.map(([name]) => name);

/** Their values, the chip's read now. */
export function e1000_stats_values(a: E1000Adapter): Float64Array {
  e1000e_update_stats(a);
  return Float64Array.from(ETHTOOL_STATS, ([, value]) => value(a));
}

/** `ethtool -S` by name. */
export function e1000_get_ethtool_stats(a: E1000Adapter): Record<string, number> {
  const values = e1000_stats_values(a);
  return Object.fromEntries(E1000_STATS_STRINGS.map((name, i) => [name, values[i]]));
}
