import { EECD_FWE_ENABLE, EECD_FWE_MASK } from '../registers/bits.js';
import { EECD, FLA, FLSWCNT, FLSWCTL, FLSWDATA } from '../registers/indices.js';
import { SpiPins } from './spi.js';
import { FLASH_BYTES, SpiFlash } from './spi-flash.js';

/* FLA: the pins, request and grant, erase. */
const FLA_SK = 1;
const FLA_CE = 2;
const FLA_SI = 4;
const FLA_SO = 8;
const FLA_REQ = 0x10;
const FLA_GNT = 0x20;
const FLA_BUSY = 1 << 30;
const FLA_ER = 1 << 31;

/* FLSWCTL. */
const FLSW_ADDRESS = 0x00ffffff;
const FLSW_COMMAND_SHIFT = 24;
const FLSW_VALID = 1 << 28;
const FLSW_BUSY = 1 << 29;
const FLSW_DONE = 1 << 30;
const FLSW_ALL_DONE = 1 << 31;
const FLSW_READ = 0;
const FLSW_WRITE = 1;
const FLSW_ERASE_SECTOR = 2;
const FLSW_ERASE_ALL = 3;

/**
 * The ways of software to the serial flash: memory in BAR 1, the pins in FLA, and the command registers FLSWCTL, FLSWDATA and
 * FLSWCNT (a burst of up to FLSWCNT bytes, four at a time; layout as in Intel's later chips, unverified for this one).
 * Whatever changes the flash needs EECD.FWE = 10b, but for the pins.
 */
export class Flash {
  readonly part: SpiFlash;
  private readonly pins: SpiPins;
  private readonly values: Int32Array;
  /** The last command of FLSWCTL was taken. */
  private accepted = false;

  constructor(values: Int32Array, clock: Float64Array) {
    this.values = values;
    this.part = new SpiFlash(clock);
    this.pins = new SpiPins(this.part);
  }

  private get writable(): boolean {
    return (this.values[EECD] & EECD_FWE_MASK) === EECD_FWE_ENABLE;
  }

  /** A 32-bit read of BAR 1; ones while the part is busy. */
  read(offset: number): number {
    if (this.part.isBusy) return -1;
    return this.word(offset);
  }

  /** A 32-bit write of BAR 1 programs four bytes; dropped when writing is not enabled or the part is busy. */
  write(offset: number, value: number): void {
    if (this.writable) this.part.program(offset, bytesOf(value, 4));
  }

  private word(address: number): number {
    const c = this.part.cells;
    const at = (address & ~3) % FLASH_BYTES;
    return c[at] | (c[at + 1] << 8) | (c[at + 2] << 16) | (c[at + 3] << 24);
  }

  /** One of the flash registers was written; others are none of ours. */
  wrote(i: number, value: number): void {
    if (i === FLA) this.wroteFla(value);
    else if (i === FLSWCTL) this.wroteControl(value);
    else if (i === FLSWDATA) this.wroteData(value);
  }

  /** What software reads from register `i`, whose stored value is `value`. */
  readRegister(i: number, value: number): number {
    if (i === FLA) return this.readFla();
    if (i === FLSWCTL) return this.readControl();
    return i === FLSWDATA ? this.readData(value) : value;
  }

  private wroteFla(value: number): void {
    const v = this.values;
    v[FLA] = (value & (FLA_SK | FLA_CE | FLA_SI | FLA_REQ)) | ((value & FLA_REQ) !== 0 ? FLA_GNT : 0);
    if ((value & FLA_ER) !== 0 && this.writable) this.part.eraseAll();
    const granted = (value & FLA_REQ) !== 0;
    this.pins.drive(value & FLA_SK, granted ? value & FLA_CE : 1, (value & FLA_SI) >> 2);
  }

  private readFla(): number {
    return this.values[FLA] | (this.pins.out !== 0 ? FLA_SO : 0) | (this.part.isBusy ? FLA_BUSY : 0);
  }

  /** FLSWCTL was written: a command begins. */
  private wroteControl(value: number): void {
    const v = this.values;
    const command = (value >>> FLSW_COMMAND_SHIFT) & 15;
    v[FLSWCTL] = value & (FLSW_ADDRESS | (15 << FLSW_COMMAND_SHIFT));
    this.accepted = !this.part.isBusy && this.begin(command, value & FLSW_ADDRESS);
  }

  private begin(command: number, address: number): boolean {
    if (command === FLSW_READ) {
      this.values[FLSWDATA] = this.word(address);
      return true;
    }
    if (!this.writable) return false;
    if (command === FLSW_ERASE_SECTOR) return this.part.eraseSector(address);
    if (command === FLSW_ERASE_ALL) return this.part.eraseAll();
    return command === FLSW_WRITE;
  }

  private readControl(): number {
    const busy = this.part.isBusy;
    let value = this.values[FLSWCTL];
    if (this.accepted) value |= FLSW_VALID;
    if (busy) return value | FLSW_BUSY;
    const burst = this.values[FLSWCTL] >>> FLSW_COMMAND_SHIFT <= FLSW_WRITE;
    return value | FLSW_DONE | (burst && this.values[FLSWCNT] > 0 ? 0 : FLSW_ALL_DONE);
  }

  /** FLSWDATA was read: the next four bytes of a read burst are fetched. */
  private readData(data: number): number {
    const v = this.values;
    if (this.accepted && v[FLSWCTL] >>> FLSW_COMMAND_SHIFT === FLSW_READ) {
      this.advance(4);
      if (v[FLSWCNT] > 0) v[FLSWDATA] = this.word(v[FLSWCTL] & FLSW_ADDRESS);
    }
    return data;
  }

  /** FLSWDATA was written: the next bytes of a write burst are programmed. */
  private wroteData(value: number): void {
    const v = this.values;
    const writing = this.accepted && v[FLSWCTL] >>> FLSW_COMMAND_SHIFT === FLSW_WRITE;
    if (!writing || v[FLSWCNT] === 0) return;
    const count = v[FLSWCNT] < 4 ? v[FLSWCNT] : 4;
    if (this.part.program(v[FLSWCTL] & FLSW_ADDRESS, bytesOf(value, count))) this.advance(count);
  }

  private advance(count: number): void {
    const v = this.values;
    v[FLSWCNT] = v[FLSWCNT] > count ? v[FLSWCNT] - count : 0;
    v[FLSWCTL] = (v[FLSWCTL] & ~FLSW_ADDRESS) | ((v[FLSWCTL] + count) & FLSW_ADDRESS);
  }

  /** After the registers were reset. */
  reset(): void {
    this.accepted = false;
    this.pins.drive(0, 1, 0);
  }
}

function bytesOf(value: number, count: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24).subarray(0, count);
}
