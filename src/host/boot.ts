import {
  checkRingSize,
  E1000eDriver,
  type E1000eOptions,
  IrqCore,
  type PciCore,
  pci_init,
  pci_register_driver,
} from '../driver/index.js';
import { Nic82574 } from '../hw/nic/index.js';
import { dev_open } from '../skbuff/index.js';
import { AddressError, AF_INET, formatAddress, formatMac, parseAddress, parseMac } from '../uapi/index.js';
import { HostError } from './errors.js';
import type { Host, HostSetup } from './host.js';
import { HostNic } from './nic.js';
import type { NicOptions } from './options.js';

/** Slot of the first NIC on bus 0: 0 is the host bridge's place. */
const FIRST_SLOT = 3;
/** Slots 3 to 31: more NICs than that have no place on the bus. */
const MAX_NICS = 29;

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
  if (wanted.length > MAX_NICS)
    throw new HostError('ERR_SOFTIRQ_OPTION', `a host has at most ${MAX_NICS} NICs, not ${wanted.length}`);
  const driverSettings = driverOptions(setup);
  const functions = wanted.map((nic, i) => {
    const chip = new Nic82574(host.pci, setup.frames, macOf(nic, setup.id, i));
    return { chip, pci: host.pci.attach(chip, FIRST_SLOT + i) };
  });
  const irq = new IrqCore(host.cpus, host.pci);
  const bus = pci_init(host.pci, irq);
  const driver = new E1000eDriver({ net: host.net, softnet: host.napi }, driverSettings);
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
  addGateways(host, options.gateways ?? []);
  return { irq, bus, driver, nics };
}

/** One default gateway per family, and another machine. @throws HostError ERR_SOFTIRQ_GATEWAY, AddressError, RouteError */
function addGateways(host: Host, gateways: readonly string[]): void {
  const families = new Set<number>();
  for (const via of gateways) {
    const { family, bytes } = parseAddress(via);
    if (families.has(family)) {
      const which = family === AF_INET ? 'IPv4' : 'IPv6';
      throw new HostError('ERR_SOFTIRQ_GATEWAY', `${host.name}: a second ${which} gateway, ${via}; one per family`);
    }
    families.add(family);
    const own = `${formatAddress(family, bytes)}/`;
    if (host.net.devices.some((dev) => dev !== null && host.inet.addresses(dev).some((a) => a.startsWith(own))))
      throw new HostError('ERR_SOFTIRQ_GATEWAY', `${host.name}: gateway ${via} is the host's own address`);
    host.inet.addRoute({ dst: 'default', via });
  }
}

function driverOptions({ options }: HostSetup): E1000eOptions {
  const ring = options.ring ?? 256;
  checkRingSize('ring', ring);
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
