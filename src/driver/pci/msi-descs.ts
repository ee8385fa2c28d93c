import { DriverError } from '../errors.js';
import { IRQD_AFFINITY_MANAGED, type IrqAffinityDesc, type IrqChip } from '../irq/index.js';
import type { PciDev } from './device.js';

/** An interrupt number with a CPU vector for message `hwirq` of the function. False: no vector is free. */
export function msi_add(pdev: PciDev, chip: IrqChip, hwirq: number, affinity: IrqAffinityDesc | null): boolean {
  const { irqs } = pdev.core;
  const desc = irqs.irq_alloc_desc(chip, pdev.bdf, hwirq);
  desc.affinity = [...(affinity === null ? irqs.default_affinity : affinity.mask)];
  if (affinity?.managed === true) desc.state |= IRQD_AFFINITY_MANAGED;
  pdev.msi_descs.push(desc);
  pdev.msi_affinity.push(affinity === null ? null : [...affinity.mask]);
  return irqs.assign_vector(desc);
}

/** Gives all interrupt numbers of the function back. DriverError IRQ_IN_USE when one has a handler; then nothing changes. */
export function msi_remove(pdev: PciDev): void {
  const used = pdev.msi_descs.find((desc) => desc.actions.length !== 0);
  if (used !== undefined) {
    throw new DriverError('IRQ_IN_USE', `irq ${used.irq} is freed while ${used.actions[0].name} handles it`);
  }
  for (const desc of pdev.msi_descs) pdev.core.irqs.irq_free_desc(desc);
  pdev.msi_descs = [];
  pdev.msi_affinity = [];
}
