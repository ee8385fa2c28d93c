import type { NetDevice } from '../skbuff/index.js';
import { AddressError, AF_INET, ipFromBytes, parseAddress, parseCidr } from '../uapi/index.js';
import { type In6, in6_from_bytes, in6_is_any, in6_is_linklocal, in6_is_multicast, in6_new } from './core/index.js';
import type { Inet } from './inet.js';
import { Fib4Route, Fib6Route, inet_addr_type, RTN_BROADCAST, RTN_UNICAST } from './route/index.js';

/** A route as a caller writes it. */
export interface RouteSpec {
  /** `'10.1.0.0/16'`, `'fd02::/64'`, a single address, or `'default'` (the family is the gateway's). */
  dst: string;
  /** Gateway. */
  via?: string;
  /** Device; needed without a gateway, or with a link-local one. */
  dev?: NetDevice;
  /** Lower wins among equal prefixes (default 0). */
  metric?: number;
}

/** A route that cannot be: `code` is stable. */
export class RouteError extends Error {
  readonly code: 'ROUTE_NO_DEVICE' | 'ROUTE_GATEWAY_UNREACHABLE' | 'ROUTE_GATEWAY_INVALID' | 'ROUTE_FAMILY';

  constructor(code: RouteError['code'], message: string) {
    super(message);
    this.name = 'RouteError';
    this.code = code;
  }
}

interface Prefix {
  family: number;
  bytes: Uint8Array;
  prefix: number;
}

function parsePrefix(spec: RouteSpec): Prefix {
  if (spec.dst === 'default') {
    if (spec.via === undefined)
      throw new RouteError(
        'ROUTE_FAMILY',
        "a route to 'default' needs a gateway, or '0.0.0.0/0' or '::/0' as destination",
      );
    const { family } = parseAddress(spec.via);
    return { family, bytes: new Uint8Array(family === AF_INET ? 4 : 16), prefix: 0 };
  }
  if (spec.dst.includes('/')) return parseCidr(spec.dst);
  const { family, bytes } = parseAddress(spec.dst);
  return { family, bytes, prefix: bytes.length * 8 };
}

/** `ip route add`. @throws AddressError, RouteError */
export function addRoute(inet: Inet, spec: RouteSpec): void {
  const dst = parsePrefix(spec);
  const via = spec.via === undefined ? null : parseAddress(spec.via);
  if (via !== null && via.family !== dst.family)
    throw new RouteError('ROUTE_FAMILY', `gateway ${spec.via} is of another family than ${spec.dst}`);
  if (via === null && spec.dev === undefined)
    throw new RouteError('ROUTE_NO_DEVICE', `route to ${spec.dst} names neither gateway nor device`);
  const metric = spec.metric ?? 0;
  if (!Number.isInteger(metric) || metric < 0) throw new AddressError('metric is not a whole number', String(metric));
  if (dst.family === AF_INET) {
    const gateway = via === null ? 0 : ipFromBytes(via.bytes);
    if (gateway !== 0) checkGateway4(inet, gateway, spec);
    const dev = spec.dev ?? gatewayDevice4(inet, gateway, spec);
    inet.routes4.addRoute(new Fib4Route(ipFromBytes(dst.bytes), dst.prefix, RTN_UNICAST, gateway, dev, 0, metric));
    return;
  }
  const gateway = via === null ? null : in6_from_bytes(via.bytes, 0, in6_new());
  if (gateway !== null) checkGateway6(inet, gateway, spec);
  const dev = spec.dev ?? gatewayDevice6(inet, gateway as In6, spec);
  inet.routes6.addRoute(
    new Fib6Route(in6_from_bytes(dst.bytes, 0, in6_new()), dst.prefix, gateway, dev, metric === 0 ? 1024 : metric),
  );
}

/** Linux 6.18 refuses a broadcast address as gateway; one of its own IPv4 addresses it takes (tried with `ip route add`). */
function checkGateway4(inet: Inet, gateway: number, spec: RouteSpec): void {
  if (inet_addr_type(inet.routes4, gateway) === RTN_BROADCAST) invalid(spec, 'no address of one station');
}

/** Linux 6.18 refuses `::`, multicast and its own IPv6 addresses as gateway (tried with `ip route add`). */
function checkGateway6(inet: Inet, gateway: In6, spec: RouteSpec): void {
  if (in6_is_any(gateway) || in6_is_multicast(gateway)) invalid(spec, 'no address of one station');
  if (inet.routes6.isLocal(gateway, spec.dev?.ifindex ?? 0)) invalid(spec, "one of the host's own addresses");
}

function invalid(spec: RouteSpec, why: string): never {
  throw new RouteError('ROUTE_GATEWAY_INVALID', `gateway ${spec.via} is ${why}`);
}

function unreachable(spec: RouteSpec): never {
  throw new RouteError('ROUTE_GATEWAY_UNREACHABLE', `gateway ${spec.via} is on no connected network`);
}

function gatewayDevice4(inet: Inet, gateway: number, spec: RouteSpec): NetDevice {
  for (const r of inet.routes4.routes) {
    if (r.gateway === 0 && r.type === RTN_UNICAST && (gateway & r.mask) === r.dst) return r.dev;
  }
  return unreachable(spec);
}

function gatewayDevice6(inet: Inet, gateway: In6, spec: RouteSpec): NetDevice {
  if (in6_is_linklocal(gateway))
    throw new RouteError('ROUTE_NO_DEVICE', `a link-local gateway (${spec.via}) needs a device`);
  const route = inet.routes6.lookup(gateway, 0);
  return route !== null && route.gateway === null ? route.dev : unreachable(spec);
}
