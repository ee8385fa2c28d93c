import { Cloneable } from '../../sim/index.js';
import { type ConfigSpace, type DevicePort, PcieError } from '../pcie/index.js';

/** Bytes of one entry of the vector table. */
export const MSIX_ENTRY_BYTES = 16;
/** Vector Control, bit 0: the vector is masked. */
export const MSIX_ENTRY_MASKED = 1;

const ADDRESS_LO = 0;
const ADDRESS_HI = 1;
const DATA = 2;
const CONTROL = 3;
const ENTRY_WORDS = 4;

/**
 * The vector table and pending bit array of a function with MSI-X, and the sending of its messages (PCI Express base
 * specification, "MSI-X Capability and Table Structure"). A device decodes two ranges of a BAR to it and calls `signal`
 * where an interrupt occurs; it forwards `configWritten` and `reset`.
 *
 * A vector that may not send now (its own Mask bit, or Function Mask) remembers one message in its pending bit; whatever
 * ends the masking sends it. While MSI-X is disabled nothing is sent and nothing is remembered.
 */
export class MsixTable extends Cloneable {
  /** Entries, 1..2048. */
  readonly vectors: number;
  /** Four words an entry: address low and high, data, Vector Control. */
  readonly words: Int32Array;
  /** Pending bits, 32 vectors a word; whole quadwords as the array is laid out. */
  readonly pending: Int32Array;
  /** Vectors pending now. */
  pendingCount: number;
  private readonly config: ConfigSpace;

  /** @throws PcieError CONFIG_LAYOUT when the number of vectors is not 1..2048 */
  constructor(config: ConfigSpace, vectors: number) {
    super();
    if (!(vectors >= 1 && vectors <= 2048) || (vectors | 0) !== vectors) {
      throw new PcieError('CONFIG_LAYOUT', `an MSI-X table cannot have ${vectors} entries`);
    }
    this.vectors = vectors;
    this.words = new Int32Array(vectors * ENTRY_WORDS);
    this.pending = new Int32Array(((vectors + 63) >> 6) * 2);
    this.pendingCount = 0;
    this.config = config;
    this.reset();
  }

  /** A 32-bit read at a 4-aligned offset from the start of the table; 0 beyond its end. */
  readTable(offset: number): number {
    const at = offset >> 2;
    return at >= 0 && at < this.words.length ? this.words[at] : 0;
  }

  /**
   * A 32-bit write at a 4-aligned offset from the start of the table; ignored beyond its end. Unmasking a vector sends
   * its pending message. Reserved bits stay 0.
   */
  writeTable(offset: number, value: number, port: DevicePort): void {
    const at = offset >> 2;
    if (at < 0 || at >= this.words.length) return;
    const word = at & (ENTRY_WORDS - 1);
    if (word === ADDRESS_LO) this.words[at] = value & ~3;
    else if (word !== CONTROL) this.words[at] = value;
    else {
      this.words[at] = value & MSIX_ENTRY_MASKED;
      if (this.pendingCount !== 0) this.deliver(port, at >> 2);
    }
  }

  /** A 32-bit read at a 4-aligned offset from the start of the pending bit array; 0 beyond its end. Writes have no effect. */
  readPba(offset: number): number {
    const at = offset >> 2;
    return at >= 0 && at < this.pending.length ? this.pending[at] : 0;
  }

  /**
   * The device has an interrupt on `vector` (0..vectors - 1). Sends the message when MSI-X is enabled and nothing masks
   * the vector; masked, the vector becomes pending.
   * @returns whether a message was handed to the port
   */
  signal(port: DevicePort, vector: number): boolean {
    const config = this.config;
    if (!config.msixEnabled || vector < 0 || vector >= this.vectors) return false;
    const at = vector << 2;
    if (config.msixMasked || (this.words[at + CONTROL] & MSIX_ENTRY_MASKED) !== 0) {
      this.setPending(vector);
      return false;
    }
    port.msiWrite(this.words[at + ADDRESS_LO], this.words[at + ADDRESS_HI], this.words[at + DATA]);
    return true;
  }

  /** Configuration space was written: if that ended the masking of the function, pending messages go, lowest vector first. */
  configWritten(port: DevicePort): void {
    if (this.pendingCount === 0) return;
    for (let vector = 0; vector < this.vectors; vector++) this.deliver(port, vector);
  }

  private deliver(port: DevicePort, vector: number): void {
    if (!this.isPending(vector) || !this.config.msixEnabled) return;
    this.clearPending(vector);
    // Still masked, it becomes pending again.
    this.signal(port, vector);
  }

  private setPending(vector: number): void {
    if (this.isPending(vector)) return;
    this.pending[vector >> 5] |= 1 << (vector & 31);
    this.pendingCount++;
  }

  /** A masked vector has a message to send. */
  isPending(vector: number): boolean {
    return ((this.pending[vector >> 5] >>> (vector & 31)) & 1) !== 0;
  }

  /** The interrupt was dealt with while the vector was masked: the message is no longer owed. */
  clearPending(vector: number): void {
    if (!this.isPending(vector)) return;
    this.pending[vector >> 5] &= ~(1 << (vector & 31));
    this.pendingCount--;
  }

  /** Function Mask or the vector's own Mask bit is set. */
  isMasked(vector: number): boolean {
    return this.config.msixMasked || (this.words[(vector << 2) + CONTROL] & MSIX_ENTRY_MASKED) !== 0;
  }

  /** As after a reset of the function: every vector masked, the other words 0, nothing pending. */
  reset(): void {
    this.words.fill(0);
    for (let at = CONTROL; at < this.words.length; at += ENTRY_WORDS) this.words[at] = MSIX_ENTRY_MASKED;
    this.pending.fill(0);
    this.pendingCount = 0;
  }
}
