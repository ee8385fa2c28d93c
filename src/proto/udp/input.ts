import { csum_ipv6, csum_tcpudp_v4 } from '../../bytes/index.js';
import { TP } from '../../sim/index.js';
import {
  __skb_queue_tail,
  CHECKSUM_UNNECESSARY,
  consume_skb,
  kfree_skb_reason,
  type NetDevice,
  pskb_may_pull,
  pskb_trim_rcsum,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_SOCKET_RCVBUFF,
  SKB_DROP_REASON_UDP_CSUM,
  type SkBuff,
  skb_checksum_complete,
  skb_clone,
  skb_orphan,
} from '../../skbuff/index.js';
import { IPPROTO_UDP } from '../../uapi/index.js';
import { in6_load, UDP_MIB } from '../core/index.js';
import { ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, icmp_send, iph_daddr, iph_saddr } from '../ipv4/index.js';
import { ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, IP6_DADDR, IP6_SADDR, icmpv6_send } from '../ipv6/index.js';
import { RTN_LOCAL } from '../route/index.js';
import { UDP_HLEN, udp_check, udp_dest, udp_len, udp_source } from './header.js';
import { udp_port_chain, udp4_hears, udp4_lookup, udp6_hears, udp6_lookup } from './lookup.js';
import type { UdpSockState } from './sock-state.js';
import type { Udp } from './state.js';

function drop(stats: Float64Array, skb: SkBuff, reason: number): void {
  if (reason === SKB_DROP_REASON_UDP_CSUM) stats[UDP_MIB.InCsumErrors]++;
  stats[UDP_MIB.InErrors]++;
  kfree_skb_reason(skb, reason);
}

/**
 * `udp_queue_rcv_skb`: puts a datagram into a socket's queue when what waits there is not yet above SO_RCVBUF (so that one datagram may overshoot),
 * else drops it. Its checksum is verified when it is read, as Linux does for sockets without a filter.
 */
function udp_queue_rcv(udp: Udp, sk: UdpSockState, skb: SkBuff, stats: Float64Array): void {
  const rmem = sk.rmem;
  if (rmem.rmem_alloc > rmem.rcvbuf) {
    stats[UDP_MIB.RcvbufErrors]++;
    sk.sk_drops++;
    drop(stats, skb, SKB_DROP_REASON_SOCKET_RCVBUFF);
    return;
  }
  if (skb.sk !== null) skb_orphan(skb);
  skb.sk = rmem;
  rmem.rmem_alloc += skb.truesize;
  skb.dev = null;
  __skb_queue_tail(sk.receive_queue, skb);
  const trace = udp.net.sim.trace;
  if (trace.on) trace.put(TP.SOCK_QUEUE, udp.net.who, skb.journey, skb.id, sk.receive_queue.qlen, sk.num);
  const waker = sk.waker;
  if (waker !== null) waker.sk_data_ready();
}

/** Length checks common to both families (`__udp4_lib_rcv`): false: the datagram was dropped. RFC 2675 length 0 is IPv6's. */
function udp_header_ok(udp: Udp, skb: SkBuff, stats: Float64Array, v6: boolean): boolean {
  if (!pskb_may_pull(skb, UDP_HLEN)) {
    drop(stats, skb, SKB_DROP_REASON_PKT_TOO_SMALL);
    return false;
  }
  let ulen = udp_len(udp.net.arena.dv, skb.data);
  if (v6 && ulen === 0) ulen = skb.len;
  if (ulen > skb.len || ulen < UDP_HLEN || pskb_trim_rcsum(skb, ulen) !== 0) {
    drop(stats, skb, SKB_DROP_REASON_PKT_TOO_SMALL);
    return false;
  }
  const trace = udp.net.sim.trace;
  if (trace.on) trace.put(TP.UDP_RCV, udp.net.who, skb.journey, skb.id, udp_dest(udp.net.arena.dv, skb.data), ulen);
  return true;
}

/** `udp_rcv`: a datagram over IPv4, `skb.data` at its UDP header. */
export function udp4_rcv(udp: Udp, skb: SkBuff): void {
  const stats = udp.mib.udp;
  if (!udp_header_ok(udp, skb, stats, false)) return;
  const dv = udp.net.arena.dv;
  const at = skb.data;
  const saddr = iph_saddr(dv, skb.network_header);
  const daddr = iph_daddr(dv, skb.network_header);
  const sport = udp_source(dv, at);
  const hnum = udp_dest(dv, at);
  // RFC 768: a checksum field of 0 means the sender made none.
  if (udp_check(dv, at) === 0) skb.ip_summed = CHECKSUM_UNNECESSARY;
  else skb.csum = csum_tcpudp_v4(saddr, daddr, skb.len, IPPROTO_UDP, 0);
  const dif = (skb.dev as NetDevice).ifindex;
  if (skb.cb0 !== RTN_LOCAL) {
    udp4_mcast_deliver(udp, skb, saddr, sport, daddr, hnum, dif);
    return;
  }
  const sk = udp4_lookup(udp.table, saddr, sport, daddr, hnum, dif);
  if (sk !== null) {
    udp_queue_rcv(udp, sk, skb, stats);
    return;
  }
  if (skb_checksum_complete(skb) !== 0) {
    drop(stats, skb, SKB_DROP_REASON_UDP_CSUM);
    return;
  }
  stats[UDP_MIB.NoPorts]++;
  icmp_send(udp.ip, skb, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
  kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
}

/** `__udp4_lib_mcast_deliver`: a copy for every socket that hears the address. */
function udp4_mcast_deliver(
  udp: Udp,
  skb: SkBuff,
  saddr: number,
  sport: number,
  daddr: number,
  hnum: number,
  dif: number,
): void {
  const stats = udp.mib.udp;
  let first: UdpSockState | null = null;
  for (let sk = udp_port_chain(udp.table, hnum); sk !== null; sk = sk.hash_next) {
    if (!udp4_hears(sk, saddr, sport, daddr, hnum, dif)) continue;
    if (first === null) first = sk;
    else udp_queue_rcv(udp, sk, skb_clone(skb), stats);
  }
  if (first !== null) udp_queue_rcv(udp, first, skb, stats);
  else {
    stats[UDP_MIB.IgnoredMulti]++;
    consume_skb(skb);
  }
}

/** `udpv6_rcv`: a datagram over IPv6. */
export function udp6_rcv(udp: Udp, skb: SkBuff): void {
  const stats = udp.mib.udp6;
  if (!udp_header_ok(udp, skb, stats, true)) return;
  const dv = udp.net.arena.dv;
  const at = skb.data;
  const hdr = skb.network_header;
  const { a: saddr, b: daddr } = udp;
  in6_load(dv, hdr + IP6_SADDR, saddr);
  in6_load(dv, hdr + IP6_DADDR, daddr);
  const sport = udp_source(dv, at);
  const hnum = udp_dest(dv, at);
  const unsummed = udp_check(dv, at) === 0;
  if (unsummed) skb.ip_summed = CHECKSUM_UNNECESSARY;
  else skb.csum = csum_ipv6(dv, hdr + IP6_SADDR, hdr + IP6_DADDR, skb.len, IPPROTO_UDP, 0);
  const dif = (skb.dev as NetDevice).ifindex;
  if (skb.cb0 !== RTN_LOCAL) {
    udp6_mcast_deliver(udp, skb, sport, hnum, dif, unsummed);
    return;
  }
  const sk = udp6_lookup(udp.table, saddr, sport, daddr, hnum, dif, udp.any6);
  // RFC 8200 §8.1: a datagram without checksum is dropped, unless its socket asked for such (RFC 6935).
  if (unsummed && (sk === null || !sk.no_check6_rx)) {
    drop(stats, skb, SKB_DROP_REASON_UDP_CSUM);
    return;
  }
  if (sk !== null) {
    udp_queue_rcv(udp, sk, skb, stats);
    return;
  }
  if (skb_checksum_complete(skb) !== 0) {
    drop(stats, skb, SKB_DROP_REASON_UDP_CSUM);
    return;
  }
  stats[UDP_MIB.NoPorts]++;
  icmpv6_send(udp.ip6, skb, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0);
  kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
}

/** `__udp6_lib_mcast_deliver`; uses the addresses in `udp.a`, `udp.b`. */
function udp6_mcast_deliver(udp: Udp, skb: SkBuff, sport: number, hnum: number, dif: number, unsummed: boolean): void {
  const stats = udp.mib.udp6;
  let first: UdpSockState | null = null;
  for (let sk = udp_port_chain(udp.table, hnum); sk !== null; sk = sk.hash_next) {
    if (!udp6_hears(sk, udp.a, sport, udp.b, hnum, dif) || (unsummed && !sk.no_check6_rx)) continue;
    if (first === null) first = sk;
    else udp_queue_rcv(udp, sk, skb_clone(skb), stats);
  }
  if (first !== null) udp_queue_rcv(udp, first, skb, stats);
  else {
    stats[UDP_MIB.IgnoredMulti]++;
    consume_skb(skb);
  }
}
