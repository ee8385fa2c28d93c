/** IPv4: header, reception, fragments, transmission, ICMP. */
export * from './append.js';
export { Ip4FragExpire } from './frag.js';
export * from './header.js';
export * from './icmp.js';
export * from './icmp-header.js';
export { icmp_send } from './icmp-send.js';
export { ip_rcv } from './input.js';
export * from './ipv4.js';
export * from './options.js';
export { ip_local_out, ip_select_ident, net_xmit_errno } from './output.js';
export * from './state.js';
