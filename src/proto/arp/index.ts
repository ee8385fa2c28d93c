/** ARP: the packet, and the protocol of one host. */
export * from './arp.js';
export * from './header.js';
