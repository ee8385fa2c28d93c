import { SimError } from '../../sim/index.js';

/**
 * What a user of the PCIe room can do wrong.
 * `CONFIG_ACCESS`: configuration access of a bad size, alignment or offset; `CONFIG_LAYOUT`: a register, BAR or
 * capability defined where it cannot be; `SLOT`: slot out of range or taken; `IOMEM_RANGE`: access outside an
 * I/O mapping or not 4-aligned; `NO_RESOURCE`: no room left in a BAR window; `DMA_BUFFER`: a negative length, or a
 * device-side buffer that is not device memory.
 */
export type PcieErrorCode = 'CONFIG_ACCESS' | 'CONFIG_LAYOUT' | 'SLOT' | 'IOMEM_RANGE' | 'NO_RESOURCE' | 'DMA_BUFFER';

/** Misuse of the PCIe room; what hardware would answer with ones or drop is not an error. `code` is stable. */
export class PcieError extends SimError {
  constructor(code: PcieErrorCode, message: string) {
    super(code, message);
    this.name = 'PcieError';
  }
}
