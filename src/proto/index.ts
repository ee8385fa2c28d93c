/**
 * The internet protocols of one host: Ethernet, ARP and neighbour discovery, routes, IPv4 and IPv6 with ICMP and fragments, UDP, loopback.
 * Knows no hardware: packets come up through the packet-type registry and leave through `dev_queue_xmit`.
 *
 * @packageDocumentation
 */
export { ARP_LEN, ARPOP_REPLY, ARPOP_REQUEST, type ArpRecord, arp_emit, arp_parse } from './arp/index.js';
export {
  ICMP_MIB,
  type In6,
  IPSTATS,
  in6_from_bytes,
  in6_new,
  in6_to_bytes,
  Mib,
  type MibGroup,
  snmp,
  UDP_MIB,
} from './core/index.js';
export { ETH_HDR_LEN, type EthRecord, eth_emit, eth_parse, eth_proto } from './ethernet/index.js';
export { Inet, inet_create, inet_init } from './inet.js';
export { IfaddrError } from './inet-addr.js';
export type { NeighbourInfo, RouteInfo } from './inet-info.js';
export { RouteError, type RouteSpec } from './inet-route.js';
export {
  type IcmpRecord,
  type Inet4Protocol,
  type Ipv4,
  type Ipv4Record,
  icmp_emit,
  icmp_parse,
  ip_emit,
  ip_parse,
  ip_send_check,
} from './ipv4/index.js';
export {
  type Frag6Record,
  frag6_emit,
  frag6_parse,
  type Inet6Protocol,
  type Ipv6,
  type Ipv6Record,
  ip6_emit,
  ip6_parse,
  type NdRecord,
  nd_emit,
  nd_parse,
} from './ipv6/index.js';
export { Msghdr, type Sock, type SockWaker } from './sock/index.js';
export { Udp, type UdpRecord, UdpSock, udp_emit, udp_parse } from './udp/index.js';
