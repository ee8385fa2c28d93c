import { jiffies, netif_carrier_ok } from '../../skbuff/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1000e_update_stats, HW_GORC, HW_GOTC } from './ethtool/stats.js';
import { e1000_writel } from './guarded.js';
import { e1000e_flush_descriptors } from './hang.js';
import { e1000_simple_itr, e1000e_write_itr, ITR_SIMPLIFIED, itr_of_rate } from './itr.js';
import { e1000_check_link } from './link.js';
import { e1000e_reinit_locked } from './netdev.js';
import { E1000_ICR_RXDMT0, E1000_ICR_RXQ0, E1000_ICR_TXQ0, E1000_ICS, E1000_RXD_STAT_DD } from './regs.js';
import { DESC_SIZE, e1000_desc_unused } from './ring.js';
import { e1000_watchdog_start } from './watchdog-timer.js';

/**
 * `e1000_watchdog_task`, every 2 s while the device is up: link, statistics before they stick, moderation in simplified mode, an interrupt
 * that has the rings looked at (one that could not be refilled gets its buffers then), and the check for a hanging transmitter. Runs
 * in the timer's softirq; the kernel driver hands it to a work queue.
 */
export function e1000_watchdog_task(a: E1000Adapter): void {
  if (a.down) return;
  if (a.get_link_status) e1000_check_link(a);
  const { totals } = a.hw_stats;
  const received = totals[HW_GORC];
  const sent = totals[HW_GOTC];
  e1000e_update_stats(a);
  // Without a link nothing leaves the ring, and the link may stay away: the packets are given up.
  if (!netif_carrier_ok(a.dev) && e1000_desc_unused(a.tx_ring) + 1 < a.tx_ring.count) {
    e1000e_reinit_locked(a);
    return;
  }
  const m = a.moderation;
  if (m.setting === ITR_SIMPLIFIED) {
    m.itr = e1000_simple_itr(totals[HW_GOTC] - sent, totals[HW_GORC] - received);
    m.register = itr_of_rate(m.itr);
    e1000e_write_itr(a);
  }
  a.detect_tx_hung = true;
  if (unattended(a)) e1000_writel(a, E1000_ICS, a.vectors === 1 ? E1000_ICR_RXDMT0 : E1000_ICR_RXQ0 | E1000_ICR_TXQ0);
  e1000e_flush_descriptors(a);
  e1000_watchdog_start(a);
}

/**
 * Something is on a ring that no interrupt has brought up: buffers to post, a frame received, packets sent or not. The kernel driver always
 * interrupts, which tells it no more; and with MSI-X it raises only the receive queue, so that a transmitter that hangs with a ring half
 * full goes unnoticed.
 */
function unattended(a: E1000Adapter): boolean {
  const { rx_ring: rx, tx_ring: tx } = a;
  const received = a.net.arena.i32[((rx.dma + rx.next_to_clean * DESC_SIZE) >> 2) + 2] & E1000_RXD_STAT_DD;
  return received !== 0 || e1000_desc_unused(rx) !== 0 || tx.next_to_clean !== tx.next_to_use || a.tx_hung;
}

/** `e1000_tx_timeout` and `e1000_reset_task`: the stack found the stopped queue stuck. The first line is what `dev_watchdog` prints. */
export function e1000_tx_timeout(a: E1000Adapter): void {
  const { dev } = a;
  const { log } = a.irqs;
  a.tx_timeout_count++;
  const ms = Math.trunc((((jiffies(a.net) - dev.trans_start) | 0) * 1000) / a.net.hz);
  const cpu = a.cpus.smp_processor().id;
  const who = `e1000e ${a.pdev.name} ${dev.name}`;
  log.print(`${who}: NETDEV WATCHDOG: CPU: ${cpu}: transmit queue 0 timed out ${ms} ms`);
  if (a.down) return;
  log.print(`${who}: Reset adapter unexpectedly`);
  e1000e_reinit_locked(a);
}
