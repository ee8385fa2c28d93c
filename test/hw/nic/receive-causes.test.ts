import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/fc.js';
import { DATA_REG, tagged, toUs, VME } from './data-path.js';
import { Bench, frameTo, hex, MAC, RCTL_SECRC, REG, RFCTL_EXTEN, RXT0, US } from './support.js';

const ACK_DIS = 1 << 12;
const ACKD_DIS = 1 << 13;
const SRPD = 1 << 16;
const ACK = 1 << 17;
const GRAN = 1 << 24;
const FPD = 1 << 31;

function tcpSegment(flags: number, payload: number): Uint8Array {
  const bytes = toUs({ version: 4, proto: 6, payload });
  bytes[14 + 20 + 13] = flags;
  return bytes;
}

describe('small packets', () => {
  test('SRPD for those of up to RSRPD bytes, with what of CRC and tag is stored', () => {
    const causes = (bytes: Uint8Array, rsrpd: number, rctl = 0): number => {
      const b = new Bench();
      b.write(REG.CTRL, 0x00140241 | VME);
      b.setupRx(8, rctl);
      b.write(DATA_REG.RSRPD, rsrpd);
      b.read(REG.ICR);
      b.inject(bytes);
      b.run();
      return b.read(REG.ICR);
    };
    const frame = frameTo(MAC, 100);
    expect([104, 103, 0].map((n) => causes(frame, n) & SRPD)).toEqual([SRPD, 0, 0]);
    expect([100, 99].map((n) => causes(frame, n, RCTL_SECRC) & SRPD)).toEqual([SRPD, 0]);
    expect([100, 99].map((n) => causes(tagged(frame, 1), n, RCTL_SECRC) & SRPD)).toEqual([SRPD, 0]);
    expect(causes(frame, 104) & RXT0).toBe(RXT0);
  });

  test('SRPD does not wait for RDTR, and takes the frames that do with it', () => {
    const b = new Bench();
    b.setupRx(16, 0);
    b.write(REG.RDTR, 100);
    b.write(DATA_REG.RSRPD, 64);
    b.read(REG.ICR);
    b.inject(frameTo(MAC, 500));
    b.runTo(b.sim.now + 10 * US);
    expect(b.read(REG.ICR)).toBe(0);
    b.inject(frameTo(MAC, 60));
    expect(b.read(REG.ICR)).toBe(SRPD | RXT0);
    expect([b.rxWords(0)[3] & 1, b.rxWords(1)[3] & 1]).toEqual([1, 1]);
    b.run();
    expect(b.read(REG.ICR)).toBe(0);
  });
});

describe('acknowledgements', () => {
  const seen = (bytes: Uint8Array, rfctl: number): [number, number] => {
    const b = new Bench();
    b.write(REG.RFCTL, RFCTL_EXTEN | rfctl);
    b.write(REG.RXCSUM, 0x2000);
    b.setupRx(8, RCTL_SECRC);
    b.read(REG.ICR);
    b.inject(bytes);
    b.run();
    return [b.read(REG.ICR) & ACK, b.rxWords(0)[2] & 0x8000];
  };

  test('ACK by the flag; ACKD_DIS: only without data; ACK_DIS: never', () => {
    expect(seen(tcpSegment(0x10, 0), 0)).toEqual([ACK, 0x8000]);
    expect(seen(tcpSegment(0x18, 100), 0)).toEqual([ACK, 0x8000]);
    expect(seen(tcpSegment(0x10, 0), ACKD_DIS)).toEqual([ACK, 0x8000]);
    expect(seen(tcpSegment(0x18, 100), ACKD_DIS)).toEqual([0, 0]);
    expect(seen(tcpSegment(0x02, 0), 0)).toEqual([0, 0]);
    expect(seen(tcpSegment(0x10, 0), ACK_DIS)).toEqual([0, 0]);
    expect(seen(toUs({ version: 4, proto: 17, payload: 100 }), 0)).toEqual([0, 0]);
  });

  test('RAID: so long after the first one', () => {
    const b = new Bench();
    b.setupRx(16, 0);
    b.write(DATA_REG.RAID, 50);
    b.write(REG.IMS, ACK);
    const t = b.sim.now;
    b.inject(tcpSegment(0x10, 0));
    b.runTo(t + 40 * US);
    b.inject(tcpSegment(0x10, 0));
    b.run();
    expect(b.log.rises()).toEqual([t + 50 * 1024]);
    expect(b.read(REG.ICR) & ACK).toBe(ACK);
  });
});

describe('the write-back threshold', () => {
  test('WTHRESH descriptors are written at once; the rest when RDTR expires, before the interrupt', () => {
    const b = new Bench();
    b.enableMsi();
    b.write(DATA_REG.RXDCTL, GRAN | (4 << 16));
    b.setupRx(32, RCTL_SECRC);
    b.read(REG.ICR);
    b.write(REG.RDTR, 100);
    b.write(REG.IMS, RXT0);
    const done = (): number => Array.from({ length: 31 }, (_, i) => b.rxWords(i)[3] & 1).reduce((x, y) => x + y);
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) {
      b.inject(frameTo(MAC, 60));
      b.runTo(b.sim.now + 10);
      seen.push(done());
    }
    expect(seen).toEqual([0, 0, 0, 4, 4, 4, 4, 8, 8, 8]);
    expect(b.read(REG.RDH)).toBe(8);
    let atInterrupt = -1;
    b.log.handler = () => {
      atInterrupt = done();
    };
    b.run();
    expect(atInterrupt).toBe(10);
    expect(b.read(REG.RDH)).toBe(10);
  });

  test('FPD, RXDMT0 and RDTR 0 write back what is held', () => {
    const b = new Bench();
    b.setupRx(16, RCTL_SECRC);
    b.write(REG.RDTR, 1000);
    b.write(DATA_REG.RXDCTL, GRAN | (16 << 16));
    const head = (): number => b.read(REG.RDH);
    b.inject(frameTo(MAC));
    b.runTo(b.sim.now + 1);
    expect(head()).toBe(0);
    b.write(REG.RDTR, FPD | 1000);
    expect(head()).toBe(1);
    for (let i = 0; i < 5; i++) b.inject(frameTo(MAC));
    b.runTo(b.sim.now + 1);
    expect(head()).toBe(1);
    // The seventh leaves 8 of 16 free: half.
    b.inject(frameTo(MAC));
    b.runTo(b.sim.now + 1);
    expect(head()).toBe(7);
    b.inject(frameTo(MAC));
    b.write(REG.RDTR, 0);
    expect(head()).toBe(8);
    b.inject(frameTo(MAC));
    expect(head()).toBe(9);
  });

  test('the unit without GRAN is a cache line of four descriptors, as after reset', () => {
    const b = new Bench();
    b.setupRx(16, RCTL_SECRC);
    b.write(REG.RDTR, 1000);
    for (let i = 0; i < 3; i++) b.inject(frameTo(MAC));
    b.runTo(b.sim.now + 1);
    expect(b.read(REG.RDH)).toBe(0);
    b.inject(frameTo(MAC));
    b.runTo(b.sim.now + 1);
    expect(b.read(REG.RDH)).toBe(4);
  });

  test('any thresholds and delays: every frame is written back in order, once, at the end all are', () => {
    const any = fc.record({
      wthresh: fc.nat(63),
      pthresh: fc.nat(63),
      hthresh: fc.nat(63),
      gran: fc.boolean(),
      rdtr: fc.nat(60),
      size: fc.constantFrom(8, 16, 64, 128),
      gaps: fc.array(fc.nat(50_000), { minLength: 1, maxLength: 60 }),
    });
    fc.assert(
      fc.property(any, (x) => {
        const b = new Bench();
        b.setupRx(x.size, RCTL_SECRC);
        b.write(REG.RDTR, x.rdtr);
        const control = x.pthresh | (x.hthresh << 8) | (x.wthresh << 16) | (x.gran ? GRAN : 0);
        b.write(DATA_REG.RXDCTL, control);
        let next = 0;
        const bytes: number[] = [];
        const poll = (): void => {
          for (;;) {
            const at = next % x.size;
            if ((b.rxWords(at)[3] & 1) === 0) return;
            bytes.push(b.rxData(at, 60)[20]);
            b.armRx(at);
            b.write(REG.RDT, at);
            next++;
          }
        };
        x.gaps.forEach((gap, i) => {
          b.runTo(b.sim.now + gap);
          poll();
          const frame = frameTo(MAC, 60);
          frame[20] = i;
          b.inject(frame);
        });
        for (let i = 0; i < 20; i++) {
          b.run();
          poll();
        }
        expect(bytes).toEqual(x.gaps.map((_, i) => i));
        expect(b.receiveBalance()).toBe(0);
        expect(b.pool.live).toBe(0);
      }),
      { numRuns: runs(80) },
    );
  });
});

describe('sums in extended descriptors', () => {
  test('PCSD clear: IPIDV and the identification; IPPCSE: the checksum over the payload of a fragment of UDP', () => {
    const b = new Bench();
    b.write(REG.RFCTL, RFCTL_EXTEN | ACK_DIS);
    b.write(REG.RXCSUM, 0x1300);
    b.setupRx(8, RCTL_SECRC);
    const fragment = toUs({ version: 4, proto: 17, payload: 101, fragment: 0x2001 });
    b.inject(fragment);
    b.inject(toUs({ version: 4, proto: 17, payload: 101 }));
    b.inject(toUs({ version: 6, proto: 17, payload: 101 }));
    b.run();
    expect([0, 1, 2].map((i) => hex(b.rxWords(i)[2] & 0x600))).toEqual(['00000600', '00000200', '00000000']);
    let sum = 0;
    for (let i = 34; i < fragment.length; i++) sum += (i & 1) === 0 ? fragment[i] << 8 : fragment[i];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(hex(b.rxWords(0)[1])).toBe(hex(((~sum & 0xffff) << 16) | 0x1234));
    expect(hex(b.rxWords(1)[1])).toBe('00001234');
    expect(b.rxWords(2)[1]).toBe(0);
  });
});
