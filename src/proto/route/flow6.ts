import { EINVAL, ENETUNREACH, ENODEV } from '../../uapi/index.js';
import {
  type In6,
  in6_copy,
  in6_is_any,
  in6_is_linkscope,
  in6_is_loopback,
  in6_is_multicast,
  in6_new,
  in6_set,
} from '../core/index.js';
import { ipv6_dev_get_saddr } from './addrconf.js';
import { IFF_LOOPBACK, IFF_UP, type Net, type NetDevice } from './dev.js';
import { RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST } from './fib4.js';
import type { Fib6 } from './fib6.js';

/** A question to the IPv6 routes and its answer; made once, used again. */
export class Flow6 {
  /** Asked: destination, source (`::` = choose), device index (0 = any). */
  readonly daddr: In6 = in6_new();
  readonly saddr: In6 = in6_new();
  oif: number = 0;
  /** Answer: RTN_*, device, next hop. */
  type: number = 0;
  dev: NetDevice | null = null;
  readonly nexthop: In6 = in6_new();
}

/**
 * `ip6_route_output` with the choice of a source (`ip6_dst_lookup_tail`): 0 or -ENODEV, -ENETUNREACH, -EINVAL (a source that is not ours).
 * The destination `::` means `::1`.
 */
export function ip6_route_output(net: Net, fib: Fib6, lo: NetDevice, fl: Flow6): number {
  if (in6_is_any(fl.daddr)) in6_set(fl.daddr, 0, 0, 0, 1);
  const dev = fl.oif === 0 ? null : (net.devices[fl.oif - 1] ?? null);
  if (fl.oif !== 0 && dev === null) return -ENODEV;
  const err = in6_is_multicast(fl.daddr) ? multicast(net, fib, fl, dev) : unicast(fib, lo, fl);
  if (err !== 0) return err;
  const out = fl.dev as NetDevice;
  if (in6_is_loopback(fl.saddr) && out !== lo) return -EINVAL;
  if (!in6_is_any(fl.saddr)) return 0;
  if (fl.type === RTN_LOCAL) {
    in6_copy(fl.saddr, fl.daddr);
    return 0;
  }
  const saddr = ipv6_dev_get_saddr(net, out, fl.daddr);
  if (saddr !== null) in6_copy(fl.saddr, saddr);
  return saddr === null ? -ENETUNREACH : 0;
}

function unicast(fib: Fib6, lo: NetDevice, fl: Flow6): number {
  in6_copy(fl.nexthop, fl.daddr);
  if (in6_is_loopback(fl.daddr) || fib.isLocal(fl.daddr, fl.oif)) {
    fl.type = RTN_LOCAL;
    fl.dev = lo;
    return 0;
  }
  const route = fib.lookup(fl.daddr, fl.oif);
  if (route === null) return -ENETUNREACH;
  // A link-local destination without a device: it may be one of ours on the device the route gives.
  if (fl.oif === 0 && in6_is_linkscope(fl.daddr) && fib.isLocal(fl.daddr, route.dev.ifindex)) {
    fl.type = RTN_LOCAL;
    fl.dev = lo;
    return 0;
  }
  fl.type = RTN_UNICAST;
  fl.dev = route.dev;
  if (route.gateway !== null) in6_copy(fl.nexthop, route.gateway);
  return 0;
}

/** ff00::/8 is on every device; without one given, the first that is up and can do multicast. */
function multicast(net: Net, fib: Fib6, fl: Flow6, given: NetDevice | null): number {
  let dev = given;
  if (dev === null) {
    const route = fib.lookup(fl.daddr, 0);
    dev = route === null ? null : route.dev;
    for (const d of net.devices)
      if (dev === null && d !== null && (d.flags & (IFF_UP | IFF_LOOPBACK)) === IFF_UP && d.ip6_ptr !== null) dev = d;
  }
  if (dev === null || (dev.flags & IFF_UP) === 0) return -ENETUNREACH;
  fl.type = RTN_MULTICAST;
  fl.dev = dev;
  in6_copy(fl.nexthop, fl.daddr);
  return 0;
}
