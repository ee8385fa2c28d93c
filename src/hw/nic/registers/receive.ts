import { ALL, type RegisterRow, row } from './row.js';

const stored = { stored: true };
const effect = { effect: true };

/** Receiver: control, ring 0 (ring 1 is stored only), filters, checksum control. */
export const RECEIVE_ROWS: readonly RegisterRow[] = [
  row(0x0100, 'RCTL', 'RW', 0, 0x7edfbffe, 'Receive Control; VFE, CFIEN, LBM and DTYP are stored only', effect),
  row(0x2008, 'ERT', 'RW', 0, 0x00003fff, 'Early Receive Threshold', stored),
  row(0x2160, 'FCRTL', 'RW', 0, 0x8000fff8, 'Flow Control Receive Threshold Low', stored),
  row(0x2168, 'FCRTH', 'RW', 0, 0x8000fff8, 'Flow Control Receive Threshold High', stored),
  row(0x2170, 'PSRCTL', 'RW', 0x00040402, 0x3f3f3f7f, 'Packet Split Receive Control', stored),
  row(0x2800, 'RDBAL', 'RW', 0, 0xfffffff0, 'Receive Descriptor Base Low', effect),
  row(0x2804, 'RDBAH', 'RW', 0, ALL, 'Receive Descriptor Base High', effect),
  row(0x2808, 'RDLEN', 'RW', 0, 0x000fff80, 'Receive Descriptor Length, bytes', effect),
  row(0x2810, 'RDH', 'RW', 0, 0x0000ffff, 'Receive Descriptor Head', effect),
  row(0x2818, 'RDT', 'RW', 0, 0x0000ffff, 'Receive Descriptor Tail; equal to RDH means no free descriptor', effect),
  row(
    0x2820,
    'RDTR',
    'SC',
    0,
    0x0000ffff,
    'Receive Delay Timer, units of 1.024 us; FPD (31) acts and reads as 0',
    effect,
  ),
  row(
    0x2828,
    'RXDCTL',
    'RW',
    0x00010000,
    0x013f3f3f,
    'Receive Descriptor Control; write-back is immediate, prefetch has its own rule',
    stored,
  ),
  row(0x282c, 'RADV', 'RW', 0, 0x0000ffff, 'Receive Absolute Delay, units of 1.024 us'),
  row(0x2900, 'RDBAL1', 'RW', 0, 0xfffffff0, 'Ring 1: Base Low', stored),
  row(0x2904, 'RDBAH1', 'RW', 0, ALL, 'Ring 1: Base High', stored),
  row(0x2908, 'RDLEN1', 'RW', 0, 0x000fff80, 'Ring 1: Length', stored),
  row(0x2910, 'RDH1', 'RW', 0, 0x0000ffff, 'Ring 1: Head', stored),
  row(0x2918, 'RDT1', 'RW', 0, 0x0000ffff, 'Ring 1: Tail', stored),
  row(0x2928, 'RXDCTL1', 'RW', 0x00010000, 0x013f3f3f, 'Ring 1: Descriptor Control', stored),
  row(0x2c00, 'RSRPD', 'RW', 0, 0x00000fff, 'Small Packet Detect; raises no SRPD', stored),
  row(0x2c08, 'RAID', 'RW', 0, 0x0000ffff, 'ACK Interrupt Delay; raises no ACK', stored),
  row(0x5000, 'RXCSUM', 'RW', 0x00000300, 0x00003fff, 'Receive Checksum Control; IPPCSE and CRCOFL are stored only'),
  row(0x5008, 'RFCTL', 'RW', 0, 0x0003ffff, 'Receive Filter Control; EXTEN, IPv6_DIS and IPv6XSUM_DIS act', effect),
  row(0x5200, 'MTA', 'RW', 0, ALL, 'Multicast Table Array', { count: 128 }),
  row(0x5400, 'RAL', 'RW', 0, ALL, 'Receive Address Low; entry 0 is loaded from the NVM', { count: 16, stride: 8 }),
  row(0x5404, 'RAH', 'RW', 0, 0x8003ffff, 'Receive Address High; AV (31) makes the entry valid', {
    count: 16,
    stride: 8,
  }),
  row(0x5600, 'VFTA', 'RW', 0, ALL, 'VLAN Filter Table Array', { count: 128, stored: true }),
  row(0x5818, 'MRQC', 'RW', 0, 0x003f0003, 'Multiple Receive Queues Command (RSS)', stored),
  row(0x5864, 'RSSIM', 'RW', 0, ALL, 'RSS Interrupt Mask', stored),
  row(0x5868, 'RSSIR', 'RW', 0, ALL, 'RSS Interrupt Request', stored),
  row(0x5c00, 'RETA', 'RW', 0, ALL, 'RSS Redirection Table', { count: 32, stored: true }),
  row(0x5c80, 'RSSRK', 'RW', 0, ALL, 'RSS Random Key', { count: 10, stored: true }),
];
