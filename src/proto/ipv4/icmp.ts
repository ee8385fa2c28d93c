import { TP } from '../../sim/index.js';
import {
  __skb_pull,
  consume_skb,
  kfree_skb_reason,
  type NetDevice,
  pskb_may_pull,
  SKB_DROP_REASON_ICMP_CSUM,
  SKB_DROP_REASON_INVALID_PROTO,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  SKB_NOT_DROPPED_YET,
  type SkBuff,
  skb_checksum_complete,
} from '../../skbuff/index.js';
import { ICMP_MIB } from '../core/index.js';
import { inet_select_addr, ip_route_output, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST } from '../route/index.js';
import { fill_from_skb, ip_alloc_chain } from './append.js';
import { IPH_LEN, iph_daddr, iph_ihl, iph_protocol, iph_saddr, iph_tos } from './header.js';
import {
  ICMP_ADDRESS,
  ICMP_ADDRESSREPLY,
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_HLEN,
  ICMP_PARAMETERPROB,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  ICMP_TIMESTAMP,
  icmp_code,
  icmp_emit,
  icmp_rest,
  icmp_type,
  NR_ICMP_TYPES,
  NR_ICMP_UNREACH,
} from './icmp-header.js';
import { icmp_push_reply } from './icmp-send.js';
import type { Inet4Protocol, Ipv4 } from './state.js';

/** ICMP as received (net/ipv4/icmp.c): echo is answered, errors go to the protocol that caused them, the rest is counted. */
export class Icmp implements Inet4Protocol {
  readonly ip: Ipv4;

  constructor(ip: Ipv4) {
    this.ip = ip;
  }

  /** `icmp_rcv` */
  rcv(skb: SkBuff): void {
    const reason = this.receive(skb);
    if (reason === SKB_NOT_DROPPED_YET) consume_skb(skb);
    else kfree_skb_reason(skb, reason);
  }

  /** Errors about ICMP messages of ours (echo replies) concern nobody here. */
  err(_skb: SkBuff, _type: number, _code: number, _info: number): boolean {
    return true;
  }

  private receive(skb: SkBuff): number {
    const { ip } = this;
    const stats = ip.mib.icmp;
    stats[ICMP_MIB.InMsgs]++;
    skb.csum = 0;
    if (skb_checksum_complete(skb) !== 0) {
      stats[ICMP_MIB.InCsumErrors]++;
      stats[ICMP_MIB.InErrors]++;
      return SKB_DROP_REASON_ICMP_CSUM;
    }
    if (!pskb_may_pull(skb, ICMP_HLEN)) return this.error(SKB_DROP_REASON_PKT_TOO_SMALL);
    const dv = ip.net.arena.dv;
    const type = icmp_type(dv, skb.data);
    const code = icmp_code(dv, skb.data);
    const trace = ip.net.sim.trace;
    if (trace.on) trace.put(TP.ICMP, ip.net.who, skb.journey, type, code, 0);
    ip.mib.icmp_types[type]++;
    if (type > NR_ICMP_TYPES) return this.error(SKB_DROP_REASON_UNHANDLED_PROTO);
    if ((skb.cb0 === RTN_BROADCAST || skb.cb0 === RTN_MULTICAST) && !this.group_allowed(type))
      return this.error(SKB_DROP_REASON_INVALID_PROTO);
    switch (type) {
      case ICMP_ECHO:
        return this.echo(skb);
      case ICMP_ECHOREPLY:
        // Ping sockets would be asked here; there are none.
        return SKB_DROP_REASON_NO_SOCKET;
      case ICMP_DEST_UNREACH:
      case ICMP_SOURCE_QUENCH:
      case ICMP_TIME_EXCEEDED:
      case ICMP_PARAMETERPROB:
        return this.unreach(skb, type, code, icmp_rest(dv, skb.data));
      default:
        return SKB_NOT_DROPPED_YET;
    }
  }

  private error(reason: number): number {
    this.ip.mib.icmp[ICMP_MIB.InErrors]++;
    return reason;
  }

  /** RFC 1122 §3.2.2.6: an echo to a broadcast may be ignored, and is by default; only requests may come that way at all. */
  private group_allowed(type: number): boolean {
    if (type === ICMP_ECHO || type === ICMP_TIMESTAMP) return this.ip.net.sysctl.icmp_echo_ignore_broadcasts === 0;
    return type === ICMP_ADDRESS || type === ICMP_ADDRESSREPLY;
  }

  /** `icmp_echo`: the same data back; the source is the address that was asked (RFC 1122 §3.2.2.6). */
  private echo(skb: SkBuff): number {
    const { ip } = this;
    if (ip.net.sysctl.icmp_echo_ignore_all !== 0) return SKB_NOT_DROPPED_YET;
    const { dv } = ip.net.arena;
    const iph = skb.network_header;
    const from = iph_saddr(dv, iph);
    const fl = ip.fl;
    fl.daddr = from;
    fl.saddr = skb.cb0 === RTN_LOCAL ? iph_daddr(dv, iph) : inet_select_addr(skb.dev as NetDevice, from);
    fl.oif = 0;
    const tos = iph_tos(dv, iph);
    const rest = icmp_rest(dv, skb.data);
    const code = icmp_code(dv, skb.data);
    if (from === 0 || ip_route_output(ip.net, ip.fib, ip.lo, fl) !== 0) return SKB_NOT_DROPPED_YET;
    const mtu = (fl.dev as NetDevice).mtu - IPH_LEN;
    const reply = ip_alloc_chain(ip.net, IPH_LEN, skb.len, mtu, mtu & ~7, null);
    if (reply === null) {
      ip.mib.icmp[ICMP_MIB.OutErrors]++;
      return SKB_NOT_DROPPED_YET;
    }
    icmp_emit(ip.net.arena.dv, reply.data, { type: ICMP_ECHOREPLY, code, check: 0, rest });
    fill_from_skb(reply, ICMP_HLEN, skb, ICMP_HLEN, skb.len - ICMP_HLEN);
    icmp_push_reply(ip, reply, tos);
    return SKB_NOT_DROPPED_YET;
  }

  /** `icmp_unreach`: hands the quoted packet to its protocol, which finds the socket (RFC 1122 §3.2.2.1). */
  private unreach(skb: SkBuff, type: number, code: number, info: number): number {
    const { ip } = this;
    if (!pskb_may_pull(skb, ICMP_HLEN + IPH_LEN)) return this.error(SKB_DROP_REASON_PKT_TOO_SMALL);
    let dv = ip.net.arena.dv;
    const inner = iph_ihl(dv, skb.data + ICMP_HLEN) * 4;
    if (inner < IPH_LEN) return this.error(SKB_DROP_REASON_IP_INHDR);
    if (type === ICMP_DEST_UNREACH && code > NR_ICMP_UNREACH) return SKB_NOT_DROPPED_YET;
    if (!pskb_may_pull(skb, ICMP_HLEN + inner + 8)) return this.error(SKB_DROP_REASON_PKT_TOO_SMALL);
    dv = ip.net.arena.dv;
    __skb_pull(skb, ICMP_HLEN);
    const proto = ip.protos[iph_protocol(dv, skb.data)];
    if (proto !== null && !proto.err(skb, type, code, info)) ip.mib.icmp[ICMP_MIB.InErrors]++;
    return SKB_NOT_DROPPED_YET;
  }
}
