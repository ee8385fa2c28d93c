import { EBUSY, EINVAL, ENOMEM, ENOSPC, ENOSYS, ENOTCONN } from '../../uapi/index.js';
import { IrqAction, type IrqHandler } from './action.js';
import {
  IRQ_NESTED_THREAD,
  IRQ_NOAUTOEN,
  IRQ_NOREQUEST,
  IRQ_NOTCONNECTED,
  IRQ_PER_CPU_DEVID,
  IRQ_WAKE_THREAD,
  IRQCHIP_NO_VECTOR,
  IRQCHIP_ONESHOT_SAFE,
  IRQD_NO_BALANCING,
  IRQD_PER_CPU,
  IRQF_COND_ONESHOT,
  IRQF_COND_SUSPEND,
  IRQF_NO_AUTOEN,
  IRQF_NO_SUSPEND,
  IRQF_NOBALANCING,
  IRQF_ONESHOT,
  IRQF_PERCPU,
  IRQF_PROBE_SHARED,
  IRQF_SHARED,
  IRQF_TRIGGER_MASK,
  IRQS_INPROGRESS,
  IRQS_NMI,
  IRQS_ONESHOT,
  IRQS_SPURIOUS_DISABLED,
  MAX_ONESHOT_SHARERS,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { __enable_irq, irq_activate, irq_startup } from './enable.js';
import { irq_nested_primary_handler } from './nested.js';
import { IrqThread } from './thread.js';

/** Stands in where a driver gives a thread function alone. */
function irq_default_primary_handler(_irq: number, _dev_id: unknown): number {
  return IRQ_WAKE_THREAD;
}

/**
 * `request_irq`: from now on `handler(irq, dev_id)` is called for interrupt `irq`, in a HARDIRQ block. As
 * {@link request_threaded_irq} without a thread.
 */
export function request_irq<T>(
  irqs: IrqCore,
  irq: number,
  handler: IrqHandler<T> | null,
  flags: number,
  name: string,
  dev_id: T,
): number {
  return request_threaded_irq(irqs, irq, handler, null, flags, name, dev_id);
}

/**
 * `request_threaded_irq`: `handler(irq, dev_id)` is called in a HARDIRQ block; when it returns IRQ_WAKE_THREAD, the kernel thread
 * `irq/N-name` calls `thread_fn(irq, dev_id)` in a block of its own. Without a handler every interrupt wakes the thread, which
 * needs IRQF_ONESHOT (the line stays masked until the thread is done) unless the controller is safe without (messages are).
 *
 * Returns 0, or in this order: -ENOTCONN (irq is IRQ_NOTCONNECTED); -EINVAL (SHARED without dev_id or with NO_AUTOEN; COND_SUSPEND
 * without SHARED or with NO_SUSPEND; no such irq, or it may not be requested; no handler at all); -ENOMEM; -ENOSYS (no controller);
 * -EINVAL (nested without thread function); -ENOMEM (no thread); the controller's own error; -EINVAL (an NMI is not shared);
 * -EBUSY (the line has handlers that do not share it with these flags, or 64 ONESHOT ones); -EINVAL (neither handler nor
 * ONESHOT); the controller's error on the trigger; -ENOSPC (no vector). Followed: kernel/irq/manage.c, `request_threaded_irq`
 * and `__setup_irq`.
 */
export function request_threaded_irq<T>(
  irqs: IrqCore,
  irq: number,
  handler: IrqHandler<T> | null,
  thread_fn: IrqHandler<T> | null,
  flags: number,
  name: string,
  dev_id: T,
): number {
  if (irq === IRQ_NOTCONNECTED) return -ENOTCONN;
  const shared = (flags & IRQF_SHARED) !== 0;
  const contradiction =
    (shared && (dev_id === null || dev_id === undefined || (flags & IRQF_NO_AUTOEN) !== 0)) ||
    (!shared && (flags & IRQF_COND_SUSPEND) !== 0) ||
    ((flags & IRQF_NO_SUSPEND) !== 0 && (flags & IRQF_COND_SUSPEND) !== 0);
  if (contradiction) return -EINVAL;
  const desc = irqs.irq_to_desc(irq);
  if (desc === null || (desc.settings & (IRQ_NOREQUEST | IRQ_PER_CPU_DEVID)) !== 0) return -EINVAL;
  if (handler === null && thread_fn === null) return -EINVAL;
  if (!kzalloc(irqs)) return -ENOMEM;
  const primary = handler === null ? irq_default_primary_handler : (handler as IrqHandler<unknown>);
  return __setup_irq(irqs, desc, new IrqAction(primary, thread_fn as IrqHandler<unknown> | null, flags, name, dev_id));
}

/** False when the allocation is one that is to fail. */
export function kzalloc(irqs: IrqCore): boolean {
  if (irqs.failslab === 0) return true;
  irqs.failslab--;
  return false;
}

function __setup_irq(irqs: IrqCore, desc: IrqDesc, action: IrqAction): number {
  if (desc.chip === irqs.no_irq_chip) return -ENOSYS;
  if ((action.flags & IRQF_TRIGGER_MASK) === 0) action.flags |= desc.trigger;
  const nested = (desc.settings & IRQ_NESTED_THREAD) !== 0;
  if (nested) {
    if (action.thread_fn === null) return -EINVAL;
    action.handler = irq_nested_primary_handler;
  }
  const threaded = action.thread_fn !== null && !nested;
  if (threaded && !kzalloc(irqs)) return -ENOMEM;
  if ((desc.chip.flags & IRQCHIP_ONESHOT_SAFE) !== 0) action.flags &= ~IRQF_ONESHOT;
  const first = desc.actions.length === 0;
  let err = first ? (desc.chip.irq_request_resources?.(desc) ?? 0) : 0;
  if (err !== 0) {
    irqs.log.print(
      `genirq: Failed to request resources for ${action.name} (irq ${desc.irq}) on irqchip ${desc.chip.name}`,
    );
    return err;
  }
  err = admit(irqs, desc, action);
  if (err === 0 && first) err = set_up_line(irqs, desc, action);
  if (err !== 0) {
    if (first) desc.chip.irq_release_resources?.(desc);
    return err;
  }
  if (threaded) action.thread = new IrqThread(irqs, desc, action);
  install(irqs, desc, action, first);
  if (action.thread !== null) irqs.cpus.wake_up_process(action.thread.task);
  return 0;
}

/** Whether the action may join those the line has, and its bit among the ONESHOT ones. 0, -EINVAL or -EBUSY. */
function admit(irqs: IrqCore, desc: IrqDesc, action: IrqAction): number {
  const old = desc.actions[0];
  if (old !== undefined) {
    if ((desc.state & IRQS_NMI) !== 0) {
      irqs.log.print(
        `genirq: Invalid attempt to share NMI for ${action.name} (irq ${desc.irq}) on irqchip ${desc.chip.name}.`,
      );
      return -EINVAL;
    }
    if (desc.trigger === 0) desc.trigger = action.flags & IRQF_TRIGGER_MASK;
    if (!shares(desc, old, action)) return mismatch(irqs, desc, old, action);
  }
  if ((action.flags & IRQF_ONESHOT) !== 0) {
    action.oneshot = free_oneshot(desc);
    if (action.oneshot < 0) return -EBUSY;
  } else if (action.handler === irq_default_primary_handler && (desc.chip.flags & IRQCHIP_ONESHOT_SAFE) === 0) {
    irqs.log.print(
      `genirq: Threaded irq requested with handler=NULL and !ONESHOT for ${action.name} (irq ${desc.irq})`,
    );
    return -EINVAL;
  }
  return 0;
}

/** Both SHARED, same trigger, same ONESHOT (which COND_ONESHOT adopts), same PERCPU. */
function shares(desc: IrqDesc, old: IrqAction, action: IrqAction): boolean {
  if ((old.flags & action.flags & IRQF_SHARED) === 0) return false;
  if (desc.trigger !== (action.flags & IRQF_TRIGGER_MASK)) return false;
  if ((old.flags & IRQF_ONESHOT) !== 0 && (action.flags & IRQF_COND_ONESHOT) !== 0) action.flags |= IRQF_ONESHOT;
  return ((old.flags ^ action.flags) & (IRQF_ONESHOT | IRQF_PERCPU)) === 0;
}

function mismatch(irqs: IrqCore, desc: IrqDesc, old: IrqAction, action: IrqAction): number {
  if ((action.flags & IRQF_PROBE_SHARED) === 0) {
    const f = (n: number): string => n.toString(16).padStart(8, '0');
    irqs.log.print(
      `genirq: Flags mismatch irq ${desc.irq}. ${f(action.flags)} (${action.name}) vs. ${f(old.flags)} (${old.name})`,
    );
  }
  return -EBUSY;
}

/** The lowest bit that no ONESHOT sharer has, threads that are about to end included; -1: none. */
function free_oneshot(desc: IrqDesc): number {
  for (let bit = 0; bit < MAX_ONESHOT_SHARERS; bit++) {
    if (!desc.actions.some((a) => a.oneshot === bit) && !desc.stopping.some((a) => a.oneshot === bit)) return bit;
  }
  return -1;
}

/** The first handler's part: trigger, vector, the state of a fresh line. */
function set_up_line(irqs: IrqCore, desc: IrqDesc, action: IrqAction): number {
  const trigger = action.flags & IRQF_TRIGGER_MASK;
  if (trigger !== 0 && desc.chip.irq_set_type !== undefined) {
    const err = desc.chip.irq_set_type(desc, trigger);
    if (err !== 0) return err;
    desc.trigger = trigger;
  }
  if (!irq_activate(irqs, desc, (desc.chip.flags & IRQCHIP_NO_VECTOR) === 0)) return -ENOSPC;
  desc.state &= ~(IRQS_SPURIOUS_DISABLED | IRQS_ONESHOT | IRQS_INPROGRESS);
  if ((action.flags & IRQF_PERCPU) !== 0) desc.state |= IRQD_PER_CPU;
  if ((action.flags & IRQF_ONESHOT) !== 0) desc.state |= IRQS_ONESHOT;
  if ((action.flags & IRQF_NOBALANCING) !== 0) desc.state |= IRQD_NO_BALANCING;
  return 0;
}

/** Appends the action; the first one starts the line, a later one gives a line that was switched off another chance. */
function install(irqs: IrqCore, desc: IrqDesc, action: IrqAction, first: boolean): void {
  desc.actions.push(action);
  desc.irq_count = 0;
  desc.irqs_unhandled = 0;
  if (first) {
    const waits = (action.flags & IRQF_NO_AUTOEN) !== 0 || (desc.settings & IRQ_NOAUTOEN) !== 0;
    if (waits) desc.depth = 1;
    else irq_startup(irqs, desc);
  } else if ((desc.state & IRQS_SPURIOUS_DISABLED) !== 0) {
    desc.state &= ~IRQS_SPURIOUS_DISABLED;
    __enable_irq(irqs, desc);
  }
}
