import { csum_finish, csum_tcpudp_v4 } from '../../bytes/index.js';
import {
  CHECKSUM_PARTIAL,
  dev_get_by_index,
  NETIF_F_HW_CSUM,
  NETIF_F_IP_CSUM,
  type NetDevice,
  type SkBuff,
  skb_checksum,
} from '../../skbuff/index.js';
import {
  AF_INET,
  AF_UNSPEC,
  EACCES,
  EAFNOSUPPORT,
  EAGAIN,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  EOPNOTSUPP,
  EPIPE,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  IP_PMTUDISC_WANT,
  IPPROTO_UDP,
  MSG_MORE,
  MSG_OOB,
  sockaddrFamily,
  sockaddrIp,
  sockaddrPort,
} from '../../uapi/index.js';
import { IPSTATS, ipv4_is_multicast, UDP_MIB } from '../core/index.js';
import {
  fill_from_user,
  IP_DF,
  IP_MAX_MTU,
  IPH_LEN,
  type Ip4Tx,
  ip_alloc_chain,
  ip_local_out,
  ip_select_ident,
} from '../ipv4/index.js';
import { ip_route_output, RTN_BROADCAST, RTN_MULTICAST } from '../route/index.js';
import { type Msghdr, SEND_SHUTDOWN } from '../sock/index.js';
import { UDP_CHECK, UDP_DEST, UDP_HLEN, UDP_LEN } from './header.js';
import type { UdpSockState } from './sock-state.js';
import type { Udp } from './state.js';

/** Checks of `sendmsg` that come before the destination (`udp_sendmsg`): 0 or -errno. MSG_MORE needs corking, which is not there. */
export function flags_ok(msg: Msghdr): number {
  if (msg.len > 0xffff) return -EMSGSIZE;
  return (msg.flags & (MSG_OOB | MSG_MORE)) !== 0 ? -EOPNOTSUPP : 0;
}

/** sendmsg(2) on an AF_INET socket: bytes sent or -errno, checks in the order of net/ipv4/udp.c `udp_sendmsg`. */
export function udp_sendmsg(udp: Udp, sk: UdpSockState, msg: Msghdr): number {
  const bad = flags_ok(msg);
  if (bad !== 0) return bad;
  if (msg.namelen === 0) return sk.connected ? udp4_send_connected(udp, sk, msg) : -EDESTADDRREQ;
  if (msg.namelen < 16) return -EINVAL;
  const family = sockaddrFamily(msg.name);
  if (family !== AF_INET && family !== AF_UNSPEC) return -EAFNOSUPPORT;
  const dport = sockaddrPort(msg.name);
  return dport === 0 ? -EINVAL : udp4_send_to(udp, sk, msg, sockaddrIp(msg.name), dport);
}

/** Sends to the connected peer; the route is looked up again only when the tables changed. */
export function udp4_send_connected(udp: Udp, sk: UdpSockState, msg: Msghdr): number {
  const bad = flags_ok(msg);
  if (bad !== 0) return bad;
  const { ip } = udp;
  const cached = sk.route;
  const dev = cached.genid === ip.fib.genid ? dev_get_by_index(udp.net, cached.ifindex) : null;
  if (dev === null) return udp4_send_to(udp, sk, msg, sk.daddr4, sk.dport);
  const { tx } = ip;
  if (cached.type === RTN_BROADCAST && !sk.broadcast) return -EACCES;
  tx.saddr = cached.saddr4;
  tx.daddr = sk.daddr4;
  tx.type = cached.type;
  tx.nexthop = cached.nexthop4;
  tx.dev = dev;
  return udp4_transmit(udp, sk, msg, tx, sk.dport);
}

/** Sends to an address: route, source, permission to broadcast. */
export function udp4_send_to(udp: Udp, sk: UdpSockState, msg: Msghdr, daddr: number, dport: number): number {
  const bad = flags_ok(msg);
  if (bad !== 0) return bad;
  const { ip } = udp;
  const { fl, tx } = ip;
  fl.daddr = daddr;
  fl.saddr = sk.saddr4;
  fl.oif = sk.bound_dev_if !== 0 ? sk.bound_dev_if : ipv4_is_multicast(daddr) ? sk.mcast_oif : 0;
  const err = ip_route_output(udp.net, ip.fib, ip.lo, fl);
  if (err !== 0) {
    if (err === -ENETUNREACH) udp.mib.ip[IPSTATS.OutNoRoutes]++;
    return err;
  }
  if (fl.type === RTN_BROADCAST && !sk.broadcast) return -EACCES;
  tx.saddr = fl.saddr;
  tx.daddr = fl.daddr;
  tx.type = fl.type;
  tx.nexthop = fl.nexthop;
  tx.dev = fl.dev;
  if (msg.namelen === 0 && sk.family === AF_INET) keep_route(udp, sk);
  return udp4_transmit(udp, sk, msg, tx, dport);
}

/** `sk_dst_set`: a connected socket keeps the route just found in `ip.fl`. */
export function keep_route(udp: Udp, sk: UdpSockState): void {
  const { fl, fib } = udp.ip;
  const cached = sk.route;
  cached.genid = fib.genid;
  cached.type = fl.type;
  cached.ifindex = (fl.dev as NetDevice).ifindex;
  cached.nexthop4 = fl.nexthop;
  cached.saddr4 = fl.saddr;
}

/** Room in the send buffer, as `sock_alloc_send_skb` asks: 0, the pending error, -EPIPE or -EAGAIN. */
export function send_room(sk: UdpSockState): number {
  const err = sk.sk_err !== 0 ? sk.sock_error() : 0;
  if (err !== 0) return err;
  if ((sk.sk_shutdown & SEND_SHUTDOWN) !== 0) return -EPIPE;
  if (sk.wmem.wmem_alloc < sk.wmem.sndbuf) return 0;
  sk.wmem.nospace = true;
  return -EAGAIN;
}

/** `ip_make_skb` and `udp_send_skb`: the route is in `tx`. */
function udp4_transmit(udp: Udp, sk: UdpSockState, msg: Msghdr, tx: Ip4Tx, dport: number): number {
  const { ip, net } = udp;
  const stats = udp.mib.udp;
  const dev = tx.dev as NetDevice;
  const length = UDP_HLEN + msg.len;
  const disc = sk.pmtudisc;
  const ignore_df = disc < IP_PMTUDISC_DO || disc === IP_PMTUDISC_OMIT;
  const mtu = Math.min(dev.mtu, IP_MAX_MTU);
  if (length + IPH_LEN > (ignore_df ? IP_MAX_MTU : mtu)) return -EMSGSIZE;
  const no_room = send_room(sk);
  if (no_room !== 0) return no_room;
  const skb = ip_alloc_chain(net, IPH_LEN, length, mtu - IPH_LEN, (mtu - IPH_LEN) & ~7, sk.wmem);
  if (skb === null) {
    stats[UDP_MIB.SndbufErrors]++;
    return -ENOBUFS;
  }
  fill_from_user(skb, UDP_HLEN, msg.buf, msg.off, msg.len);
  skb.priority = sk.priority;
  skb.mark = sk.mark;
  const fits = skb.frag_list === null;
  tx.protocol = IPPROTO_UDP;
  tx.tos = sk.tos;
  if (tx.type === RTN_MULTICAST) tx.ttl = sk.mc_ttl;
  else tx.ttl = sk.uc_ttl >= 0 ? sk.uc_ttl : net.sysctl.ip_default_ttl;
  tx.df = disc === IP_PMTUDISC_DO || disc === IP_PMTUDISC_PROBE || (disc === IP_PMTUDISC_WANT && fits) ? IP_DF : 0;
  if (sk.daddr4 !== 0) tx.id = sk.inet_id++ & 0xffff;
  else tx.id = tx.df !== 0 && !ignore_df ? 0 : ip_select_ident(ip, tx.saddr, tx.daddr, IPPROTO_UDP);
  udp4_header(udp, sk, skb, tx, dport);
  const err = ip_local_out(ip, skb, tx);
  if (err === -ENOBUFS) {
    // The device's queue was full: not the program's fault unless it asked to be told.
    stats[UDP_MIB.SndbufErrors]++;
    return msg.len;
  }
  if (err !== 0) return err;
  stats[UDP_MIB.OutDatagrams]++;
  return msg.len;
}

/** The UDP header, its checksum left to the device when that can do it. */
function udp4_header(udp: Udp, sk: UdpSockState, skb: SkBuff, tx: Ip4Tx, dport: number): void {
  const dv = udp.net.arena.dv;
  const at = skb.data;
  dv.setUint16(at, sk.num);
  dv.setUint16(at + UDP_DEST, dport);
  dv.setUint16(at + UDP_LEN, skb.len);
  dv.setUint16(at + UDP_CHECK, 0);
  if (sk.no_check_tx) return;
  const pseudo = csum_tcpudp_v4(tx.saddr, tx.daddr, skb.len, IPPROTO_UDP, 0);
  const hardware = ((tx.dev as NetDevice).features & (NETIF_F_HW_CSUM | NETIF_F_IP_CSUM)) !== 0;
  udp_finish_csum(dv, skb, pseudo, hardware && skb.frag_list === null);
}

/** Stores the checksum, or the pseudo-header sum for a device that completes it (CHECKSUM_PARTIAL). A sum of 0 is sent as 0xffff (RFC 768). */
export function udp_finish_csum(dv: DataView, skb: SkBuff, pseudo: number, hardware: boolean): void {
  const at = skb.data;
  if (hardware) {
    skb.ip_summed = CHECKSUM_PARTIAL;
    skb.csum_start = at;
    skb.csum_offset = UDP_CHECK;
    dv.setUint16(at + UDP_CHECK, pseudo);
    return;
  }
  const sum = csum_finish(skb_checksum(skb, 0, skb.len, pseudo));
  dv.setUint16(at + UDP_CHECK, sum === 0 ? 0xffff : sum);
}
