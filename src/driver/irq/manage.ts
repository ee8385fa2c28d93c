import { CTX_HARDIRQ } from '../../cpu/index.js';
import { EBUSY, EINVAL, ENOTCONN } from '../../uapi/index.js';
import {
  FLOW_FASTEOI,
  IRQ_NOTCONNECTED,
  IRQF_COND_ONESHOT,
  IRQF_COND_SUSPEND,
  IRQF_NO_AUTOEN,
  IRQF_NO_SUSPEND,
  IRQF_ONESHOT,
  IRQF_PERCPU,
  IRQF_PROBE_SHARED,
  IRQF_SHARED,
  IRQF_TRIGGER_MASK,
  IRQS_DISABLED,
  IRQS_INPROGRESS,
  IRQS_MASKED,
  IRQS_PENDING,
  IRQS_SPURIOUS_DISABLED,
  IRQS_STARTED,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqAction, IrqDesc, IrqHandler } from './desc.js';
import { unmask_irq } from './mask.js';

/**
 * `request_irq`: from now on `handler(irq, dev_id)` is called for interrupt `irq`, in a HARDIRQ block. Returns 0, or
 * -ENOTCONN (irq is IRQ_NOTCONNECTED), -EINVAL (no such irq, no handler, a contradiction of flags, SHARED without dev_id) or
 * -EBUSY (the line has handlers that do not share it with these flags). Followed: kernel/irq/manage.c,
 * `request_threaded_irq` and `__setup_irq`. There are no threaded handlers.
 */
export function request_irq<T>(
  irqs: IrqCore,
  irq: number,
  handler: IrqHandler<T> | null,
  flags: number,
  name: string,
  dev_id: T,
): number {
  if (irq === IRQ_NOTCONNECTED) return -ENOTCONN;
  const contradiction =
    ((flags & IRQF_SHARED) !== 0 && (dev_id === null || dev_id === undefined || (flags & IRQF_NO_AUTOEN) !== 0)) ||
    ((flags & IRQF_SHARED) === 0 && (flags & IRQF_COND_SUSPEND) !== 0) ||
    ((flags & IRQF_NO_SUSPEND) !== 0 && (flags & IRQF_COND_SUSPEND) !== 0);
  if (contradiction) return -EINVAL;
  const desc = irqs.irq_to_desc(irq);
  if (desc === null || handler === null) return -EINVAL;
  return setup_irq(irqs, desc, { handler: handler as IrqHandler<unknown>, flags, name, dev_id });
}

function setup_irq(irqs: IrqCore, desc: IrqDesc, action: IrqAction): number {
  if ((action.flags & IRQF_TRIGGER_MASK) === 0) action.flags |= desc.trigger;
  const old = desc.actions[0];
  if (old !== undefined) {
    if ((old.flags & IRQF_ONESHOT) !== 0 && (action.flags & IRQF_COND_ONESHOT) !== 0) action.flags |= IRQF_ONESHOT;
    if (!shares(desc, old, action)) return mismatch(irqs, desc, old, action);
    desc.actions.push(action);
  } else {
    desc.trigger = first_trigger(desc, action);
    desc.state &= ~(IRQS_SPURIOUS_DISABLED | IRQS_INPROGRESS | IRQS_PENDING);
    desc.actions.push(action);
    if ((action.flags & IRQF_NO_AUTOEN) === 0) irq_startup(irqs, desc);
    else desc.depth = 1;
  }
  desc.irq_count = 0;
  desc.irqs_unhandled = 0;
  if (old !== undefined && (desc.state & IRQS_SPURIOUS_DISABLED) !== 0) {
    desc.state &= ~IRQS_SPURIOUS_DISABLED;
    enable_desc(irqs, desc);
  }
  return 0;
}

/** The IO-APIC and MSI have no way to set a type: what a first handler asks for is only remembered for comparison. */
function first_trigger(desc: IrqDesc, action: IrqAction): number {
  return desc.flow === FLOW_FASTEOI ? desc.trigger : action.flags & IRQF_TRIGGER_MASK;
}

function shares(desc: IrqDesc, old: IrqAction, action: IrqAction): boolean {
  return (
    (old.flags & action.flags & IRQF_SHARED) !== 0 &&
    desc.trigger === (action.flags & IRQF_TRIGGER_MASK) &&
    ((old.flags ^ action.flags) & (IRQF_ONESHOT | IRQF_PERCPU)) === 0
  );
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

/** Gives the line a vector and lets it pass. */
function irq_startup(irqs: IrqCore, desc: IrqDesc): void {
  desc.depth = 0;
  desc.state = (desc.state & ~(IRQS_DISABLED | IRQS_MASKED)) | IRQS_STARTED;
  if (desc.vector < 0) irqs.assign_vector(desc);
  desc.chip.startup(desc);
}

function irq_shutdown(irqs: IrqCore, desc: IrqDesc): void {
  desc.depth = 1;
  if ((desc.state & IRQS_STARTED) !== 0) desc.chip.shutdown(desc);
  desc.state = (desc.state & ~IRQS_STARTED) | IRQS_DISABLED | IRQS_MASKED;
  irqs.release_vector(desc);
}

/**
 * `free_irq`: removes the first handler registered with `dev_id` and returns its name; null, with a line in the log, when there
 * is none. The last one shuts the line down.
 */
export function free_irq<T>(irqs: IrqCore, irq: number, dev_id: T): string | null {
  const cpu = irqs.cpus.current;
  if (cpu !== null && cpu.ctx === CTX_HARDIRQ) irqs.log.print(`Trying to free IRQ ${irq} from IRQ context!`);
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return null;
  const at = desc.actions.findIndex((a) => a.dev_id === dev_id);
  if (at < 0) {
    irqs.log.print(`Trying to free already-free IRQ ${irq}`);
    return null;
  }
  const name = desc.actions[at].name;
  desc.actions.splice(at, 1);
  if (desc.actions.length === 0) irq_shutdown(irqs, desc);
  return name;
}

/**
 * `disable_irq`: nests. Lazy: the line is masked only when the next interrupt arrives, which is remembered. Handlers run in
 * blocks, so none is under way on return. Unknown numbers are ignored.
 */
export function disable_irq(irqs: IrqCore, irq: number): void {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return;
  if (desc.depth++ === 0) desc.state |= IRQS_DISABLED;
}

/** `enable_irq`: undoes one `disable_irq`; the last one lets the line pass and delivers what is pending. */
export function enable_irq(irqs: IrqCore, irq: number): void {
  const desc = irqs.irq_to_desc(irq);
  if (desc !== null) enable_desc(irqs, desc);
}

function enable_desc(irqs: IrqCore, desc: IrqDesc): void {
  if (desc.depth === 0 || desc.actions.length === 0) {
    irqs.log.print(`Unbalanced enable for IRQ ${desc.irq}`);
    return;
  }
  if (desc.depth > 1) {
    desc.depth--;
    return;
  }
  if ((desc.state & IRQS_STARTED) === 0) {
    irq_startup(irqs, desc);
    return;
  }
  desc.depth = 0;
  desc.state &= ~IRQS_DISABLED;
  unmask_irq(desc);
  check_irq_resend(irqs, desc);
}

/** A level line that is still asserted comes by itself; an edge that was missed is sent again. */
function check_irq_resend(irqs: IrqCore, desc: IrqDesc): void {
  if ((desc.state & IRQS_PENDING) === 0) return;
  desc.state &= ~IRQS_PENDING;
  if (desc.flow !== FLOW_FASTEOI) irqs.resend(desc);
}

/**
 * `irq_set_affinity`: the interrupt goes to one of `cpus` from now on. 0, -EINVAL when none of them exists or the irq does not.
 * What is under way to the old CPU is still handled there.
 */
export function irq_set_affinity(irqs: IrqCore, irq: number, cpus: readonly number[]): number {
  const desc = irqs.irq_to_desc(irq);
  const online = cpus.filter((cpu) => irqs.cpus.cpus[cpu] !== undefined);
  if (desc === null || online.length === 0) return -EINVAL;
  desc.affinity = online;
  if (desc.vector < 0 || online.includes(desc.cpu)) return 0;
  if (desc.old_vector >= 0) return -EBUSY;
  desc.old_cpu = desc.cpu;
  desc.old_vector = desc.vector;
  irqs.assign_vector(desc);
  desc.chip.retarget(desc);
  return 0;
}
