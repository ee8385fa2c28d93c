import { csum_finish } from '../../bytes/index.js';
import { TP } from '../../sim/index.js';
import { type NetDevice, type SkBuff, skb_checksum, skb_copy_bits, skb_pull, skb_push } from '../../skbuff/index.js';
import { IFF_LOOPBACK, IPPROTO_ICMPV6, PACKET_HOST } from '../../uapi/index.js';
import {
  ICMP_MIB,
  in6_copy,
  in6_is_any,
  in6_is_linklocal,
  in6_is_multicast,
  in6_load,
  in6_pseudo_sum,
  in6_set,
} from '../core/index.js';
import { icmp_emit, ip_alloc_chain } from '../ipv4/index.js';
import { ip6_route_output, RTN_MULTICAST } from '../route/index.js';
import { IP6_DADDR, IP6_HLEN, IP6_SADDR, IPV6_MIN_MTU, ip6_nexthdr } from './header.js';
import {
  ICMPV6_CHECK,
  ICMPV6_HLEN,
  ICMPV6_INFOMSG_MASK,
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_UNK_OPTION,
  NDISC_REDIRECT,
  NDISC_ROUTER_SOLICITATION,
} from './icmp-header.js';
import { ip6_local_out } from './output.js';
import { ipv6_skip_exthdr } from './skip-exthdr.js';
import { type Ipv6, ip6_make_flowlabel } from './state.js';

/** Whether the packet is an ICMPv6 error, or one whose type cannot be read (RFC 4443 §2.4 (e.1)). */
function is_ineligible(ip6: Ipv6, skb: SkBuff): boolean {
  const dv = ip6.net.arena.dv;
  const at = skb.network_header;
  const out = new Int32Array(3);
  if (!ipv6_skip_exthdr(dv, at + IP6_HLEN, skb.tail, ip6_nexthdr(dv, at), out)) return false;
  if (out[1] !== IPPROTO_ICMPV6) return false;
  return out[2] !== 0 || out[0] >= skb.tail || (dv.getUint8(out[0]) & ICMPV6_INFOMSG_MASK) === 0;
}

/** A packet to a group may be answered only by Packet Too Big, and about an option whose type asks for it (RFC 4443 §2.4 (e.3)). */
function group_allowed(ip6: Ipv6, skb: SkBuff, type: number, code: number, rest: number): boolean {
  if (type === ICMPV6_PKT_TOOBIG) return true;
  if (type !== ICMPV6_PARAMPROB || code !== ICMPV6_UNK_OPTION) return false;
  return (ip6.net.arena.dv.getUint8(skb.network_header + rest) & 0xc0) === 0x80;
}

/**
 * `icmpv6_send`: tells the sender of `skb_in` (its header at `network_header`) about an error, unless RFC 4443 §2.4 forbids it or the rate is
 * exceeded. `rest` is the int32 after the checksum: pointer or MTU. `skb_in` stays the caller's.
 */
export function icmpv6_send(ip6: Ipv6, skb_in: SkBuff, type: number, code: number, rest: number): void {
  const hdr = skb_in.network_header;
  if (hdr < skb_in.head || hdr + IP6_HLEN > skb_in.tail) return;
  const dv = ip6.net.arena.dv;
  const { fl } = ip6;
  const from = ip6.b;
  in6_load(dv, hdr + IP6_SADDR, fl.daddr);
  in6_load(dv, hdr + IP6_DADDR, from);
  if (in6_is_any(fl.daddr) || in6_is_multicast(fl.daddr)) return;
  const group = in6_is_multicast(from) || skb_in.pkt_type !== PACKET_HOST;
  if (group && !group_allowed(ip6, skb_in, type, code, rest)) return;
  if (is_ineligible(ip6, skb_in)) return;
  const indev = skb_in.dev;
  const ifindex = indev === null ? 0 : indev.ifindex;
  const looped = indev !== null && (indev.flags & IFF_LOOPBACK) !== 0;
  const { sysctl, sim } = ip6.net;
  const stats = ip6.mib.icmp6;
  const limited = type !== ICMPV6_PKT_TOOBIG && !looped;
  if (limited && !ip6.icmp_limit.allow(sim.clock, sysctl.icmp_msgs_per_sec, sysctl.icmp_msgs_burst)) {
    stats[ICMP_MIB.OutRateLimitGlobal]++;
    return;
  }
  fl.oif = in6_is_linklocal(fl.daddr) && !looped ? ifindex : 0;
  if (!group && ip6.fib.isLocal(from, ifindex)) in6_copy(fl.saddr, from);
  else in6_set(fl.saddr, 0, 0, 0, 0);
  if (ip6_route_output(ip6.net, ip6.fib, ip6.lo, fl) !== 0) return;
  if (limited && ((fl.dev as NetDevice).flags & IFF_LOOPBACK) === 0) {
    const d = fl.daddr;
    if (!ip6.peers.xrlim_allow(ip6.peers.slot(d[0], d[1], d[2], d[3]), sim.clock, sysctl.icmp_ratelimit * 1e6)) {
      stats[ICMP_MIB.OutRateLimitHost]++;
      return;
    }
  }
  send_error(ip6, skb_in, type, code, rest);
}

/** Builds the message for the route in `ip6.fl`; it quotes as much as fits into 1280 bytes (RFC 4443 §2.4 (c)). */
function send_error(ip6: Ipv6, skb_in: SkBuff, type: number, code: number, rest: number): void {
  const back = skb_in.data - skb_in.network_header;
  const quote = Math.min(IPV6_MIN_MTU - IP6_HLEN - ICMPV6_HLEN, back + skb_in.len);
  const length = ICMPV6_HLEN + quote;
  const skb = ip_alloc_chain(ip6.net, IP6_HLEN, length, length, 0, null);
  if (skb === null) {
    ip6.mib.icmp6[ICMP_MIB.OutErrors]++;
    return;
  }
  icmp_emit(ip6.net.arena.dv, skb.data, { type, code, check: 0, rest });
  skb_push(skb_in, back);
  skb_copy_bits(skb_in, 0, skb.data + ICMPV6_HLEN, quote);
  skb_pull(skb_in, back);
  icmpv6_push(ip6, skb, 0, ip6.net.sysctl.ipv6_hop_limit);
}

/** Checksum over all parts, then out along the route in `ip6.fl`. Takes the skb, ICMPv6 header at `skb.data`. */
export function icmpv6_push(ip6: Ipv6, skb: SkBuff, tclass: number, hop_limit: number): void {
  const { fl, tx } = ip6;
  const dv = ip6.net.arena.dv;
  const pseudo = in6_pseudo_sum(fl.saddr, fl.daddr, skb.len, IPPROTO_ICMPV6, 0);
  dv.setUint16(skb.data + ICMPV6_CHECK, csum_finish(skb_checksum(skb, 0, skb.len, pseudo)));
  in6_copy(tx.saddr, fl.saddr);
  in6_copy(tx.daddr, fl.daddr);
  in6_copy(tx.nexthop, fl.nexthop);
  tx.nexthdr = IPPROTO_ICMPV6;
  tx.tclass = tclass;
  tx.hop_limit = fl.type === RTN_MULTICAST && hop_limit !== 255 ? 1 : hop_limit;
  tx.type = fl.type;
  tx.dev = fl.dev;
  const type = dv.getUint8(skb.data);
  const neighbour = type >= NDISC_ROUTER_SOLICITATION && type <= NDISC_REDIRECT;
  tx.flowlabel = neighbour ? 0 : ip6_make_flowlabel(ip6, fl.saddr, fl.daddr, IPPROTO_ICMPV6, dv.getUint16(skb.data));
  ip6.mib.icmp6[ICMP_MIB.OutMsgs]++;
  ip6.mib.icmp6_types[256 + type]++;
  const { trace } = ip6.net.sim;
  if (trace.on) trace.put(TP.ICMP, ip6.net.who, skb.journey, type, dv.getUint8(skb.data + 1), 1);
  ip6_local_out(ip6, skb, tx);
}
