import {
  type DriverFactory,
  type DriverHost,
  type E1000eDriver,
  PCI_ANY_ID,
  type PciCore,
  type PciDev,
  type PciDriver,
  pci_bind,
} from '../driver/index.js';
import { errnoName } from '../uapi/index.js';
import { HostError } from './errors.js';
import type { NicDriver } from './options.js';

/** The drivers of a host while it boots: each is loaded once, and offered what the options say. */
export class Drivers {
  readonly e1000e: E1000eDriver;
  private readonly kernel: DriverHost;
  private readonly bus: PciCore;
  private readonly loaded: Map<DriverFactory, PciDriver> = new Map();

  constructor(kernel: DriverHost, bus: PciCore, e1000e: E1000eDriver) {
    this.kernel = kernel;
    this.bus = bus;
    this.e1000e = e1000e;
  }

  /** Binds a function to its driver, which must take it. @throws HostError ERR_SOFTIRQ_DRIVER, ERR_SOFTIRQ_PROBE */
  bind(pdev: PciDev, who: NicDriver): void {
    if (who === 'none') return;
    const driver = who === 'e1000e' ? this.e1000e : this.load(who);
    if (!this.bus.drivers.includes(driver)) this.bus.drivers.push(driver);
    const err = pci_bind(pdev, driver);
    if (err === 0) return;
    throw new HostError('ERR_SOFTIRQ_PROBE', `${this.kernel.name}: ${refusal(pdev, driver, err)}`);
  }

  private load(factory: DriverFactory): PciDriver {
    let driver = this.loaded.get(factory);
    if (driver === undefined) {
      driver = loadDriver(this.kernel, factory);
      this.loaded.set(factory, driver);
    }
    return driver;
  }
}

function refusal(pdev: PciDev, driver: PciDriver, err: number): string {
  const hex = (n: number): string => (n & 0xffff).toString(16).padStart(4, '0');
  const id = `${hex(pdev.vendor)}:${hex(pdev.device)}`;
  const listed = driver.id_table.some(
    (row) =>
      (row.vendor === PCI_ANY_ID || row.vendor === pdev.vendor) &&
      (row.device === PCI_ANY_ID || row.device === pdev.device),
  );
  if (!listed) return `the id_table of driver '${driver.name}' does not list ${pdev.name}, which is ${id}`;
  return `driver '${driver.name}' did not take ${pdev.name} (${id}): probe returned ${result(err)}`;
}

/** What an operation of a driver returned, for a message: 0 is success, an errno has a minus. */
export function result(err: number): string {
  return err < 0 ? `${err} (${errnoName(err)})` : `${err}, which is neither 0 nor a negative errno`;
}

/** Makes a driver, and refuses what is none. @throws HostError `ERR_SOFTIRQ_DRIVER` */
export function loadDriver(kernel: DriverHost, factory: DriverFactory): PciDriver {
  if (typeof factory !== 'function') {
    throw new HostError(
      'ERR_SOFTIRQ_DRIVER',
      `${kernel.name}: a driver is loaded by a function that makes a PciDriver`,
    );
  }
  if (/^class\b/.test(Function.prototype.toString.call(factory))) {
    const { name } = factory;
    throw new HostError('ERR_SOFTIRQ_DRIVER', `${kernel.name}: ${name} is a class: pass (host) => new ${name}(host)`);
  }
  const made: unknown = factory(kernel);
  const driver = (typeof made === 'object' && made !== null ? made : {}) as Partial<PciDriver>;
  const missing: string[] = [];
  if (typeof driver.name !== 'string' || driver.name === '') missing.push('name');
  if (!Array.isArray(driver.id_table)) missing.push('id_table');
  if (typeof driver.probe !== 'function') missing.push('probe()');
  if (typeof driver.remove !== 'function') missing.push('remove()');
  if (missing.length === 0) return driver as PciDriver;
  const hint = made === undefined ? ' (nothing was returned)' : '';
  throw new HostError(
    'ERR_SOFTIRQ_DRIVER',
    `${kernel.name}: the driver factory made no PciDriver${hint}: no ${missing.join(', ')}`,
  );
}
