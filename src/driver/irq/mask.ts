import { IRQS_DISABLED, IRQS_MASKED } from './constants.js';
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

/** `cond_unmask_irq`: unmasks a line that is not disabled and waits for no ONESHOT thread. */
export function cond_unmask_irq(desc: IrqDesc): void {
  if ((desc.state & (IRQS_DISABLED | IRQS_MASKED)) === IRQS_MASKED && desc.threads_oneshot === 0) unmask_irq(desc);
}
