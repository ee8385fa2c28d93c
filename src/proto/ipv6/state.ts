import { hash32_3 } from '../../bytes/index.js';
import type { Rng } from '../../sim/index.js';
import type { Net, NetDevice, SkBuff } from '../../skbuff/index.js';
import { ETH_P_IPV6 } from '../../uapi/index.js';
import { FragTable, GlobalLimit, type In6, in6_new, type Mib, PeerTable } from '../core/index.js';
import { NeighTable } from '../neigh/index.js';
import { type Fib6, Flow6 } from '../route/index.js';

/**
 * Control block of IPv6 packets: kind of route (RTN_*) in `cb0`; `cb1`, `cb2` belong to the fragment queues; `cb3` is the place of the next-header
 * byte that named the header at `transport_header`, counted from the IPv6 header; `cb4` is 1 once a fragment header was met.
 */

/** A protocol above IPv6 (`struct inet6_protocol`). */
export interface Inet6Protocol {
  /** Takes the packet: `skb.data` is behind all extension headers, `skb.network_header` at the IPv6 header. */
  rcv(skb: SkBuff): void;
  /** An ICMPv6 error; `skb.data` is at the quoted IPv6 header, its upper header at `skb.data + offset`. The skb stays the caller's. */
  err(skb: SkBuff, type: number, code: number, offset: number, info: number): boolean;
}

/** What `ip6_local_out` puts into a header; filled anew for each packet. */
export class Ip6Tx {
  readonly saddr: In6 = in6_new();
  readonly daddr: In6 = in6_new();
  nexthdr: number = 0;
  tclass: number = 0;
  flowlabel: number = 0;
  hop_limit: number = 64;
  /** Route: RTN_*, next hop, device. */
  type: number = 0;
  readonly nexthop: In6 = in6_new();
  dev: NetDevice | null = null;
}

/** IPv6 of one host. */
export class Ipv6 {
  readonly net: Net;
  readonly mib: Mib;
  readonly fib: Fib6;
  readonly lo: NetDevice;
  /** Neighbours (RFC 4861). */
  readonly tbl: NeighTable;
  readonly protos: (Inet6Protocol | null)[] = new Array<Inet6Protocol | null>(256).fill(null);
  readonly frags: FragTable;
  readonly peers: PeerTable = new PeerTable();
  readonly icmp_limit: GlobalLimit = new GlobalLimit();
  /** Identifications of fragmented packets. */
  readonly rng: Rng;
  /** Key of the flow labels. */
  readonly label_key: number;
  /** Scratch of one call. */
  readonly fl: Flow6 = new Flow6();
  readonly tx: Ip6Tx = new Ip6Tx();
  readonly frag_key: Int32Array = new Int32Array(11);
  readonly a: In6 = in6_new();
  readonly b: In6 = in6_new();
  readonly mac: Uint8Array = new Uint8Array(6);
  readonly zero_mac: Uint8Array = new Uint8Array(6);

  constructor(net: Net, mib: Mib, fib: Fib6, lo: NetDevice) {
    this.net = net;
    this.mib = mib;
    this.fib = fib;
    this.lo = lo;
    this.tbl = new NeighTable(net, ETH_P_IPV6);
    this.frags = new FragTable(net);
    this.rng = net.sim.rng(`${net.name}/ipv6_id`);
    this.label_key = net.sim.rng(`${net.name}/flowlabel`).next();
  }
}

/**
 * `ip6_make_flowlabel` with auto_flowlabels 1: a label that is the same for all packets of a flow and says nothing else (RFC 6437 §3). `ports` are
 * the two ports in one int, or type and code.
 */
export function ip6_make_flowlabel(ip6: Ipv6, saddr: In6, daddr: In6, protocol: number, ports: number): number {
  const key = ip6.label_key;
  const a = hash32_3(saddr[0] ^ saddr[2], saddr[1] ^ saddr[3], ports, key);
  return hash32_3(daddr[0] ^ daddr[2], daddr[1] ^ daddr[3], a, key ^ protocol) & 0xfffff;
}
