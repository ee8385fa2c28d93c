import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NIC_DROP_NAMES } from '../../../src/hw/nic/index.js';
import { LAYOUT, REGISTER_GROUPS } from '../../../src/hw/nic/registers/table.js';
import { TP } from '../../../src/sim/index.js';
import { TraceCollector } from '../../../src/sinks/index.js';
import { FRAME_BAD_FCS } from '../../../src/wire/index.js';
import { runs } from '../../support/fc.js';
import { Bench, frameTo, HOST, MAC, REG } from './support.js';

const ROWS = REGISTER_GROUPS.find((g) => g.title === 'Statistics')?.rows ?? [];
const OFFSETS = ROWS.map((r) => r.offset);
const XOFFRXC = 0x4050;
const DC = 0x4030;
const BROADCAST = new Uint8Array(6).fill(0xff);
const GROUP = Uint8Array.of(1, 0, 0x5e, 0, 0, 1);

/** Values of all statistics by name, without clearing them. */
function all(b: Bench): Record<string, number> {
  const out: Record<string, number> = {};
  for (const r of ROWS) {
    const value = b.nic.peek(r.offset) >>> 0;
    if (value !== 0) out[r.name] = value;
  }
  return out;
}

/** Sets a register as if it had counted. */
function poke(b: Bench, offset: number, value: number): void {
  b.nic.file.values[LAYOUT.index[offset >> 2]] = value | 0;
}

describe('statistics', () => {
  test('clear on read; writes are dropped; pairs are cleared by their high half', () => {
    const b = new Bench();
    for (const offset of OFFSETS) poke(b, offset, 7);
    for (const offset of OFFSETS) b.write(offset, 0);
    for (const r of ROWS) {
      expect(b.read(r.offset), r.name).toBe(7);
      expect(b.read(r.offset), r.name).toBe(r.pair === 1 ? 7 : 0);
    }
    expect(all(b)).toEqual({});
  });

  test('a mix of received frames counts each where it belongs', () => {
    const b = new Bench();
    b.setupRx(64, (1 << 15) | (1 << 4));
    b.inject(frameTo(MAC, 60));
    b.inject(frameTo(MAC, 61));
    b.inject(frameTo(BROADCAST, 1514));
    b.inject(frameTo(GROUP, 508));
    b.inject(frameTo(MAC, 100), FRAME_BAD_FCS);
    b.inject(frameTo(MAC, 1600));
    b.inject(frameTo(MAC, 1600), FRAME_BAD_FCS);
    b.inject(frameTo(MAC, 40), FRAME_BAD_FCS);
    b.inject(frameTo(MAC, 60).subarray(0, 8));
    b.run();
    const octets = [60, 61, 1514, 508, 100, 1600, 1600, 40, 8].reduce((sum, n) => sum + n + 4, 0);
    expect(all(b)).toEqual({
      CRCERRS: 1,
      RLEC: 4,
      PRC64: 1,
      PRC127: 1,
      PRC1023: 1,
      PRC1522: 1,
      GPRC: 4,
      BPRC: 1,
      MPRC: 1,
      GORCL: 64 + 65 + 1518 + 512,
      RUC: 1,
      RFC: 1,
      ROC: 1,
      RJC: 1,
      TORL: octets,
      TPR: 9,
    });
  });

  test('frames beyond the FIFO count in MPC and ICRXOC, those that wait for a descriptor in RNBC', () => {
    const b = new Bench();
    b.write(REG.PBA, 1);
    b.setupRx(8, 0, 2048, 0);
    for (let k = 0; k < 3; k++) b.inject(frameTo(MAC, 500));
    b.run();
    const s = all(b);
    expect([s['RNBC'], s['MPC'], s['ICRXOC'], s['GPRC']]).toEqual([2, 1, 1, 2]);
  });

  test('sent frames count by size and destination', () => {
    const b = new Bench();
    b.setupTx(32);
    for (const [dest, length] of [
      [MAC, 60],
      [BROADCAST, 200],
      [GROUP, 1514],
    ] as const) {
      b.txPut(b.place(frameTo(dest, length)), 0, length | (0x0b << 24), 0);
      b.run();
    }
    expect(all(b)).toEqual({
      GPTC: 3,
      GOTCL: 64 + 204 + 1518,
      TOTL: 64 + 204 + 1518,
      TPT: 3,
      PTC64: 1,
      PTC255: 1,
      PTC1522: 1,
      MPTC: 1,
      BPTC: 1,
      ICTXQEC: 3,
    });
  });

  test('a received PAUSE frame counts, and a packet that has to wait for its end is a deferral', () => {
    const b = new Bench();
    b.write(0x28, 0x00c28001);
    b.write(0x2c, 0x0100);
    b.write(0x30, 0x8808);
    b.write(REG.CTRL, 0x08140241);
    b.setupRx(8, 0);
    b.setupTx(8);
    const pause = frameTo(Uint8Array.of(1, 0x80, 0xc2, 0, 0, 1), 60, 0x8808);
    pause.set([0, 1, 0, 100], 14);
    b.inject(pause);
    expect(b.read(XOFFRXC)).toBe(1);
    b.txPut(b.place(frameTo(MAC)), 0, 60 | (0x0b << 24), 0);
    b.runTo(1000);
    expect(b.peer.received.length).toBe(0);
    expect(b.read(DC)).toBe(1);
    b.run();
    expect(b.peer.received.length).toBe(1);
  });

  test('they stick at ffffffff, octets at 64 ones', () => {
    const b = new Bench();
    b.setupRx(16, 0);
    for (const offset of OFFSETS) poke(b, offset, -1);
    poke(b, REG.GPRC, -2);
    for (let k = 0; k < 3; k++) b.inject(frameTo(MAC));
    b.run();
    for (const name of ['TPR', 'GPRC', 'PRC64', 'GORCL', 'GORCH', 'TORL', 'TORH']) {
      expect([name, all(b)[name]]).toEqual([name, 0xffffffff]);
    }
  });

  test('rows marked as never counting stay 0 whatever comes in', () => {
    const never = ROWS.filter((r) => r.storedOnly);
    expect(never.map((r) => r.name)).not.toContain('RLEC');
    const frame = fc.record({
      length: fc.integer({ min: 1, max: 2000 }),
      bad: fc.boolean(),
      dest: fc.constantFrom(MAC, GROUP),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), (frames) => {
        const b = new Bench({ checked: false });
        b.setupRx(16, 1 << 4);
        for (const f of frames)
          b.inject(frameTo(f.dest, Math.max(f.length, 60)).subarray(0, f.length), f.bad ? FRAME_BAD_FCS : 0);
        b.run();
        for (const r of never) expect(b.nic.peek(r.offset), r.name).toBe(0);
        // Every frame that arrived is good, or in exactly one of the counters of bad ones, or was filtered or missed.
        const s = all(b);
        const n = (name: string): number => s[name] ?? 0;
        const judged = n('GPRC') + n('CRCERRS') + n('RUC') + n('RFC') + n('ROC') + n('RJC') + n('MPC');
        expect(n('TPR')).toBe(judged + (b.nic.dropRecord()['NIC_FILTER'] ?? 0));
        expect(n('RLEC')).toBe(n('RUC') + n('RFC') + n('ROC') + n('RJC'));
      }),
      { numRuns: runs(100) },
    );
  });
});

test('a drop in the NIC is a trace record with journey, length and reason', () => {
  const b = new Bench();
  const collector = new TraceCollector();
  b.sim.trace.addSink(collector);
  b.setupRx(8, 0);
  b.inject(frameTo(MAC, 100), FRAME_BAD_FCS);
  b.inject(frameTo(Uint8Array.of(2, 9, 9, 9, 9, 9), 70));
  b.link.down();
  b.run();
  b.inject(frameTo(MAC, 80));
  b.sim.trace.flush();
  const drops = collector.list.filter((r) => r.id === TP.NIC_DROP);
  const names = drops.map((r) => [NIC_DROP_NAMES[r.b], r.a, r.host]);
  expect(names).toEqual([
    ['NIC_CRC_ERROR', 100, HOST],
    ['NIC_FILTER', 70, HOST],
    ['NIC_LINK_DOWN', 80, HOST],
  ]);
});
