// What the hardware and its driver agree on: the data sheet, so to speak.

/** PCI identity; the vendor is nobody's. */
export const VENDOR = 0x5071;
export const DEVICE = 0x0c0e;

/** Registers, byte offsets in BAR 0. */
export const CTRL = 0x00; // bit 0: run, bit 1: reset (reads 0)
export const RING = 0x04; // address of descriptor 0
export const SIZE = 0x08; // descriptors in the ring
export const HEAD = 0x0c; // read only: the next descriptor the engine takes
export const TAIL = 0x10; // the first one it must not take yet; writing it starts the engine
export const RATE = 0x14; // bytes per microsecond, 0: never done
export const CAUSE = 0x18; // bit 0: descriptors done; write 1 to clear
export const MASK = 0x1c; // causes that interrupt
export const CTRL_RUN = 1;
export const CTRL_RESET = 2;
export const CAUSE_DONE = 1;

/** A descriptor is eight words: source, target, length in bytes, status, CRC-32, and three that are not used. */
export const DESC_BYTES = 32;
export const DESC_STATUS = 12;
export const STATUS_DONE = 1;
export const STATUS_ERROR = 2;
/** Longest copy, bytes. */
export const MAX_LENGTH = 65536;
