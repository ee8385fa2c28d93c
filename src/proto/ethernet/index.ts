/** Ethernet: the header, and the addresses of groups. */
export * from './header.js';
export * from './mac.js';
