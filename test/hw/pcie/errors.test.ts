import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  detectError,
  ERR_COR,
  ERR_FATAL,
  ERR_NONFATAL,
  ERROR_RECORDS,
  enumerate,
  PCI_ERR_COR_RCVR,
  PCI_ERR_UNC_COMP_ABORT,
  PCI_ERR_UNC_MALF_TLP,
  PCI_ERR_UNC_POISON_TLP,
  PCI_ERR_UNC_UNSUP,
  type PciError,
  type RootComplex,
} from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from './fake-device.js';
import { AER, EXP, WildDevice, type WildOptions } from './wild-device.js';

const BDF = 3 << 3;
const UESTA = AER + 4;
const UEMSK = AER + 8;
const UESVRT = AER + 12;
const CESTA = AER + 16;
const CEMSK = AER + 20;
const CONTROL = AER + 24;
const LOG = AER + 28;
const ADVISORY = 0x2000;
const OVERFLOW = 0x8000;
/** All four reporting enables of Device Control. */
const ALL = 0x0f;

interface Rig {
  bench: Bench;
  rc: RootComplex;
  device: WildDevice;
  read: (offset: number, size?: number) => number;
  write: (offset: number, value: number, size?: number) => void;
  /** The error is injected; what the root complex then has received, by message code. */
  inject: (error: PciError) => number[];
}

function rig(options: WildOptions = {}): Rig {
  const bench = new Bench([]);
  const { rc } = bench;
  const device = new WildDevice(rc, options);
  rc.attach(device, 3);
  return {
    bench,
    rc,
    device,
    read: (offset, size = 4) => rc.ecamRead(BDF, offset, size),
    write: (offset, value, size = 4) => rc.ecamWrite(BDF, offset, size, value),
    inject(error) {
      const before = rc.errors.records.length;
      rc.injectError(BDF, error);
      bench.settle();
      return rc.errors.records.slice(before).map((r) => r.message);
    },
  };
}

describe('an uncorrectable error', () => {
  it('reporting enabled: detected, logged with its header, sent by its severity', () => {
    for (const [severity, detected, message] of [
      [0, 0x0a, ERR_NONFATAL],
      [PCI_ERR_UNC_UNSUP, 0x0c, ERR_FATAL],
    ] as const) {
      const r = rig();
      r.write(UESVRT, severity);
      r.write(EXP + 8, ALL, 2);
      expect(r.inject({ status: PCI_ERR_UNC_UNSUP, header: [0x40000001, 0xf, 0x1000, 0] })).toEqual([message]);
      expect(r.read(EXP + 10, 2)).toBe(detected);
      expect([r.read(UESTA), r.read(CONTROL) & 31, r.read(CESTA)]).toEqual([PCI_ERR_UNC_UNSUP, 20, 0]);
      expect([0, 4, 8, 12].map((i) => r.read(LOG + i))).toEqual([0x40000001, 0xf, 0x1000, 0]);
      expect(r.rc.errors.records[0]).toMatchObject({ bdf: BDF, byRoot: false, uncorrectable: PCI_ERR_UNC_UNSUP });
    }
  });

  it('nothing enabled: detected and logged, nothing sent', () => {
    const r = rig();
    expect(r.inject({ status: PCI_ERR_UNC_MALF_TLP })).toEqual([]);
    expect([r.read(EXP + 10, 2), r.read(UESTA)]).toEqual([4, PCI_ERR_UNC_MALF_TLP]);
  });

  it('masked: the status bit alone; no log, no message', () => {
    const r = rig();
    r.write(EXP + 8, ALL, 2);
    r.write(UEMSK, PCI_ERR_UNC_UNSUP);
    expect(r.inject({ status: PCI_ERR_UNC_UNSUP, header: [9, 9, 9, 9] })).toEqual([]);
    expect([r.read(UESTA), r.read(CONTROL) & 31, r.read(LOG), r.read(EXP + 10, 2)]).toEqual([
      PCI_ERR_UNC_UNSUP,
      0,
      0,
      0x0a,
    ]);
  });

  it('SERR# Enable alone: sent, and Signaled System Error is set', () => {
    const r = rig();
    r.write(EXP + 8, 0, 2);
    r.write(4, 0x100, 2);
    expect(r.inject({ status: PCI_ERR_UNC_UNSUP })).toEqual([ERR_NONFATAL]);
    expect(r.read(6, 2) & 0x4000).toBe(0x4000);
  });

  it('Unsupported Request with its own enable off: not sent; another error is', () => {
    const r = rig();
    r.write(EXP + 8, 0x07, 2);
    expect(r.inject({ status: PCI_ERR_UNC_UNSUP })).toEqual([]);
    expect(r.inject({ status: PCI_ERR_UNC_COMP_ABORT })).toEqual([ERR_NONFATAL]);
  });

  it('a second one before the first is cleared: status yes, log no; header log overflow, sent when unmasked', () => {
    const r = rig();
    r.write(EXP + 8, ALL, 2);
    r.inject({ status: PCI_ERR_UNC_UNSUP, header: [1, 1, 1, 1] });
    expect(r.inject({ status: PCI_ERR_UNC_MALF_TLP, header: [2, 2, 2, 2] })).toEqual([ERR_FATAL]);
    expect([r.read(CONTROL) & 31, r.read(LOG), r.read(CESTA)]).toEqual([20, 1, OVERFLOW]);
    r.write(CEMSK, 0);
    expect(r.inject({ status: PCI_ERR_UNC_COMP_ABORT })).toEqual([ERR_NONFATAL, ERR_COR]);
    r.write(UESTA, -1);
    r.inject({ status: PCI_ERR_UNC_MALF_TLP, header: [3, 3, 3, 3] });
    expect([r.read(CONTROL) & 31, r.read(LOG)]).toEqual([18, 3]);
  });

  it('poisoned data, completer abort: Detected Parity Error, Signaled Target Abort in Status', () => {
    const r = rig();
    r.inject({ status: PCI_ERR_UNC_POISON_TLP });
    expect(r.read(6, 2) & 0xf900).toBe(0x8000);
    r.inject({ status: PCI_ERR_UNC_COMP_ABORT });
    expect(r.read(6, 2) & 0xf900).toBe(0x8800);
    r.write(6, 0xf900, 2);
    expect(r.read(6, 2) & 0xf900).toBe(0);
  });
});

describe('an advisory non-fatal error', () => {
  const error: PciError = { status: PCI_ERR_UNC_UNSUP, advisory: true, header: [1, 2, 3, 4] };

  it('unmasked: reported as correctable, logged as uncorrectable', () => {
    const r = rig();
    r.write(EXP + 8, ALL, 2);
    r.write(CEMSK, 0);
    expect(r.inject(error)).toEqual([ERR_COR]);
    expect([r.read(EXP + 10, 2), r.read(CESTA), r.read(UESTA), r.read(CONTROL) & 31, r.read(LOG + 12)]).toEqual([
      0x09,
      ADVISORY,
      PCI_ERR_UNC_UNSUP,
      20,
      4,
    ]);
  });

  it('masked, as after reset: only the advisory status bit', () => {
    const r = rig();
    r.write(EXP + 8, ALL, 2);
    expect(r.inject(error)).toEqual([]);
    expect([r.read(EXP + 10, 2), r.read(CESTA), r.read(UESTA), r.read(LOG)]).toEqual([0x09, ADVISORY, 0, 0]);
  });

  it('of fatal severity, or of a function without role-based reporting: an ordinary uncorrectable error', () => {
    const fatal = rig();
    fatal.write(EXP + 8, ALL, 2);
    fatal.write(UESVRT, PCI_ERR_UNC_UNSUP);
    expect(fatal.inject(error)).toEqual([ERR_FATAL]);
    const old = rig({ devcap: 0x20 });
    old.write(EXP + 8, ALL, 2);
    expect(old.inject(error)).toEqual([ERR_NONFATAL]);
  });

  it('without AER: Device Status alone', () => {
    const r = rig({ aer: false });
    r.write(EXP + 8, ALL, 2);
    expect([r.inject(error), r.read(EXP + 10, 2)]).toEqual([[], 0x09]);
    expect(r.inject({ status: PCI_ERR_UNC_UNSUP })).toEqual([ERR_NONFATAL]);
    expect(r.inject({ status: PCI_ERR_UNC_MALF_TLP })).toEqual([ERR_FATAL]);
  });
});

describe('a correctable error', () => {
  it('enabled: sent; masked: the status bit alone', () => {
    const r = rig();
    r.write(EXP + 8, 1, 2);
    expect(r.inject({ status: PCI_ERR_COR_RCVR, correctable: true })).toEqual([ERR_COR]);
    r.write(CEMSK, PCI_ERR_COR_RCVR);
    r.write(CESTA, -1);
    expect(r.inject({ status: PCI_ERR_COR_RCVR, correctable: true })).toEqual([]);
    expect([r.read(CESTA), r.read(EXP + 10, 2)]).toEqual([1, 1]);
  });

  it('no bit, two bits: CONFIG_LAYOUT; a function that is not PCI Express reports nothing', () => {
    const r = rig();
    const layout = expect.objectContaining({ code: 'CONFIG_LAYOUT' }) as Error;
    expect(() => detectError(r.device.config, { status: 0 })).toThrow(layout);
    expect(() => detectError(r.device.config, { status: 3, correctable: true })).toThrow(layout);
    const before = r.device.config.bytes.slice();
    r.device.config.expCap = 0;
    expect(detectError(r.device.config, { status: PCI_ERR_UNC_UNSUP })).toBe(0);
    expect(r.device.config.bytes).toEqual(before);
  });
});

describe('errors that arise by themselves', () => {
  it('register access with memory decoding off: Unsupported Request of the function, with address; ones for the CPU', () => {
    const r = rig();
    const base = enumerate(r.rc)[0]?.resources[0]?.base as number;
    r.write(EXP + 8, ALL, 2);
    r.write(CEMSK, 0);
    const io = r.rc.ioremap(base, 64);
    expect(io?.read32(8)).toBe(-1);
    r.bench.settle();
    expect([r.read(UESTA), r.read(LOG), r.read(LOG + 8), r.read(CESTA)]).toEqual([
      PCI_ERR_UNC_UNSUP,
      0x00000001,
      (base + 8) | 0,
      ADVISORY,
    ]);
    r.write(UESTA, -1);
    io?.write32(12, 5);
    r.bench.settle();
    expect([r.read(UESTA), r.read(LOG), r.read(LOG + 8)]).toEqual([PCI_ERR_UNC_UNSUP, 0x40000001, (base + 12) | 0]);
    expect(r.rc.errors).toMatchObject({ correctable: 1, nonfatal: 1, fatal: 0 });
  });

  it('BAR moved away while mapped: no error when another function now has the address', () => {
    const r = rig();
    const other = new WildDevice(r.rc);
    r.rc.attach(other, 5);
    const found = enumerate(r.rc);
    const base = found[0]?.resources[0]?.base as number;
    const io = r.rc.ioremap(base, 64);
    r.write(0x10, 0xd0000000);
    r.rc.ecamWrite(5 << 3, 0x10, 4, base);
    r.rc.ecamWrite(5 << 3, 4, 2, 2);
    expect(io?.read32(4)).toBe(4);
    expect([other.log, r.read(EXP + 10, 2)]).toEqual([['read 0 4'], 0]);
  });

  it('DMA to memory that is not there: the root complex refuses and logs; the reader sees a master abort', () => {
    const r = rig();
    r.write(4, 4, 2);
    const { port } = r.device;
    const local = port.localMemory(64);
    port.dmaWrite(0x7000000, 0, 16, local, 0);
    port.dmaRead(0x1001, 2, 6, local, 1);
    port.msiWrite(0x100, 0, 1);
    r.bench.settle();
    expect(r.rc.errors.records.map((e) => [e.byRoot, e.bdf, e.message, [...e.header]])).toEqual([
      [true, BDF, ERR_NONFATAL, [0x40000004, 0x001800ff, 0x7000000, 0]],
      [true, BDF, ERR_COR, [0x20000002, 0x0018007e, 2, 0x1000]],
      [true, BDF, ERR_NONFATAL, [0x40000001, 0x0018000f, 0x100, 0]],
    ]);
    expect(r.read(6, 2) & 0xf900).toBe(0x2000);
    expect(r.read(EXP + 10, 2)).toBe(0);
  });

  it('more errors than the log holds: all counted, the latest kept', () => {
    const r = rig();
    r.write(4, 4, 2);
    const local = r.device.port.localMemory(64);
    for (let i = 0; i < ERROR_RECORDS + 10; i++) r.device.port.dmaWrite(4096 + 4 * i, 7, 4, local, 0);
    expect([r.rc.errors.nonfatal, r.rc.errors.records.length]).toEqual([ERROR_RECORDS + 10, ERROR_RECORDS]);
    expect(r.rc.errors.records.at(-1)?.header[3]).toBe(4096 + 4 * (ERROR_RECORDS + 9));
  });

  it('an error message behind an MSI arrives behind it, and not after a reset', () => {
    const r = rig();
    r.write(EXP + 8, ALL, 2);
    r.device.port.reportError({ status: PCI_ERR_UNC_MALF_TLP });
    expect(r.rc.errors.fatal).toBe(0);
    r.rc.hotReset();
    r.bench.settle();
    expect([r.rc.errors.fatal, r.read(UESTA)]).toEqual([0, PCI_ERR_UNC_MALF_TLP]);
  });
});

describe('any sequence of errors and register writes', () => {
  const bit = fc.constantFrom(...[4, 5, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21].map((n) => 1 << n));
  const step = fc.oneof(
    fc.record({ do: fc.constant('error' as const), bit, advisory: fc.boolean(), value: fc.constant(0) }),
    fc.record({
      do: fc.constantFrom('mask', 'severity', 'clear', 'cormask', 'devctl'),
      bit,
      advisory: fc.boolean(),
      value: fc.integer(),
    }),
  );

  it('messages only as enabled and unmasked; the pointer names a set bit whenever the log was filled', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const r = rig();
        for (const s of steps) {
          if (s.do === 'mask') r.write(UEMSK, s.value);
          else if (s.do === 'severity') r.write(UESVRT, s.value);
          else if (s.do === 'clear') r.write(UESTA, s.value);
          else if (s.do === 'cormask') r.write(CEMSK, s.value);
          else if (s.do === 'devctl') r.write(EXP + 8, s.value & ALL, 2);
          if (s.do !== 'error') continue;
          const enables = r.read(EXP + 8, 2);
          const fatal = (r.read(UESVRT) & s.bit) !== 0;
          const masked = (r.read(UEMSK) & s.bit) !== 0;
          const before = r.read(UESTA);
          const pointer = r.read(CONTROL) & 31;
          const advisory = !fatal && s.advisory;
          const silent = advisory && (r.read(CEMSK) & ADVISORY) !== 0;
          const main = r.inject({ status: s.bit, advisory: s.advisory, header: [s.bit, 0, 0, 0] })[0] ?? 0;
          const urOk = s.bit !== PCI_ERR_UNC_UNSUP || (enables & 8) !== 0;
          const wanted = advisory ? ERR_COR : fatal ? ERR_FATAL : ERR_NONFATAL;
          const enabled = (enables & (advisory ? 1 : fatal ? 4 : 2)) !== 0;
          const sent = enabled && urOk && !silent && (advisory || !masked);
          expect(main).toBe(sent ? wanted : 0);
          expect(r.read(UESTA)).toBe(silent ? before : before | s.bit);
          const free = ((before >>> pointer) & 1) === 0;
          if (!silent && !masked && free) expect([1 << (r.read(CONTROL) & 31), r.read(LOG)]).toEqual([s.bit, s.bit]);
          else expect(r.read(CONTROL) & 31).toBe(pointer);
        }
      }),
      { numRuns: runs(150) },
    );
  });
});
