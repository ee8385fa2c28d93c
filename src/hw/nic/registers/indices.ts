import { registerAt } from './table.js';

/*
 * Entries of the registers that the device logic uses, by their names in the table.
 */

export const CTRL: number = registerAt(0x0000);
export const STATUS: number = registerAt(0x0008);
export const EECD: number = registerAt(0x0010);
export const EERD: number = registerAt(0x0014);
export const CTRL_EXT: number = registerAt(0x0018);
export const MDIC: number = registerAt(0x0020);
export const EEWR: number = registerAt(0x102c);
export const PBA: number = registerAt(0x1000);
export const EXTCNF_CTRL: number = registerAt(0x0f00);
export const SWSM: number = registerAt(0x5b50);

export const ICR: number = registerAt(0x00c0);
export const ITR: number = registerAt(0x00c4);
export const ICS: number = registerAt(0x00c8);
export const IMS: number = registerAt(0x00d0);
export const IMC: number = registerAt(0x00d8);
export const IAM: number = registerAt(0x00e0);

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
