import type { Cpu, CpuSet } from '../../src/cpu/index.js';
import {
  NAPIF_STATE_MISSED,
  NAPIF_STATE_SCHED,
  type NapiSteps,
  type NapiStruct,
  napi_complete_done,
  napi_schedule,
} from '../../src/napi/index.js';
import type { SimTarget } from '../../src/sim/index.js';
import { BodyLine } from './support.js';

export const OP_PACKET = 0;
export const OP_MASK = 1;
export const OP_UNMASK = 2;

/**
 * The least a network card needs: a ring, an interrupt and a mask. `latched` remembers a packet that came while masked and interrupts at the
 * unmask (as the 82574L does); without it, such a packet gives no interrupt (an edge that nobody saw).
 */
export class ModelNic implements SimTarget {
  readonly latched: boolean;
  ring: number = 0;
  arrived: number = 0;
  masked: boolean = false;
  cause: boolean = false;
  readonly target: number;
  readonly lines: DriverLine[];
  /** P packet, I interrupt, K ring found empty, C complete, U unmask. */
  log: string = '';
  /** CPU that the next interrupt goes to; changes each time when there are more. */
  private next_cpu: number = 0;

  constructor(set: CpuSet, driver: LatchedDriver) {
    this.latched = driver.latched;
    this.target = set.sim.attach(this);
    this.lines = set.cpus.map((cpu) => new DriverLine(cpu, driver));
  }

  handle(op: number, _a: number, _b: number): void {
    if (op === OP_MASK) {
      this.masked = true;
    } else if (op === OP_UNMASK) {
      this.log += 'U';
      this.masked = false;
      if (this.latched && this.cause) this.fire();
    } else {
      this.log += 'P';
      this.ring++;
      this.arrived++;
      const rose = !this.cause;
      this.cause = this.latched;
      if (!this.masked && rose) this.fire();
    }
  }

  /** An edge: one that is not taken yet swallows the next. */
  private fire(): void {
    for (const line of this.lines) if (line.pending) return;
    this.lines[this.next_cpu].raise(0);
    this.next_cpu = (this.next_cpu + 1) % this.lines.length;
  }
}

/** Hands interrupts to the driver; plain data, so that a model in mid-poll can be copied. */
class DriverLine extends BodyLine {
  readonly driver: LatchedDriver;
  constructor(cpu: Cpu, driver: LatchedDriver) {
    super(cpu, []);
    this.driver = driver;
  }
  override do_IRQ(cpu: Cpu, _vector: number): void {
    this.driver.isr(cpu);
  }
}

/** What each step of the model driver costs (cycles). */
export interface StepCosts {
  readonly irq: number;
  readonly packet: number;
  readonly look: number;
  readonly complete: number;
}

/**
 * A right driver for a latched card: the interrupt masks; the poll takes packets, looks, completes, unmasks. The look at the ring and the
 * completion are two blocks, so that an interrupt can come between them.
 */
export class LatchedDriver implements NapiSteps {
  readonly latched: boolean = true;
  nic!: ModelNic;
  napi!: NapiStruct;
  readonly step: StepCosts;
  taken: number = 0;
  protected left: number = 0;
  protected work: number = 0;
  private looked: boolean = false;

  constructor(step: StepCosts) {
    this.step = step;
  }

  isr(cpu: Cpu): void {
    cpu.charge(this.step.irq);
    this.nic.log += 'I';
    this.nic.cause = false;
    this.mask(cpu);
    this.schedule();
  }

  mask(_cpu: Cpu): void {
    // Reading the cause masks (auto-mask), it is no write of its own.
    this.nic.masked = true;
  }

  schedule(): void {
    napi_schedule(this.napi);
  }

  pollBegin(_napi: NapiStruct, budget: number): void {
    this.left = budget;
    this.work = 0;
    this.looked = false;
  }

  pollStep(napi: NapiStruct): boolean {
    if (this.looked) return false;
    const cpu = napi.softnet.cpus.smp_processor();
    if (this.nic.ring === 0) {
      cpu.charge(this.step.look);
      this.nic.log += 'K';
      this.looked = true;
      return true;
    }
    cpu.charge(this.step.packet);
    this.nic.ring--;
    this.taken++;
    return ++this.work < this.left;
  }

  pollEnd(napi: NapiStruct): number {
    if (this.work === this.left) return this.work;
    const cpu = napi.softnet.cpus.smp_processor();
    cpu.charge(this.step.complete);
    this.nic.log += 'C';
    this.complete(cpu, napi);
    return this.work;
  }

  complete(cpu: Cpu, napi: NapiStruct): void {
    if (napi_complete_done(napi, this.work)) this.unmask(cpu);
  }

  unmask(cpu: Cpu): void {
    cpu.posted(this.nic.target, OP_UNMASK, 0, 0);
  }
}

/** A right driver for a card that forgets: it looks at the ring again after the unmask has taken effect. */
export class EdgeDriver extends LatchedDriver {
  override readonly latched: boolean = false;

  override complete(cpu: Cpu, napi: NapiStruct): void {
    if (!napi_complete_done(napi, this.work)) return;
    this.unmask(cpu);
    cpu.flushPosted();
    if (this.nic.ring !== 0) {
      this.nic.masked = true;
      this.schedule();
    }
  }
}

/** A right driver that never masks: an interrupt in mid-poll is remembered by MISSED only. */
export class UnmaskedDriver extends LatchedDriver {
  override readonly latched: boolean = false;
  override mask(_cpu: Cpu): void {}
  override unmask(_cpu: Cpu): void {}
}

/** Mutant: forgets that an interrupt came while it was scheduled. */
export class MissedDropped extends UnmaskedDriver {
  override complete(cpu: Cpu, napi: NapiStruct): void {
    napi.state &= ~NAPIF_STATE_MISSED;
    super.complete(cpu, napi);
  }
}

/** Mutant: does not ask for a schedule while it is scheduled, so that MISSED is never set. */
export class ScheduledIgnored extends UnmaskedDriver {
  override schedule(): void {
    if ((this.napi.state & NAPIF_STATE_SCHED) === 0) super.schedule();
  }
}

/** Mutant: looks at the ring while still masked; the unmask is the last thing it does. */
export class UnmaskUnchecked extends EdgeDriver {
  override complete(cpu: Cpu, napi: NapiStruct): void {
    if (!napi_complete_done(napi, this.work)) return;
    if (this.nic.ring !== 0) this.schedule();
    else this.unmask(cpu);
  }
}

/** Mutant: unmasks before it looks at the ring for the last time, and clears the cause that came up meanwhile with the look. */
export class UnmaskBeforeLook extends LatchedDriver {
  override pollStep(napi: NapiStruct): boolean {
    const cpu = napi.softnet.cpus.smp_processor();
    if (this.nic.ring === 0) this.unmask(cpu);
    return super.pollStep(napi);
  }
  override isr(cpu: Cpu): void {
    cpu.charge(this.step.irq);
    this.nic.log += 'I';
    this.nic.cause = false;
    this.mask(cpu);
    // The poll is known to be under way.
    if ((this.napi.state & NAPIF_STATE_SCHED) === 0) this.schedule();
  }
  override complete(_cpu: Cpu, napi: NapiStruct): void {
    napi_complete_done(napi, this.work);
  }
}

/** Mutant: clears the cause after the look at the ring. */
export class CauseClearedLate extends LatchedDriver {
  override complete(cpu: Cpu, napi: NapiStruct): void {
    this.nic.cause = false;
    super.complete(cpu, napi);
  }
}
