import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EEPROM_WRITE_NS, SpiEeprom } from '../../../src/hw/nic/nvm/eeprom.js';
import { createNvm, NVM_CHECKSUM, NVM_WORDS, nvmChecksum } from '../../../src/hw/nic/nvm/nvm.js';
import { SpiPins } from '../../../src/hw/nic/nvm/spi.js';
import { cloneGraph } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import { Bench, hex, MAC, REG } from './support.js';

const EECD = 0x10;
const EEWR = 0x102c;
const SK = 1;
const CS = 2;
const DI = 4;
const DO = 8;
const REQ = 0x40;
const GNT = 0x80;
const WREN = 0x06;
const WRDI = 0x04;
const RDSR = 0x05;
const WRSR = 0x01;
const READ = 0x03;
const WRITE = 0x02;

/** Drives the EEPROM through EECD, pin by pin, as a driver does. */
class Pins {
  private readonly b: Bench;

  constructor(b: Bench) {
    this.b = b;
    b.write(EECD, REQ | CS);
    expect(b.read(EECD) & GNT).toBe(GNT);
  }

  private set(pins: number): void {
    this.b.write(EECD, REQ | pins);
  }

  select(): void {
    this.set(0);
  }

  deselect(): void {
    this.set(CS);
  }

  out(value: number, bits = 8): void {
    for (let i = bits - 1; i >= 0; i--) {
      const data = ((value >>> i) & 1) !== 0 ? DI : 0;
      this.set(data);
      this.set(data | SK);
      this.set(data);
    }
    this.set(0);
  }

  in(bits = 8): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      this.set(SK);
      value = (value << 1) | ((this.b.read(EECD) & DO) !== 0 ? 1 : 0);
      this.set(0);
    }
    return value;
  }

  command(...bytes: number[]): void {
    this.select();
    for (const byte of bytes) this.out(byte);
    this.deselect();
  }

  status(): number {
    this.select();
    this.out(RDSR);
    const value = this.in();
    this.deselect();
    return value;
  }

  /** The word at `index`: its low byte lies first. */
  word(index: number): number {
    this.select();
    this.out(READ);
    this.out(index * 2);
    const low = this.in();
    const high = this.in();
    this.deselect();
    return low | (high << 8);
  }

  release(): void {
    this.b.write(EECD, CS);
  }
}

function eerd(b: Bench, word: number): number {
  b.write(REG.EERD, (word << 2) | 1);
  return b.read(REG.EERD) >>> 16;
}

function pass(b: Bench, ns: number): void {
  b.runTo(b.sim.now + ns);
}

describe('the image', () => {
  test('has a valid signature, the checksum, and the identity in configuration space', () => {
    const words = createNvm(MAC);
    expect(words[0x12] >>> 14).toBe(1);
    expect(words[NVM_CHECKSUM]).toBe(nvmChecksum(words));
    const b = new Bench();
    expect(hex(b.nic.config.read(0x00, 4))).toBe('10d38086');
    expect(hex(b.nic.config.read(0x2c, 4))).toBe('10d38086');
  });

  test("of another card: its MAC address, subsystem and wake-up are the chip's", () => {
    const words = createNvm(MAC);
    words.set([0x1102, 0x3322, 0x5544]);
    words[0x0b] = 0x0001;
    words[0x0c] = 0x15d9;
    words[0x24] = 0;
    const b = new Bench({ nic: { nvmImage: words } });
    expect([hex(b.read(REG.RAL)), hex(b.read(REG.RAH))]).toEqual(['33221102', '80005544']);
    expect(hex(b.nic.config.read(0x2c, 4))).toBe('000115d9');
    expect(b.read(0x5800) & 1).toBe(0);
    expect(new Bench().read(0x5800) & 1).toBe(1);
  });

  test('without signature, or where init control 1 does not ask: the ids of the chip stay', () => {
    const blank = new Uint16Array(NVM_WORDS).fill(0xffff);
    expect(hex(new Bench({ nic: { nvmImage: blank } }).nic.config.read(0x00, 4))).toBe('10d38086');
    const words = createNvm(MAC);
    words[0x0a] &= ~3;
    words[0x0d] = 0x1234;
    expect(hex(new Bench({ nic: { nvmImage: words } }).nic.config.read(0x00, 4))).toBe('10d38086');
  });
});

describe('EECD', () => {
  test('reads every word that EERD reads', () => {
    const b = new Bench();
    const pins = new Pins(b);
    for (let i = 0; i < NVM_WORDS; i++) expect(pins.word(i), `word ${i}`).toBe(eerd(b, i));
    pins.release();
    expect(b.read(EECD)).toBe(0x302);
  });

  test('READ goes on through the part and wraps', () => {
    const b = new Bench();
    const pins = new Pins(b);
    pins.select();
    pins.out(READ);
    pins.out(127);
    expect(pins.in()).toBe(eerd(b, 63) >>> 8);
    expect(pins.in()).toBe(MAC[0]);
    pins.deselect();
  });

  test('without the grant the pins do nothing', () => {
    const b = new Bench();
    for (const pins of [0, DI, DI | SK, DI, 0, SK]) {
      b.write(EECD, pins);
      expect(b.read(EECD) & (GNT | DO)).toBe(0);
    }
  });

  test('WRITE takes WREN, and its time, in which only the status answers', () => {
    const b = new Bench();
    const pins = new Pins(b);
    pins.command(WRITE, 0x08, 0xcd, 0xab);
    expect([pins.status(), pins.word(4)]).toEqual([0, 0xf746]);
    pins.command(WREN);
    expect(pins.status()).toBe(2);
    pins.command(WRITE, 0x08, 0xcd, 0xab);
    expect(pins.status() & 1).toBe(1);
    expect(pins.word(4)).toBe(0);
    pass(b, EEPROM_WRITE_NS - 1);
    expect(pins.status() & 1).toBe(1);
    pass(b, 1);
    expect(pins.status()).toBe(0);
    expect([pins.word(4), eerd(b, 4)]).toEqual([0xabcd, 0xabcd]);
  });

  test('WREN is taken back by WRDI; a byte that is not whole makes a command void', () => {
    const b = new Bench();
    const pins = new Pins(b);
    pins.command(WREN);
    pins.command(WRDI);
    expect(pins.status()).toBe(0);
    pins.select();
    pins.out(WREN, 8);
    pins.out(1, 3);
    pins.deselect();
    expect(pins.status()).toBe(0);
  });

  test('a WRITE beyond its page wraps within it', () => {
    const b = new Bench();
    const pins = new Pins(b);
    const before = [8, 9, 10, 11, 12].map((i) => eerd(b, i));
    pins.command(WREN);
    pins.command(WRITE, 0x16, 0x11, 0x22, 0x33, 0x44);
    pass(b, EEPROM_WRITE_NS);
    expect([8, 9, 10, 11, 12].map((i) => eerd(b, i))).toEqual([0x4433, before[1], before[2], 0x2211, before[4]]);
  });

  test('block protection guards a quarter, a half, all', () => {
    const b = new Bench();
    const pins = new Pins(b);
    const store = (byte: number): number => {
      pins.command(WREN);
      pins.command(WRITE, byte, 0xa5);
      pass(b, EEPROM_WRITE_NS);
      return eerd(b, byte >> 1) & 0xff;
    };
    for (const [protection, allowed] of [
      [1, 96],
      [2, 64],
      [3, 0],
    ]) {
      pins.command(WREN);
      pins.command(WRSR, protection << 2);
      pass(b, EEPROM_WRITE_NS);
      expect(pins.status()).toBe(protection << 2);
      for (const byte of [0, 56, 64, 88, 96, 120]) {
        const cell = eerd(b, byte >> 1) & 0xff;
        expect(store(byte)).toBe(byte < allowed ? 0xa5 : cell);
      }
      pins.command(WREN);
      pins.command(WRSR, 0);
      pass(b, EEPROM_WRITE_NS);
    }
  });

  test('EEWR during a write cycle: EERD and EEWR are done when it is over', () => {
    const b = new Bench();
    b.write(EEWR, (0x7777 << 16) | (6 << 2) | 1);
    b.write(REG.EERD, (6 << 2) | 1);
    expect([b.read(EEWR) & 2, b.read(REG.EERD) & 2]).toEqual([0, 0]);
    pass(b, EEPROM_WRITE_NS);
    expect(hex(b.read(REG.EERD))).toBe('7777001a');
    expect(b.read(EEWR) & 2).toBe(2);
  });

  test('CTRL_EXT.EE_RST loads the address again and reads as 0', () => {
    const b = new Bench();
    b.write(REG.RAL, 0);
    b.nic.nvm[2] = 0x7788;
    b.write(REG.CTRL_EXT, 0x2000);
    expect([hex(b.read(REG.RAL)), hex(b.read(REG.RAH)), b.read(REG.CTRL_EXT)]).toEqual(['aa005452', '80007788', 0]);
  });
});

describe('a clone', () => {
  test('taken during a write cycle ends it, and shares neither words nor pins with the original', () => {
    const b = new Bench();
    const pins = new Pins(b);
    pins.command(WREN);
    pins.command(WRITE, 0x08, 0xcd, 0xab);
    const copy = cloneGraph({ nic: b.nic, sim: b.sim });
    copy.nic.mmioWrite(0, REG.EERD, (4 << 2) | 1);
    expect(copy.nic.mmioRead(0, REG.EERD) & 2).toBe(0);
    copy.sim.drain(copy.sim.now + EEPROM_WRITE_NS);
    copy.nic.mmioWrite(0, REG.EERD, (4 << 2) | 1);
    expect(copy.nic.mmioRead(0, REG.EERD) >>> 16).toBe(0xabcd);
    copy.nic.mmioWrite(0, EEWR, (0x1111 << 16) | (4 << 2) | 1);
    expect([copy.nic.nvm[4], b.nic.nvm[4]]).toEqual([0x1111, 0xabcd]);
    expect(pins.status() & 1).toBe(1);
  });
});

describe('SpiEeprom', () => {
  const SIZE = 128;
  const command = fc.oneof(
    fc.tuple(fc.constant(WREN)),
    fc.tuple(fc.constant(WRDI)),
    fc.tuple(fc.constant(WRSR), fc.integer({ min: 0, max: 255 })),
    fc
      .tuple(fc.integer({ min: 0, max: 127 }), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 12 }))
      .map(([address, data]) => [WRITE, address, ...data]),
    fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 }),
  );

  /** What a part must do, written down with arrays. */
  class Reference {
    cells: number[] = new Array<number>(SIZE).fill(0);
    enabled = false;
    status = 0;
    busyUntil = 0;

    run(now: number, bytes: readonly number[]): void {
      if (now < this.busyUntil) return;
      const [opcode, address, ...data] = bytes;
      const plain = opcode & ~8;
      if (opcode === WREN) this.enabled = true;
      else if (opcode === WRDI) this.enabled = false;
      else if (!this.enabled) return;
      else if (opcode === WRSR && bytes.length > 1) {
        this.status = (bytes[bytes.length - 1] ?? 0) & 0x8c;
        this.done(now);
      } else if (plain === WRITE && data.length > 0) {
        const at = (address | (opcode === plain ? 0 : 256)) % SIZE;
        const limit = [SIZE, 96, 64, 0][(this.status >> 2) & 3];
        data.forEach((byte, i) => {
          const cell = at - (at % 8) + ((at + i) % 8);
          if (cell < limit) this.cells[cell] = byte;
        });
        this.done(now);
      }
    }

    private done(now: number): void {
      this.enabled = false;
      this.busyUntil = now + EEPROM_WRITE_NS;
    }
  }

  test('any sequence of commands leaves the cells that the reference has', () => {
    const step = fc.tuple(command, fc.constantFrom(0, 1, EEPROM_WRITE_NS - 1, EEPROM_WRITE_NS));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const clock = new Float64Array(1);
        const cells = new Uint8Array(SIZE);
        const part = new SpiEeprom(cells, clock);
        const pins = new SpiPins(part);
        const reference = new Reference();
        for (const [bytes, wait] of steps) {
          pins.drive(0, 0, 0);
          for (const byte of bytes) {
            for (let i = 7; i >= 0; i--) {
              pins.drive(1, 0, (byte >> i) & 1);
              pins.drive(0, 0, (byte >> i) & 1);
            }
          }
          pins.drive(0, 1, 0);
          reference.run(clock[0], bytes);
          expect(Array.from(cells)).toEqual(reference.cells);
          expect(part.isBusy).toBe(clock[0] < reference.busyUntil);
          clock[0] += wait;
        }
      }),
      { numRuns: runs(200) },
    );
  });
});
