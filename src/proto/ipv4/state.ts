import type { Net, NetDevice, SkBuff } from '../../skbuff/index.js';
import type { Arp } from '../arp/index.js';
import { FragTable, GlobalLimit, type Mib, PeerTable } from '../core/index.js';
import { type Fib4, Flow4 } from '../route/index.js';

/** Control block of IPv4 packets: kind of route (RTN_*) in `cb0`; `cb1`, `cb2` belong to the fragment queues. */

/** A protocol above IPv4 (`struct net_protocol`). */
export interface Inet4Protocol {
  /** Takes the packet: `skb.data` is behind the IP header, `skb.network_header` at it. */
  rcv(skb: SkBuff): void;
  /** An ICMP error about a packet we sent; `skb.data` is at the quoted IP header. The skb stays the caller's. False: nobody to tell. */
  err(skb: SkBuff, type: number, code: number, info: number): boolean;
}

/** What `ip_queue_xmit` puts into a header; filled anew for each packet. */
export class Ip4Tx {
  saddr: number = 0;
  daddr: number = 0;
  protocol: number = 0;
  tos: number = 0;
  ttl: number = 64;
  /** Fragment field: 0 or IP_DF. */
  df: number = 0;
  id: number = 0;
  /** Route: RTN_*, next hop, device. */
  type: number = 0;
  nexthop: number = 0;
  dev: NetDevice | null = null;
}

/** Buckets of the identification counters. */
const IP_IDENTS = 256;

/** IPv4 of one host. */
export class Ipv4 {
  readonly net: Net;
  readonly mib: Mib;
  readonly fib: Fib4;
  readonly arp: Arp;
  readonly lo: NetDevice;
  /** Protocols by number. */
  readonly protos: (Inet4Protocol | null)[] = new Array<Inet4Protocol | null>(256).fill(null);
  readonly frags: FragTable;
  readonly peers: PeerTable = new PeerTable();
  readonly icmp_limit: GlobalLimit = new GlobalLimit();
  /** Identification counters by hash of (source, destination, protocol), started at random. */
  readonly idents: Int32Array = new Int32Array(IP_IDENTS);
  readonly ident_key: number;
  /** Scratch of one call. */
  readonly fl: Flow4 = new Flow4();
  readonly tx: Ip4Tx = new Ip4Tx();
  readonly frag_key: Int32Array = new Int32Array(11);
  readonly mac: Uint8Array = new Uint8Array(6);
  readonly zero_mac: Uint8Array = new Uint8Array(6);

  constructor(net: Net, mib: Mib, fib: Fib4, arp: Arp, lo: NetDevice) {
    this.net = net;
    this.mib = mib;
    this.fib = fib;
    this.arp = arp;
    this.lo = lo;
    this.frags = new FragTable(net);
    const rng = net.sim.rng(`${net.name}/ip_id`);
    this.ident_key = rng.next();
    for (let i = 0; i < IP_IDENTS; i++) this.idents[i] = rng.next();
  }
}
