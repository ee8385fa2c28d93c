import { SimError } from '../sim/index.js';

/**
 * What a caller of this room can do wrong: BAD_PARAM (a parameter out of range), BAD_COSTS (a cost table that does not validate),
 * BLOCK_TOO_LONG (a block of 2^31 cycles or more), BH_UNBALANCED (a block ended with bottom halves disabled), NO_SOFTIRQ (raised
 * without a handler).
 */
export type CpuErrorCode = 'BAD_PARAM' | 'BAD_COSTS' | 'BLOCK_TOO_LONG' | 'BH_UNBALANCED' | 'NO_SOFTIRQ';

/** A typed error of the cpu room; `code` is stable. */
export class CpuError extends SimError {
  constructor(code: CpuErrorCode, message: string) {
    super(code, message);
    this.name = 'CpuError';
  }
}
