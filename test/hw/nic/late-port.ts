import type { DevicePort, DevicePortFactory, PciDevice, RootComplex } from '../../../src/hw/pcie/index.js';
import type { Arena, SimTarget, Simulation, TraceRing } from '../../../src/sim/index.js';
import { HOST, type InterruptLog } from './support.js';

const OP_READ_DONE = 0;
const OP_POSTED = 1;
const OP_TIMER = 2;

/** One posted request under way: its bytes were taken when it was made. */
interface Posted {
  kind: 'write' | 'msi' | 'intx';
  address: number;
  bytes: Uint8Array;
  level: number;
}

interface Read {
  address: number;
  length: number;
  local: number;
  tag: number;
  ok: boolean;
}

/**
 * A port with a slow bus, for tests: reads copy when they complete, posted requests arrive later, in order.
 */
export class LatePort implements DevicePort, SimTarget {
  readonly hostId: number = HOST;
  readonly clock: Float64Array;
  readonly at: Float64Array;
  readonly arena: Arena;
  readonly trace: TraceRing;
  readonly reads: Read[] = [];
  readonly posted: Posted[] = [];
  /** Posted requests delivered so far. */
  private delivered = 0;
  readonly latency: number;
  log: InterruptLog | null = null;
  private readonly sim: Simulation;
  private readonly rc: RootComplex;
  private readonly device: PciDevice;
  private readonly target: number;

  constructor(rc: RootComplex, device: PciDevice, latency: number) {
    this.rc = rc;
    this.sim = rc.sim;
    this.device = device;
    this.latency = latency;
    this.clock = rc.sim.clock;
    this.at = rc.sim.at;
    this.arena = rc.sim.arena;
    this.trace = rc.sim.trace;
    this.target = rc.sim.attach(this);
  }

  private allowed(lo: number, hi: number, length: number): boolean {
    return this.device.config.busMaster && hi === 0 && (length === 0 || this.arena.owns(HOST, lo, length));
  }

  dmaRead(lo: number, hi: number, length: number, local: number, tag: number): void {
    this.reads.push({ address: lo, length, local, tag, ok: this.allowed(lo, hi, length) });
    this.sim.schedule(this.latency, this.target, OP_READ_DONE, 0, 0);
  }

  private post(p: Posted): void {
    this.posted.push(p);
    this.sim.schedule(this.latency, this.target, OP_POSTED, this.delivered + this.posted.length, 0);
  }

  /** The completion of a register read pushes all posted requests ahead of it. */
  flushPosted(): void {
    this.deliverThrough(this.delivered + this.posted.length);
  }

  private deliverThrough(number: number): void {
    while (this.delivered < number) {
      const p = this.posted.shift() as Posted;
      this.delivered++;
      if (p.kind === 'write') this.arena.u8.set(p.bytes, p.address);
      else if (p.kind === 'msi') this.log?.message(p.address, 0);
      else this.log?.intx(0, 1, p.level);
    }
  }

  dmaWrite(lo: number, hi: number, length: number, local: number, _journey: number): void {
    if (!this.allowed(lo, hi, length)) return;
    this.post({ kind: 'write', address: lo, bytes: this.arena.u8.slice(local, local + length), level: 0 });
  }

  msiWrite(lo: number, _hi: number, _data: number): void {
    if (this.device.config.busMaster) this.post({ kind: 'msi', address: lo, bytes: new Uint8Array(0), level: 0 });
  }

  intx(level: 0 | 1): void {
    this.post({ kind: 'intx', address: 0, bytes: new Uint8Array(0), level });
  }

  reportError(): void {}

  handle(op: number, a: number, _b: number): void {
    if (op === OP_READ_DONE) {
      const r = this.reads.shift() as Read;
      if (r.ok) this.arena.u8.copyWithin(r.local, r.address, r.address + r.length);
      this.device.dmaComplete(r.tag, r.ok ? 1 : 0);
    } else if (op === OP_POSTED) {
      this.deliverThrough(a);
    } else {
      this.device.timer(op - OP_TIMER, a);
    }
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
    return this.rc.deviceMemory.alloc(bytes, 64);
  }
}

/** Gives a device a {@link LatePort}. */
export class LatePorts implements DevicePortFactory {
  readonly ports: LatePort[] = [];
  private readonly rc: RootComplex;
  private readonly latency: number;

  constructor(rc: RootComplex, latency: number) {
    this.rc = rc;
    this.latency = latency;
  }

  createPort(device: PciDevice): DevicePort {
    const port = new LatePort(this.rc, device, this.latency);
    this.ports.push(port);
    return port;
  }
}
