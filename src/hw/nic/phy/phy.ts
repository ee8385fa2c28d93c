import type { DevicePort } from '../../pcie/index.js';
import { ABLE_PARTNER, forcedMode, type LinkPartner, mode, NO_MODE, resolve, SPEED_1000 } from './autoneg.js';
import { PhyPages } from './phy-pages.js';
import * as P from './phy-registers.js';

/** Address of the internal PHY on the MDIO bus. */
const PHY_ADDRESS = 1;

const MDIC_DATA = 0xffff;
const MDIC_OP_WRITE = 1 << 26;
const MDIC_OP_READ = 2 << 26;
const MDIC_OP_MASK = 3 << 26;
const MDIC_READY = 1 << 28;
const MDIC_ERROR = 1 << 30;

/**
 * The BM PHY behind MDIC: the IEEE 802.3 clause 22 registers, the PHY's own control, status and interrupt registers, and
 * pages; autonegotiation with a {@link LinkPartner} that takes a fixed time, or a forced mode; and the link, which needs a
 * carrier, power, a common mode and a fitting MDI/MDIX pair.
 *
 * As in other PHYs of its maker, a change of speed, duplex or autonegotiation in BMCR waits for the next software reset,
 * restart or power-up (Linux' `e1000e_phy_force_speed_duplex_m88` resets for that reason). A software reset keeps the
 * registers; only a hardware reset (`reset`) brings the defaults back.
 */
export class Phy {
  readonly registers: Uint16Array = new Uint16Array(32);
  /** The MAC sees a link: there is one and the PHY is not isolated, or the PHY loops back. */
  up = false;
  /** The wire has a carrier. */
  carrier = false;
  /** The mode of the link, or of the last one: speed * 2 + full duplex (see autoneg.ts). */
  mode: number = mode(SPEED_1000, true);
  partner: LinkPartner = ABLE_PARTNER;
  /** How long autonegotiation takes, ns (int32). */
  readonly autoneg_ns: number;
  /** There is a link on the medium. */
  private linked = false;
  private negotiating = false;
  private complete = false;
  private mdix = false;
  /** ANER.PageReceived, until it is read. */
  private pageReceived = false;
  /** BMSR.link is latched low from a loss until it has been read. */
  private lost = false;
  private readonly pages: PhyPages = new PhyPages();
  private readonly port: DevicePort;
  private readonly timer: number;

  constructor(port: DevicePort, timerOp: number, autoneg_ns: number) {
    this.port = port;
    this.autoneg_ns = autoneg_ns;
    this.timer = port.createTimer(timerOp, 0);
    this.reset();
  }

  /** 10, 100 or 1000 Mbit/s as STATUS.SPEED codes them. */
  get speed(): number {
    return this.mode >> 1;
  }

  get fullDuplex(): boolean {
    return (this.mode & 1) !== 0;
  }

  /** BMCR.LOOPBACK: what the MAC sends comes back. */
  get loopback(): boolean {
    return (this.registers[P.MII_BMCR] & (P.BMCR_LOOPBACK | P.BMCR_PDOWN)) === P.BMCR_LOOPBACK;
  }

  /** Hardware reset: registers to their reset values; autonegotiation starts if there is a carrier. */
  reset(): void {
    this.registers.fill(0);
    for (const [at, value] of P.PHY_RESET) this.registers[at] = value;
    this.pages.reset();
    this.pageReceived = false;
    this.negotiate();
  }

  /** Another partner is plugged in: the link goes down and is negotiated anew. */
  setPartner(partner: LinkPartner): void {
    this.partner = partner;
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
    if (register >= P.FIRST_PAGED && this.pages.holds(register)) return this.pages.read(register);
    const value = this.registers[register];
    if (register === P.MII_BMSR) return value | this.readStatus();
    if (register === P.MII_LPA) return this.partnerPage();
    if (register === P.MII_EXPANSION) return value | this.readExpansion();
    if (register === P.MII_STAT1000) return this.gigabitStatus();
    if (register === P.M88E1000_PHY_SPEC_STATUS) return this.specificStatus();
    if (register === P.M88E1000_INT_STATUS) this.registers[register] = 0;
    return value;
  }

  private readStatus(): number {
    const link = this.linked && !this.lost ? P.BMSR_LSTATUS : 0;
    this.lost = false;
    return link | (this.complete ? P.BMSR_ANEGCOMPLETE : 0);
  }

  /** ANLPAR: what the partner offered, or what parallel detection found. */
  private partnerPage(): number {
    if (!this.complete) return 0;
    return this.partner.abilities | (this.partner.autoneg ? P.LPA_LPACK : 0);
  }

  private readExpansion(): number {
    let bits = this.pageReceived ? P.EXPANSION_PAGE_RECEIVED : 0;
    this.pageReceived = false;
    if (this.complete && this.partner.autoneg) {
      bits |= P.EXPANSION_NWAY;
      if ((this.partner.abilities & P.LPA_NPAGE) !== 0) bits |= P.EXPANSION_LP_NPAGE;
    }
    return bits;
  }

  private gigabitStatus(): number {
    if (!this.complete || !this.partner.autoneg) return 0;
    const ours = this.registers[P.MII_CTRL1000];
    const master =
      (ours & (P.CTL1000_ENABLE_MASTER | P.CTL1000_AS_MASTER)) === (P.CTL1000_ENABLE_MASTER | P.CTL1000_AS_MASTER);
    const receivers = this.linked && this.speed === SPEED_1000 ? P.STAT1000_RECEIVERS : 0;
    return this.partner.gigabit | receivers | (master ? P.STAT1000_MASTER : 0);
  }

  private specificStatus(): number {
    let value = (this.speed << P.PSSR_SPEED_SHIFT) | (this.fullDuplex ? P.PSSR_DPLX : 0);
    if (this.linked) value |= P.PSSR_SPD_DPLX_RESOLVED | P.PSSR_LINK | P.PSSR_GLOBAL_LINK;
    return this.mdix ? value | P.PSSR_MDIX : value;
  }

  private write(register: number, value: number): void {
    if (register >= P.FIRST_PAGED && this.pages.takes(register, value)) return;
    if (((P.PHY_READ_ONLY >>> register) & 1) !== 0) return;
    if (register === P.MII_BMCR) this.writeControl(value);
    else this.registers[register] = value;
  }

  private writeControl(value: number): void {
    const before = this.registers[P.MII_BMCR];
    this.registers[P.MII_BMCR] = value & P.BMCR_STORED;
    const restart = (value & (P.BMCR_ANENABLE | P.BMCR_ANRESTART)) === (P.BMCR_ANENABLE | P.BMCR_ANRESTART);
    const switched = ((before ^ value) & (P.BMCR_PDOWN | P.BMCR_LOOPBACK)) !== 0;
    if (restart || switched || (value & P.BMCR_RESET) !== 0) this.negotiate();
    else this.updateUp();
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
    if (this.linked) {
      this.lost = true;
      this.interrupt(P.PHY_INT_LINK);
    }
    this.linked = false;
    this.complete = false;
    this.negotiating = this.carrier && (this.registers[P.MII_BMCR] & (P.BMCR_PDOWN | P.BMCR_LOOPBACK)) === 0;
    if (this.negotiating) this.port.armTimer(this.timer, this.autoneg_ns);
    else this.port.disarmTimer(this.timer);
    this.updateUp();
  }

  /** The timer of autonegotiation has fired. */
  negotiated(): void {
    if (!this.negotiating) return;
    this.port.disarmTimer(this.timer);
    this.negotiating = false;
    const bmcr = this.registers[P.MII_BMCR];
    const auto = (bmcr & P.BMCR_ANENABLE) !== 0;
    const found = auto
      ? resolve(this.registers[P.MII_ADVERTISE], this.registers[P.MII_CTRL1000], this.partner)
      : forcedMode(forced(bmcr), this.partner);
    if (auto && this.partner.autoneg) {
      this.pageReceived = true;
      this.interrupt(P.PHY_INT_PAGE_RECEIVED);
    }
    if (found === NO_MODE || !this.crossover()) return;
    this.complete = auto;
    this.linked = true;
    this.interrupt(auto ? P.PHY_INT_LINK | P.PHY_INT_AN_COMPLETE : P.PHY_INT_LINK);
    this.setMode(found);
    this.updateUp();
  }

  private setMode(found: number): void {
    if (found >> 1 !== this.speed) this.interrupt(P.PHY_INT_SPEED);
    if (((found ^ this.mode) & 1) !== 0) this.interrupt(P.PHY_INT_DUPLEX);
    this.mode = found;
  }

  /** Chooses between MDI and MDIX; false when both ends hold to the same. The cable is straight. */
  private crossover(): boolean {
    const ours = this.registers[P.M88E1000_PHY_SPEC_CTRL] & P.PSCR_MDI_MASK;
    const theirs = this.partner.mdi;
    const held = ours === P.PSCR_MDI || ours === P.PSCR_MDIX;
    const mdix = held ? ours === P.PSCR_MDIX : theirs === 'mdi';
    if (held && theirs !== 'auto' && (theirs === 'mdix') === mdix) return false;
    if (mdix !== this.mdix) this.interrupt(P.PHY_INT_MDIX);
    this.mdix = mdix;
    return true;
  }

  private updateUp(): void {
    const bmcr = this.registers[P.MII_BMCR];
    if (this.loopback) {
      this.mode = forced(bmcr);
      this.up = true;
    } else this.up = this.linked && (bmcr & P.BMCR_ISOLATE) === 0;
  }

  /** Bits of the interrupt status register; they stay until it is read. */
  private interrupt(bits: number): void {
    this.registers[P.M88E1000_INT_STATUS] |= bits;
  }
}

/** The mode that BMCR asks for when autonegotiation is off; speed 11 is reserved and taken as 1000. */
function forced(bmcr: number): number {
  const speed = (bmcr & P.BMCR_SPEED1000) !== 0 ? SPEED_1000 : (bmcr & P.BMCR_SPEED100) !== 0 ? 1 : 0;
  return mode(speed, (bmcr & P.BMCR_FULLDPLX) !== 0);
}
