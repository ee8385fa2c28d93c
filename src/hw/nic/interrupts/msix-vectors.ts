import { Cloneable } from '../../../sim/index.js';
import { MsixTable } from '../../msi/index.js';
import type { ConfigSpace, DevicePort } from '../../pcie/index.js';
import { bump } from '../counters.js';
import { TIMER_EITR } from '../parts.js';
import { CTRL_EXT_EIAME, CTRL_EXT_IAME, ICR_RXQ0 } from '../registers/bits.js';
import type { RegisterFile } from '../registers/file.js';
import { CTRL_EXT, EIAC, EITR0, IAC, IAM, ICR, IMS, IVAR } from '../registers/indices.js';

/** MSI-X vectors of the chip. */
export const MSIX_VECTORS = 5;
const IVAR_VALID = 8;
const EITR_UNIT_NS = 256;
/** Causes that IVAR allocates: RXQ0, RXQ1, TXQ0, TXQ1, OTHER are bits 20 to 24, a nibble each. */
const ALLOCATED = 5;

/**
 * The interrupt side of MSI-X. IVAR gives each of five causes a vector; the request of a cause is ICR & IMS. When a cause
 * comes to request, its vector sends a message, at once or at the end of the window that EITR opened. With the message
 * go, of the causes it stands for: EIAC's out of ICR and, unless CTRL_EXT.IAME is set, out of IMS; with
 * CTRL_EXT.EIAME IAM's out of IMS. A cause that stays asserts no second message until it has been cleared or masked.
 * The emission counts, not the delivery: a vector masked in its table keeps the message pending.
 */
export class MsixVectors extends Cloneable {
  readonly table: MsixTable;
  private readonly values: Int32Array;
  private readonly port: DevicePort;
  private readonly strictGap: boolean;
  /** Timer of each vector's window. */
  private readonly timers: Int32Array;
  /** Start of each vector's last window, ns. */
  private readonly starts: Float64Array;
  /** Causes of each vector, as IVAR says; `mapped` is all of them. */
  private readonly causes: Int32Array;
  private mapped: number;
  /** Vectors, by bit, that wait for the end of their window. */
  private armed: number;
  /** Requesting causes whose message has been sent. */
  private signalled: number;

  constructor(file: RegisterFile, port: DevicePort, config: ConfigSpace, strictGap: boolean) {
    super();
    this.table = new MsixTable(config, MSIX_VECTORS);
    this.values = file.values;
    this.port = port;
    this.strictGap = strictGap;
    this.timers = new Int32Array(MSIX_VECTORS);
    for (let n = 0; n < MSIX_VECTORS; n++) this.timers[n] = port.createTimer(TIMER_EITR, n);
    this.starts = new Float64Array(MSIX_VECTORS).fill(-1e15);
    this.causes = new Int32Array(MSIX_VECTORS);
    this.mapped = 0;
    this.armed = 0;
    this.signalled = 0;
  }

  /** Causes were set in ICR. */
  raised(): void {
    const v = this.values;
    const fresh = v[ICR] & v[IMS] & this.mapped & ~this.signalled;
    if (fresh !== 0) this.request(fresh);
  }

  /** ICR, IMS, IVAR or EITR were changed by software. */
  update(): void {
    const v = this.values;
    const up = v[ICR] & v[IMS] & this.mapped;
    this.signalled &= up;
    if (this.armed !== 0) this.disarm(up);
    const fresh = up & ~this.signalled;
    if (fresh !== 0) this.request(fresh);
  }

  /** Stops the windows of vectors that have nothing left to report. */
  private disarm(up: number): void {
    for (let n = 0; n < MSIX_VECTORS; n++) {
      if (((this.armed >>> n) & 1) === 0 || (this.causes[n] & up) !== 0) continue;
      this.armed &= ~(1 << n);
      this.port.disarmTimer(this.timers[n]);
    }
  }

  /** Causes have come to request: their vectors send, or wait for their windows. */
  private request(fresh: number): void {
    for (let n = 0; n < MSIX_VECTORS; n++) {
      if ((this.causes[n] & fresh) === 0 || ((this.armed >>> n) & 1) !== 0) continue;
      const interval = this.values[EITR0 + n];
      if (interval !== 0 && this.withinWindow(n, interval)) continue;
      this.starts[n] = this.port.clock[0];
      this.send(n);
    }
  }

  /** True when the vector's window is open; then its timer is armed for the end. */
  private withinWindow(n: number, interval: number): boolean {
    const end = this.starts[n] + interval * EITR_UNIT_NS;
    if (this.port.clock[0] >= end) return false;
    this.armed |= 1 << n;
    this.port.at[0] = end;
    this.port.armTimerAt(this.timers[n]);
    return true;
  }

  /** The window of a vector has ended with a request held back. */
  windowEnd(n: number): void {
    if (((this.armed >>> n) & 1) === 0) return;
    this.armed &= ~(1 << n);
    if (this.strictGap) this.starts[n] = this.port.clock[0];
    this.send(n);
  }

  /** One message for all that the vector's causes now request. */
  private send(n: number): void {
    const v = this.values;
    const sent = v[ICR] & v[IMS] & this.causes[n];
    bump(v, IAC);
    this.table.signal(this.port, n);
    const cleared = v[EIAC] & sent;
    v[ICR] &= ~cleared;
    const ctrl = v[CTRL_EXT];
    if ((ctrl & CTRL_EXT_IAME) === 0) v[IMS] &= ~cleared;
    if ((ctrl & CTRL_EXT_EIAME) !== 0) v[IMS] &= ~(v[IAM] & sent);
    this.signalled = (this.signalled | sent) & v[ICR] & v[IMS];
  }

  /** IVAR was written: which causes each vector stands for. A vector that does not exist is none. */
  allocate(): void {
    const ivar = this.values[IVAR];
    this.causes.fill(0);
    this.mapped = 0;
    for (let k = 0; k < ALLOCATED; k++) {
      const nibble = (ivar >>> (4 * k)) & 15;
      const n = nibble & 7;
      if ((nibble & IVAR_VALID) === 0 || n >= MSIX_VECTORS) continue;
      this.causes[n] |= ICR_RXQ0 << k;
      this.mapped |= ICR_RXQ0 << k;
    }
  }

  /** EITR of a vector was written: an open window ends at its start plus the new interval. */
  throttleChanged(n: number): void {
    if (((this.armed >>> n) & 1) === 0) return;
    this.armed &= ~(1 << n);
    this.port.disarmTimer(this.timers[n]);
  }

  /** Forgets the pending messages of the vectors of these causes. */
  clearPending(causes: number): void {
    if ((causes & this.mapped) === 0) return;
    for (let n = 0; n < MSIX_VECTORS; n++) if ((this.causes[n] & causes) !== 0) this.table.clearPending(n);
  }

  /** Forgets the pending messages of these vectors, by bit. */
  clearPendingVectors(bits: number): void {
    for (let n = 0; n < MSIX_VECTORS; n++) if (((bits >>> n) & 1) !== 0) this.table.clearPending(n);
  }

  /** MSI-X is no longer, or not yet, the way of signalling. */
  stop(): void {
    this.signalled = 0;
    this.disarm(0);
  }

  /** The registers were reset: no window is open, IVAR allocates nothing. */
  restart(): void {
    this.stop();
    this.starts.fill(-1e15);
    this.allocate();
  }
}
