import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AddressError,
  AF_INET,
  AF_INET6,
  decodeSockaddr,
  encodeSockaddr,
  parseIp,
  type SockAddr,
  sockaddrFamily,
  sockaddrIp,
  sockaddrPort,
} from '../../src/uapi/index.js';
import { runs } from '../support/fc.js';

const port = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const canonical = fc.oneof(
  fc.record({ family: fc.constant(AF_INET), address: fc.ipV4(), port }),
  fc.record({
    family: fc.constant(AF_INET6),
    address: fc.constantFrom('::', '::1', 'fd01::2', '::ffff:1.2.3.4', 'fe80::1:2:3:4'),
    port,
    flowinfo: u32,
    scopeId: u32,
  }),
);

describe('sockaddr', () => {
  it('any address comes back from its bytes, anywhere in a buffer of anything', () => {
    fc.assert(
      fc.property(canonical, fc.nat(8), fc.nat(255), (addr: SockAddr, at, junk) => {
        const out = new Uint8Array(40).fill(junk);
        const length = encodeSockaddr(addr, out, at);
        expect(length).toBe(addr.family === AF_INET ? 16 : 28);
        expect(decodeSockaddr(out, length, at)).toEqual(addr);
        expect(sockaddrFamily(out, at)).toBe(addr.family);
        expect(sockaddrPort(out, at)).toBe(addr.port);
        if (addr.family === AF_INET) expect(sockaddrIp(out, at)).toBe(parseIp(addr.address));
        expect(out.subarray(0, at).every((b) => b === junk) && out.subarray(at + length).every((b) => b === junk)).toBe(
          true,
        );
      }),
      { numRuns: runs(200) },
    );
  });

  it('the bytes are those of x86-64', () => {
    const out = new Uint8Array(28);
    expect(encodeSockaddr({ address: '10.1.0.2', port: 7000 }, out)).toBe(16);
    expect([...out.subarray(0, 16)]).toEqual([2, 0, 0x1b, 0x58, 10, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(encodeSockaddr({ address: 'fd01::2', port: 7000, flowinfo: 0x12345, scopeId: 3 }, out)).toBe(28);
    expect([...out]).toEqual([
      10,
      0,
      0x1b,
      0x58,
      0,
      1,
      0x23,
      0x45,
      0xfd,
      1,
      ...Array<number>(13).fill(0),
      2,
      3,
      0,
      0,
      0,
    ]);
  });

  it('24 bytes of an IPv6 name have no scope', () => {
    const out = new Uint8Array(28);
    encodeSockaddr({ address: 'fe80::1', port: 1, scopeId: 7 }, out);
    expect(decodeSockaddr(out, 28)?.scopeId).toBe(7);
    expect(decodeSockaddr(out, 24)?.scopeId).toBe(0);
  });

  it('a name too short or of another family is no address, and no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 1, 2, 10), (raw, family) => {
        if (raw.length > 1) raw.set([family, 0]);
        const least = family === AF_INET ? 16 : family === AF_INET6 ? 24 : Number.POSITIVE_INFINITY;
        expect(decodeSockaddr(raw) !== null).toBe(raw.length >= least);
      }),
      { numRuns: runs(200) },
    );
  });

  it.each([
    { address: '10.0.0.1', port: 65536 },
    { address: '10.0.0.1', port: -1 },
    { address: '10.0.0.1', port: 1.5 },
    { address: '10.0.0.1', port: 1, family: AF_INET6 },
    { address: '::1', port: 1, family: AF_INET },
    { address: 'localhost', port: 1 },
    { address: '::1', port: 1, scopeId: 2 ** 32 },
  ])('%j is refused', (addr) => {
    expect(() => encodeSockaddr(addr, new Uint8Array(28))).toThrow(AddressError);
  });
});
