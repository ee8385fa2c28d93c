/** The composition root: machines, wires, and networks of them. */
export { HostError } from './errors.js';
export { Host } from './host.js';
export { createNetwork, Network, type Plug, type PortOptions } from './network.js';
export { HostNic } from './nic.js';
export type { CostsInput, HostOptions, InterruptMode, NetworkOptions, NicOptions, WireOptions } from './options.js';
export { Snapshot } from './snapshot.js';
