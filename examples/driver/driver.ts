import {
  DMA_TO_DEVICE,
  type DriverFactory,
  type DriverHost,
  free_irq,
  IRQ_HANDLED,
  IRQ_NONE,
  IRQF_SHARED,
  netdev_info,
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  type PciDev,
  type PciDriver,
  pci_alloc_irq_vectors,
  pci_clear_master,
  pci_disable_device,
  pci_enable_device,
  pci_free_irq_vectors,
  pci_ioremap_bar,
  pci_irq_vector,
  pci_release_regions,
  pci_request_regions,
  pci_set_drvdata,
  pci_set_master,
  request_irq,
  SET_NETDEV_DEV,
  skb_dma_map,
  skb_dma_unmap,
} from 'softirq/driver';
import {
  type NapiStruct,
  napi_complete,
  napi_disable,
  napi_enable,
  napi_schedule,
  netif_napi_add,
  netif_napi_del,
} from 'softirq/napi';
import {
  dev_kfree_skb,
  eth_type_trans,
  NETDEV_TX_OK,
  NetDevice,
  type NetDeviceOps,
  netif_carrier_off,
  netif_carrier_on,
  netif_receive_skb,
  netif_start_queue,
  netif_stop_queue,
  netif_wake_queue,
  PagePool,
  register_netdev,
  SKB_DROP_REASON_NOMEM,
  type SkBuff,
  skb_put,
  skb_reserve,
  unregister_netdev,
} from 'softirq/skbuff';
import { EBUSY, EIO, ENOMEM } from 'softirq/uapi';
import {
  COUNT,
  Hw,
  hw_ack_interrupt,
  hw_enable_interrupts,
  hw_fill,
  hw_link_up,
  hw_mac,
  hw_receive,
  hw_reset,
  hw_start,
  hw_transmit,
  LSC,
  next,
  Ring,
} from './hw.js';

/** Bytes in front of a received frame: with its 14 bytes of Ethernet the IP header lies on a multiple of 4. */
const HEADROOM = 66;

/** `struct net_device`, and what this driver keeps with it. */
class TinyDevice extends NetDevice {
  readonly pdev: PciDev;
  readonly hw: Hw;
  napi!: NapiStruct;
  /** Made by open, freed by stop. */
  rx: Ring | null = null;
  tx: Ring | null = null;
  readonly pages: PagePool;
  /** By descriptor: the page to receive into, the packet being sent. */
  page: number[] = [];
  sending: (SkBuff | null)[] = [];
  /** This object as the receiver of events. */
  readonly target: number;
  link_changed = false;
  /** Stopped, and waiting for the poll under way; the device shall go when it has ended. */
  stopping = false;
  removing = false;

  constructor(host: DriverHost, pdev: PciDev, hw: Hw) {
    super(host.net, 'eth%d', tiny_ops);
    this.pdev = pdev;
    this.hw = hw;
    this.pages = new PagePool(host.net.pool);
    this.target = host.sim.attach(this);
  }

  /** The poll that `napi_disable` waited for has ended. */
  handle(): void {
    finish_stop(this);
  }
}

function netdev_irq_handler(_irq: number, dev: TinyDevice): number {
  const icr = hw_ack_interrupt(dev.hw);
  if (icr === 0) return IRQ_NONE;
  if ((icr & LSC) !== 0) dev.link_changed = true;
  napi_schedule(dev.napi);
  return IRQ_HANDLED;
}

function napi_poll(napi: NapiStruct, budget: number): number {
  const dev = napi.dev as TinyDevice;
  if (dev.link_changed) check_link(dev);
  clean_tx(dev);
  let work = 0;
  while (work < budget) {
    const skb = napi_recv(napi);
    if (skb === null) break;
    netif_receive_skb(skb);
    work++;
  }
  if (work < budget && napi_complete(napi)) hw_enable_interrupts(dev.hw);
  return work;
}

function napi_recv(napi: NapiStruct): SkBuff | null {
  const dev = napi.dev as TinyDevice;
  const rx = dev.rx;
  while (rx?.done(rx.clean)) {
    const i = rx.clean;
    const skb = rx.good(i) ? take_page(dev, i) : null;
    rx.clean = next(i);
    if (skb === null) dev.stats.rx_dropped++;
    else skb_put(skb, rx.get(i, 2) & 0xffff);
    rx.set(i, dev.page[i] + HEADROOM, 0);
    hw_receive(dev.hw, i);
    if (skb === null) continue;
    dev.stats.rx_packets++;
    dev.stats.rx_bytes += skb.len;
    skb.protocol = eth_type_trans(skb, dev);
    return skb;
  }
  return null;
}

/** The frame of descriptor `i` as a packet, and a fresh page in its place; null when there is none: then the old one stays. */
function take_page(dev: TinyDevice, i: number): SkBuff | null {
  const fresh = dev.pages.page_pool_alloc();
  if (fresh === 0) {
    dev.net.pool.drop_frame(SKB_DROP_REASON_NOMEM, 0);
    return null;
  }
  const skb = dev.pages.build_skb(dev.page[i]);
  skb_reserve(skb, HEADROOM);
  dev.page[i] = fresh;
  return skb;
}

function tiny_xmit(skb: SkBuff, dev: TinyDevice): number {
  const tx = dev.tx as Ring;
  const i = tx.fill;
  hw_fill(tx, i, skb_dma_map(dev.pdev, skb, DMA_TO_DEVICE), skb.len);
  dev.sending[i] = skb;
  tx.fill = next(i);
  if (tx.full) netif_stop_queue(dev);
  hw_transmit(dev.hw, tx.fill);
  return NETDEV_TX_OK;
}

/** Frees what has been sent. */
function clean_tx(dev: TinyDevice): void {
  const tx = dev.tx;
  while (tx !== null && tx.clean !== tx.fill && tx.done(tx.clean)) {
    const skb = dev.sending[tx.clean] as SkBuff;
    dev.sending[tx.clean] = null;
    dev.stats.tx_packets++;
    dev.stats.tx_bytes += skb.len;
    skb_dma_unmap(dev.pdev, skb, DMA_TO_DEVICE);
    dev_kfree_skb(skb);
    tx.clean = next(tx.clean);
  }
  if (tx !== null && !tx.full) netif_wake_queue(dev);
}

function check_link(dev: TinyDevice): void {
  dev.link_changed = false;
  const up = hw_link_up(dev.hw);
  if (up === dev.carrier) return;
  netdev_info(dev, up ? 'link up' : 'link down');
  if (up) netif_carrier_on(dev);
  else netif_carrier_off(dev);
}

function tiny_open(dev: TinyDevice): number {
  if (dev.stopping) return -EBUSY;
  hw_reset(dev.hw);
  const irq = pci_irq_vector(dev.pdev, 0);
  const err = make_rings(dev)
    ? request_irq(dev.pdev.core.irqs, irq, netdev_irq_handler, IRQF_SHARED, dev.name, dev)
    : -ENOMEM;
  if (err !== 0) {
    free_rings(dev);
    return err;
  }
  hw_start(dev.hw, dev.rx as Ring, dev.tx as Ring);
  hw_receive(dev.hw, COUNT - 1);
  napi_enable(dev.napi);
  netif_start_queue(dev);
  hw_enable_interrupts(dev.hw);
  check_link(dev);
  return 0;
}

function tiny_stop(dev: TinyDevice): number {
  netif_stop_queue(dev);
  netif_carrier_off(dev);
  hw_reset(dev.hw);
  dev.stopping = true;
  if (napi_disable(dev.napi, dev.target)) finish_stop(dev);
  return 0;
}

/** No poll is under way and none can come: the interrupt goes, then what device and poll shared. */
function finish_stop(dev: TinyDevice): void {
  free_irq(dev.pdev.core.irqs, pci_irq_vector(dev.pdev, 0), dev);
  free_rings(dev);
  dev.stopping = false;
  if (dev.removing) release(dev);
}

function make_rings(dev: TinyDevice): boolean {
  dev.rx = new Ring(dev.pdev);
  dev.tx = new Ring(dev.pdev);
  dev.sending = new Array<SkBuff | null>(COUNT).fill(null);
  for (let i = 0; i < COUNT; i++) {
    dev.page[i] = dev.pages.page_pool_alloc();
    if (dev.rx.dma === 0 || dev.tx.dma === 0 || dev.page[i] === 0) return false;
    dev.rx.set(i, dev.page[i] + HEADROOM, 0);
  }
  return true;
}

function free_rings(dev: TinyDevice): void {
  for (const page of dev.page) if (page !== 0) dev.pages.page_pool_put_full_page(page);
  for (const skb of dev.sending) {
    if (skb === null) continue;
    skb_dma_unmap(dev.pdev, skb, DMA_TO_DEVICE);
    dev_kfree_skb(skb);
  }
  for (const ring of [dev.rx, dev.tx]) if (ring !== null && ring.dma !== 0) ring.free();
  dev.page = [];
  dev.sending = [];
  dev.rx = dev.tx = null;
}

const tiny_ops: NetDeviceOps = { ndo_open: tiny_open, ndo_stop: tiny_stop, ndo_start_xmit: tiny_xmit };

class TinyDriver implements PciDriver {
  readonly name = 'tiny';
  readonly id_table = [{ vendor: 0x8086, device: 0x10d3 }];
  readonly host: DriverHost;
  readonly kinds: number;

  constructor(host: DriverHost, kinds: number) {
    this.host = host;
    this.kinds = kinds;
  }

  probe(pdev: PciDev): number {
    let err = pci_enable_device(pdev);
    if (err !== 0) return err;
    err = pci_request_regions(pdev, this.name);
    if (err === 0) err = this.setup(pdev);
    if (err !== 0) unclaim(pdev);
    return err;
  }

  private setup(pdev: PciDev): number {
    pci_set_master(pdev);
    const io = pci_ioremap_bar(pdev, 0);
    if (io === null) return -EIO;
    const vectors = pci_alloc_irq_vectors(pdev, 1, 1, this.kinds);
    if (vectors < 0) return vectors;
    const dev = new TinyDevice(this.host, pdev, new Hw(io));
    hw_reset(dev.hw);
    dev.dev_addr = hw_mac(dev.hw);
    dev.napi = netif_napi_add(this.host.softnet, dev, napi_poll);
    netif_carrier_off(dev);
    pci_set_drvdata(pdev, dev);
    SET_NETDEV_DEV(dev, pdev);
    return register_netdev(dev);
  }

  remove(pdev: PciDev): void {
    const dev = pdev.drvdata as TinyDevice;
    unregister_netdev(dev);
    if (dev.stopping) dev.removing = true;
    else release(dev);
  }
}

function release(dev: TinyDevice): void {
  netif_napi_del(dev.napi);
  unclaim(dev.pdev);
}

function unclaim(pdev: PciDev): void {
  pci_free_irq_vectors(pdev);
  pci_release_regions(pdev);
  pci_clear_master(pdev);
  pci_disable_device(pdev);
}

/** For `net.host(name, { driver: tiny() })`; `kinds` are the interrupts it may use, PCI_IRQ_*. */
export function tiny(kinds: number = PCI_IRQ_MSI | PCI_IRQ_INTX): DriverFactory {
  return (host) => new TinyDriver(host, kinds);
}
