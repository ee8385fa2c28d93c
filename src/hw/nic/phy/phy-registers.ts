/*
 * Registers of the BM PHY inside an 82574L: IEEE 802.3 clause 22 under the names of Linux' mii.h, the PHY's own under those
 * of drivers/net/ethernet/intel/e1000e/{defines.h,phy.h}.
 */

export const MII_BMCR = 0;
export const MII_BMSR = 1;
export const MII_PHYSID1 = 2;
export const MII_PHYSID2 = 3;
export const MII_ADVERTISE = 4;
export const MII_LPA = 5;
export const MII_EXPANSION = 6;
export const MII_CTRL1000 = 9;
export const MII_STAT1000 = 10;
export const MII_ESTATUS = 15;
export const M88E1000_PHY_SPEC_CTRL = 16;
export const M88E1000_PHY_SPEC_STATUS = 17;
export const M88E1000_INT_STATUS = 19;
export const M88E1000_RX_ERR_CNTR = 21;
/** Page for registers 16 and up, as it is (`e1000e_read_phy_reg_bm2`). */
export const BM_PHY_PAGE_SELECT = 22;
/** Number of an indirect register of page 0, and its contents. */
export const M88E1000_PHY_PAGE_SELECT = 29;
export const M88E1000_PHY_GEN_CONTROL = 30;
/** Page times 32 (`e1000_set_page_igp`). */
export const IGP01E1000_PHY_PAGE_SELECT = 31;
/** Registers 0 to 15 are the same in all pages. */
export const FIRST_PAGED = 16;

export const BMCR_RESET = 0x8000;
export const BMCR_LOOPBACK = 0x4000;
export const BMCR_SPEED100 = 0x2000;
export const BMCR_ANENABLE = 0x1000;
export const BMCR_PDOWN = 0x0800;
export const BMCR_ISOLATE = 0x0400;
export const BMCR_ANRESTART = 0x0200;
export const BMCR_FULLDPLX = 0x0100;
export const BMCR_SPEED1000 = 0x0040;
/** What is stored: the reserved bits 5:0 stay 0, RESET and ANRESTART act. */
export const BMCR_STORED = 0x7dc0;

export const BMSR_ANEGCOMPLETE = 0x0020;
export const BMSR_LSTATUS = 0x0004;

export const LPA_LPACK = 0x4000;
export const LPA_NPAGE = 0x8000;

export const EXPANSION_LP_NPAGE = 0x0008;
export const EXPANSION_PAGE_RECEIVED = 0x0002;
export const EXPANSION_NWAY = 0x0001;

export const CTL1000_ENABLE_MASTER = 0x1000;
export const CTL1000_AS_MASTER = 0x0800;
export const STAT1000_MASTER = 0x4000;
/** Local and remote receiver OK. */
export const STAT1000_RECEIVERS = 0x3000;

/* PHY Specific Control: MDI crossover mode in bits 6:5. */
export const PSCR_MDI_MASK = 0x0060;
export const PSCR_MDI = 0x0000;
export const PSCR_MDIX = 0x0020;

/* PHY Specific Status: speed 15:14, then single bits. */
export const PSSR_SPEED_SHIFT = 14;
export const PSSR_DPLX = 0x2000;
export const PSSR_SPD_DPLX_RESOLVED = 0x0800;
export const PSSR_LINK = 0x0400;
export const PSSR_MDIX = 0x0040;
/** Set with the link in what the Linux driver read (ac08). */
export const PSSR_GLOBAL_LINK = 0x0008;

/* Interrupt status and enable. */
export const PHY_INT_SPEED = 0x4000;
export const PHY_INT_DUPLEX = 0x2000;
export const PHY_INT_PAGE_RECEIVED = 0x1000;
export const PHY_INT_AN_COMPLETE = 0x0800;
export const PHY_INT_LINK = 0x0400;
export const PHY_INT_MDIX = 0x0040;

/* Wake-up pages (`e1000_access_phy_wakeup_reg_bm`). */
export const BM_PORT_CTRL_PAGE = 769;
export const BM_WUC_PAGE = 800;
export const BM_WUC_ADDRESS_OPCODE = 0x11;
export const BM_WUC_DATA_OPCODE = 0x12;
export const BM_WUC_ENABLE_REG = 17;
export const BM_WUC_ENABLE_BIT = 0x0004;

/** Values after a hardware reset as the Linux driver and a running model of the chip show them; registers not named are 0. */
export const PHY_RESET: readonly [number, number][] = [
  [MII_BMCR, 0x1140],
  [MII_BMSR, 0x7949],
  [MII_PHYSID1, 0x0141],
  [MII_PHYSID2, 0x0cb1],
  [MII_ADVERTISE, 0x0de1],
  [MII_EXPANSION, 0x0004],
  [MII_CTRL1000, 0x0f00],
  [MII_ESTATUS, 0x3000],
  [M88E1000_PHY_SPEC_CTRL, 0x3360],
];

/** Registers that software cannot write: status, identity, what the partner offers. */
export const PHY_READ_ONLY: number =
  (1 << MII_BMSR) |
  (1 << MII_PHYSID1) |
  (1 << MII_PHYSID2) |
  (1 << MII_LPA) |
  (1 << MII_EXPANSION) |
  (1 << MII_STAT1000) |
  (1 << MII_ESTATUS) |
  (1 << M88E1000_PHY_SPEC_STATUS) |
  (1 << M88E1000_INT_STATUS) |
  (1 << M88E1000_RX_ERR_CNTR);
