import type { NetDevice } from '../skbuff/index.js';
import { IFF_LOOPBACK } from '../uapi/index.js';
import { type In6, in6_is_any, in6_is_multicast } from './core/index.js';

/** An address that a device cannot have (`EADDRNOTAVAIL`) or has already (`EEXIST`), as `ip address add` answers. */
export class IfaddrError extends Error {
  readonly code: 'EADDRNOTAVAIL' | 'EEXIST';

  constructor(code: IfaddrError['code'], message: string) {
    super(message);
    this.name = 'IfaddrError';
    this.code = code;
  }
}

/**
 * What Linux 6.18 refuses (tried with `ip address add`): `::`, multicast, and `::1` on another device than `lo`. IPv4 addresses of any kind are
 * taken. @throws IfaddrError EADDRNOTAVAIL
 */
export function checkIfaddr6(dev: NetDevice, addr: In6, text: string): void {
  const why = in6_is_any(addr)
    ? 'the unspecified address'
    : in6_is_multicast(addr)
      ? 'a multicast address'
      : addr[0] === 0 && addr[1] === 0 && addr[2] === 0 && addr[3] === 1 && (dev.flags & IFF_LOOPBACK) === 0
        ? 'the loopback address'
        : null;
  if (why !== null) throw new IfaddrError('EADDRNOTAVAIL', `${dev.name} cannot have ${text}: it is ${why}`);
}
