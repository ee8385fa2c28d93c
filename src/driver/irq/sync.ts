import { EBUSY, EINVAL } from '../../uapi/index.js';
import {
  FLOW_EDGE,
  IRQCHIP_NO_VECTOR,
  IRQF_TRIGGER_HIGH,
  IRQF_TRIGGER_LOW,
  IRQS_DISABLED,
  IRQS_INPROGRESS,
  IRQS_PENDING,
  IRQS_REPLAY,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { unmask_irq } from './mask.js';
import { IRQTF_FINALIZE, type IrqThread } from './thread.js';

/** The line's handlers, with `threads` its threads too, are not under way, and no interrupt of it waits in a CPU. */
function quiet(irqs: IrqCore, desc: IrqDesc, threads: boolean): boolean {
  if ((desc.state & IRQS_INPROGRESS) !== 0 || desc.busy_cpu >= 0) return false;
  if (threads && desc.threads_active !== 0) return false;
  return !requested(irqs, desc.cpu, desc.vector) && !requested(irqs, desc.old_cpu, desc.old_vector);
}

function requested(irqs: IrqCore, cpu: number, vector: number): boolean {
  return vector >= 0 && irqs.cpus.cpus[cpu].lapic?.requested?.(vector) === true;
}

/**
 * `synchronize_irq`, without the sleep: a block cannot wait. True: no handler or thread of the line is under way, and no interrupt
 * waits in a CPU. False: something is; `targets[target].handle(op, a, irq)` is called once it is not (unless `target` is -1), as an
 * effect of the block that ended it.
 */
export function synchronize_irq(
  irqs: IrqCore,
  irq: number,
  target: number = -1,
  op: number = 0,
  a: number = 0,
): boolean {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return true;
  return irq_wait_quiet(irqs, desc, true, target, op, a);
}

/**
 * `synchronize_hardirq`: false when a thread of the line is active, or its handlers are under way on another CPU (where Linux would
 * spin until they end).
 */
export function synchronize_hardirq(irqs: IrqCore, irq: number): boolean {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return true;
  return desc.threads_active === 0 && desc.busy_cpu < 0 && (desc.state & IRQS_INPROGRESS) === 0;
}

/** True: quiet now. False: the completion follows. */
export function irq_wait_quiet(
  irqs: IrqCore,
  desc: IrqDesc,
  threads: boolean,
  target: number,
  op: number,
  a: number,
): boolean {
  if (quiet(irqs, desc, threads)) return true;
  if (target >= 0) desc.waiters.push({ target, op, a, threads });
  return false;
}

/** Tells those who waited for a line that is quiet now. Between blocks. */
export function irq_settle(irqs: IrqCore, desc: IrqDesc): void {
  for (let i = 0; i < desc.waiters.length; ) {
    const w = desc.waiters[i];
    if (quiet(irqs, desc, w.threads)) {
      desc.waiters.splice(i, 1);
      irqs.rc.sim.targets[w.target].handle(w.op, w.a, desc.irq);
    } else {
      i++;
    }
  }
}

/**
 * The block of `cpu` with the line's handlers has ended. An edge that came to another CPU meanwhile makes them run once more; threads that
 * waited to unmask go on.
 */
export function irq_block_done(irqs: IrqCore, desc: IrqDesc, cpu: number): void {
  if ((desc.state & IRQS_INPROGRESS) !== 0 || desc.busy_cpu !== cpu) return;
  desc.busy_cpu = -1;
  if (
    (desc.state & (IRQS_PENDING | IRQS_DISABLED)) === IRQS_PENDING &&
    desc.flow === FLOW_EDGE &&
    desc.actions.length !== 0
  ) {
    unmask_irq(desc);
    check_irq_resend(irqs, desc);
  }
  if (desc.threads_active !== 0) wake_finalizers(irqs, desc);
  if (desc.waiters.length !== 0) irq_settle(irqs, desc);
}

function wake_finalizers(irqs: IrqCore, desc: IrqDesc): void {
  for (const list of [desc.actions, desc.stopping]) {
    for (const { thread } of list) {
      if (thread !== null && (thread.flags & IRQTF_FINALIZE) !== 0) irqs.cpus.wake_up_process(thread.task);
    }
  }
}

/** `wake_threads_waitq`: a thread's run has ended. Between blocks. */
export function wake_threads_waitq(irqs: IrqCore, desc: IrqDesc): void {
  if (--desc.threads_active === 0 && desc.waiters.length !== 0) irq_settle(irqs, desc);
}

/** The thread of a freed handler has ended: `free_irq` is complete once no other CPU runs the line's handlers. */
export function irq_thread_exited(irqs: IrqCore, thread: IrqThread): void {
  const { action, desc, slot } = thread;
  irqs.threads[slot] = null;
  action.thread = null;
  desc.stopping.splice(desc.stopping.indexOf(action), 1);
  irq_free_complete(irqs, desc, action.free_target, action.free_op, action.free_a);
}

/** Calls the completion of a `free_irq` when the line's hard handlers are quiet. */
export function irq_free_complete(irqs: IrqCore, desc: IrqDesc, target: number, op: number, a: number): void {
  if (target < 0 || !irq_wait_quiet(irqs, desc, false, target, op, a)) return;
  irqs.cpus.smp_processor().effect(target, op, a, desc.irq);
}

/**
 * `check_irq_resend`: a level line that is still asserted comes by itself; an edge that was missed is sent again, once. 0, -EINVAL
 * (level, or no way to send), -EBUSY (sent already, not arrived yet).
 */
export function check_irq_resend(irqs: IrqCore, desc: IrqDesc): number {
  if ((desc.trigger & (IRQF_TRIGGER_HIGH | IRQF_TRIGGER_LOW)) !== 0) {
    desc.state &= ~IRQS_PENDING;
    return -EINVAL;
  }
  if ((desc.state & IRQS_REPLAY) !== 0) return -EBUSY;
  if ((desc.state & IRQS_PENDING) === 0) return 0;
  desc.state &= ~IRQS_PENDING;
  if ((desc.chip.flags & IRQCHIP_NO_VECTOR) === 0) irqs.retrigger(desc);
  else if (!irqs.queue_sw_resend(desc.irq)) return -EINVAL;
  desc.state |= IRQS_REPLAY;
  return 0;
}
