/** UDP over IPv4 and IPv6: header, socket tables, lookup, sockets. */
export * from './header.js';
export { compute_score4, compute_score6, udp4_lookup, udp6_lookup } from './lookup.js';
export * from './sock.js';
export { CachedRoute, UdpSockState } from './sock-state.js';
export * from './state.js';
export { inet_rcv_saddr_equal, UDP_SLOTS, UdpTable, udp_get_port, udp_rehash, udp_unhash } from './table.js';
