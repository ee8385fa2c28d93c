import { TP } from '../../sim/index.js';
import {
  alloc_skb,
  consume_skb,
  dev_queue_xmit,
  kfree_skb_reason,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  type Net,
  type NetDevice,
  type PacketHandler,
  pskb_may_pull,
  SKB_DROP_REASON_INVALID_PROTO,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  type SkBuff,
  skb_peek_tail,
  skb_put,
  skb_reserve,
} from '../../skbuff/index.js';
import {
  ARPHRD_ETHER,
  ARPHRD_IEEE802,
  ETH_HLEN,
  ETH_P_ARP,
  ETH_P_IP,
  IFF_LOOPBACK,
  IFF_NOARP,
  PACKET_HOST,
  PACKET_LOOPBACK,
  PACKET_OTHERHOST,
} from '../../uapi/index.js';
import { ipv4_is_loopback, ipv4_is_multicast } from '../core/index.js';
import { eth_build } from '../ethernet/index.js';
import {
  NEIGH_UPDATE_F_OVERRIDE,
  type Neighbour,
  type NeighOps,
  NeighTable,
  NUD_REACHABLE,
  NUD_STALE,
  neigh_update,
} from '../neigh/index.js';
import { type Fib4, in_dev_get, inet_addr_type, inet_select_addr, RTN_LOCAL } from '../route/index.js';
import {
  ARP_LEN,
  ARP_SHA,
  ARP_SPA,
  ARP_THA,
  ARP_TPA,
  ARPOP_REPLY,
  ARPOP_REQUEST,
  arp_hln,
  arp_hrd,
  arp_op,
  arp_pln,
  arp_pro,
  arp_spa,
  arp_tpa,
} from './header.js';

/** Headroom of a frame, so that the network header is 4-byte aligned. */
const LL_RESERVED = 16;

/** Reports a packet that no neighbour answers for (IPv4 sends a host unreachable). */
export interface LinkFailure {
  link_failure(skb: SkBuff): void;
}

/** ARP on one host (RFC 826, net/ipv4/arp.c): answers requests, asks for neighbours. */
export class Arp implements PacketHandler, NeighOps {
  readonly net: Net;
  readonly fib: Fib4;
  readonly tbl: NeighTable;
  failure: LinkFailure | null = null;
  private readonly all: Uint8Array = new Uint8Array(6).fill(0xff);
  private readonly zero: Uint8Array = new Uint8Array(6);

  constructor(net: Net, fib: Fib4) {
    this.net = net;
    this.fib = fib;
    this.tbl = new NeighTable(net, ETH_P_IP);
    this.tbl.ops = this;
  }

  /** `arp_rcv` */
  rcv(skb: SkBuff, dev: NetDevice): number {
    const ignored =
      (dev.flags & IFF_NOARP) !== 0 || skb.pkt_type === PACKET_OTHERHOST || skb.pkt_type === PACKET_LOOPBACK;
    if (ignored) {
      consume_skb(skb);
      return NET_RX_SUCCESS;
    }
    if (!pskb_may_pull(skb, ARP_LEN)) return this.drop(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
    const dv = this.net.arena.dv;
    const at = skb.data;
    const op = arp_op(dv, at);
    const hrd = arp_hrd(dv, at);
    const bad =
      arp_hln(dv, at) !== 6 ||
      arp_pln(dv, at) !== 4 ||
      (hrd !== ARPHRD_ETHER && hrd !== ARPHRD_IEEE802) ||
      arp_pro(dv, at) !== ETH_P_IP ||
      (op !== ARPOP_REQUEST && op !== ARPOP_REPLY) ||
      in_dev_get(dev) === null;
    if (bad) return this.drop(skb, SKB_DROP_REASON_INVALID_PROTO);
    const trace = this.net.sim.trace;
    if (trace.on) trace.put(TP.ARP, this.net.who, skb.journey, op, arp_tpa(dv, at), arp_spa(dv, at));
    const tip = arp_tpa(dv, at);
    if (ipv4_is_multicast(tip) || ipv4_is_loopback(tip)) return this.drop(skb, SKB_DROP_REASON_INVALID_PROTO);
    this.process(skb, dev, op, arp_spa(dv, at), tip);
    consume_skb(skb);
    return NET_RX_SUCCESS;
  }

  private drop(skb: SkBuff, reason: number): number {
    kfree_skb_reason(skb, reason);
    return NET_RX_DROP;
  }

  /** `arp_process`: a request for us makes an entry and is answered; anything else only refreshes an entry that exists. */
  private process(skb: SkBuff, dev: NetDevice, op: number, sip: number, tip: number): void {
    const u8 = this.net.arena.u8;
    const sha = skb.data + ARP_SHA;
    const ours = inet_addr_type(this.fib, tip) === RTN_LOCAL;
    if (op === ARPOP_REQUEST && ours) {
      // A probe for a duplicate (sender 0.0.0.0, RFC 5227) is answered but teaches nothing.
      if (sip !== 0) {
        const asker = this.tbl.get4(sip, dev);
        // As `arp_process` after `neigh_event_ns`: whom the table has no room for gets no answer.
        if (asker === null) return;
        neigh_update(this.tbl, asker, u8, sha, NUD_STALE, NEIGH_UPDATE_F_OVERRIDE);
      }
      this.send(ARPOP_REPLY, dev, tip, sip, u8, sha);
      return;
    }
    const n = sip === 0 ? null : this.tbl.lookup4(sip, dev);
    if (n === null) return;
    const gratuitous = sip === tip;
    const age = this.net.sim.clock[0] - n.times[1];
    const override = gratuitous || age > this.tbl.parms.locktime_ns ? NEIGH_UPDATE_F_OVERRIDE : 0;
    const state = op === ARPOP_REPLY && skb.pkt_type === PACKET_HOST ? NUD_REACHABLE : NUD_STALE;
    neigh_update(this.tbl, n, u8, sha, state, override);
  }

  /** `arp_solicit` with arp_announce 0: the source is that of the waiting packet when it is ours. */
  solicit(n: Neighbour): void {
    const dev = n.dev;
    const target = n.key[3];
    const skb = skb_peek_tail(n.arp_queue);
    let saddr = skb === null ? 0 : this.net.arena.dv.getInt32(skb.data + 12);
    if (saddr === 0 || inet_addr_type(this.fib, saddr) !== RTN_LOCAL) saddr = inet_select_addr(dev, target);
    if (saddr !== 0) this.send(ARPOP_REQUEST, dev, saddr, target, this.all, 0);
  }

  error_report(_n: Neighbour, skb: SkBuff): void {
    if (this.failure !== null) this.failure.link_failure(skb);
  }

  /** Sends a request to everyone or a reply to the six bytes at `tha` of `to`. Without memory nothing is sent. */
  private send(op: number, dev: NetDevice, spa: number, tpa: number, to: Uint8Array, tha: number): void {
    if ((dev.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0) return;
    const dst = op === ARPOP_REQUEST ? this.all : to.slice(tha, tha + 6);
    const skb = alloc_skb(this.net, LL_RESERVED + ARP_LEN);
    if (skb === null) return;
    skb_reserve(skb, LL_RESERVED - ETH_HLEN);
    const at = skb_put(skb, ETH_HLEN + ARP_LEN);
    skb.dev = dev;
    skb.protocol = ETH_P_ARP;
    skb.mac_header = at;
    skb.network_header = at + ETH_HLEN;
    const { u8, dv } = this.net.arena;
    eth_build(u8, at, dst, dev.dev_addr, ETH_P_ARP);
    const p = at + ETH_HLEN;
    dv.setUint16(p, ARPHRD_ETHER);
    dv.setUint16(p + 2, ETH_P_IP);
    dv.setUint16(p + 4, 0x0604);
    dv.setUint16(p + 6, op);
    u8.set(dev.dev_addr, p + ARP_SHA);
    dv.setInt32(p + ARP_SPA, spa);
    u8.set(op === ARPOP_REQUEST ? this.zero : dst, p + ARP_THA);
    dv.setInt32(p + ARP_TPA, tpa);
    dev_queue_xmit(skb);
  }
}
