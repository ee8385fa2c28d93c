import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/fc.js';
import { CTRL_RESET, DATA_REG, LPE, tagged, toUs, VME } from './data-path.js';
import type { PacketSpec } from './packets.js';
import { Bench, frameTo, MAC, RCTL_SECRC, REG, RFCTL_EXTEN } from './support.js';

const DTYP_PS = 1 << 10;
const ACK_DIS = 1 << 12;
const IPFRSP_DIS = 1 << 14;
const HDRSP = 0x8000;

interface Split {
  status: number;
  header: number;
  split: boolean;
  lengths: number[];
  bytes: number[];
}

/** A bench with a ring of packet-split descriptors; `sizes` in bytes: buffer 0 in 128s, the others in KiB. */
class SplitBench extends Bench {
  readonly sizes: readonly number[];
  readonly buffers: number[][] = [];
  readonly ring: number;
  readonly count: number;

  constructor(sizes: readonly number[], rctl = RCTL_SECRC, rfctl = ACK_DIS, count = 16) {
    super();
    this.sizes = sizes;
    this.count = count;
    this.write(REG.RFCTL, RFCTL_EXTEN | rfctl);
    this.write(REG.RXCSUM, 0x2300);
    this.write(
      DATA_REG.PSRCTL,
      (sizes[0] >> 7) | ((sizes[1] >> 10) << 8) | ((sizes[2] >> 10) << 16) | ((sizes[3] >> 10) << 24),
    );
    this.ring = this.memory.alloc(count * 32, 128);
    for (let i = 0; i < count; i++) {
      this.buffers.push(sizes.map((n) => this.memory.alloc(Math.max(n, 64), 64)));
      this.arm(i);
    }
    this.write(REG.RDBAL, this.ring);
    this.write(REG.RDLEN, count * 32);
    this.write(REG.RDH, 0);
    this.write(REG.RDT, (count - 1) * 2);
    this.write(REG.RCTL, 2 | DTYP_PS | LPE | rctl);
    this.run();
  }

  arm(i: number): void {
    const w = (this.ring >> 2) + i * 8;
    this.buffers[i].forEach((at, k) => {
      this.arena.i32[w + 2 * k] = at;
      this.arena.i32[w + 2 * k + 1] = 0;
    });
  }

  descriptor(i: number): Split {
    const w = (this.ring >> 2) + i * 8;
    const words = this.arena.i32.slice(w, w + 8);
    const lengths = [words[3] & 0xffff, words[4] >>> 16, words[5] & 0xffff, words[5] >>> 16];
    const bytes = lengths.flatMap((n, k) => [...this.arena.u8.slice(this.buffers[i][k], this.buffers[i][k] + n)]);
    const header = words[4] & 0xffff;
    return { status: words[2], header: header & 0x3ff, split: (header & HDRSP) !== 0, lengths, bytes };
  }

  take(bytes: Uint8Array): Split {
    this.inject(bytes);
    this.run();
    return this.descriptor(0);
  }
}

const SIZES = [128, 1024, 1024, 0];

describe('packet split', () => {
  test('the header of an IP packet goes to buffer 0, the rest to the pages', () => {
    const specs: [PacketSpec, number][] = [
      [{ version: 4, proto: 17, payload: 1200 }, 42],
      [{ version: 4, proto: 6, payload: 100, options: 8 }, 62],
      [{ version: 6, proto: 6, payload: 100 }, 74],
      [{ version: 6, proto: 17, payload: 0 }, 62],
      [{ version: 4, proto: 17, payload: 100, fragment: 0x2000 }, 34],
    ];
    for (const [spec, header] of specs) {
      const bytes = toUs(spec);
      const d = new SplitBench(SIZES).take(bytes);
      expect([d.split, d.header, d.lengths[0]]).toEqual([true, header, header]);
      expect(d.lengths[1]).toBe(Math.min(1024, bytes.length - header));
      expect(Uint8Array.from(d.bytes)).toEqual(bytes);
      expect(d.status & 3).toBe(3);
    }
  });

  test('what has no IP header, or one too long for buffer 0, fills the buffers one after the other', () => {
    const plain = new SplitBench(SIZES).take(frameTo(MAC, 500));
    expect([plain.split, plain.header, ...plain.lengths]).toEqual([false, 0, 128, 372, 0, 0]);
    const long = new SplitBench(SIZES).take(toUs({ version: 4, proto: 6, payload: 200, options: 40 }));
    expect(long.lengths[0]).toBe(94);
    const longer = toUs({ version: 4, proto: 6, payload: 200, options: 40 });
    longer[14 + 60 + 12] = 0xf0;
    const d = new SplitBench(SIZES).take(longer);
    expect([d.split, d.lengths[0]]).toEqual([false, 128]);
  });

  test('RFCTL.IPFRSP_DIS leaves fragments whole', () => {
    const d = new SplitBench(SIZES, RCTL_SECRC, ACK_DIS | IPFRSP_DIS).take(
      toUs({ version: 4, proto: 17, payload: 100, fragment: 1 }),
    );
    expect(d.split).toBe(false);
  });

  test('a stripped tag is not in the header length; the tag stands behind the length', () => {
    const b = new SplitBench(SIZES);
    b.write(REG.CTRL, CTRL_RESET | VME);
    const plain = toUs({ version: 4, proto: 17, payload: 300 });
    const d = b.take(tagged(plain, 0x0123));
    expect([d.split, d.header]).toEqual([true, 42]);
    expect(Uint8Array.from(d.bytes)).toEqual(plain);
    expect(b.arena.i32[(b.ring >> 2) + 3] >>> 16).toBe(0x0123);
  });

  test('any sizes and packets: the buffers hold the packet in order, RDH moves by two each, the ring wraps', () => {
    const kib = fc.constantFrom(0, 1024, 2048, 4096);
    const sizes = fc.tuple(fc.constantFrom(0, 128, 256, 1024), kib, kib, kib).filter(([, x, y, z]) => x + y + z > 0);
    const spec = fc.record({
      version: fc.constantFrom<4 | 6>(4, 6),
      proto: fc.constantFrom<6 | 17>(6, 17),
      payload: fc.integer({ min: 0, max: 5000 }),
      vlan: fc.boolean(),
    });
    fc.assert(
      fc.property(
        sizes,
        fc.array(spec, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(0, RCTL_SECRC),
        (s, specs, crc) => {
          const b = new SplitBench(s, crc);
          let at = 0;
          for (const one of specs) {
            const bytes = toUs(one);
            b.inject(bytes);
            b.run();
            const all: number[] = [];
            let status = 1;
            for (; (status & 2) === 0; at = (at + 1) % b.count) {
              const d = b.descriptor(at);
              status = d.status;
              expect(status & 1).toBe(1);
              all.push(...d.bytes);
              b.arm(at);
              b.write(REG.RDT, at * 2);
            }
            b.run();
            const wanted = new Uint8Array(Math.max(60, bytes.length));
            wanted.set(bytes);
            expect(all.length).toBe(wanted.length + (crc === 0 ? 4 : 0));
            expect(Uint8Array.from(all.slice(0, wanted.length))).toEqual(wanted);
            expect(b.read(REG.RDH)).toBe(at * 2);
          }
          expect(b.receiveBalance()).toBe(0);
          expect(b.pool.live).toBe(0);
        },
      ),
      { numRuns: runs(20, 500) },
    );
  });

  test('buffers that can never hold the packet: missed, not waited for', () => {
    const b = new SplitBench([128, 0, 0, 0]);
    b.inject(toUs({ version: 4, proto: 17, payload: 500 }));
    b.run();
    expect(b.nic.dropRecord()).toEqual({ NIC_MISSED: 1 });
    const d = b.take(frameTo(MAC, 100));
    expect(d.lengths[0]).toBe(100);
  });

  test('without the extended format DTYP has no effect', () => {
    const b = new Bench();
    b.setupRx(8, DTYP_PS);
    b.inject(toUs({ version: 4, proto: 17, payload: 100 }));
    b.run();
    expect(b.rxWords(0)[2] & 0xffff).toBe(146);
    expect(b.read(REG.RDH)).toBe(1);
  });
});
