import { TP } from '../sim/index.js';
import { ENETDOWN, PACKET_OUTGOING } from '../uapi/index.js';
import { skb_checksum_help } from './checksum.js';
import { skb_clone, skb_linearize } from './clone.js';
import {
  CHECKSUM_PARTIAL,
  NET_TX_SOFTIRQ_NR,
  NET_XMIT_CN,
  NET_XMIT_DROP,
  NET_XMIT_SUCCESS,
  NETDEV_TX_OK,
  NETIF_F_CSUM_MASK,
  NETIF_F_FRAGLIST,
} from './constants.js';
import type { NetDevice } from './device.js';
import {
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_QDISC_DROP,
  SKB_DROP_REASON_SKB_CSUM,
} from './drop-reasons.js';
import { kfree_skb_reason } from './free.js';
import { jiffies } from './net.js';
import { __skb_queue_head, __skb_queue_tail, skb_dequeue } from './queue.js';
import type { SkBuff } from './skb.js';

/** Nested transmissions through devices without a queue that are still believed not to be a loop. */
const XMIT_RECURSION_LIMIT = 8;

/**
 * `dev_queue_xmit`: sends a complete link-layer frame through `skb.dev`. Takes the reference in every case. An idle queue is
 * passed by; otherwise the packet waits and the NET_TX softirq sends it, one packet a block. Returns NET_XMIT_SUCCESS,
 * NET_XMIT_DROP (queue full), NET_XMIT_CN (device down or without carrier), or -ENETDOWN (device without queue that is down).
 */
export function dev_queue_xmit(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const q = dev.qdisc;
  const sim = dev.net.sim;
  if (skb.journey === 0) skb.journey = sim.trace.newJourney();
  if (q.limit === 0) return xmit_noqueue(skb, dev);
  if (!q.active) {
    q.drops++;
    kfree_skb_reason(skb, SKB_DROP_REASON_QDISC_DROP);
    return NET_XMIT_CN;
  }
  if (q.queue.qlen === 0 && !q.running && !dev.tx_queue_stopped) {
    if (!sch_direct_xmit(skb, dev)) __netif_schedule(dev);
    return NET_XMIT_SUCCESS;
  }
  if (q.queue.qlen >= q.limit) {
    q.drops++;
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, SKB_DROP_REASON_QDISC_DROP);
    return NET_XMIT_DROP;
  }
  __skb_queue_tail(q.queue, skb);
  if (sim.trace.on) sim.trace.put(TP.QDISC, dev.net.who, skb.journey, skb.id, q.queue.qlen, 0);
  if (!dev.tx_queue_stopped) __netif_schedule(dev);
  return NET_XMIT_SUCCESS;
}

/** Sends one packet; false when the driver had no room: the packet is then first in the queue. */
function sch_direct_xmit(skb: SkBuff, dev: NetDevice): boolean {
  const q = dev.qdisc;
  if (!validate_xmit_skb(skb, dev)) return true;
  q.running = true;
  const len = skb.len;
  const rc = dev_hard_start_xmit(skb, dev);
  q.running = false;
  if (rc !== NETDEV_TX_OK) {
    q.requeues++;
    __skb_queue_head(q.queue, skb);
    return false;
  }
  q.packets++;
  q.bytes += len;
  return true;
}

function xmit_noqueue(skb: SkBuff, dev: NetDevice): number {
  const net = dev.net;
  if (!dev.qdisc.active || net.xmit_recursion >= XMIT_RECURSION_LIMIT) {
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
    return -ENETDOWN;
  }
  if (!validate_xmit_skb(skb, dev)) return NET_XMIT_DROP;
  net.xmit_recursion++;
  const rc = dev_hard_start_xmit(skb, dev);
  net.xmit_recursion--;
  if (rc === NETDEV_TX_OK) return NET_XMIT_SUCCESS;
  dev.stats.tx_dropped++;
  kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
  return -ENETDOWN;
}

/** `validate_xmit_skb`: does in software what the device cannot. False: it could not be done, the packet is dropped. */
function validate_xmit_skb(skb: SkBuff, dev: NetDevice): boolean {
  const features = dev.features;
  if (skb.data_len !== 0 && (features & NETIF_F_FRAGLIST) === 0 && skb_linearize(skb) !== 0) {
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
    return false;
  }
  if (skb.ip_summed !== CHECKSUM_PARTIAL || (features & NETIF_F_CSUM_MASK) !== 0) return true;
  if (skb_checksum_help(skb) === 0) return true;
  dev.stats.tx_dropped++;
  kfree_skb_reason(skb, SKB_DROP_REASON_SKB_CSUM);
  return false;
}

/** `dev_hard_start_xmit`: taps, then the driver. The result is the driver's. */
function dev_hard_start_xmit(skb: SkBuff, dev: NetDevice): number {
  const net = dev.net;
  const trace = net.sim.trace;
  if (net.ptype_all.length !== 0) deliver_tx_taps(skb, dev);
  if (trace.on) trace.put(TP.XMIT, net.who, skb.journey, skb.id, skb.len, dev.ifindex);
  const rc = dev.ops.ndo_start_xmit(skb, dev);
  if (rc === NETDEV_TX_OK) dev.trans_start = jiffies(net);
  return rc;
}

/** `dev_queue_xmit_nit`: taps see a clone of what goes out, link header included. */
function deliver_tx_taps(skb: SkBuff, dev: NetDevice): void {
  for (const pt of dev.net.ptype_all) {
    if (pt.dev !== null && pt.dev !== dev) continue;
    const n = skb_clone(skb);
    n.mac_header = n.data;
    n.pkt_type = PACKET_OUTGOING;
    pt.func.rcv(n, dev);
  }
}

/** `__netif_schedule`: the NET_TX softirq shall run the device's queue. Without softirqs (no CPU yet) it is run now. */
export function __netif_schedule(dev: NetDevice): void {
  const q = dev.qdisc;
  const net = dev.net;
  if (q.scheduled || q.queue.qlen === 0) return;
  if (net.softirq === null) {
    if (!q.running) while (!dev.tx_queue_stopped && q.active && qdisc_restart(dev));
    return;
  }
  q.scheduled = true;
  net.output_queue.push(dev);
  net.softirq.raise(NET_TX_SOFTIRQ_NR);
}

/** `qdisc_restart`: sends the first packet of the queue. False: the queue is empty or the driver has no room. */
export function qdisc_restart(dev: NetDevice): boolean {
  const skb = skb_dequeue(dev.qdisc.queue);
  return skb !== null && sch_direct_xmit(skb, dev);
}

/** `netif_stop_queue`: the driver has no room; packets wait until `netif_wake_queue`. */
export function netif_stop_queue(dev: NetDevice): void {
  dev.tx_queue_stopped = true;
}

/** `netif_start_queue`: the queue may send, without running it. */
export function netif_start_queue(dev: NetDevice): void {
  dev.tx_queue_stopped = false;
}

/** `netif_wake_queue`: the driver has room again; a queue that was stopped is run by the NET_TX softirq. */
export function netif_wake_queue(dev: NetDevice): void {
  if (!dev.tx_queue_stopped) return;
  dev.tx_queue_stopped = false;
  __netif_schedule(dev);
}

export function netif_queue_stopped(dev: NetDevice): boolean {
  return dev.tx_queue_stopped;
}
