import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMsi, addMsix, msiAddress, msiData, msiVectors, sendMsi } from '../../../src/hw/msi/index.js';
import { ConfigSpace, type DevicePort } from '../../../src/hw/pcie/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from '../pcie/fake-device.js';

const id = { vendor: 1, device: 2, classCode: 0 };

/** A real port whose message writes are only noted. */
function noting(): { port: DevicePort; sent: number[][] } {
  const { port } = new Bench().device;
  const sent: number[][] = [];
  port.msiWrite = (lo, hi, data): void => void sent.push([lo, hi, data]);
  return { port, sent };
}

describe('MSI capability', () => {
  it('random grant, address, data, vector: granted = min(offered, granted); low data bits carry the vector', () => {
    const arb = fc.record({
      offered: fc.nat(5),
      granted: fc.nat(7),
      vector: fc.nat(31),
      is64: fc.boolean(),
      lo: fc.integer(),
      hi: fc.integer(),
      data: fc.nat(0xffff),
    });
    fc.assert(
      fc.property(arb, ({ offered, granted, vector, is64, lo, hi, data }) => {
        const config = new ConfigSpace(id);
        addMsi(config, 0x50, { vectors: 1 << offered, is64 });
        config.write(0x54, 4, lo);
        if (is64) config.write(0x58, 4, hi);
        config.write(is64 ? 0x5c : 0x58, 2, data);
        const { port, sent } = noting();
        expect(sendMsi(port, config, vector)).toBe(false);
        config.write(0x52, 2, (granted << 4) | 1);
        const count = 1 << Math.min(offered, granted);
        expect(msiVectors(config)).toBe(count);
        expect(sendMsi(port, config, vector)).toBe(true);
        expect(sent).toEqual([[lo & ~3, is64 ? hi : 0, data - (data % count) + (vector % count)]]);
      }),
      { numRuns: runs(200) },
    );
  });

  it('bad counts: CONFIG_LAYOUT', () => {
    const layout = expect.objectContaining({ code: 'CONFIG_LAYOUT' }) as Error;
    for (const vectors of [0, 3, 64]) expect(() => addMsi(new ConfigSpace(id), 0x50, { vectors })).toThrow(layout);
    const msix = { tableBar: 0, tableOffset: 0, pbaBar: 0, pbaOffset: 0x1000 };
    expect(() => addMsix(new ConfigSpace(id), 0x50, { ...msix, vectors: 2049 })).toThrow(layout);
    expect(() => addMsix(new ConfigSpace(id), 0x50, { ...msix, vectors: 1, tableOffset: 4 })).toThrow(layout);
  });

  it('MSI-X: enable and function mask can be written, the table size cannot', () => {
    const config = new ConfigSpace(id);
    addMsix(config, 0x50, { vectors: 5, tableBar: 3, tableOffset: 0, pbaBar: 3, pbaOffset: 0x2000 });
    config.write(0x52, 2, 0xffff);
    expect([config.read(0x52, 2), config.msixEnabled]).toEqual([0xc004, true]);
  });

  it('message of CPU 2, vector 0x41: address 0xfee02000, data 0x41', () => {
    expect([msiAddress(2) >>> 0, msiData(0x41)]).toEqual([0xfee02000, 0x41]);
  });
});
