import { ALL, type RegisterRow, row } from './row.js';

const stored = { stored: true };
const effect = { effect: true };

/** Transmitter: control and two rings. */
export const TRANSMIT_ROWS: readonly RegisterRow[] = [
  row(
    0x0400,
    'TCTL',
    'RW',
    0,
    0x1ffffffa,
    'Transmit Control; EN, PSP and SWXOFF (22, reads as 0) act, the collision fields are stored only',
    effect,
  ),
  row(0x0404, 'TCTL_EXT', 'RW', 0, ALL, 'Transmit Control Extended', stored),
  row(
    0x0410,
    'TIPG',
    'RW',
    0x00602008,
    0x3fffffff,
    'Transmit Inter-Packet Gap; the wire keeps the standard gap',
    stored,
  ),
  row(0x0458, 'AIT', 'RW', 0, 0x0000ffff, 'Adaptive Inter-frame Spacing Throttle', stored),
  row(0x3004, 'KABGTXD', 'RW', 0, ALL, 'Band Gap Transmit Reference', stored),
  row(0x3800, 'TDBAL', 'RW', 0, 0xfffffff0, 'Transmit Descriptor Base Low', effect),
  row(0x3804, 'TDBAH', 'RW', 0, ALL, 'Transmit Descriptor Base High', effect),
  row(0x3808, 'TDLEN', 'RW', 0, 0x000fff80, 'Transmit Descriptor Length, bytes', effect),
  row(0x3810, 'TDH', 'RW', 0, 0x0000ffff, 'Transmit Descriptor Head', effect),
  row(0x3818, 'TDT', 'RW', 0, 0x0000ffff, 'Transmit Descriptor Tail', effect),
  row(
    0x3820,
    'TIDV',
    'SC',
    0,
    0x0000ffff,
    'Transmit Interrupt Delay, units of 1.024 us; FPD (31) acts and reads as 0',
    effect,
  ),
  row(
    0x3828,
    'TXDCTL',
    'RW',
    0,
    0xff7f3f3f,
    'Transmit Descriptor Control; LWTHRESH 0 raises no TXD_LOW, PTHRESH 0 is fewer than 16',
    effect,
  ),
  row(0x382c, 'TADV', 'RW', 0, 0x0000ffff, 'Transmit Absolute Interrupt Delay, units of 1.024 us'),
  row(
    0x3840,
    'TARC0',
    'RW',
    0x00000403,
    ALL,
    'Transmit Arbitration Count 0: ENABLE (10), COUNT (6:0) packets in a turn',
    effect,
  ),
  row(0x3900, 'TDBAL1', 'RW', 0, 0xfffffff0, 'Ring 1: Base Low', effect),
  row(0x3904, 'TDBAH1', 'RW', 0, ALL, 'Ring 1: Base High', effect),
  row(0x3908, 'TDLEN1', 'RW', 0, 0x000fff80, 'Ring 1: Length', effect),
  row(0x3910, 'TDH1', 'RW', 0, 0x0000ffff, 'Ring 1: Head', effect),
  row(0x3918, 'TDT1', 'RW', 0, 0x0000ffff, 'Ring 1: Tail', effect),
  row(0x3928, 'TXDCTL1', 'RW', 0, 0xff7f3f3f, 'Ring 1: Descriptor Control', effect),
  row(0x3940, 'TARC1', 'RW', 0x00000403, ALL, 'Transmit Arbitration Count 1', effect),
];
