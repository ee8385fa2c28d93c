import { EINVAL, ENETUNREACH, ENODEV, INADDR_LOOPBACK } from '../../uapi/index.js';
import { ipv4_is_lbcast, ipv4_is_loopback, ipv4_is_multicast, ipv4_is_zeronet } from '../core/index.js';
import { IFF_LOOPBACK, IFF_UP, type Net, type NetDevice } from './dev.js';
import { in_dev_get, inet_select_addr } from './devinet.js';
import { type Fib4, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST } from './fib4.js';

/** A question to the routes and its answer (`struct flowi4` and `struct rtable`); made once, used again. */
export class Flow4 {
  /** Asked: destination, source (0 = choose), device index (0 = any). The answer fills in what was 0. */
  daddr: number = 0;
  saddr: number = 0;
  oif: number = 0;
  /** Answer: RTN_*, the device, and the next hop (the gateway or the destination). */
  type: number = 0;
  dev: NetDevice | null = null;
  nexthop: number = 0;
}

/**
 * `ip_route_output_key`: finds device, next hop and source address for `fl`. Returns 0 or -EINVAL (bad source), -ENODEV, -ENETUNREACH.
 * Order of the rules: net/ipv4/route.c `ip_route_output_key_hash_rcu`.
 */
export function ip_route_output(net: Net, fib: Fib4, lo: NetDevice, fl: Flow4): number {
  const { daddr, saddr, oif } = fl;
  const last = fib.last;
  if (last.genid === fib.genid && last.daddr === daddr && last.saddr === saddr && last.oif === oif) {
    fl.daddr = last.to;
    fl.saddr = last.from;
    fl.type = last.type;
    fl.dev = last.dev;
    fl.nexthop = last.nexthop;
    return 0;
  }
  const err = route_output(net, fib, lo, fl);
  if (err !== 0) return err;
  last.genid = fib.genid;
  last.daddr = daddr;
  last.saddr = saddr;
  last.oif = oif;
  last.to = fl.daddr;
  last.from = fl.saddr;
  last.type = fl.type;
  last.dev = fl.dev;
  last.nexthop = fl.nexthop;
  return 0;
}

function route_output(net: Net, fib: Fib4, lo: NetDevice, fl: Flow4): number {
  if (fl.saddr !== 0) {
    const saddr = fl.saddr;
    if (ipv4_is_multicast(saddr) || ipv4_is_lbcast(saddr) || ipv4_is_zeronet(saddr)) return -EINVAL;
    if (inet_addr_type(fib, saddr) !== RTN_LOCAL) return -EINVAL;
  }
  if (fl.oif !== 0) {
    const err = oif_given(net, fl);
    if (err <= 0) return err;
  } else if (fl.saddr !== 0 && (ipv4_is_multicast(fl.daddr) || ipv4_is_lbcast(fl.daddr))) {
    // A source bound to an address says which device a group or broadcast leaves by.
    const owner = fib.local(fl.saddr);
    if (owner !== null) return answer(fl, RTN_UNICAST, owner.dev, fl.daddr);
  }
  if (fl.daddr === 0) {
    fl.daddr = fl.saddr !== 0 ? fl.saddr : INADDR_LOOPBACK;
    if (fl.saddr === 0) fl.saddr = INADDR_LOOPBACK;
    return answer(fl, RTN_LOCAL, lo, fl.daddr);
  }
  return by_table(fib, lo, fl);
}

/** The device is given: 0 when that settles the matter, 1 when the tables are to be asked, or -errno. */
function oif_given(net: Net, fl: Flow4): number {
  const dev = net.devices[fl.oif - 1] ?? null;
  if (dev === null) return -ENODEV;
  if ((dev.flags & IFF_UP) === 0 || in_dev_get(dev) === null) return -ENETUNREACH;
  if (ipv4_is_multicast(fl.daddr) || ipv4_is_lbcast(fl.daddr)) {
    if (fl.saddr === 0) fl.saddr = inet_select_addr(dev, 0);
    return answer(fl, RTN_UNICAST, dev, fl.daddr);
  }
  return 1;
}

function by_table(fib: Fib4, lo: NetDevice, fl: Flow4): number {
  const local = fib.local(fl.daddr);
  if (local !== null && (fl.oif === 0 || local.dev.ifindex === fl.oif || local.type === RTN_LOCAL)) {
    if (local.type === RTN_LOCAL) {
      if (fl.saddr === 0) fl.saddr = fl.daddr;
      return answer(fl, RTN_LOCAL, lo, fl.daddr);
    }
    if ((local.dev.flags & IFF_UP) !== 0) {
      if (fl.saddr === 0) fl.saddr = inet_select_addr(local.dev, fl.daddr);
      return answer(fl, RTN_BROADCAST, local.dev, fl.daddr);
    }
  }
  const route = fib.lookup(fl.daddr, fl.oif);
  if (route === null) return no_route(lo, fl);
  if (route.type === RTN_LOCAL) {
    if (fl.saddr === 0) fl.saddr = route.prefsrc !== 0 ? route.prefsrc : fl.daddr;
    return answer(fl, RTN_LOCAL, lo, fl.daddr);
  }
  if (fl.saddr === 0)
    fl.saddr = route.prefsrc !== 0 ? route.prefsrc : inet_select_addr(route.dev, route.gateway || fl.daddr);
  return answer(fl, RTN_UNICAST, route.dev, route.gateway !== 0 ? route.gateway : fl.daddr);
}

/** With a device given, a destination without a route is taken to be on its link. */
function no_route(lo: NetDevice, fl: Flow4): number {
  if (fl.oif === 0) return -ENETUNREACH;
  const dev = (lo.net.devices[fl.oif - 1] ?? null) as NetDevice;
  if (fl.saddr === 0) fl.saddr = inet_select_addr(dev, 0);
  return answer(fl, RTN_UNICAST, dev, fl.daddr);
}

/** The last checks of `__mkroute_output`, which turn groups and broadcasts into their own kind of route. */
function answer(fl: Flow4, type: number, dev: NetDevice, nexthop: number): number {
  if (ipv4_is_loopback(fl.saddr) && (dev.flags & IFF_LOOPBACK) === 0) return -EINVAL;
  if (ipv4_is_lbcast(fl.daddr)) fl.type = RTN_BROADCAST;
  else if (ipv4_is_multicast(fl.daddr)) fl.type = RTN_MULTICAST;
  else if (ipv4_is_zeronet(fl.daddr)) return -EINVAL;
  else fl.type = type;
  fl.dev = dev;
  fl.nexthop = nexthop;
  fl.oif = dev.ifindex;
  return 0;
}

/** `inet_addr_type`: RTN_LOCAL for this host's addresses, RTN_BROADCAST, RTN_MULTICAST, else RTN_UNICAST. */
export function inet_addr_type(fib: Fib4, addr: number): number {
  if (ipv4_is_zeronet(addr) || ipv4_is_lbcast(addr)) return RTN_BROADCAST;
  if (ipv4_is_multicast(addr)) return RTN_MULTICAST;
  const local = fib.local(addr);
  if (local !== null) return local.type;
  const route = fib.lookup(addr, 0);
  return route !== null && route.type === RTN_LOCAL ? RTN_LOCAL : RTN_UNICAST;
}
