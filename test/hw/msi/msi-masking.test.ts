import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMsi, clearMsiPending, sendMsi } from '../../../src/hw/msi/index.js';
import {
  ConfigSpace,
  type DevicePort,
  MSI_ADDRESS_BASE,
  type PciDevice,
  RootComplex,
} from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from '../pcie/fake-device.js';

const BDF = 3 << 3;
const CAP = 0x50;

/** A device with nothing but an MSI capability, on a bus, with messages noted as they arrive. */
class Maskable implements PciDevice {
  readonly config: ConfigSpace = new ConfigSpace({ vendor: 1, device: 2, classCode: 0 });
  readonly bench: Bench = new Bench([]);
  readonly rc: RootComplex;
  readonly port: DevicePort;
  readonly got: number[] = [];
  readonly mask: number;

  constructor(vectors: number, is64: boolean) {
    addMsi(this.config, CAP, { vectors, is64, masking: true });
    this.rc = new RootComplex(this.bench.sim, this.bench.mem);
    this.port = this.rc.createPort(this);
    this.rc.attach(this, 3);
    this.rc.messageTarget = { message: (_lo, data) => void this.got.push(data) };
    this.mask = CAP + (is64 ? 0x10 : 0x0c);
    this.rc.ecamWrite(BDF, 4, 2, 4);
    this.rc.ecamWrite(BDF, CAP + 4, 4, MSI_ADDRESS_BASE);
    this.rc.ecamWrite(BDF, CAP + (is64 ? 0x0c : 0x08), 2, 0x40);
  }

  enable(order: number, on = 1): void {
    this.rc.ecamWrite(BDF, CAP + 2, 2, (order << 4) | on);
  }

  arrived(): number[] {
    this.bench.settle();
    return this.got;
  }

  mmioRead(): number {
    return 0;
  }
  mmioWrite(): void {}
  dmaComplete(): void {}
  timer(): void {}
  reset(): void {}
}

describe('MSI with per-vector masking', () => {
  it.each([
    [1, false, 0x100],
    [4, true, 0x184],
    [32, false, 0x10a],
  ])('%i vectors, 64-bit %s: flags, mask bits of its vectors writable, pending bits read-only', (vectors, is64, flags) => {
    const d = new Maskable(vectors, is64);
    expect(d.config.read(CAP + 2, 2)).toBe(flags);
    d.config.write(d.mask, 4, -1);
    d.config.write(d.mask + 4, 4, -1);
    expect(d.config.read(d.mask, 4) >>> 0).toBe(2 ** vectors - 1);
    expect(d.config.read(d.mask + 4, 4)).toBe(0);
  });

  it('masked: pending and no message; unmasked by a configuration write: one message', () => {
    const d = new Maskable(4, true);
    d.enable(2);
    d.rc.ecamWrite(BDF, d.mask, 4, 0b0110);
    expect([sendMsi(d.port, d.config, 1), sendMsi(d.port, d.config, 1), sendMsi(d.port, d.config, 3)]).toEqual([
      false,
      false,
      true,
    ]);
    expect([d.config.read(d.mask + 4, 4), [...d.arrived()]]).toEqual([0b0010, [0x43]]);
    d.rc.ecamWrite(BDF, d.mask, 4, 0);
    expect([d.arrived(), d.config.read(d.mask + 4, 4)]).toEqual([[0x43, 0x41], 0]);
  });

  it('pending, disabled, unmasked: kept until MSI is enabled again', () => {
    const d = new Maskable(2, true);
    d.enable(1);
    d.rc.ecamWrite(BDF, d.mask, 4, 3);
    sendMsi(d.port, d.config, 0);
    d.enable(1, 0);
    d.rc.ecamWrite(BDF, d.mask, 4, 0);
    expect(d.arrived()).toEqual([]);
    d.enable(1);
    expect(d.arrived()).toEqual([0x40]);
  });

  it('dealt with while masked: nothing is owed', () => {
    const d = new Maskable(2, false);
    d.enable(1);
    d.rc.ecamWrite(BDF, d.mask, 4, 2);
    sendMsi(d.port, d.config, 1);
    clearMsiPending(d.config, 1);
    d.rc.ecamWrite(BDF, d.mask, 4, 0);
    expect([d.arrived(), d.config.msiPending]).toEqual([[], 0]);
  });

  it('random masks and signals: no message is lost, none is made up', () => {
    const step = fc.record({ signal: fc.boolean(), vector: fc.nat(31), mask: fc.integer() });
    fc.assert(
      fc.property(fc.nat(5), fc.boolean(), fc.array(step, { maxLength: 40 }), (order, is64, steps) => {
        const d = new Maskable(1 << order, is64);
        d.enable(order);
        const low = (1 << order) - 1;
        const expected: number[] = [];
        let [mask, pending] = [0, 0];
        for (const s of steps) {
          const bit = 1 << (s.vector & low);
          if (s.signal) {
            sendMsi(d.port, d.config, s.vector);
            if ((mask & bit) !== 0) pending |= bit;
            else expected.push(0x40 | (s.vector & low));
          } else {
            mask = order === 5 ? s.mask : s.mask & ((1 << (1 << order)) - 1);
            d.rc.ecamWrite(BDF, d.mask, 4, s.mask);
            for (let v = 0; v <= low; v++) if ((pending & ~mask & (1 << v)) !== 0) expected.push(0x40 | v);
            pending &= mask;
          }
          expect(d.config.read(d.mask + 4, 4)).toBe(pending | 0);
        }
        expect(d.arrived()).toEqual(expected);
      }),
      { numRuns: runs(150) },
    );
  });
});
