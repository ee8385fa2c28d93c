import { GRO_DROP, napi_gro_receive } from '../../napi/index.js';
import {
  CHECKSUM_UNNECESSARY,
  eth_type_trans,
  NETIF_F_RXCSUM,
  NIC_RX_ERROR,
  type SkBuff,
  skb_dequeue,
  skb_put,
  skb_ring_give,
  skb_ring_take,
} from '../../skbuff/index.js';
import { PACKET_MULTICAST } from '../../uapi/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_writel } from './guarded.js';
import {
  E1000_RDT,
  E1000_RXD_STAT_DD,
  E1000_RXD_STAT_EOP,
  E1000_RXD_STAT_IXSM,
  E1000_RXD_STAT_TCPCS,
  E1000_RXD_STAT_UDPCS,
  E1000_RXDEXT_ERR_FRAME_ERR_MASK,
  E1000_RXDEXT_STATERR_IPE,
  E1000_RXDEXT_STATERR_TCPE,
} from './regs.js';

/** Buffers are posted, and the tail written, this many at a time. */
export const E1000_RX_BUFFER_WRITE = 16;
const ETH_HLEN = 14;

/**
 * `e1000_alloc_rx_buffers`: posts up to `count` buffers. The tail register is written at multiples of 16 only, as the kernel
 * driver does. When no memory is left the rest stays unposted; the watchdog has every ring looked at again.
 */
export function e1000_alloc_rx_buffers(a: E1000Adapter, count: number): void {
  const ring = a.rx_ring;
  const pool = a.net.pool;
  let i = ring.next_to_use;
  for (let n = count; n > 0; n--) {
    let skb = ring.skbs[i];
    if (skb === null) {
      skb = pool.netdev_alloc_skb_ip_align(a.dev, a.rx_buffer_len);
      if (skb === null) {
        a.alloc_rx_buff_failed++;
        break;
      }
      skb_ring_give(skb);
      ring.skbs[i] = skb;
    }
    const i32 = a.net.arena.i32;
    const at = (ring.dma + i * 16) >> 2;
    i32[at] = skb.data;
    i32[at + 1] = 0;
    i32[at + 2] = 0;
    i32[at + 3] = 0;
    i = i + 1 === ring.count ? 0 : i + 1;
    ring.next_to_use = i;
    if ((i & (E1000_RX_BUFFER_WRITE - 1)) === 0) e1000_writel(a, E1000_RDT, i);
  }
}

/**
 * One received descriptor (`e1000_clean_rx_irq`, body of its loop): the packet goes up. False when the next descriptor has not
 * been written back. The block is charged with `rx_packet`, or `rx_drop` when the stack dropped it.
 */
export function e1000_clean_rx_one(a: E1000Adapter): boolean {
  const ring = a.rx_ring;
  const i = ring.next_to_clean;
  const i32 = a.net.arena.i32;
  const at = (ring.dma + i * 16) >> 2;
  const staterr = i32[at + 2];
  const skb = ring.skbs[i];
  if ((staterr & E1000_RXD_STAT_DD) === 0 || skb === null) return false;
  const length = i32[at + 3] & 0xffff;
  i32[at + 2] = 0;
  ring.next_to_clean = i + 1 === ring.count ? 0 : i + 1;
  if (e1000_rx_bad_frame(a, staterr, length)) {
    e1000_rx_reject(a, skb);
    return true;
  }
  ring.skbs[i] = null;
  skb_ring_take(skb);
  receive(a, skb, staterr, length);
  return true;
}

/** The next of the frames that a replaced ring held. False when it was the last. */
export function e1000_receive_held(a: E1000Adapter): boolean {
  const skb = skb_dequeue(a.held);
  if (skb === null) return false;
  const staterr = skb.cb0;
  const length = skb.cb1;
  skb.cb0 = skb.cb1 = 0;
  const more = a.held.qlen !== 0;
  receive(a, skb, staterr, length);
  return more;
}

function receive(a: E1000Adapter, skb: SkBuff, staterr: number, length: number): void {
  const { dev, cpus } = a;
  const stats = dev.stats;
  skb.journey = a.net.arena.tags[skb.data >>> 11];
  skb_put(skb, length);
  stats.rx_packets++;
  stats.rx_bytes += length;
  rx_checksum(a, skb, staterr);
  skb.protocol = eth_type_trans(skb, dev);
  if (skb.pkt_type === PACKET_MULTICAST) stats.multicast++;
  const result = napi_gro_receive(a.napi, skb);
  const cpu = cpus.current;
  if (cpu !== null) cpu.cost += result === GRO_DROP ? cpu.costs.rx_drop : cpu.costs.rx_packet;
}

/** True for a frame with an error, one without an Ethernet header, and every part of one that spans buffers. */
export function e1000_rx_bad_frame(a: E1000Adapter, staterr: number, length: number): boolean {
  const eop = (staterr & E1000_RXD_STAT_EOP) !== 0;
  const part = a.discarding || !eop;
  a.discarding = !eop;
  return part || (staterr & E1000_RXDEXT_ERR_FRAME_ERR_MASK) !== 0 || length < ETH_HLEN || length > a.rx_buffer_len;
}

/** The frame is dropped; its buffer stays in its slot and is posted again. */
export function e1000_rx_reject(a: E1000Adapter, skb: SkBuff): void {
  a.rx_frame_errors++;
  a.dev.stats.rx_errors++;
  a.net.pool.drop_frame(NIC_RX_ERROR, a.net.arena.tags[skb.data >>> 11]);
  const cpu = a.cpus.current;
  if (cpu !== null) cpu.cost += cpu.costs.rx_drop;
}

/** `e1000_rx_checksum`: believes the chip only about a TCP or UDP checksum that it found good. */
function rx_checksum(a: E1000Adapter, skb: SkBuff, staterr: number): void {
  if ((a.dev.features & NETIF_F_RXCSUM) === 0 || (staterr & E1000_RXD_STAT_IXSM) !== 0) return;
  if ((staterr & (E1000_RXDEXT_STATERR_TCPE | E1000_RXDEXT_STATERR_IPE)) !== 0) {
    a.hw_csum_err++;
    return;
  }
  if ((staterr & (E1000_RXD_STAT_TCPCS | E1000_RXD_STAT_UDPCS)) === 0) return;
  skb.ip_summed = CHECKSUM_UNNECESSARY;
  a.hw_csum_good++;
}
