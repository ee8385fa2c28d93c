import { EINVAL } from '../../uapi/index.js';
import {
  IRQCHIP_NO_VECTOR,
  IRQD_AFFINITY_MANAGED,
  IRQD_AFFINITY_SET,
  IRQD_NO_BALANCING,
  IRQD_PER_CPU,
  IRQD_SETAFFINITY_PENDING,
  IRQS_STARTED,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { unmask_irq } from './mask.js';
import { IRQTF_AFFINITY } from './thread.js';

/** `irq_can_set_affinity`: the line has a vector and is not bound to one CPU or excluded from balancing. */
export function irq_can_set_affinity(irqs: IrqCore, desc: IrqDesc): boolean {
  if (desc.chip === irqs.no_irq_chip || (desc.chip.flags & IRQCHIP_NO_VECTOR) !== 0) return false;
  return (desc.state & (IRQD_PER_CPU | IRQD_NO_BALANCING)) === 0;
}

/** `irq_can_set_affinity_usr`: as above, and not managed by the kernel. */
export function irq_can_set_affinity_usr(irqs: IrqCore, desc: IrqDesc): boolean {
  return irq_can_set_affinity(irqs, desc) && (desc.state & IRQD_AFFINITY_MANAGED) === 0;
}

/**
 * `irq_set_affinity`: the interrupt goes to one of `cpus` from now on. 0, or -EINVAL when none of them is a CPU of this host, or
 * there is no such irq, or its controller has no choice. What is under way to the old CPU is still handled there. While an
 * earlier move is under way, or a level interrupt in service, the wish is kept and carried out then. Threads follow.
 */
export function irq_set_affinity(irqs: IrqCore, irq: number, cpus: readonly number[]): number {
  const desc = irqs.irq_to_desc(irq);
  const online = online_cpus(irqs, cpus);
  if (desc === null || online.length === 0) return -EINVAL;
  if (desc.chip === irqs.no_irq_chip || (desc.chip.flags & IRQCHIP_NO_VECTOR) !== 0) return -EINVAL;
  desc.state |= IRQD_AFFINITY_SET;
  const stays = desc.vector < 0 || online.includes(desc.cpu);
  if (!stays && (desc.old_vector >= 0 || desc.chip.irq_in_service?.(desc) === true)) {
    desc.pending_affinity = online;
    desc.state |= IRQD_SETAFFINITY_PENDING;
    return 0;
  }
  desc.state &= ~IRQD_SETAFFINITY_PENDING;
  do_set_affinity(irqs, desc, online);
  return 0;
}

/**
 * `irq_set_affinity_hint`: what the driver would like, shown in /proc/irq/N/affinity_hint, and set at once; null takes the hint
 * away (`free_irq` wants that first). 0 or -EINVAL for an unknown irq.
 */
export function irq_set_affinity_hint(irqs: IrqCore, irq: number, cpus: readonly number[] | null): number {
  const desc = irqs.irq_to_desc(irq);
  if (desc === null) return -EINVAL;
  desc.affinity_hint = cpus === null ? null : [...cpus];
  if (cpus !== null) irq_set_affinity(irqs, irq, cpus);
  return 0;
}

/** `irq_setup_affinity`: before a line starts: its own mask if it was set or is managed, else the host's default. */
export function irq_setup_affinity(irqs: IrqCore, desc: IrqDesc): void {
  if (!irq_can_set_affinity(irqs, desc)) return;
  if ((desc.state & (IRQD_AFFINITY_SET | IRQD_AFFINITY_MANAGED)) === 0) desc.affinity = [...irqs.default_affinity];
  if (desc.vector >= 0 && !desc.affinity.includes(desc.cpu)) irqs.release_vector(desc);
}

/** Those of `cpus` that exist, each once, in order. */
export function online_cpus(irqs: IrqCore, cpus: readonly number[]): number[] {
  return irqs.cpus.cpus.map((cpu) => cpu.id).filter((id) => cpus.includes(id));
}

function do_set_affinity(irqs: IrqCore, desc: IrqDesc, online: number[]): void {
  const before = desc.affinity;
  desc.affinity = online;
  if (desc.vector >= 0 && !online.includes(desc.cpu) && !move(irqs, desc)) {
    desc.affinity = before;
    return;
  }
  for (const action of desc.actions) if (action.thread !== null) action.thread.flags |= IRQTF_AFFINITY;
}

/** Takes a vector on the new CPU; the old one stays until an interrupt has come to the new place. False: none is free. */
function move(irqs: IrqCore, desc: IrqDesc): boolean {
  const { cpu, vector } = desc;
  if (!irqs.assign_vector(desc)) return false;
  if ((desc.state & IRQS_STARTED) === 0) {
    irqs.vectors.release(cpu, vector);
    return true;
  }
  desc.old_cpu = cpu;
  desc.old_vector = vector;
  desc.chip.retarget(desc);
  return true;
}

/** `irq_move_masked_irq`: carries out the change of CPUs that had to wait. `unmask`: the line was masked for it alone. */
export function irq_move_masked_irq(irqs: IrqCore, desc: IrqDesc, unmask: boolean): void {
  if ((desc.state & IRQD_SETAFFINITY_PENDING) !== 0 && desc.old_vector < 0) {
    desc.state &= ~IRQD_SETAFFINITY_PENDING;
    do_set_affinity(irqs, desc, desc.pending_affinity);
    desc.pending_affinity = [];
  }
  if (unmask) unmask_irq(desc);
}
