import { napi_disable, napi_enable } from '../../napi/index.js';
import { netif_carrier_off, netif_start_queue, netif_stop_queue } from '../../skbuff/index.js';
import { EBUSY, ENODEV } from '../../uapi/index.js';
import { writel } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_configure } from './configure.js';
import { OP_NAPI_DISABLED } from './events.js';
import { e1000_configure_fc } from './flow-control.js';
import { e1e_flush, e1000_rar_set, e1000_reset_hw, e1000_setup_link } from './hw.js';
import { e1000_configure_msix, e1000_free_irq, e1000_irq_disable, e1000_irq_enable, e1000_request_irq } from './irq.js';
import { e1000_check_link } from './link.js';
import { E1000_RCTL, E1000_RCTL_EN, E1000_TCTL, E1000_TCTL_PSP } from './regs.js';
import { e1000e_clean_ring, e1000e_free_ring, e1000e_setup_ring } from './ring.js';
import { e1000_take_next_rings } from './switch.js';
import { e1000_test_msi_cancel, e1000_test_msi_start } from './test-msi.js';
import { e1000_watchdog_start, e1000_watchdog_stop } from './watchdog-timer.js';

/** What follows when a stopped device has no poll under way any more; of several the highest bit decides. */
export const NEXT_SWITCH = 1;
/** Nothing, until `e1000e_restart` or a close: the function is being reset by the bus. */
export const NEXT_PARK = 2;
export const NEXT_RESET = 4;
export const NEXT_FREEZE = 8;
export const NEXT_CLOSE = 16;

/**
 * `e1000e_open`: rings, registers, interrupt, then receive. 0, -ENOMEM, -EIO (chip or PHY do not answer), the result of
 * `request_irq`, -ENODEV while asleep, or -EBUSY while the last close still waits for a poll under way.
 */
export function e1000e_open(a: E1000Adapter): number {
  if (a.closing) return -EBUSY;
  if (a.suspended) return -ENODEV;
  netif_carrier_off(a.dev);
  e1000_take_next_rings(a);
  let err = e1000e_setup_ring(a.net, a.tx_ring);
  if (err === 0) err = e1000e_setup_ring(a.net, a.rx_ring);
  if (err === 0) err = e1000_reset_hw(a.io);
  if (err === 0) err = e1000_request_irq(a);
  if (err !== 0) {
    free_rings(a);
    return err;
  }
  a.opened = true;
  err = e1000e_up(a);
  if (err !== 0) {
    e1000e_close(a);
    return err;
  }
  e1000_test_msi_start(a);
  return 0;
}

/** `e1000e_up`: the chip has been reset, the rings are empty; from here on it works. 0, or -EIO when the PHY does not answer. */
export function e1000e_up(a: E1000Adapter): number {
  a.discarding = a.detect_tx_hung = a.tx_hang_recheck = a.tx_hung = false;
  a.mta.fill(0);
  a.down = false;
  e1000_configure(a);
  e1000_configure_msix(a);
  napi_enable(a.napi);
  netif_start_queue(a.dev);
  e1000_irq_enable(a);
  const err = e1000e_start_link(a);
  if (err !== 0) return err;
  e1000_watchdog_start(a);
  return 0;
}

/** The link begins to come up; one that needs no time for it is noticed at once. 0 or -EIO. */
function e1000e_start_link(a: E1000Adapter): number {
  e1000_configure_fc(a);
  const err = e1000_setup_link(a.io, a.link);
  if (err === 0) e1000_check_link(a);
  return err;
}

/**
 * `e1000e_down`: interrupts, queue, receiver and transmitter off. When a poll is under way the rest waits until it ends (a block cannot
 * sleep); then `next` follows. Several stops at a time become one.
 */
export function e1000e_down(a: E1000Adapter, next: number): void {
  if (a.next <= NEXT_SWITCH && next > NEXT_SWITCH) stop_traffic(a);
  a.next |= next;
  if (a.closing) {
    e1e_flush(a.io);
    return;
  }
  a.closing = true;
  a.down = true;
  a.nextEpoch();
  netif_stop_queue(a.dev);
  e1000_irq_disable(a);
  e1000_watchdog_stop(a);
  e1000_test_msi_cancel(a);
  if (napi_disable(a.napi, a.target, OP_NAPI_DISABLED, 0)) a.handle(OP_NAPI_DISABLED, 0, 0);
}

/** Receiver and transmitter off, and the link given up: packets that wait in the queue are dropped. */
function stop_traffic(a: E1000Adapter): void {
  a.down = true;
  netif_carrier_off(a.dev);
  a.rctl &= ~E1000_RCTL_EN;
  writel(a.io, E1000_RCTL, a.rctl);
  writel(a.io, E1000_TCTL, E1000_TCTL_PSP);
}

/** Reset, then up again with empty rings, which may be new ones. Without an answer of the PHY the device stays without a link. */
export function e1000e_restart(a: E1000Adapter): void {
  a.resets++;
  a.halted = false;
  const err = e1000_reset_hw(a.io);
  e1000_clean_rings(a);
  e1000_take_next_rings(a);
  if ((e1000e_up(a) | err) !== 0) a.irqs.log.print(`e1000e ${a.pdev.name} ${a.dev.name}: Hardware Error`);
}

/** A full reset, so that no DMA is under way, then interrupt and rings go. */
export function e1000_finish_close(a: E1000Adapter): void {
  e1000_reset_hw(a.io);
  e1000_free_irq(a);
  e1000_close_rings(a);
}

/** Rings and buffers of a device that will not use them any more. */
export function e1000_close_rings(a: E1000Adapter): void {
  a.opened = a.halted = false;
  free_rings(a);
  e1000_take_next_rings(a);
  free_rings(a);
}

/** `e1000e_reinit_locked`: takes an open device down, resets it and brings it up. Does nothing while it is down for something else. */
export function e1000e_reinit_locked(a: E1000Adapter): void {
  if (a.opened && !a.halted) e1000e_down(a, NEXT_RESET);
}

/**
 * `e1000e_close`: stops receiver, transmitter and interrupts, then frees everything; with a poll under way, when that has ended. Until then
 * an open gives -EBUSY.
 */
export function e1000e_close(a: E1000Adapter): number {
  if (!a.opened) return 0;
  if (a.suspended) e1000_close_rings(a);
  else if (a.halted) e1000_finish_close(a);
  else e1000e_down(a, NEXT_CLOSE);
  return 0;
}

export function e1000_clean_rings(a: E1000Adapter): void {
  e1000e_clean_ring(a.net, a.tx_ring, false);
  e1000e_clean_ring(a.net, a.rx_ring, true);
}

function free_rings(a: E1000Adapter): void {
  e1000e_free_ring(a.net, a.tx_ring, false);
  e1000e_free_ring(a.net, a.rx_ring, true);
}

/** `e1000_set_mac`: the filter takes the new address at once when open. 0. */
export function e1000_change_mac(a: E1000Adapter, addr: Uint8Array): number {
  if (!a.down) e1000_rar_set(a.io, 0, addr);
  return 0;
}
