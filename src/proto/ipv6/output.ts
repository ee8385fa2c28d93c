import { TP } from '../../sim/index.js';
import {
  CHECKSUM_NONE,
  CHECKSUM_UNNECESSARY,
  kfree_skb_reason,
  type NetDevice,
  netif_rx,
  SKB_DROP_REASON_NEIGH_CREATEFAIL,
  type SkBuff,
  skb_copy,
  skb_push,
} from '../../skbuff/index.js';
import {
  EINVAL,
  ETH_P_IPV6,
  IFF_LOOPBACK,
  IPPROTO_FRAGMENT,
  IPPROTO_ICMPV6,
  PACKET_LOOPBACK,
} from '../../uapi/index.js';
import { type In6, IPSTATS, in6_store } from '../core/index.js';
import { ipv6_eth_mc_map } from '../ethernet/index.js';
import { net_xmit_errno } from '../ipv4/index.js';
import { dev_hard_header_xmit, neigh_output } from '../neigh/index.js';
import { RTN_MULTICAST } from '../route/index.js';
import {
  FRAG_HLEN,
  IP6_DADDR,
  IP6_HLEN,
  IP6_HOP_LIMIT,
  IP6_MF,
  IP6_NEXTHDR,
  IP6_PAYLOAD_LEN,
  IP6_SADDR,
} from './header.js';
import type { Ip6Tx, Ipv6 } from './state.js';

/**
 * Writes the IPv6 header described by `tx` in front of `skb` (a packet of `ip_alloc_chain` with 40 bytes of headroom, 48 when it has parts, which
 * become fragments) and sends it. Takes the skb. Returns 0 or -errno.
 */
export function ip6_local_out(ip6: Ipv6, skb: SkBuff, tx: Ip6Tx): number {
  const dev = tx.dev as NetDevice;
  const type = tx.type;
  const stats = ip6.mib.ip6;
  stats[IPSTATS.OutRequests]++;
  const trace = ip6.net.sim.trace;
  if (skb.journey === 0) skb.journey = trace.newJourney();
  if (trace.on) trace.put(TP.IP_OUT, ip6.net.who, skb.journey, skb.id, tx.nexthdr, skb.len + IP6_HLEN);
  const whole = skb.frag_list === null;
  if (whole) push_header(ip6, skb, tx, tx.nexthdr);
  if (type === RTN_MULTICAST) mc_output(ip6, skb, tx, whole);
  const err = whole ? ip6_finish_output2(ip6, skb, dev, type, tx.nexthop) : ip6_fragment(ip6, skb, tx, dev, type);
  if (err !== 0) stats[IPSTATS.OutDiscards]++;
  return err;
}

/** The 40 bytes in front of what `skb` holds. */
function push_header(ip6: Ipv6, skb: SkBuff, tx: Ip6Tx, nexthdr: number): void {
  const payload = skb.len;
  const at = skb_push(skb, IP6_HLEN);
  const dv = ip6.net.arena.dv;
  dv.setInt32(at, (6 << 28) | (tx.tclass << 20) | tx.flowlabel);
  dv.setUint16(at + IP6_PAYLOAD_LEN, payload);
  dv.setUint8(at + IP6_NEXTHDR, nexthdr);
  dv.setUint8(at + IP6_HOP_LIMIT, tx.hop_limit);
  in6_store(dv, at + IP6_SADDR, tx.saddr);
  in6_store(dv, at + IP6_DADDR, tx.daddr);
  skb.network_header = at;
  skb.protocol = ETH_P_IPV6;
  skb.dev = tx.dev;
  skb.cb0 = tx.type;
}

/** `ip6_finish_output2`: finds the link-layer address and hands the frame to the device. */
function ip6_finish_output2(ip6: Ipv6, skb: SkBuff, dev: NetDevice, type: number, nexthop: In6): number {
  let rc: number;
  if ((dev.flags & IFF_LOOPBACK) !== 0) rc = dev_hard_header_xmit(skb, ip6.zero_mac, ETH_P_IPV6);
  else if (type === RTN_MULTICAST) rc = dev_hard_header_xmit(skb, ipv6_eth_mc_map(nexthop, ip6.mac), ETH_P_IPV6);
  else {
    const n = ip6.tbl.get6(nexthop, dev);
    if (n === null) {
      ip6.mib.ip6[IPSTATS.OutNoRoutes]++;
      kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_CREATEFAIL);
      return -EINVAL;
    }
    rc = neigh_output(ip6.tbl, n, skb);
  }
  return net_xmit_errno(rc);
}

/** A fragment header in front of `skb`. */
function push_frag(ip6: Ipv6, skb: SkBuff, nexthdr: number, field: number, id: number): void {
  const at = skb_push(skb, FRAG_HLEN);
  const dv = ip6.net.arena.dv;
  dv.setUint8(at, nexthdr);
  dv.setUint8(at + 1, 0);
  dv.setUint16(at + 2, field);
  dv.setInt32(at + 4, id);
}

/** `ip6_fragment` (fast path): each part gets a fragment header and an IPv6 header (RFC 8200 §4.5). */
function ip6_fragment(ip6: Ipv6, head: SkBuff, tx: Ip6Tx, dev: NetDevice, type: number): number {
  const stats = ip6.mib.ip6;
  const id = ipv6_select_ident(ip6);
  let part = head.frag_list;
  head.frag_list = null;
  head.len -= head.data_len;
  head.data_len = 0;
  // All headers are written before anything is sent: sending may use `tx` again.
  let offset = head.len;
  push_frag(ip6, head, tx.nexthdr, IP6_MF, id);
  push_header(ip6, head, tx, IPPROTO_FRAGMENT);
  for (let skb = part; skb !== null; skb = skb.next) {
    const size = skb.len;
    push_frag(ip6, skb, tx.nexthdr, offset | (skb.next === null ? 0 : IP6_MF), id);
    push_header(ip6, skb, tx, IPPROTO_FRAGMENT);
    skb.journey = head.journey;
    offset += size;
  }
  stats[IPSTATS.FragCreates]++;
  const hop = Int32Array.from(tx.nexthop);
  let err = ip6_finish_output2(ip6, head, dev, type, hop);
  while (part !== null) {
    const next: SkBuff | null = part.next;
    part.next = null;
    stats[IPSTATS.FragCreates]++;
    const rc = ip6_finish_output2(ip6, part, dev, type, hop);
    if (err === 0) err = rc;
    part = next;
  }
  stats[err === 0 ? IPSTATS.FragOKs : IPSTATS.FragFails]++;
  return err;
}

/** `ipv6_select_ident`: random, never 0 (RFC 7739 §5.3). */
function ipv6_select_ident(ip6: Ipv6): number {
  for (;;) {
    const id = ip6.rng.next();
    if (id !== 0) return id;
  }
}

/** A group this host is a member of hears its own packets, but for neighbour discovery (whose socket has no multicast loop). */
function mc_output(ip6: Ipv6, skb: SkBuff, tx: Ip6Tx, whole: boolean): void {
  const dev = tx.dev as NetDevice;
  ip6.mib.ip6[IPSTATS.OutMcastPkts]++;
  if ((dev.flags & IFF_LOOPBACK) !== 0 || tx.nexthdr === IPPROTO_ICMPV6) return;
  if (ip6.fib.groups.find(tx.daddr, dev.ifindex) === null) return;
  const copy = skb_copy(skb);
  if (copy === null) return;
  if (!whole) push_header(ip6, copy, tx, tx.nexthdr);
  copy.dev = dev;
  copy.pkt_type = PACKET_LOOPBACK;
  if (copy.ip_summed === CHECKSUM_NONE) copy.ip_summed = CHECKSUM_UNNECESSARY;
  copy.mac_header = copy.data;
  netif_rx(copy);
}
