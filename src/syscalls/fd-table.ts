import { EBADF, EMFILE } from '../uapi/index.js';
import type { OpenFile } from './file.js';

/** `RLIMIT_NOFILE`'s usual soft limit. */
export const NR_OPEN_DEFAULT: number = 1024;

/** First descriptor handed out: 0, 1 and 2 are the standard streams of a process and are not files of the emulated machine yet. */
const FIRST_FD = 3;

/** The descriptors of one process: the lowest free number is given out, as POSIX requires. */
export class FdTable {
  private readonly files: (OpenFile | null)[] = [null, null, null];
  private lowest_free: number = FIRST_FD;
  readonly limit: number;

  constructor(limit: number = NR_OPEN_DEFAULT) {
    this.limit = limit;
  }

  /** The file behind `fd`, or null (the caller answers `-EBADF`). */
  get(fd: number): OpenFile | null {
    return this.files[fd] ?? null;
  }

  /** Installs a file at the lowest free descriptor; `-EMFILE` at the limit. */
  install(file: OpenFile): number {
    let fd = this.lowest_free;
    while (fd < this.files.length && this.files[fd] !== null) fd++;
    if (fd >= this.limit) return -EMFILE;
    this.files[fd] = file;
    this.lowest_free = fd + 1;
    return fd;
  }

  /** Removes a descriptor; the file is released with its last one. 0 or `-EBADF`. */
  close(fd: number): number {
    const file = this.get(fd);
    if (file === null) return -EBADF;
    this.files[fd] = null;
    if (fd < this.lowest_free) this.lowest_free = fd;
    if (--file.count === 0) file.ops.release();
    return 0;
  }

  /** Closes everything, in descriptor order (process exit). */
  closeAll(): void {
    for (let fd = 0; fd < this.files.length; fd++) this.close(fd);
  }

  /** Descriptors in use, ascending. */
  open(): number[] {
    const list: number[] = [];
    for (let fd = 0; fd < this.files.length; fd++) if (this.files[fd] !== null) list.push(fd);
    return list;
  }
}
