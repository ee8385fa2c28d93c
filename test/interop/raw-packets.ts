import { concat, ipv4, ipv6, sum16 } from './raw-headers.js';

/** Ethernet and IP addresses of a sender. */
export interface Station {
  mac: readonly number[];
  ip4: readonly number[];
  ip6: readonly number[];
}

const u16 = (n: number): number[] => [n >> 8, n & 255];

function ethernet(from: Station, to: Station, type: number, payload: Uint8Array): Uint8Array {
  return concat([...to.mac, ...from.mac, ...u16(type)], payload);
}

/** One IPv4 packet in a frame. `flags` is the field of flags and fragment offset. */
export function frame4(from: Station, to: Station, protocol: number, payload: Uint8Array, flags = 0): Uint8Array {
  return ethernet(from, to, 0x0800, concat(ipv4(from.ip4, to.ip4, protocol, payload.length, flags), payload));
}

export function frame6(from: Station, to: Station, next: number, payload: Uint8Array): Uint8Array {
  return ethernet(from, to, 0x86dd, concat(ipv6(from.ip6, to.ip6, next, payload.length), payload));
}

/** An ICMP or ICMPv6 echo request with `length` bytes of data. */
export function echo4(length: number): Uint8Array {
  const message = concat([8, 0, 0, 0, 0x12, 0x34, 0, 1], pattern(length));
  message.set(u16(~sum16(message) & 0xffff), 2);
  return message;
}

export function echo6(from: Station, to: Station, length: number): Uint8Array {
  const message = concat([128, 0, 0, 0, 0x12, 0x34, 0, 1], pattern(length));
  const pseudo = concat([...from.ip6, ...to.ip6, 0, 0, ...u16(message.length), 0, 0, 0, 58], message);
  message.set(u16(~sum16(pseudo) & 0xffff), 2);
  return message;
}

/** A UDP datagram without a checksum, which IPv4 allows. */
export function udp(sport: number, dport: number, length: number): Uint8Array {
  return concat([...u16(sport), ...u16(dport), ...u16(8 + length), 0, 0], pattern(length));
}

export function arpRequest(from: Station, to: Station): Uint8Array {
  const body = [0, 1, 8, 0, 6, 4, 0, 1, ...from.mac, ...from.ip4, 0, 0, 0, 0, 0, 0, ...to.ip4];
  return concat([255, 255, 255, 255, 255, 255, ...from.mac, 8, 6], Uint8Array.from(body));
}

/** A neighbour solicitation to the solicited-node group of `to`, with the sender's link-layer address. */
export function solicitation(from: Station, to: Station): Uint8Array {
  const group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...to.ip6.slice(13)];
  const message = Uint8Array.from([135, 0, 0, 0, 0, 0, 0, 0, ...to.ip6, 1, 1, ...from.mac]);
  const pseudo = concat([...from.ip6, ...group, 0, 0, ...u16(message.length), 0, 0, 0, 58], message);
  message.set(u16(~sum16(pseudo) & 0xffff), 2);
  const packet = concat(ipv6(from.ip6, group, 58, message.length), message);
  return concat([0x33, 0x33, 0xff, ...to.ip6.slice(13), ...from.mac, 0x86, 0xdd], packet);
}

/** A first fragment whose others never come. */
export function firstFragment4(from: Station, to: Station): Uint8Array {
  return frame4(from, to, 17, udp(9, 9, 1400), 0x2000);
}

export function firstFragment6(from: Station, to: Station): Uint8Array {
  return frame6(from, to, 44, concat([17, 0, 0, 1, 0, 0, 0, 7], udp(9, 9, 1400)));
}

function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => i * 31);
}
