import { Cloneable, TP, type TraceRing } from '../../sim/index.js';
import type { MmioRegion } from '../pcie/index.js';
import type { ApicBus, EoiListener } from './apic-bus.js';
import {
  IOAPICARB,
  IOAPICID,
  IOAPICVER,
  IOEOI,
  IOREDTBL,
  IOREGSEL,
  IOWIN,
  REDIR_ACTIVE_LOW,
  REDIR_DEST_LOGICAL,
  REDIR_LEVEL,
  REDIR_MASKED,
  REDIR_REMOTE_IRR,
  REDIR_SEND_PENDING,
  TRIGGER_EDGE,
  TRIGGER_LEVEL,
} from './apic-regs.js';

/** Input pins of the IO-APIC; pin n is global system interrupt n. */
export const IOAPIC_PINS = 24;

/** Vector, modes, polarity, trigger, mask; not Delivery Status (12) nor Remote IRR (14). */
const LOW_RW = 0x1afff;
const VERSION = ((IOAPIC_PINS - 1) << 16) | 0x20;
/** Delivery modes above 1 (SMI, NMI, INIT, ExtINT): their messages are edges whatever the trigger bit says. */
const EDGE_MODES = 0x600;
const LEVEL_MASK: number = REDIR_LEVEL | EDGE_MODES;
const DUE_MASK: number = LEVEL_MASK | REDIR_MASKED | REDIR_REMOTE_IRR;

/**
 * The IO-APIC: 24 pins, each with a redirection entry that says which message its signal becomes.
 *
 * Level pins send a message while they are active, unmasked and Remote IRR is 0; an accepted message sets Remote IRR,
 * and the EOI of its vector clears it, whereupon a pin that is still active sends again. Edge pins send once per
 * inactive-to-active change; a change while masked is lost, as the 82093AA datasheet says of the mask bit. A level pin
 * has no memory either: what counts is its level when it is unmasked.
 *
 * A message that no local APIC takes is held: Delivery Status reads Send Pending, an edge pin sees no new edges, and it
 * is sent again when the entry is written or a local APIC changes, until it is taken, the entry is masked, or a level
 * pin becomes inactive.
 *
 * The signal of a pin is electrical (0 or 1); which of the two is active is the entry's polarity bit. Writing an entry
 * makes no edge.
 */
export class IoApic extends Cloneable implements MmioRegion, EoiListener {
  /** Electrical level per pin. */
  readonly level: Int32Array;
  /** Messages sent per pin, those not taken included. */
  readonly sent: Int32Array;
  /** Times a pin became active while its entry was masked. */
  readonly masked: Int32Array;
  /** Accesses that no register takes: between registers, to reserved indices, to parts of the data register. */
  refusedAccess: number;
  private readonly low: Int32Array;
  private readonly high: Int32Array;
  /** Pins whose message is held (Delivery Status; never masked ones), and pins whose Remote IRR is set: a bit each. */
  private held: number;
  private remote: number;
  private select: number;
  private id: number;
  private readonly bus: ApicBus;
  private readonly trace: TraceRing;
  private readonly who: number;

  constructor(bus: ApicBus, trace: TraceRing, hostId: number) {
    super();
    this.level = new Int32Array(IOAPIC_PINS);
    this.sent = new Int32Array(IOAPIC_PINS);
    this.masked = new Int32Array(IOAPIC_PINS);
    this.refusedAccess = 0;
    this.low = new Int32Array(IOAPIC_PINS).fill(REDIR_MASKED);
    this.high = new Int32Array(IOAPIC_PINS);
    this.held = 0;
    this.remote = 0;
    this.select = 0;
    this.id = 0;
    this.bus = bus;
    this.trace = trace;
    this.who = hostId << 8;
    bus.eoiListeners.push(this);
  }

  /** Registers as after power-up: every pin masked. The levels stay, they are the devices'. */
  reset(): void {
    this.low.fill(REDIR_MASKED);
    this.high.fill(0);
    this.held = this.remote = this.select = this.id = 0;
  }

  /** Sets the electrical level (0 or 1) of a pin. */
  setPin(pin: number, level: number): void {
    if (this.level[pin] === level) return;
    this.level[pin] = level;
    const entry = this.low[pin];
    if ((level === 0) !== ((entry & REDIR_ACTIVE_LOW) !== 0)) {
      if ((entry & LEVEL_MASK) === REDIR_LEVEL) this.held &= ~(1 << pin);
    } else if ((entry & REDIR_MASKED) !== 0) this.masked[pin]++;
    else if ((entry & LEVEL_MASK) === REDIR_LEVEL) this.service(pin);
    else this.edge(pin);
  }

  /** The pin's signal is at its active level under the present polarity. */
  active(pin: number): boolean {
    return (this.level[pin] === 0) === ((this.low[pin] & REDIR_ACTIVE_LOW) !== 0);
  }

  /** Sends for a level pin that is due. */
  private service(pin: number): void {
    const entry = this.low[pin];
    if ((entry & DUE_MASK) !== REDIR_LEVEL || !this.active(pin)) return;
    if (this.send(pin, TRIGGER_LEVEL)) {
      this.low[pin] = entry | REDIR_REMOTE_IRR;
      this.remote |= 1 << pin;
    } else {
      this.held |= 1 << pin;
    }
  }

  /** Sends for an edge, unless the one before has not been taken yet. */
  private edge(pin: number): void {
    const bit = 1 << pin;
    if ((this.held & bit) === 0 && !this.send(pin, TRIGGER_EDGE)) this.held |= bit;
  }

  private send(pin: number, trigger: number): boolean {
    const entry = this.low[pin];
    const vector = entry & 0xff;
    this.sent[pin]++;
    if (this.trace.on) this.trace.put(TP.IOAPIC, this.who, 0, pin, vector, trigger);
    return this.bus.deliver(
      this.high[pin] >>> 24,
      (entry & REDIR_DEST_LOGICAL) !== 0,
      (entry >> 8) & 7,
      vector,
      trigger,
    );
  }

  /** A local APIC, or the EOI register, ends `vector`: every level pin waiting for it may send again. */
  eoi(vector: number): void {
    for (let left = this.remote; left !== 0; left &= left - 1) {
      const pin = 31 - Math.clz32(left & -left);
      const entry = this.low[pin];
      if ((entry & 0xff) !== vector) continue;
      this.low[pin] = entry & ~REDIR_REMOTE_IRR;
      this.remote &= ~(1 << pin);
      this.service(pin);
    }
  }

  /** Sends the held messages again. */
  retry(): void {
    for (let left = this.held; left !== 0; left &= left - 1) this.resend(31 - Math.clz32(left & -left));
  }

  private resend(pin: number): void {
    this.held &= ~(1 << pin);
    if ((this.low[pin] & LEVEL_MASK) === REDIR_LEVEL) this.service(pin);
    else this.edge(pin);
  }

  /** Low word of a pin's redirection entry (int32). */
  entryLow(pin: number): number {
    return (this.held & (1 << pin)) === 0 ? this.low[pin] : this.low[pin] | REDIR_SEND_PENDING;
  }

  /** High word of a pin's redirection entry (int32): destination in bits 31:24. */
  entryHigh(pin: number): number {
    return this.high[pin];
  }

  read32(offset: number): number {
    if (offset === IOREGSEL) return this.select;
    if (offset === IOWIN) return this.readSelected();
    // The EOI register is write-only.
    if (offset !== IOEOI) this.refusedAccess++;
    return 0;
  }

  write32(offset: number, value: number): void {
    if (offset === IOREGSEL) this.select = value & 0xff;
    else if (offset === IOWIN) this.writeSelected(value);
    else if (offset === IOEOI) this.eoi(value & 0xff);
    else this.refusedAccess++;
  }

  /** A read of 1 or 2 bytes: those of the 32-bit register they lie in. */
  readPart(offset: number, size: 1 | 2): number {
    const word = this.read32(offset & ~3) >>> (8 * (offset & 3));
    return word & (size === 1 ? 0xff : 0xffff);
  }

  /**
   * A write of 1 or 2 bytes. Index and EOI are 8-bit registers and take it; the data register is written 32 bits at a
   * time (ICH2 datasheet, 9.5.1) and does not.
   */
  writePart(offset: number, _size: 1 | 2, value: number): void {
    if (offset === IOREGSEL || offset === IOEOI) this.write32(offset, value);
    else this.refusedAccess++;
  }

  private readSelected(): number {
    const { select } = this;
    // Loaded together with the id; with messages over the system bus no arbitration ever changes it.
    if (select === IOAPICID || select === IOAPICARB) return this.id;
    if (select === IOAPICVER) return VERSION;
    const pin = (select - IOREDTBL) >> 1;
    if (pin >= 0 && pin < IOAPIC_PINS) return (select & 1) === 0 ? this.entryLow(pin) : this.high[pin];
    this.refusedAccess++;
    return 0;
  }

  private writeSelected(value: number): void {
    const { select } = this;
    const pin = (select - IOREDTBL) >> 1;
    if (select === IOAPICID) this.id = value & 0x0f000000;
    else if (pin < 0 || pin >= IOAPIC_PINS) this.refusedAccess++;
    else if ((select & 1) === 0) this.writeLow(pin, value);
    else {
      this.high[pin] = value & 0xff000000;
      if ((this.held & (1 << pin)) !== 0) this.resend(pin);
    }
  }

  private writeLow(pin: number, value: number): void {
    const bit = 1 << pin;
    const was = this.low[pin];
    let entry = (value & LOW_RW) | (was & REDIR_REMOTE_IRR);
    // Remote IRR has no meaning for an edge pin; going through edge mode is how software clears a stuck one.
    if ((entry & REDIR_LEVEL) === 0) {
      entry &= ~REDIR_REMOTE_IRR;
      this.remote &= ~bit;
    }
    this.low[pin] = entry;
    // An edge that nobody took yet goes with the new entry; a level counts for itself.
    const heldEdge = (this.held & bit) !== 0 && (was & LEVEL_MASK) !== REDIR_LEVEL;
    this.held &= ~bit;
    if ((entry & LEVEL_MASK) === REDIR_LEVEL) this.service(pin);
    else if (heldEdge && (entry & REDIR_MASKED) === 0) this.edge(pin);
  }
}
