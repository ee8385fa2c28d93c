import { describe, expect, test } from 'vitest';
import { NIC_DROP_COUNT, NIC_DROP_NAMES } from '../../../src/hw/nic/index.js';
import { PCI_PM_CTRL } from '../../../src/hw/pcie/regs.js';
import { NIC_DROP_TEXT } from '../../../src/sinks/station.js';
import { Bench, frameTo, hex, MAC, RCTL_BAM, RCTL_EN, REG } from './support.js';

const WUC = 0x5800;
const WUFC = 0x5808;
const WUS = 0x5810;
const IPAV = 0x5838;
const IP4AT = 0x5840;
const IP6AT = 0x5880;
const WUPL = 0x5900;
const WUPM = 0x5a00;
const FFLT = 0x5f00;
const FFMT = 0x9000;
const FFVT = 0x9800;

const LNKC = 1;
const MAG = 2;
const EX = 4;
const MC = 8;
const BC = 0x10;
const ARP = 0x20;
const IPV4 = 0x40;
const IPV6 = 0x80;
const FLX0 = 0x10000;
const PME_EN = 0x100;
const PME_STATUS = 0x8000;

const BROADCAST = new Uint8Array(6).fill(0xff);
const GROUP = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

function pmcsr(b: Bench): number {
  return b.nic.config.read(b.nic.config.pmCap + PCI_PM_CTRL, 2);
}

function setPmcsr(b: Bench, value: number): void {
  b.nic.config.write(b.nic.config.pmCap + PCI_PM_CTRL, 2, value);
}

/** Asleep with these filters and PME enabled. */
function asleep(wufc: number, setup: (b: Bench) => void = () => {}, pme = PME_EN): Bench {
  const b = new Bench({ nic: { wake: true } });
  b.write(REG.RCTL, RCTL_EN | RCTL_BAM);
  b.write(WUFC, wufc);
  setup(b);
  setPmcsr(b, pme | 3);
  return b;
}

function wakes(b: Bench, frame: Uint8Array): number {
  b.inject(frame);
  expect((pmcsr(b) & PME_STATUS) !== 0).toBe(b.nic.peek(WUS) !== 0);
  return b.nic.peek(WUS);
}

function magic(dest: Uint8Array, at = 14, length = 150): Uint8Array {
  const frame = frameTo(dest, length);
  frame.fill(0xff, at, at + 6);
  for (let k = 0; k < 16; k++) frame.set(MAC, at + 6 + 6 * k);
  return frame;
}

describe('wake-up out of D3hot', () => {
  test('a magic packet wakes, at any place in the frame; one byte off it does not', () => {
    for (const at of [14, 15, 48]) expect(wakes(asleep(MAG), magic(MAC, at))).toBe(MAG);
    expect(wakes(asleep(MAG), magic(BROADCAST))).toBe(MAG);
    for (const at of [14, 19, 20, 115]) {
      const frame = magic(MAC);
      frame[at] ^= 1;
      expect(wakes(asleep(MAG), frame)).toBe(0);
    }
    expect(wakes(asleep(MAG), magic(MAC, 48).subarray(0, 149))).toBe(0);
  });

  test('the address filter comes first', () => {
    expect(wakes(asleep(MAG | EX), magic(Uint8Array.of(2, 9, 9, 9, 9, 9)))).toBe(0);
    expect(wakes(asleep(EX | BC | MC), frameTo(MAC))).toBe(EX);
    expect(wakes(asleep(EX | BC | MC), frameTo(BROADCAST))).toBe(BC);
    expect(wakes(asleep(EX | BC | MC), frameTo(GROUP))).toBe(0);
    const all = (b: Bench): void => b.write(REG.RCTL, RCTL_EN | RCTL_BAM | (1 << 4));
    expect(wakes(asleep(EX | BC | MC, all), frameTo(GROUP))).toBe(MC);
  });

  test('ARP, IPv4 and IPv6 by the address tables, behind a VLAN tag too', () => {
    const tables = (b: Bench): void => {
      b.write(IPAV, 0x10002);
      b.write(IP4AT + 8, 0x0100000a);
      b.write(IP4AT, 0x0200000a);
      for (let k = 0; k < 4; k++) b.write(IP6AT + 4 * k, 0x01010101 * (k + 1));
    };
    const arp = frameTo(BROADCAST, 60, 0x0806);
    arp.set([0, 1, 8, 0, 6, 4, 0, 1], 14);
    arp.set([10, 0, 0, 1], 38);
    expect(wakes(asleep(ARP, tables), arp)).toBe(ARP);
    expect(wakes(asleep(IPV4, tables), arp)).toBe(0);
    arp[41] = 2;
    expect(wakes(asleep(ARP, tables), arp)).toBe(0);
    const ip = frameTo(MAC, 60, 0x0800);
    ip[14] = 0x45;
    ip.set([10, 0, 0, 1], 30);
    expect(wakes(asleep(IPV4 | ARP | IPV6, tables), ip)).toBe(IPV4);
    const tagged = new Uint8Array(64);
    tagged.set(ip.subarray(0, 12));
    tagged.set([0x81, 0, 0, 5], 12);
    tagged.set(ip.subarray(12), 16);
    expect(wakes(asleep(IPV4, tables), tagged)).toBe(IPV4);
    const ip6 = frameTo(MAC, 60, 0x86dd);
    ip6[14] = 0x60;
    for (let k = 0; k < 16; k++) ip6[38 + k] = (k >> 2) + 1;
    expect(wakes(asleep(IPV6, tables), ip6)).toBe(IPV6);
    ip6[53] ^= 1;
    expect(wakes(asleep(IPV6, tables), ip6)).toBe(0);
  });

  test('flexible filters compare the bytes their masks name, up to their length', () => {
    const pattern = (b: Bench): void => {
      b.write(FFLT + 8, 20);
      b.write(FFMT + 8 * 14, 2);
      b.write(FFVT + 8 * 14, 0x0e00);
      b.write(FFMT + 8 * 19, 2);
      b.write(FFVT + 8 * 19, 0x1300);
      b.write(FFMT + 8 * 30, 2);
    };
    const frame = frameTo(MAC, 60);
    expect(wakes(asleep(FLX0 << 1, pattern), frame)).toBe(FLX0 << 1);
    expect(
      wakes(
        asleep(FLX0, (b) => b.write(FFLT, 61)),
        frame,
      ),
    ).toBe(0);
    frame[19] ^= 0x10;
    expect(wakes(asleep(FLX0 << 1, pattern), frame)).toBe(0);
  });

  test('a change of the link wakes once', () => {
    const b = asleep(LNKC);
    b.link.down();
    b.run();
    expect(b.nic.peek(WUS)).toBe(LNKC);
    expect(pmcsr(b) & PME_STATUS).toBe(PME_STATUS);
    const off = asleep(0);
    off.link.down();
    off.run();
    expect(off.nic.peek(WUS)).toBe(0);
  });

  test('without PME_En nothing wakes; with APME a magic packet does, and APMPME raises PME_Status', () => {
    expect(
      wakes(
        asleep(MAG | EX, (b) => b.write(WUC, 0), 0),
        magic(MAC),
      ),
    ).toBe(0);
    const b = asleep(0, (x) => x.write(WUC, 9), 0);
    expect(wakes(b, frameTo(MAC))).toBe(0);
    expect(wakes(b, magic(MAC))).toBe(MAG);
    const quiet = asleep(0, (x) => x.write(WUC, 1), 0);
    quiet.inject(magic(MAC));
    expect(quiet.nic.peek(WUS)).toBe(MAG);
    expect(pmcsr(quiet) & PME_STATUS).toBe(0);
  });

  test('the first packet is kept until its bit is cleared; status and packet survive the way to D0', () => {
    const b = asleep(MAG | EX);
    const first = magic(MAC);
    b.inject(first);
    b.inject(frameTo(MAC));
    expect(b.nic.peek(WUS)).toBe(MAG | EX);
    setPmcsr(b, 0);
    b.setMaster(true);
    expect(b.read(WUS)).toBe(MAG | EX);
    expect(b.read(WUPL)).toBe(150);
    const kept = Uint8Array.from({ length: 128 }, (_, k) => b.read(WUPM + (k & ~3)) >>> (8 * (k & 3)));
    expect([...kept]).toEqual([...first.subarray(0, 128)]);
    b.write(WUS, -1);
    expect(b.read(WUS)).toBe(0);
    expect(b.nic.dropRecord()).toEqual({ NIC_RX_DISABLED: 2 });
    expect(b.receiveBalance()).toBe(0);
  });

  test('WUC shows and sets the PME bits of PMCSR, where the board announces PME', () => {
    const none = new Bench();
    none.write(WUC, 2);
    setPmcsr(none, PME_EN);
    expect([pmcsr(none), none.read(WUC)]).toEqual([0, 0]);
    const b = new Bench({ nic: { wake: true } });
    b.write(WUC, 2);
    expect(pmcsr(b)).toBe(PME_EN);
    expect(b.read(WUC)).toBe(2);
    setPmcsr(b, 0);
    expect(b.read(WUC)).toBe(0);
  });

  test('asleep, causes are recorded and signalled neither by INTx nor by MSI', () => {
    const b = new Bench();
    b.read(REG.ICR);
    b.write(REG.IMS, 4);
    setPmcsr(b, 3);
    b.link.down();
    b.run();
    expect(b.log.level).toBe(0);
    expect(hex(b.nic.peek(REG.ICR))).toBe('80000004');
    setPmcsr(b, 0);
    b.run();
    expect(b.log.level).toBe(0);
    expect(b.nic.peek(REG.ICR)).toBe(0);
  });
});

test('the sinks know every drop reason of the NIC', () => {
  expect(NIC_DROP_TEXT.length).toBe(NIC_DROP_COUNT);
  expect(NIC_DROP_NAMES.length).toBe(NIC_DROP_COUNT);
});
