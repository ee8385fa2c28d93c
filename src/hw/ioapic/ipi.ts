import type { ApicBus } from './apic-bus.js';
import {
  APIC_DEST_ALLBUT,
  APIC_DEST_LOGICAL,
  APIC_DEST_SELF,
  APIC_ESR_RECVILL,
  APIC_ESR_SENDILL,
  APIC_INT_ASSERT,
  APIC_INT_LEVELTRIG,
  DELIVERY_EXTINT,
  DELIVERY_FIXED,
  DELIVERY_INIT,
  DELIVERY_LOWEST_PRIORITY,
  FIRST_VECTOR,
  TRIGGER_EDGE,
} from './apic-regs.js';
import type { LocalApic } from './local-apic.js';

const SHORTHAND = 0xc0000;
const RESERVED_MODE = 3;

/**
 * A write to the low half of the interrupt command register sends an interprocessor interrupt, at once: Delivery Status
 * is never seen set. Valid combinations are those of SDM vol. 3A, table 10-6 (Pentium 4 and Xeon): level trigger is
 * overridden to edge; "self" and "all including self" carry fixed interrupts only. The rest is refused and counted, as
 * is the INIT level de-assertion, which these processors do not have.
 */
export function sendIpi(bus: ApicBus, from: LocalApic, low: number, high: number): void {
  const mode = (low >> 8) & 7;
  const vector = low & 0xff;
  const shorthand = low & SHORTHAND;
  const toAll = shorthand !== 0 && shorthand !== APIC_DEST_ALLBUT;
  if (mode === DELIVERY_INIT && (low & (APIC_INT_LEVELTRIG | APIC_INT_ASSERT)) === APIC_INT_LEVELTRIG) {
    from.counters.initDeassert++;
  } else if (mode === RESERVED_MODE || mode === DELIVERY_EXTINT || (toAll && mode !== DELIVERY_FIXED)) {
    from.counters.refusedIpi++;
  } else if (mode <= DELIVERY_LOWEST_PRIORITY && vector < FIRST_VECTOR) {
    // A self interrupt's vector is checked as sent and as received.
    from.error(shorthand === APIC_DEST_SELF ? APIC_ESR_SENDILL | APIC_ESR_RECVILL : APIC_ESR_SENDILL);
  } else {
    from.counters.ipis++;
    if (shorthand === 0) bus.ipi(high >>> 24, (low & APIC_DEST_LOGICAL) !== 0, mode, vector);
    else if (shorthand === APIC_DEST_SELF) from.accept(vector, TRIGGER_EDGE);
    else bus.broadcast(shorthand === APIC_DEST_ALLBUT ? from : null, mode, vector);
  }
}
