import { TP } from '../../sim/index.js';
import {
  CHECKSUM_NONE,
  CHECKSUM_UNNECESSARY,
  kfree_skb_reason,
  pskb_expand_head,
  pskb_pull,
  pskb_trim,
  SKB_DROP_REASON_DUP_FRAG,
  SKB_DROP_REASON_FRAG_TOO_FAR,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_PKT_TOO_BIG,
  type SkBuff,
  skb_cloned,
  skb_push,
} from '../../skbuff/index.js';
import {
  type FragExpire,
  type FragQueue,
  INET_FRAG_FIRST_IN,
  INET_FRAG_LAST_IN,
  IPFRAG_DUP,
  IPFRAG_OK,
  IPSTATS,
  inet_frag_queue_insert,
  inet_frag_reasm,
} from '../core/index.js';
import {
  IP_DF,
  IP_MAX_MTU,
  IP_MF,
  IP_OFFSET,
  IPH_FRAG_OFF,
  IPH_TOT_LEN,
  ip_send_check,
  iph_daddr,
  iph_frag_off,
  iph_id,
  iph_ihl,
  iph_protocol,
  iph_saddr,
} from './header.js';
import { ICMP_EXC_FRAGTIME, ICMP_TIME_EXCEEDED } from './icmp-header.js';
import { icmp_send } from './icmp-send.js';
import type { Ipv4 } from './state.js';

/**
 * `ip_defrag`: takes a fragment (`skb.data` at its IP header). Returns the datagram when this completes it, `skb.data` at its header, else
 * null: the fragment waits or was dropped. Rules: net/ipv4/ip_fragment.c; a partial overlap or contradicting ends lose the whole datagram,
 * an exact repetition only itself.
 */
export function ip_defrag(ip: Ipv4, skb: SkBuff): SkBuff | null {
  const stats = ip.mib.ip;
  stats[IPSTATS.ReasmReqds]++;
  const dv = ip.net.arena.dv;
  const at = skb.data;
  const key = ip.frag_key;
  key[3] = iph_saddr(dv, at);
  key[7] = iph_daddr(dv, at);
  key[8] = iph_id(dv, at);
  key[9] = iph_protocol(dv, at);
  const sysctl = ip.net.sysctl;
  const q = ip.frags.find(key, sysctl.ipfrag_time, sysctl.ipfrag_high_thresh);
  if (q === null) {
    stats[IPSTATS.ReasmFails]++;
    kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
    return null;
  }
  return ip_frag_queue(ip, q, skb);
}

/** Gives up on a datagram: this fragment and those that wait are dropped. */
function discard_queue(ip: Ipv4, q: FragQueue, skb: SkBuff, reason: number): null {
  ip.mib.ip[IPSTATS.ReasmFails]++;
  ip.frags.kill(q);
  ip.frags.destroy(q, reason);
  kfree_skb_reason(skb, reason);
  return null;
}

function ip_frag_queue(ip: Ipv4, q: FragQueue, skb: SkBuff): SkBuff | null {
  const dv = ip.net.arena.dv;
  const at = skb.data;
  if (frag_too_far(ip, q)) {
    ip.mib.ip[IPSTATS.ReasmFails]++;
    ip.frags.restart(q, ip.net.sysctl.ipfrag_time, SKB_DROP_REASON_FRAG_TOO_FAR);
  }
  const field = iph_frag_off(dv, at);
  const ihl = iph_ihl(dv, at) * 4;
  const offset = (field & IP_OFFSET) << 3;
  let end = offset + skb.len - ihl;
  if ((field & IP_MF) === 0) {
    if (end < q.len || ((q.flags & INET_FRAG_LAST_IN) !== 0 && end !== q.len))
      return discard_queue(ip, q, skb, SKB_DROP_REASON_IP_INHDR);
    q.flags |= INET_FRAG_LAST_IN;
    q.len = end;
  } else {
    if ((end & 7) !== 0) {
      end &= ~7;
      if (skb.ip_summed !== CHECKSUM_UNNECESSARY) skb.ip_summed = CHECKSUM_NONE;
    }
    if (end > q.len) {
      if ((q.flags & INET_FRAG_LAST_IN) !== 0) return discard_queue(ip, q, skb, SKB_DROP_REASON_IP_INHDR);
      q.len = end;
    }
  }
  if (end === offset) return discard_queue(ip, q, skb, SKB_DROP_REASON_IP_INHDR);
  if (pskb_pull(skb, ihl) === 0 || pskb_trim(skb, end - offset) !== 0)
    return discard_queue(ip, q, skb, SKB_DROP_REASON_NOMEM);
  const result = inet_frag_queue_insert(q, skb, offset, end);
  if (result === IPFRAG_DUP) {
    kfree_skb_reason(skb, SKB_DROP_REASON_DUP_FRAG);
    return null;
  }
  if (result !== IPFRAG_OK) {
    ip.mib.ip[IPSTATS.ReasmOverlaps]++;
    return discard_queue(ip, q, skb, SKB_DROP_REASON_IP_INHDR);
  }
  return ip_frag_stored(ip, q, skb, offset, ihl, field);
}

/** The fragment is in its place: counts it, and puts the datagram together when it was the last one missing. */
function ip_frag_stored(
  ip: Ipv4,
  q: FragQueue,
  skb: SkBuff,
  offset: number,
  ihl: number,
  field: number,
): SkBuff | null {
  const trace = ip.net.sim.trace;
  if (trace.on) trace.put(TP.FRAG_QUEUE, ip.net.who, skb.journey, skb.id, offset, skb.len);
  if (skb.dev !== null) q.iif = skb.dev.ifindex;
  q.meat += skb.len;
  q.mem += skb.truesize;
  ip.frags.mem += skb.truesize;
  if (offset === 0) q.flags |= INET_FRAG_FIRST_IN;
  const size = skb.len + ihl;
  if (size > q.max_size) q.max_size = size;
  if ((field & IP_DF) !== 0 && size > q.max_df_size) q.max_df_size = size;
  if (q.flags !== (INET_FRAG_FIRST_IN | INET_FRAG_LAST_IN) || q.meat !== q.len) return null;
  return ip_frag_reasm(ip, q, skb);
}

/** `ip_frag_reasm`: the header of the first fragment becomes that of the datagram. */
function ip_frag_reasm(ip: Ipv4, q: FragQueue, last: SkBuff): SkBuff | null {
  const stats = ip.mib.ip;
  const ihl = q.runs[0].data - q.runs[0].network_header;
  const len = ihl + q.len;
  ip.frags.kill(q);
  if (len > IP_MAX_MTU) {
    stats[IPSTATS.ReasmFails]++;
    ip.frags.destroy(q, SKB_DROP_REASON_PKT_TOO_BIG);
    return null;
  }
  // Fragments that all forbid fragmentation came from a sender that probes the path: the datagram keeps the bit.
  const df = q.max_df_size === q.max_size ? IP_DF : 0;
  const head = inet_frag_reasm(q);
  head.dev = last.dev;
  ip.frags.destroy(q, SKB_DROP_REASON_IP_INHDR);
  // A tap may hold the bytes of the header that changes now.
  if (skb_cloned(head) && pskb_expand_head(head, 0, 0) !== 0) {
    stats[IPSTATS.ReasmFails]++;
    kfree_skb_reason(head, SKB_DROP_REASON_NOMEM);
    return null;
  }
  skb_push(head, ihl);
  const arena = ip.net.arena;
  arena.dv.setUint16(head.data + IPH_TOT_LEN, len);
  arena.dv.setUint16(head.data + IPH_FRAG_OFF, df);
  ip_send_check(arena.u8, arena.u32, head.data, ihl >> 2);
  stats[IPSTATS.ReasmOKs]++;
  return head;
}

/** `ip_frag_too_far`: at least `ipfrag_max_dist` (64) other fragments of that sender came since the last one of this queue. */
function frag_too_far(ip: Ipv4, q: FragQueue): boolean {
  const max = ip.net.sysctl.ipfrag_max_dist;
  if (max === 0) return false;
  const slot = ip.peers.slot(0, 0, 0, q.key[3]);
  const before = q.rid;
  q.rid = ++ip.peers.rid[slot];
  return q.tail !== null && ((q.rid - before) | 0) > max;
}

/** The end of `ip_expire`: the sender is told by Time Exceeded. */
export class Ip4FragExpire implements FragExpire {
  readonly ip: Ipv4;
  readonly stats: Float64Array;

  constructor(ip: Ipv4) {
    this.ip = ip;
    this.stats = ip.mib.ip;
  }

  frag_timeout(head: SkBuff): void {
    icmp_send(this.ip, head, ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, 0);
  }
}
