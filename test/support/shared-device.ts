import { addMsi, sendMsi } from '../../src/hw/msi/index.js';
import {
  addExpress,
  addPowerManagement,
  ConfigSpace,
  type DevicePort,
  PCI_EXP_DEVCAP_FLR,
  type PciDevice,
  type RootComplex,
} from '../../src/hw/pcie/index.js';

export const VENDOR = 0x1234;
export const DEVICE = 0x5a4e;

/** Cause, write 1 to clear; mask of causes that interrupt; cause, cleared by the read. */
export const ICR = 0x00;
export const IMS = 0x04;
export const ICR_CLEAR = 0x08;
/** The oldest event not taken, taken by the read; 0 for none. */
export const POP = 0x0c;
/** Number of the last event taken (a write takes all up to it), and of the last one that happened. */
export const HEAD = 0x10;
export const TAIL = 0x14;

/** Causes: an event happened (latched); events wait (a level). */
export const CAUSE_EVENT = 1;
export const CAUSE_WAITING = 2;

/** Where a {@link SharerDevice} is plugged in, and its pin: 1..4 = INTA#..INTD#. */
export interface Place {
  slot: number;
  fn: number;
  pin: number;
}

/** A function that counts events and asks for an interrupt while one of the causes let through is set. */
export class SharerDevice implements PciDevice {
  readonly config: ConfigSpace;
  readonly port: DevicePort;
  latched = false;
  ims = 0;
  head = 0;
  tail = 0;
  /** Events up to this number were lost to a reset, unless the driver had them. */
  dropped = 0;
  /** The function whose message tells of this one's events, instead of the own line: four units of one card. */
  card: SharerDevice | null = null;
  /** It asks for ever, whatever the driver does. */
  stuck = false;
  /** Called when a register is read, before the answer. */
  onRead: (() => void) | null = null;

  constructor(rc: RootComplex, place: Place) {
    const config = new ConfigSpace({
      vendor: VENDOR,
      device: DEVICE,
      classCode: 0x088000,
      interruptPin: place.pin,
    });
    config.addMemoryBar(0, 4096);
    addPowerManagement(config, 0x40, 0x0022, true);
    addMsi(config, 0x50);
    addExpress(config, 0x70, { flags: 0x0001, devcap: 0x8020 | PCI_EXP_DEVCAP_FLR, lnkcap: 0x411, lnksta: 0x11 });
    this.config = config;
    this.port = rc.createPort(this);
    rc.attach(this, place.slot, place.fn);
  }

  /** The causes set. */
  cause(): number {
    return (this.latched ? CAUSE_EVENT : 0) | (this.head !== this.tail ? CAUSE_WAITING : 0);
  }

  asserts(): boolean {
    return this.stuck || (this.cause() & this.ims) !== 0;
  }

  /** The next event happens. */
  raise(): void {
    this.tail++;
    this.latched = true;
    this.update(true);
  }

  /** The line follows the causes; by message, every event and every unmask with a cause set is one. */
  update(news: boolean): void {
    if (this.card === null) this.port.intx(this.asserts() ? 1 : 0);
    else if (news && this.asserts()) sendMsi(this.card.port, this.card.config);
  }

  mmioRead(_bar: number, offset: number): number {
    this.onRead?.();
    if (offset === ICR) return this.cause();
    if (offset === IMS) return this.ims;
    if (offset === HEAD) return this.head;
    if (offset === TAIL) return this.tail;
    if (offset === ICR_CLEAR) return this.readClear();
    return offset === POP ? this.pop() : 0;
  }

  private readClear(): number {
    const cause = this.cause();
    this.latched = false;
    this.update(false);
    return cause;
  }

  private pop(): number {
    if (this.head === this.tail) return 0;
    this.head++;
    this.update(false);
    return this.head;
  }

  mmioWrite(_bar: number, offset: number, value: number): void {
    if (offset === ICR && (value & CAUSE_EVENT) !== 0) this.latched = false;
    if (offset === IMS) this.ims = value;
    if (offset === HEAD && value > this.head && value <= this.tail) this.head = value;
    this.update(offset === IMS || (offset === HEAD && this.head !== this.tail));
  }

  dmaComplete(): void {}
  timer(): void {}

  reset(): void {
    this.dropped = this.tail;
    this.head = this.tail;
    this.latched = false;
    this.ims = 0;
  }
}
