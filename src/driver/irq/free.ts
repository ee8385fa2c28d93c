import { CTX_TASK } from '../../cpu/index.js';
import { IRQ_DISABLE_UNLAZY, IRQ_PER_CPU_DEVID } from './constants.js';
import type { IrqCore } from './core.js';
import { irq_shutdown } from './enable.js';
import { irq_free_complete } from './sync.js';
import { IRQTF_STOP } from './thread.js';

/**
 * `free_irq`: removes the first handler registered with `dev_id` and returns its name; null, with a line in the log, when there
 * is none. The last one shuts the line down.
 *
 * Linux waits here until the line's handlers are not under way and the handler's thread has ended (after one last run, if it was
 * woken). A block cannot wait, so with `target` >= 0 that moment is told by `targets[target].handle(op, a, irq)`, as an effect:
 * at the end of the block under way when there is nothing to wait for. Until then the thread may still call `thread_fn`, so what
 * that uses must live as long. Without a thread, and with one CPU, nothing is ever under way on return.
 */
export function free_irq<T>(
  irqs: IrqCore,
  irq: number,
  dev_id: T,
  target: number = -1,
  op: number = 0,
  a: number = 0,
): string | null {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null || (desc.settings & IRQ_PER_CPU_DEVID) !== 0) return null;
  const cpu = irqs.cpus.current;
  if (cpu !== null && cpu.ctx !== CTX_TASK) irqs.log.print(`Trying to free IRQ ${irq} from IRQ context!`);
  const at = desc.actions.findIndex((action) => action.dev_id === dev_id);
  if (at < 0) {
    irqs.log.print(`Trying to free already-free IRQ ${irq}`);
    return null;
  }
  const [action] = desc.actions.splice(at, 1);
  if (desc.actions.length === 0) {
    desc.settings &= ~IRQ_DISABLE_UNLAZY;
    irq_shutdown(irqs, desc);
    desc.chip.irq_release_resources?.(desc);
  }
  if (desc.affinity_hint !== null) {
    irqs.log.print(`irq ${irq} is freed with an affinity hint`);
    desc.affinity_hint = null;
  }
  const { thread } = action;
  if (thread === null) {
    irq_free_complete(irqs, desc, target, op, a);
  } else {
    action.free_target = target;
    action.free_op = op;
    action.free_a = a;
    desc.stopping.push(action);
    thread.flags |= IRQTF_STOP;
    irqs.cpus.wake_up_process(thread.task);
  }
  return action.name;
}
