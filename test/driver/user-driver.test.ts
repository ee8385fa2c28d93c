import { describe, expect, it } from 'vitest';
import {
  IRQ_HANDLED,
  IRQF_SHARED,
  type MappedIo,
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  type PciDev,
  pci_alloc_irq_vectors,
  pci_enable_device,
  pci_ioremap_bar,
  pci_irq_vector,
  pci_set_master,
  readl,
  request_irq,
  writel,
} from '../../src/driver/index.js';
import { type NapiStruct, napi_complete, napi_enable, napi_schedule, netif_napi_add } from '../../src/napi/index.js';
import {
  dev_add_pack,
  dev_open,
  eth_type_trans,
  type Net,
  NetDevice,
  netif_receive_skb,
  PagePool,
  register_netdev,
  type SkBuff,
  skb_put,
  skb_reserve,
} from '../../src/skbuff/index.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine } from './support.js';

// A driver as a beginner writes it after a lecture: one handler, one poll function, legacy descriptors. It uses public names only.

const ICR = 0xc0;
const IMS = 0xd0;
const IMC = 0xd8;
const RCTL = 0x100;
const RDBAL = 0x2800;
const RDLEN = 0x2808;
const RDH = 0x2810;
const RDT = 0x2818;
const RX_CAUSES = 0x80 | 0x10;
const COUNT = 32;

class Hw {
  readonly io: MappedIo;
  readonly net: Net;
  readonly pages: PagePool;
  readonly ring: number;
  readonly page: number[] = [];
  next = 0;
  dev!: NetDevice;
  napi!: NapiStruct;

  constructor(io: MappedIo, net: Net) {
    this.io = io;
    this.net = net;
    this.pages = new PagePool(net.pool);
    this.ring = net.mem.alloc(COUNT * 16, 4096);
    for (let i = 0; i < COUNT; i++) this.post(i);
  }

  post(i: number): void {
    this.page[i] = this.pages.page_pool_alloc();
    const i32 = this.net.arena.i32;
    i32.set([this.page[i] + 66, 0, 0, 0], (this.ring + 16 * i) >> 2);
  }
}

function netdev_irq_handler(_irq: number, hw: Hw): number {
  writel(hw.io, IMC, -1);
  readl(hw.io, ICR);
  napi_schedule(hw.napi);
  return IRQ_HANDLED;
}

function napi_recv(hw: Hw): SkBuff | null {
  const at = (hw.ring + 16 * hw.next) >> 2;
  const { i32 } = hw.net.arena;
  if ((i32[at + 3] & 1) === 0) return null;
  const skb = hw.pages.build_skb(hw.page[hw.next]);
  skb_reserve(skb, 66);
  skb_put(skb, i32[at + 2] & 0xffff);
  hw.post(hw.next);
  writel(hw.io, RDT, hw.next);
  hw.next = (hw.next + 1) % COUNT;
  skb.protocol = eth_type_trans(skb, hw.dev);
  return skb;
}

function napi_poll(napi: NapiStruct, budget: number): number {
  const hw = napi.dev?.priv as Hw;
  let work = 0;
  while (work < budget) {
    const skb = napi_recv(hw);
    if (skb === null) break;
    netif_receive_skb(skb);
    work++;
  }
  if (work < budget && napi_complete(napi)) writel(hw.io, IMS, RX_CAUSES);
  return work;
}

function bring_up(m: Machine, pdev: PciDev, kinds: number): Hw {
  pci_enable_device(pdev);
  pci_set_master(pdev);
  const io = pci_ioremap_bar(pdev, 0);
  if (io === null) throw new Error('no BAR 0');
  const hw = new Hw(io, m.net);
  hw.dev = new NetDevice(m.net, 'eth%d', { ndo_open: () => 0, ndo_stop: () => 0, ndo_start_xmit: () => 16 });
  hw.dev.dev_addr = MAC;
  hw.dev.priv = hw;
  hw.napi = netif_napi_add(m.softnet, hw.dev, napi_poll);
  register_netdev(hw.dev);
  pci_alloc_irq_vectors(pdev, 1, 1, kinds);
  const flags = pdev.msi_enabled ? 0 : IRQF_SHARED;
  expect(request_irq(m.irqs, pci_irq_vector(pdev, 0), netdev_irq_handler, flags, hw.dev.name, hw)).toBe(0);
  writel(io, RDBAL, hw.ring);
  writel(io, RDLEN, COUNT * 16);
  writel(io, RDH, 0);
  writel(io, RDT, COUNT - 1);
  writel(io, RCTL, (1 << 1) | (1 << 15) | (1 << 26));
  napi_enable(hw.napi);
  dev_open(hw.dev);
  writel(io, IMS, RX_CAUSES);
  return hw;
}

describe('a driver written by others', () => {
  it.each([
    ['MSI', PCI_IRQ_MSI],
    ['INTx', PCI_IRQ_INTX],
  ])('over %s receives everything', (_name, kinds) => {
    const m = new Machine();
    const hw = bring_up(m, m.pci.devices[0], kinds);
    const c = new Collector();
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
    m.run();
    for (let i = 0; i < 500; i++) m.peers[0].send(frameTo(MAC, i, 46 + i));
    m.run();
    expect(c.got.map((g) => g[0] | (g[1] << 8))).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect([hw.pages.inflight, hw.napi.packets]).toEqual([COUNT, 500]);
  });
});
