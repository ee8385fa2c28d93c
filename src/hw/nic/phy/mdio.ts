import { Cloneable } from '../../../sim/index.js';
import type { DevicePort } from '../../pcie/index.js';
import type { InterruptUnit } from '../interrupts/irq.js';
import { ICR_MDAC } from '../registers/bits.js';
import { MDIC } from '../registers/indices.js';
import type { Phy } from './phy.js';

/** All but READY, ERROR and the reserved bit 31. */
const MDIC_WRITABLE = 0x2fffffff;
const MDIC_INT_EN = 1 << 29;

/** MDIC: one transaction on the MDIO bus at a time, READY at its end, and MDAC if MDIC asks for it. */
export class Mdio extends Cloneable {
  private readonly values: Int32Array;
  private readonly phy: Phy;
  private readonly irq: InterruptUnit;
  private readonly port: DevicePort;
  private readonly timer: number;
  /** Time of a transaction, ns (int32); 0 = done when the write returns. A real one has 64 bits of 400 ns: 25 600 ns. */
  readonly mdi_ns: number;
  private busy = false;

  constructor(values: Int32Array, phy: Phy, irq: InterruptUnit, port: DevicePort, timerOp: number, mdi_ns: number) {
    super();
    this.values = values;
    this.phy = phy;
    this.irq = irq;
    this.port = port;
    this.timer = port.createTimer(timerOp, 0);
    this.mdi_ns = mdi_ns;
  }

  /** MDIC was written. One that comes before READY is lost: the transaction under way goes on. True when it is done. */
  wrote(value: number): boolean {
    if (this.busy) return false;
    this.values[MDIC] = value & MDIC_WRITABLE;
    if (this.mdi_ns === 0) {
      this.finish();
      return true;
    }
    this.busy = true;
    this.port.armTimer(this.timer, this.mdi_ns);
    return false;
  }

  /** The transaction has ended. */
  finish(): void {
    const value = this.values[MDIC];
    this.busy = false;
    this.values[MDIC] = this.phy.mdic(value);
    if ((value & MDIC_INT_EN) !== 0) this.irq.raise(ICR_MDAC);
  }

  /** After the registers were reset: a transaction under way is forgotten. */
  reset(): void {
    this.busy = false;
    this.port.disarmTimer(this.timer);
  }
}
