import { DriverError } from '../errors.js';

/** Options of one device, what the kernel driver takes as module parameters and by ethtool. */
export interface E1000eOptions {
  /** `'msi'` (default) or `'intx'`. Without the capability the line is used. */
  interrupts?: 'msi' | 'intx';
  /** Fixed interrupt moderation, microseconds between interrupts (0..16383); 0 (default) is off. */
  rx_usecs?: number;
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
}

/** The same with every default filled in. */
export type E1000eSettings = Required<E1000eOptions>;

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
  };
  if (s.interrupts !== 'msi' && s.interrupts !== 'intx') throw bad('interrupts', s.interrupts, "'msi' or 'intx'");
  range('rx_usecs', s.rx_usecs, 0, 16383, 1);
  checkRingSize('rx_ring', s.rx_ring);
  checkRingSize('tx_ring', s.tx_ring);
  range('rx_int_delay', s.rx_int_delay, 0, 65535, 1);
  range('rx_abs_int_delay', s.rx_abs_int_delay, 0, 65535, 1);
  range('tx_int_delay', s.tx_int_delay, 0, 65535, 1);
  range('tx_abs_int_delay', s.tx_abs_int_delay, 0, 65535, 1);
  range('weight', s.weight, 1, 64, 1);
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

function bad(name: string, value: unknown, want: string): DriverError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  return new DriverError('BAD_OPTION', `${name} is ${shown}, must be ${want}`);
}

/** ITR value of an interval in microseconds: units of 256 ns, rounded as 10^9 / (rate * 256) is. */
export function itr_of_usecs(rx_usecs: number): number {
  return Math.floor((rx_usecs * 1000) / 256);
}
