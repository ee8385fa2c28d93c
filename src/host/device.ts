import type { PciDev, PciDriver } from '../driver/index.js';
import { ConfigSpace, type PciDevice, type PciFunction } from '../hw/pcie/index.js';
import type { Digest } from '../sim/index.js';
import type { NetDevice } from '../skbuff/index.js';
import type { WirePort } from '../wire/index.js';
import { HostError } from './errors.js';
import { Ethtool } from './ethtool.js';
import type { Host } from './host.js';

/** What a device may offer besides `PciDevice`: a socket for a cable, counters of lost frames, its state for the digest. */
export interface DeviceExtras {
  /** A cable is plugged in: `port.attach(station)` and send by `port.send`. */
  connect?(port: WirePort): void;
  /** Frames lost so far by reason; `host.drops()` adds them. */
  dropRecord?(): Record<string, number>;
  /** Takes the state that makes two runs differ into a digest: registers, rings, counters. */
  mixInto?(digest: Digest): void;
}

/** A device of a host with its place on the bus. */
export class HostDevice<D extends PciDevice = PciDevice> {
  readonly host: Host;
  readonly device: D;
  /** Its function on the PCI bus: configuration space, port counters. */
  readonly pci: PciFunction;
  /** The same as drivers see it; `pdev.drvdata` is what the driver keeps. */
  readonly pdev: PciDev;
  /** The end of the cable plugged in, or null. */
  port: WirePort | null = null;

  constructor(host: Host, device: D, pci: PciFunction, pdev: PciDev) {
    this.host = host;
    this.device = device;
    this.pci = pci;
    this.pdev = pdev;
  }

  /** Who drives it, or null. */
  get driver(): PciDriver | null {
    return this.pdev.driver;
  }

  /** The network device that its driver registered for it, or null. */
  get netdev(): NetDevice | null {
    return this.host.net.devices.find((dev) => dev !== null && dev.parent === this.pdev) ?? null;
  }

  /**
   * `eth0` and so on: the network device that its driver registered.
   * @throws HostError `ERR_SOFTIRQ_NO_DRIVER` when there is none
   */
  get dev(): NetDevice {
    const dev = this.netdev;
    if (dev !== null) return dev;
    throw new HostError(
      'ERR_SOFTIRQ_NO_DRIVER',
      `${this.host.name} ${this.pdev.name} has no network device: ${this.why()}`,
    );
  }

  /** The program `ethtool` for the network device. @throws HostError as {@link dev} */
  get ethtool(): Ethtool {
    return new Ethtool(this.dev);
  }

  /** Of the network device; without one, the place on the bus (`0000:00:03.0`). */
  get name(): string {
    return this.netdev?.name ?? this.pdev.name;
  }

  /**
   * Plugs a cable in.
   * @throws HostError `ERR_SOFTIRQ_PLUGGED` when there is one, `ERR_SOFTIRQ_PLUG` when the device has no socket for it
   */
  plug(port: WirePort): void {
    this.checkFree(null);
    this.port = port;
    (this.device as DeviceExtras).connect?.(port);
  }

  /** @internal Itself, if a cable that does not end in `other` too can be plugged in. */
  checkFree(other: unknown): this {
    if (typeof (this.device as DeviceExtras).connect !== 'function') {
      throw new HostError('ERR_SOFTIRQ_PLUG', `${this.host.name} ${this.name} has no socket: no method connect(port)`);
    }
    if (this.port === null && this !== other) return this;
    throw new HostError('ERR_SOFTIRQ_PLUGGED', `${this.host.name} ${this.name} has a cable already`);
  }

  /** @internal Configuration space, and what the device itself wants to be compared. */
  mixInto(digest: Digest): void {
    const { bytes } = this.pci.config;
    for (let i = 0; i < bytes.length; i += 4) {
      digest.mix(bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
    }
    (this.device as DeviceExtras).mixInto?.(digest);
  }

  private why(): string {
    const { driver } = this.pdev;
    if (driver === null) return 'nobody drives it';
    return `driver '${driver.name}' registered none, or did not say SET_NETDEV_DEV(dev, pdev)`;
  }
}

const METHODS = ['mmioRead', 'mmioWrite', 'dmaComplete', 'timer', 'reset'] as const;

/** Refuses what a factory returned when it is no device. @throws HostError `ERR_SOFTIRQ_DEVICE` */
export function checkDevice(host: string, index: number, made: unknown): PciDevice {
  const what = `${host}: devices[${index}].create returned`;
  if (typeof made !== 'object' || made === null) {
    const hint = made === undefined ? 'nothing: is a return missing?' : `${String(made)}, no PciDevice`;
    throw new HostError('ERR_SOFTIRQ_DEVICE', `${what} ${hint}`);
  }
  const device = made as Partial<PciDevice>;
  const missing: string[] = METHODS.filter((name) => typeof device[name] !== 'function').map((name) => `${name}()`);
  if (!(device.config instanceof ConfigSpace)) missing.unshift('config (a ConfigSpace)');
  if (missing.length === 0) return device as PciDevice;
  throw new HostError('ERR_SOFTIRQ_DEVICE', `${what} an object that is no PciDevice, without ${missing.join(', ')}`);
}
