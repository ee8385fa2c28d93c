import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cpu, cpu_stats, type HostParamsInput, NET_RX_SOFTIRQ } from '../../src/cpu/index.js';
import { type NapiSteps, type NapiStruct, napi_complete_done, napi_schedule } from '../../src/napi/index.js';
import { costs } from '../cpu/support.js';
import { runs } from '../support/fc.js';
import { type Rig, rig } from './support.js';

/** Polls a stock of packets, each costing `cost` cycles; completes when the stock is empty. */
class Stock implements NapiSteps {
  left: number;
  readonly cost: number;
  readonly log: string[];
  readonly name: string;
  /** The NET_RX pass and the work of each poll. */
  passLog: { pass: number; work: number }[] = [];
  private budget: number = 0;
  private work: number = 0;
  constructor(left: number, cost: number = 0, log: string[] = [], name: string = '') {
    this.left = left;
    this.cost = cost;
    this.log = log;
    this.name = name;
  }
  pollBegin(_napi: NapiStruct, budget: number): void {
    this.budget = budget;
    this.work = 0;
  }
  pollStep(napi: NapiStruct): boolean {
    if (this.left === 0) return false;
    napi.softnet.cpus.smp_processor().charge(this.cost);
    this.left--;
    return ++this.work < this.budget;
  }
  pollEnd(napi: NapiStruct): number {
    this.log.push(`${this.name}${this.work}`);
    this.passLog.push({ pass: napi.softnet.cpus.cpus[0].softirq.counts[NET_RX_SOFTIRQ], work: this.work });
    if (this.work < this.budget) napi_complete_done(napi, this.work);
    return this.work;
  }
}

/** Instances with those stocks, all scheduled by one interrupt at 0. */
function polled(
  stocks: number[],
  params: HostParamsInput = {},
  weight: number = 64,
  cost: number = 0,
): Rig & { log: string[]; passLog: Stock['passLog'] } {
  const r = rig({ params });
  const log: string[] = [];
  const passLog: Stock['passLog'] = [];
  const napis = stocks.map((left, i) => {
    const stock = new Stock(left, cost, log, `${String.fromCharCode(97 + i)}`);
    stock.passLog = passLog;
    return r.napi(stock, weight);
  });
  r.irq(0, () => {
    for (const n of napis) napi_schedule(n);
  });
  return { ...r, log, passLog };
}

function passes(r: Rig): number {
  return r.set.cpus[0].softirq.counts[NET_RX_SOFTIRQ];
}

describe('net_rx_action', () => {
  it('one busy instance: one poll of 64 per pass, no squeeze at the default budget', () => {
    const r = polled([640]);
    r.run();
    expect(r.log).toEqual([...Array<string>(10).fill('a64'), 'a0']);
    expect(passes(r)).toBe(11);
    expect(r.softnet.data[0].time_squeeze).toBe(0);
  });

  it('one busy instance: squeeze flips between budget 64 and 65', () => {
    for (const [netdev_budget, squeeze] of [
      [16, 10],
      [64, 10],
      [65, 0],
      [300, 0],
    ]) {
      const r = polled([640], { netdev_budget });
      r.run();
      expect([netdev_budget, r.softnet.data[0].time_squeeze]).toEqual([netdev_budget, squeeze]);
      expect(passes(r)).toBe(11);
    }
  });

  it('five busy instances at budget 300: 320 packets, then a squeeze; four: none', () => {
    const five = polled([64, 64, 64, 64, 64]);
    five.run();
    expect(five.softnet.data[0].time_squeeze).toBe(1);
    const four = polled([64, 64, 64, 64]);
    four.run();
    expect(four.softnet.data[0].time_squeeze).toBe(0);
  });

  it('squeezed in the middle: unpolled rest first, then what was scheduled meanwhile, then those to poll again', () => {
    const r = rig({ params: { netdev_budget: 64 } });
    const log: string[] = [];
    const a = r.napi(new Stock(128, 10, log, 'a'));
    const b = r.napi(new Stock(1, 10, log, 'b'));
    const c = r.napi(new Stock(1, 10, log, 'c'));
    r.irq(0, () => {
      napi_schedule(a);
      napi_schedule(b);
    });
    r.irq(100, () => napi_schedule(c));
    r.run();
    expect(log).toEqual(['a64', 'b1', 'c1', 'a64', 'a0']);
  });

  it('scheduled in mid-pass with nothing to poll again: taken over within the same pass', () => {
    const r = rig();
    const log: string[] = [];
    const a = r.napi(new Stock(3, 10, log, 'a'));
    const b = r.napi(new Stock(1, 10, log, 'b'));
    r.irq(0, () => napi_schedule(a));
    r.irq(15, () => napi_schedule(b));
    r.run();
    expect(log).toEqual(['a3', 'b1']);
    expect(passes(r)).toBe(1);
    expect(r.softnet.data[0].in_net_rx_action).toBe(false);
  });

  it('any stocks, weights and budget: packets of a pass exceed the budget by at most 63', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(200), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 400 }),
        (stocks, weight, netdev_budget) => {
          const r = polled(stocks, { netdev_budget, max_restart: 100_000 }, weight);
          r.run();
          const work = new Map<number, number>();
          for (const entry of r.passLog) work.set(entry.pass, (work.get(entry.pass) ?? 0) + entry.work);
          let squeezed = 0;
          for (const sum of work.values()) {
            expect(sum).toBeLessThanOrEqual(netdev_budget + 63);
            if (sum >= netdev_budget) squeezed++;
          }
          expect(r.softnet.data[0].time_squeeze).toBe(squeezed);
          const total = r.softnet.napis.reduce((n, x) => n + x.packets, 0);
          expect(total).toBe(stocks.reduce((a, b) => a + b, 0));
        },
      ),
      { numRuns: runs(150) },
    );
  });

  it.each([
    // 8000 us at HZ 250 are 2 ticks: the limit is the second tick after the pass began, whatever the ns within the tick.
    { hz: 250, start: 0, squeezes: 0, last: 7_999_999 },
    { hz: 250, start: 0, squeezes: 1, last: 8_000_000 },
    { hz: 250, start: 3_999_000, squeezes: 0, last: 7_999_999 },
    { hz: 250, start: 3_999_000, squeezes: 1, last: 8_000_000 },
    { hz: 1000, start: 999_000, squeezes: 0, last: 1_999_999 },
    { hz: 1000, start: 999_000, squeezes: 1, last: 2_000_000 },
  ])('HZ $hz, pass begun at $start, poll ended at $last: $squeezes squeezes', ({ hz, start, squeezes, last }) => {
    const inOneBlock = (napi: NapiStruct): number => {
      napi.softnet.cpus.smp_processor().charge(last - start);
      napi_complete_done(napi, 1);
      return 1;
    };
    for (const poller of [new Stock(1, last - start), inOneBlock]) {
      const r = rig({ params: { hz } });
      const n = r.napi(poller);
      r.irq(start, () => napi_schedule(n));
      r.run();
      expect(r.set.sim.now).toBe(last);
      expect(r.softnet.data[0].time_squeeze).toBe(squeezes);
    }
  });

  it('scheduled in mid-pass with an instance to poll again: the pass ends, both are polled in the next', () => {
    const r = rig();
    const log: string[] = [];
    const a = new Stock(70, 10, log, 'a');
    const b = new Stock(1, 10, log, 'b');
    b.passLog = a.passLog;
    const napis = [r.napi(a), r.napi(b)];
    r.irq(0, () => napi_schedule(napis[0]));
    r.irq(15, () => napi_schedule(napis[1]));
    r.run();
    expect(log).toEqual(['a64', 'b1', 'a6']);
    expect(a.passLog.map((p) => p.pass)).toEqual([1, 2, 2]);
  });

  it('steps: interrupts are taken between packets; a poll function: after all of them', () => {
    const taken = (make: (r: Rig) => NapiStruct): number => {
      const r = rig();
      const n = make(r);
      let at = 0;
      r.irq(0, () => napi_schedule(n));
      r.irq(150, () => {
        at = r.set.sim.now;
      });
      r.run();
      expect(n.packets).toBe(10);
      return at;
    };
    expect(taken((r) => r.napi(new Stock(10, 100)))).toBe(200);
    const poll = (n: NapiStruct, budget: number): number => {
      expect(budget).toBe(64);
      n.softnet.cpus.smp_processor().charge(1000);
      napi_complete_done(n, 10);
      return 10;
    };
    expect(taken((r) => r.napi(poll))).toBe(1000);
  });

  it('cost lines: a poll and a completion are charged once each', () => {
    const r = rig({ costs: costs({ napi_poll: 150, napi_complete: 100, softirq_entry: 10 }) });
    const n = r.napi(new Stock(3, 430));
    r.irq(0, () => napi_schedule(n));
    r.run();
    expect(cpu_stats(r.set.cpus[0]).softirq).toBe(10 + 150 + 3 * 430 + 100);
  });

  it('an instance stays on the cpu that scheduled it', () => {
    const r = rig({ cpus: 2 });
    const ran: number[] = [];
    const n = r.napi((napi) => {
      ran.push((napi.softnet.cpus.current as Cpu).id);
      napi_complete_done(napi, 0);
      return 0;
    });
    r.irq(0, () => napi_schedule(n), 1);
    r.irq(10, () => napi_schedule(n), 0);
    r.run();
    expect(ran).toEqual([1, 0]);
  });
});
