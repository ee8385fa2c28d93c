/**
 * Registers and bits of the 82574L that this driver uses, under the names of Linux' e1000e (regs.h, defines.h). Offsets are
 * bytes in BAR 0.
 */
export const E1000_CTRL = 0x00000;
export const E1000_STATUS = 0x00008;
export const E1000_EECD = 0x00010;
export const E1000_EERD = 0x00014;
export const E1000_CTRL_EXT = 0x00018;
export const E1000_MDIC = 0x00020;
export const E1000_FCAL = 0x00028;
export const E1000_FCAH = 0x0002c;
export const E1000_FCT = 0x00030;
export const E1000_VET = 0x00038;
export const E1000_ICR = 0x000c0;
export const E1000_ITR = 0x000c4;
export const E1000_ICS = 0x000c8;
export const E1000_IMS = 0x000d0;
export const E1000_IMC = 0x000d8;
export const E1000_EIAC_82574 = 0x000dc;
export const E1000_IAM = 0x000e0;
export const E1000_IVAR = 0x000e4;
/** First of five registers, one for each MSI-X vector. */
export const E1000_EITR_82574 = 0x000e8;
export const E1000_RCTL = 0x00100;
export const E1000_FCTTV = 0x00170;
export const E1000_TXCW = 0x00178;
export const E1000_TCTL = 0x00400;
export const E1000_TIPG = 0x00410;
export const E1000_EXTCNF_CTRL = 0x00f00;
export const E1000_PBA = 0x01000;
export const E1000_FCRTL = 0x02160;
export const E1000_FCRTH = 0x02168;
export const E1000_RDBAL = 0x02800;
export const E1000_RDBAH = 0x02804;
export const E1000_RDLEN = 0x02808;
export const E1000_RDH = 0x02810;
export const E1000_RDT = 0x02818;
export const E1000_RDTR = 0x02820;
export const E1000_RXDCTL = 0x02828;
export const E1000_RADV = 0x0282c;
export const E1000_TDBAL = 0x03800;
export const E1000_TDBAH = 0x03804;
export const E1000_TDLEN = 0x03808;
export const E1000_TDH = 0x03810;
export const E1000_TDT = 0x03818;
export const E1000_TIDV = 0x03820;
export const E1000_TXDCTL = 0x03828;
export const E1000_TADV = 0x0382c;
export const E1000_RXCSUM = 0x05000;
export const E1000_RFCTL = 0x05008;
export const E1000_MTA = 0x05200;
export const E1000_RAL0 = 0x05400;
export const E1000_RAH0 = 0x05404;
export const E1000_WUC = 0x05800;
export const E1000_WUFC = 0x05808;
export const E1000_WUS = 0x05810;

export const E1000_CTRL_FD: number = 1 << 0;
export const E1000_CTRL_ASDE: number = 1 << 5;
export const E1000_CTRL_SLU: number = 1 << 6;
export const E1000_CTRL_FRCSPD: number = 1 << 11;
export const E1000_CTRL_FRCDPX: number = 1 << 12;
export const E1000_CTRL_SPD_SEL: number = 3 << 8;
export const E1000_CTRL_SPD_100: number = 1 << 8;
export const E1000_CTRL_ADVD3WUC: number = 1 << 20;
export const E1000_CTRL_EN_PHY_PWR_MGMT: number = 1 << 21;
export const E1000_CTRL_RFCE: number = 1 << 27;
export const E1000_CTRL_TFCE: number = 1 << 28;
export const E1000_CTRL_RST: number = 1 << 26;
export const E1000_STATUS_FD: number = 1 << 0;
export const E1000_STATUS_LU: number = 1 << 1;
/** Transmission is paused by the other end. */
export const E1000_STATUS_TXOFF: number = 1 << 4;
export const E1000_STATUS_SPEED_MASK: number = 3 << 6;
export const E1000_STATUS_SPEED_100: number = 1 << 6;
export const E1000_EECD_AUTO_RD: number = 1 << 9;
export const E1000_EERD_START: number = 1 << 0;
export const E1000_EERD_DONE: number = 1 << 1;
export const E1000_CTRL_EXT_IAME: number = 1 << 27;
export const E1000_CTRL_EXT_EIAME: number = 1 << 24;
export const E1000_CTRL_EXT_PBA_CLR: number = 1 << 31;
export const E1000_EXTCNF_CTRL_MDIO_SW_OWNERSHIP: number = 1 << 5;

export const E1000_MDIC_REG_SHIFT = 16;
export const E1000_MDIC_PHY: number = 1 << 21;
export const E1000_MDIC_OP_WRITE: number = 1 << 26;
export const E1000_MDIC_OP_READ: number = 2 << 26;
export const E1000_MDIC_READY: number = 1 << 28;
export const E1000_MDIC_ERROR: number = 1 << 30;

export const E1000_ICR_TXDW: number = 1 << 0;
export const E1000_ICR_LSC: number = 1 << 2;
export const E1000_ICR_RXSEQ: number = 1 << 3;
export const E1000_ICR_RXDMT0: number = 1 << 4;
export const E1000_ICR_RXO: number = 1 << 6;
export const E1000_ICR_RXT0: number = 1 << 7;
export const E1000_ICR_MDAC: number = 1 << 9;
export const E1000_ICR_SRPD: number = 1 << 16;
export const E1000_ICR_ACK: number = 1 << 17;
export const E1000_ICR_MNG: number = 1 << 18;
export const E1000_ICR_RXQ0: number = 1 << 20;
export const E1000_ICR_TXQ0: number = 1 << 22;
export const E1000_ICR_OTHER: number = 1 << 24;
export const E1000_ICR_INT_ASSERTED: number = 1 << 31;
/** Causes that EIAC may clear. */
export const E1000_EIAC_MASK_82574 = 0x01f00000;
/** Valid bit of each nibble of IVAR, and the bit that interrupts for every transmit write-back. */
export const E1000_IVAR_INT_ALLOC_VALID = 0x8;
export const E1000_IVAR_TX_EVERY_WB: number = 1 << 31;
/** What is enabled while the device is open. */
export const IMS_ENABLE_MASK: number =
  E1000_ICR_RXT0 | E1000_ICR_TXDW | E1000_ICR_RXDMT0 | E1000_ICR_RXSEQ | E1000_ICR_LSC;
/** The same with MSI-X, of the vector for other causes. */
export const IMS_OTHER_MASK: number =
  E1000_ICR_LSC | E1000_ICR_RXO | E1000_ICR_MDAC | E1000_ICR_SRPD | E1000_ICR_ACK | E1000_ICR_MNG;

export const E1000_RCTL_EN: number = 1 << 1;
export const E1000_RCTL_UPE: number = 1 << 3;
export const E1000_RCTL_MPE: number = 1 << 4;
export const E1000_RCTL_LPE: number = 1 << 5;
export const E1000_RCTL_BAM: number = 1 << 15;
export const E1000_RCTL_SECRC: number = 1 << 26;
/** Buffer size in KiB; 0: BSIZE says it (2048 bytes as reset leaves it). */
export const E1000_RCTL_FLXBUF_SHIFT = 27;
export const E1000_TCTL_EN: number = 1 << 1;
export const E1000_TCTL_PSP: number = 1 << 3;
/** Collision threshold 15, collision distance 63, multiple requests: full duplex values of the kernel driver. */
export const E1000_TCTL_COLLISION: number = (15 << 4) | (63 << 12);
export const E1000_TCTL_MULR: number = 1 << 28;
export const E1000_RXCSUM_TUOFL: number = 1 << 9;
export const E1000_RFCTL_ACK_DIS: number = 1 << 12;
export const E1000_RFCTL_EXTEN: number = 1 << 15;
/** Flush: what a delay timer holds back is written back and interrupts now (RDTR, TIDV). */
export const E1000_FPD: number = 1 << 31;
/** FCRTL: send XON when the FIFO has emptied below it. */
export const E1000_FCRTL_XONE: number = 1 << 31;
export const E1000_FCRTH_RTH = 0xfff8;
export const E1000_RAH_AV: number = 1 << 31;

/** Extended receive descriptor, word 2 of the write-back: status in the low 20 bits, errors in the high 12. */
export const E1000_RXD_STAT_DD = 0x01;
export const E1000_RXD_STAT_EOP = 0x02;
export const E1000_RXD_STAT_IXSM = 0x04;
export const E1000_RXD_STAT_UDPCS = 0x10;
export const E1000_RXD_STAT_TCPCS = 0x20;
export const E1000_RXDEXT_STATERR_CE = 0x01000000;
export const E1000_RXDEXT_STATERR_SE = 0x02000000;
export const E1000_RXDEXT_STATERR_SEQ = 0x04000000;
export const E1000_RXDEXT_STATERR_CXE = 0x10000000;
export const E1000_RXDEXT_STATERR_TCPE = 0x20000000;
export const E1000_RXDEXT_STATERR_IPE = 0x40000000;
export const E1000_RXDEXT_STATERR_RXE: number = 1 << 31;
/** The frame itself is bad. */
export const E1000_RXDEXT_ERR_FRAME_ERR_MASK: number =
  E1000_RXDEXT_STATERR_CE |
  E1000_RXDEXT_STATERR_SE |
  E1000_RXDEXT_STATERR_SEQ |
  E1000_RXDEXT_STATERR_CXE |
  E1000_RXDEXT_STATERR_RXE;

/** Transmit descriptor, word 2: command byte in bits 31:24, type in 23:20; word 3: status in 3:0, options in 15:8. */
export const E1000_TXD_DTYP_D: number = 1 << 20;
export const E1000_TXD_CMD_EOP: number = 1 << 24;
export const E1000_TXD_CMD_IFCS: number = 1 << 25;
export const E1000_TXD_CMD_RS: number = 1 << 27;
export const E1000_TXD_CMD_DEXT: number = 1 << 29;
export const E1000_TXD_CMD_IDE: number = 1 << 31;
/** TCP in the command byte of a context descriptor (else UDP). */
export const E1000_TXD_CMD_TCP: number = 1 << 24;
export const E1000_TXD_POPTS_TXSM: number = 1 << 9;
export const E1000_TXD_STAT_DD: number = 1 << 0;

/** PHY registers behind MDIC (include/uapi/linux/mii.h). */
export const MII_BMCR = 0;
export const MII_BMSR = 1;
export const MII_PHYSID1 = 2;
export const MII_PHYSID2 = 3;
export const MII_ADVERTISE = 4;
export const MII_LPA = 5;
export const MII_CTRL1000 = 9;
export const MII_STAT1000 = 10;
export const MII_ESTATUS = 15;
export const M88E1000_PHY_SPEC_CTRL = 16;
export const M88E1000_PHY_SPEC_STATUS = 17;
export const BMCR_ANRESTART = 0x0200;
export const BMCR_ANENABLE = 0x1000;
export const BMCR_SPEED1000 = 0x0040;
export const BMCR_FULLDPLX = 0x0100;
export const BMCR_PDOWN = 0x0800;
export const BMCR_RESET = 0x8000;
export const BMCR_SPEED100 = 0x2000;
export const BMSR_LSTATUS = 0x0004;
export const ADVERTISE_1000FULL = 0x0200;
export const ADVERTISE_CSMA = 0x0001;
/** 10 half, 10 full, 100 half, 100 full; the four lowest of ethtool's modes, in the same order. */
export const ADVERTISE_10HALF = 0x0020;
export const ADVERTISE_PAUSE_CAP = 0x0400;
export const ADVERTISE_PAUSE_ASYM = 0x0800;

/** Words of the NVM that the checksum covers, and their sum modulo 2^16. */
export const NVM_WORDS = 64;
export const NVM_SUM = 0xbaba;
/** PHY of the 82574L (BM, revision bits cleared). */
export const BME1000_E_PHY_ID_R2 = 0x01410cb1;

/** Wake-up: WUC.PME_EN, and what WUFC and WUS name. */
export const E1000_WUC_PME_EN: number = 1 << 1;
export const E1000_WUFC_LNKC: number = 1 << 0;
export const E1000_WUFC_MAG: number = 1 << 1;
export const E1000_WUFC_EX: number = 1 << 2;
export const E1000_WUFC_MC: number = 1 << 3;
export const E1000_WUFC_BC: number = 1 << 4;
