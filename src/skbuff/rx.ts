import { TP } from '../sim/index.js';
import { NET_RX_DROP } from './constants.js';
import type { NetDevice } from './device.js';
import { SKB_DROP_REASON_CPU_BACKLOG, SKB_DROP_REASON_UNHANDLED_PROTO } from './drop-reasons.js';
import { kfree_skb_reason, skb_get } from './free.js';
import type { Net } from './net.js';
import type { PacketType } from './ptype.js';
import type { SkBuff } from './skb.js';

/**
 * `netif_receive_skb`: gives a packet to everyone who handles its type, taps first. `skb.dev` and `skb.protocol` are set and
 * `skb.data` is behind the link header. Takes the reference. NET_RX_DROP when nobody wanted it or the last handler dropped it.
 */
export function netif_receive_skb(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const net = dev.net;
  skb.network_header = skb.data;
  skb.transport_header = skb.data;
  skb.skb_iif = dev.ifindex;
  const trace = net.sim.trace;
  if (trace.on) trace.put(TP.NETIF_RECEIVE, net.who, skb.journey, skb.id, skb.protocol, skb.len);
  if (net.ptype_all.length !== 0) deliver_taps(net, skb, dev);
  const list = net.ptype_base;
  const protocol = skb.protocol;
  let last: PacketType | null = null;
  for (let i = 0; i < list.length; i++) {
    const pt = list[i];
    if (pt.type !== protocol || (pt.dev !== null && pt.dev !== dev)) continue;
    if (last !== null) last.func.rcv(skb_get(skb), dev);
    last = pt;
  }
  if (last !== null) return last.func.rcv(skb, dev);
  dev.stats.rx_dropped++;
  kfree_skb_reason(skb, SKB_DROP_REASON_UNHANDLED_PROTO);
  return NET_RX_DROP;
}

function deliver_taps(net: Net, skb: SkBuff, dev: NetDevice): void {
  for (const pt of net.ptype_all) {
    if (pt.dev === null || pt.dev === dev) pt.func.rcv(skb_get(skb), dev);
  }
}

/**
 * `netif_rx`: hands a packet up from a device without interrupts, through the CPU's backlog. Takes the reference. Without a
 * backlog (no NAPI in this host) the packet is dropped as CPU_BACKLOG.
 */
export function netif_rx(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const backlog = dev.net.backlog;
  if (backlog !== null) return backlog.enqueue_to_backlog(skb);
  dev.stats.rx_dropped++;
  kfree_skb_reason(skb, SKB_DROP_REASON_CPU_BACKLOG);
  return NET_RX_DROP;
}
