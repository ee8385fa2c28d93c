import {
  dev_get_by_index,
  NETIF_F_HW_CSUM,
  NETIF_F_IPV6_CSUM,
  type NetDevice,
  type SkBuff,
} from '../../skbuff/index.js';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  EAFNOSUPPORT,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  ENODEV,
  EOPNOTSUPP,
  INADDR_LOOPBACK,
  IPPROTO_UDP,
  IPV6_PMTUDISC_DO,
  IPV6_PMTUDISC_OMIT,
  MSG_MORE,
  SIN6_ADDR_OFFSET,
  SIN6_LEN_RFC2133,
  SOCKADDR_IN6_LEN,
  sockaddrFamily,
  sockaddrPort,
} from '../../uapi/index.js';
import {
  type In6,
  IPSTATS,
  in6_copy,
  in6_from_bytes,
  in6_is_any,
  in6_is_linkscope,
  in6_is_multicast,
  in6_is_v4mapped,
  in6_pseudo_sum,
  in6_set,
  UDP_MIB,
} from '../core/index.js';
import { fill_from_user, ip_alloc_chain } from '../ipv4/index.js';
import { FRAG_HLEN, IP6_HLEN, IPV6_MAXPLEN, type Ip6Tx, ip6_local_out, ip6_make_flowlabel } from '../ipv6/index.js';
import { ip6_route_output, RTN_MULTICAST } from '../route/index.js';
import type { Msghdr } from '../sock/index.js';
import { UDP_CHECK, UDP_DEST, UDP_HLEN, UDP_LEN } from './header.js';
import { flags_ok, send_room, udp_finish_csum, udp_sendmsg, udp4_send_to } from './send4.js';
import type { UdpSockState } from './sock-state.js';
import type { Udp } from './state.js';

/** `sin6_scope_id` of a name of `len` bytes; 0 when it is not there. */
export function sin6_scope_id(name: Uint8Array, len: number): number {
  return len >= SOCKADDR_IN6_LEN ? name[24] | (name[25] << 8) | (name[26] << 16) | (name[27] << 24) : 0;
}

/** sendmsg(2) on an AF_INET6 socket (net/ipv6/udp.c `udpv6_sendmsg`); mapped and AF_INET destinations go out as IPv4. */
export function udpv6_sendmsg(udp: Udp, sk: UdpSockState, msg: Msghdr): number {
  if ((msg.flags & MSG_MORE) !== 0) return -EOPNOTSUPP;
  if (msg.namelen === 1) return -EINVAL;
  if (!named(msg)) return send_connected(udp, sk, msg);
  const family = sockaddrFamily(msg.name);
  if (family === AF_INET) return sk.v6only ? -ENETUNREACH : udp_sendmsg(udp, sk, msg);
  if (family !== AF_INET6 || msg.namelen < SIN6_LEN_RFC2133) return -EINVAL;
  const dport = sockaddrPort(msg.name);
  const daddr = in6_from_bytes(msg.name, SIN6_ADDR_OFFSET, udp.a);
  // "::" means this host; on a socket bound to a mapped address, 127.0.0.1.
  if (in6_is_any(daddr))
    in6_set(daddr, 0, 0, in6_is_v4mapped(sk.saddr6) ? 0xffff : 0, in6_is_v4mapped(sk.saddr6) ? INADDR_LOOPBACK : 1);
  if (in6_is_v4mapped(daddr)) {
    return send_mapped(udp, sk, msg, daddr[3], dport);
  }
  if (dport === 0) return -EINVAL;
  const scope = in6_is_linkscope(daddr) ? sin6_scope_id(msg.name, msg.namelen) : 0;
  return udp6_send_to(udp, sk, msg, daddr, dport, scope);
}

/** Whether the caller gave a destination; only without one is the route kept, as in Linux. */
function named(msg: Msghdr): boolean {
  return msg.namelen !== 0 && sockaddrFamily(msg.name) !== AF_UNSPEC;
}

/** To a mapped address: by IPv4, as to a `sockaddr_in` with that address. */
function send_mapped(udp: Udp, sk: UdpSockState, msg: Msghdr, daddr: number, dport: number): number {
  if (sk.v6only) return -ENETUNREACH;
  const bad = flags_ok(msg);
  if (bad !== 0) return bad;
  return dport === 0 ? -EINVAL : udp4_send_to(udp, sk, msg, daddr, dport);
}

function send_connected(udp: Udp, sk: UdpSockState, msg: Msghdr): number {
  if (!sk.connected) return -EDESTADDRREQ;
  const mapped = in6_is_v4mapped(sk.daddr6);
  if (mapped && msg.namelen === 0) return send_mapped(udp, sk, msg, sk.daddr4, sk.dport);
  const { ip6 } = udp;
  const cached = sk.route;
  const dev = cached.genid === ip6.fib.genid ? dev_get_by_index(udp.net, cached.ifindex) : null;
  // With a name of family AF_UNSPEC a mapped peer is looked for among the routes of IPv6.
  if (dev === null || mapped) {
    in6_copy(udp.a, sk.daddr6);
    return udp6_send_to(udp, sk, msg, udp.a, sk.dport, 0);
  }
  const { tx } = ip6;
  in6_copy(tx.saddr, cached.saddr6);
  in6_copy(tx.daddr, sk.daddr6);
  in6_copy(tx.nexthop, cached.nexthop6);
  tx.type = cached.type;
  tx.dev = dev;
  return udp6_transmit(udp, sk, msg, tx, sk.dport);
}

function udp6_send_to(udp: Udp, sk: UdpSockState, msg: Msghdr, daddr: In6, dport: number, scope: number): number {
  const err = udp6_route(udp, sk, daddr, scope);
  if (err !== 0) {
    if (err === -ENETUNREACH) udp.mib.ip6[IPSTATS.OutNoRoutes]++;
    return err;
  }
  const { fl, tx } = udp.ip6;
  in6_copy(tx.saddr, fl.saddr);
  in6_copy(tx.daddr, fl.daddr);
  in6_copy(tx.nexthop, fl.nexthop);
  tx.type = fl.type;
  tx.dev = fl.dev;
  if (!named(msg)) keep_route6(udp, sk);
  return udp6_transmit(udp, sk, msg, tx, dport);
}

/** Finds the route of a socket to `daddr` into `ip6.fl`. A socket bound to another device than the scope names is refused with -EINVAL. */
export function udp6_route(udp: Udp, sk: UdpSockState, daddr: In6, scope: number): number {
  const { fl } = udp.ip6;
  if (sk.bound_dev_if !== 0 && scope !== 0 && sk.bound_dev_if !== scope) return -EINVAL;
  in6_copy(fl.daddr, daddr);
  in6_copy(fl.saddr, sk.saddr6);
  fl.oif = sk.bound_dev_if !== 0 ? sk.bound_dev_if : scope;
  if (fl.oif === 0 && in6_is_multicast(daddr)) fl.oif = sk.mcast_oif;
  const err = ip6_route_output(udp.net, udp.ip6.fib, udp.ip6.lo, fl);
  // A device that is not there has no routes.
  if (err !== 0) return err === -ENODEV ? -ENETUNREACH : err;
  // `ip6_dst_lookup_tail`: a source of IPv4 reaches no native address.
  return in6_is_v4mapped(fl.saddr) && !in6_is_v4mapped(fl.daddr) ? -EAFNOSUPPORT : 0;
}

/** A connected socket keeps the route just found in `ip6.fl`. */
export function keep_route6(udp: Udp, sk: UdpSockState): void {
  const { fl, fib } = udp.ip6;
  const cached = sk.route;
  cached.genid = fib.genid;
  cached.type = fl.type;
  cached.ifindex = (fl.dev as NetDevice).ifindex;
  in6_copy(cached.nexthop6, fl.nexthop);
  in6_copy(cached.saddr6, fl.saddr);
}

/** `ip6_make_skb` and `udp_v6_send_skb`: the route is in `tx`. */
function udp6_transmit(udp: Udp, sk: UdpSockState, msg: Msghdr, tx: Ip6Tx, dport: number): number {
  const { ip6, net } = udp;
  const stats = udp.mib.udp6;
  const { mtu } = tx.dev as NetDevice;
  const length = UDP_HLEN + msg.len;
  const room = mtu - IP6_HLEN;
  const disc = sk.pmtudisc6;
  const ignore_df = disc < IPV6_PMTUDISC_DO || disc === IPV6_PMTUDISC_OMIT;
  if (length > IPV6_MAXPLEN || (length > room && (sk.dontfrag || !ignore_df))) return -EMSGSIZE;
  const no_room = send_room(sk);
  if (no_room !== 0) return no_room;
  const split = length > room;
  const hlen = split ? IP6_HLEN + FRAG_HLEN : IP6_HLEN;
  const skb = ip_alloc_chain(net, hlen, length, room, (room - FRAG_HLEN) & ~7, sk.wmem);
  if (skb === null) {
    stats[UDP_MIB.SndbufErrors]++;
    return -ENOBUFS;
  }
  fill_from_user(skb, UDP_HLEN, msg.buf, msg.off, msg.len);
  skb.priority = sk.priority;
  skb.mark = sk.mark;
  tx.nexthdr = IPPROTO_UDP;
  tx.tclass = sk.tclass;
  tx.flowlabel = ip6_make_flowlabel(ip6, tx.saddr, tx.daddr, IPPROTO_UDP, (sk.num << 16) | dport);
  if (tx.type === RTN_MULTICAST) tx.hop_limit = sk.mcast_hops;
  else tx.hop_limit = sk.hop_limit >= 0 ? sk.hop_limit : net.sysctl.ipv6_hop_limit;
  udp6_header(udp, sk, skb, tx, dport);
  const err = ip6_local_out(ip6, skb, tx);
  if (err === -ENOBUFS) {
    stats[UDP_MIB.SndbufErrors]++;
    return msg.len;
  }
  if (err !== 0) return err;
  stats[UDP_MIB.OutDatagrams]++;
  return msg.len;
}

function udp6_header(udp: Udp, sk: UdpSockState, skb: SkBuff, tx: Ip6Tx, dport: number): void {
  const dv = udp.net.arena.dv;
  const at = skb.data;
  dv.setUint16(at, sk.num);
  dv.setUint16(at + UDP_DEST, dport);
  dv.setUint16(at + UDP_LEN, skb.len);
  dv.setUint16(at + UDP_CHECK, 0);
  if (sk.no_check6_tx) return;
  const pseudo = in6_pseudo_sum(tx.saddr, tx.daddr, skb.len, IPPROTO_UDP, 0);
  const hardware = ((tx.dev as NetDevice).features & (NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM)) !== 0;
  udp_finish_csum(dv, skb, pseudo, hardware && skb.frag_list === null);
}
