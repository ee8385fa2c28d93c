import { csum_ipv6 } from '../../bytes/index.js';
import { TP } from '../../sim/index.js';
import {
  __skb_pull,
  consume_skb,
  kfree_skb_reason,
  type NetDevice,
  pskb_may_pull,
  SKB_DROP_REASON_ICMP_CSUM,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  SKB_NOT_DROPPED_YET,
  type SkBuff,
  skb_checksum_complete,
} from '../../skbuff/index.js';
import { IFF_LOOPBACK, IPPROTO_ICMPV6 } from '../../uapi/index.js';
import { ICMP_MIB, in6_is_linklocal, in6_is_multicast, in6_load, in6_set } from '../core/index.js';
import { fill_from_skb, icmp_code, icmp_emit, icmp_rest, icmp_type, ip_alloc_chain } from '../ipv4/index.js';
import { ip6_route_output, RTN_LOCAL } from '../route/index.js';
import { FRAG_HLEN, IP6_DADDR, IP6_HLEN, IP6_SADDR, ip6_nexthdr, ip6_tclass } from './header.js';
import {
  ICMPV6_DEST_UNREACH,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_HLEN,
  ICMPV6_INFOMSG_MASK,
  ICMPV6_MGM_QUERY,
  ICMPV6_MGM_REDUCTION,
  ICMPV6_MGM_REPORT,
  ICMPV6_MLD2_REPORT,
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  NDISC_REDIRECT,
  NDISC_ROUTER_ADVERTISEMENT,
  NDISC_ROUTER_SOLICITATION,
} from './icmp-header.js';
import { icmpv6_push } from './icmp-send.js';
import { type Ndisc, ndisc_rcv } from './ndisc.js';
import { ipv6_skip_exthdr } from './skip-exthdr.js';
import type { Inet6Protocol, Ipv6 } from './state.js';

/** ICMPv6 as received (net/ipv6/icmp.c). */
export class Icmpv6 implements Inet6Protocol {
  readonly ip6: Ipv6;
  readonly ndisc: Ndisc;
  private readonly inner: Int32Array = new Int32Array(3);

  constructor(ip6: Ipv6, ndisc: Ndisc) {
    this.ip6 = ip6;
    this.ndisc = ndisc;
  }

  /** `icmpv6_rcv` */
  rcv(skb: SkBuff): void {
    const reason = this.receive(skb);
    if (reason === SKB_NOT_DROPPED_YET) consume_skb(skb);
    else kfree_skb_reason(skb, reason);
  }

  err(_skb: SkBuff, _type: number, _code: number, _offset: number, _info: number): boolean {
    return true;
  }

  private error(reason: number): number {
    this.ip6.mib.icmp6[ICMP_MIB.InErrors]++;
    return reason;
  }

  private receive(skb: SkBuff): number {
    const { ip6 } = this;
    const stats = ip6.mib.icmp6;
    stats[ICMP_MIB.InMsgs]++;
    const hdr = skb.network_header;
    skb.csum = csum_ipv6(ip6.net.arena.dv, hdr + IP6_SADDR, hdr + IP6_DADDR, skb.len, IPPROTO_ICMPV6, 0);
    if (skb_checksum_complete(skb) !== 0) {
      stats[ICMP_MIB.InCsumErrors]++;
      return this.error(SKB_DROP_REASON_ICMP_CSUM);
    }
    if (!pskb_may_pull(skb, ICMPV6_HLEN)) return this.error(SKB_DROP_REASON_PKT_TOO_SMALL);
    const dv = ip6.net.arena.dv;
    const type = icmp_type(dv, skb.data);
    const code = icmp_code(dv, skb.data);
    const trace = ip6.net.sim.trace;
    if (trace.on) trace.put(TP.ICMP, ip6.net.who, skb.journey, type, code, 0);
    ip6.mib.icmp6_types[type]++;
    return this.dispatch(skb, type, code, icmp_rest(dv, skb.data));
  }

  private dispatch(skb: SkBuff, type: number, code: number, info: number): number {
    switch (type) {
      case ICMPV6_ECHO_REQUEST:
        return this.echo_reply(skb);
      case ICMPV6_ECHO_REPLY:
        return SKB_DROP_REASON_NO_SOCKET;
      case ICMPV6_DEST_UNREACH:
      case ICMPV6_PKT_TOOBIG:
      case ICMPV6_TIME_EXCEED:
      case ICMPV6_PARAMPROB:
        return this.notify(skb, type, code, info);
      case NDISC_ROUTER_SOLICITATION:
      case NDISC_ROUTER_ADVERTISEMENT:
      case NDISC_NEIGHBOUR_SOLICITATION:
      case NDISC_NEIGHBOUR_ADVERTISEMENT:
      case NDISC_REDIRECT:
        return ndisc_rcv(this.ndisc, skb, type);
      case ICMPV6_MGM_QUERY:
      case ICMPV6_MGM_REPORT:
      case ICMPV6_MGM_REDUCTION:
      case ICMPV6_MLD2_REPORT:
        return SKB_NOT_DROPPED_YET;
      default:
        // RFC 4443 §2.4 (a), (b): unknown errors go to the upper layer, unknown information is dropped.
        return (type & ICMPV6_INFOMSG_MASK) === 0
          ? this.notify(skb, type, code, info)
          : SKB_DROP_REASON_UNHANDLED_PROTO;
    }
  }

  /** `icmpv6_echo_reply`: the same data back, from the address that was asked unless that is a group (RFC 4443 §4.2). */
  private echo_reply(skb: SkBuff): number {
    const { ip6 } = this;
    const { fl } = ip6;
    const hdr = skb.network_header;
    let dv = ip6.net.arena.dv;
    const dev = skb.dev as NetDevice;
    in6_load(dv, hdr + IP6_SADDR, fl.daddr);
    in6_load(dv, hdr + IP6_DADDR, fl.saddr);
    if (skb.cb0 !== RTN_LOCAL || in6_is_multicast(fl.saddr)) in6_set(fl.saddr, 0, 0, 0, 0);
    if ((fl.daddr[0] | fl.daddr[1] | fl.daddr[2] | fl.daddr[3]) === 0) return SKB_NOT_DROPPED_YET;
    fl.oif = in6_is_linklocal(fl.daddr) && (dev.flags & IFF_LOOPBACK) === 0 ? dev.ifindex : 0;
    const tclass = ip6_tclass(dv, hdr);
    const rest = icmp_rest(dv, skb.data);
    const code = icmp_code(dv, skb.data);
    if (ip6_route_output(ip6.net, ip6.fib, ip6.lo, fl) !== 0) return SKB_NOT_DROPPED_YET;
    const mtu = (fl.dev as NetDevice).mtu - IP6_HLEN;
    const split = skb.len > mtu;
    const reply = ip_alloc_chain(
      ip6.net,
      split ? IP6_HLEN + FRAG_HLEN : IP6_HLEN,
      skb.len,
      mtu,
      (mtu - FRAG_HLEN) & ~7,
      null,
    );
    if (reply === null) {
      ip6.mib.icmp6[ICMP_MIB.OutErrors]++;
      return SKB_NOT_DROPPED_YET;
    }
    dv = ip6.net.arena.dv;
    icmp_emit(dv, reply.data, { type: ICMPV6_ECHO_REPLY, code, check: 0, rest });
    fill_from_skb(reply, ICMPV6_HLEN, skb, ICMPV6_HLEN, skb.len - ICMPV6_HLEN);
    icmpv6_push(ip6, reply, tclass, ip6.net.sysctl.ipv6_hop_limit);
    return SKB_NOT_DROPPED_YET;
  }

  /** `icmpv6_notify`: hands the quoted packet to its protocol. */
  private notify(skb: SkBuff, type: number, code: number, info: number): number {
    const { ip6 } = this;
    const inner = this.inner;
    if (!pskb_may_pull(skb, ICMPV6_HLEN + IP6_HLEN)) return this.error(SKB_DROP_REASON_PKT_TOO_SMALL);
    const dv = ip6.net.arena.dv;
    const at = skb.data + ICMPV6_HLEN;
    const end = skb.data + skb.len - skb.data_len;
    const whole = ipv6_skip_exthdr(dv, at + IP6_HLEN, end, ip6_nexthdr(dv, at), inner);
    if (!whole || inner[2] !== 0 || inner[0] + 8 > end) return this.error(SKB_DROP_REASON_PKT_TOO_SMALL);
    __skb_pull(skb, ICMPV6_HLEN);
    const proto = ip6.protos[inner[1]];
    if (proto !== null && !proto.err(skb, type, code, inner[0] - at, info)) ip6.mib.icmp6[ICMP_MIB.InErrors]++;
    return SKB_NOT_DROPPED_YET;
  }
}
