import type { Cpu } from '../../cpu/index.js';
import { EINVAL } from '../../uapi/index.js';
import {
  FLOW_EDGE,
  FLOW_FASTEOI,
  FLOW_LEVEL,
  FLOW_PERCPU,
  IRQD_SETAFFINITY_PENDING,
  IRQS_DISABLED,
  IRQS_INPROGRESS,
  IRQS_MASKED,
  IRQS_ONESHOT,
  IRQS_PENDING,
  IRQS_REPLAY,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { handle_irq_event, handle_irq_event_percpu } from './handle.js';
import { cond_unmask_irq, mask_irq, unmask_irq } from './mask.js';

/**
 * An interrupt of `desc` arrives at `cpu`: through the flow that its controller asks for (kernel/irq/chip.c). `apic`: it came by a
 * vector of the CPU's local APIC, which wants an EOI.
 */
export function handle_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  if (desc.flow === FLOW_EDGE) handle_edge_irq(core, desc, cpu, apic);
  else if (desc.flow === FLOW_FASTEOI) handle_fasteoi_irq(core, desc, cpu, apic);
  else handle_simple_irq(core, desc, cpu, apic);
  if (core.smp || desc.waiters.length !== 0) after_handlers(core, desc, cpu);
}

function handle_simple_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  if (desc.flow === FLOW_LEVEL) handle_level_irq(core, desc, cpu, apic);
  else handle_other_irq(core, desc, cpu, apic);
}

/** Who has to learn that the handlers are no longer under way does so at the end of the block. */
function after_handlers(core: IrqCore, desc: IrqDesc, cpu: Cpu): void {
  if (desc.busy_cpu === cpu.id) core.block_end(desc, cpu);
  else core.settle_later(desc);
}

/**
 * `generic_handle_irq`: as if the interrupt had arrived, on the CPU that runs now. For lines behind other devices, and tests.
 * 0, or -EINVAL for an unknown number.
 */
export function generic_handle_irq(core: IrqCore, irq: number): number {
  const desc = core.irq_to_desc(irq);
  if (desc === null) return -EINVAL;
  handle_irq(core, desc, core.cpus.smp_processor(), false);
  return 0;
}

/** `irq_may_run`: its handlers are not under way, here or on another CPU. */
function irq_may_run(desc: IrqDesc, cpu: Cpu): boolean {
  return (desc.state & IRQS_INPROGRESS) === 0 && (desc.busy_cpu < 0 || desc.busy_cpu === cpu.id);
}

function ack(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  if (apic) core.eoi(cpu);
  else ack_chip(desc);
}

function ack_chip(desc: IrqDesc): void {
  desc.chip.irq_ack?.(desc);
}

function eoi(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  if (!apic) desc.chip.irq_eoi?.(desc);
  else if ((desc.state & IRQD_SETAFFINITY_PENDING) === 0) core.eoi(cpu);
  else {
    const open = (desc.state & IRQS_MASKED) === 0;
    mask_irq(desc);
    core.eoi(cpu);
    core.move_after_eoi(desc, open);
  }
}

/** Whether the line may not be handled now: it is remembered then, and stays masked. */
function refuse(desc: IrqDesc): boolean {
  return (desc.state & IRQS_DISABLED) !== 0 || desc.actions.length === 0 ? keep_pending(desc) : false;
}

function keep_pending(desc: IrqDesc): true {
  desc.state |= IRQS_PENDING;
  mask_irq(desc);
  return true;
}

/** Level: handlers, then EOI. One that may not be handled now is masked before the EOI, or it would come back at once. */
function handle_fasteoi_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  if (irq_may_run(desc, cpu)) {
    desc.state &= ~IRQS_REPLAY;
    if (!refuse(desc)) {
      desc.kstat[cpu.id]++;
      const oneshot = (desc.state & IRQS_ONESHOT) !== 0;
      if (oneshot) mask_irq(desc);
      handle_irq_event(core, desc, cpu);
      eoi(core, desc, cpu, apic);
      if (oneshot) cond_unmask_irq(desc);
      return;
    }
  }
  eoi(core, desc, cpu, apic);
}

/** Level behind a simple controller: masked and acknowledged, handlers, unmasked unless a thread has to come first. */
function handle_level_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  mask_irq(desc);
  ack(core, desc, cpu, apic);
  if (!irq_may_run(desc, cpu)) return;
  desc.state &= ~IRQS_REPLAY;
  if (refuse(desc)) return;
  desc.kstat[cpu.id]++;
  handle_irq_event(core, desc, cpu);
  cond_unmask_irq(desc);
}

/** Edge: acknowledged first, so that the next edge is seen; one that comes while handlers run makes them run once more. */
function handle_edge_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  desc.state &= ~IRQS_REPLAY;
  ack(core, desc, cpu, apic);
  if (!irq_may_run(desc, cpu)) {
    keep_pending(desc);
    return;
  }
  if (refuse(desc)) return;
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

/** Of one CPU: acknowledged, handlers, ended, without a look at the line's state. A line without a flow is only acknowledged. */
function handle_other_irq(core: IrqCore, desc: IrqDesc, cpu: Cpu, apic: boolean): void {
  desc.kstat[cpu.id]++;
  ack(core, desc, cpu, apic);
  if (desc.flow !== FLOW_PERCPU) return;
  if (desc.actions.length !== 0) handle_irq_event_percpu(core, desc, cpu);
  if (!apic) desc.chip.irq_eoi?.(desc);
}
