import { type DevicePort, type EndpointPort, newPortCounters, type PciDevice } from '../../../src/hw/index.js';
import type { PhysicalMemory } from '../../../src/hw/memory/index.js';
import type { Arena, SimTarget, Simulation, TraceRing } from '../../../src/sim/index.js';

const OP_DMA_COMPLETE = 0;
const OP_MESSAGE = 1;
const OP_TIMER = 2;

/** The machine a {@link GuestPort} leads to: RAM and interrupts of somebody else's PC. */
export interface GuestBus {
  /** Its RAM. */
  memory(): Uint8Array;
  /** Writes RAM; code compiled from the page is thrown away. */
  write(at: number, bytes: Uint8Array): void;
  /** A message arrives at the local APIC. */
  message(address: number, data: number): void;
  /** The level of the device's INTx line. */
  intx(level: number): void;
  /** Configuration space was written: BARs may have moved. */
  configWritten(): void;
}

/** A device port into the memory of a PC that is not ours: the same {@link PciDevice} then is a card in that PC. */
export class GuestPort implements DevicePort, SimTarget {
  readonly hostId: number = 0;
  readonly clock: Float64Array;
  readonly at: Float64Array;
  readonly arena: Arena;
  readonly trace: TraceRing;
  readonly counters: EndpointPort['counters'] = newPortCounters();
  private readonly sim: Simulation;
  private readonly device: PciDevice;
  private readonly bus: GuestBus;
  private readonly board: PhysicalMemory;
  private readonly target: number;
  private request = 0;
  private signalled = 0;

  constructor(sim: Simulation, device: PciDevice, bus: GuestBus, board: PhysicalMemory) {
    this.sim = sim;
    this.clock = sim.clock;
    this.at = sim.at;
    this.arena = sim.arena;
    this.trace = sim.trace;
    this.device = device;
    this.bus = bus;
    this.board = board;

    this.target = sim.attach(this);
  }

  private reaches(lo: number, hi: number, length: number): boolean {
    if (!this.device.config.busMaster) return false;
    if (hi === 0 && (lo >>> 0) + length <= this.bus.memory().length) return true;
    this.counters.unsupportedRequest++;
    return false;
  }

  dmaRead(lo: number, hi: number, length: number, local: number, tag: number): void {
    const ok = this.reaches(lo, hi, length);
    if (ok) {
      const from = lo >>> 0;
      this.arena.u8.set(this.bus.memory().subarray(from, from + length), local);
      this.counters.dmaReads++;
    }
    this.sim.post(this.target, OP_DMA_COMPLETE, tag, ok ? 1 : 0);
  }

  dmaWrite(lo: number, hi: number, length: number, local: number, _journey: number): void {
    if (!this.reaches(lo, hi, length)) return;
    this.bus.write(lo >>> 0, this.arena.u8.slice(local, local + length));
    this.counters.dmaWrites++;
  }

  msiWrite(lo: number, hi: number, data: number): void {
    if (!this.device.config.busMaster || hi !== 0) return;
    this.counters.msi++;
    this.sim.post(this.target, OP_MESSAGE, lo, data);
  }

  intx(level: 0 | 1): void {
    this.request = level;
    this.signal();
  }

  private signal(): void {
    const { config } = this.device;
    config.setInterruptStatus(this.request);
    const level = config.intxDisabled || config.msiEnabled || config.msixEnabled ? 0 : this.request;
    if (level === this.signalled) return;
    this.signalled = level;
    if (level !== 0) this.counters.intxAsserts++;
    else this.counters.intxDeasserts++;
    this.bus.intx(level);
  }

  /** The PC has no error reporting. */
  reportError(): void {}

  configWritten(): void {
    this.signal();
    this.device.configWritten?.();
    this.bus.configWritten();
  }

  functionReset(): void {
    this.device.reset();
    this.configWritten();
  }

  handle(op: number, a: number, b: number): void {
    if (op === OP_DMA_COMPLETE) this.device.dmaComplete(a, b);
    else if (op === OP_MESSAGE) this.bus.message(a, b);
    else this.device.timer(op - OP_TIMER, a);
  }

  createTimer(op: number, a: number): number {
    return this.sim.createTimer(this.target, op + OP_TIMER, a);
  }

  armTimer(timer: number, delay_ns: number): void {
    this.sim.mod_timer(timer, delay_ns);
  }

  armTimerAt(timer: number): void {
    this.sim.mod_timerAt(timer);
  }

  disarmTimer(timer: number): void {
    this.sim.del_timer(timer);
  }

  localMemory(bytes: number): number {
    return this.board.alloc(bytes, 64);
  }
}
