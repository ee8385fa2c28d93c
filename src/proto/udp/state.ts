import type { Net, SkBuff } from '../../skbuff/index.js';
import {
  EACCES,
  ECONNREFUSED,
  EHOSTDOWN,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  ENONET,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPROTO,
} from '../../uapi/index.js';
import { type In6, in6_load, in6_new, type Mib } from '../core/index.js';
import {
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  ICMP_PARAMETERPROB,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  type Inet4Protocol,
  type Ipv4,
  iph_daddr,
  iph_ihl,
  iph_saddr,
} from '../ipv4/index.js';
import {
  ICMPV6_DEST_UNREACH,
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
  type Inet6Protocol,
  IP6_DADDR,
  IP6_SADDR,
  type Ipv6,
} from '../ipv6/index.js';
import { udp_dest, udp_source } from './header.js';
import { udp4_rcv, udp6_rcv } from './input.js';
import { udp4_lookup, udp6_lookup } from './lookup.js';
import type { UdpSockState } from './sock-state.js';
import { UdpTable } from './table.js';

/** UDP of one host. */
export class Udp {
  readonly net: Net;
  readonly mib: Mib;
  readonly ip: Ipv4;
  readonly ip6: Ipv6;
  readonly table: UdpTable;
  /** Scratch addresses of one call, and `::`. */
  readonly a: In6 = in6_new();
  readonly b: In6 = in6_new();
  readonly any6: In6 = in6_new();
  readonly scratch: Uint8Array = new Uint8Array(16);

  constructor(net: Net, mib: Mib, ip: Ipv4, ip6: Ipv6) {
    this.net = net;
    this.mib = mib;
    this.ip = ip;
    this.ip6 = ip6;
    this.table = new UdpTable(net);
  }
}

/** Errno by code of ICMP_DEST_UNREACH, and whether it ends a connected socket's wait (`icmp_err_convert`). */
const UNREACH_ERRNO: readonly number[] = [
  ENETUNREACH,
  EHOSTUNREACH,
  ENOPROTOOPT,
  ECONNREFUSED,
  EMSGSIZE,
  EOPNOTSUPP,
  ENETUNREACH,
  EHOSTDOWN,
  ENONET,
  ENETUNREACH,
  EHOSTUNREACH,
  ENETUNREACH,
  EHOSTUNREACH,
  EHOSTUNREACH,
  EHOSTUNREACH,
  EHOSTUNREACH,
];
const UNREACH_FATAL: readonly boolean[] = [
  false,
  false,
  true,
  true,
  false,
  false,
  true,
  true,
  true,
  true,
  true,
  false,
  false,
  true,
  true,
  true,
];
/** Errno by code of ICMPV6_DEST_UNREACH, and whether it is fatal (`tab_unreach`). */
const UNREACH6_ERRNO: readonly number[] = [
  ENETUNREACH,
  EACCES,
  EHOSTUNREACH,
  EHOSTUNREACH,
  ECONNREFUSED,
  EACCES,
  EACCES,
];
const UNREACH6_FATAL: readonly boolean[] = [false, true, false, false, true, true, true];

/** Only a connected socket hears of errors (without IP_RECVERR): hard ones end its next call, soft ones are kept for SO_ERROR. */
function report(sk: UdpSockState, errno: number, hard: boolean): void {
  if (!sk.connected) return;
  if (hard) sk.sk_error(errno);
  else sk.sk_err_soft = errno;
}

/** UDP over IPv4 as IPv4 sees it. */
export class Udp4Protocol implements Inet4Protocol {
  readonly udp: Udp;

  constructor(udp: Udp) {
    this.udp = udp;
  }

  rcv(skb: SkBuff): void {
    udp4_rcv(this.udp, skb);
  }

  /** `udp_err`: finds the socket that sent the quoted datagram. */
  err(skb: SkBuff, type: number, code: number, _info: number): boolean {
    const { udp } = this;
    const dv = udp.net.arena.dv;
    const iph = skb.data;
    const uh = iph + iph_ihl(dv, iph) * 4;
    const dif = skb.dev === null ? 0 : skb.dev.ifindex;
    const sk = udp4_lookup(
      udp.table,
      iph_daddr(dv, iph),
      udp_dest(dv, uh),
      iph_saddr(dv, iph),
      udp_source(dv, uh),
      dif,
    );
    if (sk === null) return false;
    if (type === ICMP_SOURCE_QUENCH) return true;
    if (type === ICMP_TIME_EXCEEDED) report(sk, EHOSTUNREACH, false);
    else if (type === ICMP_PARAMETERPROB) report(sk, EPROTO, true);
    else if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) {
      if (sk.pmtudisc !== 0) report(sk, EMSGSIZE, true);
    } else if (type === ICMP_DEST_UNREACH && code < UNREACH_ERRNO.length)
      report(sk, UNREACH_ERRNO[code], UNREACH_FATAL[code]);
    return true;
  }
}

/** UDP over IPv6 as IPv6 sees it. */
export class Udp6Protocol implements Inet6Protocol {
  readonly udp: Udp;

  constructor(udp: Udp) {
    this.udp = udp;
  }

  rcv(skb: SkBuff): void {
    udp6_rcv(this.udp, skb);
  }

  /** `udpv6_err` with `icmpv6_err_convert`. */
  err(skb: SkBuff, type: number, code: number, offset: number, _info: number): boolean {
    const { udp } = this;
    const dv = udp.net.arena.dv;
    const hdr = skb.data;
    const uh = hdr + offset;
    const { a: local, b: remote } = udp;
    in6_load(dv, hdr + IP6_SADDR, local);
    in6_load(dv, hdr + IP6_DADDR, remote);
    const dif = skb.dev === null ? 0 : skb.dev.ifindex;
    const sk = udp6_lookup(udp.table, remote, udp_dest(dv, uh), local, udp_source(dv, uh), dif, udp.any6);
    if (sk === null) return false;
    if (type === ICMPV6_DEST_UNREACH) {
      if (code < UNREACH6_ERRNO.length) report(sk, UNREACH6_ERRNO[code], UNREACH6_FATAL[code]);
    } else if (type === ICMPV6_PKT_TOOBIG) report(sk, EMSGSIZE, true);
    else if (type === ICMPV6_PARAMPROB) report(sk, EPROTO, true);
    else if (type === ICMPV6_TIME_EXCEED) report(sk, EHOSTUNREACH, false);
    return true;
  }
}
