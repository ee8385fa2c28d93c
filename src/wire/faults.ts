import { parseDuration } from '../sim/index.js';
import { WireError } from './error.js';
import { DEFAULT_HOLD_NS, type FaultContext, whole } from './fault-context.js';
import {
  checkOptions,
  type Fault,
  type FaultFunction,
  type FaultRule,
  type FaultSelector,
  Selector,
} from './fault-rule.js';
import { FRAME_MAX_LENGTH } from './frame-pool.js';

/** What happens to the frame check sequence of a damaged frame: `bad` (the default) or `recomputed` to fit the damage. */
export type FcsChoice = 'bad' | 'recomputed';

/** Options of {@link duplicate}. */
export interface DuplicateOptions extends FaultSelector {
  /** Additional frames, 1 (default) to 255. */
  copies?: number;
}

/** Options of {@link delay}. */
export interface DelayOptions extends FaultSelector {
  /** Extra delay: ns, or text like '5ms'. */
  by: number | string;
  /** The delay varies evenly by up to this much either way; at most `by`, below 1 s. */
  jitter?: number | string;
}

/** Options of {@link reorder}. */
export interface ReorderOptions extends FaultSelector {
  /** A number: frames that go ahead of this one. Text like '2ms': time for which it is held while others pass. */
  by: number | string;
  /** With a number of frames: longest wait for them, default '100ms'. */
  within?: number | string;
}

/** Options of {@link corrupt}. */
export interface CorruptOptions extends FaultSelector {
  /** Bit to flip, as `FaultContext.corrupt` counts; default: any bit of the frame, by chance. */
  bit?: number;
  fcs?: FcsChoice;
}

/** Options of {@link truncate}. */
export interface TruncateOptions extends FaultSelector {
  /** Bytes that remain, 1..16382; frames that are not longer stay whole. */
  length: number;
  fcs?: FcsChoice;
}

/** Loses the frames selected. Throws {@link WireError} for bad options, as all builders here do. */
export function drop(options: FaultSelector): FaultRule {
  return new DropRule(new Selector('drop', options));
}

/** Delivers the frames selected more than once. */
export function duplicate(options: DuplicateOptions): FaultRule {
  checkOptions('duplicate', options);
  return new DuplicateRule(new Selector('duplicate', options), whole('copies', options.copies ?? 1, 1, 255));
}

/** Delivers the frames selected later; others may overtake them. */
export function delay(options: DelayOptions): FaultRule {
  checkOptions('delay', options);
  const by_ns = parseDuration(options.by);
  const jitter_ns = parseDuration(options.jitter ?? 0);
  whole('jitter', jitter_ns, 0, Math.min(by_ns, 1_000_000_000));
  return new DelayRule(new Selector('delay', options), by_ns, jitter_ns);
}

/** Lets later frames go ahead of the frames selected. */
export function reorder(options: ReorderOptions): FaultRule {
  const selector = new Selector('reorder', options);
  if (typeof options.by === 'string') {
    if (options.within !== undefined) {
      throw new WireError('FAULT_ARGUMENT', 'within of reorder goes with a number of frames, not with a time');
    }
    return new ReorderTimeRule(selector, parseDuration(options.by));
  }
  const frames = whole('by', options.by, 1, 0x7fffffff);
  return new ReorderRule(selector, frames, parseDuration(options.within ?? DEFAULT_HOLD_NS));
}

/** Flips a bit of the frames selected. */
export function corrupt(options: CorruptOptions): FaultRule {
  checkOptions('corrupt', options);
  const bit = options.bit === undefined ? -1 : whole('bit', options.bit, 0, 0x7fffffff);
  return new CorruptRule(new Selector('corrupt', options), bit, recomputes('corrupt', options.fcs));
}

/** Cuts the frames selected. */
export function truncate(options: TruncateOptions): FaultRule {
  checkOptions('truncate', options);
  const length = whole('length', options.length, 1, FRAME_MAX_LENGTH);
  return new TruncateRule(new Selector('truncate', options), length, recomputes('truncate', options.fcs));
}

/** A rule of one's own under a name of one's own; a bare function in `faults` is named 'rule'. */
export function rule(kind: string, verdict: FaultFunction): FaultRule {
  if (typeof kind !== 'string' || typeof verdict !== 'function') {
    throw new WireError('FAULT_ARGUMENT', 'a rule has a name and a function (ctx)');
  }
  return new FunctionRule(kind, verdict);
}

/** The rule that a fault stands for. Throws {@link WireError} FAULT_ARGUMENT if it is neither rule nor function. */
export function toRule(fault: Fault): FaultRule {
  if (typeof fault === 'function') return new FunctionRule('rule', fault);
  if (typeof fault?.verdict !== 'function') {
    throw new WireError(
      'FAULT_ARGUMENT',
      'a fault is a rule such as drop({...}), an object with verdict(ctx), or a function',
    );
  }
  return fault;
}

function recomputes(kind: string, fcs: FcsChoice | undefined): boolean {
  if (fcs === undefined || fcs === 'bad') return false;
  if (fcs === 'recomputed') return true;
  throw new WireError('FAULT_ARGUMENT', `fcs of ${kind} is 'bad' or 'recomputed', not ${String(fcs)}`);
}

/** A rule that acts on the frames its selector hits. */
abstract class SelectedRule implements FaultRule {
  readonly kind: string;
  private readonly selector: Selector;
  constructor(kind: string, selector: Selector) {
    this.kind = kind;
    this.selector = selector;
  }
  verdict(ctx: FaultContext): void {
    if (this.selector.hits(ctx)) this.act(ctx);
  }
  protected abstract act(ctx: FaultContext): void;
}

class DropRule extends SelectedRule {
  constructor(selector: Selector) {
    super('drop', selector);
  }
  protected override act(ctx: FaultContext): void {
    ctx.drop();
  }
}

class DuplicateRule extends SelectedRule {
  private readonly copies: number;
  constructor(selector: Selector, copies: number) {
    super('duplicate', selector);
    this.copies = copies;
  }
  protected override act(ctx: FaultContext): void {
    ctx.duplicate(this.copies);
  }
}

class DelayRule extends SelectedRule {
  private readonly by_ns: number;
  private readonly jitter_ns: number;
  constructor(selector: Selector, by_ns: number, jitter_ns: number) {
    super('delay', selector);
    this.by_ns = by_ns;
    this.jitter_ns = jitter_ns;
  }
  protected override act(ctx: FaultContext): void {
    ctx.delay(this.jitter_ns > 0 ? this.by_ns + ctx.rng.range(-this.jitter_ns, this.jitter_ns) : this.by_ns);
  }
}

class ReorderRule extends SelectedRule {
  private readonly frames: number;
  private readonly within_ns: number;
  constructor(selector: Selector, frames: number, within_ns: number) {
    super('reorder', selector);
    this.frames = frames;
    this.within_ns = within_ns;
  }
  protected override act(ctx: FaultContext): void {
    ctx.reorder(this.frames, this.within_ns);
  }
}

class ReorderTimeRule extends SelectedRule {
  private readonly by_ns: number;
  constructor(selector: Selector, by_ns: number) {
    super('reorder', selector);
    this.by_ns = by_ns;
  }
  protected override act(ctx: FaultContext): void {
    ctx.delay(this.by_ns);
  }
}

class CorruptRule extends SelectedRule {
  private readonly bit: number;
  private readonly recompute: boolean;
  constructor(selector: Selector, bit: number, recompute: boolean) {
    super('corrupt', selector);
    this.bit = bit;
    this.recompute = recompute;
  }
  protected override act(ctx: FaultContext): void {
    ctx.corrupt(this.bit >= 0 ? this.bit : ctx.rng.below(ctx.length * 8), this.recompute);
  }
}

class TruncateRule extends SelectedRule {
  private readonly length: number;
  private readonly recompute: boolean;
  constructor(selector: Selector, length: number, recompute: boolean) {
    super('truncate', selector);
    this.length = length;
    this.recompute = recompute;
  }
  protected override act(ctx: FaultContext): void {
    ctx.truncate(this.length, this.recompute);
  }
}

class FunctionRule implements FaultRule {
  readonly kind: string;
  private readonly judge: FaultFunction;
  constructor(kind: string, judge: FaultFunction) {
    this.kind = kind;
    this.judge = judge;
  }
  verdict(ctx: FaultContext): void {
    // Called without the rule as `this`: a rule function sees the frame and nothing else.
    const judge = this.judge;
    judge(ctx);
  }
}
