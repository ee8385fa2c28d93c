import { AF_INET, AF_INET6 } from '../../uapi/index.js';
import { type In6, in6_eq, in6_is_any, in6_is_v4mapped } from '../core/index.js';
import type { UdpSockState } from './sock-state.js';
import { hash2_slot4, hash2_slot6, UDP_SLOTS, type UdpTable } from './table.js';

/**
 * `compute_score` of net/ipv4/udp.c: how well a socket fits a datagram from saddr:sport to port `hnum`, received by device index `dif`; -1: not at
 * all. `bound` is the receiving address that is looked for: the destination, or 0 for sockets bound to any.
 */
export function compute_score4(
  sk: UdpSockState,
  saddr: number,
  sport: number,
  bound: number,
  hnum: number,
  dif: number,
): number {
  if (sk.num !== hnum || sk.v6only || sk.rcv_saddr4 !== bound) return -1;
  let score = sk.family === AF_INET ? 2 : 1;
  if (sk.daddr4 !== 0) {
    if (sk.daddr4 !== saddr) return -1;
    score += 4;
  }
  if (sk.dport !== 0) {
    if (sk.dport !== sport) return -1;
    score += 4;
  }
  if (sk.bound_dev_if !== 0) {
    if (sk.bound_dev_if !== dif) return -1;
    score += 4;
  }
  return score;
}

/** `__udp4_lib_lookup`: the best socket bound to the destination, else the best bound to any address; the first of a chain wins a tie. */
export function udp4_lookup(
  tbl: UdpTable,
  saddr: number,
  sport: number,
  daddr: number,
  hnum: number,
  dif: number,
): UdpSockState | null {
  return (
    best4(tbl, hash2_slot4(daddr, hnum), saddr, sport, daddr, hnum, dif) ??
    best4(tbl, hash2_slot4(0, hnum), saddr, sport, 0, hnum, dif)
  );
}

/** Whether a socket is bound to an IPv6 address that stands for no IPv4 one. */
function bound_native6(sk: UdpSockState): boolean {
  return sk.family === AF_INET6 && !in6_is_any(sk.rcv_saddr6) && !in6_is_v4mapped(sk.rcv_saddr6);
}

function best4(
  tbl: UdpTable,
  slot: number,
  saddr: number,
  sport: number,
  bound: number,
  hnum: number,
  dif: number,
): UdpSockState | null {
  let best: UdpSockState | null = null;
  let badness = -1;
  for (let sk = tbl.hash2[slot]; sk !== null; sk = sk.hash2_next) {
    // A native IPv6 address must not pass for 0.0.0.0.
    if (bound === 0 && bound_native6(sk)) continue;
    const score = compute_score4(sk, saddr, sport, bound, hnum, dif);
    if (score > badness) {
      best = sk;
      badness = score;
    }
  }
  return best;
}

/** `compute_score` of net/ipv6/udp.c; `bound` is the destination, or `::`. */
export function compute_score6(
  sk: UdpSockState,
  saddr: In6,
  sport: number,
  bound: In6,
  hnum: number,
  dif: number,
): number {
  if (sk.num !== hnum || sk.family !== AF_INET6 || !in6_eq(sk.rcv_saddr6, bound)) return -1;
  let score = 0;
  if (sk.dport !== 0) {
    if (sk.dport !== sport) return -1;
    score++;
  }
  if (!in6_is_any(sk.daddr6)) {
    if (!in6_eq(sk.daddr6, saddr)) return -1;
    score++;
  }
  if (sk.bound_dev_if !== 0) {
    if (sk.bound_dev_if !== dif) return -1;
    score++;
  }
  return score;
}

/** `__udp6_lib_lookup`. `any` is `::`. */
export function udp6_lookup(
  tbl: UdpTable,
  saddr: In6,
  sport: number,
  daddr: In6,
  hnum: number,
  dif: number,
  any: In6,
): UdpSockState | null {
  return (
    best6(tbl, hash2_slot6(daddr, hnum), saddr, sport, daddr, hnum, dif) ??
    best6(tbl, hash2_slot4(0, hnum), saddr, sport, any, hnum, dif)
  );
}

function best6(
  tbl: UdpTable,
  slot: number,
  saddr: In6,
  sport: number,
  bound: In6,
  hnum: number,
  dif: number,
): UdpSockState | null {
  let best: UdpSockState | null = null;
  let badness = -1;
  for (let sk = tbl.hash2[slot]; sk !== null; sk = sk.hash2_next) {
    const score = compute_score6(sk, saddr, sport, bound, hnum, dif);
    if (score > badness) {
      best = sk;
      badness = score;
    }
  }
  return best;
}

/** `__udp_is_mcast_sock`: whether a socket hears a datagram to a broadcast or group address. Every one that does gets a copy. */
export function udp4_hears(
  sk: UdpSockState,
  saddr: number,
  sport: number,
  daddr: number,
  hnum: number,
  dif: number,
): boolean {
  if (sk.num !== hnum || sk.v6only) return false;
  if (sk.rcv_saddr4 === 0 && bound_native6(sk)) return false;
  if (sk.daddr4 !== 0 && sk.daddr4 !== saddr) return false;
  if (sk.dport !== 0 && sk.dport !== sport) return false;
  if (sk.rcv_saddr4 !== 0 && sk.rcv_saddr4 !== daddr) return false;
  return sk.bound_dev_if === 0 || sk.bound_dev_if === dif;
}

/** `__udp_v6_is_mcast_sock` */
export function udp6_hears(
  sk: UdpSockState,
  saddr: In6,
  sport: number,
  daddr: In6,
  hnum: number,
  dif: number,
): boolean {
  if (sk.num !== hnum || sk.family !== AF_INET6) return false;
  if (sk.dport !== 0 && sk.dport !== sport) return false;
  if (!in6_is_any(sk.daddr6) && !in6_eq(sk.daddr6, saddr)) return false;
  if (sk.bound_dev_if !== 0 && sk.bound_dev_if !== dif) return false;
  return in6_is_any(sk.rcv_saddr6) || in6_eq(sk.rcv_saddr6, daddr);
}

/** First socket of the chain of a port. */
export function udp_port_chain(tbl: UdpTable, port: number): UdpSockState | null {
  return tbl.hash[port & (UDP_SLOTS - 1)];
}
