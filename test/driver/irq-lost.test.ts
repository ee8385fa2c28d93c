import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Runnable, spawn } from '../../src/cpu/index.js';
import {
  disable_irq,
  enable_irq,
  free_irq,
  IRQ_HANDLED,
  IRQ_NONE,
  IRQ_WAKE_THREAD,
  IRQF_ONESHOT,
  IRQF_SHARED,
  IRQS_MASKED,
  IrqCore,
  type IrqDesc,
  irq_set_affinity,
  request_threaded_irq,
} from '../../src/driver/irq/index.js';
import {
  PCI_IRQ_MSIX,
  pci_alloc_irq_vectors,
  pci_enable_device,
  pci_irq_vector,
  pci_set_master,
} from '../../src/driver/pci/index.js';
import { IOREDTBL, IOREGSEL, IOWIN } from '../../src/hw/ioapic/index.js';
import { cloneGraph, type SimTarget } from '../../src/sim/index.js';
import { costs } from '../cpu/support.js';
import { runs } from '../support/fc.js';
import { Board } from './irq-board.js';

const GSI = 17;
const PIN_IDLE = 1;
const EVENT = 0;
const CHECK = 1;

/** How the devices interrupt: one shared level line, the same with ONESHOT threads, an edge pin each, an MSI-X vector each. */
type Kind = 'level' | 'oneshot' | 'edge' | 'msix';

/** A device that has things to tell: a level line is asserted as long as it has; the others get a pulse for each. */
class Source implements SimTarget {
  readonly world: World;
  readonly id: number;
  readonly target: number;
  irq = 0;
  opened = false;
  /** Things to be looked at. */
  waiting = 0;
  told = 0;
  seen = 0;
  constructor(world: World, id: number) {
    this.world = world;
    this.id = id;
    this.target = world.b.sim.attach(this);
  }

  /** One more thing, or the driver's look when the line is open. */
  handle(op: number): void {
    if (op === CHECK) {
      this.take();
      return;
    }
    this.waiting++;
    this.told++;
    const { b, kind } = this.world;
    if (kind === 'edge') {
      b.pin(4 + this.id, 1);
      b.pin(4 + this.id, 0);
    } else if (kind === 'msix') b.cards[0].msix(this.id);
    else this.world.wire();
  }

  /** The driver takes everything there is. */
  take(): boolean {
    const any = this.waiting > 0;
    this.seen += this.waiting;
    this.waiting = 0;
    if (this.world.kind === 'level' || this.world.kind === 'oneshot') this.world.wire();
    return any;
  }
}

class World {
  readonly b: Board;
  readonly kind: Kind;
  readonly sources: Source[] = [];
  readonly cost: number;

  constructor(kind: Kind, cpus: number, count: number, cost: number) {
    this.kind = kind;
    this.cost = cost;
    this.b = new Board({
      cpus,
      costs: costs({ irq_entry: cost, mmio_write: cost >> 1, switch: cost, wakeup: 1 }),
      cards: kind === 'msix' ? [{ msix: 4 }] : [],
    });
    const { b } = this;
    // So that a line's vectors differ from CPU to CPU.
    for (let cpu = 1; cpu < cpus; cpu++) for (let i = 0; i < cpu; i++) b.irqs.vectors.take(cpu, 5, null);
    if (kind === 'msix') {
      pci_enable_device(b.pdev);
      pci_set_master(b.pdev);
      pci_alloc_irq_vectors(b.pdev, count, count, PCI_IRQ_MSIX);
    }
    for (let id = 0; id < count; id++) {
      const s = new Source(this, id);
      this.sources.push(s);
      if (kind === 'msix') s.irq = pci_irq_vector(b.pdev, id);
      else if (kind === 'edge') s.irq = b.irqs.acpi_register_gsi(4 + id, false, false);
      else s.irq = b.irqs.acpi_register_gsi(GSI, true, true);
      this.open(s);
    }
    b.run();
  }

  /** The driver comes (again): once the line is open it looks, for pulses that nobody heard. */
  open(s: Source): void {
    if (s.opened) return;
    const oneshot = this.kind === 'oneshot';
    const flags = this.kind === 'level' || oneshot ? IRQF_SHARED : 0;
    const rc = request_threaded_irq(
      this.b.irqs,
      s.irq,
      oneshot ? look : serve,
      oneshot ? serve : null,
      flags | (oneshot ? IRQF_ONESHOT : 0),
      `s${s.id}`,
      s,
    );
    expect(rc).toBe(0);
    s.opened = true;
    this.b.cpus.smp_processor().effect(s.target, CHECK, 0, 0);
  }

  close(s: Source): void {
    if (s.opened) expect(free_irq(this.b.irqs, s.irq, s)).toBe(`s${s.id}`);
    s.opened = false;
  }

  /** The line, pulled low by whoever has something. */
  wire(): void {
    this.b.pin(GSI, this.sources.some((s) => s.waiting > 0) ? 1 - PIN_IDLE : PIN_IDLE);
  }
}

/** Primary handler of the ONESHOT sharers: the thread is to look, when there is something. */
function look(_irq: number, s: Source): number {
  return s.waiting > 0 ? IRQ_WAKE_THREAD : IRQ_NONE;
}

function serve(_irq: number, s: Source): number {
  s.world.b.cpus.smp_processor().charge(s.world.cost);
  return s.take() ? IRQ_HANDLED : IRQ_NONE;
}

type What = {
  what: 'event' | 'disable' | 'move' | 'reopen';
  at: number;
  who: number;
  cpu: number;
  cpus: number;
  hold: number;
};

interface Plan {
  kind: Kind;
  cpus: number;
  count: number;
  cost: number;
  list: What[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom<Kind>('level', 'oneshot', 'edge', 'msix'),
  cpus: fc.integer({ min: 1, max: 3 }),
  count: fc.integer({ min: 1, max: 4 }),
  cost: fc.integer({ min: 0, max: 40 }),
  list: fc.array(
    fc.record({
      what: fc.constantFrom<What['what']>('event', 'event', 'event', 'disable', 'move', 'reopen'),
      at: fc.integer({ min: 0, max: 600 }),
      who: fc.nat(3),
      cpu: fc.nat(2),
      cpus: fc.integer({ min: 1, max: 7 }),
      hold: fc.integer({ min: 0, max: 150 }),
    }),
    { minLength: 1, maxLength: 30 },
  ),
});

/** A block of a task on some CPU. */
class Call implements Runnable {
  readonly body: () => void;
  readonly cost: number;
  constructor(body: () => void, cost: number) {
    this.body = body;
    this.cost = cost;
  }
  step(): number {
    this.body();
    return 2;
  }
}

/** Starts a block of a task when its time comes. */
class Later implements SimTarget {
  readonly world: World;
  readonly body: () => void;
  readonly cpu: number;
  constructor(world: World, body: () => void, cpu: number) {
    this.world = world;
    this.body = body;
    this.cpu = cpu;
  }
  handle(): void {
    const { b } = this.world;
    spawn(b.cpus, new Call(this.body, 0), 'call', this.cpu % b.cpus.cpus.length);
  }
}

function at(world: World, ns: number, target: SimTarget): void {
  const { sim } = world.b;
  sim.schedule(ns, sim.attach(target), 0, 0, 0);
}

function schedule(world: World, list: readonly What[]): void {
  const { b } = world;
  for (const w of list) {
    const s = world.sources[w.who % world.sources.length] as Source;
    const cpus = [0, 1, 2].filter((c) => ((w.cpus >> c) & 1) !== 0 && c < b.cpus.cpus.length);
    if (w.what === 'event') at(world, w.at, s);
    else if (w.what === 'move') at(world, w.at, new Later(world, () => irq_set_affinity(b.irqs, s.irq, cpus), w.cpu));
    else if (w.what === 'reopen') {
      at(world, w.at, new Later(world, () => world.close(s), w.cpu));
      at(world, w.at + w.hold, new Later(world, () => world.open(s), w.cpus));
    } else {
      at(world, w.at, new Later(world, () => disable_irq(b.irqs, s.irq), w.cpu));
      at(world, w.at + w.hold, new Later(world, () => enable_irq(b.irqs, s.irq), w.cpus));
    }
  }
}

/** What must hold when all is quiet. Enables that ran before their disable leave the line disabled: it is enabled to the end. */
function verdict(world: World): void {
  const { b } = world;
  for (const s of world.sources) world.open(s);
  const lines = new Set(world.sources.map((s) => b.desc(s.irq)));
  for (const desc of lines) while (desc.depth > 0) enable_irq(b.irqs, desc.irq);
  b.run();
  expect(world.sources.map((s) => s.told - s.seen)).toEqual(world.sources.map(() => 0));
  for (const desc of lines) {
    expect([desc.state & IRQS_MASKED, desc.threads_active, desc.threads_oneshot, desc.busy_cpu]).toEqual([0, 0, 0, -1]);
    expect(desc.stopping.length).toBe(0);
  }
  const inService = b.apics?.lapics.map((l) => [...l.isr, ...l.irr].filter((word) => word !== 0).length);
  expect(inService).toEqual(b.cpus.cpus.map(() => 0));
}

function search(sabotage: (world: World) => void): fc.IPropertyWithHooks<[Plan]> {
  return fc.property(plan, ({ kind, cpus, count, cost, list }) => {
    const world = new World(kind, cpus, count, cost);
    sabotage(world);
    schedule(world, list);
    world.b.run();
    verdict(world);
  });
}

/** Register writes as a driver without the lock would make them: with what was true when they were asked for. */
function early({ b }: World): void {
  const states: number[] = [];
  const chip = b.irqs.ioapic;
  if (chip === null) return;
  const sync = chip.sync.bind(chip);
  b.irqs.program = (desc: IrqDesc, what: number, writes: number) => {
    if (b.cpus.current === null) sync(desc, what);
    else IrqCore.prototype.program.call(b.irqs, desc, what | (states.push(desc.state) << 1), writes);
  };
  chip.sync = (desc: IrqDesc, what: number) => {
    const now = desc.state;
    if (what > 1) desc.state = states[(what >> 1) - 1] as number;
    sync(desc, what & 1);
    desc.state = now;
  };
}

/** A level line that moves while the controller waits for the EOI of its old vector. */
function hasty({ b }: World): void {
  const chip = b.irqs.ioapic;
  if (chip === null) return;
  const sync = chip.sync.bind(chip);
  chip.irq_in_service = () => false;
  chip.sync = (desc: IrqDesc, what: number) => {
    const target = (desc.cpu << 8) | desc.vector;
    if (desc.vector >= 0 && chip.targets[desc.hwirq] !== target) {
      chip.targets[desc.hwirq] = target;
      chip.io.mem.write32(IOREGSEL, IOREDTBL + desc.hwirq * 2 + 1);
      chip.io.mem.write32(IOWIN, desc.cpu << 24);
    }
    sync(desc, what);
  };
}

/** Nobody asks whether another CPU still runs the handlers. */
function careless({ b }: World): void {
  Object.defineProperty(b.irqs, 'smp', { value: false });
}

describe('up to four devices, three CPUs, lines disabled and moved at any moment', () => {
  it('no interrupt is lost, no line stays masked, no thread waits', () => {
    fc.assert(
      search(() => undefined),
      { numRuns: runs(300) },
    );
  });

  it.each([
    ['register writes that carry old state', early],
    ['a level line that moves before its EOI', hasty],
  ])('%s: found', (_name, sabotage) => {
    expect(fc.check(search(sabotage), { numRuns: 4_000, seed: 1, endOnFailure: true }).failed).toBe(true);
  });

  it('without a look at other CPUs two of them run the same handlers at once', () => {
    const overlap = (sabotage: (world: World) => void): boolean => {
      const world = new World('msix', 2, 1, 40);
      sabotage(world);
      const [s] = world.sources as [Source];
      let inside = 0;
      let most = 0;
      const slow = (irq: number, source: Source): number => {
        most = Math.max(most, ++inside);
        world.b.cpus.smp_processor().effect(world.b.sim.attach({ handle: () => inside-- }), 0, 0, 0);
        return serve(irq, source);
      };
      world.b.desc(s.irq).actions[0].handler = slow as (irq: number, dev: unknown) => number;
      s.handle(EVENT);
      world.b.run(world.b.sim.clock[0] + 10);
      irq_set_affinity(world.b.irqs, s.irq, [1 - world.b.desc(s.irq).cpu]);
      s.handle(EVENT);
      world.b.run();
      expect(s.told).toBe(s.seen);
      return most > 1;
    };
    expect([overlap(careless), overlap(() => undefined)]).toEqual([true, false]);
  });
});

describe('a machine copied while interrupts, threads and moves are under way', () => {
  it('original and copy go on alike', () => {
    fc.assert(
      fc.property(plan, fc.integer({ min: 0, max: 700 }), (p, stop) => {
        const world = new World(p.kind, p.cpus, p.count, p.cost);
        const events = p.list.filter((w) => w.what === 'event');
        schedule(world, events);
        const target = world.sources[0] as Source;
        if (p.cpus > 1) irq_set_affinity(world.b.irqs, target.irq, [p.cpus - 1]);
        world.b.run(world.b.sim.clock[0] + stop);
        const copy = cloneGraph(world);
        for (const w of [world, copy]) verdict(w);
        const story = (w: World): unknown => [
          w.b.sim.clock[0],
          w.sources.map((s) => s.seen),
          w.b.irqs.interrupts(),
          w.b.irqs.log.lines,
          w.b.cpus.cpus.map((cpu) => [...cpu.acct]),
        ];
        expect(story(copy)).toEqual(story(world));
      }),
      { numRuns: runs(60) },
    );
  });

  it('in the middle of a thread’s block: both finish it', () => {
    const world = new World('oneshot', 2, 2, 40);
    const start = world.b.sim.clock[0] as number;
    for (const s of world.sources) s.handle(EVENT);
    let ns = start;
    const desc = world.b.desc(GSI);
    while (desc.threads_active < 2 || world.sources[0]?.waiting !== 0) world.b.run(++ns);
    const copy = cloneGraph(world);
    expect(copy.b.desc(GSI) === desc).toBe(false);
    expect(copy.b.desc(GSI).threads_active).toBe(2);
    for (const w of [world, copy]) {
      w.b.run();
      verdict(w);
    }
    expect(copy.b.sim.clock[0]).toBe(world.b.sim.clock[0]);
  });
});
