import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCT_HARDIRQ, ACCT_SOFTIRQ, lumpedCosts } from '../../src/cpu/index.js';
import {
  dmesg,
  E1000eDriver,
  e1000_get_ethtool_stats,
  e1000_hash_mc_addr,
  e1000_set_coalesce,
  generic_handle_irq,
  pci_register_driver,
  pci_unregister_driver,
} from '../../src/driver/index.js';
import {
  CHECKSUM_PARTIAL,
  CHECKSUM_UNNECESSARY,
  dev_add_pack,
  dev_close,
  dev_mc_add,
  dev_open,
  dev_queue_xmit,
  dev_set_promiscuity,
  dev_uc_add,
  drops_by_reason,
  type NetDevice,
  type SkBuff,
  skb_assert_no_leak,
  skb_live,
} from '../../src/skbuff/index.js';
import { skbOf } from '../skbuff/support.js';
import { runs } from '../support/fc.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine, PEER } from './support.js';

function collect(m: Machine): Collector {
  const c = new Collector();
  dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
  return c;
}

function send(m: Machine, dev: NetDevice, bytes: Uint8Array): SkBuff {
  const skb = skbOf(m.net, bytes, 64, 64);
  skb.dev = dev;
  dev_queue_xmit(skb);
  return skb;
}

/** An IPv4/UDP frame whose UDP checksum field holds the pseudo-header sum, and where that checksum starts. */
function udpFrame(payload: number): { bytes: Uint8Array; start: number; pseudo: number } {
  const bytes = new Uint8Array(14 + 20 + 8 + payload);
  const dv = new DataView(bytes.buffer);
  bytes.set(PEER, 0);
  bytes.set(MAC, 6);
  dv.setUint16(12, 0x0800);
  dv.setUint16(14, 0x4500);
  dv.setUint16(16, 28 + payload);
  dv.setUint16(22, 0x4011);
  dv.setUint32(26, 0x0a000001);
  dv.setUint32(30, 0x0a000002);
  dv.setUint16(24, ~sum(bytes, 14, 34, 0) & 0xffff);
  dv.setUint16(34, 1000);
  dv.setUint16(36, 2000);
  dv.setUint16(38, 8 + payload);
  for (let i = 0; i < payload; i++) bytes[42 + i] = i * 3;
  const pseudo = sum(bytes, 26, 34, 17 + 8 + payload);
  dv.setUint16(40, pseudo);
  return { bytes, start: 34, pseudo };
}

function sum(b: Uint8Array, from: number, to: number, seed: number): number {
  let s = seed;
  for (let i = from; i < to; i += 2) s += (b[i] << 8) | (i + 1 < to ? b[i + 1] : 0);
  while (s > 0xffff) s = (s & 0xffff) + (s >> 16);
  return s;
}

describe.each(['msix', 'msi', 'intx'] as const)('e1000e in %s mode', (interrupts) => {
  it('opened device has its link up, its address from the NVM, its interrupt listed', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts });
    expect(a.dev.name).toBe('eth0');
    expect([...a.dev.dev_addr]).toEqual([2, 0, 0, 0, 0, 2]);
    expect([a.dev.carrier, a.link_speed]).toEqual([true, 1000]);
    expect(dmesg(m.irqs.log)).toContain('e1000e eth0: NIC Link is Up 1000 Mbps Full Duplex');
    const lines = {
      msix: [
        /^ 24: +\d+ +PCI-MSIX-0000:00:03\.0 +0-edge +eth0-rx-0$/m,
        /^ 25: +\d+ +PCI-MSIX-0000:00:03\.0 +1-edge +eth0-tx-0$/m,
        /^ 26: +\d+ +PCI-MSIX-0000:00:03\.0 +2-edge +eth0$/m,
      ],
      msi: [/^ 24: +\d+ +PCI-MSI-0000:00:03\.0 +0-edge +eth0$/m],
      intx: [/^ 19: +\d+ +IO-APIC +19-fasteoi +eth0$/m],
    };
    for (const line of lines[interrupts]) expect(m.irqs.interrupts()).toMatch(line);
  });

  it('frames from the wire reach the handler with their bytes, order and journey', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts });
    const c = collect(m);
    const sent: number[] = [];
    for (let i = 0; i < 1000; i++) sent.push(m.peers[0].send(frameTo(MAC, i, 46 + (i % 1400))));
    m.run();
    expect(c.got.length).toBe(1000);
    expect(c.journeys).toEqual(sent);
    c.got.forEach((g, i) => {
      expect(g[0] | (g[1] << 8)).toBe(i);
      expect(g.length).toBe(46 + (i % 1400));
    });
    expect([a.dev.stats.rx_packets, m.nics[0].dropRecord()]).toEqual([1000, {}]);
  });

  it('frames sent arrive on the wire, short ones padded, and their skbs are freed', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts });
    for (let i = 0; i < 300; i++) send(m, a.dev, frameTo(PEER, i, 1 + (i % 1490)));
    m.run();
    const { received } = m.peers[0];
    expect(received.length).toBe(300);
    received.forEach((r, i) => {
      const want = frameTo(PEER, i, 1 + (i % 1490));
      expect(r.bytes.length).toBe(Math.max(60, want.length));
      expect(Buffer.compare(r.bytes.subarray(0, want.length), want)).toBe(0);
    });
    expect([a.dev.stats.tx_packets, a.tx_ring.next_to_clean]).toEqual([300, a.tx_ring.next_to_use]);
    expect(skb_live(m.net.pool).every((s) => s.posted)).toBe(true);
  });

  it('CHECKSUM_PARTIAL leaves with the checksum in place, for any length', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts });
    for (const payload of [1, 2, 17, 18, 19, 500, 1472]) {
      const { bytes, start } = udpFrame(payload);
      const skb = skbOf(m.net, bytes, 64, 64);
      skb.dev = a.dev;
      skb.ip_summed = CHECKSUM_PARTIAL;
      skb.csum_start = skb.data + start;
      skb.csum_offset = 6;
      dev_queue_xmit(skb);
    }
    m.run();
    expect(m.peers[0].received.length).toBe(7);
    for (const { bytes } of m.peers[0].received) {
      const length = (bytes[38] << 8) | bytes[39];
      expect(sum(bytes, 34, 34 + length, sum(bytes, 26, 34, 17 + length))).toBe(0xffff);
    }
  });

  it('good UDP checksum is CHECKSUM_UNNECESSARY, a bad one is left to the stack', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts });
    const c = new Collector();
    dev_add_pack(m.net, { type: 0x800, dev: null, func: c });
    const { bytes, start, pseudo } = udpFrame(100);
    bytes.set(MAC, 0);
    new DataView(bytes.buffer).setUint16(40, 0);
    new DataView(bytes.buffer).setUint16(40, ~sum(bytes, start, bytes.length, pseudo) & 0xffff);
    m.peers[0].send(bytes);
    bytes[50] ^= 1;
    m.peers[0].send(bytes);
    m.run();
    expect(c.summed).toEqual([CHECKSUM_UNNECESSARY, 0]);
    expect([a.hw_csum_good, a.hw_csum_err]).toEqual([1, 1]);
  });

  it('close gives every buffer back, and the device opens again', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts });
    const c = collect(m);
    for (let round = 1; round <= 3; round++) {
      m.peers[0].send(frameTo(MAC, round));
      m.run();
      expect(c.got.length).toBe(round);
      const inUse = m.mem.inUse;
      dev_close(a.dev);
      m.run();
      skb_assert_no_leak(m.net.pool);
      expect(m.irqs.interrupts()).not.toContain('eth0');
      m.peers[0].send(frameTo(MAC, 99));
      m.run();
      expect(c.got.length).toBe(round);
      expect(dev_open(a.dev)).toBe(0);
      m.run();
      expect(m.mem.inUse).toBe(inUse);
    }
  });

  it('link lost and found turns the carrier', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts });
    m.links[0].down();
    m.run();
    expect(a.dev.carrier).toBe(false);
    send(m, a.dev, frameTo(PEER, 1));
    expect(drops_by_reason(m.net)).toEqual({ QDISC_DROP: 1 });
    m.links[0].up();
    m.run();
    expect(a.dev.carrier).toBe(true);
    send(m, a.dev, frameTo(PEER, 2));
    m.run();
    expect(m.peers[0].received.length).toBe(1);
  });

  it('driver unregistered leaves nothing behind and can be registered anew', () => {
    const m = new Machine();
    const driver = new E1000eDriver({ net: m.net, softnet: m.softnet }, { interrupts });
    pci_register_driver(m.pci, driver);
    dev_open(driver.adapters[0].dev);
    m.run();
    pci_unregister_driver(m.pci, driver);
    expect([m.net.devices, m.softnet.napis.length, driver.adapters.length]).toEqual([[null], 0, 0]);
    expect(m.irqs.vectors.used[0]).toBe(0);
    skb_assert_no_leak(m.net.pool);
    expect(m.e1000e({ interrupts }).length).toBe(1);
  });
});

describe('e1000e', () => {
  it('two devices on one line both work, and each handler is asked', () => {
    const m = new Machine({ nics: 2 });
    const [a, b] = m.e1000e({ interrupts: 'intx' });
    expect([a.irq, b.irq]).toEqual([19, 19]);
    expect(m.irqs.interrupts()).toContain('eth0, eth1');
    const c = collect(m);
    for (let i = 0; i < 200; i++) m.peers[i & 1].send(frameTo(i & 1 ? b.dev.dev_addr : a.dev.dev_addr, i));
    m.run();
    expect(c.got.length).toBe(200);
    expect([a.dev.stats.rx_packets, b.dev.stats.rx_packets]).toEqual([100, 100]);
  });

  it('interrupt of another device on the line is answered with IRQ_NONE', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts: 'intx' });
    const schedules = a.napi.schedules;
    const desc = m.irqs.irq_to_desc(a.irq);
    generic_handle_irq(m.irqs, a.irq);
    expect([a.napi.schedules - schedules, desc?.irqs_unhandled]).toEqual([0, 1]);
    // A cause that is masked is not an interrupt either: e.g. queue empty, which the driver does not ask for.
    m.nics[0].mmioWrite(0, 0xc8, 2);
    generic_handle_irq(m.irqs, a.irq);
    expect([a.napi.schedules - schedules, desc?.irqs_unhandled]).toEqual([0, 2]);
    m.nics[0].mmioWrite(0, 0xc8, 1);
    m.run();
    expect(a.napi.schedules - schedules).toBe(1);
  });

  it('any multicast group joined is received, and none that shares no hash with one', () => {
    const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((b) => {
      b[0] = 1;
      return b;
    });
    fc.assert(
      fc.property(fc.array(mac, { minLength: 1, maxLength: 8 }), mac, (groups, stranger) => {
        const m = new Machine();
        const [a] = m.e1000e();
        const c = collect(m);
        for (const g of groups) dev_mc_add(a.dev, g);
        groups.forEach((g, i) => {
          m.peers[0].send(frameTo(g, i));
        });
        m.run();
        expect(c.got.length).toBe(groups.length);
        m.peers[0].send(frameTo(stranger, 99));
        m.run();
        const hit = groups.some((g) => e1000_hash_mc_addr(g) === e1000_hash_mc_addr(stranger));
        expect(c.got.length - groups.length).toBe(hit ? 1 : 0);
      }),
      { numRuns: runs(40) },
    );
  });

  it('filters let through what the lists name, and everything when promiscuous', () => {
    const m = new Machine();
    const [a] = m.e1000e();
    const c = collect(m);
    const group = Uint8Array.of(1, 0, 0x5e, 1, 2, 3);
    const other = Uint8Array.of(2, 9, 9, 9, 9, 9);
    const second = Uint8Array.of(2, 8, 8, 8, 8, 8);
    const all = [MAC, Uint8Array.of(255, 255, 255, 255, 255, 255), group, other, second];
    const round = (): number => {
      const before = c.got.length;
      all.forEach((to, i) => void m.peers[0].send(frameTo(to, i)));
      m.run();
      return c.got.length - before;
    };
    expect(round()).toBe(2);
    dev_mc_add(a.dev, group);
    expect(round()).toBe(3);
    dev_uc_add(a.dev, second);
    expect(round()).toBe(4);
    dev_set_promiscuity(a.dev, 1);
    expect(round()).toBe(5);
    dev_set_promiscuity(a.dev, -1);
    expect(round()).toBe(4);
    expect(a.dev.stats.multicast).toBe(4);
  });

  it('full transmit ring stops the queue, completions wake it, nothing is lost or reordered', () => {
    const m = new Machine();
    const [a] = m.e1000e({ tx_ring: 64 });
    for (let i = 0; i < 900; i++) send(m, a.dev, frameTo(PEER, i, 1000));
    expect([a.dev.tx_queue_stopped, a.dev.qdisc.queue.qlen > 800]).toEqual([true, true]);
    m.run();
    expect(m.peers[0].received.map((r) => r.bytes[14] | (r.bytes[15] << 8))).toEqual(
      Array.from({ length: 900 }, (_, i) => i),
    );
    expect([a.tx_restart_queue > 10, a.tx_busy]).toEqual([true, 0]);
    expect(a.dev.tx_queue_stopped).toBe(false);
  });

  it('moderation bounds the interrupts of a stream', () => {
    const count = (rx_usecs: number): number => {
      const m = new Machine();
      const [a] = m.e1000e({ rx_usecs });
      const before = m.nics[0].peek(0x4100);
      const c = collect(m);
      for (let i = 0; i < 1000; i++) m.peers[0].send(frameTo(MAC, i));
      m.run();
      expect(c.got.length).toBe(1000);
      expect(a.napi.packets).toBe(1000);
      return m.nics[0].peek(0x4100) - before;
    };
    // 1000 frames of 672 ns are 672 us, 14 windows of 50 us; the chip may interrupt at a window's end and right after it.
    expect(count(0)).toBe(1000);
    expect(count(50)).toBeLessThanOrEqual(29);
  });

  it('set_coalesce checks its range and takes effect at once', () => {
    const m = new Machine();
    const [a] = m.e1000e();
    expect([e1000_set_coalesce(a, -1), e1000_set_coalesce(a, 16384), e1000_set_coalesce(a, 100)]).toEqual([
      -22, -22, 0,
    ]);
    expect(m.nics[0].peek(0xc4)).toBe(390);
  });

  it('exhausted memory loses frames, not the ring: with memory back the device goes on', () => {
    const m = new Machine();
    const [a] = m.e1000e({ rx_ring: 64 });
    const hoard: SkBuff[] = [];
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: { rcv: (skb) => hoard.push(skb) } });
    m.net.pool.limit_bytes = m.net.pool.held_bytes;
    for (let i = 0; i < 400; i++) m.peers[0].send(frameTo(MAC, i, 1400));
    m.run();
    expect(hoard.length).toBeLessThan(64);
    expect(a.alloc_rx_buff_failed).toBeGreaterThan(0);
    m.net.pool.limit_bytes = Number.MAX_SAFE_INTEGER;
    m.pass(2_100_000_000);
    const before = hoard.length;
    for (let i = 0; i < 40; i++) m.peers[0].send(frameTo(MAC, i));
    m.run();
    expect(hoard.length - before).toBeGreaterThanOrEqual(40);
  });

  it('close in the middle of a poll waits for it, and refuses to open meanwhile', () => {
    const m = new Machine({ costs: lumpedCosts });
    const [a] = m.e1000e();
    const c = collect(m);
    for (let i = 0; i < 50; i++) m.peers[0].send(frameTo(MAC, i));
    for (let t = m.sim.now; a.poll.work < 2; t += 100) m.run(t);
    dev_close(a.dev);
    expect([a.closing, dev_open(a.dev)]).toEqual([true, -16]);
    m.run();
    expect(a.closing).toBe(false);
    skb_assert_no_leak(m.net.pool);
    expect(c.got.length).toBeLessThan(50);
    expect(dev_open(a.dev)).toBe(0);
  });

  it('every MMIO read, packet and cleaning is charged', () => {
    const m = new Machine({ costs: lumpedCosts });
    m.e1000e();
    collect(m);
    const t0 = m.cpus.cpus[0].acct.slice();
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    const c = m.cpus.costs;
    // The 256th buffer posted ends a group of 16: the tail register is written besides IMS.
    const want =
      2 * c.mmio_write + c.irq_entry + c.mmio_read + c.softirq_entry + c.napi_poll + c.rx_packet + c.napi_complete;
    expect(busy(m, t0)).toBe(want);
  });

  it('statistics agree with what was sent and received', () => {
    const m = new Machine();
    const [a] = m.e1000e();
    collect(m);
    for (let i = 0; i < 10; i++) m.peers[0].send(frameTo(MAC, i, 100));
    m.peers[0].send(frameTo(MAC, 11, 100), true);
    for (let i = 0; i < 5; i++) send(m, a.dev, frameTo(PEER, i, 200));
    m.run();
    const s = e1000_get_ethtool_stats(a);
    expect([s['rx_packets'], s['rx_bytes'], s['tx_packets'], s['tx_bytes']]).toEqual([10, 1180, 5, 1090]);
    expect([s['rx_crc_errors'], s['rx_errors']]).toEqual([1, 1]);
    const { rx_packets, rx_bytes, tx_packets, tx_bytes } = a.dev.stats;
    expect([rx_packets, rx_bytes, tx_packets, tx_bytes]).toEqual([10, 1140, 5, 1070]);
    expect(e1000_get_ethtool_stats(a)['rx_packets']).toBe(10);
  });

  it.each([
    ['a bad NVM checksum', (m: Machine) => m.nics[0].nvm.fill(7, 5, 6)],
    [
      'a multicast address',
      (m: Machine) => {
        m.nics[0].nvm[0] |= 1;
        m.nics[0].nvm[63] -= 1;
      },
    ],
    ['a foreign PHY', (m: Machine) => m.nics[0].phy.registers.fill(0x22)],
  ])('%s fails the probe with -EIO and leaves the function off', (_name, harm) => {
    const m = new Machine();
    harm(m);
    expect(m.e1000e()).toEqual([]);
    expect(dmesg(m.irqs.log)).toContain('probe failed with error -5');
    expect(m.nics[0].config.busMaster).toBe(false);
    expect(m.pci.devices[0].regions).toBe('');
  });

  it('options out of range are named', () => {
    const m = new Machine();
    expect(() => m.e1000e({ rx_ring: 60 })).toThrow(/^rx_ring is 60, must be a whole number 64..4096 in steps of 8$/);
  });
});

/** Cycles the CPU was not idle since `t0`. */
function busy(m: Machine, t0: Float64Array): number {
  const now = m.cpus.cpus[0].acct;
  return now[ACCT_HARDIRQ] - t0[ACCT_HARDIRQ] + now[ACCT_SOFTIRQ] - t0[ACCT_SOFTIRQ];
}
