import { type E1000Adapter, e1000_check_link } from '../driver/index.js';
import type { Nic82574 } from '../hw/nic/index.js';
import type { PciFunction } from '../hw/pcie/index.js';
import type { NetDevice } from '../skbuff/index.js';
import type { WirePort } from '../wire/index.js';
import { HostError } from './errors.js';
import type { Host } from './host.js';

/** One NIC of a host: the chip, its place on the bus, and the network device its driver made. */
export class HostNic {
  readonly host: Host;
  /** The 82574L: registers, statistics, NVM. */
  readonly chip: Nic82574;
  /** Its function on the PCI bus: configuration space, port counters. */
  readonly pci: PciFunction;
  /** `eth0` and so on. */
  readonly dev: NetDevice;
  /** The end of the cable plugged in, or null. */
  port: WirePort | null = null;

  private readonly adapter: E1000Adapter;

  constructor(host: Host, chip: Nic82574, pci: PciFunction, adapter: E1000Adapter) {
    this.host = host;
    this.chip = chip;
    this.pci = pci;
    this.dev = adapter.dev;
    this.adapter = adapter;
  }

  get name(): string {
    return this.dev.name;
  }

  /**
   * Plugs a cable in. Before the clock has started the driver looks at the link at once, as if the cable had been there at boot: a program
   * may send at time 0 on any CPU. Later the driver hears of it by the link interrupt.
   * @throws HostError `ERR_SOFTIRQ_PLUGGED` when there is one
   */
  plug(port: WirePort): void {
    this.checkFree(null);
    this.port = port;
    this.chip.connect(port);
    if (this.host.sim.now === 0) e1000_check_link(this.adapter);
  }

  /** @internal Itself, if a cable that does not end in `other` too can be plugged in. */
  checkFree(other: unknown): this {
    if (this.port === null && this !== other) return this;
    throw new HostError('ERR_SOFTIRQ_PLUGGED', `${this.host.name} ${this.name} has a cable already`);
  }
}
