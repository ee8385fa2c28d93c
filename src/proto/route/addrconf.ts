import { dev_mc_add, dev_mc_del } from '../../skbuff/index.js';
import {
  type In6,
  in6_common_prefix,
  in6_copy,
  in6_eq,
  in6_is_linklocal,
  in6_is_linkscope,
  in6_is_loopback,
  in6_new,
  in6_scope,
  in6_solict_mult,
} from '../core/index.js';
import { addrconf_ifid_eui48, ipv6_eth_mc_map } from '../ethernet/index.js';
import { IFF_LOOPBACK, IFF_UP, type Net, type NetDevice } from './dev.js';
import { type Fib6, Fib6Route } from './fib6.js';

/** An IPv6 address of a device (`struct inet6_ifaddr`). */
export class Inet6Ifaddr {
  readonly addr: In6;
  readonly plen: number;

  constructor(addr: In6, plen: number) {
    this.addr = in6_new();
    in6_copy(this.addr, addr);
    this.plen = plen;
  }
}

/** IPv6 on one device (`struct inet6_dev`), in `dev.ip6_ptr`. */
export class Inet6Dev {
  readonly dev: NetDevice;
  addr_list: Inet6Ifaddr[] = [];

  constructor(dev: NetDevice) {
    this.dev = dev;
  }
}

/** IPv6 state of a device, or null. */
export function in6_dev_get(dev: NetDevice): Inet6Dev | null {
  return dev.ip6_ptr as Inet6Dev | null;
}

/** ff02::1 */
export function in6_all_nodes(): In6 {
  return in6_new(0xff020000 | 0, 0, 0, 1);
}

/** `ipv6_dev_mc_inc`: joins a group on a device; the device's filter learns its Ethernet address with the first user. */
export function ipv6_dev_mc_inc(fib: Fib6, dev: NetDevice, group: In6): void {
  if (fib.groups.add(group, dev.ifindex) !== 1 || (dev.flags & IFF_LOOPBACK) !== 0) return;
  dev_mc_add(dev, ipv6_eth_mc_map(group, new Uint8Array(6)));
}

/** `ipv6_dev_mc_dec`: leaves a group again. */
export function ipv6_dev_mc_dec(fib: Fib6, dev: NetDevice, group: In6): void {
  if (fib.groups.del(group, dev.ifindex) !== 0 || (dev.flags & IFF_LOOPBACK) !== 0) return;
  dev_mc_del(dev, ipv6_eth_mc_map(group, new Uint8Array(6)));
}

/**
 * Adds an address, its connected route and its solicited-node group (RFC 4861 §7.2.1). It is usable at once: duplicate address detection is
 * not done. Returns false when the device has it already.
 */
export function ipv6_add_addr(fib: Fib6, idev: Inet6Dev, addr: In6, plen: number): boolean {
  for (const ifa of idev.addr_list) if (in6_eq(ifa.addr, addr)) return false;
  const dev = idev.dev;
  idev.addr_list.push(new Inet6Ifaddr(addr, plen));
  fib.addLocal(addr, dev.ifindex);
  ipv6_dev_mc_inc(fib, dev, in6_solict_mult(addr, in6_new()));
  if (plen < 128) fib.addRoute(new Fib6Route(addr, plen, null, dev, 256));
  return true;
}

/** Takes an address away; its prefix stays connected while another address has it. Returns false when the device has not got it. */
export function ipv6_del_addr(fib: Fib6, idev: Inet6Dev, addr: In6, plen: number): boolean {
  const index = idev.addr_list.findIndex((ifa) => ifa.plen === plen && in6_eq(ifa.addr, addr));
  if (index < 0) return false;
  idev.addr_list.splice(index, 1);
  fib.delLocal(addr, idev.dev.ifindex);
  ipv6_dev_mc_dec(fib, idev.dev, in6_solict_mult(addr, in6_new()));
  if (plen === 128) return true;
  // One route per address was added; take one and leave those of its neighbours in the prefix.
  const left = idev.addr_list.filter((ifa) => ifa.plen === plen && in6_common_prefix(ifa.addr, addr) >= plen).length;
  fib.delRoute(addr, plen, false, idev.dev);
  for (let i = 0; i < left; i++) fib.addRoute(new Fib6Route(addr, plen, null, idev.dev, 256));
  return true;
}

/** The link-local address of a device: fe80::/64 and the EUI-64 of its Ethernet address (RFC 4291 §2.5.6, RFC 2464 §5). */
export function addrconf_linklocal(dev: NetDevice): In6 {
  const addr = in6_new(0xfe800000 | 0, 0, 0, 0);
  addrconf_ifid_eui48(dev.dev_addr, addr);
  return addr;
}

/** The link-local address of a device that has one, or null (`ipv6_get_lladdr`). */
export function ipv6_get_lladdr(dev: NetDevice): In6 | null {
  const idev = in6_dev_get(dev);
  if (idev === null) return null;
  for (const ifa of idev.addr_list) if (in6_is_linklocal(ifa.addr)) return ifa.addr;
  return null;
}

/**
 * `ipv6_dev_get_saddr`: the source address for `daddr` out of `dev`, by the rules of RFC 6724 §5 that can differ here: same address, scope,
 * outgoing device, longest matching prefix; the first added wins a tie. Null when there is none.
 */
export function ipv6_dev_get_saddr(net: Net, dev: NetDevice, daddr: In6): In6 | null {
  const state = new SaddrChoice(daddr, dev);
  if (in6_is_linkscope(daddr)) {
    state.offer(dev);
    return state.best;
  }
  state.offer(dev);
  for (const other of net.devices) {
    if (other !== null && other !== dev && (other.flags & IFF_UP) !== 0) state.offer(other);
  }
  return state.best;
}

class SaddrChoice {
  best: In6 | null = null;
  private readonly daddr: In6;
  private readonly dev: NetDevice;
  private bestScope: number = 0;
  private bestHere: boolean = false;
  private bestMatch: number = 0;

  constructor(daddr: In6, dev: NetDevice) {
    this.daddr = daddr;
    this.dev = dev;
  }

  offer(from: NetDevice): void {
    const idev = in6_dev_get(from);
    if (idev === null) return;
    for (const ifa of idev.addr_list) {
      if (this.best === null || this.better(ifa.addr, from === this.dev)) this.take(ifa.addr, from === this.dev);
    }
  }

  private take(addr: In6, here: boolean): void {
    this.best = addr;
    this.bestScope = in6_scope(addr);
    this.bestHere = here;
    this.bestMatch = in6_common_prefix(addr, this.daddr);
  }

  private better(addr: In6, here: boolean): boolean {
    if (in6_eq(this.best as In6, this.daddr)) return false;
    if (in6_eq(addr, this.daddr)) return true;
    const scope = in6_scope(addr);
    const want = in6_scope(this.daddr);
    if (scope !== this.bestScope) return scope < this.bestScope ? scope >= want : this.bestScope < want;
    if (here !== this.bestHere) return here;
    return !in6_is_loopback(addr) && in6_common_prefix(addr, this.daddr) > this.bestMatch;
  }
}
