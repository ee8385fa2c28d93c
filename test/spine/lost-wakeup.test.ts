import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IRQ_HANDLED, type IrqDesc } from '../../src/driver/index.js';
import type { InterruptMode } from '../../src/host/index.js';
import {
  NAPIF_STATE_MISSED,
  NAPIF_STATE_SCHED,
  type NapiStruct,
  napi_complete_done,
  napi_schedule,
} from '../../src/napi/index.js';
import { assertConservation } from '../support/conservation.js';
import { runs } from '../support/fc.js';
import { LateDescriptors } from '../support/late-descriptor.js';
import { cycleCosts, Race, type Twist, TwoBlockPoll } from '../support/race.js';

const E1000_ICR = 0xc0;
const E1000_IMS = 0xd0;
const IMS_ENABLE_MASK = 0x9d;

const ONE_OF_EACH = cycleCosts({
  ...{ irq_entry: 2, mmio_read: 1, mmio_write: 1, softirq_entry: 1, napi_poll: 1, napi_complete: 1, rx_packet: 2 },
  ...{ syscall: 1, recv: 1, wakeup: 1, switch: 1 },
});

const twoBlocks = (race: Race): TwoBlockPoll => new TwoBlockPoll(race);

const right: Twist[] = [
  { name: 'the driver as it is' },
  { name: 'the driver, look and completion in two blocks', poller: twoBlocks },
  { name: 'interrupts never masked, MISSED only', unmasked: true, poller: twoBlocks },
];

/** Mutant: forgets that an interrupt came while it was scheduled. */
class MissedDropped extends TwoBlockPoll {
  override pollEnd(napi: NapiStruct): number {
    napi.state &= ~NAPIF_STATE_MISSED;
    return super.pollEnd(napi);
  }
}

/** Mutant: unmasks before it looks at the ring, not after the completion. The handler leaves a poll under way alone. */
class UnmaskBeforeLook extends TwoBlockPoll {
  private taken: number = 0;

  constructor(race: Race) {
    super(race);
    const adapter = race.host.driver.adapters[0];
    const [action] = (race.host.irq.irq_to_desc(adapter.irq) as IrqDesc).actions;
    action.handler = () => {
      adapter.io.mem.read32(E1000_ICR);
      if ((race.napi.state & NAPIF_STATE_SCHED) === 0) napi_schedule(race.napi);
      return IRQ_HANDLED;
    };
  }

  override pollBegin(napi: NapiStruct, budget: number): void {
    this.taken = this.race.host.nic.dev.stats.rx_packets;
    super.pollBegin(napi, budget);
  }

  protected override look(napi: NapiStruct): void {
    const { target } = this.race.host.driver.adapters[0].io.mem;
    napi.softnet.cpus.smp_processor().posted(target, 0, E1000_IMS, IMS_ENABLE_MASK);
  }

  override pollEnd(napi: NapiStruct): number {
    this.race.log += 'C';
    this.charge(napi, 2);
    const work = this.race.host.nic.dev.stats.rx_packets - this.taken;
    napi_complete_done(napi, work);
    return work;
  }
}

const mutants: Twist[] = [
  { name: 'MISSED dropped', unmasked: true, poller: (race) => new MissedDropped(race) },
  { name: 'unmask before the look at the ring', poller: (race) => new UnmaskBeforeLook(race) },
  { name: 'DD written after the interrupt', apply: (race) => void new LateDescriptors(race, 40) },
];

interface Exploration {
  logs: Set<string>;
  tried: number;
  /** Log of the first try that lost something, or null. */
  lost: string | null;
}

/** Up to three packets: the first at 0, the others at every ns of the time it takes to serve those before (30 ns each). */
function explore(interrupts: InterruptMode, twist: Twist): Exploration {
  const race = new Race({ costs: ONE_OF_EACH, interrupts }, twist);
  const found: Exploration = { logs: new Set(), tried: 0, lost: null };
  const one = (times: number[]): boolean => {
    found.tried++;
    const sound = race.play(times);
    found.logs.add(race.log);
    if (!sound) found.lost = race.log;
    return sound;
  };
  if (!one([0])) return found;
  for (let second = 0; second <= 30; second++) {
    if (!one([0, second])) return found;
    for (let third = second; third <= second + 30; third++) if (!one([0, second, third])) return found;
  }
  assertConservation(race.host);
  return found;
}

const modes: InterruptMode[] = ['msi', 'intx'];
const cases = modes.flatMap((mode) => right.map((twist) => ({ mode, twist, name: twist.name })));
const mutantCases = modes.flatMap((mode) => mutants.map((twist) => ({ mode, twist, name: twist.name })));

describe('no lost wakeup on the real parts', () => {
  it.each(cases)('$mode, $name, every order of up to three packets: all taken, at rest, unmasked', ({
    mode,
    twist,
  }) => {
    const { lost, tried } = explore(mode, twist);
    expect(lost).toBeNull();
    expect(tried).toBe(1 + 31 + 31 * 31);
  });

  it('the time given to a packet is longer than it takes: a third packet finds the second one served', () => {
    const { logs } = explore('msi', right[1]);
    expect([...logs].some((l) => l === 'PIKCUPIKCUPIKCU')).toBe(true);
  });

  it.each(modes)('%s, the orders tried: a packet comes between every two steps that follow each other', (mode) => {
    const masked = [...explore(mode, right[1]).logs];
    for (const order of ['PP', 'PI', 'IPK', 'KPC', 'CPU', 'UPI', 'UIK'])
      expect(masked.filter((l) => l.includes(order))).not.toEqual([]);
    const unmasked = [...explore(mode, right[2]).logs];
    // The interrupt between the look and the completion is what MISSED is for.
    for (const order of ['IPIK', 'KPIC', 'CPU']) expect(unmasked.filter((l) => l.includes(order))).not.toEqual([]);
  });

  it.each(mutantCases)('$mode, mutant $name: is found', ({ mode, twist }) => {
    expect(explore(mode, twist).lost).not.toBeNull();
  });

  const cost = fc.integer({ min: 0, max: 5 });
  const scenario = fc.record({
    times: fc.array(fc.nat(400), { minLength: 1, maxLength: 40 }),
    costs: fc.record({
      ...{
        irq_entry: cost,
        mmio_read: cost,
        mmio_write: cost,
        softirq_entry: cost,
        napi_poll: cost,
        napi_complete: cost,
      },
      ...{ rx_packet: cost, syscall: cost, recv: cost, wakeup: cost, switch: cost, wake_remote: cost },
    }),
    twist: fc.nat(right.length - 1),
    options: fc.record({
      cpus: fc.integer({ min: 1, max: 2 }),
      interrupts: fc.constantFrom<InterruptMode>('msi', 'intx'),
      rx_usecs: fc.constantFrom(0, 0, 1, 3),
      ring: fc.constantFrom(64, 256),
    }),
  });

  it('random packets, costs, CPUs, moderation and rings: all taken, at rest, unmasked', () => {
    fc.assert(
      fc.property(scenario, ({ times, costs, twist, options }) => {
        const race = new Race({ costs: cycleCosts(costs), ...options }, right[twist]);
        const sorted = [...times].sort((a, b) => a - b);
        // Three times, so that small rings wrap.
        for (let again = 0; again < 3; again++) expect(race.play(sorted) ? '' : race.log).toBe('');
        assertConservation(race.host);
      }),
      { numRuns: runs(80) },
    );
  });
});
