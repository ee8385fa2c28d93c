import type { Softnet } from '../napi/index.js';
import type { Simulation, TimerService } from '../sim/index.js';
import type { Net } from '../skbuff/index.js';
import type { IrqCore } from './irq/index.js';
import type { PciDriver } from './pci/index.js';

/** What a driver is loaded into: the kernel of one machine. */
export interface DriverHost {
  /** The machine's name. */
  readonly name: string;
  readonly sim: Simulation;
  /** Where network devices are registered and packets come from. */
  readonly net: Net;
  /** Where NAPI instances are added. */
  readonly softnet: Softnet;
  /** Timers whose handlers run in softirq context; see `timer_setup`. */
  readonly timers: TimerService;
  /** Interrupts, CPUs (`irqs.cpus`) and the kernel log (`irqs.log`). */
  readonly irqs: IrqCore;
}

/** Loads a driver: called once per host and factory, before any probe. */
export type DriverFactory = (host: DriverHost) => PciDriver;
