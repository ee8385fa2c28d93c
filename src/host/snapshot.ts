import type { Network } from './network.js';

/** A network frozen at one instant. */
export class Snapshot {
  private readonly network: Network;

  constructor(network: Network) {
    this.network = network;
  }

  /** Virtual time at which it was taken, ns. */
  get now(): number {
    return this.network.now;
  }

  /** A network that goes on from here; each call gives another one. */
  restore(): Network {
    return this.network.clone();
  }
}
