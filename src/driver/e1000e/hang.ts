import { jiffies, netif_stop_queue } from '../../skbuff/index.js';
import { readl, writel } from '../mmio.js';
import { pci_read_config_word } from '../pci/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1e_flush, e1000_read_phy_locked } from './hw.js';
import {
  E1000_FPD,
  E1000_RDTR,
  E1000_STATUS,
  E1000_STATUS_TXOFF,
  E1000_TDH,
  E1000_TDT,
  E1000_TIDV,
  MII_BMSR,
  MII_ESTATUS,
  MII_STAT1000,
} from './regs.js';
import { e1000_tx_wake } from './tx.js';

/** PCI_STATUS. */
const PCI_STATUS = 6;

/**
 * Part of `e1000_clean_tx_irq`, once a watchdog period: the oldest packet on the ring has been there for longer than
 * `tx_timeout_factor` seconds, and the other end has not paused us.
 */
export function e1000_check_tx_hang(a: E1000Adapter): void {
  a.detect_tx_hung = false;
  const ring = a.tx_ring;
  const first = ring.next_to_clean;
  const late = ring.watch[first] >= 0 && age(a, first) > a.tx_timeout_factor * a.net.hz;
  if (late && (readl(a.io, E1000_STATUS) & E1000_STATUS_TXOFF) === 0) {
    e1000_print_hw_hang(a);
    return;
  }
  a.tx_hang_recheck = false;
  if (!a.tx_hung) return;
  a.tx_hung = false;
  e1000_tx_wake(a);
}

/** Jiffies since the packet that starts at descriptor `i` was queued. */
function age(a: E1000Adapter, i: number): number {
  return (jiffies(a.net) - a.tx_ring.stamp[i]) | 0;
}

/**
 * `e1000_print_hw_hang`: with delay timers in use the write-back may only be late, so the first time it is flushed and looked at again. A
 * real hang goes into the log and stops the queue; the stack's watchdog resets the device when that lasts.
 */
function e1000_print_hw_hang(a: E1000Adapter): void {
  const { io } = a;
  if (!a.tx_hang_recheck && a.settings.tx_int_delay !== 0) {
    e1000e_flush_descriptors(a);
    a.tx_hang_recheck = true;
    return;
  }
  a.tx_hang_recheck = false;
  const tdh = readl(io, E1000_TDH);
  const tdt = readl(io, E1000_TDT);
  if (tdh === tdt) return;
  netif_stop_queue(a.dev);
  if (!a.tx_hung) report(a, tdh, tdt);
  a.tx_hung = true;
}

function report(a: E1000Adapter, tdh: number, tdt: number): void {
  a.tx_hangs++;
  const ring = a.tx_ring;
  const first = ring.next_to_clean;
  const eop = ring.watch[first];
  const lines: readonly (readonly [string, number])[] = [
    ['  TDH                  ', tdh],
    ['  TDT                  ', tdt],
    ['  next_to_use          ', ring.next_to_use],
    ['  next_to_clean        ', first],
    ['  time_stamp           ', ring.stamp[first]],
    ['  next_to_watch        ', eop],
    ['  jiffies              ', jiffies(a.net)],
    ['  next_to_watch.status ', a.net.arena.i32[(ring.dma + eop * 16 + 12) >> 2]],
    ['MAC Status             ', readl(a.io, E1000_STATUS)],
    ['PHY Status             ', e1000_read_phy_locked(a.io, MII_BMSR)],
    ['PHY 1000BASE-T Status  ', e1000_read_phy_locked(a.io, MII_STAT1000)],
    ['PHY Extended Status    ', e1000_read_phy_locked(a.io, MII_ESTATUS)],
    ['PCI Status             ', pci_read_config_word(a.pdev, PCI_STATUS)],
  ];
  const { log } = a.irqs;
  log.print(`e1000e ${a.pdev.name} ${a.dev.name}: Detected Hardware Unit Hang:`);
  for (const [name, value] of lines) log.print(`${name}<${(value >>> 0).toString(16)}>`);
}

/**
 * `e1000e_flush_descriptors`: what the delay timers hold back is written back and reported now. Written twice, as the kernel driver does
 * because the chip may miss one.
 */
export function e1000e_flush_descriptors(a: E1000Adapter): void {
  const { io, settings } = a;
  if (settings.tx_int_delay === 0 && settings.rx_int_delay === 0) return;
  for (let i = 0; i < 2; i++) {
    writel(io, E1000_TIDV, settings.tx_int_delay | E1000_FPD);
    writel(io, E1000_RDTR, settings.rx_int_delay | E1000_FPD);
    e1e_flush(io);
  }
}
