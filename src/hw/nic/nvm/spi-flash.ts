import type { SpiPart } from './spi.js';

/** Bytes of the part: 4 Mbit, as the W25X40 on Intel's own 82574L desktop card. */
export const FLASH_BYTES = 0x80000;
export const FLASH_PAGE = 256;
export const FLASH_SECTOR = 4096;
const FLASH_BLOCK = 0x10000;

/** JEDEC identification: Winbond, W25X family, 4 Mbit (unverified). */
const JEDEC_ID: readonly number[] = [0xef, 0x30, 0x13];

/* Typical times of such parts, ns (unverified for any one part). */
export const FLASH_PROGRAM_NS = 1_500_000;
export const FLASH_SECTOR_ERASE_NS = 150_000_000;
export const FLASH_BLOCK_ERASE_NS = 1_000_000_000;
export const FLASH_CHIP_ERASE_NS = 4_000_000_000;
export const FLASH_STATUS_NS = 10_000_000;

const WRSR = 0x01;
const PP = 0x02;
const READ = 0x03;
const WRDI = 0x04;
const RDSR = 0x05;
const WREN = 0x06;
const FAST_READ = 0x0b;
const SECTOR_ERASE = 0x20;
const CHIP_ERASE_60 = 0x60;
const JEDEC = 0x9f;
const CHIP_ERASE = 0xc7;
const BLOCK_ERASE = 0xd8;

const STATUS_BUSY = 0x01;
const STATUS_WEL = 0x02;
/** Block protection and SRP, which are kept and of which all-ones protection blocks writing. */
const STATUS_WRITABLE = 0x9c;
const STATUS_BLOCKS = 0x1c;

/**
 * A serial NOR flash with the common JEDEC commands. Programming can only clear bits; erasing sets a sector, a block or all
 * of them. Each takes its time from when the part is deselected, and until then only the status can be read.
 */
export class SpiFlash implements SpiPart {
  readonly cells: Uint8Array = new Uint8Array(FLASH_BYTES).fill(0xff);
  private readonly clock: Float64Array;
  /** [0] end of the operation under way, ns. */
  private readonly busy: Float64Array = new Float64Array(1);
  private status = 0;
  private opcode = 0;
  /** Bytes of the command so far, and the address they made. */
  private count = 0;
  private address = 0;
  private readonly page: Int16Array = new Int16Array(FLASH_PAGE).fill(-1);
  private newStatus = -1;

  /** @param clock `clock[0]` is now, ns */
  constructor(clock: Float64Array) {
    this.clock = clock;
  }

  get isBusy(): boolean {
    return this.clock[0] < this.busy[0];
  }

  /** Clears bits at `address` and on, within one page, on behalf of the chip; false when the part is busy. */
  program(address: number, bytes: Uint8Array): boolean {
    if (this.isBusy) return false;
    const at = address % FLASH_BYTES;
    const base = at - (at % FLASH_PAGE);
    for (let i = 0; i < bytes.length; i++) this.cells[base + ((at + i) % FLASH_PAGE)] &= bytes[i];
    this.occupy(FLASH_PROGRAM_NS);
    return true;
  }

  /** Erases the sector around `address`; false when the part is busy. */
  eraseSector(address: number): boolean {
    return this.erase(address, FLASH_SECTOR, FLASH_SECTOR_ERASE_NS);
  }

  /** Erases all; false when the part is busy. */
  eraseAll(): boolean {
    return this.erase(0, FLASH_BYTES, FLASH_CHIP_ERASE_NS);
  }

  /** Replaces a whole sector: one erase and as many page programs as it has pages; false when the part is busy. */
  rewriteSector(address: number, bytes: Uint8Array): boolean {
    if (!this.eraseSector(address)) return false;
    this.cells.set(bytes, address);
    this.occupy(FLASH_SECTOR_ERASE_NS + (FLASH_SECTOR / FLASH_PAGE) * FLASH_PROGRAM_NS);
    return true;
  }

  private erase(address: number, size: number, time_ns: number): boolean {
    if (this.isBusy) return false;
    const base = (address % FLASH_BYTES) & -size;
    this.cells.fill(0xff, base, base + size);
    this.occupy(time_ns);
    return true;
  }

  private occupy(time_ns: number): void {
    this.busy[0] = this.clock[0] + time_ns;
  }

  select(): void {
    this.opcode = 0;
    this.count = 0;
    this.address = 0;
    this.newStatus = -1;
    this.page.fill(-1);
  }

  transfer(byte: number): number {
    const n = this.count++;
    if (n === 0) return this.command(byte);
    if (this.opcode === RDSR) return this.statusNow();
    if (this.opcode === JEDEC) return JEDEC_ID[n] ?? 0;
    if (this.opcode === WRSR) {
      this.newStatus = byte;
      return 0;
    }
    if (n <= 3) {
      this.address = ((this.address << 8) | byte) & 0xffffff;
      return n === 3 && this.opcode === READ ? this.readNext() : 0;
    }
    if (this.opcode === READ || this.opcode === FAST_READ) return this.readNext();
    if (this.opcode === PP) this.collect(byte);
    return 0;
  }

  /** A byte of a page program; the address wraps within its page. */
  private collect(byte: number): void {
    const place = this.address % FLASH_PAGE;
    this.page[place] = byte;
    this.address = this.address - place + ((place + 1) % FLASH_PAGE);
  }

  private command(byte: number): number {
    if (this.isBusy && byte !== RDSR) return 0;
    this.opcode = byte;
    if (byte === RDSR) return this.statusNow();
    return byte === JEDEC ? JEDEC_ID[0] : 0;
  }

  private readNext(): number {
    return this.cells[this.address++ % FLASH_BYTES];
  }

  private statusNow(): number {
    return this.isBusy ? this.status | STATUS_BUSY : this.status;
  }

  deselect(whole: boolean): void {
    if (!whole || this.count === 0) return;
    if (this.opcode === WREN) this.status |= STATUS_WEL;
    else if (this.opcode === WRDI) this.status &= ~STATUS_WEL;
    else if ((this.status & STATUS_WEL) !== 0 && this.change()) this.status &= ~STATUS_WEL;
  }

  /** Commands that need write enable; false when this was none, or not a whole one. */
  private change(): boolean {
    if (this.opcode === WRSR && this.newStatus >= 0) {
      this.status = (this.status & ~STATUS_WRITABLE) | (this.newStatus & STATUS_WRITABLE);
      this.occupy(FLASH_STATUS_NS);
      return true;
    }
    const chip = this.opcode === CHIP_ERASE || this.opcode === CHIP_ERASE_60;
    const addressed = this.count >= 4 && (this.opcode === SECTOR_ERASE || this.opcode === BLOCK_ERASE);
    const programs = this.opcode === PP && this.count > 4;
    if (!chip && !addressed && !programs) return false;
    // A protected part drops the command and its write enable.
    if ((this.status & STATUS_BLOCKS) !== 0) return true;
    if (chip) this.eraseAll();
    else if (this.opcode === SECTOR_ERASE) this.eraseSector(this.address);
    else if (this.opcode === BLOCK_ERASE) this.erase(this.address, FLASH_BLOCK, FLASH_BLOCK_ERASE_NS);
    else this.programPage();
    return true;
  }

  private programPage(): void {
    const base = (this.address - (this.address % FLASH_PAGE)) % FLASH_BYTES;
    for (let i = 0; i < FLASH_PAGE; i++) if (this.page[i] >= 0) this.cells[base + i] &= this.page[i];
    this.occupy(FLASH_PROGRAM_NS);
  }
}
