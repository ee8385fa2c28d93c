import { Cloneable } from '../../sim/index.js';
import {
  ADVERTISED_10baseT_Full,
  ADVERTISED_10baseT_Half,
  ADVERTISED_100baseT_Full,
  ADVERTISED_100baseT_Half,
  ADVERTISED_1000baseT_Full,
} from '../../skbuff/index.js';
import type { E1000ePauseOption } from './options.js';
import { ADVERTISE_10HALF, ADVERTISE_CSMA, ADVERTISE_PAUSE_ASYM, ADVERTISE_PAUSE_CAP } from './regs.js';

/** The four modes that MII register 4 offers, in the order of its bits. */
const MODES_10_100: number =
  ADVERTISED_10baseT_Half | ADVERTISED_10baseT_Full | ADVERTISED_100baseT_Half | ADVERTISED_100baseT_Full;
/** All that the chip can do. */
export const ADVERTISED_ALL: number = MODES_10_100 | ADVERTISED_1000baseT_Full;

/** How the link is to be set up, and the use of pause frames (`hw->mac`, `hw->phy`, `hw->fc` of the kernel driver). */
export class E1000LinkConfig extends Cloneable {
  autoneg: boolean;
  /** ADVERTISED_* modes offered. */
  advertised: number;
  /** Without autonegotiation: 10 or 100 Mbit/s, half or full duplex. */
  speed: number;
  full_duplex: boolean;
  /** Pause: agreed on with the partner; asked for; in force now. */
  fc_autoneg: boolean;
  want_rx_pause: boolean;
  want_tx_pause: boolean;
  rx_pause: boolean;
  tx_pause: boolean;

  constructor(pause: E1000ePauseOption) {
    super();
    this.autoneg = true;
    this.advertised = ADVERTISED_ALL;
    this.speed = 100;
    this.full_duplex = true;
    this.fc_autoneg = pause === 'autoneg';
    this.want_rx_pause = pause === 'rx' || pause === 'both' || pause === 'autoneg';
    this.want_tx_pause = pause === 'tx' || pause === 'both' || pause === 'autoneg';
    this.rx_pause = this.tx_pause = false;
  }
}

/** MII register 4: the 10 and 100 Mbit/s modes, and the pause bits that what is wanted takes (`e1000_phy_setup_autoneg`). */
export function e1000_advertisement(link: E1000LinkConfig): number {
  let bits = ADVERTISE_CSMA | ((link.advertised & MODES_10_100) * ADVERTISE_10HALF);
  // There is no way to say that only reception is wanted.
  if (link.want_rx_pause) bits |= ADVERTISE_PAUSE_CAP | ADVERTISE_PAUSE_ASYM;
  else if (link.want_tx_pause) bits |= ADVERTISE_PAUSE_ASYM;
  return bits;
}

/** What two ends may do with pause frames; bit 0: receive them, bit 1: send them. */
export const PAUSE_RX = 1;
export const PAUSE_TX = 2;

/**
 * Pause after autonegotiation from both ends' MII registers 4 and 5 (IEEE 802.3 annex 28B; followed:
 * `e1000e_config_fc_after_link_up`).
 */
export function e1000_resolve_pause(local: number, partner: number, want_tx: boolean): number {
  const both = local & partner;
  if ((both & ADVERTISE_PAUSE_CAP) !== 0) return want_tx ? PAUSE_RX | PAUSE_TX : PAUSE_RX;
  if ((both & ADVERTISE_PAUSE_ASYM) === 0) return 0;
  if ((partner & ADVERTISE_PAUSE_CAP) !== 0) return PAUSE_TX;
  return (local & ADVERTISE_PAUSE_CAP) !== 0 ? PAUSE_RX : 0;
}
