import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNvm, NVM_CHECKSUM, nvmChecksum } from '../../../src/hw/nic/nvm/nvm.js';
import { SpiPins } from '../../../src/hw/nic/nvm/spi.js';
import {
  FLASH_BYTES,
  FLASH_CHIP_ERASE_NS,
  FLASH_PAGE,
  FLASH_PROGRAM_NS,
  FLASH_SECTOR,
  FLASH_SECTOR_ERASE_NS,
  SpiFlash,
} from '../../../src/hw/nic/nvm/spi-flash.js';
import { runs } from '../../support/fc.js';
import { Bench, hex, MAC, REG } from './support.js';

const EECD = 0x10;
const FLA = 0x1c;
const EEWR = 0x102c;
const FLSWCTL = 0x1030;
const FLSWDATA = 0x1034;
const FLSWCNT = 0x1038;
const FWE = 0x20;
const FLUPD = 1 << 19;
const SEC1VAL = 1 << 22;
const UPDATE_NS = FLASH_SECTOR_ERASE_NS + (FLASH_SECTOR / FLASH_PAGE) * FLASH_PROGRAM_NS;
const WREN = 6;
const PP = 2;
const SECTOR_ERASE = 0x20;

function card(): Bench {
  return new Bench({ nic: { nvm: 'flash' } });
}

function pass(b: Bench, ns: number): void {
  b.runTo(b.sim.now + ns);
}

function eerd(b: Bench, word: number): number {
  b.write(REG.EERD, (word << 2) | 1);
  expect(b.read(REG.EERD) & 2).toBe(2);
  return b.read(REG.EERD) >>> 16;
}

function eewr(b: Bench, word: number, value: number): void {
  b.write(EEWR, (value << 16) | (word << 2) | 1);
  expect(b.read(EEWR) & 2).toBe(2);
}

/** One command to the flash over the pins of FLA: bytes out, `count` bytes in. */
function command(b: Bench, out: readonly number[], count = 0): number[] {
  const REQ = 0x10;
  b.write(FLA, REQ | 2);
  expect(b.read(FLA) & 0x20).toBe(0x20);
  b.write(FLA, REQ);
  for (const byte of out) {
    for (let i = 7; i >= 0; i--) {
      const data = ((byte >> i) & 1) << 2;
      b.write(FLA, REQ | data);
      b.write(FLA, REQ | data | 1);
    }
    b.write(FLA, REQ);
  }
  const answer: number[] = [];
  for (let k = 0; k < count; k++) {
    let value = 0;
    for (let i = 0; i < 8; i++) {
      b.write(FLA, REQ | 1);
      value = (value << 1) | ((b.read(FLA) & 8) >> 3);
      b.write(FLA, REQ);
    }
    answer.push(value);
  }
  b.write(FLA, REQ | 2);
  b.write(FLA, 2);
  return answer;
}

describe('an NVM in flash', () => {
  test('shows as one in EECD, and its shadow RAM has the image', () => {
    const b = card();
    expect((b.read(EECD) >>> 15) & 3).toBe(3);
    expect(b.read(EECD) & 0x300).toBe(0x300);
    let sum = 0;
    for (let i = 0; i < 64; i++) sum += eerd(b, i);
    expect(sum & 0xffff).toBe(0xbaba);
    expect([eerd(b, 2047), eerd(b, 2048)]).toEqual([0xffff, 0]);
    expect(b.nic.mmioRead(1, 0)).toBe(eerd(b, 0) | (eerd(b, 1) << 16) | 0);
  });

  test('EEWR changes the shadow RAM only; EE_RST brings the flash back', () => {
    const b = card();
    eewr(b, 2, 0x1234);
    expect(eerd(b, 2)).toBe(0x1234);
    b.write(REG.CTRL_EXT, 0x2000);
    expect(eerd(b, 2)).toBe(0xccbb);
    expect(hex(b.read(REG.RAH))).toBe('8000ccbb');
  });

  test('FLUPD commits it to the other sector in its time, and that one is used from then on', () => {
    const b = card();
    eewr(b, 2, 0x1234);
    eewr(b, NVM_CHECKSUM, nvmChecksum(b.nic.nvm));
    b.write(EECD, FLUPD);
    expect(b.read(EECD) & (FLUPD | SEC1VAL)).toBe(FLUPD);
    pass(b, UPDATE_NS - 1);
    expect(b.read(EECD) & (FLUPD | SEC1VAL)).toBe(FLUPD);
    pass(b, 1);
    expect(b.read(EECD) & (FLUPD | SEC1VAL)).toBe(SEC1VAL);
    b.write(REG.CTRL_EXT, 0x2000);
    expect(eerd(b, 2)).toBe(0x1234);
    expect(hex(b.read(REG.RAH))).toBe('80001234');
    b.nic.reset();
    expect(eerd(b, 2)).toBe(0x1234);
    // And back to the first one.
    eewr(b, 2, 0x5678);
    b.write(EECD, FLUPD);
    pass(b, UPDATE_NS);
    expect(b.read(EECD) & (FLUPD | SEC1VAL)).toBe(0);
    b.write(REG.CTRL_EXT, 0x2000);
    expect(eerd(b, 2)).toBe(0x5678);
  });

  test('FLUPD while the flash erases waits for it', () => {
    const b = card();
    b.write(EECD, FWE);
    b.write(FLSWCTL, (2 << 24) | 0x10000);
    b.write(EECD, FWE | FLUPD);
    pass(b, FLASH_SECTOR_ERASE_NS);
    expect(b.read(EECD) & FLUPD).toBe(FLUPD);
    pass(b, UPDATE_NS);
    expect(b.read(EECD) & (FLUPD | SEC1VAL)).toBe(SEC1VAL);
  });

  test('an image of the caller is what the card has', () => {
    const image = createNvm(MAC);
    image[0x0b] = 0x4321;
    const b = new Bench({ nic: { nvm: 'flash', nvmImage: image } });
    expect(hex(b.nic.config.read(0x2c, 4))).toBe('43218086');
  });
});

describe('the flash', () => {
  test('identifies itself and is read over the pins as through BAR 1', () => {
    const b = card();
    expect(command(b, [0x9f], 3)).toEqual([0xef, 0x30, 0x13]);
    const bytes = command(b, [3, 0, 0, 4], 8);
    for (let k = 0; k < 8; k += 4) {
      const word = bytes[k] | (bytes[k + 1] << 8) | (bytes[k + 2] << 16) | (bytes[k + 3] << 24);
      expect(b.nic.mmioRead(1, 4 + k)).toBe(word);
    }
    expect(command(b, [0x0b, 0, 0, 4, 0], 2)).toEqual(bytes.slice(0, 2));
  });

  test('page program takes write enable and its time; the status tells, nothing else answers', () => {
    const b = card();
    command(b, [PP, 1, 0, 0, 0x5a]);
    expect(b.nic.mmioRead(1, 0x10000)).toBe(-1);
    command(b, [WREN]);
    expect(command(b, [5], 1)).toEqual([2]);
    command(b, [PP, 1, 0, 0, 0x5a]);
    expect(command(b, [5], 1)[0] & 1).toBe(1);
    expect(b.read(FLA) & (1 << 30)).toBe(1 << 30);
    expect(command(b, [0x9f], 1)).toEqual([0]);
    pass(b, FLASH_PROGRAM_NS);
    expect(command(b, [5], 1)).toEqual([0]);
    expect(hex(b.nic.mmioRead(1, 0x10000))).toBe('ffffff5a');
  });

  test('BAR 1 programs only with EECD.FWE, and can only clear bits', () => {
    const b = card();
    b.nic.mmioWrite(1, 0x10000, 0x12345678);
    expect(b.nic.mmioRead(1, 0x10000)).toBe(-1);
    b.write(EECD, FWE);
    b.nic.mmioWrite(1, 0x10000, 0x12345678);
    expect(b.nic.mmioRead(1, 0x10000)).toBe(-1);
    pass(b, FLASH_PROGRAM_NS);
    expect(hex(b.nic.mmioRead(1, 0x10000))).toBe('12345678');
    b.nic.mmioWrite(1, 0x10000, 0x0f0f0f0f);
    pass(b, FLASH_PROGRAM_NS);
    expect(hex(b.nic.mmioRead(1, 0x10000))).toBe('02040608');
  });

  test('FLA.ER erases all in its time, with FWE only', () => {
    const b = card();
    b.write(FLA, 1 << 31);
    expect(b.read(FLA) & (1 << 30)).toBe(0);
    b.write(EECD, FWE);
    b.write(FLA, 1 << 31);
    expect(b.read(FLA) & (1 << 30)).toBe(1 << 30);
    pass(b, FLASH_CHIP_ERASE_NS);
    expect(b.read(FLA) & (1 << 30)).toBe(0);
    expect(b.nic.mmioRead(1, 0)).toBe(-1);
  });

  test('FLSW: a burst written four bytes at a time, read back, its sector erased', () => {
    const b = card();
    b.write(EECD, FWE);
    const words = [0x03020100, 0x07060504, 0x0b0a0908];
    b.write(FLSWCNT, 12);
    b.write(FLSWCTL, (1 << 24) | 0x20000);
    for (const word of words) {
      b.write(FLSWDATA, word);
      expect(b.read(FLSWCTL) & (3 << 29)).toBe(1 << 29);
      pass(b, FLASH_PROGRAM_NS);
      expect(b.read(FLSWCTL) & (1 << 30)).toBe(1 << 30);
    }
    expect(b.read(FLSWCTL) >>> 31).toBe(1);
    b.write(FLSWCNT, 12);
    b.write(FLSWCTL, 0x20000);
    expect(words.map(() => b.read(FLSWDATA))).toEqual(words);
    expect(b.read(FLSWCTL) >>> 31).toBe(1);
    b.write(FLSWCTL, (2 << 24) | 0x20004);
    pass(b, FLASH_SECTOR_ERASE_NS);
    expect(b.read(FLSWCTL) & (1 << 28)).toBe(1 << 28);
    b.write(FLSWCTL, 0x20000);
    expect(b.read(FLSWDATA)).toBe(-1);
  });

  test('FLSW without FWE, or an unknown command, is not valid', () => {
    const b = card();
    b.write(FLSWCTL, (2 << 24) | 0x20000);
    expect(b.read(FLSWCTL) & (1 << 28)).toBe(0);
    b.write(EECD, FWE);
    b.write(FLSWCTL, (9 << 24) | 0x20000);
    expect(b.read(FLSWCTL) & (1 << 28)).toBe(0);
  });

  test('a card with an EEPROM has no flash: BAR 1 reads ones and drops writes', () => {
    const b = new Bench();
    b.write(EECD, FWE);
    b.nic.mmioWrite(1, 0, 0);
    expect(b.nic.mmioRead(1, 0)).toBe(-1);
  });
});

describe('SpiFlash', () => {
  const REGION = 2 * FLASH_SECTOR;
  const address = fc.integer({ min: 0, max: REGION - 1 });
  const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 300 });
  const step = fc.oneof(
    fc.tuple(fc.constant(PP), address, bytes),
    fc.tuple(fc.constant(SECTOR_ERASE), address, fc.constant<number[]>([])),
  );

  test('any programs and erasures leave what a plain array has: bits fall by programming, rise by erasing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const clock = new Float64Array(1);
        const part = new SpiFlash(clock);
        const pins = new SpiPins(part);
        const model = new Uint8Array(REGION).fill(0xff);
        const send = (out: readonly number[]): void => {
          pins.drive(0, 0, 0);
          for (const byte of out) {
            for (let i = 7; i >= 0; i--) {
              pins.drive(1, 0, (byte >> i) & 1);
              pins.drive(0, 0, 0);
            }
          }
          pins.drive(0, 1, 0);
        };
        for (const [opcode, at, data] of steps) {
          send([WREN]);
          send([opcode, at >> 16, (at >> 8) & 0xff, at & 0xff, ...data]);
          expect(part.isBusy).toBe(true);
          clock[0] += FLASH_SECTOR_ERASE_NS;
          if (opcode === SECTOR_ERASE) model.fill(0xff, at & -FLASH_SECTOR, (at & -FLASH_SECTOR) + FLASH_SECTOR);
          else program(model, at, data);
          expect(model.findIndex((cell, i) => part.cells[i] !== cell)).toBe(-1);
        }
        expect(part.cells.findIndex((cell, i) => i >= REGION && cell !== 0xff)).toBe(-1);
        expect(part.cells.length).toBe(FLASH_BYTES);
      }),
      { numRuns: runs(60) },
    );
  });

  /** Of more bytes than a page has, the last ones for each place count. */
  function program(model: Uint8Array, at: number, data: readonly number[]): void {
    const page = new Map<number, number>();
    data.forEach((byte, i) => {
      page.set((at & -FLASH_PAGE) + ((at + i) % FLASH_PAGE), byte);
    });
    for (const [cell, byte] of page) model[cell] &= byte;
  }
});
