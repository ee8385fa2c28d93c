export * from './inet.js';
export * from './link.js';
export * from './socket.js';
