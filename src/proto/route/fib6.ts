import { type In6, in6_copy, in6_is_linklocal, in6_new, in6_prefix_eq } from '../core/index.js';
import { IFF_UP, type NetDevice } from './dev.js';
import { Table6 } from './table6.js';

/** A route: destinations whose first `plen` bits equal those of `dst` go out of `dev`, to `gateway` if there is one. */
export class Fib6Route {
  readonly dst: In6;
  readonly plen: number;
  readonly gateway: In6 | null;
  readonly dev: NetDevice;
  readonly metric: number;

  constructor(dst: In6, plen: number, gateway: In6 | null, dev: NetDevice, metric: number) {
    this.dst = in6_new();
    in6_copy(this.dst, dst);
    for (let i = 0; i < 4; i++) {
      const bits = Math.min(32, Math.max(0, plen - 32 * i));
      this.dst[i] &= bits === 0 ? 0 : -1 << (32 - bits);
    }
    this.plen = plen;
    this.gateway = gateway;
    this.dev = dev;
    this.metric = metric;
  }
}

/** The IPv6 routes of one host: local addresses by hash, the rest by longest prefix, then lowest metric. */
export class Fib6 {
  routes: Fib6Route[] = [];
  /** Own addresses: link-local ones with their device index, others with 0. */
  readonly local: Table6 = new Table6();
  /** Groups joined, with their device index. */
  readonly groups: Table6 = new Table6();
  /** Changes whenever an answer may change. */
  genid: number = 1;

  /** Whether `addr` is this host's, for a packet that came in by (or would leave by) device index `ifindex`. */
  isLocal(addr: In6, ifindex: number): boolean {
    if (in6_is_linklocal(addr)) return this.local.find(addr, ifindex) !== null;
    return this.local.find(addr, 0) !== null;
  }

  addLocal(addr: In6, ifindex: number): void {
    this.genid++;
    this.local.add(addr, in6_is_linklocal(addr) ? ifindex : 0);
  }

  delLocal(addr: In6, ifindex: number): void {
    this.genid++;
    this.local.del(addr, in6_is_linklocal(addr) ? ifindex : 0);
  }

  addRoute(route: Fib6Route): void {
    this.genid++;
    const list = this.routes;
    let i = 0;
    while (
      i < list.length &&
      (list[i].plen > route.plen || (list[i].plen === route.plen && list[i].metric <= route.metric))
    )
      i++;
    list.splice(i, 0, route);
  }

  /** Removes the connected (gateway null) or gateway routes of a prefix; a null device agrees with all. Returns how many. */
  delRoute(dst: In6, plen: number, gateway: boolean, dev: NetDevice | null): number {
    const before = this.routes.length;
    this.routes = this.routes.filter(
      (r) =>
        r.plen !== plen ||
        !in6_prefix_eq(r.dst, dst, plen) ||
        (r.gateway !== null) !== gateway ||
        (dev !== null && r.dev !== dev),
    );
    if (before !== this.routes.length) this.genid++;
    return before - this.routes.length;
  }

  /** The best route to `addr` (out of `oif` unless that is 0) over devices that are up, or null. */
  lookup(addr: In6, oif: number): Fib6Route | null {
    const list = this.routes;
    for (let i = 0; i < list.length; i++) {
      const r = list[i];
      if (!in6_prefix_eq(addr, r.dst, r.plen)) continue;
      if ((r.dev.flags & IFF_UP) === 0 || (oif !== 0 && r.dev.ifindex !== oif)) continue;
      return r;
    }
    return null;
  }
}
