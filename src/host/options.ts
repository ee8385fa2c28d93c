import type { Costs, HostParamsInput } from '../cpu/index.js';
import { checkKeys, OptionError } from '../sim/index.js';
import type { LinkOptions } from '../wire/index.js';

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

/** How the NIC interrupts: MSI (default) or INTA# through the IO-APIC. */
export type InterruptMode = 'msi' | 'intx';

/** Options of one NIC of a host. */
export interface NicOptions {
  /** `'10.0.0.1/24'`, `'fd00::1/64'`: any number of either family. */
  addresses?: readonly string[];
  /** Default: 02:00:00:00:hh:ii from the host's and the NIC's number. */
  mac?: string;
}

/** Options of {@link Network.host}. */
export interface HostOptions extends NicOptions {
  /** Further NICs (`eth1` …); the host's own `addresses` and `mac` are those of `eth0`. */
  nics?: readonly NicOptions[];
  /** Default gateways, one per family at most: `['10.0.0.254']`. */
  gateways?: readonly string[];
  /** CPUs, 1 to 64. Default 1. */
  cpus?: number;
  /** Cycles charged per step of the path. Default: the network's. */
  costs?: CostsInput;
  /** Kernel parameters: HZ, ksoftirqd rule, `netdev_budget` and more. */
  params?: HostParamsInput;
  interrupts?: InterruptMode;
  /** Fixed interrupt moderation in microseconds (`ethtool -C rx-usecs`); 0 (default) is off. */
  rx_usecs?: number;
  /** Descriptors of the receive and transmit rings, 64 to 4096 in steps of 8. Default 256. */
  ring?: number;
}

/** Options of {@link Network.wire}: rate (default `'1Gbps'`, the NIC's own), delay, queue limit, fault rules, name. */
export type WireOptions = LinkOptions;

/** Names of {@link WireOptions}. */
export const WIRE_OPTIONS: readonly string[] = ['name', 'rate', 'delay', 'queue', 'faults'];

const NIC_OPTIONS: readonly string[] = ['addresses', 'mac'];
const HOST_OPTIONS: readonly string[] = [
  ...NIC_OPTIONS,
  'nics',
  'gateways',
  'cpus',
  'costs',
  'params',
  'interrupts',
  'rx_usecs',
  'ring',
];

const PARAMS: readonly (keyof HostParamsInput)[] = [
  'hz',
  'ksoftirqd',
  'wakeup_preemption',
  'slice_ns',
  'max_restart',
  'max_softirq_ms',
  'netdev_budget',
  'netdev_budget_usecs',
];

/** Refuses options of a host that do not exist, and lists that are none. @throws OptionError */
export function checkHostOptions(options: HostOptions): void {
  checkKeys(options, HOST_OPTIONS, 'host');
  if (options.params !== undefined) checkKeys(options.params, PARAMS, 'params');
  checkList('nics', options.nics);
  checkList('gateways', options.gateways);
  checkList('addresses', options.addresses);
  for (const nic of options.nics ?? []) {
    checkKeys(nic, NIC_OPTIONS, 'nics');
    checkList('addresses', nic.addresses);
  }
}

function checkList(name: string, value: unknown): void {
  if (value !== undefined && !Array.isArray(value)) throw new OptionError(`${name} of host is a list`);
}
