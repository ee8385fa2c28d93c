import { describe, expect, it } from 'vitest';
import { dmesg, type E1000Adapter, e1000e_resume, e1000e_suspend, pci_reset_function } from '../../src/driver/index.js';
import {
  dev_add_pack,
  dev_close,
  dev_open,
  dev_queue_xmit,
  dev_set_mtu,
  drops_by_reason,
  type EthtoolOps,
  skb_assert_no_leak,
  WAKE_MAGIC,
} from '../../src/skbuff/index.js';
import { skbOf } from '../skbuff/support.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine, PEER } from './support.js';

const WUC = 0x5800;
const WUFC = 0x5808;
const MODES = ['msix', 'msi', 'intx'] as const;

function up(interrupts: (typeof MODES)[number] = 'msi'): { m: Machine; a: E1000Adapter; c: Collector } {
  const m = new Machine();
  const [a] = m.e1000e({ interrupts });
  const c = new Collector();
  dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
  return { m, a, c };
}

function send(m: Machine, a: E1000Adapter, tag: number, length = 100): void {
  const skb = skbOf(m.net, frameTo(PEER, tag, length), 64, 0);
  skb.dev = a.dev;
  dev_queue_xmit(skb);
}

/** The function as one that can send PME from D3hot. */
function pme(m: Machine): void {
  const { config } = m.nics[0];
  config.bytes[config.pmCap + 3] |= 0x48;
}

/** Both directions work. */
function works(m: Machine, a: E1000Adapter, c: Collector): void {
  const [got, sent] = [c.got.length, m.peers[0].received.length];
  for (let i = 0; i < 20; i++) {
    m.peers[0].send(frameTo(MAC, i));
    send(m, a, i);
  }
  m.run();
  expect([c.got.length - got, m.peers[0].received.length - sent]).toEqual([20, 20]);
}

describe.each(MODES)('suspend and resume, %s', (interrupts) => {
  it('open device sleeps in D3hot without interrupts, and works after it', () => {
    const { m, a, c } = up(interrupts);
    works(m, a, c);
    expect(e1000e_suspend(a)).toBe(0);
    m.run();
    expect([m.nics[0].config.powerState(), a.dev.present, a.dev.carrier]).toEqual([3, false, false]);
    expect(m.irqs.interrupts()).not.toContain('eth0');
    skb_assert_no_leak(m.net.pool);
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    expect(e1000e_suspend(a)).toBe(0);
    expect(e1000e_resume(a)).toBe(0);
    m.run();
    expect([m.nics[0].config.powerState(), a.dev.present, a.dev.carrier, a.halted]).toEqual([0, true, true, false]);
    works(m, a, c);
    expect(e1000e_resume(a)).toBe(0);
  });

  it('a reset of the function by the bus is survived', () => {
    const { m, a, c } = up(interrupts);
    for (let i = 0; i < 3; i++) {
      expect(pci_reset_function(a.pdev)).toBe(0);
      m.run();
      works(m, a, c);
    }
    expect(a.resets).toBe(3);
    dev_close(a.dev);
    m.run();
    expect(pci_reset_function(a.pdev)).toBe(0);
    expect(dev_open(a.dev)).toBe(0);
    m.run();
    works(m, a, c);
  });
});

describe('asleep', () => {
  it('the device cannot be opened, and what is changed counts after it', () => {
    const { m, a, c } = up();
    const ops = a.dev.ethtool_ops as Required<EthtoolOps>;
    e1000e_suspend(a);
    m.run();
    expect([ops.nway_reset(a.dev), ops.self_test(a.dev, true), dev_set_mtu(a.dev, 4000)]).toEqual([-11, -19, -19]);
    expect(ops.set_ringparam(a.dev, { rx_pending: 512, tx_pending: 64 })).toBe(0);
    e1000e_resume(a);
    m.run();
    expect([m.nics[0].peek(0x2808), m.nics[0].peek(0x3808)]).toEqual([512 * 16, 64 * 16]);
    works(m, a, c);
  });

  it('closed: what it held is given back, and it opens only when awake', () => {
    const { m, a, c } = up();
    e1000e_suspend(a);
    m.run();
    dev_close(a.dev);
    m.run();
    expect([a.opened, m.mem.inUse - m.net.pool.held_bytes, dev_open(a.dev)]).toEqual([false, 0, -19]);
    expect([e1000e_resume(a), dev_open(a.dev)]).toEqual([0, 0]);
    m.run();
    works(m, a, c);
  });

  it('closed device suspended stays closed', () => {
    const { m, a } = up();
    dev_close(a.dev);
    m.run();
    expect([e1000e_suspend(a), m.nics[0].config.powerState()]).toEqual([0, 3]);
    expect([e1000e_resume(a), a.opened, a.dev.present]).toEqual([0, false, true]);
  });

  it('wake-up is armed only when asked for, else the PHY sleeps too', () => {
    const { m, a } = up();
    e1000e_suspend(a);
    m.run();
    expect([m.nics[0].peek(WUC) & 2, m.nics[0].peek(WUFC), m.nics[0].phy.up]).toEqual([0, 0, false]);
    e1000e_resume(a);
    m.run();
    const ops = a.dev.ethtool_ops as Required<EthtoolOps>;
    pme(m);
    expect(ops.set_wol(a.dev, WAKE_MAGIC)).toBe(0);
    e1000e_suspend(a);
    m.run();
    expect([m.nics[0].peek(WUC) & 2, m.nics[0].peek(WUFC), m.nics[0].phy.up]).toEqual([2, 2, true]);
  });

  it('a magic packet leaves its mark, which resume reports', () => {
    const { m, a, c } = up();
    pme(m);
    (a.dev.ethtool_ops as Required<EthtoolOps>).set_wol(a.dev, WAKE_MAGIC);
    e1000e_suspend(a);
    m.run();
    const magic = frameTo(MAC, 0, 120);
    magic.fill(0xff, 14, 20);
    for (let i = 0; i < 16; i++) magic.set(MAC, 20 + 6 * i);
    m.peers[0].send(magic);
    m.run();
    e1000e_resume(a);
    m.run();
    expect(dmesg(m.irqs.log)).toContain('MAC Wakeup cause - Magic Packet');
    works(m, a, c);
  });
});

describe('jumbo frames', () => {
  it.each([1501, 2000, 4000, 9000, 9212])('MTU %d: frames of that size both ways, in one piece', (mtu) => {
    const { m, a, c } = up();
    expect([a.dev.max_mtu, dev_set_mtu(a.dev, mtu), dev_set_mtu(a.dev, 9213)]).toEqual([9212, 0, -22]);
    const payload = mtu;
    for (let i = 0; i < 50; i++) {
      m.peers[0].send(frameTo(MAC, i, payload - (i % 3)));
      send(m, a, i, payload - (i % 3));
    }
    m.run();
    expect(c.got.map((g) => g.length)).toEqual(Array.from({ length: 50 }, (_, i) => payload - (i % 3)));
    c.got.forEach((g, i) => {
      expect(Buffer.compare(g, frameTo(MAC, i, payload - (i % 3)).subarray(14))).toBe(0);
    });
    expect(m.peers[0].received.map((r) => r.bytes.length - 14)).toEqual(c.got.map((g) => g.length));
    expect([a.rx_frame_errors, drops_by_reason(m.net)]).toEqual([0, {}]);
    dev_set_mtu(a.dev, 1500);
    works(m, a, c);
    dev_close(a.dev);
    m.run();
    skb_assert_no_leak(m.net.pool);
  });

  it('a frame above the MTU that spans buffers is dropped whole, its neighbours are not', () => {
    const { m, a, c } = up();
    dev_set_mtu(a.dev, 1600);
    m.peers[0].send(frameTo(MAC, 1, 1600));
    m.peers[0].send(frameTo(MAC, 2, 5000));
    m.peers[0].send(frameTo(MAC, 3, 1600));
    m.run();
    expect([c.got.map((g) => g[0]), a.rx_frame_errors]).toEqual([[1, 3], 3]);
  });

  it('with the standard MTU the chip refuses them', () => {
    const { m, c } = up();
    m.peers[0].send(frameTo(MAC, 1, 1505));
    m.run();
    expect([c.got.length, m.nics[0].dropRecord()]).toEqual([0, { NIC_LENGTH_ERROR: 1 }]);
  });
});
