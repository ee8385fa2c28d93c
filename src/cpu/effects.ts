import type { SimTarget } from '../sim/index.js';

const INTS = 4;

/**
 * What a block does to the world, kept until the block ends: (target, op, a, b) each, in the order asked for. Posted MMIO writes stand in
 * the same queue as wakeups (their order among each other is kept) with the target complemented, so that a read can flush only them.
 */
export class EffectQueue {
  list: Int32Array = new Int32Array(64 * INTS);
  /** Used ints of `list`. */
  used: number = 0;
  /** Posted writes among them. */
  writes: number = 0;

  push(target: number, op: number, a: number, b: number): void {
    const at = this.used;
    if (at === this.list.length) this.grow();
    const list = this.list;
    list[at] = target;
    list[at + 1] = op;
    list[at + 2] = a;
    list[at + 3] = b;
    this.used = at + INTS;
  }

  /** Applies and forgets everything, in order. */
  apply(targets: SimTarget[]): void {
    const used = this.used;
    for (let at = 0; at < used; at += INTS) {
      const list = this.list;
      const target = list[at];
      targets[target < 0 ? ~target : target].handle(list[at + 1], list[at + 2], list[at + 3]);
    }
    this.used = 0;
    this.writes = 0;
  }

  /** Applies the posted writes in order; the wakeups stay, in order. */
  flushWrites(targets: SimTarget[]): void {
    const used = this.used;
    const list = this.list;
    let kept = 0;
    for (let at = 0; at < used; at += INTS) {
      const target = list[at];
      if (target < 0) {
        targets[~target].handle(list[at + 1], list[at + 2], list[at + 3]);
      } else {
        list.copyWithin(kept, at, at + INTS);
        kept += INTS;
      }
    }
    this.used = kept;
    this.writes = 0;
  }

  private grow(): void {
    const list = new Int32Array(this.list.length * 2);
    list.set(this.list);
    this.list = list;
  }
}
