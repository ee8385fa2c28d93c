import { describe, expect, it } from 'vitest';
import {
  DMA_FROM_DEVICE,
  DMA_MAPPING_ERROR,
  DMA_TO_DEVICE,
  dma_alloc_coherent,
  dma_free_coherent,
  dma_map_single,
  dma_mapping_error,
  dma_set_mask_and_coherent,
  dma_sync_single_for_cpu,
  dma_sync_single_for_device,
  dma_unmap_single,
  dmesg,
  mod_timer,
  netdev_info,
  pci_info,
  pci_register_driver,
  printk,
  SET_NETDEV_DEV,
  skb_dma_map,
  skb_dma_unmap,
  timer_delete,
  timer_pending,
  timer_setup,
  timer_shutdown,
  to_pci_dev,
} from '../../src/driver/index.js';
import {
  alloc_etherdev,
  dev_kfree_skb,
  netdev_alloc_skb,
  netdev_alloc_skb_ip_align,
  netdev_priv,
  register_netdev,
  skb_assert_no_leak,
  skb_headroom,
  skb_put,
} from '../../src/skbuff/index.js';
import { EIO, ENOMEM } from '../../src/uapi/index.js';
import { Machine } from './support.js';

const OPS = { ndo_open: () => 0, ndo_stop: () => 0, ndo_start_xmit: () => 0 };

describe('dma', () => {
  it('coherent memory is zeroed, aligned, and given back', () => {
    const m = new Machine();
    const [pdev] = m.pci.devices;
    const before = m.mem.inUse;
    for (const size of [1, 64, 4096, 5000, 70_000]) {
      const addr = dma_alloc_coherent(pdev, size);
      expect(addr % 4096).toBe(0);
      expect(m.sim.arena.u8.subarray(addr, addr + size).every((byte) => byte === 0)).toBe(true);
      m.sim.arena.u8.fill(0xaa, addr, addr + size);
      expect(pdev.dma_count).toBe(1);
      dma_free_coherent(pdev, size, addr);
      expect([pdev.dma_count, m.mem.inUse]).toEqual([0, before]);
    }
  });

  it('a mapping is the same address, is counted, and is of this machine', () => {
    const m = new Machine();
    const [pdev] = m.pci.devices;
    const addr = m.mem.alloc(100);
    expect(dma_map_single(pdev, addr, 100, DMA_FROM_DEVICE)).toBe(addr);
    expect([pdev.dma_count, dma_mapping_error(pdev, addr)]).toEqual([1, 0]);
    dma_sync_single_for_cpu(pdev, addr, 100, DMA_FROM_DEVICE);
    dma_sync_single_for_device(pdev, addr, 100, DMA_FROM_DEVICE);
    dma_unmap_single(pdev, addr, 100, DMA_FROM_DEVICE);
    expect(pdev.dma_count).toBe(0);
    expect(dma_mapping_error(pdev, DMA_MAPPING_ERROR)).toBe(-ENOMEM);
    for (const [bad, size] of [
      [0x7fff0000, 4],
      [addr, 0],
      [-64, 4],
    ]) {
      expect(() => dma_map_single(pdev, bad, size, DMA_TO_DEVICE)).toThrow(/0000:00:03\.0: -?\d+ bytes at 0x/);
    }
    expect([dma_set_mask_and_coherent(pdev, 32), dma_set_mask_and_coherent(pdev, 24)]).toEqual([0, -EIO]);
  });

  it('a packet that is mapped hands its journey to the memory it lies in', () => {
    const m = new Machine();
    const [pdev] = m.pci.devices;
    const skb = netdev_alloc_skb_ip_align(alloc_etherdev(m.net, null, OPS), 100);
    if (skb === null) throw new Error('no memory');
    skb_put(skb, 60);
    skb.journey = 77;
    const addr = skb_dma_map(pdev, skb, DMA_TO_DEVICE);
    expect([addr, m.sim.arena.tags[addr >>> 11], pdev.dma_count]).toEqual([skb.data, 77, 1]);
    skb_dma_unmap(pdev, skb, DMA_TO_DEVICE);
    dev_kfree_skb(skb);
    expect(pdev.dma_count).toBe(0);
    skb_assert_no_leak(m.net.pool);
  });
});

/** What a timer's function gets. */
class Ticker {
  readonly at: number[] = [];
  readonly m: Machine;
  constructor(m: Machine) {
    this.m = m;
  }
}

function tick(t: Ticker): void {
  t.at.push(t.m.sim.now);
}

describe('timers', () => {
  it('fire once, at their nanosecond, in a softirq block; moved and deleted ones do not', () => {
    const m = new Machine();
    const t = new Ticker(m);
    const timer = timer_setup(m.net, tick, t);
    expect([timer_pending(timer), mod_timer(timer, 500), timer_pending(timer)]).toEqual([false, false, true]);
    expect(mod_timer(timer, 1500)).toBe(true);
    m.run();
    expect([t.at, timer_pending(timer)]).toEqual([[1500], false]);
    mod_timer(timer, 10);
    expect([timer_delete(timer), timer_delete(timer)]).toEqual([true, false]);
    m.run();
    expect(t.at).toEqual([1500]);
  });

  it('shut down is the end: harmless twice, not to be armed again', () => {
    const m = new Machine();
    const timer = timer_setup(m.net, tick, new Ticker(m));
    mod_timer(timer, 10);
    timer_shutdown(timer);
    timer_shutdown(timer);
    m.run();
    expect([timer.data.at, timer_pending(timer), timer_delete(timer)]).toEqual([[], false, false]);
    expect(() => mod_timer(timer, 1)).toThrow(expect.objectContaining({ name: 'DriverError', code: 'TIMER_GONE' }));
  });
});

describe('devices and messages', () => {
  it('alloc_etherdev, netdev_priv, SET_NETDEV_DEV; a message says who speaks', () => {
    const m = new Machine();
    const [pdev] = m.pci.devices;
    const priv = { mine: 1 };
    const dev = alloc_etherdev(m.net, priv, OPS);
    expect([netdev_priv(dev), to_pci_dev(dev), dev.name]).toEqual([priv, null, 'eth%d']);
    netdev_info(dev, 'not heard: no hardware');
    SET_NETDEV_DEV(dev, pdev);
    pci_register_driver(m.pci, {
      name: 'mine',
      id_table: [{ vendor: pdev.vendor, device: pdev.device }],
      probe: (found) => {
        pci_info(found, 'found');
        return register_netdev(dev);
      },
      remove: () => {},
    });
    netdev_info(dev, 'here');
    printk(pdev, 'anything');
    expect(
      dmesg(m.irqs.log)
        .split('\n')
        .map((line) => line.slice(line.indexOf(']') + 2)),
    ).toEqual(['mine 0000:00:03.0: found', 'mine 0000:00:03.0 eth0: here', 'anything']);
    expect(to_pci_dev(dev) === pdev).toBe(true);
  });

  it('netdev_alloc_skb: headroom for a link header, two bytes more to align IP', () => {
    const m = new Machine();
    const dev = alloc_etherdev(m.net, null, OPS);
    const skbs = [netdev_alloc_skb(dev, 64), netdev_alloc_skb_ip_align(dev, 64)];
    expect(skbs.map((skb) => (skb === null ? -1 : skb_headroom(skb)))).toEqual([64, 66]);
    for (const skb of skbs) if (skb !== null) dev_kfree_skb(skb);
    skb_assert_no_leak(m.net.pool);
  });

  it('a probe that fails leaves no driver and no data behind', () => {
    const m = new Machine();
    const [pdev] = m.pci.devices;
    const driver = { name: 'no', id_table: [{ vendor: -1, device: -1 }], remove: () => {} };
    pci_register_driver(m.pci, { ...driver, probe: (found) => (found.driver === null ? 1 : -EIO) });
    expect([pdev.driver, pdev.drvdata]).toEqual([null, null]);
    expect(dmesg(m.irqs.log)).toContain('probe failed with error -5');
  });
});
