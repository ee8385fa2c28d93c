/*
 * Bits of registers and descriptors, under the names of Linux' e1000e (defines.h, hw.h).
 */

export const CTRL_GIO_MASTER_DISABLE: number = 1 << 2;
export const CTRL_FD = 1;
export const CTRL_SLU: number = 1 << 6;
export const CTRL_SPEED_SHIFT = 8;
export const CTRL_FRCSPD: number = 1 << 11;
export const CTRL_FRCDPX: number = 1 << 12;
export const CTRL_RST: number = 1 << 26;
export const CTRL_RFCE: number = 1 << 27;
export const CTRL_TFCE: number = 1 << 28;
export const CTRL_VME: number = 1 << 30;
export const CTRL_PHY_RST: number = 1 << 31;

export const STATUS_FD = 1;
export const STATUS_LU: number = 1 << 1;
export const STATUS_SPEED_SHIFT = 6;
export const STATUS_SPEED_MASK: number = 3 << 6;
export const STATUS_GIO_MASTER_ENABLE: number = 1 << 19;

export const EECD_SK = 1;
export const EECD_CS = 2;
export const EECD_DI = 4;
export const EECD_DO = 8;
export const EECD_FWE_MASK = 0x30;
export const EECD_FWE_ENABLE = 0x20;
export const EECD_REQ: number = 1 << 6;
export const EECD_GNT: number = 1 << 7;
/** Both bits: the NVM is a flash. */
export const EECD_NVADDS_FLASH: number = 3 << 15;
export const EECD_FLUPD: number = 1 << 19;
export const EECD_SEC1VAL: number = 1 << 22;
/** START in EERD and EEWR, as written. */
export const EERD_START = 1;
/** DONE in EERD and EEWR, as read. */
export const EERD_DONE = 2;
export const SWSM_SMBI = 1;

export const CTRL_EXT_EIAME: number = 1 << 24;
export const CTRL_EXT_EE_RST: number = 1 << 13;
export const CTRL_EXT_IAME: number = 1 << 27;
export const CTRL_EXT_PBA_CLR: number = 1 << 31;

export const ICR_TXDW: number = 1 << 0;
export const ICR_TXQE: number = 1 << 1;
export const ICR_LSC: number = 1 << 2;
export const ICR_RXDMT0: number = 1 << 4;
export const ICR_RXO: number = 1 << 6;
export const ICR_RXT0: number = 1 << 7;
export const ICR_MDAC: number = 1 << 9;
export const ICR_TXD_LOW: number = 1 << 15;
export const ICR_SRPD: number = 1 << 16;
export const ICR_ACK: number = 1 << 17;
export const ICR_MNG: number = 1 << 18;
export const ICR_RXQ0: number = 1 << 20;
export const ICR_RXQ1: number = 1 << 21;
export const ICR_TXQ0: number = 1 << 22;
export const ICR_TXQ1: number = 1 << 23;
export const ICR_OTHER: number = 1 << 24;
export const ICR_INT_ASSERTED: number = 1 << 31;

export const RCTL_EN: number = 1 << 1;
export const RCTL_SBP: number = 1 << 2;
export const RCTL_UPE: number = 1 << 3;
export const RCTL_MPE: number = 1 << 4;
export const RCTL_LPE: number = 1 << 5;
export const RCTL_LBM_MASK: number = 3 << 6;
export const RCTL_LBM_MAC: number = 1 << 6;
export const RCTL_RDMTS_SHIFT = 8;
export const RCTL_DTYP_MASK: number = 3 << 10;
export const RCTL_DTYP_PS: number = 1 << 10;
export const RCTL_MO_SHIFT = 12;
export const RCTL_BAM: number = 1 << 15;
export const RCTL_BSIZE_SHIFT = 16;
export const RCTL_VFE: number = 1 << 18;
export const RCTL_CFIEN: number = 1 << 19;
export const RCTL_CFI: number = 1 << 20;
export const RCTL_DPF: number = 1 << 22;
export const RCTL_PMCF: number = 1 << 23;
export const RCTL_BSEX: number = 1 << 25;
export const RCTL_SECRC: number = 1 << 26;
export const RCTL_FLXBUF_SHIFT = 27;

export const RXCSUM_PCSS_MASK = 0xff;
export const RXCSUM_IPOFLD: number = 1 << 8;
export const RXCSUM_TUOFLD: number = 1 << 9;
export const RXCSUM_IPPCSE: number = 1 << 12;
export const RXCSUM_PCSD: number = 1 << 13;

export const RFCTL_IPV6_DIS: number = 1 << 10;
export const RFCTL_IPV6_XSUM_DIS: number = 1 << 11;
export const RFCTL_ACK_DIS: number = 1 << 12;
export const RFCTL_ACKD_DIS: number = 1 << 13;
export const RFCTL_IPFRSP_DIS: number = 1 << 14;
export const RFCTL_EXTEN: number = 1 << 15;
export const RFCTL_IPV6_EX_DIS: number = 1 << 16;
export const RFCTL_NEW_IPV6_EXT_DIS: number = 1 << 17;

/** Multiple Receive Queues Enable: 01 = RSS. */
export const MRQC_ENABLE_MASK = 3;
export const MRQC_RSS = 1;
export const MRQC_TCP_IPV4: number = 1 << 16;
export const MRQC_IPV4: number = 1 << 17;
export const MRQC_TCP_IPV6_EX: number = 1 << 18;
export const MRQC_IPV6_EX: number = 1 << 19;
export const MRQC_IPV6: number = 1 << 20;
export const MRQC_TCP_IPV6: number = 1 << 21;

/** XON Enable of FCRTL. */
export const FCRTL_XONE: number = 1 << 31;

/* PTHRESH, HTHRESH, WTHRESH (6 bits each) and GRAN of RXDCTL and TXDCTL; LWTHRESH of TXDCTL. */
export const DCTL_HTHRESH_SHIFT = 8;
export const DCTL_WTHRESH_SHIFT = 16;
export const DCTL_GRAN: number = 1 << 24;
export const TXDCTL_LWTHRESH_SHIFT = 25;
/** Queue enable of TARC0 and TARC1. */
export const TARC_ENABLE: number = 1 << 10;

export const RAH_AV: number = 1 << 31;

/** Flush Partial Descriptor of RDTR and TIDV. */
export const FPD: number = 1 << 31;

export const TCTL_EN: number = 1 << 1;
export const TCTL_PSP: number = 1 << 3;
export const TCTL_SWXOFF: number = 1 << 22;

/* Receive descriptor: status byte (legacy), low bits of the extended status. */
export const RXD_STAT_DD = 0x01;
export const RXD_STAT_EOP = 0x02;
export const RXD_STAT_IXSM = 0x04;
export const RXD_STAT_VP = 0x08;
export const RXD_STAT_UDPCS = 0x10;
export const RXD_STAT_TCPCS = 0x20;
export const RXD_STAT_IPCS = 0x40;
/* Extended and packet-split descriptors only: the identification, the fragment checksum are there; a TCP acknowledgement. */
export const RXD_STAT_IPIDV = 0x200;
export const RXD_STAT_UDPV = 0x400;
export const RXD_STAT_ACK = 0x8000;
/** The header is in buffer 0 (header status of a packet-split descriptor, in its word's high half). */
export const RXDPS_HDRSTAT_HDRSP = 0x8000;
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
/** IPv4 (else IPv6), and SNAP, in the command byte of a context descriptor. */
export const TXD_TUCMD_IP: number = 1 << 25;
export const TXD_TUCMD_SNAP: number = 1 << 28;
/* Transmit descriptor, fourth word. */
export const TXD_STAT_DD = 1;
export const TXD_POPTS_IXSM: number = 1 << 8;
export const TXD_POPTS_TXSM: number = 1 << 9;

/* Wake-up: WUC, WUFC and WUS, IPAV. */
export const WUC_APME = 0x01;
export const WUC_PME_EN = 0x02;
export const WUC_PME_STATUS = 0x04;
export const WUC_APMPME = 0x08;
export const WUFC_LNKC = 0x01;
export const WUFC_MAG = 0x02;
export const WUFC_EX = 0x04;
export const WUFC_MC = 0x08;
export const WUFC_BC = 0x10;
export const WUFC_ARP = 0x20;
export const WUFC_IPV4 = 0x40;
export const WUFC_IPV6 = 0x80;
export const WUFC_FLX0 = 0x10000;
export const IPAV_V6 = 0x10000;

/* Time sync: valid and enable bits of TSYNCRXCTL and TSYNCTXCTL, and a descriptor's requests and answers. */
export const TSYNC_VALID = 0x01;
export const TSYNC_ENABLED = 0x10;
/** Stamp this packet: fourth word of a transmit data descriptor. */
export const TXD_EXTCMD_TSTAMP = 0x10;
/** A stamp was taken: extended status of a receive descriptor. */
export const RXD_STAT_TST = 0x100;
