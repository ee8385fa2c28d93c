import { describe, expect, it } from 'vitest';
import {
  __napi_schedule,
  NAPIF_STATE_DISABLE,
  NAPIF_STATE_LISTED,
  NAPIF_STATE_MISSED,
  NAPIF_STATE_NPSVC,
  NAPIF_STATE_SCHED,
  NapiError,
  type NapiStruct,
  napi_complete,
  napi_complete_done,
  napi_diagnostics,
  napi_disable,
  napi_disable_pending,
  napi_disabled,
  napi_enable,
  napi_schedule,
  napi_schedule_prep,
  netif_napi_add,
  netif_napi_del,
} from '../../src/napi/index.js';
import { TP, type TraceView } from '../../src/sim/index.js';
import { Probe } from '../cpu/support.js';
import { type Rig, rig } from './support.js';

const OWNED = NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC;

/** Polls that return the given numbers, after doing what `before` says for the n-th poll. */
function scripted(r: Rig, work: number[], before: (n: NapiStruct, poll: number) => void): NapiStruct {
  let poll = 0;
  return r.napi((n) => {
    before(n, poll);
    return work[poll++] ?? 0;
  });
}

describe('napi_struct', () => {
  it('added: disabled; enabled: free; the state bits are in the order of Linux', () => {
    const r = rig();
    const n = netif_napi_add(r.softnet, r.dev, () => 0);
    expect(n.state).toBe(OWNED | NAPIF_STATE_LISTED);
    expect(n.weight).toBe(64);
    expect(napi_disabled(n)).toBe(true);
    napi_enable(n);
    expect(n.state).toBe(NAPIF_STATE_LISTED);
    expect([NAPIF_STATE_SCHED, NAPIF_STATE_MISSED, NAPIF_STATE_DISABLE, NAPIF_STATE_NPSVC, NAPIF_STATE_LISTED]).toEqual(
      [1, 2, 4, 8, 16],
    );
  });

  it('free, prep: scheduled once; scheduled, prep: false and MISSED; disable waiting, prep: false and nothing set', () => {
    const r = rig();
    const n = r.napi(() => 0);
    expect(napi_schedule_prep(n)).toBe(true);
    expect(napi_schedule_prep(n)).toBe(false);
    expect(n.state & NAPIF_STATE_MISSED).toBe(NAPIF_STATE_MISSED);
    n.state &= ~NAPIF_STATE_MISSED;
    expect(napi_disable(n)).toBe(false);
    expect(napi_schedule_prep(n)).toBe(false);
    expect(n.state & NAPIF_STATE_MISSED).toBe(0);
  });

  it('scheduled, scheduled again in mid-poll: completing returns false and it is polled once more', () => {
    const r = rig();
    const results: boolean[] = [];
    const n = scripted(r, [3, 0], (napi, poll) => {
      if (poll === 0) expect(napi_schedule(napi)).toBe(false);
      results.push(napi_complete_done(napi, 3));
    });
    r.irq(0, () => napi_schedule(n));
    r.run();
    expect(results).toEqual([false, true]);
    expect(n).toMatchObject({ polls: 2, completes: 2, missed: 1, state: NAPIF_STATE_LISTED });
    expect(r.softnet.data[0].in_net_rx_action).toBe(false);
  });

  it('scheduled again twice in mid-poll: still one poll more', () => {
    const r = rig();
    const n = scripted(r, [1, 0], (napi, poll) => {
      if (poll === 0) for (let i = 0; i < 2; i++) napi_schedule(napi);
      napi_complete_done(napi, 1);
    });
    r.irq(0, () => napi_schedule(n));
    r.run();
    expect(n.polls).toBe(2);
  });

  it('MISSED during a full poll: kept until the completion, which then fails once', () => {
    const r = rig();
    const results: boolean[] = [];
    const n = scripted(r, [64, 5, 0], (napi, poll) => {
      if (poll === 0) napi_schedule(napi);
      else results.push(napi_complete_done(napi, 5));
    });
    r.irq(0, () => napi_schedule(n));
    r.run();
    expect(results).toEqual([false, true]);
    expect(n).toMatchObject({ polls: 3, full_polls: 1, packets: 69 });
  });

  it('scheduled by the poll itself after a completion that succeeded: polled again, without MISSED', () => {
    const r = rig();
    const n = scripted(r, [1, 1], (napi, poll) => {
      expect(napi_complete_done(napi, 1)).toBe(true);
      if (poll === 0) expect(napi_schedule(napi)).toBe(true);
    });
    r.irq(0, () => napi_schedule(n));
    r.run();
    expect(n).toMatchObject({ polls: 2, missed: 0, state: NAPIF_STATE_LISTED });
    expect(napi_diagnostics(r.softnet)).toEqual({});
  });

  it('scheduled but not polled, completed: leaves the poll list', () => {
    const r = rig();
    const n = r.napi(() => 0);
    napi_schedule(n);
    expect(napi_complete(n)).toBe(true);
    expect(n.list).toBeNull();
    r.run();
    expect(n.polls).toBe(0);
  });

  it('disabled (NPSVC), completing: false and nothing changes', () => {
    const r = rig();
    const n = netif_napi_add(r.softnet, r.dev, () => 0);
    expect(napi_complete_done(n, 0)).toBe(false);
    expect(n.state).toBe(OWNED | NAPIF_STATE_LISTED);
  });

  it('scheduled by boot code: ksoftirqd polls it', () => {
    const r = rig();
    let by = '';
    const n = scripted(r, [0], (napi) => {
      by = `${r.set.current?.curr?.name}`;
      napi_complete(napi);
    });
    napi_schedule(n);
    r.run();
    expect(by).toBe('ksoftirqd/0');
  });
});

describe('napi_disable', () => {
  it('free: disabled at once; schedules are refused, and the one asked for meanwhile stays as MISSED', () => {
    const r = rig();
    const n = r.napi((napi) => (napi_complete(napi) ? 0 : 0));
    expect(napi_disable(n)).toBe(true);
    expect(napi_disabled(n)).toBe(true);
    expect(napi_schedule(n)).toBe(false);
    napi_enable(n);
    expect(n.state).toBe(NAPIF_STATE_LISTED | NAPIF_STATE_MISSED);
    expect(napi_schedule(n)).toBe(true);
    r.run();
    expect(n.polls).toBe(2);
  });

  it('scheduled: done when the poll completes, with the call asked for at the end of that block', () => {
    const r = rig();
    const told: string[] = [];
    const target = r.set.sim.attach(new Probe((op, a, b) => told.push(`${r.set.sim.now} op ${op} a ${a} napi ${b}`)));
    const n = r.napi((napi) => {
      r.set.current?.charge(500);
      expect(napi_complete_done(napi, 2)).toBe(true);
      expect(told).toEqual([]);
      return 2;
    });
    r.irq(0, () => {
      napi_schedule(n);
      expect(napi_disable(n, target, 3, 4)).toBe(false);
      expect(napi_disable_pending(n)).toBe(true);
      expect(napi_disabled(n)).toBe(false);
    });
    r.run();
    expect(told).toEqual([`500 op 3 a 4 napi ${n.napi_id}`]);
    expect(napi_disabled(n)).toBe(true);
    expect(napi_disable_pending(n)).toBe(false);
    expect(napi_diagnostics(r.softnet)).toEqual({});
  });

  it('polling a flood: the next full poll is completed by the core', () => {
    const r = rig();
    const n = scripted(r, [64, 64, 64, 64], (napi, poll) => {
      if (poll === 2) napi_disable(napi);
    });
    r.irq(0, () => napi_schedule(n));
    r.run();
    expect(n.polls).toBe(3);
    expect(napi_disabled(n)).toBe(true);
  });

  it('disabled twice, enabled twice, deleted while enabled: typed errors', () => {
    const r = rig();
    const n = r.napi(() => 0);
    const code = (body: () => void): string => {
      try {
        body();
      } catch (error) {
        return (error as NapiError).code;
      }
      return 'none';
    };
    expect(code(() => napi_enable(n))).toBe('NAPI_NOT_DISABLED');
    expect(code(() => netif_napi_del(n))).toBe('NAPI_NOT_DISABLED');
    napi_disable(n);
    expect(code(() => napi_disable(n))).toBe('NAPI_DISABLED_TWICE');
    netif_napi_del(n);
    netif_napi_del(n);
    expect(r.softnet.napis).toEqual([]);
    expect(code(() => napi_enable(n))).toBe('NAPI_NOT_DISABLED');
    expect(code(() => netif_napi_add(r.softnet, r.dev, () => 0, 0))).toBe('NAPI_PARAM');
  });

  it('deferral of interrupts: zero is taken, anything else refused', () => {
    const n = rig().napi(() => 0);
    n.gro_flush_timeout = 0;
    n.defer_hard_irqs = 0;
    expect(() => {
      n.gro_flush_timeout = 20_000;
    }).toThrow(NapiError);
    expect(() => {
      n.defer_hard_irqs = 2;
    }).toThrow(NapiError);
    expect([n.gro_flush_timeout, n.defer_hard_irqs]).toEqual([0, 0]);
  });
});

describe('diagnostics', () => {
  /** One scheduled poll that returns `work` after `before`; what was diagnosed, by name and in the trace. */
  function diagnosed(
    work: number,
    before: (n: NapiStruct) => void,
  ): { counts: Record<string, number>; traced: number[] } {
    const r = rig();
    const traced: number[] = [];
    r.set.sim.trace.addSink({
      records(view: TraceView): void {
        for (let i = 0; i < view.length; i++) {
          if (view.id(i) === TP.NAPI_COMPLETE && view.c(i) !== 0) traced.push(view.c(i) - 1);
        }
      },
    });
    const n = scripted(r, [work], (napi, poll) => {
      if (poll === 0) before(napi);
      else napi_complete(napi);
    });
    r.irq(0, () => napi_schedule(n));
    r.run();
    r.set.sim.trace.flush();
    return { counts: napi_diagnostics(r.softnet), traced };
  }

  it.each<[string, number, (n: NapiStruct) => void, string[]]>([
    ['more than its budget', 65, () => {}, ['NAPI_POLL_OVER_BUDGET']],
    ['its budget, completed', 64, (n) => napi_complete_done(n, 64), ['NAPI_COMPLETED_WITH_FULL_BUDGET']],
    [
      'its budget, completed and scheduled again',
      64,
      (n) => {
        napi_complete_done(n, 64);
        napi_schedule(n);
      },
      ['NAPI_COMPLETED_WITH_FULL_BUDGET'],
    ],
    ['less, not completed', 3, () => {}, ['NAPI_NOT_COMPLETED']],
    [
      'less, completed twice',
      3,
      (n) => {
        napi_complete_done(n, 3);
        napi_complete_done(n, 3);
      },
      ['NAPI_COMPLETE_WITHOUT_SCHEDULE'],
    ],
    ['a negative number', -1, (n) => napi_complete(n), ['NAPI_BAD_WORK']],
    ['no number', Number.NaN, (n) => napi_complete(n), ['NAPI_BAD_WORK']],
    ['less, completed', 3, (n) => napi_complete_done(n, 3), []],
  ])('a poll that returned %s', (_name, work, before, names) => {
    const { counts, traced } = diagnosed(work, before);
    expect(Object.keys(counts)).toEqual(names);
    expect(Object.values(counts)).toEqual(names.map(() => 1));
    expect(traced).toHaveLength(names.length);
  });

  it('weight above 64: counted and used', () => {
    const r = rig();
    const n = r.napi((napi, budget) => (napi_complete(napi) ? budget - 1 : 0), 65);
    napi_schedule(n);
    r.run();
    expect(n.packets).toBe(64);
    expect(napi_diagnostics(r.softnet)).toEqual({ NAPI_WEIGHT_ABOVE_64: 1 });
  });

  it('a poll on the list without SCHED: is not called', () => {
    const r = rig();
    const n = r.napi(() => 0);
    __napi_schedule(n);
    r.run();
    expect(n.polls).toBe(0);
  });
});
