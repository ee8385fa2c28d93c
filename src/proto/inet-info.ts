import { formatIp, formatIpv6, formatMac } from '../uapi/index.js';
import { type In6, in6_to_bytes } from './core/index.js';
import type { Inet } from './inet.js';
import {
  type NeighTable,
  NUD_INCOMPLETE,
  NUD_NONE,
  NUD_PERMANENT,
  NUD_REACHABLE,
  NUD_STALE,
  NUD_VALID,
} from './neigh/index.js';
import { RTN_LOCAL } from './route/index.js';

/** One line of `ip neighbour`. */
export interface NeighbourInfo {
  address: string;
  dev: string;
  /** Ethernet address, null while unknown. */
  mac: string | null;
  state: 'NONE' | 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'FAILED' | 'PERMANENT';
}

/** One line of `ip route`. */
export interface RouteInfo {
  family: 4 | 6;
  dst: string;
  /** Gateway, null when the destination is on the link. */
  via: string | null;
  dev: string;
  metric: number;
}

function text6(a: In6): string {
  const bytes = new Uint8Array(16);
  in6_to_bytes(a, bytes, 0);
  return formatIpv6(bytes);
}

function stateName(state: number): NeighbourInfo['state'] {
  switch (state) {
    case NUD_NONE:
      return 'NONE';
    case NUD_INCOMPLETE:
      return 'INCOMPLETE';
    case NUD_REACHABLE:
      return 'REACHABLE';
    case NUD_STALE:
      return 'STALE';
    case NUD_PERMANENT:
      return 'PERMANENT';
    default:
      return 'FAILED';
  }
}

function list(tbl: NeighTable, v6: boolean, out: NeighbourInfo[]): void {
  for (const n of tbl.entries) {
    if (n === null) continue;
    const mac = (n.nud_state & NUD_VALID) !== 0 ? formatMac(n.ha) : null;
    out.push({ address: v6 ? text6(n.key) : formatIp(n.key[3]), dev: n.dev.name, mac, state: stateName(n.nud_state) });
  }
}

/** All neighbours, IPv4 first, in the order they were met. */
export function describeNeighbours(inet: Inet): NeighbourInfo[] {
  const out: NeighbourInfo[] = [];
  list(inet.arp.tbl, false, out);
  list(inet.ipv6.tbl, true, out);
  return out;
}

/** All routes, in the order they are tried. */
export function describeRoutes(inet: Inet): RouteInfo[] {
  const out: RouteInfo[] = [];
  for (const r of inet.routes4.routes) {
    if (r.type === RTN_LOCAL) continue;
    const via = r.gateway === 0 ? null : formatIp(r.gateway);
    out.push({ family: 4, dst: `${formatIp(r.dst)}/${r.plen}`, via, dev: r.dev.name, metric: r.metric });
  }
  for (const r of inet.routes6.routes) {
    const via = r.gateway === null ? null : text6(r.gateway);
    out.push({ family: 6, dst: `${text6(r.dst)}/${r.plen}`, via, dev: r.dev.name, metric: r.metric });
  }
  return out;
}
