import { DriverError } from '../errors.js';

/** How interrupts are moderated: a fixed interval in us, or one of the modes of the kernel driver (`InterruptThrottleRate` 1, 3, 4). */
export type E1000eModerationOption = number | 'dynamic' | 'dynamic-conservative' | 'simplified';

/** Use of pause frames: `'autoneg'` agrees on it with the link's other end, as the kernel driver does. */
export type E1000ePauseOption = 'off' | 'rx' | 'tx' | 'both' | 'autoneg';

/** Options of one device, what the kernel driver takes as module parameters and by ethtool. */
export interface E1000eOptions {
  /** `'msix'` (three vectors), `'msi'` (default) or `'intx'`. What cannot be had is replaced by the next in this order. */
  interrupts?: 'msix' | 'msi' | 'intx';
  /** Interrupt moderation: microseconds between interrupts (0..16383), 0 (default) is off; or a mode. */
  rx_usecs?: E1000eModerationOption;
  /** Descriptors, 64..4096 in steps of 8. Default 256. */
  rx_ring?: number;
  tx_ring?: number;
  /** RDTR and RADV, units of 1.024 us (0..65535). Default 0: a frame interrupts at once. */
  rx_int_delay?: number;
  rx_abs_int_delay?: number;
  /** TIDV and TADV, units of 1.024 us (0..65535). Default 0: a completion interrupts at once. */
  tx_int_delay?: number;
  tx_abs_int_delay?: number;
  /** Packets per poll, 1..64. Default 64. */
  weight?: number;
  /** Pause frames. Default `'off'`. */
  pause?: E1000ePauseOption;
}

/** The same with every default filled in. */
export type E1000eSettings = Required<E1000eOptions>;

/**
 * What Linux' e1000e uses on an 82574L when it is loaded without parameters: MSI-X, conservative adaptive moderation, the delay timers
 * of its DMA burst mode, negotiated pause. The defaults of this driver differ: one message, no moderation, no delays, no pause frames.
 */
export const e1000eLinuxDefaults: Readonly<E1000eOptions> = {
  interrupts: 'msix',
  rx_usecs: 'dynamic-conservative',
  rx_int_delay: 0x20,
  rx_abs_int_delay: 0x20,
  tx_int_delay: 8,
  tx_abs_int_delay: 0x20,
  pause: 'autoneg',
};

const INTERRUPTS: readonly string[] = ['msix', 'msi', 'intx'];
const MODES: readonly string[] = ['dynamic', 'dynamic-conservative', 'simplified'];
const PAUSE: readonly string[] = ['off', 'rx', 'tx', 'both', 'autoneg'];

/** Checks the options. DriverError BAD_OPTION names the one that is out of range. */
export function e1000e_settings(options: E1000eOptions): E1000eSettings {
  const s: E1000eSettings = {
    interrupts: options.interrupts ?? 'msi',
    rx_usecs: options.rx_usecs ?? 0,
    rx_ring: options.rx_ring ?? 256,
    tx_ring: options.tx_ring ?? 256,
    rx_int_delay: options.rx_int_delay ?? 0,
    rx_abs_int_delay: options.rx_abs_int_delay ?? 0,
    tx_int_delay: options.tx_int_delay ?? 0,
    tx_abs_int_delay: options.tx_abs_int_delay ?? 0,
    weight: options.weight ?? 64,
    pause: options.pause ?? 'off',
  };
  oneOf('interrupts', s.interrupts, INTERRUPTS);
  if (typeof s.rx_usecs === 'number') range('rx_usecs', s.rx_usecs, 0, 16383, 1);
  else oneOf('rx_usecs', s.rx_usecs, MODES, 'a whole number 0..16383, ');
  checkRingSize('rx_ring', s.rx_ring);
  checkRingSize('tx_ring', s.tx_ring);
  range('rx_int_delay', s.rx_int_delay, 0, 65535, 1);
  range('rx_abs_int_delay', s.rx_abs_int_delay, 0, 65535, 1);
  range('tx_int_delay', s.tx_int_delay, 0, 65535, 1);
  range('tx_abs_int_delay', s.tx_abs_int_delay, 0, 65535, 1);
  range('weight', s.weight, 1, 64, 1);
  oneOf('pause', s.pause, PAUSE);
  return s;
}

/** Checks a number of descriptors; `name` is that of the option as the caller wrote it. DriverError BAD_OPTION. */
export function checkRingSize(name: string, value: number): void {
  range(name, value, 64, 4096, 8);
}

function range(name: string, value: number, min: number, max: number, step: number): void {
  if (!Number.isInteger(value) || value < min || value > max || value % step !== 0) {
    throw bad(name, value, `a whole number ${min}..${max}${step === 1 ? '' : ` in steps of ${step}`}`);
  }
}

function oneOf(name: string, value: string, allowed: readonly string[], also: string = ''): void {
  if (allowed.includes(value)) return;
  const quoted = allowed.map((v) => `'${v}'`);
  throw bad(name, value, `${also}${quoted.slice(0, -1).join(', ')} or ${quoted[quoted.length - 1]}`);
}

function bad(name: string, value: unknown, want: string): DriverError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  return new DriverError('BAD_OPTION', `${name} is ${shown}, must be ${want}`);
}
