import { describe, expect, test } from 'vitest';
import { enumerate, PCI_COMMAND } from '../../../src/hw/pcie/index.js';
import { Bench, hex, RCTL_EN, REG } from './support.js';

describe('configuration space', () => {
  test('has identity, BARs and capabilities of an 82574L', () => {
    const b = new Bench();
    const c = b.nic.config;
    expect(hex(c.read(0x00, 4))).toBe('10d38086');
    expect(hex(c.read(0x04, 4))).toBe('00100006');
    expect(hex(c.read(0x08, 4))).toBe('02000000');
    expect(hex(c.read(0x34, 4))).toBe('000000c8');
    expect(hex(c.read(0x3c, 4))).toBe('00000100');
    expect(hex(c.read(0xc8, 4))).toBe('0022d001');
    expect(hex(c.read(0xd0, 4))).toBe('0080e005');
    expect(hex(c.read(0xe0, 4))).toBe('0091a010');
    expect(hex(c.read(0xe4, 4))).toBe('00008020');
    expect(hex(c.read(0xec, 4))).toBe('00000411');
    expect(hex(c.read(0xf2, 2))).toBe('00000011');
    expect(hex(c.read(0xa0, 4))).toBe('00040011');
    expect(hex(c.read(0xa4, 4))).toBe('00000003');
    expect(hex(c.read(0xa8, 4))).toBe('00002003');
    expect(hex(c.read(0x100, 4))).toBe('14020001');
    expect(hex(c.read(0x140, 4))).toBe('00010003');
    expect(hex(c.read(0x144, 4))).toBe('ffaabbcc');
    expect(hex(c.read(0x148, 4))).toBe('525400ff');
    const masks = [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((at) => {
      c.write(at, 4, -1);
      return hex(c.read(at, 4));
    });
    expect(masks).toEqual(['fffe0000', 'fffe0000', 'ffffffe1', 'ffffc000', '00000000', '00000000']);
  });

  test('is enumerated, and its registers answer where BAR 0 was placed', () => {
    const b = new Bench();
    const [info] = enumerate(b.rc);
    expect(info.capabilities.map((cap) => cap.id)).toEqual([1, 5, 16, 17]);
    expect(info.extendedCapabilities.map((cap) => cap.id)).toEqual([1, 3]);
    const io = b.rc.ioremap(info.resources[0].base, info.resources[0].size);
    expect(hex(io?.read32(REG.STATUS) ?? 0)).toBe('00080283');
    b.nic.config.write(PCI_COMMAND, 2, 4);
    expect(io?.read32(REG.STATUS)).toBe(-1);
  });

  test('MSI-X can be enabled and masked', () => {
    const b = new Bench();
    b.nic.config.write(0xa2, 2, 0xc000);
    expect([b.nic.config.msixEnabled, b.nic.config.msixMasked]).toEqual([true, true]);
  });

  test('leaving D3hot resets the function', () => {
    const b = new Bench();
    b.write(REG.RCTL, RCTL_EN);
    b.write(REG.ICS, 0x80);
    b.write(REG.IMS, 0x80);
    b.run();
    expect(b.log.level).toBe(1);
    b.nic.config.write(0xcc, 2, 3);
    b.nic.config.write(0xcc, 2, 0);
    b.run();
    expect(b.log.level).toBe(0);
    expect(b.read(REG.RCTL)).toBe(0);
    expect(b.read(REG.STATUS) & 2).toBe(2);
  });
});
