import { crc32 } from 'softirq/bytes';
import { addMsi, ConfigSpace, type DevicePort, type DevicePortFactory, type PciDevice, sendMsi } from 'softirq/hw';
import type { Digest } from 'softirq/sim';
import * as R from './regs.js';

/** What a DMA read was for; the rest of its tag is the number of resets so far. */
const TAG_DESCRIPTOR = 0;
const TAG_DATA = 1;

/** Time a descriptor takes besides its bytes. */
const OVERHEAD_NS = 200;

/** The copy engine: the hardware. */
export class CopyEngine implements PciDevice {
  readonly config: ConfigSpace = new ConfigSpace({
    vendor: R.VENDOR,
    device: R.DEVICE,
    classCode: 0x088000,
    interruptPin: 1,
  });
  /** The registers, by offset / 4. */
  readonly regs: Int32Array = new Int32Array(8);
  private readonly port: DevicePort;
  /** Memory on the board: the descriptor, behind it the data. */
  private readonly board: number;
  private readonly worker: number;
  private busy = false;
  private resets = 0;

  constructor(ports: DevicePortFactory) {
    this.config.addMemoryBar(0, 4096);
    addMsi(this.config, 0x50);
    this.port = ports.createPort(this);
    this.board = this.port.localMemory(R.DESC_BYTES + R.MAX_LENGTH);
    this.worker = this.port.createTimer(0, 0);
    this.reset();
  }

  mmioRead(_bar: number, offset: number): number {
    return offset < 32 ? this.regs[offset >> 2] : 0;
  }

  mmioWrite(_bar: number, offset: number, value: number): void {
    if (offset === R.CTRL && (value & R.CTRL_RESET) !== 0) this.reset();
    else if (offset === R.CAUSE) this.regs[R.CAUSE >> 2] &= ~value;
    else if (offset < 32 && offset !== R.HEAD) this.regs[offset >> 2] = value;
    this.interrupt(false);
    this.start();
  }

  reset(): void {
    this.regs.fill(0);
    this.regs[R.RATE >> 2] = 1000;
    this.busy = false;
    this.resets++;
    this.port.disarmTimer(this.worker);
    this.interrupt(false);
  }

  /** Fetches the next descriptor, if there is one and nothing under way. */
  private start(): void {
    const [ctrl, ring, size, head, tail] = this.regs;
    if (this.busy || (ctrl & R.CTRL_RUN) === 0 || head === tail || head >= size || tail >>> 0 >= size) return;
    this.busy = true;
    this.port.dmaRead(ring + head * R.DESC_BYTES, 0, R.DESC_BYTES, this.board, this.tag(TAG_DESCRIPTOR));
  }

  dmaComplete(tag: number, ok: number): void {
    if (tag >> 1 !== this.resets) return;
    if (ok === 0) this.finish(R.STATUS_DONE | R.STATUS_ERROR);
    else if ((tag & 1) === TAG_DESCRIPTOR) this.fetch();
    else this.work();
  }

  /** The descriptor is here: fetch the data. */
  private fetch(): void {
    const [source, , length] = this.descriptor();
    if (length >>> 0 > R.MAX_LENGTH) this.finish(R.STATUS_DONE | R.STATUS_ERROR);
    else this.port.dmaRead(source, 0, length, this.board + R.DESC_BYTES, this.tag(TAG_DATA));
  }

  /** The data is here: the work takes its time. */
  private work(): void {
    const rate = this.regs[R.RATE >> 2];
    if (rate > 0) this.port.armTimer(this.worker, OVERHEAD_NS + Math.ceil((this.descriptor()[2] * 1000) / rate));
  }

  /** The time is over: the copy, then the status, then the interrupt. */
  timer(_op: number, _a: number): void {
    const [, target, length] = this.descriptor();
    const data = this.board + R.DESC_BYTES;
    this.descriptor()[4] = crc32(this.port.arena.u8, data, length);
    if (length > 0) this.port.dmaWrite(target, 0, length, data, 0);
    this.finish(R.STATUS_DONE);
  }

  private finish(status: number): void {
    const [, ring, size, head] = this.regs;
    this.descriptor()[3] = status;
    this.port.dmaWrite(ring + head * R.DESC_BYTES + R.DESC_STATUS, 0, 8, this.board + R.DESC_STATUS, 0);
    this.regs[R.HEAD >> 2] = (head + 1) % size;
    this.busy = false;
    this.regs[R.CAUSE >> 2] |= R.CAUSE_DONE;
    this.interrupt(true);
    this.start();
  }

  /** The line follows cause and mask; a message is sent for a new cause. */
  private interrupt(fresh: boolean): void {
    const wanted = (this.regs[R.CAUSE >> 2] & this.regs[R.MASK >> 2]) !== 0;
    this.port.intx(wanted ? 1 : 0);
    if (wanted && fresh) sendMsi(this.port, this.config);
  }

  /** The descriptor on the board, as eight words. */
  private descriptor(): Int32Array {
    return this.port.arena.i32.subarray(this.board >> 2, (this.board + R.DESC_BYTES) >> 2);
  }

  private tag(what: number): number {
    return (this.resets << 1) | what;
  }

  /** For `net.digest()`: two runs are equal only if the engine's registers are. */
  mixInto(digest: Digest): void {
    for (const value of this.regs) digest.mix(value);
  }
}
