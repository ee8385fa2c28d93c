/** Speeds as STATUS.SPEED and CTRL.SPEED count them. */
export const SPEED_10 = 0;
export const SPEED_100 = 1;
export const SPEED_1000 = 2;

/** No common mode: there is no link. */
export const NO_MODE = -1;

/* Technologies of the base page (ANAR, ANLPAR), IEEE 802.3 names as in Linux' mii.h. */
export const ADVERTISE_10HALF = 0x0020;
export const ADVERTISE_10FULL = 0x0040;
export const ADVERTISE_100HALF = 0x0080;
export const ADVERTISE_100FULL = 0x0100;
/* STAT1000: what the partner offers; CTRL1000 has ours two bits lower. */
export const LPA_1000HALF = 0x0400;
export const LPA_1000FULL = 0x0800;

/** What sits at the other end of the cable, as far as a PHY sees it. */
export interface LinkPartner {
  /** It autonegotiates; else it holds to the one mode of `abilities`, which we find by parallel detection. */
  readonly autoneg: boolean;
  /** Its base page as ANLPAR shows it, without the acknowledge bit. */
  readonly abilities: number;
  /** Its 1000BASE-T abilities: LPA_1000FULL, LPA_1000HALF. */
  readonly gigabit: number;
  /** How its pairs are connected: it follows, or holds to one of the two. */
  readonly mdi: 'auto' | 'mdi' | 'mdix';
}

/** A partner with every mode, such as the recorded Linux driver saw (base page 07e0). */
export const ABLE_PARTNER: LinkPartner = {
  autoneg: true,
  abilities: 0x07e0,
  gigabit: LPA_1000FULL | LPA_1000HALF,
  mdi: 'auto',
};

/** A partner for a wire of that rate: one of 10 or 100 Mbit/s has nothing faster. */
export function partnerFor(rate_bps: number): LinkPartner {
  if (rate_bps === 10_000_000) {
    return { ...ABLE_PARTNER, abilities: 0x0400 | ADVERTISE_10FULL | ADVERTISE_10HALF, gigabit: 0 };
  }
  return rate_bps === 100_000_000 ? { ...ABLE_PARTNER, gigabit: 0 } : ABLE_PARTNER;
}

/** A mode in one number: speed * 2, plus 1 for full duplex. */
export function mode(speed: number, full: boolean): number {
  return speed * 2 + (full ? 1 : 0);
}

/** The best common mode, or NO_MODE; in the order of IEEE 802.3 as Linux' `mii_nway_result` has it, gigabit before all. */
export function resolve(anar: number, ctrl1000: number, partner: LinkPartner): number {
  if (!partner.autoneg) return parallelDetect(anar, partner.abilities);
  const gigabit = (ctrl1000 << 2) & partner.gigabit;
  if ((gigabit & LPA_1000FULL) !== 0) return mode(SPEED_1000, true);
  if ((gigabit & LPA_1000HALF) !== 0) return mode(SPEED_1000, false);
  const common = anar & partner.abilities;
  if ((common & ADVERTISE_100FULL) !== 0) return mode(SPEED_100, true);
  if ((common & ADVERTISE_100HALF) !== 0) return mode(SPEED_100, false);
  if ((common & ADVERTISE_10FULL) !== 0) return mode(SPEED_10, true);
  return (common & ADVERTISE_10HALF) !== 0 ? mode(SPEED_10, false) : NO_MODE;
}

/** Parallel detection finds the partner's speed and can only take half duplex for its duplex. */
function parallelDetect(anar: number, abilities: number): number {
  if ((abilities & (ADVERTISE_100FULL | ADVERTISE_100HALF)) !== 0) {
    return (anar & ADVERTISE_100HALF) !== 0 ? mode(SPEED_100, false) : NO_MODE;
  }
  if ((abilities & (ADVERTISE_10FULL | ADVERTISE_10HALF)) === 0) return NO_MODE;
  return (anar & ADVERTISE_10HALF) !== 0 ? mode(SPEED_10, false) : NO_MODE;
}

/** The link of a PHY that is forced to `forced`: the partner must be able to run at that speed. */
export function forcedMode(forced: number, partner: LinkPartner): number {
  const speed = forced >> 1;
  // 1000BASE-T needs autonegotiation to choose a master.
  if (speed === SPEED_1000) return NO_MODE;
  const bits = speed === SPEED_100 ? ADVERTISE_100FULL | ADVERTISE_100HALF : ADVERTISE_10FULL | ADVERTISE_10HALF;
  return (partner.abilities & bits) !== 0 ? forced : NO_MODE;
}
