import { parseRatio } from '../sim/index.js';
import { WireError } from './error.js';
import type { FaultContext } from './fault-context.js';

/**
 * One rule of a fault chain. `verdict` is called once for each frame that reaches the rule and acts through the context.
 * A rule object may serve several directions and links at once and is copied with a cloned network, so what it remembers
 * belongs into plain fields of it, and its chance comes from `ctx.rng`.
 */
export interface FaultRule {
  /** Name in counters. */
  readonly kind: string;
  verdict(ctx: FaultContext): void;
}

/** A rule as a bare function; it must not keep state outside its arguments, or clones of the network would share it. */
export type FaultFunction = (ctx: FaultContext) => void;

/** What `faults` and `setFaults` take. */
export type Fault = FaultRule | FaultFunction;

/** Which frames a rule hits: exactly one of the three. */
export interface FaultSelector {
  /** Each frame by chance, e.g. '1/100' or [1, 100]; '1/1' hits all. */
  ratio?: string | readonly [number, number];
  /** These frames of those that reach the rule in one direction, counted from 0 since the rule was installed. */
  index?: number | readonly number[];
  /** Each n-th frame: indices n - 1, 2n - 1, ... */
  every?: number;
}

/** A checked {@link FaultSelector}. */
export class Selector {
  private readonly num: number;
  private readonly den: number;
  private readonly every: number;
  private readonly indices: readonly number[] | null;

  /** Throws {@link WireError} FAULT_SELECTOR; `kind` names the rule in the message. A bad ratio is a UnitError. */
  constructor(kind: string, by: FaultSelector) {
    checkOptions(kind, by);
    const given = [by.ratio, by.index, by.every].filter((value) => value !== undefined).length;
    if (given !== 1) {
      throw new WireError(
        'FAULT_SELECTOR',
        `${kind} needs exactly one of ratio, index and every (every: 1 hits all frames)`,
      );
    }
    const ratio = by.ratio === undefined ? { num: 0, den: 1 } : parseRatio(by.ratio);
    this.num = ratio.num;
    this.den = ratio.den;
    this.every = by.every ?? 0;
    this.indices = by.index === undefined ? null : sortedIndices(kind, by.index);
    if (by.every !== undefined && !(Number.isInteger(by.every) && by.every >= 1)) {
      throw new WireError('FAULT_SELECTOR', `every of ${kind} is a whole number from 1, not ${by.every}`);
    }
  }

  /** Whether the rule hits the frame before it. */
  hits(ctx: FaultContext): boolean {
    if (this.indices !== null) return contains(this.indices, ctx.index);
    if (this.every > 0) return (ctx.index + 1) % this.every === 0;
    return ctx.rng.chance(this.num, this.den);
  }
}

/** Throws {@link WireError} FAULT_SELECTOR for what is no object of options. */
export function checkOptions(kind: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new WireError('FAULT_SELECTOR', `${kind} needs options, as ${kind}({ ratio: '1/100' })`);
  }
}

function sortedIndices(kind: string, index: number | readonly number[]): readonly number[] {
  if (typeof index !== 'number' && (!Array.isArray(index) || index.length === 0)) {
    throw new WireError('FAULT_SELECTOR', `index of ${kind} is a number or a list of at least one`);
  }
  const list = typeof index === 'number' ? [index] : [...index].sort((a, b) => a - b);
  for (const value of list) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new WireError('FAULT_SELECTOR', `index of ${kind} counts from 0 in whole numbers, not ${value}`);
    }
  }
  return list;
}

function contains(sorted: readonly number[], value: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low] === value;
}
