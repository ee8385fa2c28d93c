import { registerAt } from './table.js';

/*
 * Entries of the registers that the device logic uses, by their names in the table.
 */

export const CTRL: number = registerAt(0x0000);
export const STATUS: number = registerAt(0x0008);
export const EECD: number = registerAt(0x0010);
export const EERD: number = registerAt(0x0014);
export const CTRL_EXT: number = registerAt(0x0018);
export const FLA: number = registerAt(0x001c);
export const MDIC: number = registerAt(0x0020);
export const EEWR: number = registerAt(0x102c);
export const FLSWCTL: number = registerAt(0x1030);
export const FLSWDATA: number = registerAt(0x1034);
export const FLSWCNT: number = registerAt(0x1038);
export const PBA: number = registerAt(0x1000);
export const SWSM: number = registerAt(0x5b50);

export const ICR: number = registerAt(0x00c0);
export const ITR: number = registerAt(0x00c4);
export const ICS: number = registerAt(0x00c8);
export const IMS: number = registerAt(0x00d0);
export const IMC: number = registerAt(0x00d8);
export const EIAC: number = registerAt(0x00dc);
export const IAM: number = registerAt(0x00e0);
export const IVAR: number = registerAt(0x00e4);
/** EITR of vector n is entry EITR0 + n. */
export const EITR0: number = registerAt(0x00e8);
export const PBACL: number = registerAt(0x5b68);
export const DC: number = registerAt(0x4030);
export const RLEC: number = registerAt(0x4040);

export const WUC: number = registerAt(0x5800);
export const WUFC: number = registerAt(0x5808);
export const WUS: number = registerAt(0x5810);
export const IPAV: number = registerAt(0x5838);
/** Entries of the wake-up tables lie side by side. */
export const IP4AT0: number = registerAt(0x5840);
export const IP6AT0: number = registerAt(0x5880);
export const WUPL: number = registerAt(0x5900);
export const WUPM0: number = registerAt(0x5a00);
export const FFLT0: number = registerAt(0x5f00);
export const FFMT0: number = registerAt(0x9000);
export const FFVT0: number = registerAt(0x9800);

/** The high half of each pair is the next entry. */
export const SYSTIML: number = registerAt(0xb600);
export const SYSTIMH: number = registerAt(0xb604);
export const TIMINCA: number = registerAt(0xb608);
export const TIMADJL: number = registerAt(0xb60c);
export const TIMADJH: number = registerAt(0xb610);
export const TSYNCTXCTL: number = registerAt(0xb614);
export const TXSTMPL: number = registerAt(0xb618);
export const TXSTMPH: number = registerAt(0xb61c);
export const TSYNCRXCTL: number = registerAt(0xb620);
export const RXSTMPL: number = registerAt(0xb624);
export const RXSTMPH: number = registerAt(0xb628);
export const RXSATRL: number = registerAt(0xb62c);
export const RXSATRH: number = registerAt(0xb630);
export const RXMTRL: number = registerAt(0xb634);
export const RXUDP: number = registerAt(0xb638);

export const RCTL: number = registerAt(0x0100);
export const RDBAL: number = registerAt(0x2800);
export const RDBAH: number = registerAt(0x2804);
export const RDLEN: number = registerAt(0x2808);
export const RDH: number = registerAt(0x2810);
export const RDT: number = registerAt(0x2818);
export const RDTR: number = registerAt(0x2820);
export const RADV: number = registerAt(0x282c);
export const RXCSUM: number = registerAt(0x5000);
export const RFCTL: number = registerAt(0x5008);
export const MTA0: number = registerAt(0x5200);
/** Entries of RAL and RAH lie one array behind the other. */
export const RAL0: number = registerAt(0x5400);
export const RAH0: number = registerAt(0x5404);

export const TCTL: number = registerAt(0x0400);
export const TDBAL: number = registerAt(0x3800);
export const TDBAH: number = registerAt(0x3804);
export const TDLEN: number = registerAt(0x3808);
export const TDH: number = registerAt(0x3810);
export const TDT: number = registerAt(0x3818);
export const TIDV: number = registerAt(0x3820);
export const TADV: number = registerAt(0x382c);

export const CRCERRS: number = registerAt(0x4000);
export const MPC: number = registerAt(0x4010);
export const PRC64: number = registerAt(0x405c);
export const GPRC: number = registerAt(0x4074);
export const BPRC: number = registerAt(0x4078);
export const MPRC: number = registerAt(0x407c);
export const GPTC: number = registerAt(0x4080);
export const GORCL: number = registerAt(0x4088);
export const GOTCL: number = registerAt(0x4090);
export const RNBC: number = registerAt(0x40a0);
export const RUC: number = registerAt(0x40a4);
export const RFC: number = registerAt(0x40a8);
export const ROC: number = registerAt(0x40ac);
export const RJC: number = registerAt(0x40b0);
export const TORL: number = registerAt(0x40c0);
export const TOTL: number = registerAt(0x40c8);
export const TPR: number = registerAt(0x40d0);
export const TPT: number = registerAt(0x40d4);
export const PTC64: number = registerAt(0x40d8);
export const MPTC: number = registerAt(0x40f0);
export const BPTC: number = registerAt(0x40f4);
export const TSCTFC: number = registerAt(0x40fc);
export const IAC: number = registerAt(0x4100);
export const ICRXPTC: number = registerAt(0x4104);
export const ICRXATC: number = registerAt(0x4108);
export const ICTXPTC: number = registerAt(0x410c);
export const ICTXATC: number = registerAt(0x4110);
export const ICTXQEC: number = registerAt(0x4118);
export const ICRXDMTC: number = registerAt(0x4120);
export const ICRXOC: number = registerAt(0x4124);

/* Entries of the receive and transmit groups of the table: writes there are the data path's. */
export const FIRST_RECEIVE: number = registerAt(0x0100);
export const LAST_RECEIVE: number = registerAt(0x5c80 + 4 * 9);
export const FIRST_TRANSMIT: number = registerAt(0x0400);
export const LAST_TRANSMIT: number = registerAt(0x3940);

/* The data path: flow control, VLAN, RSS, the second queues. */
export const FCAL: number = registerAt(0x0028);
export const FCAH: number = registerAt(0x002c);
export const FCT: number = registerAt(0x0030);
export const VET: number = registerAt(0x0038);
export const FCTTV: number = registerAt(0x0170);
export const FCRTL: number = registerAt(0x2160);
export const FCRTH: number = registerAt(0x2168);
export const PSRCTL: number = registerAt(0x2170);
export const RXDCTL: number = registerAt(0x2828);
export const RDBAL1: number = registerAt(0x2900);
export const RDBAH1: number = registerAt(0x2904);
export const RDLEN1: number = registerAt(0x2908);
export const RDH1: number = registerAt(0x2910);
export const RDT1: number = registerAt(0x2918);
export const RXDCTL1: number = registerAt(0x2928);
export const RSRPD: number = registerAt(0x2c00);
export const RAID: number = registerAt(0x2c08);
export const VFTA0: number = registerAt(0x5600);
export const MRQC: number = registerAt(0x5818);
export const RETA0: number = registerAt(0x5c00);
export const RSSRK0: number = registerAt(0x5c80);
export const TXDCTL: number = registerAt(0x3828);
export const TARC0: number = registerAt(0x3840);
export const TDBAL1: number = registerAt(0x3900);
export const TDBAH1: number = registerAt(0x3904);
export const TDLEN1: number = registerAt(0x3908);
export const TDH1: number = registerAt(0x3910);
export const TDT1: number = registerAt(0x3918);
export const TXDCTL1: number = registerAt(0x3928);
export const TARC1: number = registerAt(0x3940);
export const XONRXC: number = registerAt(0x4048);
export const XONTXC: number = registerAt(0x404c);
export const XOFFRXC: number = registerAt(0x4050);
export const XOFFTXC: number = registerAt(0x4054);
export const FCRUC: number = registerAt(0x4058);
export const TSCTC: number = registerAt(0x40f8);
export const ICTXQMTC: number = registerAt(0x411c);
