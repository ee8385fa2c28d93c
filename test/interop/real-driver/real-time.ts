import type { Network } from '../../../src/index.js';
import type { Guest } from './guest.js';

/** Lets a network run by the wall clock while `work` is under way, then switches the guests off. */
export async function inRealTime(net: Network, work: () => Promise<unknown>, guests: readonly Guest[]): Promise<void> {
  net.sim.openSource();
  const stop = new AbortController();
  const world = net.run({ pacing: 'real', signal: stop.signal }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  try {
    await Promise.race([work(), world]);
  } finally {
    for (const guest of guests) await guest.destroy();
    stop.abort();
    net.sim.closeSource();
    await world;
  }
}
