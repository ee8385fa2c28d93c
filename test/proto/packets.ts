import { frag6_emit, in6_from_bytes, in6_new, ip_emit, ip6_emit } from '../../src/proto/index.js';
import { parseIp, parseIpv6 } from '../../src/uapi/index.js';
import { eth, MAC_A, MAC_B, slowSum } from './support.js';

export const PROTO_ICMP = 1;
export const PROTO_UDP = 17;
export const PROTO_ICMPV6 = 58;

export interface Ip4Options {
  saddr?: string;
  daddr?: string;
  protocol?: number;
  id?: number;
  frag_off?: number;
  ttl?: number;
  tos?: number;
  options?: Uint8Array;
  /** Overrides tot_len. */
  tot_len?: number;
  /** Added to the right checksum. */
  check_error?: number;
  dst_mac?: number[];
}

const join = (...parts: Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
};

/** A frame with an IPv4 packet from 10.0.0.2 to 10.0.0.1 unless told otherwise. */
export function frame4(payload: Uint8Array, o: Ip4Options = {}): Uint8Array {
  const options = o.options ?? new Uint8Array(0);
  const header = new Uint8Array(20 + options.length);
  const dv = new DataView(header.buffer);
  ip_emit(dv, 0, {
    tos: o.tos ?? 0,
    tot_len: o.tot_len ?? header.length + payload.length,
    id: o.id ?? 1,
    frag_off: o.frag_off ?? 0,
    ttl: o.ttl ?? 64,
    protocol: o.protocol ?? PROTO_UDP,
    check: 0,
    saddr: parseIp(o.saddr ?? '10.0.0.2'),
    daddr: parseIp(o.daddr ?? '10.0.0.1'),
    options,
  });
  dv.setUint16(10, (~slowSum(header) & 0xffff) + (o.check_error ?? 0));
  return eth(0x0800, join(header, payload), o.dst_mac ?? MAC_A, MAC_B);
}

export interface Ip6Options {
  saddr?: string;
  daddr?: string;
  nexthdr?: number;
  hop_limit?: number;
  payload_len?: number;
  dst_mac?: number[];
}

/** A frame with an IPv6 packet from fd00::2 to fd00::1 unless told otherwise. */
export function frame6(payload: Uint8Array, o: Ip6Options = {}): Uint8Array {
  const header = new Uint8Array(40);
  ip6_emit(new DataView(header.buffer), 0, {
    tclass: 0,
    flowlabel: 0,
    payload_len: o.payload_len ?? payload.length,
    nexthdr: o.nexthdr ?? PROTO_UDP,
    hop_limit: o.hop_limit ?? 64,
    saddr: in6_from_bytes(parseIpv6(o.saddr ?? 'fd00::2'), 0, in6_new()),
    daddr: in6_from_bytes(parseIpv6(o.daddr ?? 'fd00::1'), 0, in6_new()),
  });
  return eth(0x86dd, join(header, payload), o.dst_mac ?? MAC_A, MAC_B);
}

/** Pseudo header of either family for two addresses as text. */
function pseudo(saddr: string, daddr: string, protocol: number, length: number): Uint8Array {
  const v6 = saddr.includes(':');
  const bytes = (a: string): Uint8Array => (v6 ? parseIpv6(a) : Uint8Array.from(a.split('.').map(Number)));
  const tail = v6
    ? [length >>> 24, length >>> 16, length >>> 8, length, 0, 0, 0, protocol]
    : [0, protocol, length >>> 8, length];
  return join(bytes(saddr), bytes(daddr), Uint8Array.from(tail));
}

/** A transport segment with its checksum put at `at`. */
export function withChecksum(
  segment: Uint8Array,
  at: number,
  saddr: string,
  daddr: string,
  protocol: number,
): Uint8Array {
  const out = segment.slice();
  out[at] = out[at + 1] = 0;
  const sum = ~slowSum(join(pseudo(saddr, daddr, protocol, out.length), out)) & 0xffff;
  const field = sum === 0 && protocol === PROTO_UDP ? 0xffff : sum;
  out[at] = field >>> 8;
  out[at + 1] = field;
  return out;
}

/** A UDP datagram with a good checksum. */
export function datagram(
  data: Uint8Array,
  saddr: string,
  daddr: string,
  sport: number = 4000,
  dport: number = 7000,
): Uint8Array {
  const length = 8 + data.length;
  const header = Uint8Array.of(sport >>> 8, sport, dport >>> 8, dport, length >>> 8, length, 0, 0);
  return withChecksum(join(header, data), 6, saddr, daddr, PROTO_UDP);
}

/** An ICMP message (IPv4) with a good checksum. */
export function icmp4(type: number, code: number, rest: number, data: Uint8Array): Uint8Array {
  const out = join(Uint8Array.of(type, code, 0, 0, rest >>> 24, rest >>> 16, rest >>> 8, rest), data);
  const sum = ~slowSum(out) & 0xffff;
  out[2] = sum >>> 8;
  out[3] = sum;
  return out;
}

/** An ICMPv6 message with a good checksum. */
export function icmp6(
  type: number,
  code: number,
  rest: number,
  data: Uint8Array,
  saddr: string,
  daddr: string,
): Uint8Array {
  const out = join(Uint8Array.of(type, code, 0, 0, rest >>> 24, rest >>> 16, rest >>> 8, rest), data);
  return withChecksum(out, 2, saddr, daddr, PROTO_ICMPV6);
}

/** One piece of a datagram, `from` .. `to` of its `bytes`. */
export interface Piece {
  from: number;
  to: number;
  more: boolean;
}

export function fragment4(bytes: Uint8Array, p: Piece, id: number = 77, o: Ip4Options = {}): Uint8Array {
  return frame4(bytes.slice(p.from, p.to), { ...o, id, frag_off: (p.from >> 3) | (p.more ? 0x2000 : 0) });
}

export function fragment6(bytes: Uint8Array, p: Piece, id: number = 77, o: Ip6Options = {}): Uint8Array {
  const header = new Uint8Array(8);
  frag6_emit(new DataView(header.buffer), 0, { nexthdr: o.nexthdr ?? PROTO_UDP, offset: p.from, more: p.more, id });
  return frame6(join(header, bytes.slice(p.from, p.to)), { ...o, nexthdr: 44 });
}

export { join };
