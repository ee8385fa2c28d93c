import {
  type Cpu,
  type Runnable,
  sched_set_fifo,
  set_cpus_allowed,
  TASK_EXIT,
  TASK_RUN,
  TASK_SLEEP,
  type Task,
} from '../../cpu/index.js';
import { Cloneable } from '../../sim/index.js';
import type { IrqAction } from './action.js';
import { IRQ_HANDLED, IRQ_WAKE_THREAD, IRQS_ONESHOT } from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { cond_unmask_irq } from './mask.js';

/** Bits of `IrqThread.flags`, names of the kernel's: woken for an interrupt; should move to the line's CPU. */
export const IRQTF_RUNTHREAD = 1;
export const IRQTF_AFFINITY = 2;
/** Ours: `free_irq` wants it to end (`kthread_should_stop`); waits for another CPU's handlers before it may unmask. */
export const IRQTF_STOP = 4;
export const IRQTF_FINALIZE = 8;

/**
 * The kernel thread `irq/N-name` of a handler (`irq_thread`): a real-time task on the line's CPU. One call of the thread function
 * is one block.
 */
export class IrqThread extends Cloneable implements Runnable {
  readonly irqs: IrqCore;
  readonly desc: IrqDesc;
  readonly action: IrqAction;
  /** Index in `IrqCore.threads`. */
  readonly slot: number;
  task: Task;
  flags: number;
  /** Its bit in the line's `threads_oneshot` is set. */
  oneshot: boolean;

  constructor(irqs: IrqCore, desc: IrqDesc, action: IrqAction) {
    super();
    this.irqs = irqs;
    this.desc = desc;
    this.action = action;
    let slot = irqs.threads.indexOf(null);
    if (slot < 0) slot = irqs.threads.length;
    this.slot = slot;
    this.flags = IRQTF_AFFINITY;
    this.oneshot = false;
    const cpu = irqs.cpus.cpus[home(desc)];
    this.task = irqs.cpus.newTask(this, `irq/${desc.irq}-${action.name}`, cpu);
    sched_set_fifo(this.task);
    irqs.threads[slot] = this;
  }

  step(cpu: Cpu, _task: Task): number {
    if ((this.flags & IRQTF_FINALIZE) !== 0) return this.finish(cpu);
    if ((this.flags & IRQTF_RUNTHREAD) === 0) {
      if ((this.flags & IRQTF_STOP) === 0) return TASK_SLEEP;
      this.irqs.thread_exit(this);
      return TASK_EXIT;
    }
    this.flags &= ~IRQTF_RUNTHREAD;
    const { action, desc } = this;
    const ret = action.thread_fn === null ? 0 : action.thread_fn(desc.irq, action.dev_id);
    if (ret === IRQ_HANDLED) desc.threads_handled = (desc.threads_handled + 1) | 0;
    else if (ret === IRQ_WAKE_THREAD) this.irqs.log.print(`irq ${desc.irq}: thread of ${action.name} has no secondary`);
    return this.finish(cpu);
  }

  /**
   * `irq_finalize_oneshot`: the last ONESHOT thread of the line unmasks it, unless its interrupt came again. Handlers of the line
   * under way on another CPU are waited for: they may be about to wake this thread.
   */
  private finish(cpu: Cpu): number {
    const { desc } = this;
    if ((desc.state & IRQS_ONESHOT) !== 0 && desc.busy_cpu >= 0 && desc.busy_cpu !== cpu.id) {
      this.flags |= IRQTF_FINALIZE;
      return TASK_SLEEP;
    }
    this.flags &= ~IRQTF_FINALIZE;
    if ((desc.state & IRQS_ONESHOT) !== 0 && (this.flags & IRQTF_RUNTHREAD) === 0) {
      if (this.oneshot) desc.threads_oneshot--;
      this.oneshot = false;
      cond_unmask_irq(desc);
    }
    this.irqs.thread_done(this);
    return (this.flags & (IRQTF_RUNTHREAD | IRQTF_STOP)) === 0 ? TASK_SLEEP : TASK_RUN;
  }
}

/** `__irq_wake_thread`: once until it has begun to run. It follows the line to another CPU when it is found asleep. */
export function __irq_wake_thread(irqs: IrqCore, desc: IrqDesc, thread: IrqThread): void {
  const { task } = thread;
  if (task.state === TASK_EXIT || (thread.flags & IRQTF_RUNTHREAD) !== 0) return;
  thread.flags |= IRQTF_RUNTHREAD;
  if (thread.action.oneshot >= 0 && !thread.oneshot) {
    thread.oneshot = true;
    desc.threads_oneshot++;
  }
  desc.threads_active++;
  irq_thread_check_affinity(desc, thread);
  irqs.cpus.wake_up_process(task);
}

/** `irq_thread_check_affinity`: moves a thread of which that was asked and that sleeps. */
function irq_thread_check_affinity(desc: IrqDesc, thread: IrqThread): void {
  if ((thread.flags & IRQTF_AFFINITY) === 0) return;
  const cpu = home(desc);
  if (thread.task.cpu.id === cpu || set_cpus_allowed(thread.task, cpu)) thread.flags &= ~IRQTF_AFFINITY;
}

/** The CPU of the line's interrupts, or the first it may go to. */
function home(desc: IrqDesc): number {
  return desc.cpu >= 0 ? desc.cpu : desc.affinity[0];
}

/**
 * `irq_wake_thread`: wakes the thread of the handler registered with `dev_id`, if it has one. For drivers that find work in other
 * ways than by the interrupt.
 */
export function irq_wake_thread(irqs: IrqCore, irq: number, dev_id: unknown): void {
  const desc = irqs.irq_to_desc(irq);
  const thread = desc?.actions.find((a) => a.dev_id === dev_id)?.thread;
  if (desc !== null && thread !== null && thread !== undefined) __irq_wake_thread(irqs, desc, thread);
}
