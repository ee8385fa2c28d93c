import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../src/hw/memory/index.js';
import { addMsi, addMsix } from '../../src/hw/msi/index.js';
import { createConfig } from '../../src/hw/nic/config.js';
import {
  addAdvancedErrorReporting,
  addDeviceSerialNumber,
  addExpress,
  addPowerManagement,
  ConfigSpace,
  enumerate,
  lspci,
  PCI_ERR_UNC_UNSUP,
  type PciDevice,
  RootComplex,
} from '../../src/hw/pcie/index.js';
import { Simulation } from '../../src/sim/index.js';
import { realLspci, scratch } from './tools.js';

const { folder, remove } = scratch();
afterAll(remove);

/** A device that is configuration space and nothing else. */
function plain(config: ConfigSpace): PciDevice {
  return { config, mmioRead: () => 0, mmioWrite() {}, dmaComplete() {}, timer() {}, reset() {} };
}

function emptyBus(): RootComplex {
  const sim = new Simulation({ seed: 1 });
  return new RootComplex(sim, new PhysicalMemory(sim.arena, 1));
}

/** Both programs' text, line by line: what a dump does not hold (sizes of BARs) is taken out of ours. */
function compare(rc: RootComplex): void {
  const file = join(folder, 'dump.txt');
  writeFileSync(file, lspci(rc, { hex: 4 }));
  const ours = (verbose: 0 | 1 | 2 | 3): string[] =>
    lspci(rc, { verbose })
      .replaceAll(/ \[size=\w+\]/g, '')
      .split('\n');
  const theirs = (...flags: string[]): string[] => realLspci(file, ...flags).split('\n');
  expect(ours(0)).toEqual(theirs());
  expect(ours(1)).toEqual(theirs('-v'));
  expect(ours(2)).toEqual(theirs('-vv'));
  expect(ours(3)).toEqual(theirs('-vvv'));
}

/** A bus with an 82574L in slot 3, enumerated. */
function withNic(): RootComplex {
  const rc = emptyBus();
  rc.attach(plain(createConfig(new Uint8Array([0x52, 0x54, 0, 0xaa, 0xbb, 0xcc]))), 3);
  enumerate(rc);
  return rc;
}

const NIC = 3 << 3;

const word = fc.integer();
const half = fc.nat(0xffff);
const byte = fc.nat(0xff);
const wild = fc.record({
  command: half,
  status: half,
  revision: byte,
  cache: byte,
  latency: byte,
  pin: fc.nat(4),
  line: byte,
  bars: fc.array(word, { minLength: 4, maxLength: 4 }),
  pm: fc.tuple(half, half),
  msi: fc.record({
    order: fc.nat(5),
    is64: fc.boolean(),
    masking: fc.boolean(),
    words: fc.array(word, { minLength: 6, maxLength: 6 }),
  }),
  express: fc.record({
    type: fc.constantFrom(0, 1, 9),
    message: fc.nat(31),
    words: fc.array(word, { minLength: 4, maxLength: 4 }),
  }),
  msix: fc.tuple(half, fc.integer({ min: 0, max: 5 }), fc.nat(0xffff), fc.nat(5), fc.nat(0xffff)),
  aer: fc.array(word, { minLength: 10, maxLength: 10 }),
  dsn: fc.tuple(word, word),
  unknown: fc.tuple(fc.constantFrom(9, 0x7e), half),
});

/** A function whose registers hold anything, also where hardware would not allow it. */
function anything(w: typeof wild extends fc.Arbitrary<infer T> ? T : never): ConfigSpace {
  const c = new ConfigSpace({
    vendor: 0x8086,
    device: 0x10d3,
    classCode: 0x020000,
    revision: w.revision,
    interruptPin: w.pin,
  });
  c.addMemoryBar(0, 4096);
  c.addIoBar(1, 32);
  c.addMemoryBar64(2, 65536, true);
  c.addExpansionRom(65536);
  addPowerManagement(c, 0x40, w.pm[0]);
  c.set(0x44, 2, w.pm[1]);
  addMsi(c, 0x50, { vectors: 1 << w.msi.order, is64: w.msi.is64, masking: w.msi.masking });
  c.set(0x52, 2, (c.read(0x52, 2) & ~0x71) | (w.msi.words[0] & 0x71));
  for (let i = 1; i < 6; i++) c.set(0x50 + 4 * i, 4, w.msi.words[i]);
  addExpress(c, 0x70, { flags: 1 | (w.express.type << 4) | (w.express.message << 9), devcap: 0, lnkcap: 0, lnksta: 0 });
  for (let i = 0; i < 4; i++) c.set(0x74 + 4 * i, 4, w.express.words[i]);
  addMsix(c, 0x90, {
    vectors: 1,
    tableBar: w.msix[1],
    tableOffset: w.msix[2] & ~7,
    pbaBar: w.msix[3],
    pbaOffset: w.msix[4] & ~7,
  });
  c.set(0x92, 2, w.msix[0]);
  c.addCapability(0xa0, w.unknown[0]);
  c.set(0xa2, 2, w.unknown[1]);
  addAdvancedErrorReporting(c, 0x100);
  for (let i = 0; i < 10; i++) c.set(0x104 + 4 * i, 4, w.aer[i]);
  addDeviceSerialNumber(c, 0x140, w.dsn[0], w.dsn[1]);
  c.addExtendedCapability(0x150, 0x7ffe, 3);
  c.set(4, 2, w.command);
  c.set(6, 2, (w.status & ~0x600) | 0x10);
  // A dump holds no sizes: pciutils cannot tell a BAR without address from none.
  c.set(0x10, 4, (w.bars[0] & -4096) | 0x1000);
  c.set(0x14, 4, (w.bars[1] & 0xffe0) | 1);
  c.set(0x18, 4, (w.bars[2] & -65536) | 12);
  c.set(0x30, 4, (w.bars[3] & -65535) | 0x10000);
  c.set(0x0c, 1, w.cache);
  c.set(0x0d, 1, w.latency);
  c.set(0x3c, 1, w.line);
  return c;
}

describe('lspci of pciutils judges ours', () => {
  it('82574L, enumerated and not enabled: every line the same', () => {
    compare(withNic());
  });

  it('82574L at work, with MSI-X, errors logged, and in D3hot', () => {
    const rc = withNic();
    rc.ecamWrite(NIC, 4, 2, 0x507);
    rc.ecamWrite(NIC, 0x0c, 1, 16);
    rc.ecamWrite(NIC, 0x3c, 1, 19);
    rc.ecamWrite(NIC, 0xa2, 2, 0x8000);
    rc.ecamWrite(NIC, 0xe8, 2, 0x282f);
    rc.injectError(NIC, { status: PCI_ERR_UNC_UNSUP, header: [0x40000001, 0x0000000f, 0x12345678, 0] });
    rc.injectError(NIC, { status: 1, correctable: true });
    compare(rc);
    rc.ecamWrite(NIC, 0xcc, 2, 3);
    compare(rc);
  });

  it('64-bit BARs, expansion ROM enabled and not, decoding on and off', () => {
    for (const [command, rom] of [
      [0, 0],
      [3, 1],
      [2, 0],
      [0, 1],
    ] as const) {
      const rc = emptyBus();
      const c = new ConfigSpace({
        vendor: 0x8086,
        device: 0xffff,
        classCode: 0xff0000,
        revision: 7,
        subsystemVendor: 0x8086,
      });
      c.addMemoryBar64(0, 0x4000, true);
      c.addIoBar(2, 32);
      c.addMemoryBar64(4, 65536);
      c.addExpansionRom(1 << 16);
      rc.attach(plain(c), 9);
      enumerate(rc);
      rc.ecamWrite(9 << 3, 4, 2, command);
      rc.ecamWrite(9 << 3, 0x30, 4, rc.ecamRead(9 << 3, 0x30, 4) | rom);
      compare(rc);
    }
  });

  it('random registers in every capability of 256 functions: every line the same', () => {
    const rc = emptyBus();
    fc.sample(wild, { numRuns: 256, seed: 7 }).forEach((w, i) => {
      rc.attach(plain(anything(w)), i >> 3, i & 7);
    });
    compare(rc);
  });
});
