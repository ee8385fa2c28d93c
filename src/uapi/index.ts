/**
 * Constants and address forms of the Linux x86-64 user API: errno, sockets, files, `struct sockaddr_in` and
 * `sockaddr_in6`, and IPv4, IPv6 and Ethernet addresses as text. Imports nothing.
 *
 * @packageDocumentation
 */

export * from './addresses.js';
export * from './errno.js';
export * from './file.js';
export * from './ipv6-text.js';
export * from './net.js';
export * from './sockaddr.js';
