import { E1000Adapter, e1000_check_link, type PciDev } from '../driver/index.js';
import type { Nic82574 } from '../hw/nic/index.js';
import type { PciFunction } from '../hw/pcie/index.js';
import type { WirePort } from '../wire/index.js';
import { HostDevice } from './device.js';
import type { Host } from './host.js';

/** One NIC of a host: the chip, its place on the bus, and the network device its driver made. */
export class HostNic extends HostDevice<Nic82574> {
  /** The 82574L: registers, statistics, NVM. */
  readonly chip: Nic82574;

  constructor(host: Host, chip: Nic82574, pci: PciFunction, pdev: PciDev) {
    super(host, chip, pci, pdev);
    this.chip = chip;
  }

  /**
   * Plugs a cable in. Before the clock has started our driver looks at the link at once, as if the cable had been there at boot: a program
   * may send at time 0 on any CPU. Later, and with another driver, the driver hears of it by the link interrupt.
   * @throws HostError `ERR_SOFTIRQ_PLUGGED` when there is one
   */
  override plug(port: WirePort): void {
    super.plug(port);
    const adapter = this.pdev.drvdata;
    if (this.host.sim.now === 0 && adapter instanceof E1000Adapter) e1000_check_link(adapter);
  }
}
