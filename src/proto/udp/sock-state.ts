import type { Net } from '../../skbuff/index.js';
import { AF_INET6, IP_PMTUDISC_DONT, IP_PMTUDISC_WANT, IPPROTO_UDP, SOCK_DGRAM } from '../../uapi/index.js';
import { type In6, in6_new } from '../core/index.js';
import { SockBase } from '../sock/index.js';

/** Bits of `userlocks`: the address, the port were chosen by the program (bind), not by the kernel. */
export const SOCK_BINDADDR_LOCK = 4;
export const SOCK_BINDPORT_LOCK = 8;

/** A route kept by a connected socket. */
export class CachedRoute {
  /** Generation of the table it came from; 0 = none. */
  genid: number = 0;
  type: number = 0;
  ifindex: number = 0;
  /** Next hop and source: IPv4 as int32, or words. */
  nexthop4: number = 0;
  saddr4: number = 0;
  readonly nexthop6: In6 = in6_new();
  readonly saddr6: In6 = in6_new();
}

/** The state of a UDP socket (`struct udp_sock`), without behaviour. An AF_INET6 socket that talks IPv4 uses the IPv4 fields. */
export class UdpSockState extends SockBase {
  /** Local port, 0 = unbound; remote port, 0 = not connected. */
  num: number = 0;
  dport: number = 0;
  connected: boolean = false;
  userlocks: number = 0;
  /** Address received on (0 = any), source of what is sent (0 = by route), remote address. */
  rcv_saddr4: number = 0;
  saddr4: number = 0;
  daddr4: number = 0;
  readonly rcv_saddr6: In6 = in6_new();
  readonly saddr6: In6 = in6_new();
  readonly daddr6: In6 = in6_new();
  v6only: boolean;
  /** Chains of the two hash tables. */
  hash_next: UdpSockState | null = null;
  hash2_next: UdpSockState | null = null;
  /** Slot of the second table it is on, -1 = none. */
  hash2_slot: number = -1;
  /** IPv4 options. -1 as TTL: the host's default. */
  tos: number = 0;
  uc_ttl: number = -1;
  mc_ttl: number = 1;
  mc_loop: boolean = true;
  pmtudisc: number;
  freebind: boolean = false;
  /** Identification of the next datagram of a connected socket. */
  inet_id: number = 0;
  /** IPv6 options; -1: default. */
  tclass: number = 0;
  hop_limit: number = -1;
  mcast_hops: number = 1;
  mcast_oif: number = 0;
  pmtudisc6: number = IP_PMTUDISC_WANT;
  dontfrag: boolean = false;
  no_check6_tx: boolean = false;
  no_check6_rx: boolean = false;
  readonly route: CachedRoute = new CachedRoute();

  constructor(net: Net, family: number) {
    super(net, family, SOCK_DGRAM, IPPROTO_UDP);
    this.v6only = family === AF_INET6 && net.sysctl.bindv6only !== 0;
    this.pmtudisc = net.sysctl.ip_no_pmtu_disc !== 0 ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
  }
}
