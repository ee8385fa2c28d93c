import type { DirectPort } from '../../src/hw/pcie/index.js';
import type { SimTarget } from '../../src/sim/index.js';
import type { Race } from './race.js';

type Write = [lo: number, hi: number, length: number, local: number, journey: number];

/**
 * A port that breaks the order of posted writes: a receive descriptor's write-back reaches memory `late_ns` after it was sent, so that
 * interrupt messages overtake it.
 */
export class LateDescriptors implements SimTarget {
  private readonly writes: Write[] = [];
  private readonly write: DirectPort['dmaWrite'];

  constructor(race: Race, late_ns: number) {
    const port = race.host.nic.chip.port as DirectPort;
    const ring = race.host.driver.adapters[0].rx_ring;
    const { sim } = race.net;
    const target = sim.attach(this);
    const spare = port.localMemory(16 * ring.count);
    this.write = port.dmaWrite.bind(port);
    port.dmaWrite = (...args) => {
      const [lo, hi, length, local, journey] = args;
      const place = lo - ring.dma;
      if (hi !== 0 || place < 0 || place >= 16 * ring.count) {
        this.write(...args);
        return;
      }
      sim.arena.u8.copyWithin(spare + place, local, local + length);
      this.writes.push([lo, hi, length, spare + place, journey]);
      sim.schedule(late_ns, target, 0, 0, 0);
    };
  }

  handle(): void {
    const write = this.writes.shift();
    if (write !== undefined) this.write(...write);
  }
}
