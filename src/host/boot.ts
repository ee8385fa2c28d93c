import {
  E1000eDriver,
  type E1000eOptions,
  IrqCore,
  type PciCore,
  pci_init,
  pci_register_driver,
} from '../driver/index.js';
import { Nic82574 } from '../hw/nic/index.js';
import { dev_open } from '../skbuff/index.js';
import { AddressError, formatMac, parseMac } from '../uapi/index.js';
import { HostError } from './errors.js';
import type { Host, HostSetup } from './host.js';
import { HostNic } from './nic.js';
import type { NicOptions } from './options.js';

/** Slot of the first NIC on bus 0: 0 is the host bridge's place. */
const FIRST_SLOT = 3;

/** What booting leaves behind. */
export interface Booted {
  irq: IrqCore;
  bus: PciCore;
  driver: E1000eDriver;
  nics: HostNic[];
}

/**
 * Boots the devices of a host as firmware and kernel do: NICs are plugged into the bus, the bus is enumerated, the driver probes what it
 * knows, and each device is opened and given its addresses. All of it happens before the clock starts.
 */
export function boot(host: Host, setup: HostSetup): Booted {
  const { options } = setup;
  const wanted: NicOptions[] = [options, ...(options.nics ?? [])];
  const functions = wanted.map((nic, i) => {
    const chip = new Nic82574(host.pci, setup.frames, macOf(nic, setup.id, i));
    return { chip, pci: host.pci.attach(chip, FIRST_SLOT + i) };
  });
  const irq = new IrqCore(host.cpus, host.pci);
  const bus = pci_init(host.pci, irq);
  const driver = new E1000eDriver({ net: host.net, softnet: host.napi }, driverOptions(setup));
  pci_register_driver(bus, driver);
  const nics = functions.map(({ chip, pci }, i) => {
    const adapter = driver.adapters[i];
    if (adapter === undefined)
      throw new HostError('ERR_SOFTIRQ_PROBE', `${host.name}: the driver did not take NIC ${i}`);
    const err = dev_open(adapter.dev);
    if (err !== 0) throw new HostError('ERR_SOFTIRQ_OPEN', `${host.name}: ${adapter.dev.name} did not open (${err})`);
    for (const address of wanted[i]?.addresses ?? []) host.inet.addAddress(adapter.dev, address);
    return new HostNic(host, chip, pci, adapter);
  });
  for (const via of options.gateways ?? []) host.inet.addRoute({ dst: 'default', via });
  return { irq, bus, driver, nics };
}

function driverOptions({ options }: HostSetup): E1000eOptions {
  const ring = options.ring ?? 256;
  return { interrupts: options.interrupts ?? 'msi', rx_usecs: options.rx_usecs ?? 0, rx_ring: ring, tx_ring: ring };
}

/** Locally administered addresses: 02:00:00:hh:hh:ii from host and NIC number. */
function macOf(nic: NicOptions, hostId: number, index: number): Uint8Array {
  if (nic.mac !== undefined) {
    const mac = parseMac(nic.mac);
    if ((mac[0] & 1) === 0 && mac.some((byte) => byte !== 0)) return mac;
    throw new AddressError('not the Ethernet address of one station', nic.mac);
  }
  return parseMac(formatMac(Uint8Array.of(2, 0, 0, hostId >> 8, hostId & 0xff, index)));
}
