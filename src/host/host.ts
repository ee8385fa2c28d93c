import {
  ACCT_INTERRUPTS,
  type Costs,
  CpuSet,
  type CpuStats,
  cpu_stats,
  KernelTimers,
  NET_TX_SOFTIRQ,
  proc_stat,
} from '../cpu/index.js';
import {
  type DriverFactory,
  dmesg,
  type E1000eDriver,
  type IrqCore,
  type PciCore,
  type PciDriver,
  pci_register_driver,
  pci_unregister_driver,
} from '../driver/index.js';
import { type ApicSystem, type IoApic, installApics } from '../hw/ioapic/index.js';
import { PhysicalMemory } from '../hw/memory/index.js';
import { type LspciOptions, lspci, RootComplex } from '../hw/pcie/index.js';
import { net_dev_init, type Softnet, softnet_stat } from '../napi/index.js';
import { type Inet, inet_init } from '../proto/index.js';
import type { Digest, Simulation } from '../sim/index.js';
import { drops_by_reason, Net, NetTxAction, type SoftirqRaiser } from '../skbuff/index.js';
import {
  type AsyncProgram,
  Kernel,
  type Op,
  OpListProgram,
  Process,
  type Program,
  type SpawnOptions,
} from '../syscalls/index.js';
import type { FramePool } from '../wire/index.js';
import { boot, driverHost } from './boot.js';
import type { DeviceExtras, HostDevice } from './device.js';
import { loadDriver } from './drivers.js';
import { HostError } from './errors.js';
import type { HostNic } from './nic.js';
import type { HostOptions } from './options.js';

/** What a {@link Host} is made of; {@link Network.host} supplies it. */
export interface HostSetup {
  sim: Simulation;
  frames: FramePool;
  deviceMemory: PhysicalMemory;
  id: number;
  name: string;
  costs: Costs;
  checked: boolean;
  record: boolean;
  options: HostOptions;
}

/** Raises softirqs for the protocol layer, which knows no CPU. */
class CurrentCpuRaiser implements SoftirqRaiser {
  private readonly cpus: CpuSet;

  constructor(cpus: CpuSet) {
    this.cpus = cpus;
  }

  raise(nr: number): void {
    this.cpus.smp_processor().raise_softirq(nr);
  }
}

/** One emulated machine. Made by {@link Network.host}, booted and ready. */
export class Host {
  readonly id: number;
  readonly name: string;
  readonly sim: Simulation;
  readonly cpus: CpuSet;
  readonly mem: PhysicalMemory;
  /** PCI Express: configuration space, bus, memory map. */
  readonly pci: RootComplex;
  readonly apics: ApicSystem;
  readonly irq: IrqCore;
  /** The PCI bus as the driver core sees it. */
  readonly bus: PciCore;
  /** Our driver; `adapters` is empty when others drive all NICs. */
  readonly driver: E1000eDriver;
  readonly net: Net;
  readonly napi: Softnet;
  readonly inet: Inet;
  /** System calls in bytes, synchronous (`host.kernel.recvfrom(proc, …)`). */
  readonly kernel: Kernel;
  readonly nics: HostNic[];
  /** Devices of your own, in the order of the options. */
  readonly devices: HostDevice[];

  constructor(setup: HostSetup) {
    const { sim, id, name, options } = setup;
    this.id = id;
    this.name = name;
    this.sim = sim;
    this.mem = new PhysicalMemory(sim.arena, id);
    this.cpus = new CpuSet(sim, {
      hostId: id,
      cpus: options.cpus ?? 1,
      costs: setup.costs,
      params: options.params ?? {},
    });
    this.pci = new RootComplex(sim, this.mem, { deviceMemory: setup.deviceMemory });
    this.apics = installApics(this.pci, this.cpus);
    const timers = new KernelTimers(this.cpus);
    const { hz } = this.cpus.params;
    this.net = new Net({ sim, hostId: id, name, mem: this.mem, timers, checked: setup.checked, hz });
    this.net.softirq = new CurrentCpuRaiser(this.cpus);
    this.cpus.open_softirq(NET_TX_SOFTIRQ, () => new NetTxAction(this.net));
    this.napi = net_dev_init(this.net, this.cpus);
    this.inet = inet_init(this.net);
    this.kernel = new Kernel(sim, name, id, this.cpus, this.inet, timers);
    this.kernel.record = setup.record;
    sim.reporters.push(this.kernel);
    const booted = boot(this, setup);
    this.irq = booted.irq;
    this.bus = booted.bus;
    this.driver = booted.driver;
    this.nics = booted.nics;
    this.devices = booted.devices;
  }

  /** `eth0`. */
  get nic(): HostNic {
    return this.nics[0] as HostNic;
  }

  get ioapic(): IoApic {
    return this.apics.ioapic;
  }

  /**
   * The first NIC without a cable, besides `other`, into which the other end of the same cable goes.
   * @throws HostError `ERR_SOFTIRQ_PLUGGED` when there is none
   */
  freeNic(other: unknown = null): HostNic {
    const nic = this.nics.find((n) => n.port === null && n !== other);
    if (nic === undefined) {
      throw new HostError(
        'ERR_SOFTIRQ_PLUGGED',
        `${this.name} has no NIC without a cable: give it more with { nics: [{}] }`,
      );
    }
    return nic;
  }

  /**
   * Starts a process: an asynchronous function over {@link Sys}, a synchronous {@link Program}, or a list of operations. It runs when the
   * network runs.
   * @throws HostError `ERR_SOFTIRQ_PROGRAM` for what is no program
   */
  spawn<T>(program: AsyncProgram<T> | Program | readonly Op[], options: SpawnOptions = {}): Process<T> {
    if (
      typeof program !== 'function' &&
      typeof (program as Program | null)?.step !== 'function' &&
      !Array.isArray(program)
    ) {
      throw new HostError(
        'ERR_SOFTIRQ_PROGRAM',
        'a program is an async function, a list of operations, or an object with a method step()',
      );
    }
    const ops = isOpList(program) ? new OpListProgram(program) : null;
    const named = typeof program === 'function' && program.name !== '' ? { name: program.name, ...options } : options;
    const process = new Process<T>(this.kernel, named);
    process.start(ops ?? (program as AsyncProgram<T> | Program));
    return process;
  }

  /**
   * Loads a driver into the running machine: it probes every device that its `id_table` names and nobody drives. Network devices it
   * registers are down, as in Linux: `dev_open(dev)` and `host.inet.addAddress(dev, …)` follow.
   * @throws HostError `ERR_SOFTIRQ_DRIVER` for what is no driver, and for one whose name is taken; what a probe throws
   */
  insmod(factory: DriverFactory): PciDriver {
    const driver = loadDriver(driverHost(this, this.irq), factory);
    if (pci_register_driver(this.bus, driver) !== 0) {
      throw new HostError('ERR_SOFTIRQ_DRIVER', `${this.name}: a driver named '${driver.name}' is loaded already`);
    }
    return driver;
  }

  /**
   * Takes a driver away from its devices and out of the machine.
   * @throws HostError `ERR_SOFTIRQ_DRIVER` for one that is not loaded
   */
  rmmod(driver: PciDriver): void {
    if (!this.bus.drivers.includes(driver)) {
      throw new HostError('ERR_SOFTIRQ_DRIVER', `${this.name}: the driver to take away is not loaded`);
    }
    pci_unregister_driver(this.bus, driver);
  }

  /** Frames and packets dropped so far by reason, by the NIC (`NIC_*`), devices of your own and the stack (`SKB_DROP_REASON_*`). */
  drops(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const { device } of [...this.nics, ...this.devices]) {
      const record = (device as DeviceExtras).dropRecord?.() ?? {};
      for (const [name, count] of Object.entries(record)) all[name] = (all[name] ?? 0) + count;
    }
    return { ...all, ...drops_by_reason(this.net) };
  }

  /** Hard interrupts taken by all CPUs. */
  irqs(): number {
    let n = 0;
    for (const cpu of this.cpus.cpus) n += cpu.acct[ACCT_INTERRUPTS];
    return n;
  }

  /** NAPI polls of all devices. */
  polls(): number {
    let n = 0;
    for (const napi of this.napi.napis) n += napi.polls;
    return n;
  }

  /** `/proc/interrupts`. */
  interrupts(): string {
    return this.irq.interrupts();
  }

  /** `dmesg`: what drivers and the irq core have said, with virtual times. */
  dmesg(): string {
    return dmesg(this.irq.log);
  }

  /** `lspci -nn`: what is on the bus; `{ verbose: 2 }` for `-vv`, `{ hex: 4 }` for `-xxxx`. Reading changes nothing. */
  lspci(options: LspciOptions = {}): string {
    return lspci(this.pci, options);
  }

  /** `/proc/net/softnet_stat`. */
  softnet(): string {
    return softnet_stat(this.napi);
  }

  /** The CPU lines of `/proc/stat`. */
  stat(): string {
    return proc_stat(this.cpus);
  }

  /** Where the cycles of each CPU went. */
  cpuStats(): CpuStats[] {
    return this.cpus.cpus.map(cpu_stats);
  }

  /** Takes the device registers into a digest. */
  mixRegisters(digest: Digest): void {
    for (const nic of this.nics) nic.chip.mixInto(digest);
    for (const device of this.devices) device.mixInto(digest);
  }
}

function isOpList<T>(program: AsyncProgram<T> | Program | readonly Op[]): program is readonly Op[] {
  return Array.isArray(program);
}
