import { TP, type TraceRing } from '../../sim/index.js';
import type { MmioRegion } from '../pcie/index.js';
import type { ApicBus, EoiListener } from './apic-bus.js';
import { TRIGGER_EDGE, TRIGGER_LEVEL } from './local-apic.js';

/** Input pins of the IO-APIC; pin n is global system interrupt n. */
export const IOAPIC_PINS = 24;

/** Offsets in the register page: index, data, and the EOI register of version 0x20. */
export const IOREGSEL = 0x00;
export const IOWIN = 0x10;
export const IOEOI = 0x40;
/** Registers behind the index. */
export const IOAPICID = 0x00;
export const IOAPICVER = 0x01;
export const IOAPICARB = 0x02;
export const IOREDTBL = 0x10;

/** Bits of the low word of a redirection entry (82093AA datasheet, 3.2.4). */
export const REDIR_DEST_LOGICAL = 0x0800;
export const REDIR_ACTIVE_LOW = 0x2000;
export const REDIR_REMOTE_IRR = 0x4000;
export const REDIR_LEVEL = 0x8000;
export const REDIR_MASKED = 0x10000;

/** Vector, modes, polarity, trigger, mask; not Delivery Status (12) nor Remote IRR (14). */
const LOW_RW = 0x1afff;
const VERSION = ((IOAPIC_PINS - 1) << 16) | 0x20;

/**
 * The IO-APIC: 24 pins, each with a redirection entry that says which message its signal becomes.
 *
 * Level pins send a message while they are active, unmasked and Remote IRR is 0; an accepted message sets Remote IRR,
 * and the EOI of its vector clears it, whereupon a pin that is still active sends again. Edge pins send once per
 * inactive-to-active change; a change while masked is lost, as the 82093AA datasheet says of the mask bit. A level pin
 * has no memory either: what counts is its level when it is unmasked.
 *
 * The signal of a pin is electrical (0 or 1); which of the two is active is the entry's polarity bit.
 */
export class IoApic implements MmioRegion, EoiListener {
  /** Electrical level per pin. */
  readonly level: Int32Array = new Int32Array(IOAPIC_PINS);
  /** Messages sent per pin. */
  readonly sent: Int32Array = new Int32Array(IOAPIC_PINS);
  /** Times a pin became active while its entry was masked. */
  readonly masked: Int32Array = new Int32Array(IOAPIC_PINS);
  private readonly low: Int32Array = new Int32Array(IOAPIC_PINS).fill(REDIR_MASKED);
  private readonly high: Int32Array = new Int32Array(IOAPIC_PINS);
  private readonly bus: ApicBus;
  private readonly trace: TraceRing;
  private readonly who: number;
  private select = 0;
  private id = 0;

  constructor(bus: ApicBus, trace: TraceRing, hostId: number) {
    this.bus = bus;
    this.trace = trace;
    this.who = hostId << 8;
    bus.eoiListeners.push(this);
  }

  /** Sets the electrical level of a pin. */
  setPin(pin: number, level: number): void {
    if (this.level[pin] === level) return;
    this.level[pin] = level;
    if (!this.active(pin)) return;
    const entry = this.low[pin];
    if ((entry & REDIR_MASKED) !== 0) this.masked[pin]++;
    else if ((entry & REDIR_LEVEL) !== 0) this.service(pin);
    else this.send(pin, TRIGGER_EDGE);
  }

  /** The pin's signal is at its active level under the present polarity. */
  active(pin: number): boolean {
    return (this.level[pin] === 0) === ((this.low[pin] & REDIR_ACTIVE_LOW) !== 0);
  }

  /** Sends for a level pin that is due. */
  private service(pin: number): void {
    const entry = this.low[pin];
    if ((entry & (REDIR_LEVEL | REDIR_MASKED | REDIR_REMOTE_IRR)) !== REDIR_LEVEL || !this.active(pin)) return;
    if (this.send(pin, TRIGGER_LEVEL)) this.low[pin] = entry | REDIR_REMOTE_IRR;
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
    for (let pin = 0; pin < IOAPIC_PINS; pin++) {
      const entry = this.low[pin];
      if ((entry & REDIR_REMOTE_IRR) === 0 || (entry & 0xff) !== vector) continue;
      this.low[pin] = entry & ~REDIR_REMOTE_IRR;
      this.service(pin);
    }
  }

  /** Low word of a pin's redirection entry (int32). */
  entryLow(pin: number): number {
    return this.low[pin];
  }

  /** High word of a pin's redirection entry (int32): destination in bits 31:24. */
  entryHigh(pin: number): number {
    return this.high[pin];
  }

  read32(offset: number): number {
    if (offset === IOREGSEL) return this.select;
    if (offset !== IOWIN) return 0;
    if (this.select === IOAPICID || this.select === IOAPICARB) return this.id;
    if (this.select === IOAPICVER) return VERSION;
    const pin = (this.select - IOREDTBL) >> 1;
    if (pin < 0 || pin >= IOAPIC_PINS) return 0;
    return (this.select & 1) === 0 ? this.low[pin] : this.high[pin];
  }

  write32(offset: number, value: number): void {
    if (offset === IOREGSEL) this.select = value & 0xff;
    else if (offset === IOEOI) this.eoi(value & 0xff);
    else if (offset === IOWIN) this.writeSelected(value);
  }

  private writeSelected(value: number): void {
    if (this.select === IOAPICID) this.id = value & 0x0f000000;
    const pin = (this.select - IOREDTBL) >> 1;
    if (pin < 0 || pin >= IOAPIC_PINS) return;
    if ((this.select & 1) !== 0) {
      this.high[pin] = value & 0xff000000;
      return;
    }
    const entry = (this.low[pin] & ~LOW_RW) | (value & LOW_RW);
    // Remote IRR has no meaning for an edge pin; going through edge mode is how software clears a stuck one.
    this.low[pin] = (entry & REDIR_LEVEL) === 0 ? entry & ~REDIR_REMOTE_IRR : entry;
    this.service(pin);
  }
}
