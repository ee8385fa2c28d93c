/**
 * Wait queues: who is to be woken when a file becomes ready.
 *
 * Source followed: include/linux/wait.h, kernel/sched/wait.c (`prepare_to_wait`, `prepare_to_wait_exclusive`, `__wake_up_common`,
 * `autoremove_wake_function`).
 */

/** Someone who sleeps on wait queues. The scheduler's tasks are woken through it; `wq_wake` must not run the sleeper at once. */
export interface WaitSleeper {
  wq_wake(): void;
}

/** One sleeper's place in one queue. Made once and used again for every sleep of the same kind. */
export class WaitQueueEntry {
  readonly sleeper: WaitSleeper;
  /** At most one exclusive sleeper is woken per wake-up (`WQ_FLAG_EXCLUSIVE`). */
  exclusive: boolean;
  /** `POLL*` bits slept for; a wake-up with a key that shares none of them passes by. */
  events: number = -1;
  queue: WaitQueueHead | null = null;
  prev: WaitQueueEntry | null = null;
  next: WaitQueueEntry | null = null;

  constructor(sleeper: WaitSleeper, exclusive: boolean = false) {
    this.sleeper = sleeper;
    this.exclusive = exclusive;
  }
}

/** A queue of sleepers (`wait_queue_head_t`). Shared sleepers stand in front, exclusive ones behind, as the kernel keeps them. */
export class WaitQueueHead {
  private first: WaitQueueEntry | null = null;
  private last: WaitQueueEntry | null = null;

  /** Whether anyone sleeps here (`waitqueue_active`). */
  active(): boolean {
    return this.first !== null;
  }

  /** `prepare_to_wait` / `prepare_to_wait_exclusive`: idempotent; an entry stands in one queue at a time. */
  prepare_to_wait(entry: WaitQueueEntry): void {
    if (entry.queue === this) return;
    if (entry.queue !== null) entry.queue.finish_wait(entry);
    entry.queue = this;
    if (entry.exclusive) this.append(entry);
    else this.prepend(entry);
  }

  /** `finish_wait`: leaves the queue if still in it. */
  finish_wait(entry: WaitQueueEntry): void {
    if (entry.queue !== this) return;
    if (entry.prev === null) this.first = entry.next;
    else entry.prev.next = entry.next;
    if (entry.next === null) this.last = entry.prev;
    else entry.next.prev = entry.prev;
    entry.queue = null;
    entry.prev = null;
    entry.next = null;
  }

  /** Wakes every shared sleeper and `nr_exclusive` exclusive ones (0: all of them) that sleep for one of `key`'s events; the woken leave the queue. */
  wake_up(nr_exclusive: number, key: number): void {
    let entry = this.first;
    let left = nr_exclusive;
    while (entry !== null) {
      const next = entry.next;
      if ((entry.events & key) !== 0) {
        const exclusive = entry.exclusive;
        this.finish_wait(entry);
        entry.sleeper.wq_wake();
        if (exclusive && --left === 0) return;
      }
      entry = next;
    }
  }

  private append(entry: WaitQueueEntry): void {
    entry.prev = this.last;
    if (this.last === null) this.first = entry;
    else this.last.next = entry;
    this.last = entry;
  }

  private prepend(entry: WaitQueueEntry): void {
    entry.next = this.first;
    if (this.first === null) this.last = entry;
    else this.first.prev = entry;
    this.first = entry;
  }
}
