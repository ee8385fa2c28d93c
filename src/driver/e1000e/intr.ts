import { __napi_schedule, napi_schedule_prep } from '../../napi/index.js';
import { IRQ_HANDLED, IRQ_NONE } from '../irq/index.js';
import { readl } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { E1000_ICR, E1000_ICR_INT_ASSERTED, E1000_ICR_LSC } from './regs.js';

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
  if (napi_schedule_prep(a.napi)) __napi_schedule(a.napi);
}
