import {
  type ApicCpu,
  type ApicOptions,
  type ApicSystem,
  IOREDTBL,
  installApics,
} from '../../../src/hw/ioapic/index.js';
import { PhysicalMemory } from '../../../src/hw/memory/index.js';
import { IOAPIC_BASE, type IoMem, RootComplex } from '../../../src/hw/pcie/index.js';
import { Simulation } from '../../../src/sim/index.js';

/** A CPU that only counts the times it was told to look at its local APIC. */
export class CountingCpu implements ApicCpu {
  readonly id: number;
  lapic: ApicCpu['lapic'] = null;
  interrupts = 0;
  nmis = 0;

  constructor(id: number) {
    this.id = id;
  }

  nmi(): void {
    this.nmis++;
  }

  interrupt(): void {
    this.interrupts++;
  }
}

/** The interrupt controllers of one host without devices. */
export class ApicBench {
  readonly sim: Simulation = new Simulation({ seed: 1 });
  readonly rc: RootComplex;
  readonly cpus: CountingCpu[];
  current: CountingCpu | null = null;
  readonly apics: ApicSystem;
  private readonly io: IoMem;

  constructor(cpus = 1, options: ApicOptions = {}) {
    this.rc = new RootComplex(this.sim, new PhysicalMemory(this.sim.arena, 1));
    this.cpus = Array.from({ length: cpus }, (_, id) => new CountingCpu(id));
    this.apics = installApics(this.rc, this, options);
    this.io = this.rc.ioremap(IOAPIC_BASE, 0x1000) as IoMem;
  }

  get lapic(): ApicSystem['lapics'][number] {
    return this.apics.lapics[0] as ApicSystem['lapics'][number];
  }

  /** Programs a redirection entry through the registers, destination first. */
  redirect(pin: number, low: number, destination = 0): void {
    this.io.write32(0, IOREDTBL + 2 * pin + 1);
    this.io.write32(0x10, destination << 24);
    this.io.write32(0, IOREDTBL + 2 * pin);
    this.io.write32(0x10, low);
  }

  readEntry(pin: number): number {
    this.io.write32(0, IOREDTBL + 2 * pin);
    return this.io.read32(0x10);
  }

  writeIo(offset: number, value: number): void {
    this.io.write32(offset, value);
  }

  readIo(index: number): number {
    this.io.write32(0, index);
    return this.io.read32(0x10);
  }

  /** Moves the clock, firing what is due. */
  until(ns: number): void {
    this.sim.weakToo = true;
    this.sim.drain(ns);
    this.sim.advanceTo(ns);
  }

  /** The next pending vector of a CPU, taken into service; -1 when there is none. */
  takeOne(cpu = 0): number {
    const lapic = this.apics.lapics[cpu] as ApicSystem['lapics'][number];
    return lapic.pending ? lapic.acknowledge() : -1;
  }
}
