import {
  ADVERTISED_1000baseT_Full,
  ADVERTISED_Asym_Pause,
  ADVERTISED_Autoneg,
  ADVERTISED_Pause,
  ADVERTISED_TP,
  DUPLEX_FULL,
  DUPLEX_HALF,
  DUPLEX_UNKNOWN,
  type EthtoolLinkKsettings,
  type EthtoolPauseparam,
  type NetDevice,
  netif_carrier_ok,
  SPEED_10,
  SPEED_100,
  SPEED_1000,
  SPEED_UNKNOWN,
} from '../../../skbuff/index.js';
import { EINVAL } from '../../../uapi/index.js';
import type { E1000Adapter } from '../adapter.js';
import { e1000_force_mac_fc } from '../flow-control.js';
import { e1000_read_phy_locked } from '../hw.js';
import { ADVERTISED_ALL } from '../link-config.js';
import { e1000e_reinit_locked } from '../netdev.js';
import { ADVERTISE_10HALF, ADVERTISE_PAUSE_ASYM, ADVERTISE_PAUSE_CAP, MII_LPA, MII_STAT1000 } from '../regs.js';

/** Address of the PHY on the MDIO bus. */
const PHY_ADDRESS = 1;
/** MII register 10: the partner can do 1000BASE-T full duplex. */
const LPA_1000FULL = 0x0800;

/** `e1000_get_link_ksettings`. */
export function get_link_ksettings(dev: NetDevice): EthtoolLinkKsettings {
  const a = dev.priv as E1000Adapter;
  const { link } = a;
  const up = netif_carrier_ok(dev);
  return {
    speed: up ? a.link_speed : SPEED_UNKNOWN,
    duplex: up ? (a.full_duplex ? DUPLEX_FULL : DUPLEX_HALF) : DUPLEX_UNKNOWN,
    autoneg: link.autoneg,
    supported: ADVERTISED_ALL | ADVERTISED_Autoneg | ADVERTISED_TP,
    advertising: ADVERTISED_TP | (link.autoneg ? ADVERTISED_Autoneg | link.advertised : 0),
    lp_advertising: up && link.autoneg ? partner(a) : 0,
    phy_address: PHY_ADDRESS,
  };
}

/** What the other end offers, as modes. */
function partner(a: E1000Adapter): number {
  const lpa = e1000_read_phy_locked(a.io, MII_LPA);
  const status = e1000_read_phy_locked(a.io, MII_STAT1000);
  if (lpa < 0 || status < 0) return 0;
  let modes = Math.trunc(lpa / ADVERTISE_10HALF) & 0xf;
  if ((lpa & ADVERTISE_PAUSE_CAP) !== 0) modes |= ADVERTISED_Pause;
  if ((lpa & ADVERTISE_PAUSE_ASYM) !== 0) modes |= ADVERTISED_Asym_Pause;
  if ((status & LPA_1000FULL) !== 0) modes |= ADVERTISED_1000baseT_Full;
  return modes;
}

/**
 * `e1000_set_link_ksettings`: what to offer, or a forced speed of 10 or 100 Mbit/s; 1000 Mbit/s full duplex is negotiated even if it is asked for
 * as forced. An open device is reset for it. 0, or -EINVAL for what the chip cannot do.
 */
export function set_link_ksettings(dev: NetDevice, settings: EthtoolLinkKsettings): number {
  const a = dev.priv as E1000Adapter;
  const { link } = a;
  if (settings.autoneg) {
    const offered = settings.advertising & ADVERTISED_ALL;
    if (offered === 0) return -EINVAL;
    link.autoneg = true;
    link.advertised = offered;
  } else if (settings.speed === SPEED_1000 && settings.duplex === DUPLEX_FULL) {
    link.autoneg = true;
    link.advertised = ADVERTISED_1000baseT_Full;
  } else if (
    (settings.speed === SPEED_10 || settings.speed === SPEED_100) &&
    (settings.duplex === DUPLEX_HALF || settings.duplex === DUPLEX_FULL)
  ) {
    link.autoneg = false;
    link.speed = settings.speed;
    link.full_duplex = settings.duplex === DUPLEX_FULL;
  } else {
    a.irqs.log.print(`e1000e ${a.pdev.name} ${dev.name}: Unsupported Speed/Duplex configuration`);
    return -EINVAL;
  }
  e1000e_reinit_locked(a);
  return 0;
}

/** `e1000_get_pauseparam`: what is in force now. */
export function get_pauseparam(dev: NetDevice): EthtoolPauseparam {
  const { link } = dev.priv as E1000Adapter;
  return { autoneg: link.fc_autoneg, rx_pause: link.rx_pause, tx_pause: link.tx_pause };
}

/** `e1000_set_pauseparam`: negotiated, with a reset of an open device, or forced at once. 0. */
export function set_pauseparam(dev: NetDevice, pause: EthtoolPauseparam): number {
  const a = dev.priv as E1000Adapter;
  const { link } = a;
  link.fc_autoneg = pause.autoneg;
  link.want_rx_pause = pause.autoneg || pause.rx_pause;
  link.want_tx_pause = pause.autoneg || pause.tx_pause;
  if (pause.autoneg) e1000e_reinit_locked(a);
  else if (!a.down) e1000_force_mac_fc(a, pause.rx_pause, pause.tx_pause);
  return 0;
}
