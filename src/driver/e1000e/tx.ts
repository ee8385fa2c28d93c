import { TP } from '../../sim/index.js';
import {
  CHECKSUM_PARTIAL,
  consume_skb,
  jiffies,
  kfree_skb_reason,
  NETDEV_TX_BUSY,
  NETDEV_TX_OK,
  type NetDevice,
  netif_carrier_ok,
  netif_stop_queue,
  netif_wake_queue,
  pskb_expand_head,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_SKB_CSUM,
  type SkBuff,
  skb_checksum_help,
  skb_cloned,
  skb_put,
  skb_tailroom,
} from '../../skbuff/index.js';
import { trace_mmio } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { OP_TX_TAIL } from './events.js';
import {
  E1000_TDT,
  E1000_TXD_CMD_DEXT,
  E1000_TXD_CMD_EOP,
  E1000_TXD_CMD_IDE,
  E1000_TXD_CMD_IFCS,
  E1000_TXD_CMD_RS,
  E1000_TXD_CMD_TCP,
  E1000_TXD_DTYP_D,
  E1000_TXD_POPTS_TXSM,
  E1000_TXD_STAT_DD,
} from './regs.js';
import { type E1000Ring, e1000_desc_unused } from './ring.js';

/** Shortest packet the chip takes; it pads to 60 by itself (TCTL.PSP). */
const MIN_TX_LEN = 17;
/** Descriptors a packet may need at most, with the gap the kernel driver keeps: the queue stops below, and wakes at 32. */
export const TX_STOP = 22;
const TX_WAKE_THRESHOLD = 32;
/** Offset of the checksum in a TCP header. */
const TCP_CSUM_OFFSET = 16;

/**
 * `e1000_xmit_frame`: one data descriptor, before it a context descriptor when the checksum is the chip's to make. Stops the
 * queue when another packet might not fit. The block is charged with `tx_packet`.
 */
export function e1000_xmit_frame(a: E1000Adapter, skb: SkBuff, dev: NetDevice): number {
  const ring = a.tx_ring;
  if (a.down || skb.len === 0) {
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
    return NETDEV_TX_OK;
  }
  if (e1000_desc_unused(ring) < 4) {
    a.tx_busy++;
    netif_stop_queue(dev);
    return NETDEV_TX_BUSY;
  }
  if (!prepare(skb, dev)) return NETDEV_TX_OK;
  const cpu = a.cpus.current;
  if (cpu !== null) cpu.cost += cpu.costs.tx_packet;
  e1000_tx_queue(a, skb);
  if (e1000_desc_unused(ring) < TX_STOP) netif_stop_queue(dev);
  e1000_post_tail(a);
  return NETDEV_TX_OK;
}

/** Puts a packet that has been made ready onto the ring; the tail register is written later. */
export function e1000_tx_queue(a: E1000Adapter, skb: SkBuff): void {
  const ring = a.tx_ring;
  a.net.arena.tags[skb.data >>> 11] = skb.journey;
  const first = ring.next_to_use;
  ring.stamp[first] = jiffies(a.net);
  let popts = 0;
  if (skb.ip_summed === CHECKSUM_PARTIAL) {
    tx_context(a, ring, skb);
    popts = E1000_TXD_POPTS_TXSM;
  }
  tx_data(a, ring, skb, first, popts);
}

/**
 * Posts the write of the tail. Its value is taken when it takes effect: blocks of two CPUs overlap in time, and without the queue's lock,
 * which a kernel holds until the write is done, the older tail of the longer block would land on the newer one.
 */
export function e1000_post_tail(a: E1000Adapter): void {
  const cpu = a.cpus.current;
  if (cpu === null) {
    e1000_write_tail(a);
    return;
  }
  cpu.cost += cpu.costs.mmio_write;
  if (cpu.sim.trace.on) trace_mmio(cpu, TP.MMIO_WRITE, E1000_TDT, a.tx_ring.next_to_use);
  cpu.posted(a.target, OP_TX_TAIL, 0, 0);
}

/** The posted write of the tail takes effect. */
export function e1000_write_tail(a: E1000Adapter): void {
  if (!a.down) a.io.mem.write32(E1000_TDT, a.tx_ring.next_to_use);
}

/** Pads a runt, and makes a checksum in software that a context descriptor cannot describe. False: dropped. */
function prepare(skb: SkBuff, dev: NetDevice): boolean {
  if (skb.len < MIN_TX_LEN && !pad(skb)) {
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
    return false;
  }
  if (skb.ip_summed !== CHECKSUM_PARTIAL) return true;
  if (skb.csum_start - skb.data + skb.csum_offset <= 0xff) return true;
  if (skb_checksum_help(skb) === 0) return true;
  dev.stats.tx_dropped++;
  kfree_skb_reason(skb, SKB_DROP_REASON_SKB_CSUM);
  return false;
}

function pad(skb: SkBuff): boolean {
  const n = MIN_TX_LEN - skb.len;
  if ((skb_tailroom(skb) < n || skb_cloned(skb)) && pskb_expand_head(skb, 0, n) !== 0) return false;
  const at = skb_put(skb, n);
  skb.pool.arena.u8.fill(0, at, at + n);
  return true;
}

/** Context: where the checksum starts and is stored; to the end of the packet (TUCSE 0). */
function tx_context(a: E1000Adapter, ring: E1000Ring, skb: SkBuff): void {
  const i = ring.next_to_use;
  const i32 = a.net.arena.i32;
  const at = (ring.dma + i * 16) >> 2;
  const css = skb.csum_start - skb.data;
  const tcp = skb.csum_offset === TCP_CSUM_OFFSET ? E1000_TXD_CMD_TCP : 0;
  i32[at] = 0;
  i32[at + 1] = css | ((css + skb.csum_offset) << 8);
  i32[at + 2] = E1000_TXD_CMD_DEXT | tcp;
  i32[at + 3] = 0;
  ring.next_to_use = i + 1 === ring.count ? 0 : i + 1;
}

function tx_data(a: E1000Adapter, ring: E1000Ring, skb: SkBuff, first: number, popts: number): void {
  const i = ring.next_to_use;
  const i32 = a.net.arena.i32;
  const at = (ring.dma + i * 16) >> 2;
  const ide = a.settings.tx_int_delay === 0 ? 0 : E1000_TXD_CMD_IDE;
  const command =
    E1000_TXD_CMD_DEXT | E1000_TXD_DTYP_D | E1000_TXD_CMD_EOP | E1000_TXD_CMD_IFCS | E1000_TXD_CMD_RS | ide;
  i32[at] = skb.data;
  i32[at + 1] = 0;
  i32[at + 2] = command | skb.len;
  i32[at + 3] = popts;
  ring.skbs[i] = skb;
  ring.watch[first] = i;
  ring.next_to_use = i + 1 === ring.count ? 0 : i + 1;
}

/**
 * One sent packet (`e1000_clean_tx_irq`, body of its loop): frees it once the chip has reported its last descriptor done. False
 * when there is none. The block is charged with `tx_clean`.
 */
export function e1000_clean_tx_one(a: E1000Adapter): boolean {
  const ring = a.tx_ring;
  const first = ring.next_to_clean;
  const last = ring.watch[first];
  if (last < 0) return false;
  const at = (ring.dma + last * 16) >> 2;
  if ((a.net.arena.i32[at + 3] & E1000_TXD_STAT_DD) === 0) return false;
  ring.watch[first] = -1;
  const skb = ring.skbs[last] as SkBuff;
  ring.skbs[last] = null;
  ring.next_to_clean = last + 1 === ring.count ? 0 : last + 1;
  const stats = a.dev.stats;
  stats.tx_packets++;
  stats.tx_bytes += skb.len;
  const cpu = a.cpus.current;
  if (cpu !== null) cpu.cost += cpu.costs.tx_clean;
  const trace = a.net.sim.trace;
  if (trace.on) trace.put(TP.TX_CLEAN, a.net.who, skb.journey, skb.id, last, 0);
  consume_skb(skb);
  return true;
}

/** After cleaning: a stopped queue with enough room goes on. */
export function e1000_tx_wake(a: E1000Adapter): void {
  const dev = a.dev;
  if (!dev.tx_queue_stopped || !netif_carrier_ok(dev) || a.down || a.tx_hung) return;
  if (e1000_desc_unused(a.tx_ring) < TX_WAKE_THRESHOLD) return;
  a.tx_restart_queue++;
  netif_wake_queue(dev);
}
