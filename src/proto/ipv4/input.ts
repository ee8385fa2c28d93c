import { TP } from '../../sim/index.js';
import {
  __skb_pull,
  kfree_skb_reason,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  type NetDevice,
  pskb_may_pull,
  pskb_trim_rcsum,
  SKB_DROP_REASON_IP_CSUM,
  SKB_DROP_REASON_IP_INADDRERRORS,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_IP_NOPROTO,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_OTHERHOST,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  type SkBuff,
  skb_share_check,
} from '../../skbuff/index.js';
import { PACKET_LOOPBACK, PACKET_OTHERHOST } from '../../uapi/index.js';
import { IPSTATS, ipv4_is_multicast } from '../core/index.js';
import { in_dev_get, ip_route_input, ROUTE_INPUT_NOT_OURS, RTN_BROADCAST, RTN_MULTICAST } from '../route/index.js';
import { ip_defrag } from './frag.js';
import {
  IPH_LEN,
  ip_fast_csum_ok,
  ip_is_fragment,
  iph_daddr,
  iph_ihl,
  iph_protocol,
  iph_saddr,
  iph_tot_len,
  iph_version,
} from './header.js';
import { ICMP_DEST_UNREACH, ICMP_PARAMETERPROB, ICMP_PROT_UNREACH } from './icmp-header.js';
import { icmp_send } from './icmp-send.js';
import { IPOPT_OK, IPOPT_SOURCE_ROUTE, ip_options_check } from './options.js';
import type { Ipv4 } from './state.js';

function drop(skb: SkBuff, reason: number): number {
  kfree_skb_reason(skb, reason);
  return NET_RX_DROP;
}

/** `inhdr_error` of `ip_rcv_core`: counted as a header error. */
function inhdr_error(ip: Ipv4, skb: SkBuff, reason: number): number {
  ip.mib.ip[IPSTATS.InHdrErrors]++;
  return drop(skb, reason);
}

/**
 * `ip_rcv`: an IPv4 packet from a device, `skb.data` at its header. Checks in the order of `ip_rcv_core` (net/ipv4/ip_input.c): for another
 * host, length, version, header length, checksum, total length; then options and route.
 */
export function ip_rcv(ip: Ipv4, given: SkBuff, dev: NetDevice): number {
  if (given.pkt_type === PACKET_OTHERHOST) return drop(given, SKB_DROP_REASON_OTHERHOST);
  const stats = ip.mib.ip;
  stats[IPSTATS.InReceives]++;
  const skb = given.users === 1 ? given : skb_share_check(given);
  if (!pskb_may_pull(skb, IPH_LEN)) return inhdr_error(ip, skb, SKB_DROP_REASON_IP_INHDR);
  const arena = ip.net.arena;
  const ihl = iph_ihl(arena.dv, skb.data);
  if (ihl < 5 || iph_version(arena.dv, skb.data) !== 4) return inhdr_error(ip, skb, SKB_DROP_REASON_IP_INHDR);
  if (!pskb_may_pull(skb, ihl * 4)) return inhdr_error(ip, skb, SKB_DROP_REASON_IP_INHDR);
  const at = skb.data;
  skb.network_header = at;
  if (!ip_fast_csum_ok(arena.u8, arena.u32, at, ihl)) {
    stats[IPSTATS.InCsumErrors]++;
    return inhdr_error(ip, skb, SKB_DROP_REASON_IP_CSUM);
  }
  const len = iph_tot_len(arena.dv, at);
  if (skb.len < len) {
    stats[IPSTATS.InTruncatedPkts]++;
    return drop(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
  }
  if (len < ihl * 4) return inhdr_error(ip, skb, SKB_DROP_REASON_IP_INHDR);
  // The rest is padding of a short Ethernet frame.
  if (skb.len > len && pskb_trim_rcsum(skb, len) !== 0) {
    stats[IPSTATS.InDiscards]++;
    return drop(skb, SKB_DROP_REASON_NOMEM);
  }
  const trace = ip.net.sim.trace;
  if (trace.on) trace.put(TP.IP_RCV, ip.net.who, skb.journey, skb.id, 4, len);
  skb.transport_header = (at + ihl * 4) | 0;
  return ip_rcv_finish(ip, skb, dev, ihl);
}

/** `ip_rcv_finish`: options, then where to: this host, or nowhere (no forwarding). */
function ip_rcv_finish(ip: Ipv4, skb: SkBuff, dev: NetDevice, ihl: number): number {
  const dv = ip.net.arena.dv;
  const at = skb.data;
  const daddr = iph_daddr(dv, at);
  const stats = ip.mib.ip;
  if (skb.pkt_type === PACKET_LOOPBACK) {
    // Our own broadcast, looped back below the routes.
    skb.cb0 = ipv4_is_multicast(daddr) ? RTN_MULTICAST : RTN_BROADCAST;
  } else {
    const type =
      in_dev_get(dev) === null
        ? -SKB_DROP_REASON_IP_INADDRERRORS
        : ip_route_input(ip.fib, iph_saddr(dv, at), daddr, dev);
    if (type < 0) {
      if (type !== ROUTE_INPUT_NOT_OURS) return drop(skb, -type);
      stats[IPSTATS.InAddrErrors]++;
      return drop(skb, SKB_DROP_REASON_IP_INADDRERRORS);
    }
    skb.cb0 = type;
  }
  if (ihl > 5) {
    const bad = ip_options_check(dv, at + IPH_LEN, ihl * 4 - IPH_LEN);
    if (bad === IPOPT_SOURCE_ROUTE) return drop(skb, SKB_DROP_REASON_IP_INHDR);
    if (bad !== IPOPT_OK) {
      icmp_send(ip, skb, ICMP_PARAMETERPROB, 0, bad << 24);
      return inhdr_error(ip, skb, SKB_DROP_REASON_IP_INHDR);
    }
  }
  if (skb.cb0 === RTN_MULTICAST) stats[IPSTATS.InMcastPkts]++;
  else if (skb.cb0 === RTN_BROADCAST) stats[IPSTATS.InBcastPkts]++;
  return ip_local_deliver(ip, skb);
}

/** `ip_local_deliver`: fragments wait for each other, whole datagrams go to their protocol. */
function ip_local_deliver(ip: Ipv4, given: SkBuff): number {
  let skb = given;
  if (ip_is_fragment(ip.net.arena.dv, skb.data)) {
    const whole = ip_defrag(ip, skb);
    if (whole === null) return NET_RX_SUCCESS;
    skb = whole;
  }
  const dv = ip.net.arena.dv;
  const protocol = iph_protocol(dv, skb.data);
  const hlen = iph_ihl(dv, skb.data) * 4;
  const trace = ip.net.sim.trace;
  if (trace.on) trace.put(TP.IP_LOCAL, ip.net.who, skb.journey, skb.id, protocol, skb.len - hlen);
  const proto = ip.protos[protocol];
  const stats = ip.mib.ip;
  if (proto === null) {
    stats[IPSTATS.InUnknownProtos]++;
    icmp_send(ip, skb, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
    return drop(skb, SKB_DROP_REASON_IP_NOPROTO);
  }
  stats[IPSTATS.InDelivers]++;
  __skb_pull(skb, hlen);
  skb.transport_header = skb.data;
  proto.rcv(skb);
  return NET_RX_SUCCESS;
}
