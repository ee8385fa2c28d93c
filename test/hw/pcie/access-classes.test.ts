import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../../src/hw/nic/config.js';
import { CONFIG_BYTES, type ConfigSpace } from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from './fake-device.js';
import { AER, EXP, MSI, MSIX, PM, WildDevice } from './wild-device.js';

/** offset, bytes, read-write bits, write-1-to-clear bits: what PCI 3.0, PCI PM 1.2 and PCI Express say; all else is read-only. */
type Row = readonly [number, number, number, number];

const HEADER: Row[] = [
  [0x04, 2, 0x0547, 0],
  [0x06, 2, 0, 0xf900],
  [0x0c, 1, 0xff, 0],
  [0x3c, 1, 0xff, 0],
];

/** What an 82574L lets software change. */
const NIC_ROWS: Row[] = [
  ...HEADER,
  [0x10, 4, 0xfffe0000, 0],
  [0x14, 4, 0xfffe0000, 0],
  [0x18, 4, 0xffffffe0, 0],
  [0x1c, 4, 0xffffc000, 0],
  // Without PME support PMCSR has the power state alone.
  [0xcc, 2, 0x0003, 0],
  [0xd2, 2, 0x0071, 0],
  [0xd4, 4, 0xfffffffc, 0],
  [0xd8, 4, 0xffffffff, 0],
  [0xdc, 2, 0xffff, 0],
  [0xe8, 2, 0x79ff, 0],
  [0xea, 2, 0, 0x000f],
  [0xf0, 2, 0x00cb, 0],
  [0xa2, 2, 0xc000, 0],
  [0x104, 4, 0, 0x003ff030],
  [0x108, 4, 0x003ff030, 0],
  [0x10c, 4, 0x003ff030, 0],
  [0x110, 4, 0, 0x0000f1c1],
  [0x114, 4, 0x0000f1c1, 0],
];

const WILD_ROWS: Row[] = [
  ...HEADER,
  [0x10, 4, 0xffff0000, 0],
  [0x14, 4, 0xffffffff, 0],
  [0x18, 4, 0xffffffe0, 0],
  [0x1c, 4, 0xfffff000, 0],
  [0x30, 4, 0xfffff801, 0],
  [PM + 4, 2, 0x0103, 0x8000],
  [MSI + 2, 2, 0x0071, 0],
  [MSI + 4, 4, 0xfffffffc, 0],
  [MSI + 8, 4, 0xffffffff, 0],
  [MSI + 0x0c, 2, 0xffff, 0],
  [MSI + 0x10, 4, 0x0000000f, 0],
  [EXP + 8, 2, 0x79ff, 0],
  [EXP + 10, 2, 0, 0x000f],
  [EXP + 0x10, 2, 0x01cb, 0],
  [MSIX + 2, 2, 0xc000, 0],
  [AER + 4, 4, 0, 0x003ff030],
  [AER + 8, 4, 0x003ff030, 0],
  [AER + 12, 4, 0x003ff030, 0],
  [AER + 16, 4, 0, 0x0000f1c1],
  [AER + 20, 4, 0x0000f1c1, 0],
  [AER + 24, 4, 0x00000140, 0],
];

/** The rules above applied byte by byte, in D0 and without resets. */
class Model {
  readonly bytes: Uint8Array;
  readonly rw: Uint8Array = new Uint8Array(CONFIG_BYTES);
  readonly w1c: Uint8Array = new Uint8Array(CONFIG_BYTES);

  constructor(initial: Uint8Array, rows: Row[]) {
    this.bytes = initial.slice();
    for (const [offset, bytes, rw, w1c] of rows) {
      for (let i = 0; i < bytes; i++) {
        this.rw[offset + i] = (rw / 2 ** (8 * i)) & 0xff;
        this.w1c[offset + i] = (w1c / 2 ** (8 * i)) & 0xff;
      }
    }
  }

  write(offset: number, size: number, value: number): void {
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      for (let bit = 1; bit < 256; bit <<= 1) {
        const one = ((value >>> (8 * i)) & bit) !== 0;
        const old = this.bytes[at] as number;
        if (((this.rw[at] as number) & bit) !== 0) this.bytes[at] = one ? old | bit : old & ~bit;
        else if (((this.w1c[at] as number) & bit) !== 0 && one) this.bytes[at] = old & ~bit;
      }
    }
  }
}

/** Writes to interesting places more often than to the empty ones. */
function accesses(rows: Row[]): fc.Arbitrary<{ at: number; size: 1 | 2 | 4; value: number }[]> {
  const place = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...rows).chain(([at, n]) => fc.integer({ min: at, max: at + n - 1 })) },
    { weight: 3, arbitrary: fc.nat(0x15f) },
    { weight: 1, arbitrary: fc.nat(CONFIG_BYTES - 1) },
  );
  const value = fc.oneof(fc.integer(), fc.constantFrom(-1, 0, 0xffff));
  const one = fc
    .record({ at: place, size: fc.constantFrom(1 as const, 2 as const, 4 as const), value })
    .map((x) => ({ ...x, at: x.at - (x.at % x.size) }));
  return fc.array(one, { maxLength: 60 });
}

function isPowerState(at: number, size: number, pm: number): boolean {
  return at <= pm + 4 && at + size > pm + 4;
}

function check(make: () => ConfigSpace, rows: Row[], pm: number, raise: Row[]): void {
  fc.assert(
    fc.property(accesses(rows), fc.array(fc.integer(), { minLength: 8, maxLength: 8 }), (ops, status) => {
      const config = make();
      // Hardware has set some of the bits that software clears.
      raise.forEach(([offset, size, , w1c], i) => {
        config.set(offset, size, config.read(offset, size) | ((status[i % 8] as number) & w1c));
      });
      const model = new Model(config.bytes, rows);
      for (const { at, size, value } of ops) {
        // Power states and the reset bit act: test/hw/pcie/reset.test.ts.
        const plain = isPowerState(at, size, pm) ? value & ~3 : value;
        config.write(at, size, plain);
        model.write(at, size, plain);
        const now = Array.from({ length: size }, (_, i) => config.read(at + i, 1));
        expect(now).toEqual([...model.bytes.subarray(at, at + size)]);
      }
      expect(Buffer.compare(config.bytes, model.bytes)).toBe(0);
    }),
    { numRuns: runs(150) },
  );
}

describe('every bit of configuration space', () => {
  const mac = new Uint8Array([2, 0, 0, 0, 0, 1]);

  it('82574L: random programs of 1, 2 and 4 byte writes leave exactly what the tables of the specifications say', () => {
    check(
      () => createConfig(mac),
      NIC_ROWS,
      0xc8,
      NIC_ROWS.filter((row) => row[3] !== 0),
    );
  });

  it('a function with one of everything: the same', () => {
    check(
      () => new WildDevice(new Bench([]).rc, { devcap: 0x8020 }).config,
      WILD_ROWS,
      PM,
      WILD_ROWS.filter((row) => row[3] !== 0),
    );
  });

  it('all ones to every word, then all zeros: only the writable bits differ', () => {
    for (const [make, rows, pm] of [
      [(): ConfigSpace => createConfig(mac), NIC_ROWS, 0xc8],
      [(): ConfigSpace => new WildDevice(new Bench([]).rc, { devcap: 0x8020 }).config, WILD_ROWS, PM],
    ] as const) {
      const config = make();
      const model = new Model(config.bytes, [...rows]);
      for (const value of [-1, 0]) {
        for (let at = 0; at < CONFIG_BYTES; at += 4) {
          const plain = at === pm + 4 ? value & ~3 : value;
          config.write(at, 4, plain);
          model.write(at, 4, plain);
        }
        expect(Buffer.compare(config.bytes, model.bytes)).toBe(0);
      }
    }
  });
});
