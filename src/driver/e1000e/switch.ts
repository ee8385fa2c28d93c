import { napi_enable } from '../../napi/index.js';
import {
  __skb_queue_head,
  __skb_queue_tail,
  consume_skb,
  kfree_skb_reason,
  netif_carrier_ok,
  netif_wake_queue,
  SKB_DROP_REASON_DEV_READY,
  type SkBuff,
  skb_dequeue,
  skb_ring_take,
} from '../../skbuff/index.js';
import { writel } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_program_rx_ring, e1000_program_tx_ring, e1000_start_rx, e1000_start_tx } from './configure.js';
import { e1e_flush } from './hw.js';
import { e1000_irq_enable } from './irq.js';
import {
  E1000_ICR_RXDMT0,
  E1000_ICR_RXQ0,
  E1000_ICS,
  E1000_RCTL,
  E1000_RCTL_EN,
  E1000_RXD_STAT_DD,
  E1000_TCTL,
  E1000_TCTL_PSP,
} from './regs.js';
import { type E1000Ring, e1000_blank_ring, e1000_desc_unused, e1000e_clean_ring, e1000e_free_ring } from './ring.js';
import { e1000_rx_bad_frame, e1000_rx_reject } from './rx.js';
import { e1000_clean_tx_one, e1000_post_tail, e1000_tx_queue, TX_STOP } from './tx.js';
import { e1000_watchdog_start } from './watchdog-timer.js';

/** The rings prepared for the next start take the place of those in use, which hold nothing any more. */
export function e1000_take_next_rings(a: E1000Adapter): void {
  if (a.next_tx_ring !== null) {
    e1000e_free_ring(a.net, a.tx_ring, false);
    a.tx_ring = a.next_tx_ring;
    a.next_tx_ring = null;
  }
  if (a.next_rx_ring !== null) {
    e1000e_free_ring(a.net, a.rx_ring, true);
    a.next_rx_ring.purged = a.rx_ring.purged;
    a.rx_ring = a.next_rx_ring;
    a.next_rx_ring = null;
  }
  a.rx_buffer_len = a.next_rx_buffer_len;
}

/**
 * Other rings, or receive buffers of another length, under traffic: no poll is under way, and in one instant the chip is stopped, its rings
 * are replaced and it goes on. Nothing is lost: received frames wait in `held` for the next poll, packets not yet sent are queued
 * again, the receive FIFO of the chip keeps what is in it. Only what changes is touched. (The kernel driver resets the chip, which
 * loses all of that and the link.)
 */
export function e1000_switch_rings(a: E1000Adapter): void {
  const { io } = a;
  a.down = false;
  if (a.next_rx_ring !== null || a.next_rx_buffer_len !== a.rx_buffer_len) {
    writel(io, E1000_RCTL, a.rctl & ~E1000_RCTL_EN);
    e1e_flush(io);
    hold_received(a);
    replace_rx(a);
  }
  if (a.next_tx_ring !== null) {
    writel(io, E1000_TCTL, E1000_TCTL_PSP);
    e1e_flush(io);
    replace_tx(a);
  }
  napi_enable(a.napi);
  e1000_irq_enable(a);
  writel(io, E1000_ICS, a.vectors === 1 ? E1000_ICR_RXDMT0 : E1000_ICR_RXQ0);
  e1000_watchdog_start(a);
  if (netif_carrier_ok(a.dev) && !a.tx_hung && e1000_desc_unused(a.tx_ring) >= TX_STOP) netif_wake_queue(a.dev);
}

/** Takes the received frames off the ring, in order; bad ones are rejected as a poll would. */
function hold_received(a: E1000Adapter): void {
  const ring = a.rx_ring;
  for (;;) {
    const i = ring.next_to_clean;
    const at = (ring.dma + i * 16) >> 2;
    const i32 = a.net.arena.i32;
    const staterr = i32[at + 2];
    const skb = ring.skbs[i];
    if (skb === null || (staterr & E1000_RXD_STAT_DD) === 0) return;
    const length = i32[at + 3] & 0xffff;
    i32[at + 2] = 0;
    ring.next_to_clean = i + 1 === ring.count ? 0 : i + 1;
    if (e1000_rx_bad_frame(a, staterr, length)) {
      e1000_rx_reject(a, skb);
      continue;
    }
    ring.skbs[i] = null;
    skb_ring_take(skb);
    skb.cb0 = staterr;
    skb.cb1 = length;
    __skb_queue_tail(a.held, skb);
  }
}

function replace_rx(a: E1000Adapter): void {
  const old = a.rx_ring;
  const next = a.next_rx_ring;
  if (next === null) e1000e_clean_ring(a.net, old, true);
  else {
    e1000e_free_ring(a.net, old, true);
    next.purged = old.purged;
    a.rx_ring = next;
    a.next_rx_ring = null;
  }
  a.rx_buffer_len = a.next_rx_buffer_len;
  a.discarding = false;
  e1000_program_rx_ring(a);
  e1000_start_rx(a);
}

/** Packets that the chip has not reported sent have not been sent. */
function replace_tx(a: E1000Adapter): void {
  while (e1000_clean_tx_one(a));
  const old = a.tx_ring;
  const unsent = take_unsent(old);
  e1000_blank_ring(a.net, old);
  e1000e_free_ring(a.net, old, false);
  a.tx_ring = a.next_tx_ring as E1000Ring;
  a.next_tx_ring = null;
  e1000_program_tx_ring(a);
  e1000_start_tx(a);
  requeue(a, unsent);
  e1000_post_tail(a);
}

/** In the order they were queued in. */
function take_unsent(ring: E1000Ring): SkBuff[] {
  const unsent: SkBuff[] = [];
  for (let i = ring.next_to_clean; i !== ring.next_to_use; ) {
    const last = ring.watch[i];
    unsent.push(ring.skbs[last] as SkBuff);
    i = last + 1 === ring.count ? 0 : last + 1;
  }
  return unsent;
}

/** As many as fit go onto the new ring, the rest to the front of the device's queue, which waits as the ring is full. */
function requeue(a: E1000Adapter, unsent: readonly SkBuff[]): void {
  const { dev } = a;
  let n = 0;
  while (n < unsent.length && e1000_desc_unused(a.tx_ring) >= TX_STOP) e1000_tx_queue(a, unsent[n++] as SkBuff);
  for (let i = unsent.length - 1; i >= n; i--) {
    const skb = unsent[i] as SkBuff;
    if (dev.qdisc.active) {
      dev.qdisc.requeues++;
      __skb_queue_head(dev.qdisc.queue, skb);
    } else {
      dev.stats.tx_dropped++;
      consume_skb(skb);
    }
  }
}

/** The device goes down with frames held: they are dropped as those on the ring are. */
export function e1000_purge_held(a: E1000Adapter): void {
  for (let skb = skb_dequeue(a.held); skb !== null; skb = skb_dequeue(a.held)) {
    a.rx_ring.purged++;
    kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
  }
}
