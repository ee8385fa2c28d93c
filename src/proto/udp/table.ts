import { hash32 } from '../../bytes/index.js';
import type { Rng } from '../../sim/index.js';
import type { Net } from '../../skbuff/index.js';
import { AF_INET, AF_INET6, EADDRINUSE } from '../../uapi/index.js';
import { type In6, in6_eq, in6_hash, in6_is_any, in6_is_v4mapped } from '../core/index.js';
import type { UdpSockState } from './sock-state.js';

/** Slots of each table (`UDP_HTABLE_SIZE_MIN`). */
export const UDP_SLOTS = 256;

/**
 * Where the UDP sockets of a host are found (`struct udp_table`): by port, and by (address, port). A socket is put in front of its chain, so that
 * of equals the latest bound wins.
 */
export class UdpTable {
  readonly net: Net;
  readonly hash: (UdpSockState | null)[] = new Array<UdpSockState | null>(UDP_SLOTS).fill(null);
  readonly hash2: (UdpSockState | null)[] = new Array<UdpSockState | null>(UDP_SLOTS).fill(null);
  readonly rng: Rng;

  constructor(net: Net) {
    this.net = net;
    this.rng = net.sim.rng(`${net.name}/udp_port`);
  }
}

/** Slot of an IPv4 address and port in the second table. */
export function hash2_slot4(addr: number, port: number): number {
  return (hash32(addr) + port) & (UDP_SLOTS - 1);
}

/** Slot of an IPv6 address: `::` and mapped addresses share the slots of their IPv4 meaning (`ipv6_portaddr_hash`). */
export function hash2_slot6(addr: In6, port: number): number {
  if (in6_is_any(addr)) return hash2_slot4(0, port);
  if (in6_is_v4mapped(addr)) return hash2_slot4(addr[3], port);
  return (in6_hash(addr, 0) + port) & (UDP_SLOTS - 1);
}

function own_slot2(sk: UdpSockState): number {
  return sk.family === AF_INET6 ? hash2_slot6(sk.rcv_saddr6, sk.num) : hash2_slot4(sk.rcv_saddr4, sk.num);
}

function hash2_insert(tbl: UdpTable, sk: UdpSockState): void {
  const slot = own_slot2(sk);
  sk.hash2_slot = slot;
  sk.hash2_next = tbl.hash2[slot];
  tbl.hash2[slot] = sk;
}

function hash2_remove(tbl: UdpTable, sk: UdpSockState): void {
  if (sk.hash2_slot < 0) return;
  const slot = sk.hash2_slot;
  let p = tbl.hash2[slot];
  if (p === sk) tbl.hash2[slot] = sk.hash2_next;
  while (p !== null && p !== sk) {
    if (p.hash2_next === sk) p.hash2_next = sk.hash2_next;
    p = p.hash2_next;
  }
  sk.hash2_next = null;
  sk.hash2_slot = -1;
}

/** `udp_lib_unhash`: the socket is found no more and has no port. */
export function udp_unhash(tbl: UdpTable, sk: UdpSockState): void {
  if (sk.hash2_slot < 0) return;
  hash2_remove(tbl, sk);
  const slot = sk.num & (UDP_SLOTS - 1);
  let p = tbl.hash[slot];
  if (p === sk) tbl.hash[slot] = sk.hash_next;
  while (p !== null && p !== sk) {
    if (p.hash_next === sk) p.hash_next = sk.hash_next;
    p = p.hash_next;
  }
  sk.hash_next = null;
  sk.num = 0;
}

/** `udp_lib_rehash`: the receiving address changed. */
export function udp_rehash(tbl: UdpTable, sk: UdpSockState): void {
  if (sk.hash2_slot < 0 || sk.hash2_slot === own_slot2(sk)) return;
  hash2_remove(tbl, sk);
  hash2_insert(tbl, sk);
}

/**
 * `udp_lib_get_port`: gives the socket port `snum`, or a free one of the ephemeral range when it is 0. Returns 0 or -EADDRINUSE. Two sockets may
 * share a port when both set SO_REUSEADDR, are bound to different devices, or to different addresses.
 */
export function udp_get_port(tbl: UdpTable, sk: UdpSockState, snum: number): number {
  let port = snum;
  if (port === 0) {
    port = ephemeral_port(tbl, sk);
    if (port === 0) return -EADDRINUSE;
  } else if (udp_lport_inuse(tbl, sk, port)) return -EADDRINUSE;
  sk.num = port;
  const slot = port & (UDP_SLOTS - 1);
  sk.hash_next = tbl.hash[slot];
  tbl.hash[slot] = sk;
  hash2_insert(tbl, sk);
  return 0;
}

/** A free port, from a random one on upwards and round; 0 when all are taken. */
function ephemeral_port(tbl: UdpTable, sk: UdpSockState): number {
  const { ip_local_port_range_min: low, ip_local_port_range_max: high } = tbl.net.sysctl;
  const count = high - low + 1;
  const first = tbl.rng.below(count);
  for (let i = 0; i < count; i++) {
    const port = low + ((first + i) % count);
    if (!udp_lport_inuse(tbl, sk, port)) return port;
  }
  return 0;
}

function udp_lport_inuse(tbl: UdpTable, sk: UdpSockState, port: number): boolean {
  for (let sk2 = tbl.hash[port & (UDP_SLOTS - 1)]; sk2 !== null; sk2 = sk2.hash_next) {
    if (sk2 === sk || sk2.num !== port || (sk2.reuse && sk.reuse)) continue;
    if (sk2.bound_dev_if !== 0 && sk.bound_dev_if !== 0 && sk2.bound_dev_if !== sk.bound_dev_if) continue;
    if (inet_rcv_saddr_equal(sk, sk2)) return true;
  }
  return false;
}

/** `inet_rcv_saddr_equal` with wildcards matching: whether two sockets would receive the same datagrams. */
export function inet_rcv_saddr_equal(sk: UdpSockState, sk2: UdpSockState): boolean {
  if (sk.family === AF_INET) return !sk2.v6only && equal4(sk.rcv_saddr4, sk2.rcv_saddr4);
  const a = sk.rcv_saddr6;
  const b = sk2.family === AF_INET6 ? sk2.rcv_saddr6 : null;
  const a_mapped = in6_is_v4mapped(a);
  const b_mapped = b === null || in6_is_v4mapped(b);
  if (a_mapped && b_mapped) return !sk2.v6only && equal4(sk.rcv_saddr4, sk2.rcv_saddr4);
  const a_any = in6_is_any(a);
  const b_any = b !== null && in6_is_any(b);
  if (a_any && b_any) return true;
  if (b_any && !(sk2.v6only && a_mapped)) return true;
  if (a_any && !(sk.v6only && b_mapped)) return true;
  return b !== null && in6_eq(a, b);
}

function equal4(a: number, b: number): boolean {
  return a === b || a === 0 || b === 0;
}
