import { type Costs, CpuSet, type HostParamsInput, KernelTimers, type Runnable, spawn } from '../../src/cpu/index.js';
import {
  IRQCHIP_NO_VECTOR,
  type IrqChip,
  IrqCore,
  type IrqDesc,
  irq_set_chip_and_handler,
} from '../../src/driver/irq/index.js';
import { type PciCore, type PciDev, pci_init } from '../../src/driver/pci/index.js';
import { type ApicSystem, installApics } from '../../src/hw/ioapic/index.js';
import { PhysicalMemory } from '../../src/hw/memory/index.js';
import { addMsi, addMsix, MsixTable, sendMsi } from '../../src/hw/msi/index.js';
import {
  addDeviceSerialNumber,
  addExpress,
  addPowerManagement,
  ConfigSpace,
  type DevicePort,
  type PciDevice,
  RootComplex,
} from '../../src/hw/pcie/index.js';
import { type SimTarget, Simulation } from '../../src/sim/index.js';

export interface BoardOptions {
  cpus?: number;
  costs?: Costs;
  params?: HostParamsInput;
  /** Without interrupt controllers: no messages, no lines. */
  apics?: boolean;
  cards?: CardOptions[];
}

/** Interrupt controllers, CPUs, root complex and irq core of one machine: everything below a device driver. */
export class Board {
  readonly sim: Simulation = new Simulation({ seed: 1 });
  readonly mem: PhysicalMemory;
  readonly cpus: CpuSet;
  readonly rc: RootComplex;
  readonly apics: ApicSystem | null;
  readonly irqs: IrqCore;
  readonly cards: Card[] = [];
  readonly pci: PciCore;

  constructor(o: BoardOptions = {}) {
    this.mem = new PhysicalMemory(this.sim.arena, 1);
    this.cpus = new CpuSet(this.sim, {
      hostId: 1,
      cpus: o.cpus ?? 1,
      ...(o.costs === undefined ? {} : { costs: o.costs }),
      ...(o.params === undefined ? {} : { params: o.params }),
    });
    new KernelTimers(this.cpus);
    this.rc = new RootComplex(this.sim, this.mem);
    this.apics = o.apics === false ? null : installApics(this.rc, this.cpus);
    this.irqs = new IrqCore(this.cpus, this.rc);
    for (const [i, options] of (o.cards ?? []).entries()) {
      const card = new Card(this.rc, options);
      this.rc.attach(card, 3 + i);
      this.cards.push(card);
    }
    this.pci = pci_init(this.rc, this.irqs);
  }

  get pdev(): PciDev {
    return this.pci.devices[0];
  }

  /** Until no strong event is left, or until `ns`. */
  run(ns: number = Number.MAX_SAFE_INTEGER): void {
    this.sim.drain(ns);
  }

  /** Lets `ns` pass, weak timers included. */
  pass(ns: number): void {
    this.sim.schedule(ns, this.sim.attach({ handle: () => undefined }), 0, 0, 0);
    this.run();
  }

  /** Calls `body` in a task block of CPU `cpu`, at its turn. */
  task(body: () => void, cpu = 0): void {
    spawn(this.cpus, new Once(body), 'once', cpu);
  }

  pin(gsi: number, level: number): void {
    this.apics?.ioapic.setPin(gsi, level);
  }

  desc(irq: number): IrqDesc {
    return this.irqs.irq_to_desc(irq) as IrqDesc;
  }

  /** The IO-APIC's entry of a pin is masked. */
  masked(gsi: number): boolean {
    return ((this.apics?.ioapic.entryLow(gsi) ?? 0) & 0x10000) !== 0;
  }

  /** A line behind a controller of our own; returns its number. */
  soft(flow: number, chip: SoftChip = new SoftChip()): number {
    const desc = this.irqs.irq_alloc_bare();
    irq_set_chip_and_handler(this.irqs, desc.irq, chip, flow);
    return desc.irq;
  }
}

class Once implements Runnable {
  readonly body: () => void;
  constructor(body: () => void) {
    this.body = body;
  }
  step(): number {
    this.body();
    return 2;
  }
}

/** Completions it got: `op a irq`. */
export class Told implements SimTarget {
  readonly got: string[] = [];
  handle(op: number, a: number, b: number): void {
    this.got.push(`${op} ${a} ${b}`);
  }
}

/** A controller behind another one that notes what is asked of it. */
export class SoftChip implements IrqChip {
  readonly name: string = 'soft';
  readonly flags: number;
  log: string[] = [];
  resources = 0;
  type = 0;
  constructor(flags = 0) {
    this.flags = IRQCHIP_NO_VECTOR | flags;
  }
  startup(): void {
    this.log.push('startup');
  }
  shutdown(): void {
    this.log.push('shutdown');
  }
  mask(): void {
    this.log.push('mask');
  }
  unmask(): void {
    this.log.push('unmask');
  }
  retarget(): void {
    this.log.push('retarget');
  }
  irq_ack(): void {
    this.log.push('ack');
  }
  irq_eoi(): void {
    this.log.push('eoi');
  }
  irq_set_type(_desc: IrqDesc, trigger: number): number {
    this.log.push(`type ${trigger}`);
    return this.type;
  }
  irq_request_resources(): number {
    return this.resources;
  }
  irq_release_resources(): void {
    this.log.push('release');
  }
}

export interface CardOptions {
  /** Entries of the MSI-X table; 0 none (default 4). */
  msix?: number;
  /** Messages of the MSI capability; 0 none (default 1). */
  msi?: number;
  masking?: boolean;
  flr?: boolean;
  /** Power management: a function that resets itself leaving D3hot (default), one that does not, or none. */
  pm?: 'resets' | 'keeps' | 'none';
  express?: boolean;
  /** BAR the table is said to be in (default 3, which exists). */
  tableBar?: number;
}

/** A card that can interrupt in every way and has one register. */
export class Card implements PciDevice {
  readonly config: ConfigSpace;
  readonly port: DevicePort;
  readonly table: MsixTable | null;
  register = 0;
  resets = 0;

  constructor(rc: RootComplex, o: CardOptions) {
    const config = new ConfigSpace({
      vendor: 0x1234,
      device: 0x5678,
      classCode: 0x020000,
      revision: 2,
      subsystemVendor: 0x1111,
      subsystemId: 0x2222,
      interruptPin: 1,
    });
    config.addMemoryBar(0, 4096);
    config.addIoBar(2, 32);
    config.addMemoryBar(3, 0x4000);
    if (o.pm !== 'none') addPowerManagement(config, 0xc8, 0x0022, o.pm === 'keeps');
    if (o.msi !== 0) addMsi(config, 0xd0, { vectors: o.msi ?? 1, ...(o.masking === true ? { masking: true } : {}) });
    const devcap = 0x8020 | (o.flr === true ? 0x10000000 : 0);
    const msix = o.msix ?? 4;
    if (o.express !== false) addExpress(config, 0x70, { flags: 0x0001, devcap, lnkcap: 0x411, lnksta: 0x11 });
    if (msix !== 0) {
      addMsix(config, 0xa0, {
        vectors: msix,
        tableBar: o.tableBar ?? 3,
        tableOffset: 0,
        pbaBar: 3,
        pbaOffset: 0x2000,
      });
    }
    addDeviceSerialNumber(config, 0x100, 1, 2);
    this.config = config;
    this.table = msix === 0 ? null : new MsixTable(config, msix);
    this.port = rc.createPort(this);
  }

  mmioRead(bar: number, offset: number): number {
    if (bar !== 3) return this.register;
    return (offset < 0x2000 ? this.table?.readTable(offset) : this.table?.readPba(offset - 0x2000)) ?? 0;
  }

  mmioWrite(bar: number, offset: number, value: number): void {
    if (bar !== 3) this.register = value;
    else if (offset < 0x2000) this.table?.writeTable(offset, value, this.port);
  }

  dmaComplete(): void {}
  timer(): void {}

  reset(): void {
    this.resets++;
    this.register = 0;
    this.table?.reset();
  }

  configWritten(): void {
    this.table?.configWritten(this.port);
  }

  msi(): boolean {
    return sendMsi(this.port, this.config);
  }

  msix(vector: number): boolean {
    return this.table?.signal(this.port, vector) ?? false;
  }
}
