import type { HostParamsInput } from '../cpu/index.js';
import { checkRingSize, type E1000eOptions } from '../driver/index.js';
import type { Nic82574Options } from '../hw/nic/index.js';
import { checkKeys, OptionError } from '../sim/index.js';
import { HostError } from './errors.js';
import { type HostOptions, type NicOptions, nicDriver } from './options.js';

const NIC_OPTIONS: readonly string[] = ['addresses', 'mac', 'mtu', 'slot', 'driver', 'chip'];
const CHIP_OPTIONS: readonly (keyof Nic82574Options)[] = [
  'autoneg_ns',
  'strictInterruptGap',
  'partner',
  'mdi_ns',
  'nvm',
  'nvmImage',
  'wake',
];
const DEVICE_OPTIONS: readonly string[] = ['create', 'slot', 'fn', 'driver', 'addresses'];
/** Settings of the e1000e driver. */
const E1000E_OPTIONS = ['interrupts', 'rx_usecs', 'ring', 'e1000e'] as const;
const HOST_OPTIONS: readonly string[] = [
  ...NIC_OPTIONS,
  'nics',
  'devices',
  'gateways',
  'cpus',
  'costs',
  'params',
  ...E1000E_OPTIONS,
];

const E1000E_SETTINGS: readonly (keyof E1000eOptions)[] = [
  'interrupts',
  'rx_usecs',
  'rx_ring',
  'tx_ring',
  'rx_int_delay',
  'rx_abs_int_delay',
  'tx_int_delay',
  'tx_abs_int_delay',
  'weight',
  'pause',
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

/** Refuses options of a host that do not exist, and lists and factories that are none. @throws OptionError, HostError */
export function checkHostOptions(options: HostOptions): void {
  checkKeys(options, HOST_OPTIONS, 'host');
  if (options.params !== undefined) checkKeys(options.params, PARAMS, 'params');
  checkList('nics', options.nics);
  checkList('devices', options.devices);
  checkList('gateways', options.gateways);
  checkList('addresses', options.addresses);
  checkDriver('driver of host', options.driver, ['e1000e', 'none']);
  checkChip(options.chip);
  for (const nic of options.nics ?? []) {
    checkKeys(nic, NIC_OPTIONS, 'nics');
    checkList('addresses', nic.addresses);
    checkDriver('driver of nics', nic.driver, ['e1000e', 'none']);
    checkChip(nic.chip);
  }
  for (const device of options.devices ?? []) {
    checkKeys(device, DEVICE_OPTIONS, 'devices');
    checkList('addresses', device.addresses);
    checkDriver('driver of devices', device.driver, ['none']);
    if (typeof device.create !== 'function') {
      throw new HostError('ERR_SOFTIRQ_DEVICE', 'create of devices is a function that makes a PciDevice');
    }
  }
  if (options.e1000e !== undefined) checkKeys(options.e1000e, E1000E_SETTINGS, 'e1000e');
  checkUnused(options);
}

/**
 * The settings of our driver: the host's short forms over those of `e1000e`, which must not contradict each other.
 * @throws OptionError for one that is given in both places, DriverError for a bad ring
 */
export function e1000eOptions(options: HostOptions): E1000eOptions {
  const { interrupts, rx_usecs, ring, e1000e = {} } = options;
  if (ring !== undefined) checkRingSize('ring', ring);
  const short = { interrupts, rx_usecs, rx_ring: ring, tx_ring: ring };
  const merged: Record<string, unknown> = { ...e1000e };
  for (const [name, value] of Object.entries(short)) {
    if (value === undefined) continue;
    if (merged[name] !== undefined) throw new OptionError(`${name} is given by the host and by its e1000e option`);
    merged[name] = value;
  }
  return merged;
}

function checkDriver(name: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || typeof value === 'function' || words.includes(value as string)) return;
  const allowed = words.map((word) => `'${word}'`).join(' or ');
  throw new HostError('ERR_SOFTIRQ_DRIVER', `${name} is ${allowed} or a function that makes a PciDriver`);
}

/** A setting of the e1000e driver on a host where it drives nothing would silently do nothing. */
function checkUnused(options: HostOptions): void {
  const nics: NicOptions[] = [options, ...(options.nics ?? [])];
  if (nics.some((nic) => nicDriver(options, nic) === 'e1000e')) return;
  const unused = E1000E_OPTIONS.find((name) => options[name] !== undefined);
  if (unused !== undefined) {
    throw new HostError('ERR_SOFTIRQ_OPTION', `${unused} is a setting of e1000e, which drives no NIC of this host`);
  }
}

function checkList(name: string, value: unknown): void {
  if (value !== undefined && !Array.isArray(value)) throw new OptionError(`${name} of host is a list`);
}

/** Refuses what no board is. @throws OptionError */
function checkChip(chip: Nic82574Options | undefined): void {
  if (chip === undefined) return;
  checkKeys(chip, CHIP_OPTIONS, 'chip');
  const { autoneg_ns = 0, mdi_ns = 0, nvm = 'eeprom', nvmImage } = chip;
  for (const [name, value] of Object.entries({ autoneg_ns, mdi_ns })) {
    if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff)
      throw new OptionError(`${name} of chip is whole nanoseconds, 0 to 2147483647, not ${value}`);
  }
  if (nvm !== 'eeprom' && nvm !== 'flash') throw new OptionError(`nvm of chip is 'eeprom' or 'flash', not '${nvm}'`);
  const most = nvm === 'flash' ? 2048 : 64;
  if (nvmImage !== undefined && !(nvmImage instanceof Uint16Array && nvmImage.length >= 64 && nvmImage.length <= most))
    throw new OptionError(`nvmImage of chip is a Uint16Array of 64${most === 64 ? '' : ` to ${most}`} words`);
}
