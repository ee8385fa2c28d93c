import { PcieError } from './errors.js';

/** Bytes of one function's configuration space. */
export const CONFIG_BYTES = 4096;

/** Kinds of reset: of all power; conventional (hot) reset; function-level reset. */
export const RESET_COLD = 0;
export const RESET_HOT = 1;
export const RESET_FUNCTION = 2;

/** 4096 bytes of registers, each bit read-only, read-write or write-1-to-clear, and what each kind of reset does to them. */
export abstract class ConfigBits {
  readonly bytes: Uint8Array = new Uint8Array(CONFIG_BYTES);
  private readonly rw: Uint8Array = new Uint8Array(CONFIG_BYTES);
  private readonly w1c: Uint8Array = new Uint8Array(CONFIG_BYTES);
  /** Bits that only a cold reset changes. */
  private readonly sticky: Uint8Array = new Uint8Array(CONFIG_BYTES);
  /** Bits that a function-level reset keeps because they belong to the link. */
  private readonly link: Uint8Array = new Uint8Array(CONFIG_BYTES);
  protected initial: Uint8Array | null = null;

  /**
   * Defines a register: its value after reset, its read-write bits and its write-1-to-clear bits; the rest is read-only.
   * @param size bytes: 1, 2 or 4
   * @throws PcieError CONFIG_LAYOUT when a bit is both, or the register does not fit or is not aligned
   */
  define(offset: number, size: 1 | 2 | 4, value: number, rw = 0, w1c = 0): void {
    if (offset < 0 || offset + size > CONFIG_BYTES || offset % size !== 0 || (rw & w1c) !== 0) {
      throw new PcieError('CONFIG_LAYOUT', `register of ${size} bytes at 0x${offset.toString(16)}`);
    }
    for (let i = 0; i < size; i++) {
      this.bytes[offset + i] = value >>> (8 * i);
      this.rw[offset + i] = rw >>> (8 * i);
      this.w1c[offset + i] = w1c >>> (8 * i);
    }
    this.refresh();
  }

  /**
   * Bits (a 32-bit mask at `offset`) that hot and function-level resets leave alone: the sticky ones of the specification
   * (ROS, RWS, RW1CS).
   */
  keepOverReset(offset: number, mask: number): void {
    for (let i = 0; i < 4; i++) this.sticky[offset + i] = this.sticky[offset + i] | (mask >>> (8 * i));
  }

  /** Bits (a 32-bit mask at `offset`) that a function-level reset leaves alone because the link depends on them. */
  keepOverFunctionReset(offset: number, mask: number): void {
    for (let i = 0; i < 4; i++) this.link[offset + i] = this.link[offset + i] | (mask >>> (8 * i));
  }

  /** Takes the present contents as the values after reset. Called by `RootComplex.attach`. */
  seal(): void {
    this.initial = this.bytes.slice();
  }

  /**
   * Back to the values after reset; the listener is not told.
   * @param kind `RESET_COLD` (all bits), `RESET_HOT` (sticky bits stay) or `RESET_FUNCTION` (those of the link stay too)
   */
  reset(kind: number = RESET_COLD): void {
    const initial = this.initial;
    if (initial === null) return;
    const { bytes, sticky, link } = this;
    for (let i = 0; i < CONFIG_BYTES; i++) {
      const keep = kind === RESET_COLD ? 0 : kind === RESET_HOT ? sticky[i] : sticky[i] | link[i];
      bytes[i] = (bytes[i] & keep) | (initial[i] & ~keep);
    }
    this.refresh();
  }

  /**
   * Reads 1, 2 or 4 bytes, little-endian; 4 bytes give an int32.
   * @throws PcieError CONFIG_ACCESS on a bad size, alignment or offset
   */
  read(offset: number, size: number): number {
    checkAccess(offset, size);
    const b = this.bytes;
    if (size === 1) return b[offset];
    const low = b[offset] | (b[offset + 1] << 8);
    if (size === 2) return low;
    return low | (b[offset + 2] << 16) | (b[offset + 3] << 24);
  }

  /** Hardware writes a register of 1, 2 or 4 bytes, whatever its access class. @throws PcieError CONFIG_ACCESS */
  set(offset: number, size: number, value: number): void {
    checkAccess(offset, size);
    for (let i = 0; i < size; i++) this.bytes[offset + i] = value >>> (8 * i);
    this.refresh();
  }

  /** The write-1-to-clear bits of the 32-bit register at `offset`. */
  clearable(offset: number): number {
    const m = this.w1c;
    return m[offset] | (m[offset + 1] << 8) | (m[offset + 2] << 16) | (m[offset + 3] << 24);
  }

  /** Software's write, bit by bit as its access class says; the access has been checked. */
  protected store(offset: number, size: number, value: number): void {
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      const v = (value >>> (8 * i)) & 0xff;
      const rw = this.rw[at];
      this.bytes[at] = ((this.bytes[at] & ~rw) | (v & rw)) & ~(v & this.w1c[at]);
    }
  }

  /** Called after every change of the contents. */
  protected abstract refresh(): void;
}

/** @throws PcieError CONFIG_ACCESS unless 1, 2 or 4 bytes at a multiple of their number */
export function checkAccess(offset: number, size: number): void {
  if ((size !== 1 && size !== 2 && size !== 4) || offset % size !== 0 || offset < 0 || offset + size > CONFIG_BYTES) {
    throw new PcieError('CONFIG_ACCESS', `configuration access of ${size} bytes at ${offset}`);
  }
}
