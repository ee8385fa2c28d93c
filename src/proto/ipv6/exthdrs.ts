import { kfree_skb_reason, pskb_may_pull, SKB_DROP_REASON_IPV6_BAD_EXTHDR, type SkBuff } from '../../skbuff/index.js';
import { IPSTATS } from '../core/index.js';
import { ICMPV6_HDR_FIELD, ICMPV6_PARAMPROB, ICMPV6_UNK_OPTION } from './icmp-header.js';
import { icmpv6_send } from './icmp-send.js';
import type { Ipv6 } from './state.js';

/** The header is done: `transport_header` and `cb3` are at the next one. */
export const EXTHDR_NEXT = 0;
/** The packet was dropped. */
export const EXTHDR_DROPPED = 1;

const IPV6_TLV_PAD1 = 0;
const IPV6_TLV_PADN = 1;
/** Options other than padding a header may have, and bytes of padding in a row (net.ipv6.max_dst_opts_number 8). */
const MAX_OPTIONS = 8;
const MAX_PADDING = 7;

function bad(ip6: Ipv6, skb: SkBuff): number {
  ip6.mib.ip6[IPSTATS.InHdrErrors]++;
  kfree_skb_reason(skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
  return EXTHDR_DROPPED;
}

/** Brings the extension header at `transport_header` into the head; its length in bytes, or 0 when it is cut off. */
function pull_exthdr(ip6: Ipv6, skb: SkBuff): number {
  const off = skb.transport_header - skb.data;
  if (!pskb_may_pull(skb, off + 8)) return 0;
  const len = (ip6.net.arena.dv.getUint8(skb.transport_header + 1) + 1) * 8;
  return pskb_may_pull(skb, off + len) ? len : 0;
}

function next_header(skb: SkBuff, len: number): number {
  skb.cb3 = skb.transport_header - skb.network_header;
  skb.transport_header += len;
  return EXTHDR_NEXT;
}

/** Hop-by-hop or destination options at `transport_header` (`ip6_parse_tlv`): no option has an effect here, each is judged by its type. */
export function exthdr_options(ip6: Ipv6, skb: SkBuff, multicast: boolean): number {
  const len = pull_exthdr(ip6, skb);
  if (len === 0) return bad(ip6, skb);
  const dv = ip6.net.arena.dv;
  let at = skb.transport_header + 2;
  const end = skb.transport_header + len;
  let padding = 0;
  let count = 0;
  while (at < end) {
    const type = dv.getUint8(at);
    if (type === IPV6_TLV_PAD1) {
      at++;
      if (++padding > MAX_PADDING) return bad(ip6, skb);
      continue;
    }
    if (at + 2 > end) return bad(ip6, skb);
    const size = dv.getUint8(at + 1) + 2;
    if (at + size > end) return bad(ip6, skb);
    if (type === IPV6_TLV_PADN) {
      padding += size;
      if (padding > MAX_PADDING) return bad(ip6, skb);
      for (let i = 2; i < size; i++) if (dv.getUint8(at + i) !== 0) return bad(ip6, skb);
    } else {
      padding = 0;
      if (++count > MAX_OPTIONS) return bad(ip6, skb);
      if (!unknown_option_ok(ip6, skb, type, at, multicast)) return EXTHDR_DROPPED;
    }
    at += size;
  }
  return next_header(skb, len);
}

/** RFC 8200 §4.2: the two upper bits of an unknown option say what to do. False: the packet was dropped. */
function unknown_option_ok(ip6: Ipv6, skb: SkBuff, type: number, at: number, multicast: boolean): boolean {
  const action = type >>> 6;
  if (action === 0) return true;
  if (action === 2 || (action === 3 && !multicast)) {
    icmpv6_send(ip6, skb, ICMPV6_PARAMPROB, ICMPV6_UNK_OPTION, at - skb.network_header);
  }
  kfree_skb_reason(skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
  return false;
}

/** A routing header: done when no segments are left, else refused (RFC 8200 §4.4; type 0 is deprecated by RFC 5095; no type is known here). */
export function exthdr_routing(ip6: Ipv6, skb: SkBuff): number {
  const len = pull_exthdr(ip6, skb);
  if (len === 0) return bad(ip6, skb);
  const dv = ip6.net.arena.dv;
  if (dv.getUint8(skb.transport_header + 3) === 0) return next_header(skb, len);
  icmpv6_send(ip6, skb, ICMPV6_PARAMPROB, ICMPV6_HDR_FIELD, skb.transport_header + 2 - skb.network_header);
  return bad(ip6, skb);
}
