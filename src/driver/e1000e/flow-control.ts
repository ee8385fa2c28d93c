import { readl, writel } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_writel } from './guarded.js';
import { e1000_read_phy_locked } from './hw.js';
import { e1000_resolve_pause, PAUSE_RX, PAUSE_TX } from './link-config.js';
import {
  E1000_CTRL,
  E1000_CTRL_RFCE,
  E1000_CTRL_TFCE,
  E1000_FCAH,
  E1000_FCAL,
  E1000_FCRTH,
  E1000_FCRTH_RTH,
  E1000_FCRTL,
  E1000_FCRTL_XONE,
  E1000_FCT,
  E1000_FCTTV,
  E1000_PBA,
  MII_ADVERTISE,
  MII_LPA,
} from './regs.js';

/** The address and type of pause frames (IEEE 802.3 annex 31B), as the registers take them. */
const FLOW_CONTROL_ADDRESS_LOW = 0x00c28001;
const FLOW_CONTROL_ADDRESS_HIGH = 0x00000100;
const FLOW_CONTROL_TYPE = 0x8808;
/** Longest pause: the other end is told to go on by XON. */
const PAUSE_TIME = 0xffff;
/** Between the thresholds, bytes. */
const WATERMARK_GAP = 8;

/** After a reset, before the link comes up: the registers of flow control, if it is used at all. */
export function e1000_configure_fc(a: E1000Adapter): void {
  const { io, link } = a;
  link.rx_pause = link.tx_pause = false;
  if (!link.want_rx_pause && !link.want_tx_pause) return;
  writel(io, E1000_FCT, FLOW_CONTROL_TYPE);
  writel(io, E1000_FCAH, FLOW_CONTROL_ADDRESS_HIGH);
  writel(io, E1000_FCAL, FLOW_CONTROL_ADDRESS_LOW);
  writel(io, E1000_FCTTV, PAUSE_TIME);
}

/** The link is up: pause frames as configured, or as both ends agreed; never at half duplex. */
export function e1000_fc_link_up(a: E1000Adapter): void {
  const { link } = a;
  if (!link.want_rx_pause && !link.want_tx_pause) return;
  let bits = (link.want_rx_pause ? PAUSE_RX : 0) | (link.want_tx_pause ? PAUSE_TX : 0);
  if (!a.full_duplex) bits = 0;
  else if (link.fc_autoneg && link.autoneg) {
    const local = e1000_read_phy_locked(a.io, MII_ADVERTISE);
    const partner = e1000_read_phy_locked(a.io, MII_LPA);
    bits = local < 0 || partner < 0 ? 0 : e1000_resolve_pause(local, partner, link.want_tx_pause);
  }
  e1000_force_mac_fc(a, (bits & PAUSE_RX) !== 0, (bits & PAUSE_TX) !== 0);
}

/** `e1000e_force_mac_fc` and `e1000e_set_fc_watermarks`: the MAC obeys and sends pause frames, or does not. */
export function e1000_force_mac_fc(a: E1000Adapter, rx_pause: boolean, tx_pause: boolean): void {
  const { io, link } = a;
  link.rx_pause = rx_pause;
  link.tx_pause = tx_pause;
  const ctrl = readl(io, E1000_CTRL) & ~(E1000_CTRL_RFCE | E1000_CTRL_TFCE);
  e1000_writel(a, E1000_CTRL, ctrl | (rx_pause ? E1000_CTRL_RFCE : 0) | (tx_pause ? E1000_CTRL_TFCE : 0));
  const high = tx_pause ? e1000_high_water(readl(io, E1000_PBA) & 0xffff, a.max_frame_size) : 0;
  e1000_writel(a, E1000_FCRTL, tx_pause ? (high - WATERMARK_GAP) | E1000_FCRTL_XONE : 0);
  e1000_writel(a, E1000_FCRTH, high);
}

/** Bytes in a receive FIFO of `kib` KiB at which the other end is stopped: 90 %, or with room for one more frame (`e1000e_reset`). */
export function e1000_high_water(kib: number, max_frame: number): number {
  const bytes = kib << 10;
  return Math.min(Math.trunc((bytes * 9) / 10), bytes - max_frame) & E1000_FCRTH_RTH;
}
