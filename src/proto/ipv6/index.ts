/** IPv6: header, extension headers, reception, fragments, transmission, ICMPv6, neighbour discovery. */

export { Ip6FragExpire } from './frag.js';
export * from './header.js';
export * from './icmp.js';
export * from './icmp-header.js';
export { icmpv6_send } from './icmp-send.js';
export { ipv6_rcv } from './input.js';
export * from './ipv6.js';
export { Ndisc } from './ndisc.js';
export { ip6_local_out } from './output.js';
export { ipv6_skip_exthdr } from './skip-exthdr.js';
export * from './state.js';
