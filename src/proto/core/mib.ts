/**
 * The counters of `/proc/net/snmp`, `/proc/net/netstat` (IpExt) and `/proc/net/snmp6`, one Float64Array per group (`stats[IPSTATS.InReceives]++`).
 */

/** Group `Ip` of `/proc/net/snmp`, and `IpExt`; group `Ip6` uses the same numbers. */
export const IPSTATS = {
  InReceives: 0,
  InHdrErrors: 1,
  InAddrErrors: 2,
  InUnknownProtos: 3,
  InDiscards: 4,
  InDelivers: 5,
  OutRequests: 6,
  OutDiscards: 7,
  OutNoRoutes: 8,
  ReasmTimeout: 9,
  ReasmReqds: 10,
  ReasmOKs: 11,
  ReasmFails: 12,
  FragOKs: 13,
  FragFails: 14,
  FragCreates: 15,
  InNoRoutes: 16,
  InTruncatedPkts: 17,
  InMcastPkts: 18,
  OutMcastPkts: 19,
  InBcastPkts: 20,
  OutBcastPkts: 21,
  InCsumErrors: 22,
  ReasmOverlaps: 23,
} as const;

/** Groups `Icmp` and `Icmp6`, without the counters per type. */
export const ICMP_MIB = {
  InMsgs: 0,
  InErrors: 1,
  InCsumErrors: 2,
  OutMsgs: 3,
  OutErrors: 4,
  OutRateLimitHost: 5,
  OutRateLimitGlobal: 6,
} as const;

/** Groups `Udp` and `Udp6`. */
export const UDP_MIB = {
  InDatagrams: 0,
  NoPorts: 1,
  InErrors: 2,
  OutDatagrams: 3,
  RcvbufErrors: 4,
  SndbufErrors: 5,
  InCsumErrors: 6,
  IgnoredMulti: 7,
  MemErrors: 8,
} as const;

/** A group of counters by name, as the table prints them. */
export interface MibGroup {
  readonly [name: string]: number;
}

/** All counters of one host. `icmp_types[t]` counts received ICMP messages of type t, `icmp_types[256 + t]` sent ones (`IcmpMsg`). */
export class Mib {
  readonly ip: Float64Array = new Float64Array(24);
  readonly ip6: Float64Array = new Float64Array(24);
  readonly icmp: Float64Array = new Float64Array(7);
  readonly icmp6: Float64Array = new Float64Array(7);
  readonly icmp_types: Float64Array = new Float64Array(512);
  readonly icmp6_types: Float64Array = new Float64Array(512);
  readonly udp: Float64Array = new Float64Array(9);
  readonly udp6: Float64Array = new Float64Array(9);
}

function group(names: MibGroup, values: Float64Array): MibGroup {
  const out: Record<string, number> = {};
  for (const name of Object.keys(names)) out[name] = values[names[name]];
  return out;
}

/** The counters as plain records named as in `/proc/net/snmp` and `snmp6`: `snmp(mib)['Udp']['NoPorts']`. */
export function snmp(mib: Mib): { readonly [group: string]: MibGroup } {
  return {
    Ip: group(IPSTATS, mib.ip),
    Icmp: group(ICMP_MIB, mib.icmp),
    Udp: group(UDP_MIB, mib.udp),
    Ip6: group(IPSTATS, mib.ip6),
    Icmp6: group(ICMP_MIB, mib.icmp6),
    Udp6: group(UDP_MIB, mib.udp6),
  };
}
