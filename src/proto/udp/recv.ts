import {
  consume_skb,
  kfree_skb_reason,
  SKB_DROP_REASON_UDP_CSUM,
  type SkBuff,
  skb_checksum_complete,
  skb_copy_datagram,
  skb_dequeue,
  skb_peek,
} from '../../skbuff/index.js';
import {
  AF_INET,
  EAGAIN,
  ETH_P_IPV6,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_TRUNC,
  writeSockaddrIn,
  writeSockaddrIn6,
  writeV4Mapped,
} from '../../uapi/index.js';
import { UDP_MIB } from '../core/index.js';
import { iph_saddr } from '../ipv4/index.js';
import { IP6_SADDR } from '../ipv6/index.js';
import { type Msghdr, RCV_SHUTDOWN } from '../sock/index.js';
import { UDP_HLEN, udp_source } from './header.js';
import type { UdpSockState } from './sock-state.js';
import type { Udp } from './state.js';

/** The first datagram whose checksum is good; bad ones before it are dropped and counted. Null: the queue is empty. */
export function udp_first_good(udp: Udp, sk: UdpSockState): SkBuff | null {
  for (;;) {
    const skb = skb_peek(sk.receive_queue);
    if (skb === null || skb_checksum_complete(skb) === 0) return skb;
    const stats = skb.protocol === ETH_P_IPV6 ? udp.mib.udp6 : udp.mib.udp;
    stats[UDP_MIB.InCsumErrors]++;
    stats[UDP_MIB.InErrors]++;
    skb_dequeue(sk.receive_queue);
    kfree_skb_reason(skb, SKB_DROP_REASON_UDP_CSUM);
  }
}

/**
 * recvmsg(2) (`udp_recvmsg`): a pending error first; else one datagram, cut at the room (`MSG_TRUNC` in `msg_flags`); with the flag `MSG_TRUNC` the
 * whole length is returned, with `MSG_PEEK` the datagram stays. Empty: -EAGAIN, or 0 after shutdown when the call would sleep.
 */
export function udp_recvmsg(udp: Udp, sk: UdpSockState, msg: Msghdr): number {
  msg.msg_flags = 0;
  msg.namelen = 0;
  const { flags } = msg;
  if ((flags & MSG_ERRQUEUE) !== 0) return -EAGAIN;
  if (sk.sk_err !== 0) return sk.sock_error();
  const skb = udp_first_good(udp, sk);
  if (skb === null) {
    return (sk.sk_shutdown & RCV_SHUTDOWN) !== 0 && (flags & MSG_DONTWAIT) === 0 ? 0 : -EAGAIN;
  }
  const ulen = skb.len - UDP_HLEN;
  let copied = msg.len;
  if (copied >= ulen) copied = ulen;
  else msg.msg_flags |= MSG_TRUNC;
  const err = skb_copy_datagram(skb, UDP_HLEN, msg.buf, msg.off, copied);
  if (err !== 0) return err;
  if (sk.family !== AF_INET) write_name6(udp, skb, msg);
  else {
    const dv = udp.net.arena.dv;
    msg.namelen = writeSockaddrIn(msg.name, 0, iph_saddr(dv, skb.network_header), udp_source(dv, skb.data));
  }
  msg.journey = skb.journey;
  if ((flags & MSG_PEEK) === 0) {
    const stats = skb.protocol === ETH_P_IPV6 ? udp.mib.udp6 : udp.mib.udp;
    stats[UDP_MIB.InDatagrams]++;
    udp.net.delivered++;
    skb_dequeue(sk.receive_queue);
    consume_skb(skb);
  }
  return (flags & MSG_TRUNC) !== 0 ? ulen : copied;
}

/** The sender's address as an AF_INET6 socket sees it. */
function write_name6(udp: Udp, skb: SkBuff, msg: Msghdr): void {
  const { u8, dv } = udp.net.arena;
  const port = udp_source(dv, skb.data);
  const hdr = skb.network_header;
  if (skb.protocol === ETH_P_IPV6) {
    const linklocal = u8[hdr + IP6_SADDR] === 0xfe && (u8[hdr + IP6_SADDR + 1] & 0xc0) === 0x80;
    msg.namelen = writeSockaddrIn6(msg.name, 0, u8, hdr + IP6_SADDR, port, 0, linklocal ? skb.skb_iif : 0);
    return;
  }
  writeV4Mapped(iph_saddr(dv, hdr), udp.scratch, 0);
  msg.namelen = writeSockaddrIn6(msg.name, 0, udp.scratch, 0, port, 0, 0);
}
