import { CTX_TASK } from '../../src/cpu/index.js';
import { IRQ_HANDLED, IRQ_NONE, IRQS_DISABLED, IRQS_PENDING } from '../../src/driver/index.js';
import { HEAD, IMS } from './shared-device.js';
import type { Rig } from './shared-rig.js';

type Method = (...args: number[]) => unknown;

/** Replaces a method of one object; private ones too. */
function patch(object: object, name: string, make: (inner: Method) => Method): void {
  const methods = object as Record<string, Method>;
  methods[name] = make(methods[name].bind(object));
}

/** During `outer` calls of `inner` are left out. */
function suppress(object: object, inner: string, outer: string): void {
  let inside = false;
  patch(
    object,
    inner,
    (f) =>
      (...args) =>
        inside ? undefined : f(...args),
  );
  patch(object, outer, (f) => (...args) => {
    inside = true;
    f(...args);
    inside = false;
  });
}

/** The IO-APIC does not look at the line again when an interrupt ends. */
export function eoiWithoutLook(rig: Rig): void {
  suppress(rig.apics.ioapic, 'service', 'eoi');
}

/** The same, and the interrupt ends before its handlers are called. */
export function eoiBeforeHandlers(rig: Rig): void {
  eoiWithoutLook(rig);
  patch(rig.irqs, 'eoi', () => () => undefined);
  patch(rig.irqs, 'do_IRQ', (f) => (cpu, vector) => {
    rig.cpus.smp_processor().lapic?.eoi();
    return f(cpu, vector);
  });
}

/** An entry that is unmasked waits for the line to change. */
export function unmaskWithoutLook(rig: Rig): void {
  suppress(rig.apics.ioapic, 'service', 'writeLow');
}

/** The line goes idle when one of its sharers lets go. */
export function routerForgetsOthers(rig: Rig): void {
  const { ioapic, router } = rig.apics;
  patch(router, 'intx', (f) => (slot, pin, level, fn = 0) => {
    f(slot, pin, level, fn);
    if (level === 0) ioapic.setPin(router.route(slot, pin), 1);
  });
}

/** A function's deassertion lowers the wire of its whole slot. */
export function wireForgetsFunctions(rig: Rig): void {
  patch(rig.rc, 'intxMessage', () => (bdf, _who, level) => {
    const pin = rig.rc.functionAt(bdf)?.config.bytes[0x3d] ?? 0;
    rig.apics.router.intx(bdf >> 3, pin, level);
  });
}

/** Status.IntStatus stays set. */
export function statusSticks(rig: Rig): void {
  for (const { config } of rig.devices) patch(config, 'setInterruptStatus', (f) => (level) => level !== 0 && f(level));
}

/** An interrupt that is refused is not ended. */
export function refusedWithoutEoi(rig: Rig): void {
  patch(rig.irqs, 'eoi', (f) => (cpu) => ((rig.desc.state & IRQS_DISABLED) !== 0 ? undefined : f(cpu)));
}

/** The core forgets an interrupt that came while the line was disabled. */
export function forgetsPending(rig: Rig): void {
  patch(rig.irqs, 'do_IRQ', (f) => (cpu, vector) => {
    f(cpu, vector);
    rig.desc.state &= ~IRQS_PENDING;
  });
}

/** A task's unmask does not reach the controller: that of a thread that has done its work, that of enable_irq. */
export function taskUnmaskLost(rig: Rig): void {
  const { chip } = rig.desc;
  patch(chip, 'unmask', (f) => (desc) => (rig.cpus.smp_processor().ctx === CTX_TASK ? undefined : f(desc)));
}

/** The line of ONESHOT sharers stays open. */
export function oneshotStaysOpen(rig: Rig): void {
  patch(rig.desc.chip, 'mask', () => () => undefined);
}

/** A change of target leaves Remote IRR as it was: the EOI of the old vector does not find it. */
export function moveKeepsRemoteIrr(rig: Rig): void {
  const masked = 1 << 16;
  const level = 1 << 15;
  patch(rig.desc.chip, 'write', (f) => (register, value) => f(register, value === masked ? masked | level : value));
}

/** A line that was masked to be moved stays masked. */
export function moveStaysMasked(rig: Rig): void {
  patch(rig.irqs, 'move_after_eoi', (f) => (desc) => f(desc, 0));
}

/** Configuration writes do not look at the INTx request. */
export function configWriteSilent(rig: Rig): void {
  for (const { config } of rig.devices)
    if (config.listener !== null) patch(config.listener, 'configWritten', () => () => undefined);
}

/** A function that is reset goes on pulling its line. */
export function resetKeepsLine(rig: Rig): void {
  for (const device of rig.devices) {
    const { listener } = device.config;
    if (listener !== null) patch(listener, 'functionReset', () => () => device.reset());
  }
}

/** Sharers behind the first one that had something to do are not called. */
export function stopsAtFirst(rig: Rig): void {
  let served = false;
  patch(rig.irqs, 'do_IRQ', (f) => (cpu, vector) => {
    served = false;
    return f(cpu, vector);
  });
  for (const action of rig.desc.actions) {
    const inner = action.handler;
    action.handler = (irq, dev) => {
      if (served) return IRQ_NONE;
      const ret = inner(irq, dev);
      served = ret === IRQ_HANDLED;
      return ret;
    };
  }
}

/** Each interrupt counts twice. */
export function countsTwice(rig: Rig): void {
  patch(rig.irqs, 'do_IRQ', (f) => (cpu, vector) => {
    f(cpu, vector);
    rig.desc.kstat[0]++;
  });
}

/** A device that takes no notice of the first acknowledgement of each event. */
export function ackIgnoredOnce(rig: Rig): void {
  for (const device of rig.devices) {
    const ignored = new Set<number>();
    patch(device, 'mmioWrite', (f) => (bar, offset, value) => {
      if (offset !== HEAD || ignored.has(value)) return f(bar, offset, value);
      return ignored.add(value);
    });
  }
}

/** A device that forgets, when it is unmasked, what happened before. */
export function deviceUnmaskForgets(rig: Rig): void {
  for (const device of rig.devices) {
    patch(device, 'mmioWrite', (f) => (bar, offset, value) => {
      if (offset === IMS) device.latched = false;
      return f(bar, offset, value);
    });
  }
}
