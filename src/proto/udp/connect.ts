import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  EACCES,
  EAFNOSUPPORT,
  EINVAL,
  ENETUNREACH,
  INADDR_LOOPBACK,
  SIN6_ADDR_OFFSET,
  SIN6_LEN_RFC2133,
  SOCKADDR_IN_LEN,
  sockaddrFamily,
  sockaddrIp,
  sockaddrPort,
} from '../../uapi/index.js';
import {
  IPSTATS,
  in6_copy,
  in6_from_bytes,
  in6_is_any,
  in6_is_linklocal,
  in6_is_linkscope,
  in6_is_multicast,
  in6_is_v4mapped,
  in6_new,
  in6_set,
  ipv4_is_multicast,
} from '../core/index.js';
import { ip_route_output, RTN_BROADCAST } from '../route/index.js';
import { inet_autobind } from './bind.js';
import { keep_route } from './send4.js';
import { keep_route6, sin6_scope_id, udp6_route } from './send6.js';
import { SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK, type UdpSockState } from './sock-state.js';
import type { Udp } from './state.js';
import { udp_rehash, udp_unhash } from './table.js';

/** What a socket with a native peer has as its IPv4 address, 127.0.0.6: so it is in the way of no IPv4 socket (`LOOPBACK4_IPV6`). */
const LOOPBACK4_IPV6 = 0x7f000006;

/** connect(2) (`inet_dgram_connect`): AF_UNSPEC dissolves the association, anything else makes one. */
export function udp_connect(udp: Udp, sk: UdpSockState, name: Uint8Array, len: number): number {
  if (len < 2) return -EINVAL;
  const family = sockaddrFamily(name);
  if (family === AF_UNSPEC) return udp_disconnect(udp, sk);
  const err = inet_autobind(udp, sk);
  if (err !== 0) return err;
  return sk.family === AF_INET6 ? connect6(udp, sk, name, len) : connect4(udp, sk, name, len);
}

/** `__udp_disconnect`: what bind chose stays, what connect chose goes. */
function udp_disconnect(udp: Udp, sk: UdpSockState): number {
  sk.connected = false;
  sk.dport = 0;
  sk.daddr4 = 0;
  in6_set(sk.daddr6, 0, 0, 0, 0);
  sk.route.genid = 0;
  if ((sk.userlocks & SOCK_BINDADDR_LOCK) === 0) {
    sk.rcv_saddr4 = sk.saddr4 = 0;
    in6_set(sk.rcv_saddr6, 0, 0, 0, 0);
    in6_set(sk.saddr6, 0, 0, 0, 0);
    if ((sk.userlocks & SOCK_BINDPORT_LOCK) !== 0) udp_rehash(udp.table, sk);
  }
  if ((sk.userlocks & SOCK_BINDPORT_LOCK) === 0) udp_unhash(udp.table, sk);
  return 0;
}

function connect4(udp: Udp, sk: UdpSockState, name: Uint8Array, len: number): number {
  if (len < SOCKADDR_IN_LEN) return -EINVAL;
  if (sockaddrFamily(name) !== AF_INET) return -EAFNOSUPPORT;
  return ip4_datagram_connect(udp, sk, sockaddrIp(name), sockaddrPort(name));
}

/** `__ip4_datagram_connect`: the route must exist and gives the source address. */
function ip4_datagram_connect(udp: Udp, sk: UdpSockState, daddr: number, dport: number): number {
  const { ip } = udp;
  const { fl } = ip;
  sk.route.genid = 0;
  fl.daddr = daddr;
  fl.saddr = sk.saddr4;
  fl.oif = sk.bound_dev_if !== 0 ? sk.bound_dev_if : ipv4_is_multicast(daddr) ? sk.mcast_oif : 0;
  const err = ip_route_output(udp.net, ip.fib, ip.lo, fl);
  if (err !== 0) {
    if (err === -ENETUNREACH) udp.mib.ip[IPSTATS.OutNoRoutes]++;
    return err;
  }
  if (fl.type === RTN_BROADCAST && !sk.broadcast) return -EACCES;
  if (sk.saddr4 === 0) sk.saddr4 = fl.saddr;
  sk.daddr4 = fl.daddr;
  sk.dport = dport;
  sk.connected = true;
  sk.inet_id = udp.table.rng.next();
  if (sk.family === AF_INET6) {
    in6_set(sk.daddr6, 0, 0, 0xffff, fl.daddr);
    if (in6_is_any(sk.saddr6)) in6_set(sk.saddr6, 0, 0, 0xffff, sk.saddr4);
    if (in6_is_any(sk.rcv_saddr6)) in6_set(sk.rcv_saddr6, 0, 0, 0xffff, sk.saddr4);
    else if (sk.rcv_saddr6[3] === 0 && in6_is_v4mapped(sk.rcv_saddr6)) sk.rcv_saddr6[3] = sk.saddr4;
  }
  if (sk.rcv_saddr4 === 0) sk.rcv_saddr4 = fl.saddr;
  udp_rehash(udp.table, sk);
  keep_route(udp, sk);
  return 0;
}

/** `__ip6_datagram_connect`. A link-local destination needs a device; it is then bound to it. */
function connect6(udp: Udp, sk: UdpSockState, name: Uint8Array, len: number): number {
  if (sockaddrFamily(name) === AF_INET) return sk.v6only ? -EAFNOSUPPORT : connect4(udp, sk, name, len);
  if (len < SIN6_LEN_RFC2133) return -EINVAL;
  if (sockaddrFamily(name) !== AF_INET6) return -EAFNOSUPPORT;
  const daddr = in6_from_bytes(name, SIN6_ADDR_OFFSET, in6_new());
  const dport = sockaddrPort(name);
  if (in6_is_any(daddr)) {
    const mapped = in6_is_v4mapped(sk.rcv_saddr6);
    in6_set(daddr, 0, 0, mapped ? 0xffff : 0, mapped ? INADDR_LOOPBACK : 1);
  }
  if (in6_is_v4mapped(daddr)) return sk.v6only ? -ENETUNREACH : ip4_datagram_connect(udp, sk, daddr[3], dport);
  if (in6_is_linkscope(daddr)) {
    const scope = sin6_scope_id(name, len);
    if (scope !== 0 && sk.bound_dev_if !== 0 && sk.bound_dev_if !== scope) return -EINVAL;
    if (scope !== 0) sk.bound_dev_if = scope;
    if (sk.bound_dev_if === 0 && in6_is_multicast(daddr)) sk.bound_dev_if = sk.mcast_oif;
    if (sk.bound_dev_if === 0 && in6_is_linklocal(daddr)) return -EINVAL;
  }
  const err = udp6_route(udp, sk, daddr, 0);
  if (err !== 0) {
    if (err === -ENETUNREACH) udp.mib.ip6[IPSTATS.OutNoRoutes]++;
    return err;
  }
  const { fl } = udp.ip6;
  in6_copy(sk.daddr6, fl.daddr);
  sk.daddr4 = 0;
  sk.dport = dport;
  sk.connected = true;
  if (in6_is_any(sk.saddr6)) in6_copy(sk.saddr6, fl.saddr);
  if (in6_is_any(sk.rcv_saddr6)) {
    in6_copy(sk.rcv_saddr6, fl.saddr);
    sk.rcv_saddr4 = LOOPBACK4_IPV6;
  }
  udp_rehash(udp.table, sk);
  keep_route6(udp, sk);
  return 0;
}
