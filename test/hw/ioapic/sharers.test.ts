import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ApicBus,
  IntxRouter,
  IOAPIC_PINS,
  IOREDTBL,
  IOREGSEL,
  IOWIN,
  IoApic,
  intxGsi,
  LocalApic,
  REDIR_ACTIVE_LOW,
  REDIR_LEVEL,
  REDIR_MASKED,
} from '../../../src/hw/ioapic/index.js';
import { cloneGraph, Simulation } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';

const V = 0x41;
const GSI = 17;
const LOW = V | REDIR_LEVEL | REDIR_ACTIVE_LOW;
/** Slot, function, pin of the four sharers: other slots, another pin, a second function of the first. */
const SHARERS = [
  [1, 0, 1],
  [5, 0, 1],
  [0, 0, 2],
  [1, 3, 1],
] as const;

/** CPU states: idle; looking at sharer 0..3; about to end the interrupt. */
const IDLE = -1;
const EOI = SHARERS.length;

const sim = new Simulation({ seed: 1 });

/** Four devices on one level line, and a CPU whose handler looks at each of them, one step at a time. */
class Line {
  readonly bus: ApicBus = new ApicBus({ current: null });
  readonly lapic: LocalApic = new LocalApic(this.bus, 0, { interrupt: () => undefined }, sim);
  readonly ioapic: IoApic;
  readonly router: IntxRouter;
  /** Requests a device has made and nobody looked at. */
  readonly cause: number[] = [0, 0, 0, 0];
  served = 0;
  interrupts = 0;
  masked = false;
  at: number = IDLE;

  constructor() {
    this.bus.lapics.push(this.lapic);
    this.ioapic = new IoApic(this.bus, sim.trace, 1);
    this.router = new IntxRouter(this.ioapic);
    this.mask(false);
  }

  mask(on: boolean): void {
    this.masked = on;
    this.ioapic.write32(IOREGSEL, IOREDTBL + 2 * GSI);
    this.ioapic.write32(IOWIN, LOW | (on ? REDIR_MASKED : 0));
  }

  raise(i: number): void {
    this.cause[i]!++;
    this.pull(i, 1);
  }

  /** A device is reset: it forgets its requests and lets the line go, or is gone and cannot even say that. */
  drop(i: number, gone: boolean): void {
    this.cause[i] = 0;
    if (gone) this.router.release(SHARERS[i]![0], SHARERS[i]![1]);
    else this.pull(i, 0);
  }

  private pull(i: number, level: number): void {
    const [slot, fn, pin] = SHARERS[i]!;
    this.router.intx(slot, pin, level, fn);
  }

  /** The CPU can do something. */
  busy(): boolean {
    return this.at !== IDLE || this.lapic.pending;
  }

  step(): void {
    if (this.at === IDLE) {
      if (!this.lapic.pending) return;
      expect(this.lapic.acknowledge()).toBe(V);
      this.interrupts++;
      this.at = 0;
    } else if (this.at === EOI) {
      this.lapic.eoi();
      this.at = IDLE;
    } else {
      const i = this.at++;
      this.served += this.cause[i]!;
      this.cause[i] = 0;
      this.pull(i, 0);
    }
  }

  /** No request is forgotten: who asks pulls the line, and an idle CPU with the line unmasked is about to be told. */
  check(): void {
    const asking = this.cause.filter((c) => c > 0).length;
    expect(this.router.asserting[GSI]).toBe(asking);
    expect(this.ioapic.active(GSI)).toBe(asking > 0);
    if (asking > 0 && this.at === IDLE && !this.masked) expect(this.lapic.pending).toBe(true);
  }

  key(): string {
    const { lapic } = this;
    return `${this.cause} ${this.at} ${this.ioapic.entryLow(GSI)} ${lapic.irr[2]} ${lapic.isr[2]}`;
  }
}

interface Node {
  line: Line;
  /** Raises each device may still make; mask changes left. */
  left: number[];
  masks: number;
  raised: number;
}

/** Visits every state that any interleaving leads to; returns how many there are. */
function explore(each: number, masks: number): number {
  const seen = new Set<string>();
  const todo: Node[] = [{ line: new Line(), left: SHARERS.map(() => each), masks, raised: 0 }];
  let ends = 0;
  const go = (from: Node, change: (to: Node) => void): void => {
    const line = cloneGraph(from.line, { share: [sim] });
    const to: Node = { line, left: [...from.left], masks: from.masks, raised: from.raised };
    change(to);
    to.line.check();
    const key = `${to.line.key()} ${to.left} ${to.masks} ${to.raised - to.line.served}`;
    if (seen.has(key)) return;
    seen.add(key);
    todo.push(to);
  };
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    const { line, left } = node;
    for (let i = 0; i < SHARERS.length; i++) {
      if (left[i] === 0) continue;
      go(node, (to) => {
        to.left[i]!--;
        to.raised++;
        to.line.raise(i);
      });
    }
    if (line.busy()) go(node, (to) => to.line.step());
    if (node.masks > 0) {
      go(node, (to) => {
        to.masks--;
        to.line.mask(!to.line.masked);
      });
    }
    if (!line.busy() && !line.masked && left.every((l) => l === 0)) {
      ends++;
      expect([line.served, line.cause]).toEqual([node.raised, [0, 0, 0, 0]]);
    }
  }
  expect(ends).toBeGreaterThan(0);
  return seen.size;
}

describe('four sharers of a level line', () => {
  it('the sharers are on one line', () => {
    expect(SHARERS.map(([slot, , pin]) => intxGsi(slot, pin))).toEqual([GSI, GSI, GSI, GSI]);
  });

  it('one request each, every interleaving with the handler: all served', () => {
    expect(explore(1, 0)).toBeGreaterThan(200);
  });

  it('the same with the line masked and unmasked at any time: all served', () => {
    expect(explore(1, 2)).toBeGreaterThan(800);
  });

  it('two requests each, every interleaving: all served', () => {
    if (runs(0, 1) === 1) expect(explore(2, 2)).toBeGreaterThan(5000);
    else expect(explore(2, 0)).toBeGreaterThan(1000);
  });

  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: fc.constant('raise' as const), i: fc.nat(3) }) },
    { weight: 8, arbitrary: fc.record({ op: fc.constant('cpu' as const), i: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('reset' as const, 'gone' as const), i: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('mask' as const, 'unmask' as const), i: fc.constant(0) }) },
  );

  it('random requests, resets, removals, masks: nothing lost, and the line comes to rest', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const line = new Line();
        let raised = 0;
        for (const { op, i } of steps) {
          if (op === 'raise') {
            line.raise(i);
            raised++;
          } else if (op === 'cpu') line.step();
          else if (op === 'mask' || op === 'unmask') line.mask(op === 'mask');
          else {
            raised -= line.cause[i]!;
            line.drop(i, op === 'gone');
          }
          line.check();
        }
        line.mask(false);
        while (line.busy()) line.step();
        expect([line.served, line.ioapic.active(GSI)]).toEqual([raised, false]);
        expect(line.ioapic.entryLow(GSI)).toBe(LOW);
      }),
      { numRuns: runs(200) },
    );
  });

  it('a device that never lets go: interrupts for ever, the others are served all the same; gone: rest', () => {
    const line = new Line();
    line.router.intx(9, 1, 1);
    const service = (): void => {
      do line.step();
      while (line.at !== IDLE);
    };
    for (let n = 1; n <= 100; n++) {
      if (n % 10 === 0) line.raise(n % 4);
      service();
      expect([line.interrupts, line.lapic.pending]).toEqual([n, true]);
    }
    expect(line.served).toBe(10);
    line.mask(true);
    service();
    expect(line.lapic.pending).toBe(false);
    line.mask(false);
    expect(line.lapic.pending).toBe(true);
    line.router.release(9);
    service();
    expect([line.lapic.pending, line.ioapic.active(GSI)]).toEqual([false, false]);
  });
});

describe('IntxRouter', () => {
  it('swizzle: INTA#..INTD# of slots 0..7 turn through the four lines', () => {
    const row = (slot: number): number[] => [1, 2, 3, 4].map((pin) => intxGsi(slot, pin));
    expect([row(0), row(1), row(2), row(3)]).toEqual([
      [16, 17, 18, 19],
      [17, 18, 19, 16],
      [18, 19, 16, 17],
      [19, 16, 17, 18],
    ]);
    expect([row(4), row(31)]).toEqual([row(0), row(3)]);
  });

  it('random assertions by any pin of any function of any slot: each line is the wired-or of its pins', () => {
    const pull = fc.record({ slot: fc.nat(31), fn: fc.nat(7), pin: fc.integer({ min: 1, max: 4 }), level: fc.nat(1) });
    const release = fc.record({ slot: fc.nat(31), fn: fc.integer({ min: -1, max: 7 }) });
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 6, arbitrary: pull }, { weight: 1, arbitrary: release })), (steps) => {
        const { router, ioapic } = new Line();
        const pulls = new Set<string>();
        for (const s of steps) {
          if ('pin' in s) {
            router.intx(s.slot, s.pin, s.level, s.fn);
            if (s.level === 1) pulls.add(`${s.slot} ${s.fn} ${s.pin}`);
            else pulls.delete(`${s.slot} ${s.fn} ${s.pin}`);
            expect(router.asserts(s.slot, s.pin, s.fn)).toBe(s.level === 1);
          } else {
            router.release(s.slot, s.fn);
            for (const p of pulls) if (p.startsWith(`${s.slot} ${s.fn < 0 ? '' : `${s.fn} `}`)) pulls.delete(p);
          }
          const lines = new Array<number>(IOAPIC_PINS).fill(0);
          for (const p of pulls) lines[router.route(Number(p.split(' ')[0]), Number(p.split(' ')[2]))]!++;
          expect([...router.asserting]).toEqual(lines);
          for (let gsi = 16; gsi < 20; gsi++) expect(ioapic.level[gsi]).toBe(lines[gsi] === 0 ? 1 : 0);
        }
      }),
      { numRuns: runs(100) },
    );
  });
});
