import { TP } from '../sim/index.js';
import { NET_RX_DROP } from './constants.js';
import type { NetDevice } from './device.js';
import { SKB_DROP_REASON_CPU_BACKLOG, SKB_DROP_REASON_UNHANDLED_PROTO } from './drop-reasons.js';
import { SkbError } from './errors.js';
import { kfree_skb_reason, skb_get } from './free.js';
import type { Net } from './net.js';
import type { PacketType } from './ptype.js';
import type { SkBuff } from './skb.js';

/**
 * `netif_receive_skb`: gives a packet to everyone who handles its type, taps first. `skb.dev` and `skb.protocol` are set and
 * `skb.data` is behind the link header. Takes the reference. NET_RX_DROP when nobody wanted it or the last handler dropped it.
 * @throws SkbError `USE_AFTER_FREE`; `NO_DEVICE` when `skb.dev` is not set, which `eth_type_trans` does
 */
export function netif_receive_skb(skb: SkBuff): number {
  const { dev } = skb;
  if (dev === null) throw no_device(skb);
  const net = dev.net;
  net.backlog?.received();
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

/** A packet that belongs to no device: it has been given away before, or the driver has left out `eth_type_trans`. */
function no_device(skb: SkBuff): SkbError {
  if (skb.users === 0) return new SkbError('USE_AFTER_FREE', skb.id, `skb #${skb.id} received after it was freed`);
  return new SkbError('NO_DEVICE', skb.id, `skb #${skb.id} received without skb.dev: eth_type_trans(skb, dev) sets it`);
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
  const { dev } = skb;
  if (dev === null) throw no_device(skb);
  const backlog = dev.net.backlog;
  if (backlog !== null) return backlog.enqueue_to_backlog(skb);
  dev.stats.rx_dropped++;
  kfree_skb_reason(skb, SKB_DROP_REASON_CPU_BACKLOG);
  return NET_RX_DROP;
}
