import { type DriverHost, E1000eDriver, IrqCore, type PciCore, type PciDev, pci_init } from '../driver/index.js';
import { Nic82574 } from '../hw/nic/index.js';
import type { PciDevice, PciFunction } from '../hw/pcie/index.js';
import { dev_open, dev_set_mtu } from '../skbuff/index.js';
import { AddressError, AF_INET, ENODEV, formatAddress, formatMac, parseAddress, parseMac } from '../uapi/index.js';
import { e1000eOptions } from './check.js';
import { checkDevice, HostDevice } from './device.js';
import { Drivers, result } from './drivers.js';
import { HostError } from './errors.js';
import type { Host, HostSetup } from './host.js';
import { HostNic } from './nic.js';
import { type NicOptions, nicDriver } from './options.js';
import { planSlots } from './slots.js';

/** What booting leaves behind. */
export interface Booted {
  irq: IrqCore;
  bus: PciCore;
  driver: E1000eDriver;
  nics: HostNic[];
  devices: HostDevice[];
}

/**
 * Boots the devices of a host as firmware and kernel do: cards are plugged into the bus, the bus is enumerated, each driver probes what it
 * is to drive, and each network device is opened and given its addresses. All of it happens before the clock starts.
 */
export function boot(host: Host, setup: HostSetup): Booted {
  const { options } = setup;
  const wanted: NicOptions[] = [options, ...(options.nics ?? [])];
  const e1000eSettings = e1000eOptions(options);
  const slots = planSlots(host.name, options);
  const chips = wanted.map((nic, i) => {
    const chip = new Nic82574(host.pci, setup.frames, macOf(nic, setup.id, i), nic.chip);
    return { chip, pci: host.pci.attach(chip, slots.nics[i]) };
  });
  const own = plugDevices(host, setup, slots.devices);
  const irq = new IrqCore(host.cpus, host.pci);
  const bus = pci_init(host.pci, irq);
  const nics = chips.map(({ chip, pci }) => new HostNic(host, chip, pci, pdevOf(bus, pci)));
  const devices = own.map((pci) => new HostDevice(host, pci.device, pci, pdevOf(bus, pci)));
  const kernel: DriverHost = driverHost(host, irq);
  const drivers = new Drivers(kernel, bus, new E1000eDriver(kernel, e1000eSettings));
  const cards = [...nics, ...devices];
  const plans = [...wanted.map((nic) => ({ ...nic, driver: nicDriver(options, nic) })), ...(options.devices ?? [])];
  for (const [i, card] of cards.entries()) drivers.bind(card.pdev, plans[i]?.driver ?? 'none');
  for (const [i, nic] of wanted.entries()) setMtu(host, nics[i] as HostNic, nic.mtu);
  for (const [i, card] of cards.entries()) open(host, card, plans[i]?.addresses ?? []);
  addGateways(host, options.gateways ?? []);
  return { irq, bus, driver: drivers.e1000e, nics, devices };
}

/**
 * Makes the host's own devices and puts each into its slot, the first function of a card before the others.
 * @throws HostError ERR_SOFTIRQ_DEVICE, and what a factory throws
 */
function plugDevices(host: Host, setup: HostSetup, slots: readonly number[]): PciFunction[] {
  const made = (setup.options.devices ?? []).map((wanted, i) => {
    const fn = wanted.fn ?? 0;
    const place = { host: host.name, slot: slots[i], fn, frames: setup.frames };
    return { device: checkDevice(host.name, i, wanted.create(host.pci, place)), slot: slots[i], fn };
  });
  const plugged = new Map<PciDevice, PciFunction>();
  for (const { device, slot, fn } of [...made].sort((a, b) => a.fn - b.fn)) {
    plugged.set(device, host.pci.attach(device, slot, fn));
  }
  return made.map(({ device }) => plugged.get(device) as PciFunction);
}

/** What a driver of this host is loaded into. */
export function driverHost(host: Host, irqs: IrqCore): DriverHost {
  const { name, sim, net } = host;
  return { name, sim, net, softnet: host.napi, timers: net.timers, irqs };
}

/** What enumeration found in a slot: everything that was plugged in, so there is one. */
function pdevOf(bus: PciCore, pci: PciFunction): PciDev {
  const pdev = bus.devices.find((found) => found.bdf === pci.bdf);
  if (pdev !== undefined) return pdev;
  throw new HostError('ERR_SOFTIRQ_DEVICE', `enumeration does not see slot ${pci.slot}: its vendor id reads as nobody`);
}

/** Opens the network devices of a function and gives the first one its addresses. */
function open(host: Host, device: HostDevice, addresses: readonly string[]): void {
  for (const dev of host.net.devices) {
    if (dev === null || dev.parent !== device.pdev) continue;
    const err = dev_open(dev);
    if (err === 0) continue;
    throw new HostError('ERR_SOFTIRQ_OPEN', `${host.name}: ${dev.name} did not open: ${result(err)}`);
  }
  for (const address of addresses) host.inet.addAddress(device.dev, address);
}

/** @throws HostError ERR_SOFTIRQ_OPTION when the driver refuses it, or there is none */
function setMtu(host: Host, nic: HostNic, mtu: number | undefined): void {
  if (mtu === undefined) return;
  const dev = nic.netdev;
  const err = dev === null ? -ENODEV : dev_set_mtu(dev, mtu);
  if (err !== 0) throw new HostError('ERR_SOFTIRQ_OPTION', `${host.name}: mtu ${mtu} is refused: ${result(err)}`);
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

/** Locally administered addresses: 02:00:00:hh:hh:ii from host and NIC number. */
function macOf(nic: NicOptions, hostId: number, index: number): Uint8Array {
  if (nic.mac !== undefined) {
    const mac = parseMac(nic.mac);
    if ((mac[0] & 1) === 0 && mac.some((byte) => byte !== 0)) return mac;
    throw new AddressError('not the Ethernet address of one station', nic.mac);
  }
  return parseMac(formatMac(Uint8Array.of(2, 0, 0, hostId >> 8, hostId & 0xff, index)));
}
