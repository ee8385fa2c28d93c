/** Sockets below the system calls: what all of them have, their memory, SOL_SOCKET. */
export * from './base.js';
export * from './optval.js';
export * from './sol-socket.js';
export * from './types.js';
