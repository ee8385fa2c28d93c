import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dmesg, IRQS_MASKED, IRQS_SPURIOUS_DISABLED, proc_irq_read } from '../../src/driver/index.js';
import { runs } from '../support/fc.js';
import type { Kind } from '../support/shared-driver.js';
import { type Explored, explore, type Scene } from '../support/shared-explore.js';
import { pass, storm, stuck } from '../support/shared-long.js';
import * as mutants from '../support/shared-mutants.js';
import { playScenario, type Scenario, scenario } from '../support/shared-random.js';
import { GSI, PLACES, Rig } from '../support/shared-rig.js';

/** The last one's acknowledgement takes effect when the block ends: a register read of a handler behind it would push it out. */
const KINDS: Kind[] = ['napi', 'read', 'late', 'ack'];
const EACH = [['raise 0'], ['raise 1'], ['raise 2'], ['raise 3']];

interface Case extends Scene {
  name: string;
  /** Orders there are at least. */
  least: number;
}

function scene(name: string, least: number, scripts: string[][], more: Partial<Scene> = {}): Case {
  return { name, least, kinds: KINDS, scripts, ...more };
}

const threaded = { threaded: true };
const message = { message: true };
const two = { cpus: 2 };

/** Those that take long: only under the full suite. */
const large: Case[] = [
  scene('threads: four devices, also inside blocks', 500_000, EACH, { ...threaded, inner: true }),
  scene(
    '2 CPUs: two, disabled, enabled and moved',
    500_000,
    [['raise 0'], ['raise 3'], ['disable', 'enable'], ['move 1', 'move 0']],
    two,
  ),
];

const scenes: Case[] = [
  ...large.slice(0, runs(0, large.length)),
  scene('four devices, also inside blocks', 50_000, EACH, { inner: true }),
  scene('three, two events of two', 40_000, [['raise 0', 'raise 0'], ['raise 2', 'raise 2'], ['raise 3']]),
  scene('four devices, an event each', 5100, EACH),
  scene('four devices, all served in the softirq', 8200, EACH, { kinds: ['napi', 'napi', 'napi', 'napi'] }),
  scene('three, two events of one, also inside blocks', 23900, [['raise 0', 'raise 0'], ['raise 1'], ['raise 2']], {
    inner: true,
  }),
  scene(
    'two, two events each, also inside blocks',
    9800,
    [
      ['raise 2', 'raise 2'],
      ['raise 3', 'raise 3'],
    ],
    {
      inner: true,
    },
  ),
  scene('two, disabled and enabled', 1000, [['raise 1'], ['raise 3'], ['disable', 'enable']]),
  scene('three, disabled and enabled', 33200, [['raise 0'], ['raise 1'], ['raise 2'], ['disable', 'enable']]),
  scene('one, disabled and enabled by two', 6700, [['raise 0'], ['disable', 'enable'], ['disable', 'enable']]),
  scene('two, masked and unmasked at the IO-APIC', 26900, [['raise 0', 'raise 0'], ['raise 3'], ['mask', 'unmask']], {
    inner: true,
  }),
  scene('two, disabled, while the IO-APIC is masked too', 2400, [
    ['raise 0'],
    ['disable', 'enable'],
    ['mask', 'unmask'],
  ]),
  scene('two, both reset', 1200, [['raise 0'], ['raise 2'], ['reset 2', 'reset 0']]),
  scene('two of one slot, one reset', 1600, [['raise 0', 'raise 0'], ['raise 1'], ['reset 1']]),
  scene('two, one asleep for a while', 1200, [['raise 0'], ['raise 3'], ['suspend 3', 'resume 3']]),
  scene('two, the one with a softirq asleep for a while', 1200, [['raise 0'], ['raise 3'], ['suspend 0', 'resume 0']]),
  scene('two, one let go and taken again', 1100, [['raise 0'], ['raise 1'], ['free 1', 'bind 1']], { fresh: true }),
  scene('2 CPUs: two, moved there and back', 1400, [['raise 0'], ['raise 1'], ['move 1', 'move 0']], two),
  scene('2 CPUs: three, moved', 4500, [['raise 0'], ['raise 1'], ['raise 3'], ['move 1']], two),
  scene('2 CPUs: two, disabled and enabled by the other', 1200, [['raise 1'], ['raise 3'], ['disable', 'enable']], two),
  scene(
    '2 CPUs: one, disabled, moved and enabled',
    7600,
    [['raise 1'], ['disable', 'enable'], ['move 1', 'move 0']],
    two,
  ),
  scene('2 CPUs: two, reset by the other', 1400, [['raise 1'], ['raise 3'], ['reset 1', 'reset 3']], two),
  scene('2 CPUs: two, one put to sleep by the other', 1500, [['raise 1'], ['raise 3'], ['suspend 1', 'resume 1']], two),
  scene('threads: four devices', 27200, EACH, threaded),
  scene('threads: two, two events of one, also inside blocks', 1800, [['raise 0', 'raise 0'], ['raise 2']], {
    ...threaded,
    inner: true,
  }),
  scene('threads: two, disabled and enabled', 3100, [['raise 0'], ['raise 1'], ['disable', 'enable']], threaded),
  scene('threads: two, one reset', 480, [['raise 0'], ['raise 3'], ['reset 0']], threaded),
  scene('threads: two, one asleep for a while', 3400, [['raise 0'], ['raise 1'], ['suspend 1', 'resume 1']], threaded),
  scene('threads: two, masked and unmasked', 1500, [['raise 1'], ['raise 2'], ['mask', 'unmask']], threaded),
  scene('threads, 2 CPUs: two, moved', 3800, [['raise 1'], ['raise 2'], ['move 1', 'move 0']], { ...threaded, ...two }),
  scene('message: four units', 2100, EACH, message),
  scene('message: two units, disabled and enabled', 750, [['raise 0'], ['raise 1'], ['disable', 'enable']], message),
  scene('message: two units, also inside blocks', 390, [['raise 0', 'raise 0'], ['raise 3']], {
    ...message,
    inner: true,
  }),
  scene('message, 2 CPUs: two units, moved', 940, [['raise 0'], ['raise 1'], ['move 1', 'move 0']], {
    ...message,
    ...two,
  }),
];

function sound(explored: Explored): void {
  expect(explored.failure).toBeNull();
}

describe('every order of four sharers of one line', () => {
  it('the four pins come to one line', () => {
    const rig = new Rig({ kinds: KINDS });
    expect(rig.pci.devices.map((pdev) => pdev.irq)).toEqual([GSI, GSI, GSI, GSI]);
    expect(rig.desc.actions.map((action) => action.name)).toEqual(['dev0', 'dev1', 'dev2', 'dev3']);
    expect(new Set(PLACES.map(({ pin }) => pin)).size).toBe(3);
  });

  it.each(scenes)('$name: no event is lost or handled twice', { timeout: 300_000 }, (s) => {
    const explored = explore(s);
    sound(explored);
    expect(explored.orders).toBeGreaterThanOrEqual(s.least);
  });
});

interface Mutant extends Scene {
  name: string;
  mutant: (rig: Rig) => void;
  why: RegExp;
}

const LOST = /waits with event \d+, and nothing is under way|were lost/;
const THINKS = /masked as the core thinks/;

function mutant(
  name: string,
  plant: (rig: Rig) => void,
  why: RegExp,
  scripts: string[][],
  more: Partial<Scene> = {},
): Mutant {
  return { name, mutant: plant, why, kinds: KINDS, scripts, ...more };
}

const TWO = [['raise 0'], ['raise 1']];
const OFF = ['disable', 'enable'];

const planted: Mutant[] = [
  mutant('an EOI after which nobody looks at the line', mutants.eoiWithoutLook, LOST, TWO),
  mutant('the EOI before the handlers, and nobody looks', mutants.eoiBeforeHandlers, LOST, [['raise 3'], ['raise 1']], {
    inner: true,
  }),
  mutant('an unmask and nobody looks at the line', mutants.unmaskWithoutLook, LOST, [['raise 0'], ['mask', 'unmask']]),
  mutant('a router that idles the line when one lets go', mutants.routerForgetsOthers, /the pin is not/, [
    ['raise 2'],
    ['raise 3'],
  ]),
  mutant('a wire that forgets the other function', mutants.wireForgetsFunctions, /the pin is not active with 1/, [
    ['mask', 'unmask'],
    ['raise 0'],
    ['raise 1'],
    ['reset 0'],
  ]),
  mutant('IntStatus that stays set', mutants.statusSticks, /IntStatus of dev1 is not false/, [['raise 1']]),
  mutant('a refused interrupt that is not ended', mutants.refusedWithoutEoi, /Remote IRR/, [['raise 0'], OFF]),
  mutant('enable_irq that does not unmask', mutants.taskUnmaskLost, THINKS, [['raise 0'], OFF]),
  mutant('a ONESHOT line that is not unmasked', mutants.taskUnmaskLost, THINKS, [['raise 0']], threaded),
  mutant('a ONESHOT line that stays open', mutants.oneshotStaysOpen, /never comes to rest/, [['raise 0']], threaded),
  mutant('a move that keeps Remote IRR', mutants.moveKeepsRemoteIrr, /Remote IRR/, [['raise 0'], ['move 1']], two),
  mutant(
    'a move that leaves the line masked',
    mutants.moveStaysMasked,
    /enabled and masked/,
    [['raise 0', 'raise 0'], ['move 1']],
    { ...two, fresh: true },
  ),
  mutant('a device that leaves D3hot without a word', mutants.configWriteSilent, /the pin is/, [
    ['raise 3'],
    ['suspend 3', 'resume 3'],
  ]),
  mutant('a reset that leaves the line', mutants.resetKeepsLine, /IntStatus of dev1/, [['raise 1'], ['reset 1']]),
  mutant('a flow that stops at the first who had something', mutants.stopsAtFirst, /calls, /, TWO),
  mutant('the same by message', mutants.stopsAtFirst, /calls, /, TWO, message),
  mutant('a flow that forgets PENDING, by message', mutants.forgetsPending, LOST, [['raise 0'], OFF], message),
  mutant('a count too many', mutants.countsTwice, /interrupts/, [['raise 0']]),
  mutant('a device that ignores an acknowledgement', mutants.ackIgnoredOnce, /dev3 was handled 2 times/, [['raise 3']]),
  mutant('a device that forgets when it is unmasked', mutants.deviceUnmaskForgets, LOST, [['raise 0', 'raise 0']]),
  mutant('a driver that acknowledges after its look', () => undefined, LOST, [['raise 0', 'raise 0']], {
    kinds: ['stale', 'ack', 'late', 'napi'],
    inner: true,
  }),
];

describe('what is planted is found', () => {
  it.each(planted)('$name', (m) => {
    const { failure } = explore(m);
    expect(failure?.why).toMatch(m.why);
  });

  it.each(planted.filter((m) => !m.kinds.includes('stale')))('not planted, the same orders are sound: $name', (m) => {
    const { mutant: _, ...rest } = m;
    sound(explore(rest));
  });

  it('a level line needs no memory of what came while it was disabled', () => {
    const level = { kinds: KINDS, scripts: [['raise 0'], ['raise 3'], OFF], mutant: mutants.forgetsPending };
    sound(explore(level));
  });
});

describe('nobody starves', () => {
  const hard: Kind[] = ['read', 'ack', 'late', 'read'];

  it.each([
    ['handlers', {}],
    ['threads', threaded],
  ])('%s: a device that always has more; the others are served by the next interrupt', (_name, more) => {
    const { longest, handled, interrupts } = storm(new Rig({ kinds: hard, ...more }), 3000);
    expect(interrupts).toBeGreaterThanOrEqual(3000);
    expect(handled).toBe(300);
    expect(longest).toBeLessThanOrEqual(2);
  });

  it('threads and handlers of NAPI kind are served too, once the storm has passed', () => {
    const rig = new Rig({ kinds: ['read', 'late', 'napi', 'ack'] });
    const { handled } = storm(rig, 3000);
    expect(handled).toBeGreaterThan(200);
    for (let i = 0; i < 4; i++) expect(rig.owed(i)).toEqual([]);
  });

  it('a flow that stops at the first one starves the others: found', () => {
    const rig = new Rig({ kinds: hard });
    mutants.stopsAtFirst(rig);
    expect(storm(rig, 3000).longest).toBeGreaterThan(100);
  });
});

describe('a device that never lets go', () => {
  const kinds = ['unclaimed', 'read', 'ack', 'napi'] as const;

  it('99,901 of 100,000 interrupts that nobody handled: the line is switched off, the others are polled', () => {
    const rig = new Rig({ kinds });
    stuck(rig, 99, 200_000);
    const { desc, irqs } = rig;
    expect(rig.interrupts()).toBe(100_000);
    expect(rig.sharers[1].found).toBe(99);
    expect(dmesg(irqs.log)).toContain(`irq ${GSI}: nobody cared`);
    expect(desc.state & IRQS_SPURIOUS_DISABLED).not.toBe(0);
    // The next interrupt is refused, which masks the line that is still held.
    expect(desc.state & IRQS_MASKED).not.toBe(0);
    expect(rig.apics.ioapic.active(GSI)).toBe(true);
    for (let round = 1; round <= 5; round++) {
      for (let i = 1; i < 4; i++) rig.devices[i].raise();
      pass(rig, 110_000_000);
      for (let i = 1; i < 4; i++) expect(rig.owed(i)).toEqual([]);
    }
    expect(rig.interrupts()).toBe(100_000);
    expect(rig.sharers[2].found).toBe(5);
    expect(proc_irq_read(irqs, GSI, 'spurious')).toContain('unhandled 0');
  });

  it('99,900 of them: it goes on', () => {
    const rig = new Rig({ kinds });
    stuck(rig, 100, 100_500);
    expect(rig.interrupts()).toBeGreaterThanOrEqual(100_500);
    expect(dmesg(rig.irqs.log)).not.toContain('nobody cared');
    expect(rig.apics.ioapic.active(GSI)).toBe(false);
  });

  it('switched off, then a new sharer: another chance, and interrupts again', () => {
    const rig = new Rig({ kinds, places: PLACES });
    stuck(rig, 0, 200_000);
    const [first] = rig.devices;
    first.stuck = false;
    first.update(true);
    rig.free(3);
    rig.request(rig.sharers[3]);
    const before = rig.interrupts();
    for (let i = 1; i < 4; i++) rig.devices[i].raise();
    rig.sim.drain(Number.POSITIVE_INFINITY);
    for (let i = 1; i < 4; i++) expect(rig.owed(i)).toEqual([]);
    expect(rig.interrupts()).toBeGreaterThan(before);
  });
});

describe('random machines', () => {
  it('random sharers, costs, CPUs, lives and turns: nothing is lost, nothing is handled twice', () => {
    fc.assert(
      fc.property(scenario, (s) => {
        expect(playScenario(s)).toMatchObject({ why: '' });
      }),
      { numRuns: runs(600) },
    );
  });

  const found: [string, (rig: Rig) => void][] = [
    ['an EOI after which nobody looks', mutants.eoiWithoutLook],
    ['an unmask after which nobody looks', mutants.unmaskWithoutLook],
    ['a router that idles the line', mutants.routerForgetsOthers],
    ['a wire that forgets the other function', mutants.wireForgetsFunctions],
    ['a lost unmask', mutants.taskUnmaskLost],
    ['a target that changes while Remote IRR stays', mutants.moveKeepsRemoteIrr],
    ['a move that leaves the line masked', mutants.moveStaysMasked],
    ['a reset that leaves the line', mutants.resetKeepsLine],
    ['a flow that stops at the first', mutants.stopsAtFirst],
    ['a device that forgets when it is unmasked', mutants.deviceUnmaskForgets],
  ];

  it.each(found)('planted: %s', (_name, plant) => {
    const property = fc.property(scenario, (s: Scenario) => playScenario(s, plant).why === '');
    expect(fc.check(property, { numRuns: 400, seed: 7, endOnFailure: true }).failed).toBe(true);
  });
});
