import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLONE, Cloneable, CloneError, cloneGraph, HORIZON_NS, Simulation, TP } from '../../src/sim/index.js';
import { runs } from '../support/fc.js';
import { FakeRuntime } from './fake-runtime.js';

class Node extends Cloneable {
  value: number;
  next: Node | null;
  constructor(value: number) {
    super();
    this.value = value;
    this.next = null;
  }
  double(): number {
    return this.value * 2;
  }
}

class Strict extends Node {
  readonly needed: string;
  constructor(needed: string) {
    super(needed.length);
    this.needed = needed;
  }
}

class Plain {
  readonly a: number;
  constructor(a: { n: number }) {
    this.a = a.n;
  }
  get twice(): number {
    return this.a * 2;
  }
}

function topLevel(): number {
  return 1;
}

describe('cloneGraph', () => {
  it('any plain data is copied equal and apart', () => {
    fc.assert(
      fc.property(fc.object({ withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true }), (x) => {
        const copy = cloneGraph(x);
        expect(copy).toEqual(x);
        expect(copy).not.toBe(x);
        for (const key of Object.keys(x)) {
          const value = x[key];
          if (typeof value === 'object' && value !== null) expect(copy[key]).not.toBe(value);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  it('cycles, sharing, holes and prototypes are kept', () => {
    const a = new Node(1);
    const b = new Strict('four');
    a.next = b;
    b.next = a;
    const holes: (Node | undefined)[] = [a];
    holes[2] = b;
    const root = {
      a,
      also: a,
      holes,
      plain: new Plain({ n: 3 }),
      map: new Map<unknown, unknown>([
        [a, b],
        ['k', holes],
      ]),
      set: new Set([b]),
    };
    const copy = cloneGraph(root);
    expect(copy.a).not.toBe(a);
    expect(copy.also).toBe(copy.a);
    const strict = copy.a.next as Strict;
    expect(strict).toBeInstanceOf(Strict);
    expect([strict.needed, strict.value, strict.double()]).toEqual(['four', 4, 8]);
    expect(strict.next).toBe(copy.a);
    expect([copy.holes[0], copy.holes[2], 1 in copy.holes, copy.holes.length]).toEqual([copy.a, strict, false, 3]);
    expect(copy.plain).toBeInstanceOf(Plain);
    expect(copy.plain.twice).toBe(6);
    expect(copy.map.get(copy.a)).toBe(strict);
    expect(copy.map.get('k')).toBe(copy.holes);
    expect([...copy.set]).toEqual([strict]);
    a.value = 100;
    expect(copy.a.value).toBe(1);
  });

  it('views that share a buffer share its copy, at the same place', () => {
    const buffer = new ArrayBuffer(64);
    const root = {
      i32: new Int32Array(buffer, 8, 4),
      u8: new Uint8Array(buffer),
      dv: new DataView(buffer, 8, 16),
      buffer,
      lone: new Float64Array([1.5]),
    };
    root.i32[0] = 7;
    const copy = cloneGraph(root);
    expect(copy.u8.buffer).toBe(copy.buffer);
    expect(copy.i32.buffer).toBe(copy.buffer);
    expect(copy.buffer).not.toBe(buffer);
    copy.i32[1] = 9;
    expect([copy.dv.getInt32(0, true), copy.dv.getInt32(4, true), copy.u8[12], copy.i32.length]).toEqual([7, 9, 9, 4]);
    expect([root.i32[1], copy.lone[0]]).toEqual([0, 1.5]);
    expect([copy.dv.byteOffset, copy.dv.byteLength]).toEqual([8, 16]);
  });

  it('functions and shared objects are the same in both', () => {
    const table = { cost: 1 };
    const root = { f: topLevel, table, list: [table, Node] };
    const copy = cloneGraph(root, { share: [table] });
    expect(copy.f).toBe(topLevel);
    expect(copy.table).toBe(table);
    expect(copy.list).toEqual([table, Node]);
    expect(copy.list).not.toBe(root.list);
  });

  it('a long list of nodes does not overflow the stack', () => {
    let head = new Node(0);
    for (let i = 1; i < 200_000; i++) {
      const node = new Node(i);
      node.next = head;
      head = node;
    }
    let count = 0;
    for (let n: Node | null = cloneGraph(head); n !== null; n = n.next) count++;
    expect(count).toBe(200_000);
  });

  it.each<[string, unknown, string]>([
    ['a Promise', Promise.resolve(), 'a Promise'],
    ['a WeakMap', new WeakMap(), 'a WeakMap'],
    ['a WeakRef', new WeakRef({}), 'a WeakRef'],
    ['a Date', new Date(0), 'a Date'],
    ['an AbortSignal', new AbortController().signal, 'a AbortSignal'],
    ['a bound function', topLevel.bind(null), 'a bound function'],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(8)), 'a view of shared memory'],
    ['a symbol key', { [Symbol('s')]: 1 }, 'an object with symbol keys'],
    ['a generator', (function* () {})(), 'a Generator'],
  ])('%s is refused by its path', (_what, bad, text) => {
    const root = { hosts: [{ name: 'a' }, { sockets: new Map([['k', { bad }]]) }] };
    const error = (() => {
      try {
        return cloneGraph(root);
      } catch (e) {
        return e;
      }
    })();
    expect(error).toBeInstanceOf(CloneError);
    expect((error as CloneError).path).toBe('root.hosts[1].sockets.get(k).bad');
    expect((error as CloneError).message).toContain(text);
  });

  it('an accessor is refused by its path', () => {
    const root = {
      a: {
        get b(): number {
          return 1;
        },
      },
    };
    expect(() => cloneGraph(root)).toThrow('cannot clone root.a.b: an accessor');
  });

  it('a hook under a symbol replaces fields too', () => {
    const hooked = { n: 1, waiting: Promise.resolve() };
    const proto = {
      [CLONE]: (copy: Record<string, unknown>): void => {
        copy['waiting'] = null;
      },
    };
    Object.setPrototypeOf(hooked, proto);
    expect(cloneGraph(hooked)).toEqual({ n: 1, waiting: null });
  });

  it('a hook replaces fields and may refuse', () => {
    class Hooked extends Cloneable {
      n = 1;
      waiting: Promise<void> | null = Promise.resolve();
      refuse = false;
      cloneFields(copy: Record<string, unknown>): void {
        if (this.refuse) throw new RangeError('not now');
        copy['waiting'] = null;
      }
    }
    const hooked = new Hooked();
    expect(cloneGraph({ hooked }).hooked).toMatchObject({ n: 1, waiting: null });
    hooked.refuse = true;
    expect(() => cloneGraph({ hooked })).toThrow(RangeError);
  });
});

/** A target that does a bit of everything, from its own random stream. */
class Worker {
  private readonly sim: Simulation;
  readonly id: number;
  private readonly lane: number;
  private readonly timer: number;
  private readonly memory: number;
  private readonly name: string;
  constructor(sim: Simulation, name: string) {
    this.sim = sim;
    this.id = sim.attach(this);
    this.lane = sim.createLane(this.id);
    this.timer = sim.createTimer(this.id, 9, 0);
    this.memory = sim.arena.claim(this.id + 1, 4096);
    this.name = name;
  }
  handle(op: number, a: number, b: number): void {
    const sim = this.sim;
    const memory = this.memory;
    const rng = sim.rng(this.name);
    sim.digest.mix(op);
    sim.digest.mix(b);
    sim.digest.mixTime();
    sim.arena.u8[memory + rng.below(4096)] ^= a + 1;
    sim.digest.frame(sim.arena.u32, sim.arena.u8, memory, 64);
    if (sim.trace.on) sim.trace.put(TP.TIMER, this.id, 0, op, a, b);
    if (sim.events > 1500) return;
    if (rng.chance(1, 3)) sim.mod_timer(this.timer, rng.below(2_000_000_000));
    else if (rng.chance(1, 2)) sim.schedule(rng.below(5000), this.id, 1, a + 1, 0);
    else {
      sim.at[0] = sim.now + 10_000_000;
      sim.laneAt(this.lane, 2, a + 1, rng.below(9));
    }
    if (rng.chance(1, 300)) sim.arena.claim(this.id + 1, 300_000);
    if (sim.strong < 10) sim.post(this.id, 3, a + 1, 0);
  }
}

function busy(seed: number): Simulation {
  const sim = new Simulation({ seed, runtime: new FakeRuntime() });
  sim.advanceTo(5_000_000_000_000);
  for (const name of ['a', 'b', 'c']) sim.post(new Worker(sim, name).id, 0, 0, 0);
  return sim;
}

describe('a clone of a simulation', () => {
  it('in mid-run continues identically, and the original does not notice', async () => {
    const straight = busy(5);
    straight.trace.addSink({ records: () => {} });
    straight.drain(HORIZON_NS);
    const sim = busy(5);
    sim.trace.addSink({ records: () => {} });
    const copies: Simulation[] = [];
    for (let i = 1; sim.strong > 0 && i < 20; i++) {
      sim.drain(5_000_000_000_000 + i * 20_000_000);
      copies.push(cloneGraph(sim));
    }
    sim.drain(HORIZON_NS);
    expect(sim.events).toBeGreaterThan(1000);
    for (const copy of copies) {
      expect(copy).toBeInstanceOf(Simulation);
      expect((await copy.run()).reason).toBe('idle');
      expect([copy.now, copy.events, copy.digestHex()]).toEqual([straight.now, straight.events, straight.digestHex()]);
    }
    expect(new Set(copies.map((c) => c.arena.u8.buffer)).size).toBe(copies.length);
    expect([sim.now, sim.digestHex()]).toEqual([straight.now, straight.digestHex()]);
    expect(busy(6).digestHex()).not.toBe(busy(5).digestHex());
  });

  it('is refused inside an event and while something outside is pending', () => {
    const sim = new Simulation({ seed: 1 });
    const target = sim.attach({ handle: () => void cloneGraph(sim) });
    sim.post(target, 0, 0, 0);
    expect(() => sim.drain(0)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_BUSY' }));
    sim.taskWoken();
    expect(() => cloneGraph(sim)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_OUTSIDE' }));
    sim.giveUpWoken();
    expect(() => cloneGraph(sim)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_OUTSIDE' }));
  });
});
