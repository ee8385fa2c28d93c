import { sendMsi } from '../../msi/index.js';
import type { ConfigSpace, DevicePort } from '../../pcie/index.js';
import { bump } from '../counters.js';
import {
  CTRL_EXT_IAME,
  CTRL_EXT_PBA_CLR,
  ICR_INT_ASSERTED,
  ICR_OTHER,
  ICR_RXQ0,
  ICR_RXQ1,
  ICR_RXT0,
  ICR_TXDW,
  ICR_TXQ0,
  ICR_TXQ1,
} from '../registers/bits.js';
import type { RegisterFile } from '../registers/file.js';
import { CTRL_EXT, IAC, IAM, ICR, IMS, ITR, IVAR } from '../registers/indices.js';
import { CAUSE_MASK, OTHER_CAUSES } from '../registers/interrupt.js';
import { MsixVectors } from './msix-vectors.js';

/** Nanoseconds of one unit of ITR and EITR. */
export const ITR_UNIT_NS = 256;

/* How the function signals, as its configuration space says. The order matters: up to MODE_MSI there is one request. */
/** INTx messages. */
export const MODE_INTX = 0;
/** One MSI message. */
export const MODE_MSI = 1;
/** Five MSI-X vectors. */
export const MODE_MSIX = 2;
/** Not in D0: causes are recorded, nothing is signalled. */
export const MODE_ASLEEP = 3;

/**
 * Interrupt causes to INTx, MSI or MSI-X. With INTx and MSI the request is (ICR & IMS) != 0. It is signalled at once when
 * no moderation window is open, else when the window ends; the first interrupt is immediate.
 * MSI: one message when the request rises; INTx: the level follows the request outside the window. With MSI-X each
 * vector has a request and a window of its own: {@link MsixVectors}.
 */
export class InterruptUnit {
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly config: ConfigSpace;
  private readonly timer: number;
  readonly msix: MsixVectors;
  /** MODE_*, kept by {@link configWritten}. */
  mode: number = MODE_INTX;
  /** The present request has been signalled. */
  signalled = false;
  /** INTx level that this unit last asked for. */
  line: 0 | 1 = 0;
  /**
   * Whether an interrupt that was held back opens a window in its turn, or only one that was immediate does.
   * The default (false) is the timeline measured on a model of this very chip: frames at 0, 100 and 500 us with a window of
   * 256 us interrupt at 0, 256 and 500. True is a strict minimum gap, as Intel's manuals of its siblings describe it
   * (8254x manual 13.4.18; 82575 manual 5.14: the counter is loaded again whenever an interrupt is issued): the third comes
   * at 512. The 82574L's own text was not read, so what was measured stands.
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
    this.msix = new MsixVectors(file, port, config, strictGap);
  }

  /** The cause of a receive write-back of queue 0 or 1 in the present mode. */
  rxCause(queue: number): number {
    if (this.mode !== MODE_MSIX) return ICR_RXT0;
    return queue === 0 ? ICR_RXQ0 : ICR_RXQ1;
  }

  /** The cause of a transmit write-back of queue 0 or 1 in the present mode. */
  txCause(queue: number): number {
    if (this.mode !== MODE_MSIX) return ICR_TXDW;
    return queue === 0 ? ICR_TXQ0 : ICR_TXQ1;
  }

  /** IVAR bit 31 with MSI-X: each transmit descriptor is written back and interrupts, with RS or without. */
  everyWriteback(): boolean {
    return this.values[IVAR] < 0 && this.mode === MODE_MSIX;
  }

  /** Causes have occurred: ORed into ICR. */
  raise(causes: number): void {
    const v = this.values;
    if (this.mode > MODE_MSI) {
      this.raiseVectors(causes);
      return;
    }
    if ((causes & v[IMS]) === 0) this.masked++;
    v[ICR] |= causes & CAUSE_MASK;
    // More causes never take a request away, and one that is signalled or waits for its window stays as it is.
    if (!this.signalled && !this.armed && (v[ICR] & v[IMS]) !== 0) this.request();
  }

  /**
   * With MSI-X the causes without a vector of their own also set OTHER, whether IMS has them or not (as Linux' e1000e
   * notes of the chip); in a sleeping function they are only recorded.
   */
  private raiseVectors(causes: number): void {
    const v = this.values;
    const vectors = this.mode === MODE_MSIX;
    const all = vectors && (causes & OTHER_CAUSES) !== 0 ? causes | ICR_OTHER : causes;
    if ((all & v[IMS]) === 0) this.masked++;
    v[ICR] |= all & CAUSE_MASK;
    if (vectors) this.msix.raised();
  }

  /**
   * Software reads ICR: the causes, bit 31 if they request an interrupt. All are cleared and auto-masked; with MSI-X
   * only if an interrupt is requested or IMS is 0, else the read has no effect (the vectors' causes would be lost).
   */
  readCause(): number {
    const v = this.values;
    const causes = v[ICR];
    const asserted = causes & v[IMS];
    if (causes === 0) return 0;
    if (asserted === 0 && this.mode === MODE_MSIX && v[IMS] !== 0) return causes;
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

  /** Software writes IMS. With CTRL_EXT.PBA_CLR, enabling a vector's cause also forgets its pending message. */
  writeMaskSet(value: number): void {
    const v = this.values;
    if (this.mode === MODE_MSIX && (v[CTRL_EXT] & CTRL_EXT_PBA_CLR) !== 0) this.msix.clearPending(value);
    v[IMS] |= value & CAUSE_MASK;
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

  /** EITR of vector `n` was written. */
  vectorThrottleChanged(n: number): void {
    this.msix.throttleChanged(n);
    this.update();
  }

  /** IVAR was written. */
  vectorsAllocated(): void {
    this.msix.allocate();
    this.update();
  }

  /**
   * Configuration space was written, or the function was reset. A change of the way of signalling takes back what the
   * old one had raised; a request that stands is signalled anew by the new one.
   */
  configWritten(): void {
    const { config } = this;
    const awake = config.powerState() === 0;
    const mode = !awake ? MODE_ASLEEP : config.msixEnabled ? MODE_MSIX : config.msiEnabled ? MODE_MSI : MODE_INTX;
    if (mode !== this.mode) {
      this.withdraw();
      this.msix.stop();
      this.mode = mode;
      this.update();
    }
    if (mode === MODE_MSIX) this.msix.table.configWritten(this.port);
  }

  /** Brings the request to the bus. */
  private update(): void {
    if (this.mode > MODE_MSI) {
      if (this.mode === MODE_MSIX) this.msix.update();
      return;
    }
    const v = this.values;
    if ((v[ICR] & v[IMS]) === 0) this.withdraw();
    else if (!this.signalled && !this.armed) this.request();
  }

  /** There is no request any more. */
  private withdraw(): void {
    this.signalled = false;
    if (this.armed) {
      this.armed = false;
      this.port.disarmTimer(this.timer);
    }
    if (this.line !== 0) {
      this.line = 0;
      this.port.intx(0);
    }
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
    this.withdraw();
    this.msix.restart();
    this.update();
  }
}
