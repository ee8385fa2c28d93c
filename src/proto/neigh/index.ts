/** The neighbour cache: Ethernet addresses of the hosts on each link, and the packets that wait for one. */
export * from './neighbour.js';
export * from './table.js';
