import { EINVAL, EIO } from '../../uapi/index.js';
import { irq_can_set_affinity_usr, irq_set_affinity, online_cpus } from './affinity.js';
import { IRQD_SETAFFINITY_PENDING } from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';

/** CPUs as the kernel prints a mask (`%*pb`): hexadecimal, as wide as the host has CPUs, in groups of 32. */
export function format_cpumask(cpus: readonly number[], count: number): string {
  const groups: string[] = [];
  for (let base = 0; base < count; base += 32) {
    let word = 0;
    for (const cpu of cpus) if (cpu >= base && cpu < base + 32) word |= 1 << (cpu - base);
    const width = Math.ceil(Math.min(count - base, 32) / 4);
    groups.unshift((word >>> 0).toString(16).padStart(width, '0'));
  }
  return groups.join(',');
}

/** CPUs as a list (`%*pbl`): `0-2,5`. */
export function format_cpulist(cpus: readonly number[]): string {
  const sorted = [...cpus].sort((a, b) => a - b);
  const runs: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let last = i;
    while (sorted[last + 1] === sorted[last] + 1) last++;
    runs.push(last === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[last]}`);
    i = last + 1;
  }
  return runs.join(',');
}

/** A mask as the kernel takes it: hexadecimal groups with commas; null when it is none. */
export function parse_cpumask(text: string): number[] | null {
  const trimmed = text.trim();
  if (!/^[0-9a-fA-F]{1,8}(,[0-9a-fA-F]{1,8})*$/.test(trimmed)) return null;
  const cpus: number[] = [];
  trimmed
    .split(',')
    .reverse()
    .forEach((group, at) => {
      const word = Number.parseInt(group, 16);
      for (let bit = 0; bit < 32; bit++) if (((word >>> bit) & 1) !== 0) cpus.push(at * 32 + bit);
    });
  return cpus;
}

/**
 * `/proc/irq/N/<file>` as text, and with irq null `/proc/irq/default_smp_affinity`: `spurious`, `smp_affinity`,
 * `smp_affinity_list`, `effective_affinity`, `effective_affinity_list`, `affinity_hint`, `node`. Null: no such file.
 */
export function proc_irq_read(irqs: IrqCore, irq: number | null, file: string): string | null {
  const count = irqs.cpus.cpus.length;
  if (irq === null) {
    return file === 'default_smp_affinity' ? `${format_cpumask(irqs.default_affinity, count)}\n` : null;
  }
  const desc = irqs.irq_to_desc(irq);
  return desc === null ? null : show(irqs, desc, file, count);
}

function show(irqs: IrqCore, desc: IrqDesc, file: string, count: number): string | null {
  const wanted = (desc.state & IRQD_SETAFFINITY_PENDING) !== 0 ? desc.pending_affinity : desc.affinity;
  const effective = desc.cpu < 0 ? [] : [desc.cpu];
  switch (file) {
    case 'spurious': {
      const ms = Math.floor((desc.last_unhandled >>> 0) * (1000 / irqs.cpus.params.hz));
      return `count ${desc.irq_count}\nunhandled ${desc.irqs_unhandled}\nlast_unhandled ${ms} ms\n`;
    }
    case 'smp_affinity':
      return `${format_cpumask(wanted, count)}\n`;
    case 'smp_affinity_list':
      return `${format_cpulist(wanted)}\n`;
    case 'effective_affinity':
      return `${format_cpumask(effective, count)}\n`;
    case 'effective_affinity_list':
      return `${format_cpulist(effective)}\n`;
    case 'affinity_hint':
      return `${format_cpumask(desc.affinity_hint ?? [], count)}\n`;
    case 'node':
      return '0\n';
    default:
      return null;
  }
}

/**
 * Writes `/proc/irq/N/smp_affinity`, or with irq null `/proc/irq/default_smp_affinity`: bytes taken, or -EINVAL (no mask, or none of
 * its CPUs exists; no such irq or file) or -EIO (the line's CPUs are the kernel's choice). The default applies to lines that start
 * from now on.
 */
export function proc_irq_write(irqs: IrqCore, irq: number | null, file: string, text: string): number {
  const cpus = parse_cpumask(text);
  if (irq === null) {
    const online = cpus === null ? [] : online_cpus(irqs, cpus);
    if (file !== 'default_smp_affinity' || online.length === 0) return -EINVAL;
    irqs.default_affinity = online;
    return text.length;
  }
  const desc = irqs.irq_to_desc(irq);
  if (desc === null || file !== 'smp_affinity') return -EINVAL;
  if (!irq_can_set_affinity_usr(irqs, desc)) return -EIO;
  const err = cpus === null ? -EINVAL : irq_set_affinity(irqs, irq, cpus);
  return err === 0 ? text.length : err;
}
