import { type Costs, costLines, lumpedCosts, zeroCosts } from '../cpu/index.js';
import { PhysicalMemory } from '../hw/memory/index.js';
import {
  checkKeys,
  checkRunOptions,
  cloneGraph,
  type RunOptions,
  type RunResult,
  Simulation,
  type TraceSink,
} from '../sim/index.js';
import {
  EthernetSwitch,
  FramePool,
  Link,
  type LinkOptions,
  RawPort,
  type RawPortOptions,
  type SwitchOptions,
  type WirePort,
} from '../wire/index.js';
import { checkHostOptions } from './check.js';
import { HostDevice } from './device.js';
import { HostError } from './errors.js';
import { Host } from './host.js';
import { type CostsInput, type HostOptions, type NetworkOptions, WIRE_OPTIONS, type WireOptions } from './options.js';
import { Snapshot } from './snapshot.js';

/** What a cable can be plugged into: a host (its first free NIC), a NIC or another device with a socket, or a switch (its next port). */
export type Plug = Host | HostDevice | EthernetSwitch;

/** Options of {@link Network.port}. */
export interface PortOptions extends RawPortOptions {
  wire?: LinkOptions;
}

/**
 * A network of emulated machines in one simulation: one clock, one arena, one order of events. Same seed and same inputs give the same
 * bytes; {@link digest} tells whether two runs were the same.
 */
export class Network {
  readonly sim: Simulation;
  readonly frames: FramePool;
  readonly hosts: Map<string, Host> = new Map();
  readonly links: Link[] = [];
  readonly switches: EthernetSwitch[] = [];
  readonly ports: RawPort[] = [];
  readonly options: Readonly<NetworkOptions>;
  /** Memory on the NICs' boards, one for all of them. */
  private readonly deviceMemory: PhysicalMemory;
  private running: boolean = false;

  constructor(options: NetworkOptions = {}) {
    checkKeys(options, ['seed', 'costs', 'checked', 'record', 'maxEventsPerInstant'], 'createNetwork');
    this.options = options;
    const limit = options.maxEventsPerInstant;
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
      throw new HostError('ERR_SOFTIRQ_OPTION', `maxEventsPerInstant is a whole number above 0, not ${limit}`);
    }
    this.sim = new Simulation({
      seed: options.seed ?? 1,
      ...(limit === undefined ? {} : { maxEventsPerInstant: limit }),
    });
    this.frames = new FramePool(this.sim, { checked: options.checked ?? false });
    this.deviceMemory = new PhysicalMemory(this.sim.arena, 0);
  }

  /**
   * Makes a machine: memory, CPUs, interrupt controllers, PCIe NIC, driver and protocol stack, booted and with its addresses usable as soon
   * as a wire is plugged in.
   * @throws HostError `ERR_SOFTIRQ_HOST_NAME` for a name in use or none; AddressError, CpuError, DriverError for bad options
   */
  host(name: string, options: HostOptions = {}): Host {
    if (typeof name !== 'string' || name === '') {
      throw new HostError('ERR_SOFTIRQ_HOST_NAME', `a host's name is a text that is not empty, not ${describe(name)}`);
    }
    if (this.hosts.has(name)) throw new HostError('ERR_SOFTIRQ_HOST_NAME', `a host named '${name}' is there already`);
    checkHostOptions(options);
    const id = this.hosts.size + 1;
    const costs = costTable(options.costs ?? this.options.costs ?? 'zero');
    const host = new Host({
      sim: this.sim,
      frames: this.frames,
      deviceMemory: this.deviceMemory,
      id,
      name,
      costs,
      checked: this.options.checked ?? false,
      record: this.options.record ?? false,
      options,
    });
    this.hosts.set(name, host);
    return host;
  }

  /**
   * Joins two plugs with a cable; one that is refused leaves nothing plugged in.
   * @throws HostError `ERR_SOFTIRQ_PLUGGED` when there is no free NIC, `ERR_SOFTIRQ_PLUG` for what is no plug of this network; WireError
   * and UnitError for bad options
   */
  wire(a: Plug, b: Plug, options: WireOptions = {}): Link {
    checkKeys(options, WIRE_OPTIONS, 'wire');
    const endA = this.socketOf(a, null);
    const endB = this.socketOf(b, endA);
    const link = new Link(this.sim, this.frames, { ...options, name: options.name ?? `${plugName(a)}-${plugName(b)}` });
    plugIn(endA, link.a);
    plugIn(endB, link.b);
    this.links.push(link);
    return link;
  }

  /** A learning Ethernet switch; plug hosts into it with {@link wire}. */
  switch(options: SwitchOptions = {}): EthernetSwitch {
    checkKeys(options, ['ageing', 'addresses'], 'switch');
    const made = new EthernetSwitch(this.sim, this.frames, options);
    this.switches.push(made);
    return made;
  }

  /** A port without a machine, on a cable to `to`: takes and gives raw frames. */
  port(to: Plug, options: PortOptions = {}): RawPort {
    checkKeys(options, ['pad', 'record', 'wire'], 'port');
    if (options.wire !== undefined) checkKeys(options.wire, WIRE_OPTIONS, 'wire');
    const end = this.socketOf(to, null);
    const link = new Link(this.sim, this.frames, { name: `port-${plugName(to)}`, ...options.wire });
    plugIn(end, link.b);
    this.links.push(link);
    const port = new RawPort(link.a, options);
    this.ports.push(port);
    return port;
  }

  /** What a cable's end goes into; `other` is taken by its other end. */
  private socketOf(plug: Plug, other: HostDevice | EthernetSwitch | null): HostDevice | EthernetSwitch {
    if (plug instanceof EthernetSwitch) {
      if (this.switches.includes(plug)) return plug;
    } else if (plug instanceof Host) {
      if (this.hosts.get(plug.name) === plug) return plug.freeNic(other);
    } else if (plug instanceof HostDevice) {
      if (this.hosts.get(plug.host.name) === plug.host) return plug.checkFree(other);
    } else {
      throw new HostError(
        'ERR_SOFTIRQ_PLUG',
        `a cable goes into a host, a NIC or a switch, not into ${describe(plug)}`,
      );
    }
    throw new HostError('ERR_SOFTIRQ_PLUG', `${plugName(plug)} belongs to another network`);
  }

  /**
   * Runs until every foreground process has exited (without any: until nothing is left to happen), or `until`.
   * @throws DeadlockError, LivelockError, HorizonError, and whatever a program threw
   */
  async run(options: RunOptions = {}): Promise<RunResult> {
    if (this.running) throw new HostError('ERR_SOFTIRQ_RUNNING', 'the network runs already');
    checkRunOptions(options);
    this.running = true;
    try {
      for (const host of this.hosts.values()) for (const p of [...host.kernel.processes]) await p.rerun();
      return await this.sim.run(options);
    } finally {
      this.running = false;
      this.sim.trace.flush();
    }
  }

  /** Virtual time, ns. */
  get now(): number {
    return this.sim.now;
  }

  /** Sends every trace record to `sink` from now on; returns it. */
  trace<T extends TraceSink>(sink: T): T {
    if (typeof sink?.records !== 'function') {
      throw new HostError(
        'ERR_SOFTIRQ_SINK',
        `a trace sink has a method records(), as TraceCollector has; this is ${describe(sink)}`,
      );
    }
    this.sim.trace.addSink(sink);
    return sink;
  }

  /** Ends a sink: it gets what is pending. */
  untrace(sink: TraceSink): void {
    this.sim.trace.removeSink(sink);
  }

  /**
   * 16 hex digits over every wire frame with its time, every drop, every host's registers, and (while tracing) every trace record. Equal
   * runs give equal digests on every engine.
   */
  digest(): string {
    this.sim.trace.flush();
    const digest = this.sim.digest.fork();
    for (const host of this.hosts.values()) host.mixRegisters(digest);
    digest.absorb(this.sim.trace.digest);
    return digest.hex();
  }

  /** A copy of the whole network as it stands, to go on from later, any number of times. */
  snapshot(): Snapshot {
    if (this.running)
      throw new HostError('ERR_SOFTIRQ_RUNNING', 'a snapshot is taken between runs: run({ until }) first');
    return new Snapshot(this.clone());
  }

  /** A second network in the same state: what happens in one does not touch the other. */
  clone(): Network {
    this.sim.trace.flush();
    return cloneGraph(this);
  }
}

/** Makes a {@link Network}. */
export function createNetwork(options: NetworkOptions = {}): Network {
  return new Network(options);
}

function costTable(input: CostsInput): Costs {
  if (input === 'zero') return zeroCosts;
  if (input === 'lumped') return lumpedCosts;
  if (typeof input === 'string')
    throw new HostError('ERR_SOFTIRQ_COSTS', `no cost table named '${input}': zero or lumped`);
  if (input === null || typeof input !== 'object' || !costLines.every((line) => Number.isSafeInteger(input[line]))) {
    throw new HostError('ERR_SOFTIRQ_COSTS', "costs is 'zero', 'lumped' or what loadCostTable returns");
  }
  return input;
}

function plugName(plug: Plug): string {
  if (plug instanceof Host) return plug.name;
  return plug instanceof EthernetSwitch ? `switch${plug.id}` : `${plug.host.name}.${plug.name}`;
}

function plugIn(plug: HostDevice | EthernetSwitch, port: WirePort): void {
  if (plug instanceof EthernetSwitch) plug.connect(port);
  else plug.plug(port);
}

/** A wrong argument, for a message. */
function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'object' && value !== null ? 'another object' : String(value);
}
