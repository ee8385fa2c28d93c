import { hash32 } from '../../bytes/index.js';
import { IFF_UP, type NetDevice } from './dev.js';

/** Kinds of routes and addresses (`rtm_type` of linux/rtnetlink.h). */
export const RTN_UNSPEC = 0;
export const RTN_UNICAST = 1;
export const RTN_LOCAL = 2;
export const RTN_BROADCAST = 3;
export const RTN_MULTICAST = 5;

/** A route: destinations whose first `plen` bits equal those of `dst` go out of `dev`, to `gateway` if it is not 0. Addresses are int32. */
export class Fib4Route {
  readonly dst: number;
  readonly mask: number;
  readonly plen: number;
  /** RTN_UNICAST, or RTN_LOCAL for a prefix of which every address is this host (127/8). */
  readonly type: number;
  readonly gateway: number;
  readonly dev: NetDevice;
  /** Source address for packets that have none; 0: chosen from the device. */
  readonly prefsrc: number;
  readonly metric: number;

  constructor(
    dst: number,
    plen: number,
    type: number,
    gateway: number,
    dev: NetDevice,
    prefsrc: number,
    metric: number,
  ) {
    this.mask = plen === 0 ? 0 : -1 << (32 - plen);
    this.dst = dst & this.mask;
    this.plen = plen;
    this.type = type;
    this.gateway = gateway;
    this.dev = dev;
    this.prefsrc = prefsrc;
    this.metric = metric;
  }
}

/** An address of this host, or a broadcast address it listens to, with the number of prefixes that made it so. */
export class Local4 {
  readonly addr: number;
  type: number;
  dev: NetDevice;
  refs: number;

  constructor(addr: number, type: number, dev: NetDevice) {
    this.addr = addr;
    this.type = type;
    this.dev = dev;
    this.refs = 1;
  }
}

/** The question asked last and its answer, good while `genid` is that of the tables: packets go the way of the one before mostly. */
export class LastRoute4 {
  genid: number = 0;
  daddr: number = 0;
  saddr: number = 0;
  oif: number = 0;
  to: number = 0;
  from: number = 0;
  type: number = 0;
  dev: NetDevice | null = null;
  nexthop: number = 0;
}

/** The routes of one host. Local and broadcast addresses are found by open addressing, the rest by longest prefix, lowest metric first. */
export class Fib4 {
  /** Sorted: longer prefixes first, then lower metrics, then older ones. */
  routes: Fib4Route[] = [];
  /** Open addressing, a power of two of slots. */
  slots: (Local4 | null)[] = new Array<Local4 | null>(16).fill(null);
  used: number = 0;
  /** Changes whenever an answer may change; sockets compare it to keep a route. */
  genid: number = 1;
  readonly last: LastRoute4 = new LastRoute4();
  /** The same of what came in, from `from` to `to` on `dev`. */
  readonly last_input: LastRoute4 = new LastRoute4();

  /** The local or broadcast entry of an address, or null. */
  local(addr: number): Local4 | null {
    const mask = this.slots.length - 1;
    for (let i = hash32(addr) & mask; ; i = (i + 1) & mask) {
      const entry = this.slots[i];
      if (entry === null || entry.addr === addr) return entry;
    }
  }

  /** Adds a local (RTN_LOCAL) or broadcast address; local wins when it is both. */
  addLocal(addr: number, type: number, dev: NetDevice): void {
    this.genid++;
    const have = this.local(addr);
    if (have !== null) {
      have.refs++;
      if (type === RTN_LOCAL && have.type !== RTN_LOCAL) {
        have.type = type;
        have.dev = dev;
      }
      return;
    }
    if (2 * (this.used + 1) > this.slots.length) this.rehash(this.slots.length * 2, null);
    this.insert(new Local4(addr, type, dev));
  }

  /** Takes one reference of an address away. */
  delLocal(addr: number): void {
    const have = this.local(addr);
    if (have === null) return;
    this.genid++;
    if (--have.refs === 0) this.rehash(this.slots.length, have);
  }

  private insert(entry: Local4): void {
    const mask = this.slots.length - 1;
    let i = hash32(entry.addr) & mask;
    while (this.slots[i] !== null) i = (i + 1) & mask;
    this.slots[i] = entry;
    this.used++;
  }

  private rehash(size: number, without: Local4 | null): void {
    const old = this.slots;
    this.slots = new Array<Local4 | null>(size).fill(null);
    this.used = 0;
    for (const entry of old) if (entry !== null && entry !== without) this.insert(entry);
  }

  /** Adds a route, behind those of the same length and metric. */
  addRoute(route: Fib4Route): void {
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

  /** Removes the routes for which the arguments agree; a null device agrees with all. Returns how many. */
  delRoute(dst: number, plen: number, gateway: number, dev: NetDevice | null): number {
    const before = this.routes.length;
    this.routes = this.routes.filter(
      (r) => r.dst !== dst || r.plen !== plen || r.gateway !== gateway || (dev !== null && r.dev !== dev),
    );
    if (before !== this.routes.length) this.genid++;
    return before - this.routes.length;
  }

  /** The best route to `addr` (out of the device with index `oif` unless that is 0) over devices that are up, or null. */
  lookup(addr: number, oif: number): Fib4Route | null {
    const list = this.routes;
    for (let i = 0; i < list.length; i++) {
      const r = list[i];
      if ((addr & r.mask) !== r.dst) continue;
      if ((r.dev.flags & IFF_UP) === 0 || (oif !== 0 && r.dev.ifindex !== oif)) continue;
      return r;
    }
    return null;
  }
}
