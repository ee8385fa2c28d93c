import { ALL, type RegisterRow, row } from './row.js';

const effect = { effect: true };

/** IEEE 1588 time synchronization. */
export const TIME_SYNC_ROWS: readonly RegisterRow[] = [
  row(0xb600, 'SYSTIML', 'RW', 0, ALL, 'System Time Low; runs by TIMINCA on a clock of 25 MHz', effect),
  row(0xb604, 'SYSTIMH', 'RW', 0, ALL, 'System Time High; not latched by reading the low half', effect),
  row(0xb608, 'TIMINCA', 'RW', 0, ALL, 'Time Increment: cycles of 40 ns (31:24), value added (23:0)', effect),
  row(0xb60c, 'TIMADJL', 'RW', 0, ALL, 'Time Adjustment Low'),
  row(0xb610, 'TIMADJH', 'RW', 0, ALL, 'Time Adjustment High, sign in bit 31; writing it applies both once', effect),
  row(0xb614, 'TSYNCTXCTL', 'RW', 0, 0x00000010, 'Transmit Time Sync Control: EN (4), bit 0 stamp valid'),
  row(0xb618, 'TXSTMPL', 'RO', 0, 0, 'Transmit Time Stamp Low'),
  row(0xb61c, 'TXSTMPH', 'RO', 0, 0, 'Transmit Time Stamp High; reading it frees the latch', effect),
  row(0xb620, 'TSYNCRXCTL', 'RW', 0, 0x0000001e, 'Receive Time Sync Control: EN (4), TYPE (3:1), bit 0 stamp valid'),
  row(0xb624, 'RXSTMPL', 'RO', 0, 0, 'Receive Time Stamp Low'),
  row(0xb628, 'RXSTMPH', 'RO', 0, 0, 'Receive Time Stamp High; reading it frees the latch', effect),
  row(0xb62c, 'RXSATRL', 'RO', 0, 0, 'Source identity of the stamped PTP message, bytes 0 to 3'),
  row(0xb630, 'RXSATRH', 'RO', 0, 0, 'Source identity, bytes 4 and 5, and the sequence number'),
  row(
    0xb634,
    'RXMTRL',
    'RW',
    0,
    ALL,
    'Time Sync Ether Type (15:0), message of version 1 (23:16), of version 2 (31:24)',
  ),
  row(0xb638, 'RXUDP', 'RW', 0, 0x0000ffff, 'Time Sync UDP Port, in network order'),
];
