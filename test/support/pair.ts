import {
  createNetwork,
  type Host,
  type HostOptions,
  type Network,
  type NetworkOptions,
  type WireOptions,
} from '../../src/host/index.js';
import type { Link } from '../../src/wire/index.js';

export interface Pair {
  net: Network;
  a: Host;
  b: Host;
  link: Link;
}

/** Two hosts on a wire: a is 10.0.0.1 and fd00::1, b is 10.0.0.2 and fd00::2. */
export function pair(options: NetworkOptions = {}, host: HostOptions = {}, wire: WireOptions = {}): Pair {
  const net = createNetwork({ checked: true, ...options });
  const a = net.host('a', { addresses: ['10.0.0.1/24', 'fd00::1/64'], ...host });
  const b = net.host('b', { addresses: ['10.0.0.2/24', 'fd00::2/64'], ...host });
  const link = net.wire(a, b, wire);
  return { net, a, b, link };
}

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
