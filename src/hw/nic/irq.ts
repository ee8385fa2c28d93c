import { sendMsi } from '../msi/index.js';
import type { ConfigSpace, DevicePort } from '../pcie/index.js';
import { bump } from './counters.js';
import { CTRL_EXT_IAME, ICR_INT_ASSERTED } from './registers/bits.js';
import type { RegisterFile } from './registers/file.js';
import { CTRL_EXT, IAC, IAM, ICR, IMS, ITR } from './registers/indices.js';
import { CAUSE_MASK } from './registers/interrupt.js';

/** Nanoseconds of one ITR unit. */
export const ITR_UNIT_NS = 256;

/**
 * Interrupt causes to INTx or MSI. The request is (ICR & IMS) != 0. It is signalled at once when no moderation window is
 * open, else when the window ends; the first interrupt is immediate.
 * MSI: one message when the request rises; INTx: the level follows the request outside the window.
 */
export class InterruptUnit {
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly config: ConfigSpace;
  private readonly timer: number;
  /** The present request has been signalled. */
  signalled = false;
  /** INTx level that this unit last asked for. */
  line: 0 | 1 = 0;
  /**
   * Whether an interrupt that was held back opens a window in its turn (a strict minimum gap, as the 82575 manual
   * describes its EITR), or only one that was immediate does (the timeline measured on a model of this chip).
   */
  readonly strictGap: boolean;
  /** Times causes occurred of which IMS let none interrupt. */
  masked = 0;
  private armed = false;
  /** [0] start of the last window, ns. */
  private readonly times: Float64Array = new Float64Array(1);

  constructor(file: RegisterFile, port: DevicePort, config: ConfigSpace, timerOp: number, strictGap: boolean) {
    this.values = file.values;
    this.port = port;
    this.config = config;
    this.timer = port.createTimer(timerOp, 0);
    this.strictGap = strictGap;
    this.times[0] = -1e15;
  }

  /** Causes have occurred: ORed into ICR. */
  raise(causes: number): void {
    const v = this.values;
    if ((causes & v[IMS]) === 0) this.masked++;
    v[ICR] |= causes & CAUSE_MASK;
    // More causes never take a request away, and one that is signalled or waits for its window stays as it is.
    if (!this.signalled && !this.armed && (v[ICR] & v[IMS]) !== 0) this.request();
  }

  /** Software reads ICR: the causes, bit 31 if they request an interrupt; all are cleared and auto-masked. */
  readCause(): number {
    const v = this.values;
    const causes = v[ICR];
    const asserted = causes & v[IMS];
    if (causes === 0) return 0;
    v[ICR] = 0;
    if (asserted !== 0) this.autoMask();
    this.update();
    return asserted !== 0 ? causes | ICR_INT_ASSERTED : causes;
  }

  /** Software writes ICR: ones clear. */
  writeCause(value: number): void {
    const v = this.values;
    const asserted = v[ICR] & v[IMS];
    v[ICR] &= ~value;
    if (asserted !== 0) this.autoMask();
    this.update();
  }

  /** With CTRL_EXT.IAME an access to ICR writes IAM to IMC, if an interrupt is asserted (82575 manual, IAM). */
  private autoMask(): void {
    const v = this.values;
    if ((v[CTRL_EXT] & CTRL_EXT_IAME) !== 0) v[IMS] &= ~v[IAM];
  }

  /** What reading ICR would give, without its effects. */
  peekCause(): number {
    const causes = this.values[ICR];
    return (causes & this.values[IMS]) !== 0 ? causes | ICR_INT_ASSERTED : causes;
  }

  writeMaskSet(value: number): void {
    this.values[IMS] |= value & CAUSE_MASK;
    this.update();
  }

  writeMaskClear(value: number): void {
    this.values[IMS] &= ~value;
    this.update();
  }

  /** ITR changed: an open window ends at its start plus the new interval. */
  throttleChanged(): void {
    if (!this.armed) return;
    this.armed = false;
    this.port.disarmTimer(this.timer);
    this.update();
  }

  /** Brings the request to the bus. */
  private update(): void {
    const v = this.values;
    if ((v[ICR] & v[IMS]) === 0) {
      this.signalled = false;
      if (this.armed) {
        this.armed = false;
        this.port.disarmTimer(this.timer);
      }
      if (this.line !== 0) {
        this.line = 0;
        this.port.intx(0);
      }
      return;
    }
    if (!this.signalled && !this.armed) this.request();
  }

  /** A request has come up: signals it, unless a window is open. */
  private request(): void {
    const interval = this.values[ITR];
    if (interval !== 0 && this.withinWindow(interval)) return;
    this.times[0] = this.port.clock[0];
    this.signal();
  }

  /** True when a window is open; then the timer is armed for its end. */
  private withinWindow(interval: number): boolean {
    const end = this.times[0] + interval * ITR_UNIT_NS;
    if (this.port.clock[0] >= end) return false;
    this.armed = true;
    this.port.at[0] = end;
    this.port.armTimerAt(this.timer);
    return true;
  }

  /** The window has ended with a request held back. */
  windowEnd(): void {
    if (!this.armed) return;
    this.armed = false;
    if ((this.values[ICR] & this.values[IMS]) === 0) return;
    if (this.strictGap) this.times[0] = this.port.clock[0];
    this.signal();
  }

  private signal(): void {
    this.signalled = true;
    bump(this.values, IAC);
    if (this.config.msiEnabled) {
      sendMsi(this.port, this.config);
    } else {
      this.line = 1;
      this.port.intx(1);
    }
  }

  /** After the registers were reset: nothing is requested, no window is open. */
  reset(): void {
    this.times[0] = -1e15;
    this.update();
  }
}
