import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sendMsi } from '../../../src/hw/msi/index.js';
import { enumerate, MSI_ADDRESS_BASE, PCI_ERR_UNC_UNSUP, type RootComplex } from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from './fake-device.js';
import { AER, type Arrivals, EXP, listen, MSI, MSIX, PM, WildDevice, type WildOptions } from './wild-device.js';

const BDF = 3 << 3;

interface Rig {
  bench: Bench;
  rc: RootComplex;
  device: WildDevice;
  arrivals: Arrivals;
  /** Configuration space as it was after power-on. */
  fresh: Uint8Array;
}

function rig(options: WildOptions = {}): Rig {
  const bench = new Bench([]);
  const arrivals = listen(bench.rc);
  const device = new WildDevice(bench.rc, options);
  bench.rc.attach(device, 3);
  return { bench, rc: bench.rc, device, arrivals, fresh: device.config.bytes.slice() };
}

/** Enumerated, enabled, MSI-X on with a pending vector, MSI programmed, an INTx request, errors logged. */
function used(options: WildOptions = {}): Rig {
  const r = rig(options);
  enumerate(r.rc);
  r.rc.ecamWrite(BDF, 4, 2, 0x147);
  r.rc.ecamWrite(BDF, MSI + 4, 4, MSI_ADDRESS_BASE);
  r.rc.ecamWrite(BDF, MSI + 0x10, 4, 5);
  r.rc.ecamWrite(BDF, EXP + 8, 2, 0x00ff);
  r.rc.ecamWrite(BDF, EXP + 0x10, 2, 0x0043);
  r.rc.ecamWrite(BDF, MSIX + 2, 2, 0x8000);
  r.device.table.signal(r.device.port, 1);
  r.rc.injectError(BDF, { status: PCI_ERR_UNC_UNSUP, header: [1, 2, 3, 4] });
  r.rc.ecamWrite(BDF, PM + 4, 2, 0x0100);
  r.bench.settle();
  r.arrivals.list.length = 0;
  r.device.log.length = 0;
  return r;
}

/** Offsets at which configuration space differs from what it was after power-on. */
function changed(r: Rig): number[] {
  return [...r.device.config.bytes.keys()].filter((at) => r.device.config.bytes[at] !== r.fresh[at]);
}

/** Sticky registers: PMCSR's PME bits, AER status, masks and log. */
function isSticky(at: number): boolean {
  return at === PM + 5 || (at >= AER + 4 && at < AER + 44);
}

describe('hot reset', () => {
  it('a function in use: configuration space as after power-on but for sticky bits; the device reset once', () => {
    const r = used();
    expect(changed(r).some((at) => !isSticky(at))).toBe(true);
    r.rc.hotReset();
    expect(changed(r).every(isSticky)).toBe(true);
    expect(changed(r)).toContain(PM + 5);
    expect(r.rc.ecamRead(BDF, AER + 4, 4)).toBe(PCI_ERR_UNC_UNSUP);
    expect(r.rc.ecamRead(BDF, AER + 0x28, 4)).toBe(4);
    expect(r.device.log).toEqual(['reset']);
    const { config, table } = r.device;
    expect([config.memEnabled, config.busMaster, config.msixEnabled, config.barBase[0]]).toEqual([
      false,
      false,
      false,
      0,
    ]);
    expect([table.pendingCount, table.readTable(12)]).toEqual([0, 1]);
  });

  it('every function of the bus is reset', () => {
    const bench = new Bench([1, 7, 30]);
    bench.rc.hotReset();
    expect(bench.devices.map((d) => d.log)).toEqual([['reset'], ['reset'], ['reset']]);
  });

  it('after it the bus can be enumerated again: the same addresses', () => {
    const r = rig();
    const first = enumerate(r.rc);
    r.rc.hotReset();
    expect(enumerate(r.rc)).toEqual(first);
  });
});

describe('function-level reset', () => {
  it('Device Control bit 15 written: as a hot reset, but the link keeps payload size and Link Control; the bit reads 0', () => {
    const r = used();
    r.rc.ecamWrite(BDF, EXP + 8, 2, 0x80ff);
    expect(r.device.log).toEqual(['reset']);
    expect(r.rc.ecamRead(BDF, EXP + 8, 2)).toBe(0x28f0);
    expect(r.rc.ecamRead(BDF, EXP + 0x10, 2)).toBe(0x0043);
    const kept = (at: number): boolean => isSticky(at) || at === EXP + 8 || at === EXP + 0x10;
    expect(changed(r).every(kept)).toBe(true);
  });

  it('a function that does not announce it: the bit does nothing and reads 0', () => {
    const r = used({ devcap: 0x8020 });
    r.rc.ecamWrite(BDF, EXP + 8, 2, 0x80ff);
    expect([r.device.log, r.rc.ecamRead(BDF, EXP + 8, 2)]).toEqual([[], 0x00ff]);
  });

  it('functionReset: by FLR, else by way of D3hot, else refused', () => {
    const flr = used();
    expect([flr.rc.functionReset(BDF), flr.device.log, flr.rc.ecamRead(BDF, EXP + 0x10, 2)]).toEqual([
      true,
      ['reset'],
      0x43,
    ]);
    const d3 = used({ devcap: 0x8020 });
    expect([d3.rc.functionReset(BDF), d3.device.log, d3.rc.ecamRead(BDF, EXP + 0x10, 2)]).toEqual([true, ['reset'], 0]);
    expect(d3.rc.ecamRead(BDF, PM + 4, 2) & 3).toBe(0);
    const none = used({ devcap: 0x8020, noSoftReset: true });
    expect([none.rc.functionReset(BDF), none.device.log]).toEqual([false, []]);
    expect(none.rc.functionReset(5 << 3)).toBe(false);
  });
});

describe('what is under way when a function is reset', () => {
  const ways: [string, (r: Rig) => void][] = [
    ['hot reset', (r): void => r.rc.hotReset()],
    ['function-level reset', (r): void => void r.rc.functionReset(BDF)],
    [
      'D3hot and back',
      (r): void => {
        r.rc.ecamWrite(BDF, PM + 4, 2, 3);
        r.rc.ecamWrite(BDF, PM + 4, 2, 0);
      },
    ],
  ];

  it.each(ways)('%s: messages sent and not arrived are gone', (_name, reset) => {
    const r = rig();
    r.rc.ecamWrite(BDF, 4, 2, 4);
    r.device.port.msiWrite(MSI_ADDRESS_BASE, 0, 0x41);
    reset(r);
    r.bench.settle();
    expect(r.arrivals.list.filter((m) => m.startsWith('msi'))).toEqual([]);
  });

  it.each(ways)('%s: an asserted INTx line is deasserted, also by a device that does not let go', (_name, reset) => {
    for (const settled of [true, false]) {
      const r = rig();
      r.device.stubborn = true;
      r.device.port.intx(1);
      if (settled) r.bench.settle();
      reset(r);
      r.bench.settle();
      expect(r.arrivals.list).toEqual(settled ? ['intx 3 1 1', 'intx 3 1 0'] : []);
      expect(r.device.config.interruptStatus()).toBe(false);
      r.device.port.intx(1);
      r.bench.settle();
      expect(r.arrivals.list.at(-1)).toBe('intx 3 1 1');
    }
  });

  it.each(ways)('%s: a DMA read asked for before still completes', (_name, reset) => {
    const r = rig();
    r.device.port.dmaRead(0, 0, 0, r.device.port.localMemory(64), 7);
    reset(r);
    r.bench.settle();
    expect(r.device.log.filter((line) => line !== 'reset')).toEqual(['complete 7 0']);
  });

  it('random configuration, MSI, INTx and resets: the line ends at what the device asks for, no message from before', () => {
    const step = fc.record({
      do: fc.constantFrom('intx', 'command', 'msi', 'reset', 'settle'),
      n: fc.nat(7),
      on: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const r = rig();
        let wanted = false;
        let generation = 0;
        for (const s of steps) {
          if (s.do === 'intx') {
            wanted = s.on;
            r.device.port.intx(s.on ? 1 : 0);
          } else if (s.do === 'command') r.rc.ecamWrite(BDF, 4, 2, s.on ? 4 : 0x404);
          else if (s.do === 'msi') r.device.port.msiWrite(MSI_ADDRESS_BASE, 0, generation);
          else if (s.do === 'settle') r.bench.settle();
          else {
            const [, reset] = ways[s.n % 3] as (typeof ways)[number];
            reset(r);
            wanted = false;
            generation++;
            r.arrivals.list.push(`reset ${generation}`);
          }
        }
        r.bench.settle();
        let now = 0;
        let line = 0;
        for (const m of r.arrivals.list) {
          const words = m.split(' ');
          if (words[0] === 'reset') now = Number(words[1]);
          else if (words[0] === 'msi') expect(Number(words[2])).toBe(now);
          else {
            expect(Number(words[3])).not.toBe(line);
            line = Number(words[3]);
          }
        }
        expect(line === 1).toBe(wanted && (r.rc.ecamRead(BDF, 4, 2) & 0x400) === 0);
      }),
      { numRuns: runs(150) },
    );
  });
});

describe('power states', () => {
  it('a state the function does not have: the write changes nothing else than the rest of the register', () => {
    const r = rig({ pmc: 0x0003 });
    for (const state of [1, 2]) {
      r.rc.ecamWrite(BDF, PM + 4, 2, state);
      expect(r.rc.ecamRead(BDF, PM + 4, 2)).toBe(0);
    }
    r.rc.ecamWrite(BDF, PM + 4, 2, 3);
    r.rc.ecamWrite(BDF, PM + 4, 2, 1);
    expect(r.rc.ecamRead(BDF, PM + 4, 2)).toBe(3);
    expect(r.device.log).toEqual([]);
  });

  it('D1 and D2 supported: neither decodes nor masters there, and back to D0 without a reset', () => {
    for (const state of [1, 2]) {
      const r = rig();
      r.rc.ecamWrite(BDF, 4, 2, 7);
      r.rc.ecamWrite(BDF, PM + 4, 2, state);
      const { config } = r.device;
      expect([config.powerState(), config.memEnabled, config.ioEnabled, config.busMaster]).toEqual([
        state,
        false,
        false,
        false,
      ]);
      r.rc.ecamWrite(BDF, PM + 4, 2, 0);
      expect([config.memEnabled, config.busMaster, r.device.log]).toEqual([true, true, []]);
    }
  });

  it('INTx requested, D3hot entered and left by a function with No_Soft_Reset: released, and asserted again', () => {
    const r = rig({ noSoftReset: true });
    r.device.port.intx(1);
    r.rc.ecamWrite(BDF, PM + 4, 2, 3);
    r.rc.ecamWrite(BDF, PM + 4, 2, 0);
    r.bench.settle();
    expect(r.arrivals.list).toEqual(['intx 3 1 1', 'intx 3 1 0', 'intx 3 1 1']);
  });

  it('MSI in D3hot: refused and counted', () => {
    const r = used();
    r.rc.ecamWrite(BDF, MSIX + 2, 2, 0);
    r.rc.ecamWrite(BDF, MSI + 0x10, 4, 0);
    r.rc.ecamWrite(BDF, MSI + 2, 2, 1);
    r.rc.ecamWrite(BDF, PM + 4, 2, 3);
    sendMsi(r.device.port, r.device.config);
    r.bench.settle();
    expect([r.arrivals.list, r.rc.functions[0]?.counters.msiMasterOff]).toEqual([[], 1]);
  });
});
