import { napi_disable, napi_enable } from '../../napi/index.js';
import { netif_carrier_off, netif_start_queue, netif_stop_queue } from '../../skbuff/index.js';
import { EBUSY } from '../../uapi/index.js';
import { free_irq, IRQF_SHARED, request_irq } from '../irq/index.js';
import { readl, writel } from '../mmio.js';
import { pci_irq_vector } from '../pci/index.js';
import type { E1000Adapter } from './adapter.js';
import { OP_NAPI_DISABLED, OP_WATCHDOG } from './events.js';
import { e1e_flush, e1000_rar_set, e1000_reset_hw, e1000_setup_link } from './hw.js';
import { e1000_intr, e1000_intr_msi } from './intr.js';
import { e1000_check_link } from './link.js';
import { itr_of_usecs } from './options.js';
import {
  E1000_CTRL_EXT,
  E1000_CTRL_EXT_IAME,
  E1000_IAM,
  E1000_IMC,
  E1000_IMS,
  E1000_ITR,
  E1000_RADV,
  E1000_RCTL,
  E1000_RCTL_BAM,
  E1000_RCTL_EN,
  E1000_RCTL_SECRC,
  E1000_RDBAH,
  E1000_RDBAL,
  E1000_RDH,
  E1000_RDLEN,
  E1000_RDT,
  E1000_RDTR,
  E1000_RFCTL,
  E1000_RFCTL_ACK_DIS,
  E1000_RFCTL_EXTEN,
  E1000_RXCSUM,
  E1000_RXCSUM_TUOFL,
  E1000_TADV,
  E1000_TCTL,
  E1000_TCTL_COLLISION,
  E1000_TCTL_EN,
  E1000_TCTL_MULR,
  E1000_TCTL_PSP,
  E1000_TDBAH,
  E1000_TDBAL,
  E1000_TDH,
  E1000_TDLEN,
  E1000_TDT,
  E1000_TIDV,
  E1000_TIPG,
  IMS_ENABLE_MASK,
} from './regs.js';
import { DESC_SIZE, e1000_desc_unused, e1000e_free_ring, e1000e_setup_ring } from './ring.js';
import { e1000_alloc_rx_buffers } from './rx.js';
import { e1000e_set_rx_mode } from './rx-mode.js';

/** Inter-packet gap of the kernel driver: IPGT 8, IPGR1 8, IPGR2 6. */
const TIPG = 0x00602008;

/**
 * `e1000e_open`: rings, registers, interrupt, then receive. 0, -ENOMEM, -EIO (chip or PHY do not answer), the result of
 * `request_irq`, or -EBUSY while the last close still waits for a poll under way.
 */
export function e1000e_open(a: E1000Adapter): number {
  if (a.closing) return -EBUSY;
  netif_carrier_off(a.dev);
  let err = e1000e_setup_ring(a.net, a.tx_ring);
  if (err === 0) err = e1000e_setup_ring(a.net, a.rx_ring);
  if (err === 0) err = e1000_reset_hw(a.io);
  if (err === 0) err = request(a);
  if (err !== 0) {
    free_rings(a);
    return err;
  }
  a.watchdog = a.net.timers.createTimer(a.target, OP_WATCHDOG, 0, true);
  a.discarding = false;
  a.mta.fill(0);
  a.down = false;
  configure(a);
  napi_enable(a.napi);
  netif_start_queue(a.dev);
  writel(a.io, E1000_IMS, IMS_ENABLE_MASK);
  e1e_flush(a.io);
  err = e1000_setup_link(a.io);
  if (err !== 0) {
    e1000e_close(a);
    return err;
  }
  e1000_check_link(a);
  return 0;
}

/** `e1000_request_irq`: the message, or the line it shares with others. */
function request(a: E1000Adapter): number {
  const msi = a.pdev.msi_enabled;
  const irq = pci_irq_vector(a.pdev, 0);
  const err = request_irq(a.irqs, irq, msi ? e1000_intr_msi : e1000_intr, msi ? 0 : IRQF_SHARED, a.dev.name, a);
  a.irq = err === 0 ? irq : 0;
  return err;
}

function configure(a: E1000Adapter): void {
  e1000_rar_set(a.io, 0, a.dev.dev_addr);
  configure_tx(a);
  configure_rx(a);
  a.rctl = E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC;
  e1000e_set_rx_mode(a);
  e1000_alloc_rx_buffers(a, e1000_desc_unused(a.rx_ring));
}

function configure_tx(a: E1000Adapter): void {
  const { io, tx_ring, settings } = a;
  writel(io, E1000_TDBAL, tx_ring.dma);
  writel(io, E1000_TDBAH, 0);
  writel(io, E1000_TDLEN, tx_ring.count * DESC_SIZE);
  writel(io, E1000_TDH, 0);
  writel(io, E1000_TDT, 0);
  writel(io, E1000_TIDV, settings.tx_int_delay);
  writel(io, E1000_TADV, settings.tx_abs_int_delay);
  writel(io, E1000_TIPG, TIPG);
  writel(io, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP | E1000_TCTL_COLLISION | E1000_TCTL_MULR);
}

/** Receiver with extended descriptors and checksum offload; reading ICR masks all causes (IAM with CTRL_EXT.IAME). */
function configure_rx(a: E1000Adapter): void {
  const { io, rx_ring, settings } = a;
  writel(io, E1000_RFCTL, E1000_RFCTL_EXTEN | E1000_RFCTL_ACK_DIS);
  writel(io, E1000_RDTR, settings.rx_int_delay);
  writel(io, E1000_RADV, settings.rx_abs_int_delay);
  writel(io, E1000_ITR, itr_of_usecs(a.rx_usecs));
  writel(io, E1000_IAM, -1);
  writel(io, E1000_CTRL_EXT, readl(io, E1000_CTRL_EXT) | E1000_CTRL_EXT_IAME);
  writel(io, E1000_RDBAL, rx_ring.dma);
  writel(io, E1000_RDBAH, 0);
  writel(io, E1000_RDLEN, rx_ring.count * DESC_SIZE);
  writel(io, E1000_RDH, 0);
  writel(io, E1000_RDT, 0);
  writel(io, E1000_RXCSUM, readl(io, E1000_RXCSUM) | E1000_RXCSUM_TUOFL);
}

/**
 * `e1000e_close`: stops receiver, transmitter and interrupts, then frees everything. When a poll is under way the rest waits
 * until it ends (a block cannot sleep); until then an open gives -EBUSY.
 */
export function e1000e_close(a: E1000Adapter): number {
  if (a.down) return 0;
  a.down = true;
  netif_carrier_off(a.dev);
  netif_stop_queue(a.dev);
  a.rctl &= ~E1000_RCTL_EN;
  writel(a.io, E1000_RCTL, a.rctl);
  writel(a.io, E1000_TCTL, E1000_TCTL_PSP);
  writel(a.io, E1000_IMC, -1);
  e1e_flush(a.io);
  a.net.timers.freeTimer(a.watchdog);
  a.closing = true;
  if (napi_disable(a.napi, a.target, OP_NAPI_DISABLED, 0)) e1000e_finish_down(a);
  return 0;
}

/** The rest of a close, once no poll can come: reset, so that no DMA is under way, then interrupt and rings. */
export function e1000e_finish_down(a: E1000Adapter): void {
  e1000_reset_hw(a.io);
  free_irq(a.irqs, a.irq, a);
  a.irq = 0;
  free_rings(a);
  a.closing = false;
}

function free_rings(a: E1000Adapter): void {
  e1000e_free_ring(a.net, a.tx_ring, false);
  e1000e_free_ring(a.net, a.rx_ring, true);
}

/** `ethtool -C rx-usecs`: interval between interrupts in us (0..16383), effective at once. 0 or -EINVAL (-22). */
export function e1000_set_coalesce(a: E1000Adapter, rx_usecs: number): number {
  if (!(rx_usecs >= 0 && rx_usecs <= 16383 && rx_usecs === Math.trunc(rx_usecs))) return -22;
  a.rx_usecs = rx_usecs;
  if (!a.down) writel(a.io, E1000_ITR, itr_of_usecs(rx_usecs));
  return 0;
}

/** `e1000_set_mac`: the filter takes the new address at once when open. 0. */
export function e1000_change_mac(a: E1000Adapter, addr: Uint8Array): number {
  if (!a.down) e1000_rar_set(a.io, 0, addr);
  return 0;
}
