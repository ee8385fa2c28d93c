import {
  dev_add_pack,
  dev_mc_add,
  dev_mc_del,
  NETDEV_CHANGE,
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  NETDEV_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  type Net,
  type NetDevice,
  type NetdevNotifier,
  register_netdevice_notifier,
} from '../skbuff/index.js';
import {
  AF_INET,
  AF_INET6,
  EAFNOSUPPORT,
  EINVAL,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
  ETH_P_ARP,
  ETH_P_IP,
  ETH_P_IPV6,
  formatIp,
  formatIpv6,
  IFF_LOOPBACK,
  INADDR_ALLHOSTS_GROUP,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IP,
  IPPROTO_MAX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  ipFromBytes,
  parseAddress,
  parseCidr,
  parseMac,
  SOCK_DGRAM,
  SOCK_PACKET,
  SOCK_RAW,
  SOCK_STREAM,
} from '../uapi/index.js';
import { Arp } from './arp/index.js';
import { in6_from_bytes, in6_new, in6_to_bytes, Mib, type MibGroup, snmp } from './core/index.js';
import { ip_eth_mc_map } from './ethernet/index.js';
import { checkIfaddr6, IfaddrError } from './inet-addr.js';
import { describeNeighbours, describeRoutes, type NeighbourInfo, type RouteInfo } from './inet-info.js';
import { addRoute, type RouteSpec } from './inet-route.js';
import { Icmp, Ip4FragExpire, Ipv4, Ipv4Handler } from './ipv4/index.js';
import { Icmpv6, Ip6FragExpire, Ipv6, Ipv6Handler, Ndisc } from './ipv6/index.js';
import { loopback_init, TimerBacklog } from './loopback/index.js';
import {
  NEIGH_UPDATE_F_ADMIN,
  NEIGH_UPDATE_F_OVERRIDE,
  type Neighbour,
  NUD_PERMANENT,
  neigh_ifdown,
  neigh_update,
} from './neigh/index.js';
import {
  addrconf_linklocal,
  Fib4,
  Fib6,
  InDevice,
  Inet6Dev,
  in_dev_get,
  in6_all_nodes,
  in6_dev_get,
  inet_del_ifa,
  inet_insert_ifa,
  ipv6_add_addr,
  ipv6_del_addr,
  ipv6_dev_mc_dec,
  ipv6_dev_mc_inc,
} from './route/index.js';
import type { Sock } from './sock/index.js';
import { Udp, Udp4Protocol, Udp6Protocol, UdpSock } from './udp/index.js';

/** The protocols of one host, and the helpers that configure addresses, routes and neighbours. */
export class Inet implements NetdevNotifier {
  readonly net: Net;
  readonly mib: Mib = new Mib();
  /** The loopback device `lo`, index 1. */
  readonly lo: NetDevice;
  readonly routes4: Fib4 = new Fib4();
  readonly routes6: Fib6 = new Fib6();
  readonly arp: Arp;
  readonly ipv4: Ipv4;
  readonly ipv6: Ipv6;
  readonly ndisc: Ndisc;
  readonly udp: Udp;

  constructor(net: Net) {
    this.net = net;
    if (net.backlog === null) net.backlog = new TimerBacklog(net);
    this.lo = loopback_init(net);
    this.arp = new Arp(net, this.routes4);
    this.ipv4 = new Ipv4(net, this.mib, this.routes4, this.arp, this.lo);
    this.ipv6 = new Ipv6(net, this.mib, this.routes6, this.lo);
    this.ndisc = new Ndisc(this.ipv6);
    this.udp = new Udp(net, this.mib, this.ipv4, this.ipv6);
    const handler4 = new Ipv4Handler(this.ipv4);
    this.arp.failure = handler4;
    this.ipv4.frags.owner = new Ip4FragExpire(this.ipv4);
    this.ipv6.frags.owner = new Ip6FragExpire(this.ipv6);
    this.ipv4.protos[IPPROTO_ICMP] = new Icmp(this.ipv4);
    this.ipv4.protos[IPPROTO_UDP] = new Udp4Protocol(this.udp);
    this.ipv6.protos[IPPROTO_ICMPV6] = new Icmpv6(this.ipv6, this.ndisc);
    this.ipv6.protos[IPPROTO_UDP] = new Udp6Protocol(this.udp);
    dev_add_pack(net, { type: ETH_P_IP, dev: null, func: handler4 });
    dev_add_pack(net, { type: ETH_P_ARP, dev: null, func: this.arp });
    dev_add_pack(net, { type: ETH_P_IPV6, dev: null, func: new Ipv6Handler(this.ipv6) });
    register_netdevice_notifier(net, this);
  }

  /** Keeps the addresses of devices in step with their state (`inetdev_event`, `addrconf_notify`). */
  netdev_event(event: number, dev: NetDevice): void {
    this.routes4.genid++;
    this.routes6.genid++;
    if (event === NETDEV_REGISTER) this.attach(dev);
    else if (event === NETDEV_UP) this.up(dev);
    else if (event === NETDEV_DOWN || event === NETDEV_CHANGEADDR || (event === NETDEV_CHANGE && !dev.carrier))
      this.forget(dev);
    else if (event === NETDEV_UNREGISTER) this.detach(dev);
    else if (event === NETDEV_CHANGEMTU) return;
  }

  private attach(dev: NetDevice): void {
    if (dev.ip_ptr === null) dev.ip_ptr = new InDevice(dev);
    if (dev.ip6_ptr === null) dev.ip6_ptr = new Inet6Dev(dev);
  }

  /** The first time a device comes up it joins the all-hosts and all-nodes groups and gets its link-local address (`lo`: its own addresses). */
  private up(dev: NetDevice): void {
    this.attach(dev);
    const in_dev = in_dev_get(dev) as InDevice;
    const idev = in6_dev_get(dev) as Inet6Dev;
    if ((dev.flags & IFF_LOOPBACK) !== 0) {
      inet_insert_ifa(this.routes4, in_dev, 0x7f000001, 8);
      ipv6_add_addr(this.routes6, idev, in6_new(0, 0, 0, 1), 128);
      return;
    }
    if (this.routes6.groups.find(in6_all_nodes(), dev.ifindex) !== null) return;
    dev_mc_add(dev, ip_eth_mc_map(INADDR_ALLHOSTS_GROUP, new Uint8Array(6)));
    ipv6_dev_mc_inc(this.routes6, dev, in6_all_nodes());
    ipv6_add_addr(this.routes6, idev, addrconf_linklocal(dev), 64);
  }

  private forget(dev: NetDevice): void {
    neigh_ifdown(this.arp.tbl, dev);
    neigh_ifdown(this.ipv6.tbl, dev);
  }

  private detach(dev: NetDevice): void {
    const in_dev = in_dev_get(dev);
    const idev = in6_dev_get(dev);
    if (in_dev !== null)
      for (const ifa of [...in_dev.ifa_list]) inet_del_ifa(this.routes4, in_dev, ifa.local, ifa.plen);
    if (idev !== null) for (const ifa of [...idev.addr_list]) ipv6_del_addr(this.routes6, idev, ifa.addr, ifa.plen);
    if (this.routes6.groups.find(in6_all_nodes(), dev.ifindex) !== null) {
      ipv6_dev_mc_dec(this.routes6, dev, in6_all_nodes());
      dev_mc_del(dev, ip_eth_mc_map(INADDR_ALLHOSTS_GROUP, new Uint8Array(6)));
    }
    this.routes4.routes = this.routes4.routes.filter((r) => r.dev !== dev);
    this.routes6.routes = this.routes6.routes.filter((r) => r.dev !== dev);
    dev.ip_ptr = null;
    dev.ip6_ptr = null;
  }

  /**
   * Gives a registered device an address, `'10.0.0.1/24'` or `'fd01::1/64'`, usable at once, with its connected route (`ip address add`).
   * Returns false for 0.0.0.0, which is taken and adds nothing, as in Linux.
   * @throws AddressError when the text is no address with prefix; IfaddrError when the device cannot have it, or has it already
   */
  addAddress(dev: NetDevice, cidr: string): boolean {
    const { family, bytes, prefix } = parseCidr(cidr);
    this.attach(dev);
    let added: boolean;
    if (family === AF_INET) {
      const local = ipFromBytes(bytes);
      if (local === 0) return false;
      added = inet_insert_ifa(this.routes4, in_dev_get(dev) as InDevice, local, prefix);
    } else {
      const addr = in6_from_bytes(bytes, 0, in6_new());
      checkIfaddr6(dev, addr, cidr);
      added = ipv6_add_addr(this.routes6, in6_dev_get(dev) as Inet6Dev, addr, prefix);
    }
    if (!added) throw new IfaddrError('EEXIST', `${dev.name} has ${cidr} already`);
    return true;
  }

  /** Takes an address away with its connected route. Returns false when the device has not got it. @throws AddressError */
  delAddress(dev: NetDevice, cidr: string): boolean {
    const { family, bytes, prefix } = parseCidr(cidr);
    const in_dev = in_dev_get(dev);
    const idev = in6_dev_get(dev);
    if (family === AF_INET) return in_dev !== null && inet_del_ifa(this.routes4, in_dev, ipFromBytes(bytes), prefix);
    return idev !== null && ipv6_del_addr(this.routes6, idev, in6_from_bytes(bytes, 0, in6_new()), prefix);
  }

  /** The addresses of a device with their prefixes, IPv4 first, in the order they were added. */
  addresses(dev: NetDevice): string[] {
    const out: string[] = [];
    for (const ifa of in_dev_get(dev)?.ifa_list ?? []) out.push(`${formatIp(ifa.local)}/${ifa.plen}`);
    const bytes = new Uint8Array(16);
    for (const ifa of in6_dev_get(dev)?.addr_list ?? []) {
      in6_to_bytes(ifa.addr, bytes, 0);
      out.push(`${formatIpv6(bytes)}/${ifa.plen}`);
    }
    return out;
  }

  /** Adds a route (`ip route add`). @throws AddressError, or RouteError when the gateway is not on a connected network */
  addRoute(route: RouteSpec): void {
    addRoute(this, route);
  }

  /** Adds a neighbour that never expires (`ip neighbour add ... nud permanent`). @throws AddressError */
  addNeighbour(dev: NetDevice, address: string, mac: string): void {
    const { family, bytes } = parseAddress(address);
    const ha = parseMac(mac);
    const tbl = family === AF_INET ? this.arp.tbl : this.ipv6.tbl;
    const n =
      family === AF_INET
        ? tbl.get4(ipFromBytes(bytes), dev, true)
        : tbl.get6(in6_from_bytes(bytes, 0, in6_new()), dev, true);
    neigh_update(tbl, n as Neighbour, ha, 0, NUD_PERMANENT, NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN);
  }

  /** The neighbours known, as `ip neighbour` lists them. */
  neighbours(): NeighbourInfo[] {
    return describeNeighbours(this);
  }

  /** The routes, as `ip route` lists them, both families. */
  routes(): RouteInfo[] {
    return describeRoutes(this);
  }

  /** The counters by group and name, as in `/proc/net/snmp` and `snmp6`. */
  snmp(): { readonly [group: string]: MibGroup } {
    return snmp(this.mib);
  }
}

/** Builds the protocol stack of `net`: makes `lo` (so call it before other devices register), registers the packet types. */
export function inet_init(net: Net): Inet {
  return new Inet(net);
}

/**
 * socket(2) for AF_INET and AF_INET6 (`inet_create`): a socket, or -EAFNOSUPPORT, -EINVAL, -ESOCKTNOSUPPORT (the type is unknown, or one this
 * library has not got yet: SOCK_STREAM, SOCK_RAW), -EPROTONOSUPPORT (the protocol does not fit the type).
 */
export function inet_create(inet: Inet, family: number, type: number, protocol: number): Sock | number {
  if (family !== AF_INET && family !== AF_INET6) return -EAFNOSUPPORT;
  if (type < 0 || type > SOCK_PACKET || protocol < 0 || protocol >= IPPROTO_MAX) return -EINVAL;
  if (type === SOCK_DGRAM) {
    if (protocol !== IPPROTO_IP && protocol !== IPPROTO_UDP) return -EPROTONOSUPPORT;
    return new UdpSock(inet.udp, family);
  }
  if (type === SOCK_STREAM && protocol !== IPPROTO_IP && protocol !== IPPROTO_TCP) return -EPROTONOSUPPORT;
  if (type === SOCK_RAW && protocol === IPPROTO_IP) return -EPROTONOSUPPORT;
  return -ESOCKTNOSUPPORT;
}
