import { SimError } from '../../sim/index.js';

/**
 * What a caller of `PhysicalMemory` can do wrong.
 * `BAD_SIZE`: not a positive integer; `BAD_ALIGNMENT`: not a power of two or larger than a chunk;
 * `NOT_OWNED`: the range is not memory of this host; `BAD_FREE`: the address is not the start of a block of that size.
 */
export type MemoryErrorCode = 'BAD_SIZE' | 'BAD_ALIGNMENT' | 'NOT_OWNED' | 'BAD_FREE';

/** Misuse of a host's physical memory; `code` is a stable {@link MemoryErrorCode}. */
export class MemoryError extends SimError {
  constructor(code: MemoryErrorCode, message: string) {
    super(code, message);
    this.name = 'MemoryError';
  }
}
