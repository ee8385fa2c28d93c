import type { Cpu } from '../../cpu/index.js';
import { TP } from '../../sim/index.js';
import {
  FLOW_FASTEOI,
  IRQ_NONE,
  IRQ_WAKE_THREAD,
  IRQS_DISABLED,
  IRQS_INPROGRESS,
  IRQS_MASKED,
  IRQS_PENDING,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { mask_irq, unmask_irq } from './mask.js';
import { note_interrupt } from './spurious.js';

/** An interrupt of `desc` arrives at `cpu`: through the flow that its trigger asks for. */
export function handle_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu): void {
  if (desc.flow === FLOW_FASTEOI) handle_fasteoi_irq(core, desc, cpu);
  else handle_edge_irq(core, desc, cpu);
}

/**
 * `generic_handle_irq`: as if the interrupt had arrived, on the CPU that runs now. For lines behind other devices, and tests.
 * 0, or -EINVAL (-22) for an unknown number.
 */
export function generic_handle_irq(core: IrqCore, irq: number): number {
  const desc = core.irq_to_desc(irq);
  if (desc === null) return -22;
  handle_irq(core, desc, core.cpus.smp_processor());
  return 0;
}

/** Level: handlers, then EOI. One that may not be handled now is masked before the EOI, or it would come back at once. */
function handle_fasteoi_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu): void {
  if ((desc.state & IRQS_INPROGRESS) === 0) {
    if (desc.actions.length === 0 || (desc.state & IRQS_DISABLED) !== 0) {
      desc.state |= IRQS_PENDING;
      mask_irq(desc);
    } else {
      desc.kstat[cpu.id]++;
      handle_irq_event(core, desc, cpu);
    }
  }
  core.eoi(cpu);
}

/** Edge: acknowledged first, so that the next edge is seen; one that comes while handlers run makes them run once more. */
function handle_edge_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu): void {
  core.eoi(cpu);
  if ((desc.state & (IRQS_INPROGRESS | IRQS_DISABLED)) !== 0 || desc.actions.length === 0) {
    desc.state |= IRQS_PENDING;
    mask_irq(desc);
    return;
  }
  desc.kstat[cpu.id]++;
  do {
    if (desc.actions.length === 0) {
      mask_irq(desc);
      return;
    }
    if ((desc.state & (IRQS_PENDING | IRQS_MASKED | IRQS_DISABLED)) === (IRQS_PENDING | IRQS_MASKED)) unmask_irq(desc);
    handle_irq_event(core, desc, cpu);
  } while ((desc.state & (IRQS_PENDING | IRQS_DISABLED)) === IRQS_PENDING);
}

/** All handlers of the line, in the order they were registered, whatever the ones before returned. */
function handle_irq_event(core: IrqCore, desc: IrqDesc, cpu: Cpu): void {
  desc.state = (desc.state & ~IRQS_PENDING) | IRQS_INPROGRESS;
  const { actions, irq } = desc;
  let ret = IRQ_NONE;
  for (let i = 0; i < actions.length; i++) {
    const action = actions[i];
    const r = action.handler(irq, action.dev_id);
    if ((r & IRQ_WAKE_THREAD) !== 0) no_thread(core, desc, action.name);
    ret |= r;
  }
  desc.state &= ~IRQS_INPROGRESS;
  const trace = cpu.sim.trace;
  if (trace.on) trace.put(TP.HARDIRQ, cpu.who, 0, irq, ret, cpu.id);
  note_interrupt(core, desc, ret);
}

function no_thread(core: IrqCore, desc: IrqDesc, name: string): void {
  if (desc.no_thread++ === 0) {
    core.log.print(`IRQ ${desc.irq} device ${name} returned IRQ_WAKE_THREAD but no thread function available.`);
  }
}
