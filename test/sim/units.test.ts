import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, parseRate, parseRatio, parseSize, UnitError } from '../../src/sim/index.js';
import { runs } from '../support/fc.js';

describe('units', () => {
  it.each([
    ['1ms', 1_000_000],
    ['1.5ms', 1_500_000],
    ['0.1us', 100],
    ['250 us', 250_000],
    ['3µs', 3000],
    ['7ns', 7],
    ['7.0ns', 7],
    ['2s', 2_000_000_000],
    ['1.000000001s', 1_000_000_001],
    ['1min', 60_000_000_000],
    ['104h', 374_400_000_000_000],
  ])('%s is a duration', (text, ns) => expect(parseDuration(text)).toBe(ns));

  it.each([
    '',
    'ms',
    '1',
    '-1ms',
    '1.5ns',
    '0.0001us',
    '1e3ms',
    '1 m s',
    '3000h',
    'Infinity',
    '1Ms',
    '.5ms',
    '1.ms',
  ])('%j is no duration', (text) => expect(() => parseDuration(text)).toThrow(UnitError));

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('the number %d is no duration', (n) =>
    expect(() => parseDuration(n)).toThrow(expect.objectContaining({ code: 'UNIT' })));

  it.each([null, undefined, {}, 1n, Symbol('s')])('%s is no duration', (value) =>
    expect(() => parseDuration(value as never)).toThrow(expect.objectContaining({ code: 'UNIT' })));

  it('decimal text equals exact rational arithmetic', () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.nat(999_999_999), (whole, fraction) => {
        const digits = String(fraction).padStart(9, '0');
        return parseDuration(`${whole}.${digits}s`) === whole * 1e9 + fraction;
      }),
      { numRuns: runs(200) },
    );
  });

  it('rates and sizes', () => {
    expect([
      parseRate('1Gbps'),
      parseRate('2.5Gbps'),
      parseRate('100Mbps'),
      parseRate(0),
      parseRate('9600bps'),
    ]).toEqual([1e9, 2.5e9, 1e8, 0, 9600]);
    expect([parseSize('64KiB'), parseSize('1.5kB'), parseSize('2MiB'), parseSize(77)]).toEqual([
      65536, 1500, 2097152, 77,
    ]);
    expect(() => parseRate('1gbps')).toThrow(UnitError);
    expect(() => parseSize('1K')).toThrow(UnitError);
  });

  it('ratios are two integers, never a fraction', () => {
    expect(parseRatio('1/100')).toEqual({ num: 1, den: 100 });
    expect(parseRatio([3, 7])).toEqual({ num: 3, den: 7 });
    expect([parseRatio(0), parseRatio(1)]).toEqual([
      { num: 0, den: 1 },
      { num: 1, den: 1 },
    ]);
    for (const bad of [
      0.01,
      2,
      -1,
      '1/0',
      '2/1',
      '0.5',
      '1/2147483648',
      '',
      [1.5, 2],
      [-1, 2],
      null,
      undefined,
      {},
      [1],
      [1, 2, 3],
      1n,
    ]) {
      expect(() => parseRatio(bad as number)).toThrow(UnitError);
    }
  });
});
