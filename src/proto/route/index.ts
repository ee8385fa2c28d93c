/** Addresses of devices and routes of both families: longest prefix, connected, host, default through a gateway; sources chosen. */
export * from './addrconf.js';
export * from './devinet.js';
export * from './fib4.js';
export * from './fib6.js';
export * from './flow4.js';
export * from './flow6.js';
export * from './input4.js';
export * from './table6.js';
