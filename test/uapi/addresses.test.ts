import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AddressError,
  formatAddress,
  formatCidr,
  formatIp,
  formatIpv6,
  formatMac,
  ipFromBytes,
  isV4Mapped,
  parseAddress,
  parseCidr,
  parseIp,
  parseIpv6,
  parseMac,
  prefixMask,
  writeV4Mapped,
} from '../../src/uapi/index.js';
import { runs } from '../support/fc.js';

const bytes = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n });
/** Addresses with many zero groups: where the rules of `::` matter. */
const ipv6Bytes: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  })
  .map((words) => Uint8Array.from(words.flatMap((w) => [w >> 8, w & 255])));
const textOf = (alphabet: string): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...alphabet.split('')), { maxLength: 24 }).map((a) => a.join(''));

function accepted(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (e) {
    expect(e).toBeInstanceOf(AddressError);
    expect((e as AddressError).code).toBe('ERR_INVALID_ADDRESS');
    return false;
  }
}

describe('IPv4 text', () => {
  it('any int32 comes back from its text', () => {
    fc.assert(
      fc.property(fc.integer(), (ip) => parseIp(formatIp(ip)) === (ip | 0)),
      { numRuns: runs(200) },
    );
  });

  it('any text is taken exactly when the platform takes it', () => {
    const near = fc.array(fc.constantFrom('0', '1', '9', '25', '255', '256', '.', '.', '.', 'a'), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          textOf('0129.x '),
          near.map((a) => a.join('')),
        ),
        (text) => {
          expect(accepted(() => parseIp(text))).toBe(isIPv4(text));
        },
      ),
      { numRuns: runs(500) },
    );
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.-4',
    ' 1.2.3.4',
    '1..2.3',
  ])('%j is refused', (text) => {
    expect(accepted(() => parseIp(text))).toBe(false);
  });

  it('a netmask has its prefix of ones', () => {
    for (let n = 0; n <= 32; n++) {
      const bits = (prefixMask(n) >>> 0).toString(2).padStart(32, '0');
      expect(bits).toBe('1'.repeat(n) + '0'.repeat(32 - n));
    }
  });
});

describe('IPv6 text', () => {
  it('any 16 bytes come back from their text', () => {
    fc.assert(
      fc.property(ipv6Bytes, (b) => {
        expect(parseIpv6(formatIpv6(b))).toEqual(b);
      }),
      { numRuns: runs(300) },
    );
  });

  it('the text is the one the URL standard writes, but for IPv4-mapped addresses', () => {
    fc.assert(
      fc.property(ipv6Bytes, (b) => {
        fc.pre(!isV4Mapped(b));
        const plain = Array.from({ length: 8 }, (_, i) => ((b[2 * i] << 8) | b[2 * i + 1]).toString(16)).join(':');
        expect(`[${formatIpv6(b)}]`).toBe(new URL(`http://[${plain}]/`).hostname);
      }),
      { numRuns: runs(300) },
    );
  });

  it('any text is taken exactly when the platform takes it', () => {
    const part = fc.constantFrom('', '0', '1', 'ffff', '12345', ':', '::', '1.2.3.4', '1.2.3.256', 'g');
    const near = fc.array(part, { maxLength: 10 });
    const joined = fc.oneof(
      near.map((a) => a.join(':')),
      near.map((a) => a.join('')),
    );
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), textOf('0a:.1'), joined), (text) => {
        expect(accepted(() => parseIpv6(text))).toBe(isIPv6(text));
      }),
      { numRuns: runs(500) },
    );
  });

  it.each([
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::0:ABCD', '2001:db8::abcd'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::192.0.2.1', '::c000:201'],
    ['1::', '1::'],
  ])('%s is written %s', (given, written) => {
    expect(formatIpv6(parseIpv6(given))).toBe(written);
  });

  it('a zone is refused', () => {
    expect(accepted(() => parseIpv6('fe80::1%2'))).toBe(false);
  });

  it('an IPv4-mapped address holds its IPv4 address', () => {
    fc.assert(
      fc.property(fc.integer(), (ip) => {
        const out = new Uint8Array(20).fill(0x55);
        writeV4Mapped(ip, out, 2);
        expect(isV4Mapped(out, 2)).toBe(true);
        expect(ipFromBytes(out, 14)).toBe(ip);
        expect(formatIpv6(out, 2)).toBe(`::ffff:${formatIp(ip)}`);
        expect([out[0], out[1], out[18], out[19]]).toEqual([0x55, 0x55, 0x55, 0x55]);
      }),
      { numRuns: runs(100) },
    );
  });

  it('no other prefix is IPv4-mapped', () => {
    const mapped = parseIpv6('::ffff:1.2.3.4');
    for (let i = 0; i < 12; i++) {
      const other = mapped.slice();
      other[i] ^= 1;
      expect(isV4Mapped(other)).toBe(false);
    }
  });
});

describe('either family, prefixes, Ethernet', () => {
  it('the form of the text decides the family', () => {
    expect(parseAddress('10.0.0.1')).toEqual({ family: 2, bytes: Uint8Array.of(10, 0, 0, 1) });
    expect(parseAddress('::1').family).toBe(10);
    expect(formatAddress(2, Uint8Array.of(9, 10, 0, 0, 1), 1)).toBe('10.0.0.1');
  });

  it.each(['10.0.0.1/24', '0.0.0.0/0', '10.0.0.1/32', 'fd01::1/64', '::/0', '::1/128'])('%s comes back', (text) => {
    expect(formatCidr(parseCidr(text))).toBe(text);
  });

  it.each([
    '10.0.0.1',
    '10.0.0.1/',
    '10.0.0.1/33',
    '10.0.0.1/024',
    'fd01::/129',
    '10.0.0.1/-1',
    '/24',
    '1.2.3.4/2/3',
  ])('%s is refused', (text) => {
    expect(accepted(() => parseCidr(text))).toBe(false);
  });

  it('any six bytes come back from their text', () => {
    fc.assert(
      fc.property(bytes(6), (b) => {
        expect(parseMac(formatMac(b))).toEqual(b);
        expect(parseMac(formatMac(b).toUpperCase().replaceAll(':', '-'))).toEqual(b);
      }),
      { numRuns: runs(100) },
    );
  });

  it.each([
    '',
    '02:00:00:00:00',
    '02:00:00:00:00:0',
    '02:00-00:00:00:02',
    '02:00:00:00:00:0g',
    '02:00:00:00:00:02:03',
  ])('%j is no Ethernet address', (text) => {
    expect(accepted(() => parseMac(text))).toBe(false);
  });
});
