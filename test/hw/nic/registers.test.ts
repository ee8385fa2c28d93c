import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addOctets, bump, sizeClass } from '../../../src/hw/nic/counters.js';
import { RegisterFile } from '../../../src/hw/nic/registers/file.js';
import { LAYOUT, REGISTER_GROUPS, REGISTER_SPACE } from '../../../src/hw/nic/registers/table.js';
import { runs } from '../../support/fc.js';
import { registerDocument } from './register-document.js';
import { Bench, frameTo, hex, MAC, RCTL_BAM, REG, RXT0 } from './support.js';

const ROWS = REGISTER_GROUPS.flatMap((g) => g.rows);
const PLAIN = LAYOUT.names.map((_, i) => i).filter((i) => LAYOUT.effect[i] === 0);
const CLASS = ['RW', 'RO', 'RC', 'W1C', 'WO', 'WS', 'SC'] as const;
const DOC = new URL('../../../docs/82574l-registers.md', import.meta.url);

describe('the register table', () => {
  test('has aligned rows with masks that fit their access class', () => {
    for (const r of ROWS) {
      expect(r.offset % 4, r.name).toBe(0);
      expect(r.offset + (r.count - 1) * r.stride < REGISTER_SPACE, r.name).toBe(true);
      if (r.access === 'RO' || r.access === 'RC') expect(r.mask, r.name).toBe(0);
      else expect(r.mask, r.name).not.toBe(0);
    }
    expect(new Set(LAYOUT.names).size).toBe(LAYOUT.count);
  });

  test('has the registers that the Linux driver touches', () => {
    const trace = readFileSync(new URL('../../fixtures/linux-e1000e-probe.trace', import.meta.url), 'utf8');
    const offsets = new Set([...trace.matchAll(/^[rw] ([0-9a-f]+)/gm)].map((m) => Number.parseInt(m[1], 16)));
    expect(offsets.size).toBeGreaterThan(100);
    for (const offset of offsets) expect(RegisterFile.find(offset), hex(offset)).toBeGreaterThanOrEqual(0);
  });

  test('is what the document shows', () => {
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(DOC, registerDocument());
    expect(readFileSync(DOC, 'utf8')).toBe(registerDocument());
  });
});

describe('after power-on', () => {
  test('registers have their reset values', () => {
    const b = new Bench();
    const expected: [number, number][] = [
      [0x0000, 0x00140241],
      [0x0008, 0x00080283],
      [0x0010, 0x00000300],
      [0x0014, 0x00000002],
      [0x0410, 0x00602008],
      [0x1000, 0x00140014],
      [0x2828, 0x00010000],
      [0x3840, 0x00000403],
      [0x3940, 0x00000403],
      [0x5000, 0x00000300],
      [0x5820, 0x10000000],
      [0x5b00, 0x06800200],
      [0x5b30, 0x20000004],
      [0x0f00, 0x00000008],
      [0x0e00, 0x00068302],
      [0x5400, 0xaa005452],
      [0x5404, 0x8000ccbb],
      [0x5408, 0],
    ];
    for (const [offset, value] of expected)
      expect([hex(offset), hex(b.read(offset))]).toEqual([hex(offset), hex(value)]);
    expect(b.read(REG.SWSM)).toBe(1);
  });

  test('CTRL.RST brings every register back but those that registers/soft-reset.ts names', () => {
    const b = new Bench();
    b.read(REG.ICR);
    const before = b.nic.registers.map((r) => `${r.name} ${hex(r.value)}`);
    for (const r of b.nic.registers) if (r.offset !== 0) b.write(r.offset, 0x5a5a5a5a);
    b.write(REG.CTRL, 0x04140241);
    b.run();
    const after = b.nic.registers.map((r) => `${r.name} ${hex(r.value)}`);
    const differing = before.filter((line, i) => line !== after[i]).map((line) => line.split(' ')[0]);
    // What the reset leaves: semaphores, the packet buffer's split, the PCIe block, the packet that woke the system.
    const names = [...new Set(differing.map((name) => name.replace(/\[.*/, '')))].sort();
    expect(names).toEqual(['EXTCNF_CTRL', 'GCR', 'GCR2', 'PBA', 'SWSM', 'SWSM2', 'SW_FW_SYNC', 'WUPL', 'WUPM']);
  });

  test('CTRL.RST leaves the statistics to be read, and clears the interrupt counters; a reset of the bus clears all', () => {
    const b = new Bench();
    b.setupRx(8, RCTL_BAM);
    b.write(REG.IMS, RXT0);
    b.inject(frameTo(MAC));
    b.run();
    expect(b.nic.peek(0x4100)).toBeGreaterThan(0);
    b.write(REG.CTRL, 0x04140241);
    expect(b.read(0x4100)).toBe(0);
    expect([b.read(REG.GPRC), b.read(REG.GPRC), b.nic.peek(REG.TPR)]).toEqual([1, 0, 1]);
    b.nic.reset();
    expect(b.read(REG.TPR)).toBe(0);
  });
});

describe('access classes', () => {
  const anyPlain = fc.constantFrom(...PLAIN);
  const word = fc.integer();

  test('a register without effects reads and writes as its class says', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyPlain, word, word, (i, first, second) => {
        const file = new RegisterFile();
        const mask = LAYOUT.mask[i];
        const reset = LAYOUT.reset[i];
        const name = CLASS[LAYOUT.access[i]];
        seen.add(name);
        file.write(i, first);
        file.write(i, second);
        const value = file.read(i);
        if (name === 'RW' || name === 'SC') expect(value).toBe((reset & ~mask) | (second & mask));
        else if (name === 'RO' || name === 'RC') expect(value).toBe(reset);
        else if (name === 'W1C') expect(value).toBe(reset & ~((first | second) & mask));
        else if (name === 'WS') expect(value).toBe(reset | ((first | second) & mask));
        else expect(value).toBe(0);
      }),
      { numRuns: runs(300) },
    );
    expect(seen.has('RW') && seen.has('RC')).toBe(true);
  });

  test('a clear-on-read register gives its count once; a pair is cleared by its high word only', () => {
    for (const i of LAYOUT.names.keys()) {
      if (CLASS[LAYOUT.access[i]] !== 'RC') continue;
      const file = new RegisterFile();
      file.values[i] = 7;
      expect(file.read(i), LAYOUT.names[i]).toBe(7);
      expect(file.read(i), LAYOUT.names[i]).toBe(LAYOUT.pair[i] === 1 ? 7 : 0);
    }
    const file = new RegisterFile();
    const low = RegisterFile.find(REG.GORCL);
    file.values[low] = 5;
    file.values[low + 1] = 6;
    expect(file.read(low + 1)).toBe(6);
    expect(file.read(low)).toBe(0);
  });

  test('W1C and WS in the device: ICR bits are cleared by ones, IMS bits set by ones, IMC clears them', () => {
    const b = new Bench();
    b.write(REG.IMC, -1);
    b.write(REG.ICS, 0x95);
    b.write(REG.ICR, 0x14);
    expect(b.read(REG.ICR)).toBe(0x81);
    expect(b.read(REG.ICR)).toBe(0);
    b.write(REG.IMS, 0x90);
    b.write(REG.IMS, 0x04);
    b.write(REG.IMC, 0x10);
    expect(b.read(REG.IMS)).toBe(0x84);
    expect(b.read(REG.IMC)).toBe(0);
    expect(b.read(REG.ICS)).toBe(0);
    b.write(REG.IMS, -1);
    expect(hex(b.read(REG.IMS))).toBe('01f782df');
  });

  test('an offset without a register reads 0, drops the write and is counted', () => {
    const b = new Bench();
    b.write(0x0004, 5);
    expect(b.read(0x0004)).toBe(0);
    expect(b.read(0x1fffc)).toBe(0);
    expect(b.read(0x0002)).toBe(0);
    expect(b.nic.file.unknownRegister).toBe(4);
    expect([...b.nic.file.unknown]).toEqual([
      [5, 1],
      [4, 1],
      [0x1fffc, 1],
      [0, 1],
    ]);
  });

  test('the I/O window reaches the registers', () => {
    const b = new Bench();
    b.nic.mmioWrite(2, 0, REG.ITR);
    b.nic.mmioWrite(2, 4, 0x1234);
    expect(b.nic.mmioRead(2, 0)).toBe(REG.ITR);
    expect(b.nic.mmioRead(2, 4)).toBe(0x1234);
    expect(b.read(REG.ITR)).toBe(0x1234);
  });
});

describe('counters', () => {
  test('stick at ffffffff', () => {
    const v = new Int32Array([-2, 0]);
    bump(v, 0);
    expect(v[0]).toBe(-1);
    bump(v, 0);
    expect(v[0]).toBe(-1);
  });

  test('a 64-bit pair adds like a bigint and sticks at all ones', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer({ min: 0, max: 0x7fffffff }), (low, high, n) => {
        const v = new Int32Array([low, high]);
        const sum = (BigInt(high >>> 0) << 32n) + BigInt(low >>> 0) + BigInt(n);
        const limit = (1n << 64n) - 1n;
        addOctets(v, 0, n);
        expect((BigInt(v[1] >>> 0) << 32n) + BigInt(v[0] >>> 0)).toBe(sum > limit ? limit : sum);
      }),
      {
        numRuns: runs(300),
        examples: [
          [-1, -1, 1],
          [-1, 0, 1],
          [-5, -1, 4],
        ],
      },
    );
  });

  test('size classes have the borders of the RMON counters', () => {
    const borders = [60, 64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 1522, 9234];
    expect(borders.map(sizeClass)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]);
  });
});
