import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMsix, MsixTable } from '../../../src/hw/msi/index.js';
import { ConfigSpace, type DevicePort } from '../../../src/hw/pcie/index.js';
import { cloneGraph } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from '../pcie/fake-device.js';

const CONTROL = 0x52;
const ENABLE = 0x8000;
const MASKALL = 0x4000;

interface Rig {
  config: ConfigSpace;
  table: MsixTable;
  port: DevicePort;
  sent: number[][];
}

/** A table whose messages are only noted. */
function rig(vectors = 5): Rig {
  const config = new ConfigSpace({ vendor: 1, device: 2, classCode: 0 });
  addMsix(config, 0x50, { vectors, tableBar: 0, tableOffset: 0, pbaBar: 0, pbaOffset: 0x8000 });
  const { port } = new Bench().device;
  const sent: number[][] = [];
  port.msiWrite = (lo, hi, data): void => void sent.push([lo, hi, data]);
  return { config, table: new MsixTable(config, vectors), port, sent };
}

/** Message Control as the device sees it written. */
function control(r: Rig, value: number): void {
  r.config.write(CONTROL, 2, value);
  r.table.configWritten(r.port);
}

/** Gives `vector` the message data 0x100 + vector, and masks or unmasks it. */
function program(r: Rig, vector: number, masked = 0): void {
  r.table.writeTable(vector * 16, 0xfee00000 | (vector << 12), r.port);
  r.table.writeTable(vector * 16 + 4, 0, r.port);
  r.table.writeTable(vector * 16 + 8, 0x100 + vector, r.port);
  r.table.writeTable(vector * 16 + 12, masked, r.port);
}

describe('vector table', () => {
  it('after reset: every vector masked, the rest 0, nothing pending', () => {
    const { table } = rig(3);
    for (let at = 0; at < 48; at += 4) expect(table.readTable(at)).toBe(at % 16 === 12 ? 1 : 0);
    expect([table.readPba(0), table.readPba(4)]).toEqual([0, 0]);
  });

  it('random writes: address bits 1:0 and Vector Control bits 31:1 stay 0, the rest is kept; beyond the end nothing', () => {
    const write = fc.record({ word: fc.nat(31), value: fc.integer() });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
        const { table, port } = rig(5);
        const model: number[] = Array.from({ length: 20 }, (_, i) => (i % 4 === 3 ? 1 : 0));
        for (const { word, value } of writes) {
          table.writeTable(word * 4, value, port);
          if (word < 20) model[word] = [value & ~3, value, value, value & 1][word % 4] as number;
        }
        for (let i = 0; i < 20; i++) expect(table.readTable(4 * i)).toBe(model[i]);
        for (let i = 20; i < 32; i++) expect(table.readTable(4 * i)).toBe(0);
      }),
      { numRuns: runs(100) },
    );
  });

  it.each([-4, -16, 80, 0x7ffffff0])('offset %i outside the table and the array: 0, writes ignored', (offset) => {
    const { table, port } = rig(5);
    table.writeTable(offset, -1, port);
    expect([table.readTable(offset), table.readPba(offset)]).toEqual([0, 0]);
  });

  it.each([0, -1, 2049, 1.5, Number.NaN])('%s vectors: CONFIG_LAYOUT', (vectors) => {
    const config = new ConfigSpace({ vendor: 1, device: 2, classCode: 0 });
    expect(() => new MsixTable(config, vectors)).toThrow(expect.objectContaining({ code: 'CONFIG_LAYOUT' }) as Error);
  });
});

describe('sending', () => {
  it('enabled and unmasked: the message of the entry', () => {
    const r = rig();
    program(r, 2);
    control(r, ENABLE);
    expect(r.table.signal(r.port, 2)).toBe(true);
    expect(r.sent).toEqual([[0xfee02000 | 0, 0, 0x102]]);
  });

  it('disabled: nothing is sent and nothing is remembered', () => {
    const r = rig();
    program(r, 0);
    expect(r.table.signal(r.port, 0)).toBe(false);
    control(r, ENABLE);
    expect([r.sent, r.table.pendingCount]).toEqual([[], 0]);
  });

  it('masked vector: pending in the array; unmasked, the message goes once', () => {
    const r = rig(70);
    program(r, 66, 1);
    control(r, ENABLE);
    expect([r.table.signal(r.port, 66), r.table.signal(r.port, 66)]).toEqual([false, false]);
    expect([r.table.readPba(0), r.table.readPba(4), r.table.readPba(8), r.table.readPba(12)]).toEqual([0, 0, 4, 0]);
    r.table.writeTable(66 * 16 + 12, 0, r.port);
    expect([r.sent, r.table.readPba(8)]).toEqual([[[0xfee42000 | 0, 0, 0x142]], 0]);
  });

  it('Function Mask: every vector is held; cleared, all pending go, lowest first', () => {
    const r = rig();
    for (let v = 0; v < 5; v++) program(r, v);
    control(r, ENABLE | MASKALL);
    for (const v of [4, 1, 3]) expect(r.table.signal(r.port, v)).toBe(false);
    expect(r.table.readPba(0)).toBe(0b11010);
    control(r, ENABLE);
    expect(r.sent.map((m) => m[2])).toEqual([0x101, 0x103, 0x104]);
  });

  it('Function Mask cleared while the vector is masked: still pending', () => {
    const r = rig();
    program(r, 1, 1);
    control(r, ENABLE | MASKALL);
    r.table.signal(r.port, 1);
    control(r, ENABLE);
    expect([r.sent, r.table.isPending(1)]).toEqual([[], true]);
  });

  it('dealt with while masked: no message after unmasking', () => {
    const r = rig();
    program(r, 1, 1);
    control(r, ENABLE);
    r.table.signal(r.port, 1);
    r.table.clearPending(1);
    r.table.writeTable(28, 0, r.port);
    expect([r.sent, r.table.readPba(0), r.table.pendingCount]).toEqual([[], 0, 0]);
  });

  it('a vector the table does not have: nothing', () => {
    const r = rig();
    control(r, ENABLE);
    expect([r.table.signal(r.port, 5), r.table.signal(r.port, -1), r.table.pendingCount]).toEqual([false, false, 0]);
  });
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('signal' as const), vector: fc.nat(4), on: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('mask' as const), vector: fc.nat(4), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('function' as const), vector: fc.nat(4), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), vector: fc.nat(4), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('enable' as const), vector: fc.nat(4), on: fc.boolean() }) },
);

/** The rules of the specification for one vector, as a small machine. */
class Reference {
  enabled = false;
  all = false;
  masked = [true, true, true, true, true];
  pending = [false, false, false, false, false];
  sent: number[] = [];

  settle(): void {
    this.pending.forEach((owed, v) => {
      if (!owed || !this.enabled || this.all || this.masked[v]) return;
      this.pending[v] = false;
      this.sent.push(v);
    });
  }

  signal(v: number): void {
    if (!this.enabled) return;
    this.pending[v] = true;
    this.settle();
  }
}

describe('any order of masking', () => {
  it('random signals, masks, Function Mask, enable: the messages of a small reference, in its order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const r = rig();
        const model = new Reference();
        for (let v = 0; v < 5; v++) program(r, v, 1);
        for (const s of steps) {
          const { vector, on } = s;
          if (s.do === 'signal') {
            model.signal(vector);
            r.table.signal(r.port, vector);
          } else if (s.do === 'mask') {
            model.masked[vector] = on;
            model.settle();
            r.table.writeTable(vector * 16 + 12, on ? 1 : 0, r.port);
          } else if (s.do === 'clear') {
            model.pending[vector] = false;
            r.table.clearPending(vector);
          } else {
            if (s.do === 'function') model.all = on;
            else model.enabled = on;
            model.settle();
            control(r, (model.enabled ? ENABLE : 0) | (model.all ? MASKALL : 0));
          }
          expect(r.sent.map((m) => (m[2] as number) - 0x100)).toEqual(model.sent);
          const bits = model.pending.reduce((sum, owed, v) => sum | (owed ? 1 << v : 0), 0);
          expect([r.table.readPba(0), r.table.pendingCount]).toEqual([bits, model.pending.filter(Boolean).length]);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  it('enabled throughout: after the last unmasking every vector signalled since its last message has sent one', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const r = rig();
        for (let v = 0; v < 5; v++) program(r, v, 1);
        control(r, ENABLE);
        const owed = [0, 0, 0, 0, 0];
        let seen = 0;
        const take = (): void => {
          for (; seen < r.sent.length; seen++) owed[(r.sent[seen]?.[2] as number) - 0x100] = 0;
        };
        for (const { do: what, vector, on } of steps) {
          if (what === 'signal') {
            owed[vector] = 1;
            r.table.signal(r.port, vector);
          } else if (what === 'mask') r.table.writeTable(vector * 16 + 12, on ? 1 : 0, r.port);
          else if (what === 'function') control(r, ENABLE | (on ? MASKALL : 0));
          take();
        }
        control(r, ENABLE);
        for (let v = 0; v < 5; v++) r.table.writeTable(v * 16 + 12, 0, r.port);
        take();
        expect([owed, r.table.pendingCount]).toEqual([[0, 0, 0, 0, 0], 0]);
      }),
      { numRuns: runs(200) },
    );
  });

  it('reset: as made', () => {
    const r = rig();
    program(r, 1);
    program(r, 2, 1);
    control(r, ENABLE);
    r.table.signal(r.port, 2);
    r.table.reset();
    const fresh = rig();
    expect([r.table.words, r.table.pending, r.table.pendingCount]).toEqual([fresh.table.words, fresh.table.pending, 0]);
  });

  it('cloned with a message pending: the copy owes it too, on its own', () => {
    const r = rig();
    program(r, 3, 1);
    control(r, ENABLE);
    r.table.signal(r.port, 3);
    const copy = cloneGraph(r.table);
    copy.writeTable(3 * 16 + 12, 0, r.port);
    expect([r.sent.length, copy.pendingCount, r.table.pendingCount]).toEqual([1, 0, 1]);
  });
});
