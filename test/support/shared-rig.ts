import {
  ACCT_INTERRUPTS,
  type Costs,
  type Cpu,
  CpuSet,
  KernelTimers,
  type Runnable,
  spawn,
  type Task,
} from '../../src/cpu/index.js';
import {
  free_irq,
  IRQD_SETAFFINITY_PENDING,
  IRQF_ONESHOT,
  IRQF_SHARED,
  IrqCore,
  type IrqDesc,
  irq_set_affinity,
  type PciCore,
  pci_enable_device,
  pci_enable_msi,
  pci_init,
  pci_ioremap_bar,
  pci_set_master,
  request_irq,
  request_threaded_irq,
  writel,
} from '../../src/driver/index.js';
import { type ApicSystem, INTX_GSI_BASE, installApics } from '../../src/hw/ioapic/index.js';
import { PhysicalMemory } from '../../src/hw/memory/index.js';
import { RootComplex } from '../../src/hw/pcie/index.js';
import { type NapiStruct, napi_enable, net_dev_init, netif_napi_add, type Softnet } from '../../src/napi/index.js';
import { type SimTarget, Simulation } from '../../src/sim/index.js';
import { NETDEV_TX_OK, Net, NetDevice, type NetDeviceOps } from '../../src/skbuff/index.js';
import { costs } from '../cpu/support.js';
import { IMS, type Place, SharerDevice } from './shared-device.js';
import { type AnyKind, handler, poll, primary, Sharer, thread } from './shared-driver.js';

/** Four functions whose pins all come to the same line: two share a slot's virtual wire, the others swizzle to it. */
export const PLACES: readonly Place[] = [
  { slot: 4, fn: 0, pin: 1 },
  { slot: 4, fn: 1, pin: 1 },
  { slot: 5, fn: 0, pin: 4 },
  { slot: 7, fn: 0, pin: 2 },
];
export const GSI: number = INTX_GSI_BASE;
/** Every block takes a ns, so that things can happen while it is under way. */
export const ONE_EACH: Costs = costs({ irq_entry: 1, softirq_entry: 1 });

export interface RigOptions {
  kinds: readonly AnyKind[];
  cpus?: number;
  costs?: Costs;
  /** All sharers by request_threaded_irq with IRQF_ONESHOT; the last one without a handler of its own. */
  threaded?: boolean;
  /** One message shared by four units of a card, instead of a line. */
  message?: boolean;
  places?: readonly Place[];
}

const ops: NetDeviceOps = {
  ndo_open: () => 0,
  ndo_stop: () => 0,
  ndo_start_xmit: () => NETDEV_TX_OK,
};

/** A thread of the kernel that does what it is asked, one thing a block. */
class Admin implements Runnable {
  readonly queue: (() => boolean)[] = [];
  step(cpu: Cpu): number {
    cpu.charge(1);
    const op = this.queue[0];
    if (op === undefined) return 1;
    // False: not yet; tried again in the next block.
    if (op()) this.queue.shift();
    return this.queue.length === 0 ? 1 : 0;
  }
}

/** Counts what passes, and lets the world go on around it. */
class Tap implements SimTarget {
  readonly inner: SimTarget;
  readonly rig: Rig;
  constructor(inner: SimTarget, rig: Rig) {
    this.inner = inner;
    this.rig = rig;
  }
  handle(op: number, a: number, b: number): void {
    this.rig.depth++;
    if (this.rig.depth > 1) this.rig.between();
    this.inner.handle(op, a, b);
    this.rig.depth--;
    if (this.rig.stepping) this.rig.sim.stop();
  }
}

/** Four devices, one line, and everything between them and their handlers. */
export class Rig {
  readonly sim: Simulation = new Simulation({ seed: 1, arenaBytes: 65536 });
  readonly cpus: CpuSet;
  readonly rc: RootComplex;
  readonly apics: ApicSystem;
  readonly irqs: IrqCore;
  readonly pci: PciCore;
  readonly softnet: Softnet;
  readonly devices: SharerDevice[];
  readonly sharers: Sharer[] = [];
  readonly irq: number;
  readonly options: RigOptions;
  readonly admin: Admin = new Admin();
  readonly adminTask: Task;
  /** Devices the driver has put to sleep or let go of: they need not be served. */
  readonly away: Set<number> = new Set();
  /** Sharers that were freed once: their handlers missed interrupts. */
  readonly rebound: Set<number> = new Set();
  /** The pin is masked by someone else. */
  rawMasked = false;
  /** Interrupts may have been refused: they are taken and not counted. */
  wasDisabled = false;
  depth = 0;
  stepping = false;
  events = 0;
  between: () => void = () => undefined;

  constructor(options: RigOptions) {
    this.options = options;
    const { sim } = this;
    this.cpus = new CpuSet(sim, { hostId: 1, cpus: options.cpus ?? 1, costs: options.costs ?? ONE_EACH });
    new KernelTimers(this.cpus);
    const memory = new PhysicalMemory(sim.arena, 1);
    this.rc = new RootComplex(sim, memory);
    this.apics = installApics(this.rc, this.cpus);
    this.irqs = new IrqCore(this.cpus, this.rc);
    this.devices = (options.places ?? PLACES).map((place) => new SharerDevice(this.rc, place));
    this.pci = pci_init(this.rc, this.irqs);
    const net = new Net({ sim, hostId: 1, name: 'h' });
    this.softnet = net_dev_init(net, this.cpus);
    const dev = new NetDevice(net, 'eth0', ops);
    this.irq = this.enable();
    for (const [i, device] of this.devices.entries()) this.bind(i, device, dev);
    this.adminTask = spawn(this.cpus, this.admin, 'admin', this.cpus.cpus.length - 1);
    irq_set_affinity(this.irqs, this.irq, [0]);
    // Another device's, so that the line has another vector on each CPU.
    for (const cpu of this.cpus.cpus) for (let n = 0; n < cpu.id; n++) this.irqs.vectors.take(cpu.id, 0, null);
    sim.drain(Number.POSITIVE_INFINITY);
    for (let t = 0; t < sim.targets.length; t++) sim.targets[t] = new Tap(sim.targets[t], this);
  }

  private enable(): number {
    for (const pdev of this.pci.devices) {
      pci_enable_device(pdev);
      pci_set_master(pdev);
    }
    if (this.options.message !== true) return this.pci.devices[0].irq;
    pci_enable_msi(this.pci.devices[0]);
    for (const device of this.devices) device.card = this.devices[0];
    return this.pci.devices[0].irq;
  }

  private bind(i: number, device: SharerDevice, dev: NetDevice): void {
    const pdev = this.pci.devices.find((p) => this.rc.functionAt(p.bdf)?.device === device);
    if (pdev === undefined) throw new Error('not enumerated');
    const io = pci_ioremap_bar(pdev, 0);
    if (io === null) throw new Error('not mapped');
    const d = new Sharer(`dev${i}`, this.options.kinds[i] as AnyKind, pdev, device, io);
    d.between = () => this.between();
    if (d.kind === 'napi') {
      d.napi = netif_napi_add(this.softnet, dev, (napi: NapiStruct, budget: number) => poll(d, napi, budget));
      napi_enable(d.napi);
    }
    this.sharers.push(d);
    this.request(d);
  }

  request(d: Sharer): void {
    const last = d.name === 'dev3';
    const rc =
      this.options.threaded === true
        ? request_threaded_irq(
            this.irqs,
            this.irq,
            last ? null : primary,
            thread,
            IRQF_SHARED | IRQF_ONESHOT,
            d.name,
            d,
          )
        : request_irq(this.irqs, this.irq, handler, IRQF_SHARED, d.name, d);
    if (rc !== 0) throw new Error(`request_irq: ${rc}`);
    writel(d.io, IMS, d.causes);
  }

  /** Lets the driver of device `i` go: masked, then freed. */
  free(i: number): void {
    const d = this.sharers[i] as Sharer;
    this.away.add(i);
    writel(d.io, IMS, 0);
    free_irq(this.irqs, this.irq, d);
  }

  /** Forgets what was done: as new, for a machine at rest. The line goes to CPU 0. */
  again(): void {
    if (this.options.cpus !== undefined) this.home();
    for (const [i, device] of this.devices.entries()) {
      device.head = device.tail = device.dropped = 0;
      device.latched = false;
      this.sharers[i].forget();
    }
    for (const cpu of this.cpus.cpus) cpu.acct[ACCT_INTERRUPTS] = 0;
    this.desc.kstat.fill(0);
    this.desc.irq_count = this.desc.irqs_unhandled = 0;
    this.wasDisabled = false;
    this.events = 0;
    this.rebound.clear();
  }

  /** A move is complete when an interrupt has come to the new place. */
  private home(): void {
    const moving = this.desc.old_vector >= 0 || (this.desc.state & IRQD_SETAFFINITY_PENDING) !== 0;
    if (this.desc.cpu === 0 && !moving) return;
    irq_set_affinity(this.irqs, this.irq, [0]);
    for (let n = 0; n < 3; n++) {
      this.devices[0].raise();
      this.sim.drain(Number.POSITIVE_INFINITY);
    }
  }

  get desc(): IrqDesc {
    return this.irqs.irq_to_desc(this.irq) as IrqDesc;
  }

  /** Does `op` in a task block, after all that was asked before. It is called again until it gives true. */
  ask(op: () => boolean): void {
    this.admin.queue.push(op);
    this.cpus.wake_up_process(this.adminTask);
  }

  idle(): boolean {
    return this.sim.strong === 0;
  }

  /** One event. */
  step(): void {
    this.stepping = true;
    this.events++;
    this.sim.drainSlice(Number.POSITIVE_INFINITY);
    this.stepping = false;
  }

  /** Interrupts the line's flow counted. */
  interrupts(): number {
    return this.desc.kstat.reduce((sum, n) => sum + n, 0);
  }

  /** Events of device `i` that the driver owes: neither handled nor lost to a reset. */
  owed(i: number): number[] {
    const { seen } = this.sharers[i] as Sharer;
    const { tail, dropped } = this.devices[i] as SharerDevice;
    const list: number[] = [];
    for (let event = dropped + 1; event <= tail; event++) if ((seen[event] ?? 0) === 0) list.push(event);
    return list;
  }
}
