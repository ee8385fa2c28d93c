import { EBUSY, EINVAL, ENOMEM, ENOSPC, ENOTCONN } from '../../uapi/index.js';
import { IrqAction, type IrqHandler } from './action.js';
import {
  IRQ_NOREQUEST,
  IRQ_NOTCONNECTED,
  IRQ_PER_CPU_DEVID,
  IRQCHIP_NO_VECTOR,
  IRQCHIP_SUPPORTS_NMI,
  IRQD_PER_CPU,
  IRQF_COND_SUSPEND,
  IRQF_IRQPOLL,
  IRQF_NO_AUTOEN,
  IRQF_PERCPU,
  IRQF_SHARED,
  IRQS_NMI,
} from './constants.js';
import type { IrqCore } from './core.js';
import { irq_activate, irq_shutdown } from './enable.js';
import { kzalloc } from './manage.js';

/**
 * `request_nmi`: a line delivered as NMI: of one CPU, neither shared nor threaded, off until `enable_irq`. 0, -ENOTCONN, -EINVAL (a
 * wrong flag, no handler, no such irq, or a controller without NMIs: IO-APIC and messages of a PC have none), -ENOMEM, -EBUSY (in
 * use) or -ENOSPC. Followed: kernel/irq/manage.c, `request_nmi`; -EBUSY is unverified.
 */
export function request_nmi<T>(
  irqs: IrqCore,
  irq: number,
  handler: IrqHandler<T> | null,
  flags: number,
  name: string,
  dev_id: T,
): number {
  if (irq === IRQ_NOTCONNECTED) return -ENOTCONN;
  if ((flags & (IRQF_SHARED | IRQF_COND_SUSPEND | IRQF_IRQPOLL)) !== 0) return -EINVAL;
  if ((flags & IRQF_PERCPU) === 0 || handler === null) return -EINVAL;
  const desc = irqs.irq_to_desc(irq);
  if (desc === null || (flags & IRQF_NO_AUTOEN) === 0) return -EINVAL;
  if ((desc.settings & (IRQ_NOREQUEST | IRQ_PER_CPU_DEVID)) !== 0) return -EINVAL;
  if ((desc.chip.flags & IRQCHIP_SUPPORTS_NMI) === 0) return -EINVAL;
  if (!kzalloc(irqs)) return -ENOMEM;
  if (desc.actions.length !== 0) return (desc.state & IRQS_NMI) !== 0 ? -EINVAL : -EBUSY;
  if (!irq_activate(irqs, desc, (desc.chip.flags & IRQCHIP_NO_VECTOR) === 0)) return -ENOSPC;
  desc.state |= IRQD_PER_CPU | IRQS_NMI;
  desc.depth = 1;
  desc.actions.push(new IrqAction(handler as IrqHandler<unknown>, null, flags, name, dev_id));
  return 0;
}

/** `free_nmi`: shuts the line down and returns the handler's name; null, with a line in the log, when it is no NMI. */
export function free_nmi(irqs: IrqCore, irq: number): string | null {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null || (desc.state & IRQS_NMI) === 0) {
    irqs.log.print(`Trying to free IRQ ${irq}, which is no NMI`);
    return null;
  }
  const [action] = desc.actions.splice(0);
  irq_shutdown(irqs, desc);
  desc.state &= ~IRQS_NMI;
  return action.name;
}
