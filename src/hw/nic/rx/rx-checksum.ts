import { csum_fold, csum_partial } from '../../../bytes/index.js';
import type { FramePool } from '../../../wire/index.js';
import {
  RFCTL_IPV6_DIS,
  RFCTL_IPV6_XSUM_DIS,
  RXCSUM_IPOFLD,
  RXCSUM_TUOFLD,
  RXD_ERR_IPE,
  RXD_ERR_TCPE,
  RXD_STAT_IPCS,
  RXD_STAT_TCPCS,
  RXD_STAT_UDPCS,
} from '../registers/bits.js';

const ETH_HLEN = 14;
const VLAN_HLEN = 4;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const PROTO_TCP = 6;
const PROTO_UDP = 17;
const IPV6_HLEN = 40;

/**
 * Receive checksum offload for a frame: the checksum bits of the descriptor's status byte,
 * and its error byte shifted left by 16. 0 when nothing was checked (an unsupported
 * packet has neither IPCS nor TCPCS; IXSM is for offload switched off). IPv4 with options, IPv6 without
 * extension headers, one VLAN tag (of type `vet`); fragments and UDP without a checksum get no transport check.
 */
export function verifyChecksums(pool: FramePool, frame: number, rxcsum: number, rfctl: number, vet: number): number {
  const u8 = pool.sim.arena.u8;
  const off = pool.off(frame);
  const length = pool.len(frame);
  let at = off + ETH_HLEN;
  let type = (u8[at - 2] << 8) | u8[at - 1];
  if (type === vet && length >= ETH_HLEN + VLAN_HLEN) {
    at += VLAN_HLEN;
    type = (u8[at - 2] << 8) | u8[at - 1];
  }
  let bits = 0;
  if (type === TYPE_IPV4) bits = verifyIpv4(pool, frame, at, off + length - at, rxcsum);
  else if (type === TYPE_IPV6 && (rxcsum & RXCSUM_TUOFLD) !== 0) {
    if ((rfctl & (RFCTL_IPV6_DIS | RFCTL_IPV6_XSUM_DIS)) === 0) bits = verifyIpv6(pool, frame, at, off + length - at);
  }
  return bits;
}

function verifyIpv4(pool: FramePool, frame: number, at: number, room: number, rxcsum: number): number {
  const { u8, u32 } = pool.sim.arena;
  if (room < 20) return 0;
  const header = (u8[at] & 15) << 2;
  if (u8[at] >>> 4 !== 4 || header < 20 || header > room) return 0;
  let bits = 0;
  if ((rxcsum & RXCSUM_IPOFLD) !== 0) {
    bits = RXD_STAT_IPCS;
    if (csum_partial(u8, u32, at, header, 0) !== 0xffff) bits |= RXD_ERR_IPE << 16;
  }
  if ((rxcsum & RXCSUM_TUOFLD) === 0) return bits;
  const total = (u8[at + 2] << 8) | u8[at + 3];
  const fragment = ((u8[at + 6] & 0x3f) << 8) | u8[at + 7];
  if (total < header || total > room || fragment !== 0) return bits;
  const proto = u8[at + 9];
  // Source and destination address of the pseudo header.
  let pseudo = 0;
  for (let k = at + 12; k < at + 20; k += 2) pseudo += (u8[k] << 8) | u8[k + 1];
  return bits | verifyTransport(pool, frame, at + header, total - header, proto, pseudo);
}

function verifyIpv6(pool: FramePool, frame: number, at: number, room: number): number {
  const { u8, u32 } = pool.sim.arena;
  if (room < IPV6_HLEN || u8[at] >>> 4 !== 6) return 0;
  const payload = (u8[at + 4] << 8) | u8[at + 5];
  if (payload > room - IPV6_HLEN) return 0;
  const pseudo = csum_partial(u8, u32, at + 8, 32, 0);
  return verifyTransport(pool, frame, at + IPV6_HLEN, payload, u8[at + 6], pseudo);
}

/** `pseudo`: sum of the addresses; protocol and length are added here. TCPCS means TCP or UDP, UDPCS the latter. */
function verifyTransport(
  pool: FramePool,
  frame: number,
  at: number,
  room: number,
  proto: number,
  pseudo: number,
): number {
  const u8 = pool.sim.arena.u8;
  let bits = RXD_STAT_TCPCS;
  let length = room;
  if (proto === PROTO_UDP) {
    if (room < 8 || (u8[at + 6] | u8[at + 7]) === 0) return 0;
    length = (u8[at + 4] << 8) | u8[at + 5];
    if (length < 8 || length > room) return 0;
    bits |= RXD_STAT_UDPCS;
  } else if (proto !== PROTO_TCP || room < 20) {
    return 0;
  }
  const sum = csum_fold(pool.sum(frame, at - pool.off(frame), length) + pseudo + proto + length);
  return sum === 0xffff ? bits : bits | (RXD_ERR_TCPE << 16);
}
