import type { WaitQueueHead } from '../fs/index.js';

/**
 * What an open file can do (`struct file_operations`, the part that any descriptor has). Calls particular to sockets are on
 * {@link SocketFile}; a call that a kind of file does not have answers its errno (`ENOTSOCK`, `EINVAL`).
 */
export interface FileOps {
  /** Ready events now, `POLL*` bits (`f_op->poll`). */
  poll(): number;
  /** Where sleepers for any of these events wait. */
  readonly wait: WaitQueueHead;
  /** The last descriptor is gone (`f_op->release`). */
  release(): void;
}

/** An open file description (`struct file`): shared by the descriptors that were duplicated from one another. */
export class OpenFile {
  readonly ops: FileOps;
  /** `O_*` status flags (`F_GETFL`). */
  flags: number;
  /** Descriptors that refer to it. */
  count: number = 1;

  constructor(ops: FileOps, flags: number) {
    this.ops = ops;
    this.flags = flags;
  }
}
