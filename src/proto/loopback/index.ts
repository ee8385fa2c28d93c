/** The loopback device, and a backlog for hosts without NAPI. */
export * from './loopback.js';
