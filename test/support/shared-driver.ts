import {
  IRQ_HANDLED,
  IRQ_NONE,
  IRQ_WAKE_THREAD,
  type MappedIo,
  type PciDev,
  readl,
  writel,
} from '../../src/driver/index.js';
import { type NapiStruct, napi_complete, napi_schedule } from '../../src/napi/index.js';
import {
  CAUSE_EVENT,
  CAUSE_WAITING,
  HEAD,
  ICR,
  ICR_CLEAR,
  IMS,
  POP,
  type SharerDevice,
  TAIL,
} from './shared-device.js';

/**
 * How a driver serves its device. `read`: the read of the cause clears it, then events are taken one by one. `ack`: events are
 * acknowledged by a posted write, which takes effect when the block ends. `late`: the cause is read late, with time before it and after
 * the acknowledging write. `napi`: the device is masked, events are taken in a softirq, then it is unmasked.
 */
export type Kind = 'read' | 'ack' | 'late' | 'napi';

/** And two that are wrong: `stale` acknowledges after it has looked, `unclaimed` never knows its device. */
export type AnyKind = Kind | 'stale' | 'unclaimed';

/** A read of a device that does not answer. */
const GONE = -1;

/** A driver's private data for one device. */
export class Sharer {
  readonly name: string;
  readonly kind: AnyKind;
  readonly pdev: PciDev;
  readonly device: SharerDevice;
  readonly io: MappedIo;
  /** Times each event was handled, by number; [0] is unused. */
  seen: number[] = [0];
  /** Calls of the hard handler and of the thread function, and events found. */
  calls = 0;
  threadCalls = 0;
  found = 0;
  napi: NapiStruct | null = null;
  /** Between two parts of the handler the world goes on. */
  between: () => void = () => undefined;

  constructor(name: string, kind: AnyKind, pdev: PciDev, device: SharerDevice, io: MappedIo) {
    this.name = name;
    this.kind = kind;
    this.pdev = pdev;
    this.device = device;
    this.io = io;
  }

  /** What the driver lets interrupt. */
  get causes(): number {
    return this.kind === 'ack' ? CAUSE_WAITING : CAUSE_EVENT;
  }

  forget(): void {
    this.seen = [0];
    this.calls = this.threadCalls = this.found = 0;
  }

  handled(event: number): void {
    this.seen[event] = (this.seen[event] ?? 0) + 1;
    this.found++;
  }

  /** Takes events one by one until there is none. */
  drain(): void {
    for (let event = readl(this.io, POP); event > 0; event = readl(this.io, POP)) this.handled(event);
  }
}

function byRead(d: Sharer): number {
  const cause = readl(d.io, ICR_CLEAR);
  if (cause === GONE || (cause & CAUSE_EVENT) === 0) return IRQ_NONE;
  d.between();
  d.drain();
  return IRQ_HANDLED;
}

function byAck(d: Sharer): number {
  const head = readl(d.io, HEAD);
  d.between();
  const tail = readl(d.io, TAIL);
  if (tail === GONE || head === tail) return IRQ_NONE;
  for (let event = head + 1; event <= tail; event++) d.handled(event);
  writel(d.io, HEAD, tail);
  return IRQ_HANDLED;
}

function byLate(d: Sharer): number {
  d.between();
  const cause = readl(d.io, ICR);
  if (cause === GONE || (cause & CAUSE_EVENT) === 0) return IRQ_NONE;
  writel(d.io, ICR, CAUSE_EVENT);
  d.between();
  // The first of these reads pushes the acknowledgement ahead of it.
  d.drain();
  return IRQ_HANDLED;
}

function byNapi(d: Sharer): number {
  const cause = readl(d.io, ICR);
  if (cause === GONE || (cause & readl(d.io, IMS)) === 0) return IRQ_NONE;
  writel(d.io, IMS, 0);
  d.between();
  if (d.napi !== null) napi_schedule(d.napi);
  return IRQ_HANDLED;
}

/** Mutant of a driver: the acknowledgement takes effect at the end of the block, after the events were taken. */
function byStale(d: Sharer): number {
  const cause = readl(d.io, ICR);
  if (cause === GONE || (cause & CAUSE_EVENT) === 0) return IRQ_NONE;
  d.drain();
  writel(d.io, ICR, CAUSE_EVENT);
  d.between();
  return IRQ_HANDLED;
}

/** Knows nothing of its device's interrupts. */
function byNobody(d: Sharer): number {
  d.between();
  return IRQ_NONE;
}

/** The poll: the cause is cleared before the events are taken, and the device unmasked after the completion. */
export function poll(d: Sharer, napi: NapiStruct, budget: number): number {
  const cpu = napi.softnet.cpus.smp_processor();
  cpu.charge(1);
  readl(d.io, ICR_CLEAR);
  d.between();
  let work = 0;
  while (work < budget) {
    const event = readl(d.io, POP);
    if (event <= 0) break;
    d.handled(event);
    work++;
  }
  d.between();
  if (work < budget && napi_complete(napi)) writel(d.io, IMS, d.causes);
  return work;
}

const bodies: Record<AnyKind, (d: Sharer) => number> = {
  read: byRead,
  ack: byAck,
  late: byLate,
  napi: byNapi,
  stale: byStale,
  unclaimed: byNobody,
};

/** The handler proper. */
export function handler(_irq: number, d: Sharer): number {
  d.calls++;
  return bodies[d.kind](d);
}

/** Leaves all to the thread. */
export function primary(_irq: number, d: Sharer): number {
  d.calls++;
  return IRQ_WAKE_THREAD;
}

/** The thread function: one block. */
export function thread(_irq: number, d: Sharer): number {
  const cpu = d.pdev.core.irqs.cpus.smp_processor();
  d.threadCalls++;
  cpu.charge(1);
  cpu.local_bh_disable();
  const ret = bodies[d.kind](d);
  cpu.local_bh_enable();
  return ret;
}
