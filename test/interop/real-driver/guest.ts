import { V86 } from 'v86';
import { BAR_MEM32, Nic82574 } from '../../../src/hw/index.js';
import { PhysicalMemory } from '../../../src/hw/memory/index.js';
import type { Network } from '../../../src/index.js';
import type { WirePort } from '../../../src/wire/index.js';
import type { Assets } from './assets.js';
import { type GuestBus, GuestPort } from './guest-port.js';
import { initramfs } from './initramfs.js';

/** Slot 10 of bus 0. */
const BDF = 10 << 3;
/** The emulated PC decodes memory-mapped devices by blocks of this many bytes. */
const BLOCK = 0x20000;
const RAM = 128 << 20;
/** Words of the emulated local APIC: where IRR and TMR begin. */
const APIC_WORDS = 46;
const APIC_IRR = 16;
const APIC_TMR = 24;
/** Registers that count and are cleared by reading. */
const STATISTICS = 0x4000;
const STATISTICS_END = 0x4128;

/** What is used of v86 beyond its declared interface; the package's version is pinned for that. */
interface Cpu {
  mem8: Uint8Array;
  wasm_memory: WebAssembly.Memory;
  get_apic_addr(): number;
  handle_irqs(): void;
  write_blob(bytes: Uint8Array, at: number): void;
  devices: { pci: Pci };
  io: {
    mmap_register(
      at: number,
      size: number,
      read8: (at: number) => number,
      write8: (at: number, value: number) => void,
      read32: (at: number) => number,
      write32: (at: number, value: number) => void,
    ): void;
    register_read(port: number, device: object, r8: undefined, r16: undefined, r32: () => number): void;
  };
}

type ConfigWrite = (address: number, value: number) => void;

interface Pci {
  pci_addr: Uint8Array;
  pci_status32: Int32Array;
  pci_response32: Int32Array;
  device_spaces: Record<number, Int32Array>;
  pci_query(): void;
  pci_write8: ConfigWrite;
  pci_write16: ConfigWrite;
  pci_write32: ConfigWrite;
  register_device(device: { pci_id: number; pci_space: number[]; pci_bars: never[]; name: string }): void;
  raise_irq(bdf: number): void;
  lower_irq(bdf: number): void;
}

/**
 * A 32-bit PC (v86) that boots a real Linux kernel, with our 82574L as a card on its PCI bus: config space, registers, DMA and interrupts
 * are the chip's own. Its cable ends in `port`.
 */
export class Guest implements GuestBus {
  readonly chip: Nic82574;
  /** Lines of the serial console. */
  readonly lines: string[] = [];
  private readonly net: Network;
  private readonly blocks: Set<number> = new Set();
  private readonly read_and_cleared: Float64Array = new Float64Array((STATISTICS_END - STATISTICS) >> 2);
  port!: GuestPort;
  private cpu: Cpu | null = null;
  private emulator: V86 | null = null;
  /** The processor waits for a register access of ours. */
  private accessing = false;

  constructor(net: Network, mac: Uint8Array, port: WirePort) {
    this.net = net;
    const { sim, frames } = net;
    const board = new PhysicalMemory(sim.arena, 0);
    const ports = {
      createPort: (device: ConstructorParameters<typeof GuestPort>[1]): GuestPort => {
        this.port = new GuestPort(sim, device, this, board);
        return this.port;
      },
    };
    this.chip = new Nic82574(ports, frames, mac);
    this.chip.config.seal();
    this.chip.config.listener = this.port;
    this.chip.connect(port);
  }

  memory(): Uint8Array {
    return (this.cpu as Cpu).mem8;
  }

  write(at: number, bytes: Uint8Array): void {
    (this.cpu as Cpu).write_blob(bytes, at);
  }

  message(_address: number, data: number): void {
    const cpu = this.cpu as Cpu;
    const vector = data & 0xff;
    const apic = new Int32Array(cpu.wasm_memory.buffer, cpu.get_apic_addr(), APIC_WORDS);
    apic[APIC_IRR + (vector >> 5)] |= 1 << (vector & 31);
    apic[APIC_TMR + (vector >> 5)] &= ~(1 << (vector & 31));
    // In the middle of an instruction the processor must not be turned aside: it looks at its APIC itself before long.
    if (!this.accessing) cpu.handle_irqs();
  }

  intx(level: number): void {
    const { pci } = (this.cpu as Cpu).devices;
    if (level !== 0) pci.raise_irq(BDF);
    else pci.lower_irq(BDF);
  }

  /** Decodes the memory BARs where they are now. */
  configWritten(): void {
    const { config } = this.chip;
    if (this.cpu === null || !config.memEnabled) return;
    for (let bar = 0; bar < 6; bar++) {
      const base = config.barBase[bar] >>> 0;
      if (config.barKind[bar] === BAR_MEM32 && base >= 0x80000000) this.decode((base & -BLOCK) >>> 0);
    }
  }

  private decode(block: number): void {
    if (this.blocks.has(block)) return;
    this.blocks.add(block);
    const read8 = (at: number): number => (this.read(at & ~3) >>> (8 * (at & 3))) & 0xff;
    const write8 = (): never => {
      throw new Error('the driver wrote a byte to a register');
    };
    (this.cpu as Cpu).io.mmap_register(
      block,
      BLOCK,
      read8,
      write8,
      (at) => this.read(at),
      (at, value) => this.writeRegister(at, value),
    );
  }

  private barAt(at: number): number {
    const { config } = this.chip;
    if (!config.memEnabled) return -1;
    for (let bar = 0; bar < 6; bar++) {
      const offset = at - (config.barBase[bar] >>> 0);
      if (config.barKind[bar] === BAR_MEM32 && offset >= 0 && offset < config.barSize[bar]) return bar;
    }
    return -1;
  }

  private read(address: number): number {
    const at = address >>> 0;
    const bar = this.barAt(at);
    if (bar < 0) return -1;
    this.accessing = true;
    this.net.sim.fromOutside();
    const value = this.chip.mmioRead(bar, at - (this.chip.config.barBase[bar] >>> 0));
    this.accessing = false;
    if (bar === 0) this.count(at - (this.chip.config.barBase[0] >>> 0), value);
    return value;
  }

  private count(offset: number, value: number): void {
    if (offset >= STATISTICS && offset < STATISTICS_END) {
      this.read_and_cleared[(offset - STATISTICS) >> 2] += value >>> 0;
    }
  }

  /** What a statistics register has counted since power-on, whoever read and so cleared it. */
  statistic(offset: number): number {
    return this.read_and_cleared[(offset - STATISTICS) >> 2] + (this.chip.peek(offset) >>> 0);
  }

  private writeRegister(address: number, value: number): void {
    const at = address >>> 0;
    const bar = this.barAt(at);
    if (bar < 0) return;
    this.accessing = true;
    this.net.sim.fromOutside();
    this.chip.mmioWrite(bar, at - (this.chip.config.barBase[bar] >>> 0), value);
    this.accessing = false;
    this.net.sim.notify();
  }

  /** Boots with `init` as its first program and resolves at the line `end` of the console. Rejects on a kernel panic and after `seconds`. */
  async boot(assets: Assets, init: string, end: string, seconds: number): Promise<void> {
    const modules = Object.entries(assets.modules).map(([name, data]) => [`lib/${name}`, data] as const);
    const initrd = initramfs({
      init: new TextEncoder().encode(init),
      'bin/busybox': assets.busybox,
      ...Object.fromEntries(modules),
    });
    this.emulator = new V86({
      wasm_path: new URL('./build/v86.wasm', import.meta.resolve('v86/package.json')).pathname,
      bios: { buffer: exact(assets.bios) },
      vga_bios: { buffer: exact(assets.vgaBios) },
      bzimage: { buffer: exact(assets.kernel) },
      initrd: { buffer: exact(initrd) },
      cmdline: 'console=ttyS0 quiet panic=-1 tsc=reliable',
      memory_size: RAM,
      acpi: true,
      autostart: false,
      net_device: { type: 'none' },
      disable_keyboard: true,
      disable_mouse: true,
    } as unknown as ConstructorParameters<typeof V86>[0]);
    await this.console(this.emulator, end, seconds);
  }

  /** Switches the PC off. */
  async destroy(): Promise<void> {
    await this.emulator?.destroy();
    this.emulator = null;
  }

  private console(emulator: V86, end: string, seconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`the guest took over ${seconds} s:\n${this.lines.join('\n')}`)),
        seconds * 1000,
      );
      let line = '';
      emulator.add_listener('serial0-output-byte', (byte: number) => {
        if (byte !== 10) {
          if (byte !== 13) line += String.fromCharCode(byte);
          return;
        }
        this.lines.push(line);
        if (line.includes('Kernel panic')) reject(new Error(this.lines.join('\n')));
        if (line !== end) {
          line = '';
          return;
        }
        clearTimeout(late);
        resolve();
      });
      emulator.add_listener('emulator-ready', () => {
        this.plug((emulator as unknown as { v86: { cpu: Cpu } }).v86.cpu);
        void emulator.run();
      });
    });
  }

  /** Puts the card into the PC: every configuration access to its slot is answered by the chip's own configuration space. */
  private plug(cpu: Cpu): void {
    this.cpu = cpu;
    const { config } = this.chip;
    const { pci } = cpu.devices;
    pci.register_device({ pci_id: BDF, pci_space: [...config.bytes.subarray(0, 64)], pci_bars: [], name: '82574L' });
    const query = pci.pci_query.bind(pci);
    pci.pci_query = () => {
      if (((pci.pci_addr[2] << 8) | pci.pci_addr[1]) !== BDF) {
        query();
        return;
      }
      pci.pci_status32[0] = 1 << 31;
      pci.pci_response32[0] = config.read(pci.pci_addr[0] & 0xfc, 4);
    };
    const writes = [
      ['pci_write8', 1],
      ['pci_write16', 2],
      ['pci_write32', 4],
    ] as const;
    for (const [name, size] of writes) {
      const others = pci[name].bind(pci);
      pci[name] = (address, value) => {
        if (((address >> 8) & 0xffff) === BDF) config.write(address & 0xff, size, value);
        else others(address, value);
      };
    }
    // The hot-plug registers of the firmware's tables: without them the guest ejects every card.
    for (const at of [0xae00, 0xae04, 0xae08, 0xae0c]) cpu.io.register_read(at, {}, undefined, undefined, () => 0);
  }
}

function exact(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
