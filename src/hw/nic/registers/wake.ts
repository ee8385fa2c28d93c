import { ALL, type RegisterRow, row } from './row.js';

const effect = { effect: true };
const every8 = (count: number): { count: number; stride: number } => ({ count, stride: 8 });

/** Wake-up. Names and offsets of the tables: Intel's 8254x software developer's manual, 13.6. */
export const WAKE_ROWS: readonly RegisterRow[] = [
  row(
    0x5800,
    'WUC',
    'RW',
    0,
    0x0000000f,
    'Wake Up Control: APME (0, from the NVM), APMPME (3); PME_En (1) and PME_Status (2, cleared by a one) are those of PMCSR',
    effect,
  ),
  row(0x5808, 'WUFC', 'RW', 0, 0x000f80ff, 'Wake Up Filter Control; in D3hot, with PME_En'),
  row(0x5810, 'WUS', 'W1C', 0, 0x000f00ff, 'Wake Up Status; a packet found here keeps later ones out'),
  row(0x5838, 'IPAV', 'RW', 0, 0x0001000f, 'IP Address Valid: IPv4 (3:0), IPv6 (16)'),
  row(0x5840, 'IP4AT', 'RW', 0, ALL, 'IPv4 Address Table, in network order', every8(4)),
  row(0x5880, 'IP6AT', 'RW', 0, ALL, 'IPv6 Address Table, one address, in network order', { count: 4 }),
  row(0x5900, 'WUPL', 'RW', 0, 0x00000fff, 'Wake Up Packet Length, bytes without CRC'),
  row(0x5a00, 'WUPM', 'RW', 0, ALL, 'Wake Up Packet Memory: the first 128 bytes', { count: 32 }),
  row(0x5f00, 'FFLT', 'RW', 0, 0x000007ff, 'Flexible Filter Length Table', every8(4)),
  row(
    0x9000,
    'FFMT',
    'RW',
    0,
    0x0000000f,
    'Flexible Filter Mask Table: byte n, a bit for each of four filters',
    every8(128),
  ),
  row(0x9800, 'FFVT', 'RW', 0, ALL, 'Flexible Filter Value Table: byte n of each of four filters', every8(128)),
];
