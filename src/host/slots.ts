import { HostError } from './errors.js';
import type { HostOptions, NicOptions } from './options.js';

/** Slots of bus 0 that can be used; 0 is the host bridge's place. */
const FIRST_SLOT = 1;
const LAST_SLOT = 31;
/** Slot of the first NIC: where a PC has its first cards. */
const FIRST_FREE = 3;
/** NICs fit from {@link FIRST_FREE} on. */
const MAX_NICS: number = LAST_SLOT - FIRST_FREE + 1;

/** Where everything goes, in the order of the options. */
export interface SlotPlan {
  nics: number[];
  devices: number[];
}

/**
 * Gives every NIC and device a slot: first those that name one, then the others in order, the lowest free one from 3 on.
 * @throws HostError `ERR_SOFTIRQ_SLOT` (no slot, taken, none left), `ERR_SOFTIRQ_OPTION` (too many NICs)
 */
export function planSlots(host: string, options: HostOptions): SlotPlan {
  const nics: NicOptions[] = [options, ...(options.nics ?? [])];
  const devices = options.devices ?? [];
  if (nics.length > MAX_NICS) {
    throw new HostError('ERR_SOFTIRQ_OPTION', `a host has at most ${MAX_NICS} NICs, not ${nics.length}`);
  }
  const wanted: Wanted[] = [
    ...nics.map((nic, i) => ({ slot: nic.slot, fn: 0, what: `NIC ${i}` })),
    ...devices.map((device, i) => ({ slot: device.slot, fn: device.fn ?? 0, what: `devices[${i}]` })),
  ];
  const owner: Owners = new Map();
  for (const { slot, fn, what } of wanted) if (slot !== undefined || fn !== 0) reserve(host, owner, slot, fn, what);
  for (const { slot, fn, what } of wanted) {
    if (fn === 0 || owner.has(place(slot ?? 0, 0))) continue;
    throw new HostError(
      'ERR_SOFTIRQ_SLOT',
      `${host}: ${what} is function ${fn} of slot ${slot}, which has no function 0`,
    );
  }
  const slots = wanted.map(({ slot, what }) => slot ?? nextFree(host, owner, what));
  return { nics: slots.slice(0, nics.length), devices: slots.slice(nics.length) };
}

interface Wanted {
  slot: number | undefined;
  fn: number;
  what: string;
}

/** Who has a place. */
type Owners = Map<number, string>;

function place(slot: number, fn: number): number {
  return slot * 8 + fn;
}

function reserve(host: string, owner: Owners, slot: number | undefined, fn: number, what: string): void {
  if (!Number.isInteger(fn) || fn < 0 || fn > 7) {
    throw new HostError('ERR_SOFTIRQ_SLOT', `${host}: fn of ${what} is ${fn}, must be 0 to 7`);
  }
  if (slot === undefined || !Number.isInteger(slot) || slot < FIRST_SLOT || slot > LAST_SLOT) {
    throw new HostError(
      'ERR_SOFTIRQ_SLOT',
      `${host}: slot of ${what} is ${slot}, must be ${FIRST_SLOT} to ${LAST_SLOT}`,
    );
  }
  const other = owner.get(place(slot, fn));
  if (other !== undefined) {
    throw new HostError('ERR_SOFTIRQ_SLOT', `${host}: slot ${slot} is wanted by ${other} and by ${what}`);
  }
  owner.set(place(slot, fn), what);
}

function nextFree(host: string, owner: Owners, what: string): number {
  let slot = FIRST_FREE;
  while (owner.has(place(slot, 0))) slot++;
  if (slot > LAST_SLOT) throw new HostError('ERR_SOFTIRQ_SLOT', `${host}: no slot is left for ${what}`);
  owner.set(place(slot, 0), what);
  return slot;
}
