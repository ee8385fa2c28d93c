import type { DevicePort } from '../../pcie/index.js';
import { bump } from '../counters.js';
import type { RegisterFile } from '../registers/file.js';
import type { InterruptUnit } from './irq.js';

/** Nanoseconds of one unit of RDTR, RADV, TIDV and TADV. */
export const DELAY_UNIT_NS = 1024;

/** What a delay timer belongs to. */
export interface DelayOwner {
  /** Causes are about to be raised: descriptors used so far must be in host memory. */
  flushHeld(): void;
}

/** Registers of one pair of delay timers. */
export interface DelayTimerPlan {
  /** Entries of the restarting timer (RDTR, TIDV) and of the absolute one (RADV, TADV). */
  readonly restarting: number;
  readonly absolute: number;
  /** Their expiry counters. */
  readonly restartingCount: number;
  readonly absoluteCount: number;
  /** Timer operations for the port. */
  readonly restartingOp: number;
  readonly absoluteOp: number;
}

/**
 * Delayed interrupt causes: one timer restarts with each event, the other runs from the first; whichever expires
 * raises the causes of all events since and stops both. The restarting timer is moved lazily: when it fires before its deadline it is
 * armed again, so that a burst of events costs no queue operations.
 */
export class DelayTimer {
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly irq: InterruptUnit;
  private readonly plan: DelayTimerPlan;
  private readonly owner: DelayOwner;
  private readonly restartingTimer: number;
  private readonly absoluteTimer: number;
  /** An event waits to be reported. */
  running = false;
  /** Causes of the events that wait. */
  private causes = 0;
  private restartingArmed = false;
  private absoluteArmed = false;
  private readonly deadline: Float64Array = new Float64Array(1);

  constructor(file: RegisterFile, port: DevicePort, irq: InterruptUnit, plan: DelayTimerPlan, owner: DelayOwner) {
    this.values = file.values;
    this.port = port;
    this.irq = irq;
    this.plan = plan;
    this.owner = owner;
    this.restartingTimer = port.createTimer(plan.restartingOp, 0);
    this.absoluteTimer = port.createTimer(plan.absoluteOp, 0);
  }

  /** An event with these causes. True when it is to be reported at once, because the restarting timer's register is 0. */
  event(causes: number): boolean {
    const delay = this.values[this.plan.restarting];
    if (delay === 0) return true;
    this.causes |= causes;
    const { port } = this;
    const now = port.clock[0];
    this.deadline[0] = now + delay * DELAY_UNIT_NS;
    if (!this.restartingArmed) {
      this.restartingArmed = true;
      port.at[0] = this.deadline[0];
      port.armTimerAt(this.restartingTimer);
    }
    if (!this.running) {
      this.running = true;
      const absolute = this.values[this.plan.absolute];
      if (absolute !== 0) {
        this.absoluteArmed = true;
        port.at[0] = now + absolute * DELAY_UNIT_NS;
        port.armTimerAt(this.absoluteTimer);
      }
    }
    return false;
  }

  /** The restarting timer has fired. */
  restartingExpired(): void {
    this.restartingArmed = false;
    if (!this.running) return;
    if (this.port.clock[0] < this.deadline[0]) {
      this.restartingArmed = true;
      this.port.at[0] = this.deadline[0];
      this.port.armTimerAt(this.restartingTimer);
      return;
    }
    bump(this.values, this.plan.restartingCount);
    this.fire();
  }

  /** The absolute timer has fired. */
  absoluteExpired(): void {
    this.absoluteArmed = false;
    if (!this.running) return;
    bump(this.values, this.plan.absoluteCount);
    this.fire();
  }

  /** Software flushes (FPD): a running timer expires now. */
  flush(): void {
    if (this.running) this.fire();
  }

  /** Stops both timers and gives the causes of the events that waited. */
  take(): number {
    const causes = this.causes;
    this.cancel();
    return causes;
  }

  private fire(): void {
    const causes = this.causes;
    this.cancel();
    this.owner.flushHeld();
    if (causes !== 0) this.irq.raise(causes);
  }

  /** Stops both timers; the event is reported otherwise or not at all. */
  cancel(): void {
    if (this.running || this.restartingArmed || this.absoluteArmed) this.stop();
  }

  private stop(): void {
    this.running = false;
    this.causes = 0;
    if (this.restartingArmed) {
      this.restartingArmed = false;
      this.port.disarmTimer(this.restartingTimer);
    }
    if (this.absoluteArmed) {
      this.absoluteArmed = false;
      this.port.disarmTimer(this.absoluteTimer);
    }
  }
}
