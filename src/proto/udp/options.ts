import { dev_get_by_index } from '../../skbuff/index.js';
import {
  AF_INET6,
  EINVAL,
  ENODEV,
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
  IP_FREEBIND,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_TTL,
  IP_PMTUDISC_OMIT,
  IP_TOS,
  IP_TTL,
  IPV6_DONTFRAG,
  IPV6_FREEBIND,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
  UDP_NO_CHECK6_RX,
  UDP_NO_CHECK6_TX,
} from '../../uapi/index.js';
import { in6_is_v4mapped } from '../core/index.js';
import { IP_MAX_MTU } from '../ipv4/index.js';
import {
  optval_int,
  optval_int_or_byte,
  put_int,
  put_int_or_byte,
  sock_getsockopt,
  sock_setsockopt,
} from '../sock/index.js';
import type { UdpSockState } from './sock-state.js';

/** setsockopt(2) on a UDP socket. Options this library does not model are refused with -ENOPROTOOPT. */
export function udp_setsockopt(sk: UdpSockState, level: number, name: number, val: Uint8Array): number {
  if (level === SOL_SOCKET) {
    const err = sock_setsockopt(sk, name, val);
    // Another device, another way (`sk_dst_reset`).
    if (err === 0 && (name === SO_BINDTODEVICE || name === SO_BINDTOIFINDEX)) sk.route.genid = 0;
    return err;
  }
  if (level === SOL_UDP) return set_udp(sk, name, val);
  if (level === SOL_IP) return set_ip(sk, name, val);
  if (level === SOL_IPV6 && sk.family === AF_INET6) return set_ipv6(sk, name, val);
  return -ENOPROTOOPT;
}

/** getsockopt(2): bytes written or -errno. An unknown level is -EOPNOTSUPP for AF_INET, -ENOPROTOOPT for AF_INET6, as in Linux. */
export function udp_getsockopt(sk: UdpSockState, level: number, name: number, out: Uint8Array): number {
  if (level === SOL_SOCKET) return sock_getsockopt(sk, name, out);
  if (level === SOL_UDP) return get_udp(sk, name, out);
  if (level === SOL_IP) return get_ip(sk, name, out);
  if (sk.family !== AF_INET6) return -EOPNOTSUPP;
  return level === SOL_IPV6 ? get_ipv6(sk, name, out) : -ENOPROTOOPT;
}

function set_udp(sk: UdpSockState, name: number, val: Uint8Array): number {
  if (val.length < 4) return -EINVAL;
  const on = optval_int(val) !== 0;
  if (name === UDP_NO_CHECK6_TX) sk.no_check6_tx = on;
  else if (name === UDP_NO_CHECK6_RX) sk.no_check6_rx = on;
  else return -ENOPROTOOPT;
  return 0;
}

function get_udp(sk: UdpSockState, name: number, out: Uint8Array): number {
  if (name === UDP_NO_CHECK6_TX) return put_int(out, Number(sk.no_check6_tx));
  if (name === UDP_NO_CHECK6_RX) return put_int(out, Number(sk.no_check6_rx));
  return -ENOPROTOOPT;
}

/** Priority by bits 1 to 4 of the type of service (`ip_tos2prio`, as measured on Linux 6.18): best effort, bulk, interactive, both. */
const TOS_PRIORITY: readonly number[] = [0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4];

/** `ip_sock_set_tos`: a new value brings its priority with it and takes the route away. */
function set_tos(sk: UdpSockState, tos: number): void {
  if (sk.tos === tos) return;
  sk.tos = tos;
  sk.priority = TOS_PRIORITY[(tos >> 1) & 15];
  sk.route.genid = 0;
}

/** `do_ip_setsockopt` */
function set_ip(sk: UdpSockState, name: number, val: Uint8Array): number {
  const v = optval_int_or_byte(val);
  switch (name) {
    case IP_TOS:
      set_tos(sk, v & 0xff);
      return 0;
    case IP_TTL:
      if (val.length < 1 || (v !== -1 && (v < 1 || v > 255))) return -EINVAL;
      sk.uc_ttl = v;
      return 0;
    case IP_MTU_DISCOVER:
      if (v < 0 || v > IP_PMTUDISC_OMIT) return -EINVAL;
      sk.pmtudisc = v;
      return 0;
    case IP_MULTICAST_TTL:
      if (val.length < 1 || v < -1 || v > 255) return -EINVAL;
      sk.mc_ttl = v === -1 ? 1 : v;
      return 0;
    case IP_FREEBIND:
      if (val.length < 1) return -EINVAL;
      sk.freebind = v !== 0;
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

function get_ip(sk: UdpSockState, name: number, out: Uint8Array): number {
  switch (name) {
    case IP_TOS:
      return put_int_or_byte(out, sk.tos);
    case IP_TTL:
      return put_int_or_byte(out, sk.uc_ttl < 0 ? sk.net.sysctl.ip_default_ttl : sk.uc_ttl);
    case IP_MTU_DISCOVER:
      return put_int_or_byte(out, sk.pmtudisc);
    case IP_MULTICAST_TTL:
      return put_int_or_byte(out, sk.mc_ttl);
    case IP_FREEBIND:
      return put_int_or_byte(out, Number(sk.freebind));
    case IP_MTU:
      return get_mtu(sk, out);
    default:
      return -ENOPROTOOPT;
  }
}

/** The MTU of the path to the peer; of one over IPv4 at most what its length field can say (`ip_mtu_locked`, IP_MAX_MTU). */
function get_mtu(sk: UdpSockState, out: Uint8Array): number {
  const dev = sk.route.genid !== 0 ? dev_get_by_index(sk.net, sk.route.ifindex) : null;
  if (dev === null) return -ENOTCONN;
  const over4 = sk.family !== AF_INET6 || in6_is_v4mapped(sk.daddr6);
  return put_int(out, over4 ? Math.min(dev.mtu, IP_MAX_MTU) : dev.mtu);
}

/** Options of SOL_IPV6 whose value must be an int. */
const IPV6_OPTIONS: readonly number[] = [
  ...[IPV6_V6ONLY, IPV6_UNICAST_HOPS, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF],
  ...[IPV6_MTU_DISCOVER, IPV6_TCLASS, IPV6_FREEBIND],
];

/** `do_ipv6_setsockopt` */
function set_ipv6(sk: UdpSockState, name: number, val: Uint8Array): number {
  // Known by its name alone: whatever is shorter than an int counts as 0, and an unknown name goes before a bad length.
  if (name === IPV6_DONTFRAG) {
    sk.dontfrag = val.length >= 4 && optval_int(val) !== 0;
    return 0;
  }
  if (!IPV6_OPTIONS.includes(name)) return -ENOPROTOOPT;
  if (val.length < 4) return -EINVAL;
  const v = optval_int(val);
  switch (name) {
    case IPV6_V6ONLY:
      if (sk.num !== 0) return -EINVAL;
      sk.v6only = v !== 0;
      return 0;
    case IPV6_UNICAST_HOPS:
      if (v < -1 || v > 255) return -EINVAL;
      sk.hop_limit = v;
      return 0;
    case IPV6_MULTICAST_HOPS:
      if (v < -1 || v > 255) return -EINVAL;
      sk.mcast_hops = v === -1 ? 1 : v;
      return 0;
    case IPV6_MULTICAST_IF:
      if (v !== 0 && dev_get_by_index(sk.net, v) === null) return -ENODEV;
      if (v !== 0 && sk.bound_dev_if !== 0 && sk.bound_dev_if !== v) return -EINVAL;
      sk.mcast_oif = v;
      return 0;
    case IPV6_MTU_DISCOVER:
      if (v < 0 || v > IP_PMTUDISC_OMIT) return -EINVAL;
      sk.pmtudisc6 = v;
      return 0;
    case IPV6_TCLASS:
      if (v < -1 || v > 255) return -EINVAL;
      sk.tclass = v === -1 ? 0 : v;
      return 0;
    default:
      sk.freebind = v !== 0;
      return 0;
  }
}

function get_ipv6(sk: UdpSockState, name: number, out: Uint8Array): number {
  switch (name) {
    case IPV6_V6ONLY:
      return put_int(out, Number(sk.v6only));
    case IPV6_UNICAST_HOPS:
      return put_int(out, sk.hop_limit < 0 ? sk.net.sysctl.ipv6_hop_limit : sk.hop_limit);
    case IPV6_MULTICAST_HOPS:
      return put_int(out, sk.mcast_hops);
    case IPV6_MULTICAST_IF:
      return put_int(out, sk.mcast_oif);
    case IPV6_MTU_DISCOVER:
      return put_int(out, sk.pmtudisc6);
    case IPV6_TCLASS:
      return put_int(out, sk.tclass);
    case IPV6_DONTFRAG:
      return put_int(out, Number(sk.dontfrag));
    case IPV6_FREEBIND:
      return put_int(out, Number(sk.freebind));
    case IPV6_MTU:
      return get_mtu(sk, out);
    default:
      return -ENOPROTOOPT;
  }
}
