import { TP } from '../../sim/index.js';
import {
  kfree_skb_reason,
  pskb_expand_head,
  pskb_may_pull,
  pskb_pull,
  pskb_trim,
  SKB_DROP_REASON_DUP_FRAG,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_IPV6_BAD_EXTHDR,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_PKT_TOO_BIG,
  type SkBuff,
  skb_cloned,
  skb_push,
} from '../../skbuff/index.js';
import { IPPROTO_ICMPV6, IPPROTO_NONE, IPPROTO_TCP, IPPROTO_UDP } from '../../uapi/index.js';
import {
  type FragExpire,
  type FragQueue,
  INET_FRAG_FIRST_IN,
  INET_FRAG_LAST_IN,
  IPFRAG_DUP,
  IPFRAG_OK,
  IPSTATS,
  in6_is_linkscope,
  in6_load,
  inet_frag_queue_insert,
  inet_frag_reasm,
} from '../core/index.js';
import {
  FRAG_HLEN,
  IP6_DADDR,
  IP6_HLEN,
  IP6_MF,
  IP6_OFFSET,
  IP6_PAYLOAD_LEN,
  IP6_SADDR,
  IPV6_MAXPLEN,
  ip6_payload_len,
} from './header.js';
import {
  ICMPV6_EXC_FRAGTIME,
  ICMPV6_HDR_FIELD,
  ICMPV6_HDR_INCOMP,
  ICMPV6_PARAMPROB,
  ICMPV6_TIME_EXCEED,
} from './icmp-header.js';
import { icmpv6_send } from './icmp-send.js';
import { ipv6_skip_exthdr } from './skip-exthdr.js';
import type { Ipv6 } from './state.js';

/** A header that is wrong: Parameter Problem that points at `pointer`, and the packet is dropped. */
function header_problem(ip6: Ipv6, skb: SkBuff, code: number, pointer: number): null {
  ip6.mib.ip6[IPSTATS.InHdrErrors]++;
  icmpv6_send(ip6, skb, ICMPV6_PARAMPROB, code, pointer);
  kfree_skb_reason(skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
  return null;
}

/**
 * `ipv6_frag_rcv`: takes a packet whose fragment header is at `transport_header`. Returns the packet behind the fragment header when it is alone
 * (RFC 6946) or completes the others, `cb3` and `transport_header` moved on, else null. Rules: RFC 8200 §4.5, net/ipv6/reassembly.c.
 */
export function ipv6_frag_rcv(ip6: Ipv6, skb: SkBuff): SkBuff | null {
  const stats = ip6.mib.ip6;
  const at_header = skb.transport_header - skb.network_header;
  if (skb.cb4 !== 0) return header_problem(ip6, skb, ICMPV6_HDR_FIELD, at_header);
  stats[IPSTATS.ReasmReqds]++;
  const fits = pskb_may_pull(skb, skb.transport_header - skb.data + FRAG_HLEN);
  const dv = ip6.net.arena.dv;
  if (!fits || ip6_payload_len(dv, skb.network_header) === 0)
    return header_problem(ip6, skb, ICMPV6_HDR_FIELD, at_header);
  const fh = skb.transport_header;
  if ((dv.getUint16(fh + 2) & (IP6_OFFSET | IP6_MF)) === 0) {
    skb.cb3 = at_header;
    skb.cb4 = 1;
    skb.transport_header += FRAG_HLEN;
    stats[IPSTATS.ReasmOKs]++;
    return skb;
  }
  if (thdr_truncated(ip6, skb)) return header_problem(ip6, skb, ICMPV6_HDR_INCOMP, 0);
  const q = find_queue(ip6, skb);
  if (q === null) {
    stats[IPSTATS.ReasmFails]++;
    kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
    return null;
  }
  return ip6_frag_queue(ip6, q, skb);
}

function find_queue(ip6: Ipv6, skb: SkBuff): FragQueue | null {
  const dv = ip6.net.arena.dv;
  const key = ip6.frag_key;
  for (let i = 0; i < 4; i++) {
    key[i] = dv.getInt32(skb.network_header + IP6_SADDR + 4 * i);
    key[4 + i] = dv.getInt32(skb.network_header + IP6_DADDR + 4 * i);
  }
  key[8] = dv.getInt32(skb.transport_header + 4);
  in6_load(dv, skb.network_header + IP6_DADDR, ip6.a);
  key[10] = in6_is_linkscope(ip6.a) && skb.dev !== null ? skb.dev.ifindex : 0;
  const sysctl = ip6.net.sysctl;
  return ip6.frags.find(key, sysctl.ip6frag_time, sysctl.ip6frag_high_thresh);
}

/** `ipv6frag_thdr_truncated`: a first fragment must hold all headers up to and including the upper one. */
function thdr_truncated(ip6: Ipv6, skb: SkBuff): boolean {
  const dv = ip6.net.arena.dv;
  const fh = skb.transport_header;
  if ((dv.getUint16(fh + 2) & IP6_OFFSET) !== 0) return false;
  const end = skb.data + skb.len - skb.data_len;
  const out = ip6.frag_key;
  if (!ipv6_skip_exthdr(dv, fh + FRAG_HLEN, end, dv.getUint8(fh), out)) return true;
  if (out[2] !== 0 || out[1] === IPPROTO_NONE) return false;
  const need = out[1] === IPPROTO_TCP ? 20 : out[1] === IPPROTO_UDP || out[1] === IPPROTO_ICMPV6 ? 8 : 1;
  return out[0] + need > end;
}

function discard_queue(ip6: Ipv6, q: FragQueue, skb: SkBuff, reason: number): null {
  ip6.mib.ip6[IPSTATS.ReasmFails]++;
  ip6.frags.kill(q);
  ip6.frags.destroy(q, reason);
  kfree_skb_reason(skb, reason);
  return null;
}

function ip6_frag_queue(ip6: Ipv6, q: FragQueue, skb: SkBuff): SkBuff | null {
  const dv = ip6.net.arena.dv;
  const fh = skb.transport_header;
  const field = dv.getUint16(fh + 2);
  const offset = field & IP6_OFFSET;
  const before = fh + FRAG_HLEN - skb.network_header - IP6_HLEN;
  const end = offset + ip6_payload_len(dv, skb.network_header) - before;
  if (end > IPV6_MAXPLEN) return header_problem(ip6, skb, ICMPV6_HDR_FIELD, fh + 2 - skb.network_header);
  if ((field & IP6_MF) === 0) {
    if (end < q.len || ((q.flags & INET_FRAG_LAST_IN) !== 0 && end !== q.len))
      return discard_queue(ip6, q, skb, SKB_DROP_REASON_IP_INHDR);
    q.flags |= INET_FRAG_LAST_IN;
    q.len = end;
  } else {
    if ((end & 7) !== 0) return header_problem(ip6, skb, ICMPV6_HDR_FIELD, IP6_PAYLOAD_LEN);
    if (end > q.len) {
      if ((q.flags & INET_FRAG_LAST_IN) !== 0) return discard_queue(ip6, q, skb, SKB_DROP_REASON_IP_INHDR);
      q.len = end;
    }
  }
  if (end <= offset) return discard_queue(ip6, q, skb, SKB_DROP_REASON_IP_INHDR);
  const pulled = pskb_pull(skb, fh + FRAG_HLEN - skb.data) !== 0;
  if (!pulled || pskb_trim(skb, end - offset) !== 0 || skb.len < end - offset)
    return discard_queue(ip6, q, skb, SKB_DROP_REASON_NOMEM);
  const result = inet_frag_queue_insert(q, skb, offset, end);
  if (result === IPFRAG_DUP) {
    kfree_skb_reason(skb, SKB_DROP_REASON_DUP_FRAG);
    return null;
  }
  if (result !== IPFRAG_OK) {
    ip6.mib.ip6[IPSTATS.ReasmOverlaps]++;
    return discard_queue(ip6, q, skb, SKB_DROP_REASON_IP_INHDR);
  }
  return ip6_frag_stored(ip6, q, skb, offset);
}

function ip6_frag_stored(ip6: Ipv6, q: FragQueue, skb: SkBuff, offset: number): SkBuff | null {
  const trace = ip6.net.sim.trace;
  if (trace.on) trace.put(TP.FRAG_QUEUE, ip6.net.who, skb.journey, skb.id, offset, skb.len);
  if (skb.dev !== null) q.iif = skb.dev.ifindex;
  q.meat += skb.len;
  q.mem += skb.truesize;
  ip6.frags.mem += skb.truesize;
  if (offset === 0) q.flags |= INET_FRAG_FIRST_IN;
  if (q.flags !== (INET_FRAG_FIRST_IN | INET_FRAG_LAST_IN) || q.meat !== q.len) return null;
  return ip6_frag_reasm(ip6, q, skb);
}

/** `ip6_frag_reasm`: the first fragment's headers without the fragment header become those of the packet. */
function ip6_frag_reasm(ip6: Ipv6, q: FragQueue, last: SkBuff): SkBuff | null {
  const stats = ip6.mib.ip6;
  const first = q.runs[0];
  const unfrag = first.data - FRAG_HLEN - first.network_header;
  const payload = unfrag - IP6_HLEN + q.len;
  ip6.frags.kill(q);
  if (payload > IPV6_MAXPLEN) {
    stats[IPSTATS.ReasmFails]++;
    ip6.frags.destroy(q, SKB_DROP_REASON_PKT_TOO_BIG);
    return null;
  }
  const head = inet_frag_reasm(q);
  head.dev = last.dev;
  ip6.frags.destroy(q, SKB_DROP_REASON_IP_INHDR);
  // A tap may hold the bytes of the headers that change now.
  if (skb_cloned(head) && pskb_expand_head(head, 0, 0) !== 0) {
    stats[IPSTATS.ReasmFails]++;
    kfree_skb_reason(head, SKB_DROP_REASON_NOMEM);
    return null;
  }
  const { u8, dv } = ip6.net.arena;
  // The byte that named the fragment header names what followed it; then the headers move up by its length.
  u8[head.network_header + head.cb3] = u8[head.transport_header];
  const start = head.mac_header !== 0 ? head.mac_header : head.network_header;
  u8.copyWithin(start + FRAG_HLEN, start, head.data - FRAG_HLEN);
  if (head.mac_header !== 0) head.mac_header += FRAG_HLEN;
  head.network_header += FRAG_HLEN;
  head.transport_header = head.data;
  skb_push(head, unfrag);
  dv.setUint16(head.network_header + IP6_PAYLOAD_LEN, payload);
  head.cb4 = 1;
  stats[IPSTATS.ReasmOKs]++;
  return head;
}

/** The end of `ip6frag_expire_frag_queue`: the sender is told by Time Exceeded. */
export class Ip6FragExpire implements FragExpire {
  readonly ip6: Ipv6;
  readonly stats: Float64Array;

  constructor(ip6: Ipv6) {
    this.ip6 = ip6;
    this.stats = ip6.mib.ip6;
  }

  frag_timeout(head: SkBuff): void {
    icmpv6_send(this.ip6, head, ICMPV6_TIME_EXCEED, ICMPV6_EXC_FRAGTIME, 0);
  }
}
