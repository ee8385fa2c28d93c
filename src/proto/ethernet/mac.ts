import type { In6 } from '../core/index.js';

/** Ethernet address of an IPv4 multicast group: 01:00:5e and 23 bits of the group (RFC 1112 §6.4). */
export function ip_eth_mc_map(group: number, out: Uint8Array): Uint8Array {
  out[0] = 0x01;
  out[1] = 0x00;
  out[2] = 0x5e;
  out[3] = (group >>> 16) & 0x7f;
  out[4] = group >>> 8;
  out[5] = group;
  return out;
}

/** Ethernet address of an IPv6 multicast group: 33:33 and its last four bytes (RFC 2464 §7). */
export function ipv6_eth_mc_map(group: In6, out: Uint8Array): Uint8Array {
  const w = group[3];
  out[0] = 0x33;
  out[1] = 0x33;
  out[2] = w >>> 24;
  out[3] = w >>> 16;
  out[4] = w >>> 8;
  out[5] = w;
  return out;
}

/** The two words of a modified EUI-64 interface identifier (RFC 4291 appendix A) into words 2 and 3 of `out`. */
export function addrconf_ifid_eui48(mac: Uint8Array, out: In6): void {
  out[2] = ((mac[0] ^ 2) << 24) | (mac[1] << 16) | (mac[2] << 8) | 0xff;
  out[3] = (0xfe << 24) | (mac[3] << 16) | (mac[4] << 8) | mac[5];
}
