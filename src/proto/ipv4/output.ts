import { csum_fold, hash32_3 } from '../../bytes/index.js';
import { TP } from '../../sim/index.js';
import {
  CHECKSUM_NONE,
  CHECKSUM_UNNECESSARY,
  kfree_skb_reason,
  NET_XMIT_CN,
  type NetDevice,
  netif_rx,
  SKB_DROP_REASON_NEIGH_CREATEFAIL,
  type SkBuff,
  skb_copy,
  skb_push,
} from '../../skbuff/index.js';
import { ENOBUFS, ETH_P_IP, IFF_LOOPBACK, INADDR_ALLHOSTS_GROUP, PACKET_LOOPBACK } from '../../uapi/index.js';
import { IPSTATS } from '../core/index.js';
import { ip_eth_mc_map } from '../ethernet/index.js';
import { dev_hard_header_xmit, neigh_output } from '../neigh/index.js';
import { RTN_BROADCAST, RTN_MULTICAST } from '../route/index.js';
import { IP_MF, IPH_DADDR, IPH_ID, IPH_LEN, IPH_SADDR, IPH_TTL } from './header.js';
import type { Ip4Tx, Ipv4 } from './state.js';

/** `__ip_select_ident`: the next identification for (source, destination, protocol); counters are shared by hash. 0–65535. */
export function ip_select_ident(ip: Ipv4, saddr: number, daddr: number, protocol: number): number {
  const b = hash32_3(daddr, saddr, protocol, ip.ident_key) & (ip.idents.length - 1);
  return ip.idents[b]++ & 0xffff;
}

/**
 * `ip_local_out` and what follows: writes the header described by `tx` in front of `skb` (a packet of `ip_alloc_chain` with 20 bytes of
 * headroom, parts become fragments) and sends it. Takes the skb. Returns 0 or -errno (-ENOBUFS: the device's queue dropped it).
 */
export function ip_local_out(ip: Ipv4, skb: SkBuff, tx: Ip4Tx): number {
  const dev = tx.dev as NetDevice;
  const { type, nexthop } = tx;
  const stats = ip.mib.ip;
  stats[IPSTATS.OutRequests]++;
  skb.protocol = ETH_P_IP;
  skb.dev = dev;
  skb.cb0 = type;
  skb_push(skb, IPH_LEN);
  skb.network_header = skb.data;
  ip_write_header(ip.net.arena.dv, skb.data, tx, skb.len, tx.df);
  const trace = ip.net.sim.trace;
  if (skb.journey === 0) skb.journey = trace.newJourney();
  if (trace.on) trace.put(TP.IP_OUT, ip.net.who, skb.journey, skb.id, tx.protocol, skb.len);
  if (type === RTN_BROADCAST || type === RTN_MULTICAST) ip_mc_output(ip, skb, dev, type, tx.daddr);
  const err =
    skb.frag_list === null
      ? ip_finish_output2(ip, skb, dev, type, nexthop)
      : ip_fragment(ip, skb, tx, dev, type, nexthop);
  if (err !== 0) stats[IPSTATS.OutDiscards]++;
  return err;
}

/** `net_xmit_errno`: congestion is not an error, a drop by the queue is -ENOBUFS. */
export function net_xmit_errno(rc: number): number {
  return rc <= 0 ? rc : rc === NET_XMIT_CN ? 0 : -ENOBUFS;
}

/** Writes a header without options; the checksum is summed from the fields. */
function ip_write_header(dv: DataView, at: number, tx: Ip4Tx, tot_len: number, frag: number): void {
  const w0 = 0x4500 | tx.tos;
  const w4 = (tx.ttl << 8) | tx.protocol;
  const s = tx.saddr;
  const d = tx.daddr;
  const sum = w0 + tot_len + tx.id + frag + w4 + (s >>> 16) + (s & 0xffff) + (d >>> 16) + (d & 0xffff);
  dv.setInt32(at, (w0 << 16) | tot_len);
  dv.setInt32(at + IPH_ID, (tx.id << 16) | frag);
  dv.setInt32(at + IPH_TTL, (w4 << 16) | (~csum_fold(sum) & 0xffff));
  dv.setInt32(at + IPH_SADDR, s);
  dv.setInt32(at + IPH_DADDR, d);
}

/** `ip_finish_output2`: finds the link-layer address and hands the frame to the device. */
function ip_finish_output2(ip: Ipv4, skb: SkBuff, dev: NetDevice, type: number, nexthop: number): number {
  let rc: number;
  if ((dev.flags & IFF_LOOPBACK) !== 0) rc = dev_hard_header_xmit(skb, ip.zero_mac, ETH_P_IP);
  else if (type === RTN_BROADCAST) rc = dev_hard_header_xmit(skb, dev.broadcast, ETH_P_IP);
  else if (type === RTN_MULTICAST) rc = dev_hard_header_xmit(skb, ip_eth_mc_map(nexthop, ip.mac), ETH_P_IP);
  else {
    const n = ip.arp.tbl.get4(nexthop, dev);
    if (n === null) {
      kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_CREATEFAIL);
      return -ENOBUFS;
    }
    rc = neigh_output(ip.arp.tbl, n, skb);
  }
  return net_xmit_errno(rc);
}

/** `ip_fragment` (fast path): each part gets a header of its own. Parts are sent until one is refused. */
function ip_fragment(ip: Ipv4, head: SkBuff, tx: Ip4Tx, dev: NetDevice, type: number, nexthop: number): number {
  const stats = ip.mib.ip;
  let part = head.frag_list;
  head.frag_list = null;
  head.len -= head.data_len;
  head.data_len = 0;
  const dv = ip.net.arena.dv;
  ip_write_header(dv, head.data, tx, head.len, IP_MF);
  // All headers are written before anything is sent: sending may use `tx` again.
  let offset = head.len - IPH_LEN;
  for (let skb = part; skb !== null; skb = skb.next) {
    const size = skb.len;
    skb_push(skb, IPH_LEN);
    skb.network_header = skb.data;
    skb.protocol = ETH_P_IP;
    skb.dev = dev;
    skb.cb0 = type;
    skb.journey = head.journey;
    ip_write_header(dv, skb.data, tx, skb.len, (offset >> 3) | (skb.next === null ? 0 : IP_MF));
    offset += size;
  }
  stats[IPSTATS.FragCreates]++;
  let err = ip_finish_output2(ip, head, dev, type, nexthop);
  while (part !== null) {
    const next: SkBuff | null = part.next;
    part.next = null;
    stats[IPSTATS.FragCreates]++;
    const rc = ip_finish_output2(ip, part, dev, type, nexthop);
    if (err === 0) err = rc;
    part = next;
  }
  stats[err === 0 ? IPSTATS.FragOKs : IPSTATS.FragFails]++;
  return err;
}

/** `ip_mc_output`: this host listens to its broadcasts and to groups it joined; a copy comes back below the routes. */
function ip_mc_output(ip: Ipv4, skb: SkBuff, dev: NetDevice, type: number, daddr: number): void {
  const stats = ip.mib.ip;
  stats[type === RTN_BROADCAST ? IPSTATS.OutBcastPkts : IPSTATS.OutMcastPkts]++;
  if ((dev.flags & IFF_LOOPBACK) !== 0 || (type === RTN_MULTICAST && daddr !== INADDR_ALLHOSTS_GROUP)) return;
  const copy = skb_copy(skb);
  if (copy === null) return;
  copy.dev = dev;
  copy.pkt_type = PACKET_LOOPBACK;
  if (copy.ip_summed === CHECKSUM_NONE) copy.ip_summed = CHECKSUM_UNNECESSARY;
  copy.mac_header = copy.data;
  netif_rx(copy);
}
