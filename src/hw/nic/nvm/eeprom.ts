import type { SpiPart } from './spi.js';

/* Instructions, under the names of Linux' e1000e (NVM_*_OPCODE_SPI). */
const WRSR = 0x01;
const WRITE = 0x02;
const READ = 0x03;
const WRDI = 0x04;
const RDSR = 0x05;
const WREN = 0x06;
/** Ninth address bit of parts with one address byte, in the READ and WRITE instructions. */
const A8 = 0x08;

/* Status register. */
const STATUS_BUSY = 0x01;
const STATUS_WEN = 0x02;
const STATUS_BLOCK_SHIFT = 2;
/** Bits that WRSR sets: block protection and WPEN. */
const STATUS_WRITABLE = 0x8c;

/** Bytes that one WRITE can change: the address wraps within them. */
const PAGE = 8;
/** Time of a write cycle, ns: 5 ms, as parts of this kind state as their longest (unverified for any one part). */
export const EEPROM_WRITE_NS = 5_000_000;

const IDLE = 0;
const COMMAND = 1;
const ADDRESS = 2;
const READING = 3;
const WRITING = 4;
const STATUS_OUT = 5;
const STATUS_IN = 6;

/**
 * A serial EEPROM with one address byte (up to 512 bytes): READ, WRITE by pages, WREN/WRDI, RDSR/WRSR with block
 * protection. A write begins when the part is deselected and takes {@link EEPROM_WRITE_NS}; meanwhile only RDSR answers.
 */
export class SpiEeprom implements SpiPart {
  private readonly cells: Uint8Array;
  /** `clock[0]` is now, ns. */
  private readonly clock: Float64Array;
  /** [0] end of the write under way, ns. */
  private readonly busy: Float64Array = new Float64Array(1);
  private status = 0;
  private phase = IDLE;
  private opcode = 0;
  private address = 0;
  /** Bytes of a WRITE, by their place in the page; -1 where none came. */
  private readonly page: Int16Array = new Int16Array(PAGE).fill(-1);
  private newStatus = -1;

  constructor(cells: Uint8Array, clock: Float64Array) {
    this.cells = cells;
    this.clock = clock;
  }

  /** A write is under way. */
  get isBusy(): boolean {
    return this.clock[0] < this.busy[0];
  }

  /** When the write under way ends, ns. */
  get busyUntil(): number {
    return this.busy[0];
  }

  /** Starts a write cycle on behalf of the chip's own access to the part (EEWR). */
  occupy(): void {
    this.busy[0] = this.clock[0] + EEPROM_WRITE_NS;
  }

  select(): void {
    this.phase = COMMAND;
    this.opcode = 0;
    this.newStatus = -1;
    this.page.fill(-1);
  }

  transfer(byte: number): number {
    if (this.phase === COMMAND) return this.command(byte);
    if (this.phase === ADDRESS) return this.setAddress(byte);
    if (this.phase === READING) return this.readNext();
    if (this.phase === STATUS_OUT) return this.statusNow();
    if (this.phase === WRITING) {
      this.page[this.address % PAGE] = byte;
      this.address = this.address - (this.address % PAGE) + ((this.address + 1) % PAGE);
    } else if (this.phase === STATUS_IN) this.newStatus = byte;
    return 0;
  }

  private command(byte: number): number {
    this.phase = IDLE;
    if (this.isBusy && byte !== RDSR) return 0;
    this.opcode = byte;
    if (byte === RDSR) {
      this.phase = STATUS_OUT;
      return this.statusNow();
    }
    if (byte === WRSR) this.phase = STATUS_IN;
    const plain = byte & ~A8;
    if (plain === READ || plain === WRITE) {
      this.opcode = plain;
      this.address = (byte & A8) !== 0 ? 0x100 : 0;
      this.phase = ADDRESS;
    }
    return 0;
  }

  private setAddress(byte: number): number {
    this.address = (this.address | byte) % this.cells.length;
    this.phase = this.opcode === READ ? READING : WRITING;
    return this.opcode === READ ? this.readNext() : 0;
  }

  private readNext(): number {
    const value = this.cells[this.address];
    this.address = (this.address + 1) % this.cells.length;
    return value;
  }

  private statusNow(): number {
    return this.isBusy ? this.status | STATUS_BUSY : this.status;
  }

  deselect(whole: boolean): void {
    if (whole && this.phase !== READING) this.execute();
    this.phase = IDLE;
  }

  private execute(): void {
    if (this.opcode === WREN) this.status |= STATUS_WEN;
    else if (this.opcode === WRDI) this.status &= ~STATUS_WEN;
    else if ((this.status & STATUS_WEN) !== 0 && (this.opcode === WRITE || this.opcode === WRSR)) this.program();
  }

  private program(): void {
    if (this.opcode === WRSR) {
      if (this.newStatus < 0) return;
      this.status = this.newStatus & STATUS_WRITABLE;
    } else {
      if (this.phase !== WRITING || this.page.every((byte) => byte < 0)) return;
      const base = this.address - (this.address % PAGE);
      if (base < this.protectedFrom()) this.store(base);
    }
    this.status &= ~STATUS_WEN;
    this.occupy();
  }

  private store(base: number): void {
    for (let i = 0; i < PAGE; i++) if (this.page[i] >= 0) this.cells[base + i] = this.page[i];
  }

  /** First byte that block protection guards: none, the upper quarter, the upper half, all. */
  private protectedFrom(): number {
    const size = this.cells.length;
    const blocks = (this.status >>> STATUS_BLOCK_SHIFT) & 3;
    return blocks === 0 ? size : blocks === 1 ? size - size / 4 : blocks === 2 ? size / 2 : 0;
  }
}
