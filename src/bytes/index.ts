/** Arithmetic on bytes and integers that every room needs; imports nothing. */
export * from './checksum.js';
export * from './crc32.js';
export * from './int.js';
export * from './seq.js';
