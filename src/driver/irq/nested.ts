import { EINVAL, ENODEV } from '../../uapi/index.js';
import {
  IRQ_NESTED_THREAD,
  IRQ_NONE,
  IRQF_TRIGGER_MASK,
  IRQS_DISABLED,
  IRQS_INPROGRESS,
  IRQS_PENDING,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqChip } from './desc.js';
import { note_interrupt } from './spurious.js';

/** Primary handler of a line whose interrupts are found by another line's thread: never called. */
export function irq_nested_primary_handler(_irq: number, _dev_id: unknown): number {
  return IRQ_NONE;
}

/** `irq_set_status_flags`: sets IRQ_* bits of a line (IRQ_NOREQUEST, IRQ_NOAUTOEN, IRQ_DISABLE_UNLAZY, ...). */
export function irq_set_status_flags(irqs: IrqCore, irq: number, set: number): void {
  const desc = irqs.irq_to_desc(irq);
  if (desc !== null) desc.settings |= set;
}

/** `irq_clear_status_flags`. */
export function irq_clear_status_flags(irqs: IrqCore, irq: number, clear: number): void {
  const desc = irqs.irq_to_desc(irq);
  if (desc !== null) desc.settings &= ~clear;
}

/** `irq_set_nested_thread`: the line's thread functions are called by the thread of the line it hangs behind. */
export function irq_set_nested_thread(irqs: IrqCore, irq: number, nest: boolean): void {
  if (nest) irq_set_status_flags(irqs, irq, IRQ_NESTED_THREAD);
  else irq_clear_status_flags(irqs, irq, IRQ_NESTED_THREAD);
}

/** `irq_set_chip_and_handler`: gives an interrupt number its controller and flow (FLOW_*). 0 or -EINVAL for an unknown one. */
export function irq_set_chip_and_handler(irqs: IrqCore, irq: number, chip: IrqChip, flow: number): number {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return -EINVAL;
  desc.chip = chip;
  desc.flow = flow;
  return 0;
}

/** `irq_set_irq_type`: sets the trigger (IRQF_TRIGGER_*) of a line. 0, -ENODEV for an unknown one, or the controller's error. */
export function irq_set_irq_type(irqs: IrqCore, irq: number, trigger: number): number {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return -ENODEV;
  const type = trigger & IRQF_TRIGGER_MASK;
  if (type === 0 || desc.chip.irq_set_type === undefined) return 0;
  const err = desc.chip.irq_set_type(desc, type);
  if (err === 0) desc.trigger = type;
  return err;
}

/**
 * `handle_nested_irq`: called by a thread function that found an interrupt of a line behind its own: runs that line's thread
 * functions, in the block under way. While the line is disabled the interrupt is remembered.
 */
export function handle_nested_irq(irqs: IrqCore, irq: number): void {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return;
  if (desc.actions.length === 0 || (desc.state & IRQS_DISABLED) !== 0) {
    desc.state |= IRQS_PENDING;
    return;
  }
  desc.kstat[irqs.cpus.smp_processor().id]++;
  desc.state |= IRQS_INPROGRESS;
  let ret = IRQ_NONE;
  for (const action of desc.actions) {
    if (action.thread_fn !== null) ret |= action.thread_fn(irq, action.dev_id);
  }
  note_interrupt(irqs, desc, ret);
  desc.state &= ~IRQS_INPROGRESS;
}
