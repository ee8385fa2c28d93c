/** What every protocol room shares: address helpers, counters. */
export * from './in4.js';
export * from './in6.js';
export * from './inet-fragment.js';
export * from './mib.js';
export * from './peers.js';
