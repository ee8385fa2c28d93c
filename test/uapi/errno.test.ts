import { constants as fsConstants } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import * as uapi from '../../src/uapi/index.js';

const values = uapi as unknown as Readonly<Record<string, unknown>>;

describe('errno', () => {
  it('every number of 1 to 133 but 41 and 58 has one name, and the name is exported with that value', () => {
    const missing: number[] = [];
    for (let n = 1; n <= 133; n++) {
      const name = uapi.errnoName(n);
      if (name === `E${n}`) missing.push(n);
      else expect([name, values[name]]).toEqual([name, n]);
    }
    expect(missing).toEqual([41, 58]);
  });

  it.runIf(process.platform === 'linux')('the platform agrees on every name it shares', () => {
    const other = constants.errno as unknown as Readonly<Record<string, number>>;
    const shared = Object.keys(other).filter((name) => name in values);
    expect(shared.length).toBeGreaterThan(60);
    for (const name of shared) expect([name, values[name]]).toEqual([name, other[name]]);
  });

  it.runIf(process.platform === 'linux')('the platform agrees on open flags and file types', () => {
    const other = fsConstants as unknown as Readonly<Record<string, number>>;
    const shared = Object.keys(other).filter((name) => /^(O|S)_/.test(name) && name in values);
    expect(shared.length).toBeGreaterThan(15);
    for (const name of shared) expect([name, values[name]]).toEqual([name, other[name]]);
  });

  it('either sign names the same error', () => {
    expect(uapi.errnoName(-uapi.ECONNREFUSED)).toBe('ECONNREFUSED');
    expect(uapi.strerror(-uapi.ECONNREFUSED)).toBe('Connection refused');
  });

  it('a number without a name says so', () => {
    expect(uapi.errnoName(4095)).toBe('E4095');
    expect(uapi.strerror(4095)).toBe('Unknown error 4095');
    expect(uapi.errnoNumber('ENOSUCHNAME')).toBe(0);
    expect(uapi.strerror(0)).toBe('Success');
  });
});
