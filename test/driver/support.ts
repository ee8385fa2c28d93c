import { type Costs, CpuSet, KernelTimers, NET_TX_SOFTIRQ } from '../../src/cpu/index.js';
import {
  type E1000Adapter,
  E1000eDriver,
  type E1000eOptions,
  IrqCore,
  type PciCore,
  pci_init,
  pci_register_driver,
} from '../../src/driver/index.js';
import { type ApicSystem, installApics } from '../../src/hw/ioapic/index.js';
import { PhysicalMemory } from '../../src/hw/memory/index.js';
import { Nic82574 } from '../../src/hw/nic/index.js';
import { RootComplex } from '../../src/hw/pcie/index.js';
import { net_dev_init, type Softnet } from '../../src/napi/index.js';
import { Simulation } from '../../src/sim/index.js';
import { consume_skb, dev_open, Net, NetTxAction, type SkBuff, skb_bytes } from '../../src/skbuff/index.js';
import { FramePool, Link, RawPort } from '../../src/wire/index.js';

export const MAC: Uint8Array = Uint8Array.of(2, 0, 0, 0, 0, 2);
export const PEER: Uint8Array = Uint8Array.of(2, 0, 0, 0, 0, 1);

export interface MachineOptions {
  cpus?: number;
  costs?: Costs;
  checked?: boolean;
  nics?: number;
  autoneg_ns?: number;
  limit_bytes?: number;
  rate?: number;
}

/** One machine with its NICs on a wire each, everything but a protocol stack. */
export class Machine {
  readonly sim: Simulation = new Simulation({ seed: 1 });
  readonly frames: FramePool;
  readonly mem: PhysicalMemory;
  readonly cpus: CpuSet;
  readonly rc: RootComplex;
  readonly apics: ApicSystem;
  readonly irqs: IrqCore;
  readonly net: Net;
  readonly softnet: Softnet;
  readonly pci: PciCore;
  readonly nics: Nic82574[] = [];
  readonly links: Link[] = [];
  /** The far end of each NIC's wire. */
  readonly peers: RawPort[] = [];

  constructor(o: MachineOptions = {}) {
    this.frames = new FramePool(this.sim, { checked: true });
    this.mem = new PhysicalMemory(this.sim.arena, 1);
    this.cpus = new CpuSet(this.sim, {
      hostId: 1,
      cpus: o.cpus ?? 1,
      ...(o.costs === undefined ? {} : { costs: o.costs }),
    });
    this.rc = new RootComplex(this.sim, this.mem);
    this.apics = installApics(this.rc, this.cpus);
    this.irqs = new IrqCore(this.cpus, this.rc);
    this.net = new Net({
      sim: this.sim,
      hostId: 1,
      name: 'h',
      mem: this.mem,
      timers: new KernelTimers(this.cpus),
      checked: o.checked ?? true,
      limit_bytes: o.limit_bytes ?? Number.MAX_SAFE_INTEGER,
    });
    this.net.softirq = new Raiser(this.cpus);
    this.cpus.open_softirq(NET_TX_SOFTIRQ, () => new NetTxAction(this.net));
    this.softnet = net_dev_init(this.net, this.cpus);
    for (let i = 0; i < (o.nics ?? 1); i++) {
      const mac = MAC.slice();
      mac[4] = i;
      const nic = new Nic82574(this.rc, this.frames, mac, { autoneg_ns: o.autoneg_ns ?? 0 });
      // Slots 3, 7, ...: all on one interrupt line.
      this.rc.attach(nic, 3 + 4 * i);
      const link = new Link(this.sim, this.frames, { rate: o.rate ?? 1_000_000_000 });
      nic.connect(link.a);
      this.peers.push(new RawPort(link.b));
      this.links.push(link);
      this.nics.push(nic);
    }
    this.pci = pci_init(this.rc, this.irqs);
  }

  /** Binds the e1000e driver to all NICs and opens them; runs until the links are up. */
  e1000e(options: E1000eOptions = {}): E1000Adapter[] {
    const driver = new E1000eDriver({ net: this.net, softnet: this.softnet }, options);
    pci_register_driver(this.pci, driver);
    for (const a of driver.adapters) dev_open(a.dev);
    this.run();
    return driver.adapters;
  }

  /** Lets `ns` pass, weak timers included. */
  pass(ns: number): void {
    this.sim.schedule(ns, this.sim.attach({ handle: () => undefined }), 0, 0, 0);
    this.run();
  }

  /** Until no strong event is left, or until `until` ns. */
  run(until: number = Number.MAX_SAFE_INTEGER): void {
    this.sim.drain(until);
  }
}

class Raiser {
  readonly cpus: CpuSet;
  constructor(cpus: CpuSet) {
    this.cpus = cpus;
  }
  raise(nr: number): void {
    this.cpus.smp_processor().raise_softirq(nr);
  }
}

/** Keeps the bytes of the packets it gets. */
export class Collector {
  got: Uint8Array[] = [];
  journeys: number[] = [];
  summed: number[] = [];
  readonly result: number;

  constructor(result = 0) {
    this.result = result;
  }
  rcv(skb: SkBuff): number {
    this.got.push(skb_bytes(skb));
    this.journeys.push(skb.journey);
    this.summed.push(skb.ip_summed);
    consume_skb(skb);
    return this.result;
  }
}

/** An Ethernet frame of EtherType 0x88b5 (local experiment) for `to`, payload of `length` bytes that start with `tag`. */
export function frameTo(to: Uint8Array, tag: number, length = 46): Uint8Array {
  const f = new Uint8Array(14 + length);
  f.set(to, 0);
  f.set(PEER, 6);
  f[12] = 0x88;
  f[13] = 0xb5;
  for (let i = 0; i < length; i++) f[14 + i] = (tag + i * 7) & 0xff;
  f[14] = tag & 0xff;
  f[15] = tag >> 8;
  return f;
}

/** The type of `frameTo`'s frames. */
export const ETH_P_TEST = 0x88b5;
