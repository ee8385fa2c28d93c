import { describe, expect, it } from 'vitest';
import { single } from './support.js';

/** `taken`, `nothing added`, or the code of the error. */
function answer(body: () => boolean | undefined): string {
  try {
    return body() === false ? 'nothing added' : 'taken';
  } catch (e) {
    const { name, code } = e as { name: string; code: string };
    return `${name} ${code}`;
  }
}

describe('addresses of a device, answered as Linux 6.18 answers `ip address add`', () => {
  it.each([
    ['::/0', 'IfaddrError EADDRNOTAVAIL'],
    ['::/64', 'IfaddrError EADDRNOTAVAIL'],
    ['ff02::1/64', 'IfaddrError EADDRNOTAVAIL'],
    ['::1/128', 'IfaddrError EADDRNOTAVAIL'],
    ['fd00::1/64', 'IfaddrError EEXIST'],
    ['fd00::1/80', 'IfaddrError EEXIST'],
    ['::ffff:1.2.3.4/96', 'taken'],
    ['fe80::1/64', 'taken'],
    ['10.0.0.1/24', 'IfaddrError EEXIST'],
    ['10.0.0.1/25', 'taken'],
    ['10.0.0.255/24', 'taken'],
    ['0.0.0.0/24', 'nothing added'],
    ['0.1.2.3/8', 'taken'],
    ['224.0.0.1/24', 'taken'],
    ['255.255.255.255/32', 'taken'],
    ['240.0.0.1/24', 'taken'],
  ])('10.0.0.1/24 and fd00::1/64 there, %s: %s', (cidr, expected) => {
    const w = single();
    const before = w.inet.addresses(w.dev).length;
    expect(answer(() => w.inet.addAddress(w.dev, cidr))).toBe(expected);
    expect(w.inet.addresses(w.dev).length - before).toBe(expected === 'taken' ? 1 : 0);
  });

  it('a refused address changes no route', () => {
    const w = single();
    const before = w.inet.routes();
    for (const cidr of ['::/0', 'ff02::1/64', '::1/128', '0.0.0.0/0', '10.0.0.1/24'])
      answer(() => w.inet.addAddress(w.dev, cidr));
    expect(w.inet.routes()).toEqual(before);
  });
});

describe('gateways, answered as Linux 6.18 answers `ip route add`', () => {
  it.each([
    ['default', 'fd00::1', 'RouteError ROUTE_GATEWAY_INVALID'],
    ['default', '::', 'RouteError ROUTE_GATEWAY_INVALID'],
    ['default', 'ff02::1', 'RouteError ROUTE_GATEWAY_INVALID'],
    ['default', 'fd00::7', 'taken'],
    ['default', '10.0.0.255', 'RouteError ROUTE_GATEWAY_INVALID'],
    ['10.5.0.0/16', '10.0.0.1', 'taken'],
    ['default', '10.0.0.7', 'taken'],
  ])('%s via %s: %s', (dst, via, expected) => {
    const w = single();
    const answered = answer(() => {
      w.inet.addRoute({ dst, via });
      return undefined;
    });
    expect(answered).toBe(expected);
  });
});
