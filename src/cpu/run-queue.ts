import type { Task } from './task.js';

/**
 * Tasks waiting for one CPU, real-time ones first, then least `vruntime`, equal ones in order of arrival: a binary heap. A simple fair queue, not CFS or EEVDF:
 * one weight for all, and a sleeper comes back at most one slice behind.
 */
export class RunQueue {
  private readonly heap: Task[] = [];
  size: number = 0;
  /** Virtual time of the queue: never decreases. */
  min_vruntime: number = 0;
  private arrivals: number = 0;

  /** The task that would be picked next. The queue must not be empty. */
  first(): Task {
    return this.heap[0];
  }

  /** Limits the credit a task gathered while asleep to `slice` cycles behind the least of those that run or wait. */
  place(task: Task, curr: Task | null, slice: number): void {
    let least = curr === null ? Number.POSITIVE_INFINITY : curr.vruntime;
    if (this.size !== 0 && this.heap[0].vruntime < least) least = this.heap[0].vruntime;
    if (least > this.min_vruntime && least !== Number.POSITIVE_INFINITY) this.min_vruntime = least;
    const floor = this.min_vruntime - slice;
    if (task.vruntime < floor) task.vruntime = floor;
  }

  add(task: Task): void {
    task.order = this.arrivals++;
    const heap = this.heap;
    let at = this.size++;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(task, heap[up])) break;
      heap[at] = heap[up];
      at = up;
    }
    heap[at] = task;
  }

  /** Takes the first task, or null. */
  take(): Task | null {
    if (this.size === 0) return null;
    const heap = this.heap;
    const first = heap[0];
    const moved = heap[--this.size];
    heap.pop();
    if (this.size !== 0) this.sink(moved);
    if (first.vruntime > this.min_vruntime) this.min_vruntime = first.vruntime;
    return first;
  }

  private sink(task: Task): void {
    const heap = this.heap;
    const size = this.size;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], task)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = task;
  }
}

function before(a: Task, b: Task): boolean {
  if (a.rt_priority !== b.rt_priority) return a.rt_priority > b.rt_priority;
  return a.vruntime < b.vruntime || (a.vruntime === b.vruntime && a.order < b.order);
}
