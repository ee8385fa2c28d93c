import { ipv4_is_zeronet } from '../core/index.js';
import { IFF_LOOPBACK, type NetDevice } from './dev.js';
import { type Fib4, Fib4Route, RTN_BROADCAST, RTN_LOCAL, RTN_UNICAST } from './fib4.js';

/** An IPv4 address of a device (`struct in_ifaddr`). Addresses are int32. */
export class InIfaddr {
  readonly local: number;
  readonly plen: number;
  readonly mask: number;
  /** Directed broadcast address of the prefix; 0 when it has none (/31, /32). */
  readonly broadcast: number;

  constructor(local: number, plen: number) {
    this.local = local;
    this.plen = plen;
    this.mask = plen === 0 ? 0 : -1 << (32 - plen);
    this.broadcast = plen < 31 ? local | ~this.mask : 0;
  }
}

/** IPv4 on one device (`struct in_device`), in `dev.ip_ptr`. */
export class InDevice {
  readonly dev: NetDevice;
  /** Its addresses in the order they were added; the first of a prefix is its primary one. */
  ifa_list: InIfaddr[] = [];

  constructor(dev: NetDevice) {
    this.dev = dev;
  }
}

/** IPv4 state of a device, or null. */
export function in_dev_get(dev: NetDevice): InDevice | null {
  return dev.ip_ptr as InDevice | null;
}

/**
 * Adds an address with the routes that come with it (`fib_add_ifaddr`): the address is local, its directed broadcast is known, its prefix is
 * connected (all local on a loopback device). Returns false when the device has the address already.
 */
export function inet_insert_ifa(fib: Fib4, in_dev: InDevice, local: number, plen: number): boolean {
  for (const ifa of in_dev.ifa_list) if (ifa.local === local && ifa.plen === plen) return false;
  const dev = in_dev.dev;
  const ifa = new InIfaddr(local, plen);
  in_dev.ifa_list.push(ifa);
  fib.addLocal(local, RTN_LOCAL, dev);
  if (ifa.broadcast !== 0) fib.addLocal(ifa.broadcast, RTN_BROADCAST, dev);
  const prefix = local & ifa.mask;
  if (plen < 32 && !ipv4_is_zeronet(prefix)) {
    const type = (dev.flags & IFF_LOOPBACK) !== 0 ? RTN_LOCAL : RTN_UNICAST;
    fib.addRoute(new Fib4Route(prefix, plen, type, 0, dev, local, 0));
  }
  return true;
}

/** Takes an address away with its routes; routes through gateways stay. Returns false when the device has not got it. */
export function inet_del_ifa(fib: Fib4, in_dev: InDevice, local: number, plen: number): boolean {
  const index = in_dev.ifa_list.findIndex((ifa) => ifa.local === local && ifa.plen === plen);
  if (index < 0) return false;
  const ifa = in_dev.ifa_list[index];
  in_dev.ifa_list.splice(index, 1);
  fib.delLocal(local);
  if (ifa.broadcast !== 0) fib.delLocal(ifa.broadcast);
  const prefix = local & ifa.mask;
  fib.routes = fib.routes.filter(
    (r) => r.dev !== in_dev.dev || r.plen !== plen || r.dst !== prefix || r.prefsrc !== local,
  );
  const heir = in_dev.ifa_list.find((other) => other.plen === plen && (other.local & other.mask) === prefix);
  const orphaned = !fib.routes.some(
    (r) => r.dev === in_dev.dev && r.plen === plen && r.dst === prefix && r.gateway === 0,
  );
  if (heir !== undefined && orphaned && plen < 32) {
    fib.addRoute(new Fib4Route(prefix, plen, RTN_UNICAST, 0, in_dev.dev, heir.local, 0));
  }
  fib.genid++;
  return true;
}

/**
 * `inet_select_addr`: the source address for sending to `dst` out of a device: one whose prefix covers `dst`, else its first; 0 when it has
 * none.
 */
export function inet_select_addr(dev: NetDevice, dst: number): number {
  const in_dev = in_dev_get(dev);
  if (in_dev === null) return 0;
  const list = in_dev.ifa_list;
  for (let i = 0; i < list.length; i++)
    if (dst === 0 || ((dst ^ list[i].local) & list[i].mask) === 0) return list[i].local;
  return list.length !== 0 ? list[0].local : 0;
}
