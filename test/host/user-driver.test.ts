import { describe, expect, it } from 'vitest';
import { tiny } from '../../examples/driver/driver.js';
import {
  disable_irq,
  enable_irq,
  irq_set_affinity,
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  type PciDriver,
  pci_bind,
  pci_irq_vector,
  pci_unbind,
} from '../../src/driver/index.js';
import { createNetwork, type Host, type HostOptions, type Network, type NetworkOptions } from '../../src/host/index.js';
import { dev_close, dev_open, drops_by_reason, skb_assert_no_leak } from '../../src/skbuff/index.js';
import type { Op } from '../../src/syscalls/index.js';
import { AF_INET, AF_INET6, formatMac, SOCK_DGRAM } from '../../src/uapi/index.js';

const KINDS: [string, number][] = [
  ['MSI', PCI_IRQ_MSI],
  ['INTx', PCI_IRQ_INTX],
];

interface Wired {
  net: Network;
  a: Host;
  b: Host;
}

/** a drives its NIC by e1000e, b by the driver of examples/driver. */
function wired(kinds: number, options: NetworkOptions = {}, host: HostOptions = {}): Wired {
  const net = createNetwork({ checked: true, ...options });
  const a = net.host('a', { addresses: ['10.0.0.1/24', 'fd00::1/64'], cpus: host.cpus ?? 1 });
  const b = net.host('b', { addresses: ['10.0.0.2/24', 'fd00::2/64'], driver: tiny(kinds), ...host });
  net.wire(a, b, { delay: '2us' });
  return { net, a, b };
}

/** `count` datagrams of `length` bytes to the other machine, as fast as they go. */
function sender(family: number, count: number, length: number, address = '10.0.0.2'): Op[] {
  const data = new Uint8Array(length).fill(7);
  return [
    { call: 'socket', fd: 's', family, type: SOCK_DGRAM },
    { call: 'repeat', times: count, body: [{ call: 'sendto', fd: 's', data, to: { address, port: 7 } }] },
  ];
}

/** Receives `count` datagrams and sends an answer to each. */
async function echo(b: Host, family: number, count: number): Promise<() => number[] | undefined> {
  const process = b.spawn(async (sys) => {
    const fd = sys.socket(family, SOCK_DGRAM);
    sys.bind(fd, { address: family === AF_INET ? '0.0.0.0' : '::', port: 7 });
    const lengths: number[] = [];
    for (let i = 0; i < count; i++) {
      const { data, from } = await sys.recvfrom(fd, 4096);
      lengths.push(data.length);
      await sys.sendto(fd, data, 0, from);
    }
    return lengths;
  });
  return () => process.result;
}

/** Closes and removes the driver of b, lets time pass, and looks for what was left behind. */
async function removed({ net, a, b }: Wired): Promise<void> {
  const { pdev } = b.nic;
  dev_close(a.nic.dev);
  pci_unbind(pdev);
  await net.run();
  expect([pdev.dma_count, pdev.enable_cnt, pdev.regions, pdev.msi_enabled]).toEqual([0, 0, '', false]);
  expect([b.nic.netdev, b.napi.napis, b.interrupts().includes('eth0')]).toEqual([null, [], false]);
  skb_assert_no_leak(b.net.pool);
  skb_assert_no_leak(a.net.pool);
}

describe.each(KINDS)('the driver of examples/driver over %s', (_name, kinds) => {
  it.each([
    ['IPv4', AF_INET],
    ['IPv6', AF_INET6],
  ])('echoes %s datagrams of all sizes through sockets', async (_family, family) => {
    const w = wired(kinds);
    const lengths = [0, 1, 17, 500, 1400, 3000];
    const result = await echo(w.b, family, lengths.length);
    const to = { address: family === AF_INET ? '10.0.0.2' : 'fd00::2', port: 7 };
    const client = w.a.spawn(async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      const back: string[] = [];
      for (const length of lengths) {
        const data = new Uint8Array(length).map((_, i) => i * 3 + length);
        await sys.sendto(fd, data, 0, to);
        back.push((await sys.recvfrom(fd, 4096)).data.join() === data.join() ? 'same' : 'different');
      }
      return back;
    });
    await w.net.run();
    expect(result()).toEqual(lengths);
    expect(client.result).toEqual(lengths.map(() => 'same'));
    const { rx_packets, tx_packets } = w.b.nic.dev.stats;
    expect([rx_packets, tx_packets]).toEqual([rx_packets, rx_packets]);
    expect(w.b.drops()).toEqual({});
    await removed(w);
  });

  it('a flood both ways: the queue stops and wakes, and every frame is accounted for', async () => {
    const w = wired(kinds, {}, { cpus: 2, costs: 'lumped' });
    await w.net.run();
    w.a.inet.addNeighbour(w.a.nic.dev, '10.0.0.2', formatMac(w.b.nic.dev.dev_addr));
    w.b.inet.addNeighbour(w.b.nic.dev, '10.0.0.1', formatMac(w.a.nic.dev.dev_addr));
    w.a.spawn(sender(AF_INET, 600, 18));
    for (let i = 0; i < 4; i++) w.b.spawn(sender(AF_INET, 150, 1400, '10.0.0.1'), { cpu: 1 });
    const { dev } = w.b.nic;
    let stopped = 0;
    for (let i = 0; i < 1000; i++) {
      await w.net.run({ until: w.net.now + 10_000 });
      if (dev.tx_queue_stopped) stopped++;
    }
    const [napi] = w.b.napi.napis;
    expect([stopped > 0, napi.polls > napi.full_polls]).toEqual([true, true]);
    // Every frame b sent arrived; every frame a sent was received or is counted by the NIC.
    expect(w.a.nic.dev.stats.rx_packets).toBe(dev.stats.tx_packets);
    const lost = Object.entries(w.b.drops()).filter(([name]) => name.startsWith('NIC_'));
    expect(dev.stats.rx_packets + lost.reduce((sum, [, n]) => sum + n, 0)).toBe(w.a.nic.dev.stats.tx_packets);
    expect(dev.tx_queue_stopped).toBe(false);
    await removed(w);
  });

  it('a hundred frames behind an interrupt: one poll uses up its budget, the next ends with the rest', async () => {
    const { net, a, b } = wired(kinds);
    await net.run();
    a.inet.addNeighbour(a.nic.dev, '10.0.0.2', formatMac(b.nic.dev.dev_addr));
    b.inet.addNeighbour(b.nic.dev, '10.0.0.1', formatMac(a.nic.dev.dev_addr));
    const irq = pci_irq_vector(b.nic.pdev, 0);
    const [napi] = b.napi.napis;
    const before = [napi.polls, napi.packets];
    disable_irq(b.irq, irq);
    a.spawn(sender(AF_INET, 100, 18), { daemon: true });
    await net.run({ until: net.now + 1_000_000 });
    expect([napi.polls, napi.packets]).toEqual(before);
    enable_irq(b.irq, irq);
    await net.run();
    expect([napi.full_polls, napi.packets - before[1]]).toEqual([1, 100]);
  });

  it('closed and opened again and again under traffic: the next datagram arrives, nothing leaks', async () => {
    const w = wired(kinds, { costs: 'lumped' });
    w.a.spawn(sender(AF_INET, 2000, 200), { daemon: true });
    const free = w.b.mem.inUse;
    for (let i = 1; i <= 20; i++) {
      await w.net.run({ until: w.net.now + 7_001 * i });
      dev_close(w.b.nic.dev);
      await w.net.run({ until: w.net.now + 3_001 });
      expect(dev_open(w.b.nic.dev)).toBe(0);
    }
    await w.net.run();
    expect(w.b.nic.dev.stats.rx_packets).toBeGreaterThan(100);
    expect(w.b.mem.inUse - free).toBeLessThan(2 * 128 * 2048);
    await removed(w);
  });

  it('removed in the middle of a poll and bound again', async () => {
    const w = wired(kinds, { costs: 'lumped' });
    const driver = w.b.nic.driver as PciDriver;
    w.a.spawn(sender(AF_INET, 300, 18), { daemon: true });
    for (let i = 0; i < 8; i++) {
      await w.net.run({ until: w.net.now + 40_013 + 111 * i });
      pci_unbind(w.b.nic.pdev);
      await w.net.run({ until: w.net.now + 20_000 });
      expect([w.b.nic.pdev.dma_count, w.b.napi.napis.length]).toEqual([0, 0]);
      expect(pci_bind(w.b.nic.pdev, driver)).toBe(0);
      expect(dev_open(w.b.nic.dev)).toBe(0);
    }
    await w.net.run();
    await removed(w);
  });

  it('a snapshot under traffic goes on as the original does', async () => {
    const w = wired(kinds, { costs: 'lumped' }, { cpus: 2 });
    irq_set_affinity(w.b.irq, pci_irq_vector(w.b.nic.pdev, 0), [1]);
    w.a.spawn(sender(AF_INET, 200, 100), { daemon: true });
    await w.net.run({ until: 60_000 });
    const snapshot = w.net.snapshot();
    await w.net.run({ until: 2_000_000 });
    const copy = snapshot.restore();
    await copy.run({ until: 2_000_000 });
    expect(copy.digest()).toBe(w.net.digest());
    expect(copy.hosts.get('b')?.nic.dev.stats).toEqual(w.b.nic.dev.stats);
    expect(copy.hosts.get('b')?.nic.dev === w.b.nic.dev).toBe(false);
  });
});

describe('the driver of examples/driver', () => {
  it('sees the link go and come', async () => {
    const { net, b } = wired(PCI_IRQ_MSI);
    await net.run();
    const states = [b.nic.dev.carrier];
    net.links[0].down();
    await net.run();
    states.push(b.nic.dev.carrier);
    net.links[0].up();
    await net.run();
    expect([...states, b.nic.dev.carrier]).toEqual([true, false, true]);
  });

  it('without memory for a fresh page drops the frame and keeps its ring', async () => {
    const w = wired(PCI_IRQ_MSI);
    w.a.inet.addNeighbour(w.a.nic.dev, '10.0.0.2', formatMac(w.b.nic.dev.dev_addr));
    await w.net.run();
    w.b.net.pool.limit_bytes = w.b.net.pool.held_bytes;
    w.a.spawn(sender(AF_INET, 300, 18));
    await w.net.run();
    await w.net.run();
    const { rx_packets, rx_dropped } = w.b.nic.dev.stats;
    expect(rx_packets + rx_dropped).toBeGreaterThanOrEqual(300);
    expect(drops_by_reason(w.b.net)['NOMEM'] ?? 0).toBe(rx_dropped);
    await removed(w);
  });
});

describe('softnet_stat', () => {
  it.each(KINDS)('%s, a driver that calls netif_receive_skb: its packets are counted', async (_name, kinds) => {
    const { net, a, b } = wired(kinds);
    await echo(b, AF_INET, 5);
    a.spawn(sender(AF_INET, 5, 100));
    await net.run();
    // Five datagrams and what resolves addresses.
    expect(Number.parseInt(b.softnet().split(' ')[0] as string, 16)).toBeGreaterThanOrEqual(6);
  });
});
