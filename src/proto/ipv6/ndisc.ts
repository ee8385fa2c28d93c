import { TP } from '../../sim/index.js';
import {
  type NetDevice,
  SKB_DROP_REASON_IPV6_NDISC_BAD_CODE,
  SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS,
  SKB_DROP_REASON_IPV6_NDISC_FRAG,
  SKB_DROP_REASON_IPV6_NDISC_HOP_LIMIT,
  SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_NOT_DROPPED_YET,
  type SkBuff,
  skb_linearize,
  skb_peek_tail,
} from '../../skbuff/index.js';
import { IFF_LOOPBACK, IFF_NOARP } from '../../uapi/index.js';
import {
  type In6,
  in6_copy,
  in6_is_any,
  in6_is_multicast,
  in6_load,
  in6_new,
  in6_set,
  in6_solict_mult,
} from '../core/index.js';
import { ip_alloc_chain } from '../ipv4/index.js';
import {
  NEIGH_UPDATE_F_OVERRIDE,
  NEIGH_UPDATE_F_WEAK_OVERRIDE,
  type Neighbour,
  type NeighOps,
  NUD_FAILED,
  NUD_REACHABLE,
  NUD_STALE,
  NUD_VALID,
  neigh_update,
} from '../neigh/index.js';
import { in6_dev_get, ip6_route_output, ipv6_get_lladdr, RTN_MULTICAST, RTN_UNICAST } from '../route/index.js';
import { IP6_DADDR, IP6_HLEN, IP6_SADDR, ip6_hop_limit } from './header.js';
import {
  ICMPV6_ADDR_UNREACH,
  ICMPV6_CODE,
  ICMPV6_DEST_UNREACH,
  ICMPV6_REST,
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  ND_MSG_LEN,
  ND_OPT_SOURCE_LL_ADDR,
  ND_OPT_TARGET_LL_ADDR,
  ND_TARGET,
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  nd_emit,
  nd_find_lladdr,
} from './icmp-header.js';
import { icmpv6_push, icmpv6_send } from './icmp-send.js';
import type { Ipv6 } from './state.js';

/** Least lengths of ND messages by type − 133 (RFC 4861 §6.1, §7.1, §8.1). */
const MIN_LENGTH: readonly number[] = [8, 16, 24, 24, 40];

/** Neighbour discovery of one host (RFC 4861 §7, net/ipv6/ndisc.c). */
export class Ndisc implements NeighOps {
  readonly ip6: Ipv6;
  readonly target: In6 = in6_new();
  readonly saddr: In6 = in6_new();
  readonly daddr: In6 = in6_new();

  constructor(ip6: Ipv6) {
    this.ip6 = ip6;
    ip6.tbl.ops = this;
  }

  /** `ndisc_solicit`: to the solicited-node group; the source is that of the waiting packet when it is ours. */
  solicit(n: Neighbour): void {
    const { dev } = n;
    const { ip6, saddr } = this;
    const skb = skb_peek_tail(n.arp_queue);
    let source: In6 | null = null;
    if (skb !== null) {
      in6_load(ip6.net.arena.dv, skb.data + IP6_SADDR, saddr);
      const idev = in6_dev_get(dev);
      if (idev !== null) for (const ifa of idev.addr_list) if (same(ifa.addr, saddr)) source = ifa.addr;
    }
    source ??= ipv6_get_lladdr(dev);
    if (source === null) return;
    ndisc_send(this, dev, NDISC_NEIGHBOUR_SOLICITATION, source, in6_solict_mult(n.key, in6_new()), n.key, 0, true);
  }

  /** `ndisc_error_report`: the sender (this host) hears an address unreachable. */
  error_report(_n: Neighbour, skb: SkBuff): void {
    skb.network_header = skb.data;
    icmpv6_send(this.ip6, skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
  }
}

function same(a: In6, b: In6): boolean {
  return a[3] === b[3] && a[2] === b[2] && a[1] === b[1] && a[0] === b[0];
}

/** Sends a solicitation or advertisement about `about`, with the device's address as option if `lladdr`. */
function ndisc_send(
  nd: Ndisc,
  dev: NetDevice,
  type: number,
  saddr: In6,
  daddr: In6,
  about: In6,
  flags: number,
  lladdr: boolean,
): void {
  const { ip6 } = nd;
  if ((dev.flags & (IFF_LOOPBACK | IFF_NOARP)) !== 0) return;
  const length = ND_MSG_LEN + (lladdr ? 8 : 0);
  const skb = ip_alloc_chain(ip6.net, IP6_HLEN, length, length, 0, null);
  if (skb === null) return;
  nd_emit(ip6.net.arena.dv, skb.data, { type, check: 0, flags, target: about, lladdr: lladdr ? dev.dev_addr : null });
  const { fl } = ip6;
  in6_copy(fl.saddr, saddr);
  in6_copy(fl.daddr, daddr);
  in6_copy(fl.nexthop, daddr);
  fl.dev = dev;
  fl.oif = dev.ifindex;
  if (in6_is_multicast(daddr)) fl.type = RTN_MULTICAST;
  else if (ip6_route_output(ip6.net, ip6.fib, ip6.lo, fl) !== 0) {
    // The asker is on this link by definition, even when no route says so.
    fl.type = RTN_UNICAST;
    fl.dev = dev;
  }
  icmpv6_push(ip6, skb, 0, 255);
}

/**
 * `ndisc_rcv`: checks that every ND message must pass (RFC 4861 §6.1, §7.1, §8.1), then solicitations and advertisements. Routers are not listened
 * to: RS, RA and Redirect end here. Returns SKB_NOT_DROPPED_YET or a drop reason.
 */
export function ndisc_rcv(nd: Ndisc, skb: SkBuff, type: number): number {
  const { ip6 } = nd;
  if (skb.cb4 !== 0) return SKB_DROP_REASON_IPV6_NDISC_FRAG;
  if (skb_linearize(skb) !== 0) return SKB_DROP_REASON_NOMEM;
  const dv = ip6.net.arena.dv;
  if (ip6_hop_limit(dv, skb.network_header) !== 255) return SKB_DROP_REASON_IPV6_NDISC_HOP_LIMIT;
  if (dv.getUint8(skb.data + ICMPV6_CODE) !== 0) return SKB_DROP_REASON_IPV6_NDISC_BAD_CODE;
  if (skb.len < MIN_LENGTH[type - 133]) return SKB_DROP_REASON_PKT_TOO_SMALL;
  if (type !== NDISC_NEIGHBOUR_SOLICITATION && type !== NDISC_NEIGHBOUR_ADVERTISEMENT) return SKB_NOT_DROPPED_YET;
  in6_load(dv, skb.data + ND_TARGET, nd.target);
  in6_load(dv, skb.network_header + IP6_SADDR, nd.saddr);
  in6_load(dv, skb.network_header + IP6_DADDR, nd.daddr);
  const trace = ip6.net.sim.trace;
  if (trace.on) trace.put(TP.NDISC, ip6.net.who, skb.journey, type, nd.target[3], 0);
  if (in6_is_multicast(nd.target)) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  return type === NDISC_NEIGHBOUR_SOLICITATION ? recv_ns(nd, skb) : recv_na(nd, skb);
}

function recv_ns(nd: Ndisc, skb: SkBuff): number {
  const { ip6, target, saddr, daddr } = nd;
  const dev = skb.dev as NetDevice;
  const dv = ip6.net.arena.dv;
  const dad = in6_is_any(saddr);
  const solicited_group = daddr[0] === (0xff020000 | 0) && daddr[1] === 0 && daddr[2] === 1 && daddr[3] >>> 24 === 0xff;
  const lladdr = nd_find_lladdr(dv, skb.data + ND_MSG_LEN, skb.len - ND_MSG_LEN, ND_OPT_SOURCE_LL_ADDR);
  if (lladdr < 0 || (dad && (!solicited_group || lladdr !== 0))) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const idev = in6_dev_get(dev);
  let ours = false;
  if (idev !== null) for (const ifa of idev.addr_list) if (same(ifa.addr, target)) ours = true;
  if (!ours) return SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST;
  if (dad) {
    ndisc_send(
      nd,
      dev,
      NDISC_NEIGHBOUR_ADVERTISEMENT,
      target,
      in6_new(0xff020000 | 0, 0, 0, 1),
      target,
      NA_OVERRIDE,
      true,
    );
    return SKB_NOT_DROPPED_YET;
  }
  const multicast = in6_is_multicast(daddr);
  const n = !multicast || lladdr !== 0 ? ip6.tbl.get6(saddr, dev) : ip6.tbl.lookup6(saddr, dev);
  // As `ndisc_recv_ns`: who is not known and not learned gets no answer.
  if (n === null) return SKB_NOT_DROPPED_YET;
  if (lladdr !== 0) {
    neigh_update(
      ip6.tbl,
      n,
      ip6.net.arena.u8,
      lladdr,
      NUD_STALE,
      NEIGH_UPDATE_F_WEAK_OVERRIDE | NEIGH_UPDATE_F_OVERRIDE,
    );
  }
  ndisc_send(
    nd,
    dev,
    NDISC_NEIGHBOUR_ADVERTISEMENT,
    target,
    in6_clone(saddr),
    target,
    NA_SOLICITED | NA_OVERRIDE,
    multicast,
  );
  return SKB_NOT_DROPPED_YET;
}

function in6_clone(a: In6): In6 {
  const out = in6_new();
  in6_set(out, a[0], a[1], a[2], a[3]);
  return out;
}

/** RFC 4861 §7.2.5: an advertisement never makes an entry; without an address option it can only confirm one. */
function recv_na(nd: Ndisc, skb: SkBuff): number {
  const { ip6, target, daddr } = nd;
  const dv = ip6.net.arena.dv;
  const flags = dv.getInt32(skb.data + ICMPV6_REST);
  if (in6_is_multicast(daddr) && (flags & NA_SOLICITED) !== 0) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const lladdr = nd_find_lladdr(dv, skb.data + ND_MSG_LEN, skb.len - ND_MSG_LEN, ND_OPT_TARGET_LL_ADDR);
  if (lladdr < 0) return SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS;
  const dev = skb.dev as NetDevice;
  if (ip6.fib.isLocal(target, dev.ifindex)) return SKB_NOT_DROPPED_YET;
  const n = ip6.tbl.lookup6(target, dev);
  if (n === null || n.nud_state === NUD_FAILED) return SKB_NOT_DROPPED_YET;
  if (lladdr === 0 && (n.nud_state & NUD_VALID) === 0) return SKB_NOT_DROPPED_YET;
  const state = (flags & NA_SOLICITED) !== 0 ? NUD_REACHABLE : NUD_STALE;
  const how = NEIGH_UPDATE_F_WEAK_OVERRIDE | ((flags & NA_OVERRIDE) !== 0 ? NEIGH_UPDATE_F_OVERRIDE : 0);
  n.is_router = (flags & NA_ROUTER) !== 0;
  if (lladdr === 0) neigh_update(ip6.tbl, n, n.ha, 0, state, how);
  else neigh_update(ip6.tbl, n, ip6.net.arena.u8, lladdr, state, how);
  return SKB_NOT_DROPPED_YET;
}
