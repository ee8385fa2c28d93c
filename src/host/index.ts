/** The composition root: machines, wires, and networks of them. */
export { type DeviceExtras, HostDevice } from './device.js';
export { HostError } from './errors.js';
export { Ethtool, type EthtoolFlag } from './ethtool.js';
export { Host } from './host.js';
export { createNetwork, Network, type Plug, type PortOptions } from './network.js';
export { HostNic } from './nic.js';
export type {
  CostsInput,
  DeviceOptions,
  DevicePlace,
  HostOptions,
  InterruptMode,
  NetworkOptions,
  NicDriver,
  NicOptions,
  RxUsecs,
  WireOptions,
} from './options.js';
export { Snapshot } from './snapshot.js';
