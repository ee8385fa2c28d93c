/*
 * Bits of registers and descriptors, under the names of Linux' e1000e (defines.h, hw.h).
 */

export const CTRL_GIO_MASTER_DISABLE = 1 << 2;
export const CTRL_SLU = 1 << 6;
export const CTRL_RST = 1 << 26;
export const CTRL_VME = 1 << 30;
export const CTRL_PHY_RST: number = 1 << 31;

export const STATUS_LU = 1 << 1;
export const STATUS_SPEED_MASK = 3 << 6;
export const STATUS_SPEED_100 = 1 << 6;
export const STATUS_SPEED_1000 = 2 << 6;
export const STATUS_GIO_MASTER_ENABLE = 1 << 19;

export const EECD_REQ = 1 << 6;
export const EECD_GNT = 1 << 7;
/** START in EERD and EEWR, as written. */
export const EERD_START = 1;
/** DONE in EERD and EEWR, as read. */
export const EERD_DONE = 2;
export const SWSM_SMBI = 1;

export const CTRL_EXT_IAME = 1 << 27;

export const ICR_TXDW = 1 << 0;
export const ICR_TXQE = 1 << 1;
export const ICR_LSC = 1 << 2;
export const ICR_RXDMT0 = 1 << 4;
export const ICR_RXO = 1 << 6;
export const ICR_RXT0 = 1 << 7;
export const ICR_MDAC = 1 << 9;
export const ICR_INT_ASSERTED: number = 1 << 31;

export const RCTL_EN = 1 << 1;
export const RCTL_SBP = 1 << 2;
export const RCTL_UPE = 1 << 3;
export const RCTL_MPE = 1 << 4;
export const RCTL_LPE = 1 << 5;
export const RCTL_RDMTS_SHIFT = 8;
export const RCTL_MO_SHIFT = 12;
export const RCTL_BAM = 1 << 15;
export const RCTL_BSIZE_SHIFT = 16;
export const RCTL_BSEX = 1 << 25;
export const RCTL_SECRC = 1 << 26;
export const RCTL_FLXBUF_SHIFT = 27;

export const RXCSUM_PCSS_MASK = 0xff;
export const RXCSUM_IPOFLD = 1 << 8;
export const RXCSUM_TUOFLD = 1 << 9;
export const RXCSUM_PCSD = 1 << 13;

export const RFCTL_IPV6_DIS = 1 << 10;
export const RFCTL_IPV6_XSUM_DIS = 1 << 11;
export const RFCTL_EXTEN = 1 << 15;

export const RAH_AV: number = 1 << 31;

/** Flush Partial Descriptor of RDTR and TIDV. */
export const FPD: number = 1 << 31;

export const TCTL_EN = 1 << 1;
export const TCTL_PSP = 1 << 3;

/* Receive descriptor: status byte (legacy), low bits of the extended status. */
export const RXD_STAT_DD = 0x01;
export const RXD_STAT_EOP = 0x02;
export const RXD_STAT_IXSM = 0x04;
export const RXD_STAT_UDPCS = 0x10;
export const RXD_STAT_TCPCS = 0x20;
export const RXD_STAT_IPCS = 0x40;
/* Receive descriptor: error byte (legacy); the extended error bits are the same byte at bits 31:24. */
export const RXD_ERR_CE = 0x01;
export const RXD_ERR_TCPE = 0x20;
export const RXD_ERR_IPE = 0x40;

/* Transmit descriptor, third word: command byte at bits 31:24, type at 23:20. */
export const TXD_CMD_EOP = 1 << 24;
export const TXD_CMD_IFCS = 1 << 25;
/** Insert Checksum in a legacy descriptor. */
export const TXD_CMD_IC = 1 << 26;
/** TCP Segmentation Enable in a data descriptor: the same bit. */
export const TXD_CMD_TSE = 1 << 26;
export const TXD_CMD_RS = 1 << 27;
export const TXD_CMD_DEXT = 1 << 29;
export const TXD_CMD_VLE = 1 << 30;
export const TXD_CMD_IDE: number = 1 << 31;
export const TXD_DTYP_MASK = 0xf << 20;
export const TXD_DTYP_DATA = 1 << 20;
/** TCP (else UDP) in the command byte of a context descriptor. */
export const TXD_TUCMD_TCP = 1 << 24;
/* Transmit descriptor, fourth word. */
export const TXD_STAT_DD = 1;
export const TXD_POPTS_IXSM = 1 << 8;
export const TXD_POPTS_TXSM = 1 << 9;
