import type { DevicePort } from '../pcie/index.js';

/** Address of the internal PHY on the MDIO bus. */
const PHY_ADDRESS = 1;

const MDIC_DATA = 0xffff;
const MDIC_OP_WRITE = 1 << 26;
const MDIC_OP_READ = 2 << 26;
const MDIC_OP_MASK = 3 << 26;
const MDIC_READY = 1 << 28;
const MDIC_ERROR = 1 << 30;

const BMCR = 0;
const BMCR_RESET = 0x8000;
const BMCR_RESTART_AN = 0x0200;
const BMCR_ISOLATE = 0x0400;
const BMCR_POWER_DOWN = 0x0800;
const BMSR = 1;
const BMSR_LINK = 0x0004;
const BMSR_AN_COMPLETE = 0x0020;
const LPA = 5;
const LPA_ACK = 0x4000;
/** PHY Specific Status: speed 15:14, duplex 13, resolved 11, link 10. */
const PSSR = 17;
const PSSR_LINK_BITS = 0x0c08;

/** Reset values; registers not named are 0. Those of the BM PHY of an 82574L. */
const RESET: readonly [number, number][] = [
  [BMCR, 0x1140],
  [BMSR, 0x7949],
  [2, 0x0141],
  [3, 0x0cb1],
  [4, 0x0de1],
  [LPA, 0x07e0],
  [6, 0x0004],
  [9, 0x0f00],
  [10, 0x3c00],
  [15, 0x3000],
  [16, 0x3360],
  [PSSR, 0xac08],
];
/** Registers that software cannot write: status, identity, partner ability. */
const READ_ONLY = (1 << BMSR) | (1 << 2) | (1 << 3) | (1 << LPA) | (1 << 6) | (1 << 10) | (1 << 15) | (1 << PSSR);

/**
 * The PHY behind MDIC: registers 0..31 (of every page the same, as drivers use page 0), autonegotiation that takes a fixed time, and the
 * link: up when there is carrier, autonegotiation has ended and the PHY has power.
 */
export class Phy {
  readonly registers: Uint16Array = new Uint16Array(32);
  /** The link is up. */
  up = false;
  /** The wire has a carrier. */
  carrier = false;
  /** How long autonegotiation takes, ns (int32). */
  readonly autoneg_ns: number;
  private negotiating = false;
  /** BMSR.link is latched low from a loss until it has been read. */
  private lost = false;
  private readonly port: DevicePort;
  private readonly timer: number;

  constructor(port: DevicePort, timerOp: number, autoneg_ns: number) {
    this.port = port;
    this.autoneg_ns = autoneg_ns;
    this.timer = port.createTimer(timerOp, 0);
    this.reset();
  }

  /** Registers to their reset values; autonegotiation starts if there is a carrier. */
  reset(): void {
    this.registers.fill(0);
    for (const [at, value] of RESET) this.registers[at] = value;
    this.negotiate();
  }

  /**
   * Carries out what was written to MDIC and returns its new value: READY, and ERROR for an address without a PHY or
   * an unknown operation. Callers compare `up` before and after.
   */
  mdic(value: number): number {
    const register = (value >>> 16) & 31;
    const op = value & MDIC_OP_MASK;
    const request = value & ~(MDIC_READY | MDIC_ERROR);
    if (((value >>> 21) & 31) !== PHY_ADDRESS || (op !== MDIC_OP_READ && op !== MDIC_OP_WRITE)) {
      return request | MDIC_READY | MDIC_ERROR;
    }
    if (op === MDIC_OP_READ) return (request & ~MDIC_DATA) | this.read(register) | MDIC_READY;
    this.write(register, value & MDIC_DATA);
    return request | MDIC_READY;
  }

  private read(register: number): number {
    let value = this.registers[register];
    if (register === BMSR) {
      if (this.up) value |= this.lost ? BMSR_AN_COMPLETE : BMSR_AN_COMPLETE | BMSR_LINK;
      this.lost = false;
    }
    if (register === LPA && this.up) value |= LPA_ACK;
    if (register === PSSR && !this.up) value &= ~PSSR_LINK_BITS;
    return value;
  }

  private write(register: number, value: number): void {
    if (((READ_ONLY >>> register) & 1) !== 0) return;
    if (register !== BMCR) {
      this.registers[register] = value;
      return;
    }
    const wasDown = (this.registers[BMCR] & BMCR_POWER_DOWN) !== 0;
    this.registers[BMCR] = value & ~(BMCR_RESET | BMCR_RESTART_AN);
    const isDown = (value & BMCR_POWER_DOWN) !== 0;
    if ((value & (BMCR_RESET | BMCR_RESTART_AN)) !== 0 || wasDown !== isDown) this.negotiate();
  }

  /** The carrier of the wire came or went. Without a time for autonegotiation the link is up before this returns. */
  setCarrier(up: boolean): void {
    if (up === this.carrier) return;
    this.carrier = up;
    this.negotiate();
    if (this.autoneg_ns === 0) this.negotiated();
  }

  /** The link goes down, and comes up after autonegotiation if it can. */
  private negotiate(): void {
    if (this.up) this.lost = true;
    this.up = false;
    this.negotiating = this.carrier && (this.registers[BMCR] & (BMCR_POWER_DOWN | BMCR_ISOLATE)) === 0;
    if (this.negotiating) this.port.armTimer(this.timer, this.autoneg_ns);
    else this.port.disarmTimer(this.timer);
  }

  /** The timer of autonegotiation has fired. */
  negotiated(): void {
    if (!this.negotiating) return;
    this.port.disarmTimer(this.timer);
    this.negotiating = false;
    this.up = this.carrier;
  }
}
