import {
  EECD_CS,
  EECD_DI,
  EECD_DO,
  EECD_FLUPD,
  EECD_GNT,
  EECD_NVADDS_FLASH,
  EECD_REQ,
  EECD_SEC1VAL,
  EECD_SK,
  EERD_DONE,
  EERD_START,
} from '../registers/bits.js';
import { EECD, EERD, EEWR } from '../registers/indices.js';
import { SpiEeprom } from './eeprom.js';
import { Flash } from './flash.js';
import { NVM_SIZE_AND_SIGNATURE, NVM_WORDS, SIGNATURE_VALID } from './nvm.js';
import { SpiPins } from './spi.js';
import { FLASH_SECTOR } from './spi-flash.js';

/** The kind of part that holds the NVM. */
export type NvmKind = 'eeprom' | 'flash';

/** Address field of EERD and EEWR. */
const ADDRESS_SHIFT = 2;
const ADDRESS_MASK = 0x3fff;

/**
 * The chip's access to its NVM, by EERD and EEWR, and software's own by EECD.
 *
 * With an EEPROM the words are the part's cells: EEWR takes a write cycle, and EECD gives software the pins while it has
 * the grant. With a flash the words are a shadow RAM of one sector: EEWR changes that RAM, EECD.FLUPD writes it to the sector
 * that is not in use and then uses that one (EECD.SEC1VAL says which), and `reload` reads it back.
 * Time is looked at when software looks, so nothing here holds a timer.
 */
export class NvmUnit {
  /** The words: 64 of an EEPROM, or the 2048 of a flash sector. */
  readonly words: Uint16Array;
  readonly flash: Flash | null;
  private readonly eeprom: SpiEeprom | null;
  private readonly pins: SpiPins | null;
  private readonly values: Int32Array;
  /** Sector in use: 0 or 1. */
  private sector = 0;
  /** FLUPD is asked for, and under way. */
  private wanted = false;
  private updating = false;

  /**
   * @param image contents, at most what the part holds
   * @param clock `clock[0]` is now, ns
   */
  constructor(values: Int32Array, clock: Float64Array, kind: NvmKind, image: Uint16Array) {
    this.values = values;
    if (kind === 'eeprom') {
      this.words = new Uint16Array(NVM_WORDS);
      this.flash = null;
      this.eeprom = new SpiEeprom(new Uint8Array(this.words.buffer), clock);
      this.pins = new SpiPins(this.eeprom);
      this.words.set(image.subarray(0, NVM_WORDS));
    } else {
      this.words = new Uint16Array(FLASH_SECTOR / 2);
      this.flash = new Flash(values, clock);
      this.eeprom = null;
      this.pins = null;
      this.flash.part.cells.set(
        new Uint8Array(image.buffer, image.byteOffset, image.byteLength).subarray(0, FLASH_SECTOR),
      );
    }
    this.reload();
  }

  /** Reads a flash's valid sector into the shadow RAM; an EEPROM's words need no copy. What was not committed is lost. */
  reload(): void {
    if (this.flash === null) return;
    const cells = this.flash.part.cells;
    this.sector = sectorValid(cells, 0) || !sectorValid(cells, 1) ? 0 : 1;
    new Uint8Array(this.words.buffer).set(cells.subarray(this.sector * FLASH_SECTOR, (this.sector + 1) * FLASH_SECTOR));
  }

  /** One of the registers that lead to the NVM was written; others are none of ours. */
  wrote(i: number, value: number): void {
    if (i === EERD) this.wroteEerd(value);
    else if (i === EEWR) this.wroteEewr(value);
    else if (i === EECD) this.wroteEecd(value);
    else if (this.flash !== null) this.flash.wrote(i, value);
  }

  /** What software reads from register `i`, whose stored value is `value`. */
  read(i: number, value: number): number {
    if (i === EERD || i === EEWR) return this.readDone(i, value);
    if (i === EECD) return this.readEecd();
    return this.flash === null ? value : this.flash.readRegister(i, value);
  }

  /** EERD was written: address << 2 | START in, data << 16 | address << 2 | DONE out. Beyond the part the data is 0. */
  private wroteEerd(value: number): void {
    const request = value & (ADDRESS_MASK << ADDRESS_SHIFT);
    const address = (value >>> ADDRESS_SHIFT) & ADDRESS_MASK;
    const data = (value & EERD_START) !== 0 && address < this.words.length ? this.words[address] : 0;
    this.values[EERD] = (data << 16) | request | EERD_DONE;
  }

  /** EEWR was written: as EERD, with the data in. */
  private wroteEewr(value: number): void {
    const address = (value >>> ADDRESS_SHIFT) & ADDRESS_MASK;
    this.values[EEWR] = value & ~(EERD_START | EERD_DONE);
    if ((value & EERD_START) === 0 || address >= this.words.length) return;
    this.words[address] = value >>> 16;
    this.eeprom?.occupy();
  }

  /** EERD and EEWR: an EEPROM in a write cycle answers when that is over. */
  private readDone(i: number, value: number): number {
    if (this.writing()) return value & ~EERD_DONE;
    return i === EEWR ? value | EERD_DONE : value;
  }

  private writing(): boolean {
    return this.eeprom?.isBusy === true;
  }

  /** EECD was written: request and grant, the pins of an EEPROM, the update of a flash. */
  private wroteEecd(value: number): void {
    const v = this.values;
    const granted = (value & EECD_REQ) !== 0;
    v[EECD] = granted ? v[EECD] | EECD_GNT : v[EECD] & ~EECD_GNT;
    this.pins?.drive(value & EECD_SK, granted ? value & EECD_CS : 1, (value & EECD_DI) >> 2);
    if (this.flash === null || (value & EECD_FLUPD) === 0) return;
    this.wanted = true;
    this.settle();
  }

  /** EECD as software reads it. */
  private readEecd(): number {
    const value = this.values[EECD];
    if (this.pins !== null) return this.pins.out !== 0 ? value | EECD_DO : value;
    this.settle();
    return value | EECD_NVADDS_FLASH | (this.wanted ? EECD_FLUPD : 0) | (this.sector === 1 ? EECD_SEC1VAL : 0);
  }

  /**
   * Brings FLUPD forward when the part is free: it begins, or it ends, and then the new sector is the one in use and the
   * signature of the old one is taken back.
   */
  private settle(): void {
    const flash = this.flash;
    if (!this.wanted || flash === null || flash.part.isBusy) return;
    if (!this.updating) {
      const other = (1 - this.sector) * FLASH_SECTOR;
      this.updating = flash.part.rewriteSector(other, new Uint8Array(this.words.buffer));
      return;
    }
    this.wanted = false;
    this.updating = false;
    flash.part.cells[this.sector * FLASH_SECTOR + NVM_SIZE_AND_SIGNATURE * 2 + 1] &= 0x3f;
    this.sector = 1 - this.sector;
  }

  /** After the registers were reset: the pins are let go. */
  reset(): void {
    this.pins?.drive(0, 1, 0);
    this.flash?.reset();
  }
}

function sectorValid(cells: Uint8Array, sector: number): boolean {
  return cells[sector * FLASH_SECTOR + NVM_SIZE_AND_SIGNATURE * 2 + 1] >>> 6 === SIGNATURE_VALID;
}
