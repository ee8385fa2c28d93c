/*
 * Bits of registers and descriptors, under the names of Linux' e1000e (defines.h, hw.h).
 */

export const CTRL_GIO_MASTER_DISABLE: number = 1 << 2;
export const CTRL_SLU: number = 1 << 6;
export const CTRL_RST: number = 1 << 26;
export const CTRL_VME: number = 1 << 30;
export const CTRL_PHY_RST: number = 1 << 31;

export const STATUS_LU: number = 1 << 1;
export const STATUS_SPEED_MASK: number = 3 << 6;
export const STATUS_SPEED_100: number = 1 << 6;
export const STATUS_SPEED_1000: number = 2 << 6;
export const STATUS_GIO_MASTER_ENABLE: number = 1 << 19;

export const EECD_REQ: number = 1 << 6;
export const EECD_GNT: number = 1 << 7;
/** START in EERD and EEWR, as written. */
export const EERD_START = 1;
/** DONE in EERD and EEWR, as read. */
export const EERD_DONE = 2;
export const SWSM_SMBI = 1;

export const CTRL_EXT_IAME: number = 1 << 27;

export const ICR_TXDW: number = 1 << 0;
export const ICR_TXQE: number = 1 << 1;
export const ICR_LSC: number = 1 << 2;
export const ICR_RXDMT0: number = 1 << 4;
export const ICR_RXO: number = 1 << 6;
export const ICR_RXT0: number = 1 << 7;
export const ICR_MDAC: number = 1 << 9;
export const ICR_INT_ASSERTED: number = 1 << 31;

export const RCTL_EN: number = 1 << 1;
export const RCTL_SBP: number = 1 << 2;
export const RCTL_UPE: number = 1 << 3;
export const RCTL_MPE: number = 1 << 4;
export const RCTL_LPE: number = 1 << 5;
export const RCTL_RDMTS_SHIFT = 8;
export const RCTL_MO_SHIFT = 12;
export const RCTL_BAM: number = 1 << 15;
export const RCTL_BSIZE_SHIFT = 16;
export const RCTL_BSEX: number = 1 << 25;
export const RCTL_SECRC: number = 1 << 26;
export const RCTL_FLXBUF_SHIFT = 27;

export const RXCSUM_PCSS_MASK = 0xff;
export const RXCSUM_IPOFLD: number = 1 << 8;
export const RXCSUM_TUOFLD: number = 1 << 9;
export const RXCSUM_PCSD: number = 1 << 13;

export const RFCTL_IPV6_DIS: number = 1 << 10;
export const RFCTL_IPV6_XSUM_DIS: number = 1 << 11;
export const RFCTL_EXTEN: number = 1 << 15;

export const RAH_AV: number = 1 << 31;

/** Flush Partial Descriptor of RDTR and TIDV. */
export const FPD: number = 1 << 31;

export const TCTL_EN: number = 1 << 1;
export const TCTL_PSP: number = 1 << 3;

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
export const TXD_CMD_EOP: number = 1 << 24;
export const TXD_CMD_IFCS: number = 1 << 25;
/** Insert Checksum in a legacy descriptor. */
export const TXD_CMD_IC: number = 1 << 26;
/** TCP Segmentation Enable in a data descriptor: the same bit. */
export const TXD_CMD_TSE: number = 1 << 26;
export const TXD_CMD_RS: number = 1 << 27;
export const TXD_CMD_DEXT: number = 1 << 29;
export const TXD_CMD_VLE: number = 1 << 30;
export const TXD_CMD_IDE: number = 1 << 31;
export const TXD_DTYP_MASK: number = 0xf << 20;
export const TXD_DTYP_DATA: number = 1 << 20;
/** TCP (else UDP) in the command byte of a context descriptor. */
export const TXD_TUCMD_TCP: number = 1 << 24;
/* Transmit descriptor, fourth word. */
export const TXD_STAT_DD = 1;
export const TXD_POPTS_IXSM: number = 1 << 8;
export const TXD_POPTS_TXSM: number = 1 << 9;
