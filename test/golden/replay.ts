import { EVENTS, type Event } from './events.js';
import { createMachine, type Machine } from './machine.js';
import type { Access } from './record.js';

/** A read that our chip answered otherwise than the recorded model. Values are int32. */
export interface Difference {
  /** Number of the access, from 1. */
  readonly access: number;
  readonly offset: number;
  readonly recorded: number;
  readonly ours: number;
}

export interface Replay {
  readonly reads: number;
  readonly writes: number;
  readonly differences: Difference[];
  readonly machine: Machine;
}

const CTRL = 0;
const CTRL_GIO_MASTER_DISABLE = 4;

/**
 * Drives our chip with the recorded accesses in order, lets the events of the table happen before the accesses they name,
 * and compares what each read answers. An access takes no time of its own; what is due at the instant happens before it.
 * Nothing but the record and the events reaches the chip: link changes, frames, memory contents, waits, and the lifting of
 * GIO master disable.
 * @throws Error when an event names an access that does not come, or one of another kind than it expects
 */
export function replay(record: readonly Access[], events: readonly Event[] = EVENTS): Replay {
  const machine = createMachine();
  const differences: Difference[] = [];
  let reads = 0;
  let next = 0;
  record.forEach((access, i) => {
    const number = i + 1;
    for (; next < events.length && events[next].before === number; next++) happen(machine, events[next], access);
    advance(machine, 0);
    if (access.write) {
      machine.io.write32(access.offset, access.value);
      return;
    }
    reads++;
    const ours = machine.io.read32(access.offset);
    if (ours === access.value) return;
    differences.push({ access: number, offset: access.offset, recorded: access.value, ours });
  });
  if (next !== events.length) throw new Error(`event ${next} (before access ${events[next].before}) did not happen`);
  return { reads, writes: record.length - reads, differences, machine };
}

function advance(machine: Machine, ns: number): void {
  machine.sim.drain(machine.sim.now + ns);
}

function happen(machine: Machine, event: Event, access: Access): void {
  const next = `${access.write ? 'w' : 'r'} ${access.offset.toString(16)}`;
  if (event.next !== next) throw new Error(`before access ${event.before}: ${event.next} expected, ${next} found`);
  const { arena } = machine.sim;
  for (const [address, bytes] of event.memory ?? []) arena.u8.set(bytes, address);
  for (const frame of event.frames ?? []) machine.peer.send(frame);
  if (event.link === 'up') machine.link.up();
  if (event.link === 'down') machine.link.down();
  if (event.master === 'on') machine.io.write32(CTRL, machine.io.read32(CTRL) & ~CTRL_GIO_MASTER_DISABLE);
  advance(machine, event.wait_ns ?? 0);
  if (event.master === 'off') machine.io.write32(CTRL, machine.io.read32(CTRL) | CTRL_GIO_MASTER_DISABLE);
}

/** Offset → number of differing reads, in order of the offset. */
export function byOffset(differences: readonly Difference[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const d of [...differences].sort((a, b) => a.offset - b.offset))
    counts.set(d.offset, (counts.get(d.offset) ?? 0) + 1);
  return counts;
}
