/**
 * Frames held back by `reorder` in one direction. Each waits for a number of later frames, or for its deadline. The list
 * is short and rarely used, so plain arrays serve.
 */
export class HoldList {
  private frames: number[] = [];
  private left: number[] = [];
  private due: number[] = [];

  /** Frames held. */
  count(): number {
    return this.frames.length;
  }

  /** Holds `frame` for `later` frames, at most until `due_ns`. */
  add(frame: number, later: number, due_ns: number): void {
    this.frames.push(frame);
    this.left.push(later);
    this.due.push(due_ns);
  }

  /** One frame went ahead of all that are held. */
  passed(): void {
    for (let i = 0; i < this.left.length; i++) this.left[i]--;
  }

  /**
   * Takes out the oldest frame that has been passed often enough; 0 if there is none. It in turn passes the frames that
   * were sent before it and are still held.
   */
  takePassed(): number {
    for (let i = 0; i < this.left.length; i++) {
      if (this.left[i] > 0) continue;
      for (let older = 0; older < i; older++) this.left[older]--;
      return this.take(i);
    }
    return 0;
  }

  /** Takes out the first frame whose deadline is not after `now_ns`; 0 if there is none. */
  takeDue(now_ns: number): number {
    for (let i = 0; i < this.due.length; i++) if (this.due[i] <= now_ns) return this.take(i);
    return 0;
  }

  /** Takes out any frame; 0 if there is none. */
  takeAny(): number {
    return this.frames.length > 0 ? this.take(0) : 0;
  }

  /** Earliest deadline, ns; call it only with frames held. */
  firstDue(): number {
    return this.due.reduce((first, due) => (due < first ? due : first));
  }

  private take(index: number): number {
    const frame = this.frames[index];
    this.frames.splice(index, 1);
    this.left.splice(index, 1);
    this.due.splice(index, 1);
    return frame;
  }
}
