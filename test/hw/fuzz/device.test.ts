import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloneGraph } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import { programs } from '../../support/fuzz-actions.js';
import { alive, finish, step } from '../../support/fuzz-checks.js';
import { FuzzRig, type RigOptions } from '../../support/fuzz-rig.js';

/** The full suite takes minutes. */
const LONG_MS = 600_000;

/** Counted in each run of the quick suite often enough that none of them is ever 0. */
const REACHED: readonly string[] = [
  ...['delivered', 'sent', 'aborted', 'rises', 'messages', 'descriptors', 'segmentation', 'length', 'descriptorType'],
  ...['NIC_MISSED', 'NIC_CRC_ERROR', 'NIC_LENGTH_ERROR', 'NIC_FILTER', 'NIC_RX_DISABLED', 'NIC_LINK_DOWN'],
  ...['NIC_DMA_ABORT', 'NIC_TX_ABORT'],
];

/** The board: kind of NVM, times, wake-up, and the speed of the wire and of the bus. */
const boards: fc.Arbitrary<RigOptions> = fc.record({
  rate: fc.constantFrom<number | string>(0, '1Gbps', '100Mbps'),
  slow: fc.boolean(),
  nic: fc.record({
    nvm: fc.constantFrom('eeprom' as const, 'flash' as const),
    mdi_ns: fc.constantFrom(0, 25_600),
    autoneg_ns: fc.constantFrom(0, 1_000_000),
    wake: fc.boolean(),
  }),
});

describe('a device under any driver', () => {
  const reached: Record<string, number> = {};
  test(
    'no exception, bounded work, no stray access, no frame lost track of; after a reset and a set-up it works',
    () => {
      fc.assert(
        fc.property(boards, programs(80), (board, program) => {
          const rig = new FuzzRig(board);
          for (const action of program) step(rig, action);
          finish(rig);
          add(reached, rig);
          alive(rig);
        }),
        { numRuns: runs(200) },
      );
      // What the programs must have led to: else the checks above have seen nothing.
      expect(REACHED.filter((name) => (reached[name] ?? 0) === 0)).toEqual([]);
    },
    LONG_MS,
  );

  test(
    'a clone made in the middle goes the same way',
    () => {
      fc.assert(
        fc.property(boards, programs(60), fc.nat(60), (board, program, at) => {
          const rig = new FuzzRig(board);
          for (const action of program.slice(0, at)) step(rig, action);
          const copy = cloneGraph(rig);
          for (const r of [rig, copy]) {
            for (const action of program.slice(at)) step(r, action);
            finish(r);
          }
          expect(fingerprint(copy)).toEqual(fingerprint(rig));
          alive(copy);
        }),
        { numRuns: runs(60) },
      );
    },
    LONG_MS,
  );
});

/** Adds up what a program led to. */
function add(sums: Record<string, number>, rig: FuzzRig): void {
  const { nic, port, signals } = rig;
  const here: Record<string, number> = {
    delivered: nic.rx.delivered[0],
    sent: nic.tx.output.sent[0],
    aborted: port.aborted,
    rises: signals.rises,
    messages: signals.total,
    descriptors: port.descriptors,
    unknown: nic.file.unknownRegister,
    ...nic.dropRecord(),
    ...nic.txErrors,
  };
  for (const [name, n] of Object.entries(here)) sums[name] = (sums[name] ?? 0) + n;
}

/** All that can be seen of a machine. */
function fingerprint(rig: FuzzRig): unknown {
  const digest = rig.sim.digest.fork();
  rig.nic.mixInto(digest);
  return {
    digest: digest.hex(),
    now: rig.sim.now,
    memory: Buffer.from(rig.sim.arena.u8.buffer, rig.host, 5 * 65536).toString('latin1'),
    config: [...rig.nic.config.bytes],
    messages: [...rig.signals.messages],
    rises: rig.signals.rises,
    received: rig.peer.received.length,
    counters: rig.fn.counters,
  };
}
