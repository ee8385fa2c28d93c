import type { Rng } from '../sim/index.js';
import type { FaultRule } from './fault-rule.js';

/** How often a rule of a chain was asked, and how often it acted. */
export interface FaultCount {
  /** Name of the rule. */
  kind: string;
  /** Frames it judged. */
  seen: number;
  /** Frames it did something to. */
  hits: number;
}

/** A rule at its place in the chain of one direction, with its own random stream and counters. */
export class PlacedRule {
  readonly rule: FaultRule;
  readonly rng: Rng;
  seen = 0;
  hits = 0;

  constructor(rule: FaultRule, rng: Rng) {
    this.rule = rule;
    this.rng = rng;
  }

  /** The counters as a record. */
  count(): FaultCount {
    return { kind: this.rule.kind, seen: this.seen, hits: this.hits };
  }
}
