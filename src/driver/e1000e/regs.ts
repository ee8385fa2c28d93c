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
export const E1000_ICR = 0x000c0;
export const E1000_ITR = 0x000c4;
export const E1000_ICS = 0x000c8;
export const E1000_IMS = 0x000d0;
export const E1000_IMC = 0x000d8;
export const E1000_IAM = 0x000e0;
export const E1000_RCTL = 0x00100;
export const E1000_TCTL = 0x00400;
export const E1000_TIPG = 0x00410;
export const E1000_EXTCNF_CTRL = 0x00f00;
export const E1000_PBA = 0x01000;
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

export const E1000_CTRL_FD: number = 1 << 0;
export const E1000_CTRL_ASDE: number = 1 << 5;
export const E1000_CTRL_SLU: number = 1 << 6;
export const E1000_CTRL_FRCSPD: number = 1 << 11;
export const E1000_CTRL_FRCDPX: number = 1 << 12;
export const E1000_CTRL_RST: number = 1 << 26;
export const E1000_STATUS_FD: number = 1 << 0;
export const E1000_STATUS_LU: number = 1 << 1;
export const E1000_STATUS_SPEED_MASK: number = 3 << 6;
export const E1000_STATUS_SPEED_100: number = 1 << 6;
export const E1000_EECD_AUTO_RD: number = 1 << 9;
export const E1000_EERD_START: number = 1 << 0;
export const E1000_EERD_DONE: number = 1 << 1;
export const E1000_CTRL_EXT_IAME: number = 1 << 27;
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
export const E1000_ICR_INT_ASSERTED: number = 1 << 31;
/** What is enabled while the device is open. */
export const IMS_ENABLE_MASK: number =
  E1000_ICR_RXT0 | E1000_ICR_TXDW | E1000_ICR_RXDMT0 | E1000_ICR_RXSEQ | E1000_ICR_LSC;

export const E1000_RCTL_EN: number = 1 << 1;
export const E1000_RCTL_UPE: number = 1 << 3;
export const E1000_RCTL_MPE: number = 1 << 4;
export const E1000_RCTL_BAM: number = 1 << 15;
export const E1000_RCTL_SECRC: number = 1 << 26;
export const E1000_TCTL_EN: number = 1 << 1;
export const E1000_TCTL_PSP: number = 1 << 3;
/** Collision threshold 15, collision distance 63, multiple requests: full duplex values of the kernel driver. */
export const E1000_TCTL_COLLISION: number = (15 << 4) | (63 << 12);
export const E1000_TCTL_MULR: number = 1 << 28;
export const E1000_RXCSUM_TUOFL: number = 1 << 9;
export const E1000_RFCTL_ACK_DIS: number = 1 << 12;
export const E1000_RFCTL_EXTEN: number = 1 << 15;
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
export const MII_CTRL1000 = 9;
export const BMCR_ANRESTART = 0x0200;
export const BMCR_ANENABLE = 0x1000;
export const BMCR_SPEED1000 = 0x0040;
export const BMCR_FULLDPLX = 0x0100;
export const BMSR_LSTATUS = 0x0004;
/** All of 10/100 half and full duplex, and both kinds of pause, IEEE 802.3 selector. */
export const ADVERTISE_ALL_PAUSE = 0x0de1;
export const ADVERTISE_1000FULL = 0x0200;

/** Words of the NVM that the checksum covers, and their sum modulo 2^16. */
export const NVM_WORDS = 64;
export const NVM_SUM = 0xbaba;
/** PHY of the 82574L (BM, revision bits cleared). */
export const BME1000_E_PHY_ID_R2 = 0x01410cb1;
