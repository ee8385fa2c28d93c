import type { Costs, HostParamsInput } from '../cpu/index.js';
import type { DriverFactory, E1000eOptions } from '../driver/index.js';
import type { Nic82574Options } from '../hw/nic/index.js';
import type { DevicePortFactory, PciDevice } from '../hw/pcie/index.js';
import type { FramePool, LinkOptions } from '../wire/index.js';

/** Options of {@link createNetwork}. */
export interface NetworkOptions {
  /** Seed of every random stream; any safe integer. Default 1. */
  seed?: number;
  /** Cost table of hosts that name none: `'zero'` (default), `'lumped'`, or a table of `loadCostTable`. */
  costs?: CostsInput;
  /** Poison freed buffers and frames, and name each misuse (double free, use after free, leak). Slower. Default false. */
  checked?: boolean;
  /** Keep the results of all system calls of asynchronous programs, so that `snapshot()` can copy them. Default false. */
  record?: boolean;
  /** Events allowed at one instant before the run is called a livelock. Default 10^6. */
  maxEventsPerInstant?: number;
}

export type CostsInput = 'zero' | 'lumped' | Costs;

/** How the NIC interrupts: MSI (default), MSI-X with a vector each for receive, transmit and the rest, or INTA# through the IO-APIC. */
export type InterruptMode = NonNullable<E1000eOptions['interrupts']>;

/** Interrupt moderation: microseconds between interrupts, or one of the words by which Linux adapts it. */
export type RxUsecs = NonNullable<E1000eOptions['rx_usecs']>;

/**
 * Who drives a NIC: our driver, nobody (register one later with `pci_register_driver(host.bus, …)`), or yours. A factory is called once per
 * host; the same function for two NICs makes one driver that gets two probes.
 */
export type NicDriver = 'e1000e' | 'none' | DriverFactory;

/** Options of one NIC of a host. */
export interface NicOptions {
  /** `'10.0.0.1/24'`, `'fd00::1/64'`: any number of either family. */
  addresses?: readonly string[];
  /** Default: 02:00:00:00:hh:ii from the host's and the NIC's number. */
  mac?: string;
  /** Largest IP packet, bytes; default 1500, by our driver up to 9212. Every machine on a wire wants the same. */
  mtu?: number;
  /** Place on bus 0, 1 to 31; default: the first free one from 3 on. Slots that differ by a multiple of 4 share their interrupt lines. */
  slot?: number;
  /** Default `'e1000e'`; for the entries of `nics` what the host has. */
  driver?: NicDriver;
  /** The board: NVM and its image, link partner, times of autonegotiation and MDIO, wiring for wake-up. */
  chip?: Nic82574Options;
}

/** What a device's factory gets besides the port maker. */
export interface DevicePlace {
  /** Name of the machine. */
  readonly host: string;
  readonly slot: number;
  readonly fn: number;
  /** Frames of the network, for a device with a socket for a cable. */
  readonly frames: FramePool;
}

/** A device of your own in a host. */
export interface DeviceOptions {
  /** Makes the device. Its constructor takes its port by `ports.createPort(this)`; the host plugs it in afterwards. */
  create(ports: DevicePortFactory, place: DevicePlace): PciDevice;
  /** Place on bus 0, 1 to 31; default: the first free one from 3 on, behind the NICs. */
  slot?: number;
  /** Its driver. Default: none; `pci_register_driver(host.bus, …)` can still give it one. */
  driver?: 'none' | DriverFactory;
  /** Function number in its slot, 1 to 7, of a card with several; with `slot`, behind the one that has no `fn`. Default 0. */
  fn?: number;
  /** Addresses of the network device that the driver registers for it. */
  addresses?: readonly string[];
}

/** Options of {@link Network.host}. */
export interface HostOptions extends NicOptions {
  /** Further NICs (`eth1` …); the host's own `addresses` and `mac` are those of `eth0`. */
  nics?: readonly NicOptions[];
  /** Devices of your own, `host.devices`. */
  devices?: readonly DeviceOptions[];
  /** Default gateways, one per family at most: `['10.0.0.254']`. */
  gateways?: readonly string[];
  /** CPUs, 1 to 64. Default 1. */
  cpus?: number;
  /** Cycles charged per step of the path. Default: the network's. */
  costs?: CostsInput;
  /** Kernel parameters: HZ, ksoftirqd rule, `netdev_budget` and more. */
  params?: HostParamsInput;
  interrupts?: InterruptMode;
  /** Interrupt moderation (`ethtool -C rx-usecs`): a fixed number of microseconds, or a word; 0 (default) is off. */
  rx_usecs?: RxUsecs;
  /** Descriptors of the receive and transmit rings, 64 to 4096 in steps of 8. Default 256. */
  ring?: number;
  /** All other settings of our driver: delay timers, weight, pause frames; `e1000eLinuxDefaults` of `softirq/driver` is what Linux uses. */
  e1000e?: E1000eOptions;
}

/** Options of {@link Network.wire}: rate (default `'1Gbps'`, the NIC's own), delay, queue limit, fault rules, name. */
export type WireOptions = LinkOptions;

/** Names of {@link WireOptions}. */
export const WIRE_OPTIONS: readonly string[] = ['name', 'rate', 'delay', 'queue', 'faults'];

/** Who drives a NIC of the host. */
export function nicDriver(options: HostOptions, nic: NicOptions): NicDriver {
  return nic.driver ?? options.driver ?? 'e1000e';
}
