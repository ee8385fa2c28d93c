// Host time of single pieces, by benny. These are no promises: they show where time goes. The headline figures are those of udp.mjs.
import benny from 'benny';
import { csum_partial } from '../dist/bytes/index.js';
import { createNetwork } from '../dist/index.js';
import { Simulation } from '../dist/sim/index.js';

const BATCH = 10_000;

class Sink {
  handle() {
    this.count = (this.count + 1) | 0;
  }

  count = 0;
}

function queue() {
  const sim = new Simulation({ seed: 1 });
  return { sim, target: sim.attach(new Sink()) };
}

export function micro() {
  const { sim, target } = queue();
  const lane = sim.createLane(target);
  const net = createNetwork();
  const { u8, u32 } = net.sim.arena;
  return benny.suite(
    `pieces, ${BATCH} per operation`,
    benny.add('events through the same-instant queue', () => {
      // A new instant for each batch: too many events at one are taken for a livelock.
      sim.advanceTo(sim.now + 1);
      for (let i = 0; i < BATCH; i++) sim.post(target, 0, i, 0);
      sim.drain(Number.POSITIVE_INFINITY);
    }),
    benny.add('events through a lane', () => {
      const now = sim.now;
      for (let i = 0; i < BATCH; i++) {
        sim.at[0] = now + i;
        sim.laneAt(lane, 0, i, 0);
      }
      sim.drain(Number.POSITIVE_INFINITY);
    }),
    benny.add('events through the heap', () => {
      for (let i = 0; i < BATCH; i++) sim.schedule((i * 7919) % BATCH, target, 0, i, 0);
      sim.drain(Number.POSITIVE_INFINITY);
    }),
    benny.add('checksums of 64 B', () => {
      let sum = 0;
      for (let i = 0; i < BATCH; i++) sum = csum_partial(u8, u32, 4096, 64, sum);
      return sum;
    }),
    benny.add('checksums of 1400 B', () => {
      let sum = 0;
      for (let i = 0; i < BATCH; i++) sum = csum_partial(u8, u32, 4096, 1400, sum);
      return sum;
    }),
    benny.cycle(),
  );
}
