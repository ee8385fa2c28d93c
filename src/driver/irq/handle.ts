import type { Cpu } from '../../cpu/index.js';
import { TP } from '../../sim/index.js';
import type { IrqAction } from './action.js';
import { IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD, IRQS_INPROGRESS, IRQS_PENDING } from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { note_interrupt } from './spurious.js';
import { __irq_wake_thread } from './thread.js';

/** `handle_irq_event`: the line's handlers, once; returns their results, OR-ed. */
export function handle_irq_event(core: IrqCore, desc: IrqDesc, cpu: Cpu): number {
  desc.state = (desc.state & ~IRQS_PENDING) | IRQS_INPROGRESS;
  if (core.smp) desc.busy_cpu = cpu.id;
  const ret = handle_irq_event_percpu(core, desc, cpu);
  desc.state &= ~IRQS_INPROGRESS;
  return ret;
}

/** All handlers of the line, in the order they were registered, whatever the ones before returned; then the spurious detector. */
export function handle_irq_event_percpu(core: IrqCore, desc: IrqDesc, cpu: Cpu): number {
  const { actions, irq } = desc;
  let ret = IRQ_NONE;
  for (let i = 0; i < actions.length; i++) {
    const action = actions[i];
    const r = action.handler(irq, action.dev_id);
    if (r === IRQ_WAKE_THREAD) wake(core, desc, action);
    ret |= r;
  }
  if (cpu.sim.trace.on) cpu.sim.trace.put(TP.HARDIRQ, cpu.who, 0, irq, ret, cpu.id);
  // The spurious detector has nothing to say to the usual case: handled, and nobody complained before.
  if (ret !== IRQ_HANDLED || desc.irqs_unhandled !== 0 || core.irqfixup !== 0) note_interrupt(core, desc, ret);
  return ret;
}

function wake(core: IrqCore, desc: IrqDesc, action: IrqAction): void {
  if (action.thread !== null) {
    __irq_wake_thread(core, desc, action.thread);
    return;
  }
  desc.no_thread++;
  if (action.warned) return;
  action.warned = true;
  core.log.print(`IRQ ${desc.irq} device ${action.name} returned IRQ_WAKE_THREAD but no thread function available.`);
}
