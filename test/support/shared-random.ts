import fc from 'fast-check';
import { costs } from '../cpu/support.js';
import { parse } from './shared-actions.js';
import type { Kind } from './shared-driver.js';
import { type Played, play } from './shared-explore.js';
import { Rig, type RigOptions } from './shared-rig.js';

/** A random machine, what its parties do, and how they take turns with it. */
export interface Scenario {
  how: 'line' | 'threads' | 'message';
  kinds: Kind[];
  cpus: number;
  costs: Record<string, number>;
  raises: number[];
  /** What befalls each device. */
  lives: ('sleep' | 'reset' | 'rebind')[][];
  disables: number;
  masks: number;
  moves: number[];
  /** The machine takes a step with this chance in 256. */
  pace: number;
  turns: number[];
}

const kind = fc.constantFrom<Kind>('read', 'ack', 'late', 'napi');
const cost = fc.integer({ min: 0, max: 3 });
const life = fc.constantFrom<'sleep' | 'reset' | 'rebind'>('sleep', 'reset', 'rebind');

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  how: fc.constantFrom<Scenario['how']>('line', 'line', 'threads', 'message'),
  kinds: fc.array(kind, { minLength: 4, maxLength: 4 }),
  cpus: fc.integer({ min: 1, max: 3 }),
  costs: fc.record({
    irq_entry: fc.integer({ min: 1, max: 4 }),
    softirq_entry: cost,
    mmio_read: cost,
    mmio_write: cost,
    napi_poll: cost,
    switch: cost,
    wakeup: cost,
    wake_remote: cost,
  }),
  raises: fc.array(fc.nat(3), { maxLength: 24 }),
  lives: fc.array(fc.array(life, { maxLength: 2 }), { minLength: 4, maxLength: 4 }),
  disables: fc.nat(3),
  masks: fc.nat(2),
  moves: fc.array(fc.nat(2), { maxLength: 4 }),
  pace: fc.integer({ min: 40, max: 250 }),
  turns: fc.array(fc.nat(65535), { minLength: 1, maxLength: 400 }),
});

const steps = { sleep: ['suspend', 'resume'], reset: ['reset'], rebind: ['free', 'bind'] };

/** One script a party: each device's events, each device's life, and those who disable, mask and move the line. */
function scripts(s: Scenario): string[][] {
  const list: string[][] = [0, 1, 2, 3].map((dev) => s.raises.filter((d) => d === dev).map(() => `raise ${dev}`));
  for (let dev = 0; dev < 4; dev++) {
    // A message is the card's, which must stay awake for its units to be heard.
    const lives = s.lives[dev].filter((l) => s.how !== 'message' || l === 'rebind');
    list.push(lives.flatMap((l) => steps[l].map((step) => `${step} ${dev}`)));
  }
  for (let i = 0; i < s.disables; i++) list.push(['disable', 'enable']);
  if (s.how !== 'message') list.push(Array.from({ length: s.masks }, () => ['mask', 'unmask']).flat());
  list.push(s.moves.filter((cpu) => cpu < s.cpus).map((cpu) => `move ${cpu}`));
  return list.filter((script) => script.length !== 0);
}

/** Plays a scenario. */
export function playScenario(s: Scenario, mutant: ((rig: Rig) => void) | null = null): Played {
  const options: RigOptions = { kinds: s.kinds, cpus: s.cpus, costs: costs(s.costs) };
  const rig = new Rig({ ...options, threaded: s.how === 'threads', message: s.how === 'message' });
  mutant?.(rig);
  let turn = 0;
  const choose = (n: number): number => {
    const v = s.turns[turn++ % s.turns.length];
    return n === 1 || (v & 255) < s.pace ? 0 : 1 + ((v >> 8) % (n - 1));
  };
  return play(
    rig,
    scripts(s).map((script) => script.map(parse)),
    choose,
    true,
  );
}
