import { PhysicalMemory } from '../../../src/hw/memory/index.js';
import { addMsi, addMsix, sendMsi } from '../../../src/hw/msi/index.js';
import {
  addExpress,
  addPowerManagement,
  ConfigSpace,
  type DevicePort,
  type DevicePortFactory,
  type PciDevice,
  RootComplex,
  type RootComplexOptions,
} from '../../../src/hw/pcie/index.js';
import { Simulation } from '../../../src/sim/index.js';

export const HOST = 1;
/** BAR sizes of {@link FakeDevice}: those of an 82574L. */
export const BAR_SIZES: readonly number[] = [0x20000, 0x20000, 32, 0x4000];

/** A device with the configuration space of an 82574L and 16 registers of memory; it notes what happens to it. */
export class FakeDevice implements PciDevice {
  readonly config: ConfigSpace;
  readonly port: DevicePort;
  readonly registers: Int32Array = new Int32Array(16);
  readonly local: number;
  log: string[] = [];
  /** Done by a register read before it is answered. */
  onRead: ((offset: number) => void) | null = null;

  constructor(factory: DevicePortFactory, pin = 1) {
    const config = new ConfigSpace({ vendor: 0x8086, device: 0x10d3, classCode: 0x020000, interruptPin: pin });
    config.addMemoryBar(0, BAR_SIZES[0] as number);
    config.addMemoryBar(1, BAR_SIZES[1] as number);
    config.addIoBar(2, BAR_SIZES[2] as number);
    config.addMemoryBar(3, BAR_SIZES[3] as number);
    addPowerManagement(config, 0xc8, 0x0022);
    addMsi(config, 0xd0);
    addExpress(config, 0xe0, { flags: 0x0001, devcap: 0x8020, lnkcap: 0x411, lnksta: 0x11 });
    addMsix(config, 0xa0, { vectors: 5, tableBar: 3, tableOffset: 0, pbaBar: 3, pbaOffset: 0x2000 });
    this.config = config;
    this.port = factory.createPort(this);
    this.local = this.port.localMemory(4096);
  }

  mmioRead(bar: number, offset: number): number {
    if (this.onRead !== null) this.onRead(offset);
    return bar === 0 ? (this.registers[(offset >> 2) & 15] as number) : bar * 1000 + offset;
  }

  mmioWrite(bar: number, offset: number, value: number): void {
    this.log.push(`write ${bar} ${offset} ${value}`);
    if (bar === 0) this.registers[(offset >> 2) & 15] = value;
  }

  dmaComplete(tag: number, ok: number): void {
    this.log.push(`complete ${tag} ${ok}`);
  }

  timer(op: number, a: number): void {
    this.log.push(`timer ${op} ${a}`);
  }

  reset(): void {
    this.log.push('reset');
    this.registers.fill(0);
    this.port.intx(0);
  }

  msi(): boolean {
    return sendMsi(this.port, this.config);
  }
}

/** One host: memory, root complex, and devices in the given slots. */
export class Bench {
  readonly sim: Simulation = new Simulation({ seed: 1 });
  readonly mem: PhysicalMemory;
  readonly rc: RootComplex;
  readonly devices: FakeDevice[] = [];

  constructor(slots: readonly number[] = [3], options: RootComplexOptions = {}) {
    this.mem = new PhysicalMemory(this.sim.arena, HOST);
    this.rc = new RootComplex(this.sim, this.mem, options);
    for (const slot of slots) {
      const device = new FakeDevice(this.rc);
      this.devices.push(device);
      this.rc.attach(device, slot);
    }
  }

  get device(): FakeDevice {
    return this.devices[0] as FakeDevice;
  }

  /** Carries out every event of this instant. */
  settle(): void {
    this.sim.drain(this.sim.clock[0] as number);
  }

  command(value: number, bdf: number = 3 << 3): void {
    this.rc.ecamWrite(bdf, 4, 2, value);
  }
}
