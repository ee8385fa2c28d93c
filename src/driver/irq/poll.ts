import {
  IRQ_HANDLED,
  IRQ_IS_POLLED,
  IRQ_NESTED_THREAD,
  IRQ_NONE,
  IRQD_PER_CPU,
  IRQF_IRQPOLL,
  IRQF_SHARED,
  IRQS_DISABLED,
  IRQS_INPROGRESS,
  IRQS_PENDING,
  IRQS_POLL_INPROGRESS,
  IRQS_SPURIOUS_DISABLED,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { handle_irq_event } from './handle.js';
import { arm_spurious_poll } from './spurious.js';

/** `poll_spurious_irqs`: calls the handlers of each line that was switched off, in a TIMER softirq; again while there is one. */
export function poll_spurious_irqs(core: IrqCore): void {
  let more = false;
  for (const desc of core.descs) {
    if (desc === null || (desc.state & IRQS_SPURIOUS_DISABLED) === 0) continue;
    more = true;
    if (!core.polling) poll_one(core, desc, true);
  }
  if (more) arm_spurious_poll(core);
}

function poll_one(core: IrqCore, desc: IrqDesc, force: boolean): boolean {
  core.polling = true;
  const handled = try_one_irq(core, desc, force);
  core.polling = false;
  return handled;
}

/** `try_one_irq`: the handlers of a shared line, as long as interrupts come meanwhile. True: one of them had something to do. */
function try_one_irq(core: IrqCore, desc: IrqDesc, force: boolean): boolean {
  const never = (desc.state & IRQD_PER_CPU) | (desc.settings & (IRQ_NESTED_THREAD | IRQ_IS_POLLED));
  if (never !== 0 || (!force && (desc.state & IRQS_DISABLED) !== 0)) return false;
  if (desc.actions.length === 0 || (desc.actions[0].flags & IRQF_SHARED) === 0) return false;
  if ((desc.state & IRQS_INPROGRESS) !== 0 || desc.busy_cpu >= 0) {
    desc.state |= IRQS_PENDING;
    return false;
  }
  const cpu = core.cpus.smp_processor();
  let handled = false;
  desc.state |= IRQS_POLL_INPROGRESS;
  do {
    if (handle_irq_event(core, desc, cpu) === IRQ_HANDLED) handled = true;
  } while ((desc.state & IRQS_PENDING) !== 0 && desc.actions.length !== 0);
  desc.state &= ~IRQS_POLL_INPROGRESS;
  if (core.smp) core.block_end(desc, cpu);
  return handled;
}

/** `misrouted_irq`: with the boot options `irqfixup` and `irqpoll` an interrupt may be some other line's. */
export function misrouted_irq(core: IrqCore, desc: IrqDesc, ret: number): void {
  const always = core.irqfixup > 1 && ((desc.actions[0]?.flags ?? 0) & IRQF_IRQPOLL) !== 0;
  if ((ret !== IRQ_NONE && !always) || core.polling) return;
  let ok = 0;
  for (const other of core.descs) {
    if (other !== null && other.irq !== 0 && other !== desc && poll_one(core, other, false)) ok = 1;
  }
  if (ret === IRQ_NONE) desc.irqs_unhandled -= ok;
}
