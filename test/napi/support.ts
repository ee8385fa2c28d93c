import { type Costs, type Cpu, CpuSet, type HostParamsInput } from '../../src/cpu/index.js';
import {
  type NapiPoll,
  type NapiSteps,
  type NapiStruct,
  napi_enable,
  net_dev_init,
  netif_napi_add,
  type Softnet,
} from '../../src/napi/index.js';
import { Simulation } from '../../src/sim/index.js';
import { NETDEV_TX_OK, Net, NetDevice, type NetDeviceOps, type SkBuff } from '../../src/skbuff/index.js';
import { costs, Probe } from '../cpu/support.js';

class NoOps implements NetDeviceOps {
  ndo_open(_dev: NetDevice): number {
    return 0;
  }
  ndo_stop(_dev: NetDevice): number {
    return 0;
  }
  ndo_start_xmit(_skb: SkBuff, _dev: NetDevice): number {
    return NETDEV_TX_OK;
  }
}

export interface Rig {
  set: CpuSet;
  net: Net;
  dev: NetDevice;
  softnet: Softnet;
  /** Runs `body` in a HARDIRQ block of CPU 0 (or `cpu`) at `ns`. */
  irq(ns: number, body: (cpu: Cpu) => void, cpu?: number): void;
  /** Adds and enables an instance. */
  napi(poller: NapiPoll | NapiSteps, weight?: number): NapiStruct;
  run(until?: number): void;
}

/** A host with CPUs, a device and NAPI; 1 cycle = 1 ns. */
export function rig(options: { cpus?: number; params?: HostParamsInput; costs?: Costs } = {}): Rig {
  const sim = new Simulation({ seed: 1 });
  const set = new CpuSet(sim, {
    hostId: 1,
    cpus: options.cpus ?? 1,
    params: options.params ?? {},
    costs: options.costs ?? costs(),
  });
  const net = new Net({ sim, hostId: 1, name: 'h' });
  const dev = new NetDevice(net, 'eth0', new NoOps());
  const softnet = net_dev_init(net, set);
  const bodies: ((cpu: Cpu) => void)[] = [];
  const lines = set.cpus.map((cpu) => new BodyLine(cpu, bodies));
  return {
    set,
    net,
    dev,
    softnet,
    irq(ns, body, cpu = 0) {
      const index = bodies.push(body) - 1;
      const target = sim.attach(new Probe(() => lines[cpu].raise(index)));
      sim.at[0] = ns;
      sim.scheduleAt(target, 0, 0, 0);
    },
    napi(poller, weight) {
      const n = netif_napi_add(softnet, dev, poller, weight);
      napi_enable(n);
      return n;
    },
    run(until = 1_000_000_000) {
      sim.drain(until);
    },
  };
}

/** An interrupt line whose vectors are indices of the functions to run. */
export class BodyLine {
  pending: boolean = false;
  readonly vectors: number[] = [];
  readonly cpu: Cpu;
  readonly bodies: ((cpu: Cpu) => void)[];
  constructor(cpu: Cpu, bodies: ((cpu: Cpu) => void)[]) {
    this.cpu = cpu;
    this.bodies = bodies;
    cpu.lapic = this;
    cpu.entry = this;
  }
  raise(vector: number): void {
    this.vectors.push(vector);
    this.pending = true;
    this.cpu.interrupt();
  }
  acknowledge(): number {
    const vector = this.vectors.shift() as number;
    this.pending = this.vectors.length !== 0;
    return vector;
  }
  eoi(): void {}
  do_IRQ(cpu: Cpu, vector: number): void {
    this.bodies[vector](cpu);
  }
}
