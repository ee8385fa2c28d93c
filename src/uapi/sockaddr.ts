/**
 * `struct sockaddr_in` (16 bytes) and `struct sockaddr_in6` (28 bytes) as they lie in memory on x86-64: the family in
 * little-endian order, the port and the address in network order, `sin6_flowinfo` in network order, `sin6_scope_id` in
 * little-endian order (`linux/in.h`, `linux/in6.h`).
 */
import { AddressError } from './address-error.js';
import { formatAddress, ipFromBytes, ipToBytes, parseAddress } from './addresses.js';
import { AF_INET, AF_INET6 } from './socket.js';

/** Length of `struct sockaddr_in` in bytes. */
export const SOCKADDR_IN_LEN = 16;
/** Length of `struct sockaddr_in6` in bytes. */
export const SOCKADDR_IN6_LEN = 28;
/** The shortest `sockaddr_in6` Linux accepts: without `sin6_scope_id` (`SIN6_LEN_RFC2133`). */
export const SIN6_LEN_RFC2133 = 24;
/** Length of `struct sockaddr_storage` in bytes: room for a name of any family. */
export const SOCKADDR_STORAGE_LEN = 128;

/** A socket address in readable form. `port` is 0–65535; `flowinfo` and `scopeId` are for `AF_INET6` only. */
export interface SockAddr {
  family: number;
  address: string;
  port: number;
  flowinfo?: number;
  scopeId?: number;
}

/** A {@link SockAddr} as a caller may write it: the family may be left to the form of the address. */
export interface SockAddrInput {
  family?: number;
  address: string;
  port: number;
  flowinfo?: number;
  scopeId?: number;
}

/**
 * Writes `addr` as the kernel would read it and returns its length in bytes, 16 or 28.
 * @throws AddressError when the address is malformed, not of the given family, or a number is out of range
 */
export function encodeSockaddr(addr: SockAddrInput, out: Uint8Array, offset: number = 0): number {
  if (typeof addr !== 'object' || addr === null) throw new AddressError('not a socket address', String(addr));
  const { family, bytes } = parseAddress(addr.address);
  if (addr.family !== undefined && addr.family !== family) {
    throw new AddressError(`not an address of family ${addr.family}`, addr.address);
  }
  checkRange('port', addr.port, 0xffff);
  if (family === AF_INET) return writeSockaddrIn(out, offset, ipFromBytes(bytes), addr.port);
  const flowinfo = addr.flowinfo ?? 0;
  const scopeId = addr.scopeId ?? 0;
  checkRange('flowinfo', flowinfo, 0xffffffff);
  checkRange('scopeId', scopeId, 0xffffffff);
  return writeSockaddrIn6(out, offset, bytes, 0, addr.port, flowinfo, scopeId);
}

/**
 * Reads a socket address of `length` bytes. Returns `null` when it is too short for its family, or the family is neither
 * `AF_INET` nor `AF_INET6`. An `AF_INET6` result always carries `flowinfo` and `scopeId`.
 */
export function decodeSockaddr(name: Uint8Array, length: number = name.length, offset: number = 0): SockAddr | null {
  if (length < 2) return null;
  const family = sockaddrFamily(name, offset);
  if (family === AF_INET && length >= SOCKADDR_IN_LEN) {
    return { family, address: formatAddress(family, name, offset + 4), port: sockaddrPort(name, offset) };
  }
  if (family !== AF_INET6 || length < SIN6_LEN_RFC2133) return null;
  const view = new DataView(name.buffer, name.byteOffset + offset, length);
  return {
    family,
    address: formatAddress(family, name, offset + 8),
    port: sockaddrPort(name, offset),
    flowinfo: view.getUint32(4),
    scopeId: length >= SOCKADDR_IN6_LEN ? view.getUint32(24, true) : 0,
  };
}

/** `sa_family` of the socket address at `offset`. */
export function sockaddrFamily(name: Uint8Array, offset: number = 0): number {
  return name[offset] | (name[offset + 1] << 8);
}

/** `sin_port` or `sin6_port` of the socket address at `offset`, as a number. */
export function sockaddrPort(name: Uint8Array, offset: number = 0): number {
  return (name[offset + 2] << 8) | name[offset + 3];
}

/** `sin_addr` of the `sockaddr_in` at `offset`, as int32. */
export function sockaddrIp(name: Uint8Array, offset: number = 0): number {
  return ipFromBytes(name, offset + 4);
}

/** Where `sin6_addr` lies in a `sockaddr_in6`: the 16 bytes from here are the address. */
export const SIN6_ADDR_OFFSET = 8;

/** Writes a `sockaddr_in` (`ip` as int32) without allocating. Returns 16. */
export function writeSockaddrIn(out: Uint8Array, offset: number, ip: number, port: number): number {
  out[offset] = AF_INET;
  out[offset + 1] = 0;
  out[offset + 2] = port >>> 8;
  out[offset + 3] = port;
  ipToBytes(ip, out, offset + 4);
  for (let i = 8; i < SOCKADDR_IN_LEN; i++) out[offset + i] = 0;
  return SOCKADDR_IN_LEN;
}

/** Writes a `sockaddr_in6` whose address is copied from 16 bytes of `from`, without allocating. Returns 28. */
export function writeSockaddrIn6(
  out: Uint8Array,
  offset: number,
  from: Uint8Array,
  fromOffset: number,
  port: number,
  flowinfo: number,
  scopeId: number,
): number {
  out[offset] = AF_INET6;
  out[offset + 1] = 0;
  out[offset + 2] = port >>> 8;
  out[offset + 3] = port;
  ipToBytes(flowinfo, out, offset + 4);
  for (let i = 0; i < 16; i++) out[offset + SIN6_ADDR_OFFSET + i] = from[fromOffset + i];
  out[offset + 24] = scopeId;
  out[offset + 25] = scopeId >>> 8;
  out[offset + 26] = scopeId >>> 16;
  out[offset + 27] = scopeId >>> 24;
  return SOCKADDR_IN6_LEN;
}

function checkRange(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new AddressError(`${what} is not an integer of 0 to ${max}`, String(value));
  }
}
