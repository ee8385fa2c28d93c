import { csum_finish } from '../../bytes/index.js';
import { TP } from '../../sim/index.js';
import {
  kfree_skb_reason,
  type NetDevice,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  type SkBuff,
  skb_checksum,
  skb_copy_bits,
  skb_pull,
  skb_push,
} from '../../skbuff/index.js';
import { IFF_LOOPBACK, IPPROTO_ICMP, PACKET_HOST } from '../../uapi/index.js';
import { ICMP_MIB, ipv4_is_lbcast, ipv4_is_multicast, ipv4_is_zeronet } from '../core/index.js';
import { inet_addr_type, ip_route_output, RTN_LOCAL, RTN_UNICAST } from '../route/index.js';
import { ip_alloc_chain } from './append.js';
import { IP_OFFSET, IPH_LEN, iph_daddr, iph_frag_off, iph_ihl, iph_protocol, iph_saddr, iph_tos } from './header.js';
import {
  ICMP_ADDRESS,
  ICMP_ADDRESSREPLY,
  ICMP_CHECK,
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_FRAG_NEEDED,
  ICMP_HLEN,
  ICMP_INFO_REPLY,
  ICMP_PARAMETERPROB,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  ICMP_TIMESTAMP,
  icmp_emit,
  NR_ICMP_TYPES,
} from './icmp-header.js';
import { ip_local_out, ip_select_ident } from './output.js';
import type { Ipv4 } from './state.js';

/** Greatest datagram an ICMP error may make (RFC 1122 §3.2.2 allows quoting more than the 8 bytes of RFC 792; hosts must accept 576). */
const ICMP_MAX_DATAGRAM = 576;
/** Types whose rate is limited (net.ipv4.icmp_ratemask 0x1818). */
const RATE_MASK: number =
  (1 << ICMP_DEST_UNREACH) | (1 << ICMP_SOURCE_QUENCH) | (1 << ICMP_TIME_EXCEEDED) | (1 << ICMP_PARAMETERPROB);

/** Whether an ICMP type reports an error; types Linux does not know count as errors here, so that nothing answers them. */
export function icmp_type_is_error(type: number): boolean {
  if (type > NR_ICMP_TYPES) return true;
  const informs =
    type === ICMP_ECHO ||
    type === ICMP_ECHOREPLY ||
    (type >= ICMP_TIMESTAMP && type <= ICMP_INFO_REPLY) ||
    type === ICMP_ADDRESS ||
    type === ICMP_ADDRESSREPLY;
  return !informs;
}

/**
 * `icmp_send`: tells the sender of `skb_in` (its IP header at `network_header`) about an error, unless RFC 1122 §3.2.2 forbids it: about an ICMP
 * error, a broadcast or multicast, a fragment that is not the first, a source that is no single host; or the rate is exceeded. `skb_in` stays
 * the caller's. `rest` is the int32 after the checksum.
 */
export function icmp_send(ip: Ipv4, skb_in: SkBuff, type: number, code: number, rest: number): void {
  const iph = skb_in.network_header;
  if (iph < skb_in.head || iph + IPH_LEN > skb_in.tail || skb_in.pkt_type !== PACKET_HOST) return;
  if (skb_in.cb0 !== RTN_LOCAL && skb_in.cb0 !== RTN_UNICAST) return;
  const dv = ip.net.arena.dv;
  const ihl = iph_ihl(dv, iph) * 4;
  if ((iph_frag_off(dv, iph) & IP_OFFSET) !== 0) return;
  if (iph_protocol(dv, iph) === IPPROTO_ICMP) {
    if (iph + ihl >= skb_in.tail || icmp_type_is_error(dv.getUint8(iph + ihl))) return;
  }
  const to = iph_saddr(dv, iph);
  if (ipv4_is_zeronet(to) || ipv4_is_multicast(to) || ipv4_is_lbcast(to)) return;
  const stats = ip.mib.icmp;
  const { sysctl, sim } = ip.net;
  const looped = skb_in.dev !== null && (skb_in.dev.flags & IFF_LOOPBACK) !== 0;
  const limited = ((RATE_MASK >>> type) & 1) !== 0 && !(type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED);
  if (limited && !looped && !ip.icmp_limit.allow(sim.clock, sysctl.icmp_msgs_per_sec, sysctl.icmp_msgs_burst)) {
    stats[ICMP_MIB.OutRateLimitGlobal]++;
    return;
  }
  const from = iph_daddr(dv, iph);
  const fl = ip.fl;
  fl.daddr = to;
  fl.saddr = inet_addr_type(ip.fib, from) === RTN_LOCAL ? from : 0;
  fl.oif = 0;
  if (ip_route_output(ip.net, ip.fib, ip.lo, fl) !== 0 || (fl.type !== RTN_LOCAL && fl.type !== RTN_UNICAST)) return;
  const dev = fl.dev as NetDevice;
  if (limited && (dev.flags & IFF_LOOPBACK) === 0) {
    const slot = ip.peers.slot(0, 0, 0, to);
    if (!ip.peers.xrlim_allow(slot, sim.clock, sysctl.icmp_ratelimit * 1e6)) {
      stats[ICMP_MIB.OutRateLimitHost]++;
      return;
    }
  }
  send_error(ip, skb_in, iph_tos(dv, iph), type, code, rest);
}

/** Builds the message for the route in `ip.fl` and sends it; it quotes as much of the packet as fits. */
function send_error(ip: Ipv4, skb_in: SkBuff, tos: number, type: number, code: number, rest: number): void {
  const dev = ip.fl.dev as NetDevice;
  const back = skb_in.data - skb_in.network_header;
  const room = Math.min(dev.mtu, ICMP_MAX_DATAGRAM) - IPH_LEN - ICMP_HLEN;
  const quote = Math.min(room, back + skb_in.len);
  const length = ICMP_HLEN + quote;
  const skb = ip_alloc_chain(ip.net, IPH_LEN, length, length, 0, null);
  if (skb === null) {
    ip.mib.icmp[ICMP_MIB.OutErrors]++;
    return;
  }
  const dv = ip.net.arena.dv;
  icmp_emit(dv, skb.data, { type, code, check: 0, rest });
  skb_push(skb_in, back);
  skb_copy_bits(skb_in, 0, skb.data + ICMP_HLEN, quote);
  skb_pull(skb_in, back);
  icmp_push_reply(ip, skb, (tos & 0x1e) | 0xc0);
}

/** `icmp_push_reply`: the checksum over all parts, then out along the route in `ip.fl`. Takes the skb, ICMP header at `skb.data`. */
export function icmp_push_reply(ip: Ipv4, skb: SkBuff, tos: number): void {
  const dv = ip.net.arena.dv;
  const { fl, tx } = ip;
  const type = dv.getUint8(skb.data);
  if (skb.len < ICMP_HLEN) {
    kfree_skb_reason(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
    return;
  }
  dv.setUint16(skb.data + ICMP_CHECK, csum_finish(skb_checksum(skb, 0, skb.len, 0)));
  tx.saddr = fl.saddr;
  tx.daddr = fl.daddr;
  tx.protocol = IPPROTO_ICMP;
  tx.tos = tos;
  tx.ttl = ip.net.sysctl.ip_default_ttl;
  tx.df = 0;
  tx.id = ip_select_ident(ip, fl.saddr, fl.daddr, IPPROTO_ICMP);
  tx.type = fl.type;
  tx.nexthop = fl.nexthop;
  tx.dev = fl.dev;
  const stats = ip.mib.icmp;
  stats[ICMP_MIB.OutMsgs]++;
  ip.mib.icmp_types[256 + type]++;
  const trace = ip.net.sim.trace;
  if (trace.on) trace.put(TP.ICMP, ip.net.who, skb.journey, type, dv.getUint8(skb.data + 1), 1);
  ip_local_out(ip, skb, tx);
}
