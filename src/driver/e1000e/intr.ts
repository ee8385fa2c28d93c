import { __napi_schedule, napi_schedule_prep } from '../../napi/index.js';
import { IRQ_HANDLED, IRQ_NONE } from '../irq/index.js';
import { readl } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_writel } from './guarded.js';
import { e1000_check_tx_hang } from './hang.js';
import { e1000_sample_rx, e1000_sample_tx } from './itr.js';
import {
  E1000_EITR_82574,
  E1000_ICR,
  E1000_ICR_INT_ASSERTED,
  E1000_ICR_LSC,
  E1000_ICR_OTHER,
  E1000_ICR_RXQ0,
  E1000_ICR_TXQ0,
  E1000_ICS,
  E1000_IMS,
  IMS_OTHER_MASK,
} from './regs.js';
import { e1000_clean_tx_one, e1000_tx_wake } from './tx.js';

/** `e1000_intr`: the line may be shared, so ICR decides whose interrupt it is. Reading it masks ours (CTRL_EXT.IAME). */
export function e1000_intr(_irq: number, a: E1000Adapter): number {
  const icr = readl(a.io, E1000_ICR);
  if (icr === 0 || a.down || (icr & E1000_ICR_INT_ASSERTED) === 0) return IRQ_NONE;
  schedule(a, icr);
  return IRQ_HANDLED;
}

/** `e1000_intr_msi`: a message is nobody else's. */
export function e1000_intr_msi(_irq: number, a: E1000Adapter): number {
  schedule(a, readl(a.io, E1000_ICR));
  return IRQ_HANDLED;
}

function schedule(a: E1000Adapter, icr: number): void {
  if ((icr & E1000_ICR_LSC) !== 0) a.get_link_status = true;
  if (!napi_schedule_prep(a.napi)) return;
  if (a.moderation.adaptive) {
    e1000_sample_rx(a);
    e1000_sample_tx(a);
  }
  __napi_schedule(a.napi);
}

/**
 * `e1000_intr_msix_rx`: received packets. Sending the message has masked the cause and cleared it. A rate that the last poll chose takes
 * effect here.
 */
export function e1000_intr_msix_rx(_irq: number, a: E1000Adapter): number {
  const m = a.moderation;
  if (m.pending) {
    m.pending = false;
    e1000_writel(a, E1000_EITR_82574, m.register === 0 ? 1 : m.register);
  }
  if (!napi_schedule_prep(a.napi)) return IRQ_HANDLED;
  if (m.adaptive) e1000_sample_rx(a);
  __napi_schedule(a.napi);
  return IRQ_HANDLED;
}

/** `e1000_clean_tx_irq` at one go, for the interrupt of the transmit queue. False when a whole ring was cleaned and there may be more. */
function e1000_clean_tx_irq(a: E1000Adapter): boolean {
  let left = a.tx_ring.count;
  while (left > 0 && e1000_clean_tx_one(a)) left--;
  e1000_tx_wake(a);
  if (a.detect_tx_hung) e1000_check_tx_hang(a);
  return left > 0;
}

/** `e1000_intr_msix_tx`: sent packets, cleaned here and now. */
export function e1000_intr_msix_tx(_irq: number, a: E1000Adapter): number {
  if (a.down) return IRQ_HANDLED;
  if (a.moderation.adaptive) e1000_sample_tx(a);
  if (!e1000_clean_tx_irq(a)) e1000_writel(a, E1000_ICS, E1000_ICR_TXQ0);
  e1000_writel(a, E1000_IMS, E1000_ICR_TXQ0);
  return IRQ_HANDLED;
}

/**
 * `e1000_msix_other`: link changes and what else there is. Reading ICR has taken the causes of the queues away too, so they are raised
 * again. The link is looked at by the next poll, where the kernel driver starts its watchdog.
 */
export function e1000_msix_other(_irq: number, a: E1000Adapter): number {
  const icr = readl(a.io, E1000_ICR);
  const queues = icr & (E1000_ICR_RXQ0 | E1000_ICR_TXQ0);
  if (queues !== 0) e1000_writel(a, E1000_ICS, queues);
  if ((icr & E1000_ICR_LSC) !== 0) {
    a.get_link_status = true;
    if (napi_schedule_prep(a.napi)) __napi_schedule(a.napi);
  }
  e1000_writel(a, E1000_IMS, E1000_ICR_OTHER | IMS_OTHER_MASK);
  return IRQ_HANDLED;
}
