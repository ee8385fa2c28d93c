import { IRQS_MASKED } from './constants.js';
import type { IrqDesc } from './desc.js';

/** Masks at the controller, once. */
export function mask_irq(desc: IrqDesc): void {
  if ((desc.state & IRQS_MASKED) !== 0) return;
  desc.state |= IRQS_MASKED;
  desc.chip.mask(desc);
}

/** Unmasks at the controller, if it is masked. */
export function unmask_irq(desc: IrqDesc): void {
  if ((desc.state & IRQS_MASKED) === 0) return;
  desc.state &= ~IRQS_MASKED;
  desc.chip.unmask(desc);
}
