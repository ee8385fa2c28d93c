import { describe, expect, it } from 'vitest';
import { CpuError, CpuSet, costLines, hostParams, loadCostTable, lumpedCosts, zeroCosts } from '../../src/cpu/index.js';
import { Simulation } from '../../src/sim/index.js';

const whole = {
  name: 'mine',
  freq_hz: 2_000_000_000,
  lines: Object.fromEntries(costLines.map((line, i) => [line, { cycles: i, source: `guess ${i}` }])),
};

describe('cost tables', () => {
  it('zero: nothing costs; lumped: the figures of the facts at 3 GHz; both name a source per line', () => {
    for (const line of costLines) {
      expect(zeroCosts[line]).toBe(0);
      expect(zeroCosts.source[line]).not.toBe('');
      expect(lumpedCosts.source[line]).not.toBe('');
    }
    expect(lumpedCosts).toMatchObject({ num: 1, den: 3, mmio_read: 2625, mmio_write: 300, irq_entry: 2700 });
    expect(lumpedCosts).toMatchObject({ softirq_entry: 300, napi_poll: 450, napi_complete: 300, rx_packet: 1290 });
    expect(lumpedCosts.syscall + lumpedCosts.recv).toBe(580 * 3);
    expect(lumpedCosts.wakeup + lumpedCosts.switch).toBe(1000 * 3);
  });

  it('JSON, whole table or text: read as given', () => {
    const table = loadCostTable(JSON.stringify(whole));
    expect(table).toEqual(loadCostTable(whole));
    expect(table).toMatchObject({ name: 'mine', num: 1, den: 2, irq_entry: 0, mmio_read: 1 });
    expect(table.source.mmio_read).toBe('guess 1');
  });

  it('extends lumped at another frequency: keeps its nanoseconds', () => {
    const table = loadCostTable({
      name: 'slow',
      freq_hz: 1_500_000_000,
      extends: 'lumped',
      lines: { recv: { ns: 1000, source: 'measured here' } },
    });
    expect(table).toMatchObject({ num: 2, den: 3, recv: 1500, mmio_read: 1313, irq_entry: 1350 });
    expect(table.source.irq_entry).toContain('lumped: ');
  });

  it.each([
    ['not an object', [], /not an object/],
    ['not JSON', '{', /not JSON/],
    ['no name', { ...whole, name: '' }, /name is missing/],
    ['fractional frequency', { ...whole, freq_hz: 1.5 }, /freq_hz/],
    ['frequency without short cycle time', { ...whole, freq_hz: 2_999_999_999 }, /round it/],
    ['missing line', { ...whole, lines: { ...whole.lines, recv: undefined } }, /recv is missing/],
    ['unknown line', { ...whole, lines: { ...whole.lines, recvv: { ns: 1, source: 'x' } } }, /recvv/],
    ['unknown key', { ...whole, freq: 1 }, /freq/],
    ['unknown base', { ...whole, extends: 'fast' }, /extends/],
    ['no source', { ...whole, lines: { ...whole.lines, recv: { ns: 1, source: ' ' } } }, /recv names no source/],
    ['two amounts', { ...whole, lines: { ...whole.lines, recv: { ns: 1, cycles: 1, source: 'x' } } }, /either/],
    ['negative', { ...whole, lines: { ...whole.lines, recv: { cycles: -1, source: 'x' } } }, /recv must be/],
    ['fraction', { ...whole, lines: { ...whole.lines, recv: { ns: 0.5, source: 'x' } } }, /recv must be/],
    ['too long', { ...whole, lines: { ...whole.lines, recv: { ns: 2 ** 31 - 1, source: 'x' } } }, /2\^31/],
  ])('%s: refused with BAD_COSTS', (_name, table, message) => {
    expect(() => loadCostTable(table)).toThrow(message);
    try {
      loadCostTable(table);
    } catch (error) {
      expect((error as CpuError).code).toBe('BAD_COSTS');
    }
  });
});

describe('parameters', () => {
  it('out of range: refused with BAD_PARAM', () => {
    for (const input of [{ hz: 10 }, { hz: 99.5 }, { slice_ns: 0 }, { max_restart: 0 }, { netdev_budget: 0 }]) {
      expect(() => hostParams(input)).toThrow(CpuError);
    }
    expect(() => hostParams({ ksoftirqd: 'v5' as never })).toThrow(/ksoftirqd/);
    expect(() => new CpuSet(new Simulation({ seed: 1 }), { hostId: 1, cpus: 0 })).toThrow(CpuError);
  });
});
