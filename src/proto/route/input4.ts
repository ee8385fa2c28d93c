import { SKB_DROP_REASON_IP_INADDRERRORS } from '../../skbuff/index.js';
import { INADDR_ALLHOSTS_GROUP } from '../../uapi/index.js';
import { ipv4_is_lbcast, ipv4_is_loopback, ipv4_is_multicast, ipv4_is_zeronet } from '../core/index.js';
import { IFF_LOOPBACK, type NetDevice } from './dev.js';
import { type Fib4, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST } from './fib4.js';

/** The destination is a host elsewhere; this host does not forward. */
export const ROUTE_INPUT_NOT_OURS = -1;

/**
 * Where a received packet goes (`ip_route_input_slow` and, for groups, `ip_route_input_rcu`): RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST, or a
 * negative number: `ROUTE_INPUT_NOT_OURS`, else minus the drop reason for addresses that may not come from a wire (RFC 1122 §3.2.1.3).
 */
export function ip_route_input(fib: Fib4, saddr: number, daddr: number, dev: NetDevice): number {
  const last = fib.last_input;
  if (last.genid === fib.genid && last.from === saddr && last.to === daddr && last.dev === dev) return last.type;
  last.type = route_input(fib, saddr, daddr, dev);
  last.genid = fib.genid;
  last.from = saddr;
  last.to = daddr;
  last.dev = dev;
  return last.type;
}

function route_input(fib: Fib4, saddr: number, daddr: number, dev: NetDevice): number {
  const looped = (dev.flags & IFF_LOOPBACK) !== 0;
  if (ipv4_is_multicast(daddr)) return multicast_input(saddr, daddr, looped);
  if (ipv4_is_multicast(saddr) || ipv4_is_lbcast(saddr)) return -SKB_DROP_REASON_IP_INADDRERRORS;
  if (ipv4_is_lbcast(daddr) || (saddr === 0 && daddr === 0)) return broadcast_input(fib, saddr, looped);
  if (ipv4_is_zeronet(saddr) || ipv4_is_zeronet(daddr)) return -SKB_DROP_REASON_IP_INADDRERRORS;
  if (!looped && (ipv4_is_loopback(daddr) || ipv4_is_loopback(saddr))) return -SKB_DROP_REASON_IP_INADDRERRORS;
  const local = fib.local(daddr);
  if (local !== null && local.type === RTN_BROADCAST) return broadcast_input(fib, saddr, looped);
  if (local === null) {
    const route = fib.lookup(daddr, 0);
    if (route === null || route.type !== RTN_LOCAL) return ROUTE_INPUT_NOT_OURS;
  }
  return source_ok(fib, saddr, looped) ? RTN_LOCAL : -SKB_DROP_REASON_IP_INADDRERRORS;
}

/** A packet from a wire may not claim one of our own addresses as its source (`fib_validate_source`). */
function source_ok(fib: Fib4, saddr: number, looped: boolean): boolean {
  if (looped) return true;
  const owner = fib.local(saddr);
  return owner === null;
}

function broadcast_input(fib: Fib4, saddr: number, looped: boolean): number {
  return saddr === 0 || source_ok(fib, saddr, looped) ? RTN_BROADCAST : -SKB_DROP_REASON_IP_INADDRERRORS;
}

/** The all-hosts group is joined on every device; sockets cannot join others yet. */
function multicast_input(saddr: number, daddr: number, looped: boolean): number {
  const bad = ipv4_is_multicast(saddr) || ipv4_is_lbcast(saddr) || (ipv4_is_loopback(saddr) && !looped);
  return !bad && daddr === INADDR_ALLHOSTS_GROUP ? RTN_MULTICAST : -SKB_DROP_REASON_IP_INADDRERRORS;
}
