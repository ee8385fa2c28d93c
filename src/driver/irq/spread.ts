import type { IrqCore } from './core.js';

/** Vectors at the beginning and the end of a function's set that are not spread (`struct irq_affinity`). */
export interface IrqAffinity {
  pre_vectors: number;
  post_vectors: number;
}

/** The CPUs of one vector. */
export interface IrqAffinityDesc {
  mask: number[];
  /** The kernel's choice: user space cannot change it. */
  managed: boolean;
}

/**
 * `irq_calc_affinity_vectors`: how many of up to `maxvec` vectors are of use when they are spread: one per CPU besides the ones
 * that are not; 0 when those are more than `minvec`.
 */
export function irq_calc_affinity_vectors(irqs: IrqCore, minvec: number, maxvec: number, affd: IrqAffinity): number {
  const reserved = affd.pre_vectors + affd.post_vectors;
  if (reserved > minvec) return 0;
  return reserved + Math.min(irqs.cpus.cpus.length, maxvec - reserved);
}

/**
 * `irq_create_affinity_masks` on one node: every CPU belongs to exactly one of the spread vectors, consecutive CPUs together, the
 * first ones one more when it does not divide. Null when no vector is left to spread.
 */
export function irq_create_affinity_masks(irqs: IrqCore, nvecs: number, affd: IrqAffinity): IrqAffinityDesc[] | null {
  const spread = nvecs - affd.pre_vectors - affd.post_vectors;
  if (spread <= 0) return null;
  const count = irqs.cpus.cpus.length;
  const filled = Math.min(spread, count);
  const masks: IrqAffinityDesc[] = [];
  let cpu = 0;
  for (let v = 0; v < nvecs; v++) {
    const at = v - affd.pre_vectors;
    if (at < 0 || at >= spread) {
      masks.push({ mask: [...irqs.default_affinity], managed: false });
      continue;
    }
    const size = at >= filled ? 0 : Math.floor(count / filled) + (at < count % filled ? 1 : 0);
    const mask = size === 0 ? [...irqs.default_affinity] : Array.from({ length: size }, () => cpu++);
    masks.push({ mask, managed: true });
  }
  return masks;
}
