import { frameTo, MAC } from './support.js';

/** One's-complement sum of big-endian words, byte by byte: independent of the library. */
export function slowSum(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  let s = sum;
  for (let i = start; i < end; i++) {
    s += (i - start) % 2 === 0 ? bytes[i] << 8 : bytes[i];
    s = (s & 0xffff) + (s >>> 16);
  }
  return s;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export interface PacketSpec {
  version: 4 | 6;
  proto: 6 | 17;
  payload: number;
  /** IPv4 options, bytes (a multiple of 4). */
  options?: number;
  /** IPv4 flags and fragment offset. */
  fragment?: number;
  vlan?: boolean;
  /** Leave the checksums to the device: the pseudo-header sum is in the transport field, the IP one is 0. */
  offload?: boolean;
  noUdpChecksum?: boolean;
}

export interface Packet {
  bytes: Uint8Array;
  ip: number;
  l4: number;
  /** Offset of the transport checksum. */
  check: number;
}

/** An Ethernet frame with an IP packet of counting payload, checksums made by `slowSum`. */
export function packet(spec: PacketSpec): Packet {
  const link = spec.vlan === true ? 18 : 14;
  const header = spec.version === 4 ? 20 + (spec.options ?? 0) : 40;
  const l4Length = (spec.proto === 6 ? 20 : 8) + spec.payload;
  const type = spec.version === 4 ? 0x0800 : 0x86dd;
  const bytes = frameTo(MAC, link + header + l4Length, spec.vlan === true ? 0x8100 : type);
  if (spec.vlan === true) put16(bytes, 16, type);
  const ip = link;
  const l4 = link + header;
  bytes.fill(0, ip, l4);
  if (spec.version === 4) {
    bytes[ip] = 0x40 | (header >>> 2);
    put16(bytes, ip + 2, header + l4Length);
    put16(bytes, ip + 4, 0x1234);
    put16(bytes, ip + 6, spec.fragment ?? 0);
    bytes[ip + 8] = 64;
    bytes[ip + 9] = spec.proto;
    bytes.set([10, 1, 0, 1, 10, 1, 0, 2], ip + 12);
    if (spec.offload !== true) put16(bytes, ip + 10, ~slowSum(bytes, ip, l4));
  } else {
    bytes[ip] = 0x60;
    put16(bytes, ip + 4, l4Length);
    bytes[ip + 6] = spec.proto;
    bytes[ip + 7] = 64;
    for (let i = 8; i < 40; i++) bytes[ip + i] = i * 7;
  }
  const check = l4 + (spec.proto === 6 ? 16 : 6);
  if (spec.proto === 6) bytes[l4 + 12] = 0x50;
  else put16(bytes, l4 + 4, l4Length);
  put16(bytes, check, 0);
  const addresses = spec.version === 4 ? slowSum(bytes, ip + 12, ip + 20) : slowSum(bytes, ip + 8, ip + 40);
  const pseudo = slowSum(Uint8Array.of(0, spec.proto, l4Length >>> 8, l4Length), 0, 4, addresses);
  if (spec.offload === true) put16(bytes, check, pseudo);
  else if (spec.noUdpChecksum !== true) {
    const sum = ~slowSum(bytes, l4, l4 + l4Length, pseudo) & 0xffff;
    put16(bytes, check, spec.proto === 17 && sum === 0 ? 0xffff : sum);
  }
  return { bytes, ip, l4, check };
}
