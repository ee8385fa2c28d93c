import type { SimTarget } from '../../sim/index.js';
import {
  __skb_queue_tail,
  type Backlog,
  dev_open,
  eth_type_trans,
  kfree_skb_reason,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  NETDEV_TX_OK,
  NETIF_F_FRAGLIST,
  NETIF_F_HW_CSUM,
  NETIF_F_LOOPBACK,
  NETIF_F_RXCSUM,
  NETIF_F_SG,
  type Net,
  NetDevice,
  type NetDeviceOps,
  netif_receive_skb,
  netif_rx,
  register_netdev,
  SKB_DROP_REASON_CPU_BACKLOG,
  type SkBuff,
  SkBuffHead,
  skb_dequeue,
  skb_orphan,
} from '../../skbuff/index.js';
import { ARPHRD_LOOPBACK, IFF_LOOPBACK } from '../../uapi/index.js';

/** MTU of `lo` (drivers/net/loopback.c). */
const LOOPBACK_MTU = 65536;

/** The driver of `lo`: what is sent is received, through the CPU's backlog, never inside the call. */
class LoopbackOps implements NetDeviceOps {
  ndo_open(_dev: NetDevice): number {
    return 0;
  }

  ndo_stop(_dev: NetDevice): number {
    return 0;
  }

  /** `loopback_xmit` */
  ndo_start_xmit(skb: SkBuff, dev: NetDevice): number {
    const { stats } = dev;
    const len = skb.len;
    skb_orphan(skb);
    skb.protocol = eth_type_trans(skb, dev);
    stats.tx_packets++;
    stats.tx_bytes += len;
    if (netif_rx(skb) === NET_RX_SUCCESS) {
      stats.rx_packets++;
      stats.rx_bytes += len;
    }
    return NETDEV_TX_OK;
  }
}

/** Makes and opens `lo`; it must be the first device of a host, to have index 1. */
export function loopback_init(net: Net): NetDevice {
  const dev = new NetDevice(net, 'lo', new LoopbackOps());
  dev.type = ARPHRD_LOOPBACK;
  dev.flags = IFF_LOOPBACK;
  dev.features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_LOOPBACK;
  dev.mtu = LOOPBACK_MTU;
  dev.max_mtu = LOOPBACK_MTU;
  dev.broadcast.fill(0);
  dev.qdisc.limit = 0;
  register_netdev(dev);
  dev_open(dev);
  return dev;
}

const OP_BACKLOG = 1;

/**
 * The backlog of a host without NAPI: packets wait in one queue and are received one per timer event, so one per block. Holds one packet more than
 * `netdev_max_backlog`, as Linux' does.
 */
export class TimerBacklog implements Backlog, SimTarget {
  readonly net: Net;
  readonly queue: SkBuffHead = new SkBuffHead();
  readonly timer: number;
  /** Packets refused. */
  dropped: number = 0;

  constructor(net: Net) {
    this.net = net;
    this.timer = net.timers.createTimer(net.sim.attach(this), OP_BACKLOG, 0);
  }

  received(): void {}

  enqueue_to_backlog(skb: SkBuff): number {
    if (this.queue.qlen > this.net.sysctl.netdev_max_backlog) {
      this.dropped++;
      if (skb.dev !== null) skb.dev.stats.rx_dropped++;
      kfree_skb_reason(skb, SKB_DROP_REASON_CPU_BACKLOG);
      return NET_RX_DROP;
    }
    __skb_queue_tail(this.queue, skb);
    if (this.queue.qlen === 1) this.net.timers.mod_timer(this.timer, 0);
    return NET_RX_SUCCESS;
  }

  handle(op: number, _a: number, _b: number): void {
    if (op !== OP_BACKLOG) return;
    const skb = skb_dequeue(this.queue);
    if (this.queue.qlen > 0) this.net.timers.mod_timer(this.timer, 0);
    if (skb !== null) netif_receive_skb(skb);
  }
}
