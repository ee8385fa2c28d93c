import { TP } from '../../sim/index.js';
import {
  consume_skb,
  kfree_skb_reason,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  type NetDevice,
  pskb_may_pull,
  pskb_trim_rcsum,
  SKB_DROP_REASON_IP_INADDRERRORS,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_IP_INNOROUTES,
  SKB_DROP_REASON_IP_NOPROTO,
  SKB_DROP_REASON_IPV6_BAD_EXTHDR,
  SKB_DROP_REASON_IPV6DISABLED,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_OTHERHOST,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  type SkBuff,
  skb_pull,
  skb_share_check,
} from '../../skbuff/index.js';
import {
  IFF_LOOPBACK,
  IPPROTO_DSTOPTS,
  IPPROTO_FRAGMENT,
  IPPROTO_HOPOPTS,
  IPPROTO_NONE,
  IPPROTO_ROUTING,
  PACKET_LOOPBACK,
  PACKET_OTHERHOST,
} from '../../uapi/index.js';
import { IPSTATS, in6_is_any, in6_is_loopback, in6_is_multicast, in6_load } from '../core/index.js';
import { in6_dev_get, RTN_LOCAL, RTN_MULTICAST } from '../route/index.js';
import { EXTHDR_NEXT, exthdr_options, exthdr_routing } from './exthdrs.js';
import { ipv6_frag_rcv } from './frag.js';
import { IP6_DADDR, IP6_HLEN, IP6_NEXTHDR, IP6_SADDR, ip6_nexthdr, ip6_payload_len, ip6_version } from './header.js';
import { ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR } from './icmp-header.js';
import { icmpv6_send } from './icmp-send.js';
import type { Ipv6 } from './state.js';

function drop(skb: SkBuff, reason: number): number {
  kfree_skb_reason(skb, reason);
  return NET_RX_DROP;
}

function hdr_error(ip6: Ipv6, skb: SkBuff, reason: number): number {
  ip6.mib.ip6[IPSTATS.InHdrErrors]++;
  return drop(skb, reason);
}

/**
 * `ipv6_rcv`: an IPv6 packet from a device, `skb.data` at its header. Checks in the order of `ip6_rcv_core` (net/ipv6/ip6_input.c): for another
 * host, length, version, addresses that may not be on a wire, payload length, hop-by-hop options; then the route.
 */
export function ipv6_rcv(ip6: Ipv6, given: SkBuff, dev: NetDevice): number {
  if (given.pkt_type === PACKET_OTHERHOST) return drop(given, SKB_DROP_REASON_OTHERHOST);
  const stats = ip6.mib.ip6;
  stats[IPSTATS.InReceives]++;
  const skb = given.users === 1 ? given : skb_share_check(given);
  if (in6_dev_get(dev) === null) {
    stats[IPSTATS.InDiscards]++;
    return drop(skb, SKB_DROP_REASON_IPV6DISABLED);
  }
  if (!pskb_may_pull(skb, IP6_HLEN)) return hdr_error(ip6, skb, SKB_DROP_REASON_IP_INHDR);
  const dv = ip6.net.arena.dv;
  const at = skb.data;
  if (ip6_version(dv, at) !== 6) return hdr_error(ip6, skb, SKB_DROP_REASON_UNHANDLED_PROTO);
  skb.network_header = at;
  skb.cb3 = IP6_NEXTHDR;
  skb.cb4 = 0;
  if (!addresses_ok(ip6, skb, dev)) return hdr_error(ip6, skb, SKB_DROP_REASON_IP_INHDR);
  const payload = ip6_payload_len(dv, at);
  const jumbo = payload === 0 && ip6_nexthdr(dv, at) === IPPROTO_HOPOPTS;
  if (!jumbo) {
    if (payload + IP6_HLEN > skb.len) {
      stats[IPSTATS.InTruncatedPkts]++;
      return drop(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
    }
    if (pskb_trim_rcsum(skb, payload + IP6_HLEN) !== 0) {
      stats[IPSTATS.InDiscards]++;
      return drop(skb, SKB_DROP_REASON_NOMEM);
    }
  }
  const trace = ip6.net.sim.trace;
  if (trace.on) trace.put(TP.IP_RCV, ip6.net.who, skb.journey, skb.id, 6, skb.len);
  skb.transport_header = (at + IP6_HLEN) | 0;
  return ip6_route_and_deliver(ip6, skb, dev);
}

/** Addresses that may not come from a wire (RFC 4291 §2.5.3, §2.7): loopback, multicast sources, groups of scope 0 and 1. */
function addresses_ok(ip6: Ipv6, skb: SkBuff, dev: NetDevice): boolean {
  const dv = ip6.net.arena.dv;
  const { a: saddr, b: daddr } = ip6;
  in6_load(dv, skb.data + IP6_SADDR, saddr);
  in6_load(dv, skb.data + IP6_DADDR, daddr);
  const looped = (dev.flags & IFF_LOOPBACK) !== 0;
  if (!looped && (in6_is_loopback(saddr) || in6_is_loopback(daddr))) return false;
  if (in6_is_multicast(daddr)) {
    const scope = (daddr[0] >>> 16) & 15;
    if (scope === 0 || (scope === 1 && !looped && skb.pkt_type !== PACKET_LOOPBACK)) return false;
  }
  return !in6_is_multicast(saddr);
}

/** The kind of route, and what happens to packets that are not for this host: nothing is forwarded. Uses `ip6.b`, the destination. */
function ip6_route_and_deliver(ip6: Ipv6, skb: SkBuff, dev: NetDevice): number {
  const stats = ip6.mib.ip6;
  const daddr = ip6.b;
  const dv = ip6.net.arena.dv;
  if (ip6_nexthdr(dv, skb.data) === IPPROTO_HOPOPTS) {
    const multicast = in6_is_multicast(daddr);
    if (exthdr_options(ip6, skb, multicast) !== EXTHDR_NEXT) return NET_RX_DROP;
    in6_load(ip6.net.arena.dv, skb.data + IP6_DADDR, daddr);
  }
  if (in6_is_multicast(daddr)) {
    stats[IPSTATS.InMcastPkts]++;
    skb.cb0 = RTN_MULTICAST;
    if (ip6.fib.groups.find(daddr, dev.ifindex) === null) return drop(skb, SKB_DROP_REASON_IP_INADDRERRORS);
    return ip6_deliver(ip6, skb);
  }
  skb.cb0 = RTN_LOCAL;
  const looped = (dev.flags & IFF_LOOPBACK) !== 0;
  if (ip6.fib.isLocal(daddr, dev.ifindex) || looped) return ip6_deliver(ip6, skb);
  if (in6_is_any(daddr) || ip6.fib.lookup(daddr, 0) !== null) {
    stats[IPSTATS.InAddrErrors]++;
    return drop(skb, SKB_DROP_REASON_IP_INADDRERRORS);
  }
  stats[IPSTATS.InNoRoutes]++;
  icmpv6_send(ip6, skb, ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, 0);
  return drop(skb, SKB_DROP_REASON_IP_INNOROUTES);
}

/** `ip6_protocol_deliver_rcu`: extension headers strictly in order, then the protocol (RFC 8200 §4). */
function ip6_deliver(ip6: Ipv6, given: SkBuff): number {
  let skb = given;
  for (;;) {
    const dv = ip6.net.arena.dv;
    const nexthdr = dv.getUint8(skb.network_header + skb.cb3);
    if (nexthdr === IPPROTO_FRAGMENT) {
      const whole = ipv6_frag_rcv(ip6, skb);
      if (whole === null) return NET_RX_SUCCESS;
      skb = whole;
      continue;
    }
    if (nexthdr === IPPROTO_DSTOPTS) {
      if (exthdr_options(ip6, skb, skb.cb0 === RTN_MULTICAST) !== EXTHDR_NEXT) return NET_RX_DROP;
      continue;
    }
    if (nexthdr === IPPROTO_ROUTING) {
      if (exthdr_routing(ip6, skb) !== EXTHDR_NEXT) return NET_RX_DROP;
      continue;
    }
    return upper_deliver(ip6, skb, nexthdr);
  }
}

function upper_deliver(ip6: Ipv6, skb: SkBuff, nexthdr: number): number {
  const stats = ip6.mib.ip6;
  const pull = skb.transport_header - skb.data;
  if (pull > skb.len - skb.data_len) return hdr_error(ip6, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
  const trace = ip6.net.sim.trace;
  if (trace.on) trace.put(TP.IP_LOCAL, ip6.net.who, skb.journey, skb.id, nexthdr, skb.len - pull);
  if (nexthdr === IPPROTO_NONE) {
    stats[IPSTATS.InDelivers]++;
    consume_skb(skb);
    return NET_RX_SUCCESS;
  }
  const proto = ip6.protos[nexthdr];
  if (proto === null) {
    stats[IPSTATS.InUnknownProtos]++;
    icmpv6_send(ip6, skb, ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR, skb.cb3);
    return drop(skb, SKB_DROP_REASON_IP_NOPROTO);
  }
  stats[IPSTATS.InDelivers]++;
  skb_pull(skb, pull);
  proto.rcv(skb);
  return NET_RX_SUCCESS;
}
