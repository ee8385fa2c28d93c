import { irq_setup_affinity } from './affinity.js';
import { IRQ_DISABLE_UNLAZY, IRQS_DISABLED, IRQS_MASKED, IRQS_REPLAY, IRQS_STARTED } from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { mask_irq, unmask_irq } from './mask.js';
import { check_irq_resend, irq_wait_quiet, synchronize_hardirq } from './sync.js';

/** `irq_disable`: lazy; hardware is masked when the next interrupt comes, or now with IRQ_DISABLE_UNLAZY. */
export function irq_disable(desc: IrqDesc): void {
  desc.state |= IRQS_DISABLED;
  if ((desc.settings & IRQ_DISABLE_UNLAZY) !== 0) mask_irq(desc);
}

/**
 * `disable_irq_nosync`: nests. Lazy: the line is masked only when the next interrupt arrives, which is remembered. Handlers and
 * threads under way go on. Unknown numbers are ignored.
 */
export function disable_irq_nosync(irqs: IrqCore, irq: number): void {
  const desc = irqs.irq_to_desc(irq);
  if (desc !== null && desc.depth++ === 0) irq_disable(desc);
}

/**
 * `disable_irq`: as {@link disable_irq_nosync}, then waits, without the sleep: true when no handler or thread of the line is under
 * way; else false, and `targets[target].handle(op, a, irq)` is called once that is so (unless `target` is -1).
 */
export function disable_irq(irqs: IrqCore, irq: number, target: number = -1, op: number = 0, a: number = 0): boolean {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return true;
  disable_irq_nosync(irqs, irq);
  return irq_wait_quiet(irqs, desc, true, target, op, a);
}

/** `disable_hardirq`: false when a thread of the line is active (or its handlers are, on another CPU), or the number is unknown. */
export function disable_hardirq(irqs: IrqCore, irq: number): boolean {
  if (irqs.irq_to_desc(irq) === null) return false;
  disable_irq_nosync(irqs, irq);
  return synchronize_hardirq(irqs, irq);
}

/** `enable_irq`: undoes one `disable_irq`; the last one lets the line pass and delivers what is pending. */
export function enable_irq(irqs: IrqCore, irq: number): void {
  const desc = irqs.irq_to_desc(irq);
  if (desc !== null) __enable_irq(irqs, desc);
}

/** As `enable_irq`. A line without handlers counts as unbalanced; the kernel would start it. */
export function __enable_irq(irqs: IrqCore, desc: IrqDesc): void {
  if (desc.depth === 0 || desc.actions.length === 0) {
    irqs.log.print(`Unbalanced enable for IRQ ${desc.irq}`);
  } else if (desc.depth > 1) {
    desc.depth--;
  } else {
    irq_startup(irqs, desc);
  }
}

/**
 * `irq_activate`: a vector on a CPU the line may go to, if its controller needs one. False when none is free.
 */
export function irq_activate(irqs: IrqCore, desc: IrqDesc, needs_vector: boolean): boolean {
  irq_setup_affinity(irqs, desc);
  return !needs_vector || desc.vector >= 0 || irqs.assign_vector(desc);
}

/** `irq_startup` with resend: lets the line pass, and delivers what was pending. It must be activated. */
export function irq_startup(irqs: IrqCore, desc: IrqDesc): void {
  desc.depth = 0;
  desc.state &= ~IRQS_DISABLED;
  if ((desc.state & IRQS_STARTED) !== 0) {
    unmask_irq(desc);
  } else {
    desc.state = (desc.state & ~(IRQS_MASKED | IRQS_REPLAY)) | IRQS_STARTED;
    desc.chip.startup(desc);
  }
  check_irq_resend(irqs, desc);
}

/** `irq_shutdown`, and the vector given back. */
export function irq_shutdown(irqs: IrqCore, desc: IrqDesc): void {
  const started = (desc.state & IRQS_STARTED) !== 0;
  if (started) {
    desc.depth = 1;
    desc.state = (desc.state & ~IRQS_STARTED) | IRQS_DISABLED | IRQS_MASKED;
  }
  // Before the chip is told: a pin without a vector loses its Remote IRR too, which nobody would end any more.
  irqs.release_vector(desc);
  if (started) desc.chip.shutdown(desc);
}
