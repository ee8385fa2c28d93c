import { Cloneable } from '../sim/index.js';
import {
  ARPHRD_ETHER,
  ETH_DATA_LEN,
  ETH_HLEN,
  ETH_MAX_MTU,
  ETH_MIN_MTU,
  IFF_BROADCAST,
  IFF_MULTICAST,
} from '../uapi/index.js';
import { DEFAULT_TX_QUEUE_LEN } from './constants.js';
import type { EthtoolOps } from './ethtool.js';
import type { Net } from './net.js';
import { SkBuffHead } from './queue.js';
import type { SkBuff } from './skb.js';

/** What a driver implements (`struct net_device_ops`). Calls are made in the context of the caller's block. */
export interface NetDeviceOps {
  /** Brings the hardware up; 0 or -errno. */
  ndo_open(dev: NetDevice): number;
  /** Shuts it down and frees its buffers; 0. */
  ndo_stop(dev: NetDevice): number;
  /** Sends: NETDEV_TX_OK (the driver owns the skb now) or NETDEV_TX_BUSY (it does not). */
  ndo_start_xmit(skb: SkBuff, dev: NetDevice): number;
  /** Address lists or IFF_PROMISC/IFF_ALLMULTI changed. */
  ndo_set_rx_mode?(dev: NetDevice): void;
  /** A new MTU within [min_mtu, max_mtu]; 0 or -errno. Without it the MTU is only a number. */
  ndo_change_mtu?(dev: NetDevice, mtu: number): number;
  /** A new hardware address (6 bytes); 0 or -errno. */
  ndo_set_mac_address?(dev: NetDevice, addr: Uint8Array): number;
  /** The transmit queue was stopped and nothing sent for `watchdog_timeo`: the hardware may hang. */
  ndo_tx_timeout?(dev: NetDevice): void;
}

/** `struct rtnl_link_stats64`, the rows this library keeps. Whole numbers. */
export class NetDeviceStats extends Cloneable {
  rx_packets: number = 0;
  tx_packets: number = 0;
  rx_bytes: number = 0;
  tx_bytes: number = 0;
  rx_errors: number = 0;
  tx_errors: number = 0;
  /** Dropped by the host for lack of room or a protocol. */
  rx_dropped: number = 0;
  tx_dropped: number = 0;
  multicast: number = 0;
  rx_length_errors: number = 0;
  rx_crc_errors: number = 0;
  /** No descriptor was free (MPC of the 82574L). */
  rx_missed_errors: number = 0;
  tx_carrier_errors: number = 0;
  tx_aborted_errors: number = 0;
  /** Packets of a type nobody handles that a tap or filter device got. */
  rx_nohandler: number = 0;
}

/** The transmit queue of a device: a FIFO of `tx_queue_len` packets (`pfifo`), or none (`noqueue`). */
export class Qdisc extends Cloneable {
  readonly queue: SkBuffHead = new SkBuffHead();
  /** Most packets it holds; 0 = `noqueue`: packets go straight to the driver. */
  limit: number;
  /** False while the device is down or has no carrier: packets are dropped (`noop_qdisc`). */
  active: boolean = false;
  /** Being run now, or on the list of the NET_TX softirq. */
  running: boolean = false;
  scheduled: boolean = false;
  /** `tc -s qdisc` counters. */
  packets: number = 0;
  bytes: number = 0;
  drops: number = 0;
  requeues: number = 0;

  constructor(limit: number) {
    super();
    this.limit = limit;
  }
}

/** `struct net_device`. Created by a driver, made known by `register_netdev`. */
export class NetDevice extends Cloneable {
  readonly net: Net;
  /** Interface index from 1 on; 0 before registration. */
  ifindex: number;
  name: string;
  /** Hardware address; change it with `dev_set_mac_address` or before registration. */
  dev_addr: Uint8Array;
  broadcast: Uint8Array;
  mtu: number;
  min_mtu: number;
  max_mtu: number;
  hard_header_len: number;
  /** IFF_*; IFF_RUNNING and IFF_LOWER_UP are computed by `dev_get_flags`. */
  flags: number;
  /** NETIF_F_*. */
  features: number;
  /** ARPHRD_*. */
  type: number;
  carrier: boolean;
  stats: NetDeviceStats;
  ops: NetDeviceOps;
  qdisc: Qdisc;
  tx_queue_stopped: boolean;
  tx_queue_len: number;
  /** Counts of users that want promiscuous or all-multicast reception. */
  promiscuity: number;
  allmulti: number;
  /** Multicast and secondary unicast addresses with the number of users of each. */
  mc: HwAddress[];
  uc: HwAddress[];
  /** The driver's own state (`netdev_priv`). */
  priv: object | null;
  /** The hardware it belongs to (`dev.parent` of the kernel; `SET_NETDEV_DEV` sets it); null for a device without any. */
  parent: object | null;
  /** State of IPv4 and IPv6 on this device; owned by those rooms. */
  ip_ptr: object | null;
  ip6_ptr: object | null;
  /** Time of the last transmission start, jiffies. */
  trans_start: number;
  /** How long a stopped queue may stand still before `ndo_tx_timeout`, jiffies; 0: 5 s. */
  watchdog_timeo: number;
  /** Timer of the watchdog, -1 = not made; times it found the queue stuck. */
  watchdog_timer: number;
  trans_timeout: number;
  /** False between `netif_device_detach` and `netif_device_attach`: the hardware is asleep or being reset. */
  present: boolean;
  /** What the driver answers to `ethtool`; null: nothing. */
  ethtool_ops: EthtoolOps | null;

  /** `name` may hold `%d`, which registration replaces by the first free number. */
  constructor(net: Net, name: string, ops: NetDeviceOps) {
    super();
    this.net = net;
    this.ifindex = 0;
    this.name = name;
    this.dev_addr = new Uint8Array(6);
    this.broadcast = new Uint8Array(6).fill(0xff);
    this.mtu = ETH_DATA_LEN;
    this.min_mtu = ETH_MIN_MTU;
    this.max_mtu = Math.min(ETH_DATA_LEN, ETH_MAX_MTU);
    this.hard_header_len = ETH_HLEN;
    this.flags = IFF_BROADCAST | IFF_MULTICAST;
    this.features = 0;
    this.type = ARPHRD_ETHER;
    this.carrier = true;
    this.stats = new NetDeviceStats();
    this.ops = ops;
    this.qdisc = new Qdisc(DEFAULT_TX_QUEUE_LEN);
    this.tx_queue_stopped = false;
    this.tx_queue_len = DEFAULT_TX_QUEUE_LEN;
    this.promiscuity = this.allmulti = 0;
    this.mc = [];
    this.uc = [];
    this.priv = null;
    this.parent = null;
    this.ip_ptr = null;
    this.ip6_ptr = null;
    this.trans_start = 0;
    this.watchdog_timeo = 0;
    this.watchdog_timer = -1;
    this.trans_timeout = 0;
    this.present = true;
    this.ethtool_ops = null;
  }
}

/** One entry of a device's address lists (`netdev_hw_addr`). */
export interface HwAddress {
  addr: Uint8Array;
  refcount: number;
}
