import { ADVERTISED_1000baseT_Full } from '../../skbuff/index.js';
import { EIO } from '../../uapi/index.js';
import { type MappedIo, readl, writel } from '../mmio.js';
import { type E1000LinkConfig, e1000_advertisement } from './link-config.js';
import {
  ADVERTISE_1000FULL,
  BMCR_ANENABLE,
  BMCR_ANRESTART,
  BMCR_FULLDPLX,
  BMCR_PDOWN,
  BMCR_RESET,
  BMCR_SPEED100,
  BMCR_SPEED1000,
  BMSR_LSTATUS,
  E1000_CTRL,
  E1000_CTRL_ASDE,
  E1000_CTRL_FD,
  E1000_CTRL_FRCDPX,
  E1000_CTRL_FRCSPD,
  E1000_CTRL_RST,
  E1000_CTRL_SLU,
  E1000_CTRL_SPD_100,
  E1000_CTRL_SPD_SEL,
  E1000_EECD,
  E1000_EECD_AUTO_RD,
  E1000_EERD,
  E1000_EERD_DONE,
  E1000_EERD_START,
  E1000_EXTCNF_CTRL,
  E1000_EXTCNF_CTRL_MDIO_SW_OWNERSHIP,
  E1000_ICR,
  E1000_IMC,
  E1000_MDIC,
  E1000_MDIC_ERROR,
  E1000_MDIC_OP_READ,
  E1000_MDIC_OP_WRITE,
  E1000_MDIC_PHY,
  E1000_MDIC_READY,
  E1000_MDIC_REG_SHIFT,
  E1000_RAH_AV,
  E1000_RAH0,
  E1000_RAL0,
  E1000_RCTL,
  E1000_STATUS,
  E1000_TCTL,
  E1000_TCTL_PSP,
  MII_ADVERTISE,
  MII_BMCR,
  MII_BMSR,
  MII_CTRL1000,
  MII_PHYSID1,
  MII_PHYSID2,
  NVM_SUM,
  NVM_WORDS,
} from './regs.js';

/** Reads of a busy bit before it counts as stuck: time does not pass inside a block, so a device answers soon or never. */
const ATTEMPTS = 100;

/** Reads a register so that everything written before has reached the device (`e1e_flush`). */
export function e1e_flush(io: MappedIo): void {
  readl(io, E1000_STATUS);
}

/** Reads `offset` until the bits of `mask` equal `want`; false when they never do. */
function poll_bits(io: MappedIo, offset: number, mask: number, want: number): boolean {
  for (let i = 0; i < ATTEMPTS; i++) if ((readl(io, offset) & mask) === want) return true;
  return false;
}

/**
 * `e1000_reset_hw_82571`: interrupts, receiver and transmitter off, then a full reset; waits until the NVM has been loaded.
 * 0 or -EIO.
 */
export function e1000_reset_hw(io: MappedIo): number {
  writel(io, E1000_IMC, -1);
  writel(io, E1000_RCTL, 0);
  writel(io, E1000_TCTL, E1000_TCTL_PSP);
  e1e_flush(io);
  if (!acquire_mdio(io)) return -EIO;
  writel(io, E1000_CTRL, readl(io, E1000_CTRL) | E1000_CTRL_RST);
  if (!poll_bits(io, E1000_CTRL, E1000_CTRL_RST, 0)) return -EIO;
  release_mdio(io);
  if (!poll_bits(io, E1000_EECD, E1000_EECD_AUTO_RD, E1000_EECD_AUTO_RD)) return -EIO;
  writel(io, E1000_IMC, -1);
  readl(io, E1000_ICR);
  return 0;
}

/** `e1000_get_hw_semaphore_82574`: the MDIO bus is ours (EXTCNF_CTRL bit 5 reads back as set). */
function acquire_mdio(io: MappedIo): boolean {
  const bit = E1000_EXTCNF_CTRL_MDIO_SW_OWNERSHIP;
  for (let i = 0; i < ATTEMPTS; i++) {
    writel(io, E1000_EXTCNF_CTRL, readl(io, E1000_EXTCNF_CTRL) | bit);
    if ((readl(io, E1000_EXTCNF_CTRL) & bit) !== 0) return true;
  }
  return false;
}

function release_mdio(io: MappedIo): void {
  writel(io, E1000_EXTCNF_CTRL, readl(io, E1000_EXTCNF_CTRL) & ~E1000_EXTCNF_CTRL_MDIO_SW_OWNERSHIP);
}

/** `e1000e_read_nvm_eerd`: one 16-bit word, or -EIO. */
export function e1000_read_nvm(io: MappedIo, word: number): number {
  writel(io, E1000_EERD, (word << 2) | E1000_EERD_START);
  for (let i = 0; i < ATTEMPTS; i++) {
    const value = readl(io, E1000_EERD);
    if ((value & E1000_EERD_DONE) !== 0) return value >>> 16;
  }
  return -EIO;
}

/** `e1000e_validate_nvm_checksum_generic`: the first 64 words sum to 0xBABA. 0 or -EIO. */
export function e1000_validate_nvm(io: MappedIo): number {
  let sum = 0;
  for (let i = 0; i < NVM_WORDS; i++) {
    const word = e1000_read_nvm(io, i);
    if (word < 0) return word;
    sum = (sum + word) & 0xffff;
  }
  return sum === NVM_SUM ? 0 : -EIO;
}

/** The station address that the reset loaded into receive address 0 (RAL, RAH: little-endian). */
export function e1000_read_mac_addr(io: MappedIo): Uint8Array {
  const low = readl(io, E1000_RAL0);
  const high = readl(io, E1000_RAH0);
  return Uint8Array.of(low, low >>> 8, low >>> 16, low >>> 24, high, high >>> 8);
}

/** `e1000e_rar_set`: receive address `index` (0..15) becomes the address of 6 bytes, or none when `addr` is null. */
export function e1000_rar_set(io: MappedIo, index: number, addr: Uint8Array | null): void {
  const low = addr === null ? 0 : addr[0] | (addr[1] << 8) | (addr[2] << 16) | (addr[3] << 24);
  const high = addr === null ? 0 : addr[4] | (addr[5] << 8) | E1000_RAH_AV;
  writel(io, E1000_RAL0 + 8 * index, low);
  writel(io, E1000_RAH0 + 8 * index, high);
}

/** `e1000e_read_phy_reg_mdic`: 16 bits, or -EIO when the PHY does not answer. */
export function e1000_read_phy(io: MappedIo, register: number): number {
  const value = mdic(io, E1000_MDIC_OP_READ | (register << E1000_MDIC_REG_SHIFT));
  return value < 0 ? value : value & 0xffff;
}

/** `e1000e_write_phy_reg_mdic`: 0 or -EIO. */
export function e1000_write_phy(io: MappedIo, register: number, data: number): number {
  const value = mdic(io, E1000_MDIC_OP_WRITE | (register << E1000_MDIC_REG_SHIFT) | (data & 0xffff));
  return value < 0 ? value : 0;
}

function mdic(io: MappedIo, request: number): number {
  writel(io, E1000_MDIC, request | E1000_MDIC_PHY);
  for (let i = 0; i < ATTEMPTS; i++) {
    const value = readl(io, E1000_MDIC);
    if ((value & E1000_MDIC_READY) === 0) continue;
    return (value & E1000_MDIC_ERROR) !== 0 ? -EIO : value & 0x7fffffff;
  }
  return -EIO;
}

/** `e1000e_get_phy_id`: both id words, or -EIO. */
export function e1000_read_phy_id(io: MappedIo): number {
  const high = e1000_read_phy(io, MII_PHYSID1);
  const low = e1000_read_phy(io, MII_PHYSID2);
  return high < 0 || low < 0 ? -EIO : (high << 16) | low;
}

/**
 * `e1000_setup_copper_link_82571`: link up is wanted, and autonegotiation starts with what `link` offers; without it speed and duplex are
 * forced on both MAC and PHY (`e1000e_phy_force_speed_duplex_setup`). 0 or -EIO.
 */
export function e1000_setup_link(io: MappedIo, link: E1000LinkConfig): number {
  const ctrl = readl(io, E1000_CTRL) & ~(E1000_CTRL_FRCSPD | E1000_CTRL_FRCDPX);
  writel(io, E1000_CTRL, link.autoneg ? ctrl | E1000_CTRL_SLU | E1000_CTRL_ASDE : forced_ctrl(ctrl, link));
  if (!acquire_mdio(io)) return -EIO;
  let err = 0;
  if (link.autoneg) {
    const gigabit = (link.advertised & ADVERTISED_1000baseT_Full) !== 0;
    err = e1000_write_phy(io, MII_ADVERTISE, e1000_advertisement(link));
    if (err === 0) err = e1000_write_phy(io, MII_CTRL1000, gigabit ? ADVERTISE_1000FULL : 0);
  }
  if (err === 0) err = e1000_write_phy(io, MII_BMCR, link.autoneg ? BMCR_NEGOTIATE : forced_bmcr(link));
  release_mdio(io);
  return err;
}

const BMCR_NEGOTIATE = BMCR_ANENABLE | BMCR_ANRESTART | BMCR_FULLDPLX | BMCR_SPEED1000;

function forced_ctrl(ctrl: number, link: E1000LinkConfig): number {
  const rest = ctrl & ~(E1000_CTRL_ASDE | E1000_CTRL_SPD_SEL | E1000_CTRL_FD);
  const speed = link.speed === 100 ? E1000_CTRL_SPD_100 : 0;
  const duplex = link.full_duplex ? E1000_CTRL_FD : 0;
  return rest | E1000_CTRL_SLU | E1000_CTRL_FRCSPD | E1000_CTRL_FRCDPX | speed | duplex;
}

/** The reset makes the PHY take up the new speed (`e1000e_phy_force_speed_duplex_m88`). */
function forced_bmcr(link: E1000LinkConfig): number {
  return BMCR_RESET | (link.speed === 100 ? BMCR_SPEED100 : 0) | (link.full_duplex ? BMCR_FULLDPLX : 0);
}

/** One PHY register with the MDIO bus taken for it: 16 bits, or -EIO. */
export function e1000_read_phy_locked(io: MappedIo, register: number): number {
  if (!acquire_mdio(io)) return -EIO;
  const value = e1000_read_phy(io, register);
  release_mdio(io);
  return value;
}

/** `e1000_power_down_phy_copper`: no link while nobody needs one. The next `e1000_setup_link` powers it up. */
export function e1000_power_down_phy(io: MappedIo): void {
  if (!acquire_mdio(io)) return;
  const bmcr = e1000_read_phy(io, MII_BMCR);
  if (bmcr >= 0) e1000_write_phy(io, MII_BMCR, bmcr | BMCR_PDOWN);
  release_mdio(io);
}

/** `e1000e_phy_has_link_generic`: BMSR latches a loss of link, so it is read twice. */
export function e1000_phy_has_link(io: MappedIo): boolean {
  if (!acquire_mdio(io)) return false;
  e1000_read_phy(io, MII_BMSR);
  const bmsr = e1000_read_phy(io, MII_BMSR);
  release_mdio(io);
  return bmsr >= 0 && (bmsr & BMSR_LSTATUS) !== 0;
}
