import { dev_get_by_index } from '../../skbuff/index.js';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EINVAL,
  ENODEV,
  SIN6_ADDR_OFFSET,
  SIN6_LEN_RFC2133,
  SOCKADDR_IN_LEN,
  sockaddrFamily,
  sockaddrIp,
  sockaddrPort,
} from '../../uapi/index.js';
import {
  type In6,
  in6_copy,
  in6_from_bytes,
  in6_is_any,
  in6_is_linklocal,
  in6_is_multicast,
  in6_is_v4mapped,
  in6_new,
  in6_set,
} from '../core/index.js';
import { inet_addr_type, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST } from '../route/index.js';
import { sin6_scope_id } from './send6.js';
import { SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK, type UdpSockState } from './sock-state.js';
import type { Udp } from './state.js';
import { udp_get_port } from './table.js';

/** `inet_autobind`: a port of the ephemeral range before the first use. 0 or -EAGAIN. */
export function inet_autobind(udp: Udp, sk: UdpSockState): number {
  return sk.num === 0 && udp_get_port(udp.table, sk, 0) !== 0 ? -EAGAIN : 0;
}

/** Whether a socket may be bound to an IPv4 address; the type is RTN_*. */
function bindable4(udp: Udp, sk: UdpSockState, addr: number, type: number): boolean {
  if (addr === 0 || type === RTN_LOCAL || type === RTN_MULTICAST || type === RTN_BROADCAST) return true;
  return type === RTN_UNICAST && (sk.freebind || udp.net.sysctl.ip_nonlocal_bind !== 0);
}

/** bind(2) on an AF_INET socket (net/ipv4/af_inet.c `inet_bind_sk`, `__inet_bind`). */
export function inet_bind(udp: Udp, sk: UdpSockState, name: Uint8Array, len: number): number {
  if (len < SOCKADDR_IN_LEN) return -EINVAL;
  const family = sockaddrFamily(name);
  const addr = sockaddrIp(name);
  // Old programs leave the family 0 with INADDR_ANY.
  if (family !== AF_INET && (family !== AF_UNSPEC || addr !== 0)) return -EAFNOSUPPORT;
  const type = addr === 0 ? RTN_LOCAL : inet_addr_type(udp.ip.fib, addr);
  if (!bindable4(udp, sk, addr, type)) return -EADDRNOTAVAIL;
  if (sk.connected || sk.num !== 0) return -EINVAL;
  sk.rcv_saddr4 = addr;
  sk.saddr4 = type === RTN_MULTICAST || type === RTN_BROADCAST ? 0 : addr;
  return take_port(udp, sk, sockaddrPort(name), addr !== 0);
}

function take_port(udp: Udp, sk: UdpSockState, snum: number, addr_given: boolean): number {
  if (udp_get_port(udp.table, sk, snum) !== 0) {
    sk.rcv_saddr4 = sk.saddr4 = 0;
    in6_set(sk.rcv_saddr6, 0, 0, 0, 0);
    in6_set(sk.saddr6, 0, 0, 0, 0);
    return -EADDRINUSE;
  }
  if (addr_given) sk.userlocks |= SOCK_BINDADDR_LOCK;
  if (snum !== 0) sk.userlocks |= SOCK_BINDPORT_LOCK;
  return 0;
}

/** bind(2) on an AF_INET6 socket (net/ipv6/af_inet6.c `__inet6_bind`). */
export function inet6_bind(udp: Udp, sk: UdpSockState, name: Uint8Array, len: number): number {
  if (len < SIN6_LEN_RFC2133) return -EINVAL;
  if (sockaddrFamily(name) !== AF_INET6) return -EAFNOSUPPORT;
  if (sk.connected || sk.num !== 0) return -EINVAL;
  const addr = in6_from_bytes(name, SIN6_ADDR_OFFSET, in6_new());
  const err = in6_is_v4mapped(addr)
    ? check_mapped(udp, sk, addr[3])
    : check_native(udp, sk, addr, sin6_scope_id(name, len));
  if (err !== 0) return err;
  const mapped = in6_is_v4mapped(addr);
  sk.rcv_saddr4 = sk.saddr4 = mapped ? addr[3] : 0;
  in6_copy(sk.rcv_saddr6, addr);
  if (!in6_is_multicast(addr)) in6_copy(sk.saddr6, addr);
  const was_v6only = sk.v6only;
  // A native address receives nothing over IPv4.
  if (!in6_is_any(addr) && !mapped) sk.v6only = true;
  const rc = take_port(udp, sk, sockaddrPort(name), !in6_is_any(addr));
  if (rc !== 0) sk.v6only = was_v6only;
  return rc;
}

function check_mapped(udp: Udp, sk: UdpSockState, addr: number): number {
  if (sk.v6only) return -EINVAL;
  if (sk.bound_dev_if !== 0 && dev_get_by_index(udp.net, sk.bound_dev_if) === null) return -ENODEV;
  const type = addr === 0 ? RTN_LOCAL : inet_addr_type(udp.ip.fib, addr);
  return bindable4(udp, sk, addr, type) ? 0 : -EADDRNOTAVAIL;
}

function check_native(udp: Udp, sk: UdpSockState, addr: In6, scope: number): number {
  if (in6_is_any(addr)) return 0;
  if (in6_is_linklocal(addr)) {
    if (scope !== 0) sk.bound_dev_if = scope;
    if (sk.bound_dev_if === 0) return -EINVAL;
  }
  if (sk.bound_dev_if !== 0 && dev_get_by_index(udp.net, sk.bound_dev_if) === null) return -ENODEV;
  if (in6_is_multicast(addr) || sk.freebind || udp.ip6.fib.isLocal(addr, sk.bound_dev_if)) return 0;
  return -EADDRNOTAVAIL;
}
