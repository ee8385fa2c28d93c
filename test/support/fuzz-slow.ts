import { DirectPort, type PciDevice, type RootComplex } from '../../src/hw/pcie/index.js';
import type { SimTarget } from '../../src/sim/index.js';

const OP_READ = 0;
const OP_POSTED = 1;

/** Bytes of the place that posted data leaves from: the longest write and some. */
const STAGING_BYTES = 32768;

/** A read under way. */
export interface SlowRead {
  readonly lo: number;
  readonly hi: number;
  readonly length: number;
  readonly local: number;
  readonly tag: number;
  /** Bus mastering was on when it was made. */
  readonly made: boolean;
}

/** A posted request under way: its bytes were taken when it was made. */
interface SlowPosted {
  readonly kind: 'write' | 'msi' | 'intx';
  readonly lo: number;
  readonly hi: number;
  readonly bytes: Uint8Array;
  readonly journey: number;
  readonly data: number;
}

/** Is told what arrives. */
export interface SlowWatcher {
  /** A read is about to copy: `reached` as the bus will answer it. */
  readArrives(read: SlowRead): void;
  /** The bytes of the read are there. */
  readArrived(read: SlowRead): void;
  /** A write has reached host memory. */
  writeArrived(lo: number, length: number): void;
}

/**
 * The port of a slow bus behind a root complex: a read copies and completes `latency` ns after it was made, posted requests
 * arrive so much later too, in order; a register read pushes them ahead. Answers, counts and logs are those of {@link DirectPort}.
 */
export class SlowPort extends DirectPort {
  latency = 900;
  watcher: SlowWatcher | null = null;
  readonly reads: SlowRead[] = [];
  private readonly waiting: SlowPosted[] = [];
  /** Posted requests that have arrived. */
  private done = 0;
  private readonly complex: RootComplex;
  private readonly endpoint: PciDevice;
  private readonly staging: number;
  private readonly later: number;

  constructor(rc: RootComplex, device: PciDevice) {
    super(rc, device);
    this.complex = rc;
    this.endpoint = device;
    this.staging = rc.deviceMemory.alloc(STAGING_BYTES, 64);
    this.later = rc.sim.attach(new Later(this));
  }

  override dmaRead(lo: number, hi: number, length: number, local: number, tag: number): void {
    this.reads.push({ lo, hi, length, local, tag, made: this.endpoint.config.busMaster });
    this.complex.sim.schedule(this.latency, this.later, OP_READ, 0, 0);
  }

  /** The oldest read copies, or is refused; mastering that went off in between is no matter any more. */
  readNext(): void {
    const read = this.reads.shift() as SlowRead;
    this.watcher?.readArrives(read);
    const { config } = this.endpoint;
    const on = config.busMaster;
    config.busMaster = read.made;
    super.dmaRead(read.lo, read.hi, read.length, read.local, read.tag);
    config.busMaster = on;
    this.watcher?.readArrived(read);
  }

  private post(posted: SlowPosted): void {
    this.waiting.push(posted);
    this.complex.sim.schedule(this.latency, this.later, OP_POSTED, this.done + this.waiting.length, 0);
  }

  override dmaWrite(lo: number, hi: number, length: number, local: number, journey: number): void {
    if (!this.endpoint.config.busMaster) {
      super.dmaWrite(lo, hi, length, local, journey);
      return;
    }
    this.post({ kind: 'write', lo, hi, bytes: this.arena.u8.slice(local, local + length), journey, data: 0 });
  }

  override msiWrite(lo: number, hi: number, data: number): void {
    this.post({ kind: 'msi', lo, hi, bytes: new Uint8Array(0), journey: 0, data });
  }

  override intx(level: 0 | 1): void {
    this.post({ kind: 'intx', lo: 0, hi: 0, bytes: new Uint8Array(0), journey: 0, data: level });
  }

  override flushPosted(): void {
    this.arriveThrough(this.done + this.waiting.length);
    super.flushPosted();
  }

  /** Every posted request up to number `last` arrives. */
  arriveThrough(last: number): void {
    while (this.done < last) {
      const posted = this.waiting.shift() as SlowPosted;
      this.done++;
      if (posted.kind === 'intx') super.intx(posted.data === 0 ? 0 : 1);
      else if (posted.kind === 'msi') super.msiWrite(posted.lo, posted.hi, posted.data);
      else this.writeNow(posted);
    }
  }

  private writeNow({ lo, hi, bytes, journey }: SlowPosted): void {
    const { config } = this.endpoint;
    const on = config.busMaster;
    this.arena.u8.set(bytes, this.staging);
    config.busMaster = true;
    super.dmaWrite(lo, hi, bytes.length, this.staging, journey);
    config.busMaster = on;
    this.watcher?.writeArrived(lo, bytes.length);
  }
}

/** Events of a {@link SlowPort} that are not those of the port it extends. */
class Later implements SimTarget {
  private readonly port: SlowPort;

  constructor(port: SlowPort) {
    this.port = port;
  }

  handle(op: number, a: number, _b: number): void {
    if (op === OP_READ) this.port.readNext();
    else this.port.arriveThrough(a);
  }
}

/** Port maker of a slow bus. */
export function createSlowPort(rc: RootComplex, device: PciDevice): SlowPort {
  return new SlowPort(rc, device);
}
