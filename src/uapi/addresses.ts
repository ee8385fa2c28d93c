import { AddressError } from './address-error.js';
import { formatIpv6, parseIpv6 } from './ipv6-text.js';
import { AF_INET, AF_INET6 } from './socket.js';

export { AddressError } from './address-error.js';

/** An IPv4 or IPv6 address in network order: 4 bytes for `AF_INET`, 16 for `AF_INET6`. */
export interface IpAddress {
  family: number;
  bytes: Uint8Array;
}

/** An address with the length of its network prefix in bits (0–32 or 0–128). */
export interface Cidr extends IpAddress {
  prefix: number;
}

const OCTET = /^(0|[1-9][0-9]{0,2})$/;

/**
 * An IPv4 address from dotted-quad text, as int32 (`'255.255.255.255'` is -1). Four decimal numbers without leading zeros,
 * as `inet_pton` takes them.
 * @throws AddressError on anything else
 */
export function parseIp(text: string): number {
  const parts = text.split('.');
  let ip = 0;
  for (const part of parts) {
    if (parts.length !== 4 || !OCTET.test(part) || Number(part) > 255)
      throw new AddressError('not an IPv4 address', text);
    ip = (ip << 8) | Number(part);
  }
  return ip;
}

/** Dotted-quad text of an IPv4 address held as int32 or uint32. */
export function formatIp(ip: number): string {
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}

/** The IPv4 address whose four bytes stand in network order at `offset`, as int32. */
export function ipFromBytes(bytes: Uint8Array, offset: number = 0): number {
  return (bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3];
}

/** Writes an IPv4 address (int32) as four bytes in network order. */
export function ipToBytes(ip: number, out: Uint8Array, offset: number = 0): void {
  out[offset] = ip >>> 24;
  out[offset + 1] = ip >>> 16;
  out[offset + 2] = ip >>> 8;
  out[offset + 3] = ip;
}

/** The netmask of an IPv4 prefix of 0–32 bits, as int32: 24 gives `255.255.255.0`. */
export function prefixMask(prefix: number): number {
  return prefix === 0 ? 0 : -1 << (32 - prefix);
}

/** Whether the 16 bytes at `offset` are an IPv4-mapped address, `::ffff:0:0/96` (RFC 4291). */
export function isV4Mapped(bytes: Uint8Array, offset: number = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 255 && bytes[offset + 11] === 255;
}

/** Writes the 16 bytes of the IPv4-mapped form of `ip` (int32). Its last four bytes are the IPv4 address. */
export function writeV4Mapped(ip: number, out: Uint8Array, offset: number = 0): void {
  out.fill(0, offset, offset + 10);
  out.fill(255, offset + 10, offset + 12);
  ipToBytes(ip, out, offset + 12);
}

/**
 * An address of either family from its text, in network order.
 * @throws AddressError when the text is neither
 */
export function parseAddress(text: string): IpAddress {
  checkText('an address', text);
  if (text.includes(':')) return { family: AF_INET6, bytes: parseIpv6(text) };
  const bytes = new Uint8Array(4);
  ipToBytes(parseIp(text), bytes);
  return { family: AF_INET, bytes };
}

/** Text of the address of `family` (`AF_INET` or `AF_INET6`) that stands in network order at `offset`. */
export function formatAddress(family: number, bytes: Uint8Array, offset: number = 0): string {
  return family === AF_INET ? formatIp(ipFromBytes(bytes, offset)) : formatIpv6(bytes, offset);
}

/**
 * `address/prefix` of either family; host bits stay as they are written (`10.0.0.1/24` keeps its `.1`).
 * @throws AddressError on a malformed address, or a prefix missing or out of range
 */
export function parseCidr(text: string): Cidr {
  checkText('an address/prefix', text);
  const slash = text.indexOf('/');
  if (slash < 0) throw new AddressError('not an address/prefix', text);
  const { family, bytes } = parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (!OCTET.test(digits) || Number(digits) > bytes.length * 8) throw new AddressError('prefix out of range', text);
  return { family, bytes, prefix: Number(digits) };
}

/** Text of an address with its prefix: the inverse of {@link parseCidr}. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.family, cidr.bytes)}/${cidr.prefix}`;
}

/**
 * The six bytes of an Ethernet address: two hexadecimal digits each, joined by `:` or by `-` throughout.
 * @throws AddressError on anything else
 */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)) {
    throw new AddressError('not an Ethernet address', text);
  }
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(text.slice(i * 3, i * 3 + 2), 16);
  return bytes;
}

/** Text of the Ethernet address at `offset`, lower case with colons. */
export function formatMac(bytes: Uint8Array, offset: number = 0): string {
  let text = '';
  for (let i = 0; i < 6; i++) text += (i === 0 ? '' : ':') + bytes[offset + i].toString(16).padStart(2, '0');
  return text;
}

function checkText(what: string, text: unknown): void {
  if (typeof text !== 'string') throw new AddressError(`${what} is a text, this is not`, String(text));
}
