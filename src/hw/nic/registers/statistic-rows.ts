import { type RegisterRow, type RowOptions, row } from './row.js';

/** A statistics register: 32 bits, cleared by reading, stuck at ffffffff. */
function stat(offset: number, name: string, text: string, options: RowOptions = {}): RegisterRow {
  return row(offset, name, 'RC', 0, 0, text, options);
}

/** What this counts cannot happen in this model. */
const never = { stored: true };
const low = { pair: 1 } as const;
const high = { pair: 2 } as const;

/**
 * Statistics. The rows marked as stored never count, as what they count cannot happen here: errors of a physical layer (the
 * wire damages frames, not symbols), collisions and the carrier of half duplex, and management traffic, as there is no
 * management firmware.
 */
export const STATISTIC_ROWS: readonly RegisterRow[] = [
  stat(0x4000, 'CRCERRS', 'CRC errors, frames of 64 bytes and more that pass the filter'),
  stat(0x4004, 'ALGNERRC', 'Alignment errors', never),
  stat(0x4008, 'SYMERRS', 'Symbol errors', never),
  stat(0x400c, 'RXERRC', 'Receive errors', never),
  stat(0x4010, 'MPC', 'Missed packets: no room in the receive FIFO'),
  stat(0x4014, 'SCC', 'Single collisions', never),
  stat(0x4018, 'ECOL', 'Excessive collisions', never),
  stat(0x401c, 'MCC', 'Multiple collisions', never),
  stat(0x4020, 'LATECOL', 'Late collisions', never),
  stat(0x4028, 'COLC', 'Collisions', never),
  stat(0x4030, 'DC', 'Deferrals: packets that found the transmitter paused'),
  stat(0x4034, 'TNCRS', 'Transmissions without carrier', never),
  stat(0x4038, 'SEC', 'Sequence errors', never),
  stat(0x403c, 'CEXTERR', 'Carrier extension errors', never),
  stat(0x4040, 'RLEC', 'Receive length errors: undersize and oversize, whatever their CRC'),
  stat(0x4048, 'XONRXC', 'XON received'),
  stat(0x404c, 'XONTXC', 'XON sent'),
  stat(0x4050, 'XOFFRXC', 'XOFF received'),
  stat(0x4054, 'XOFFTXC', 'XOFF sent'),
  stat(0x4058, 'FCRUC', 'Flow control frames of an opcode that is not PAUSE'),
  stat(0x405c, 'PRC64', 'Good packets received of 64 bytes (lengths with CRC)'),
  stat(0x4060, 'PRC127', 'of 65 to 127'),
  stat(0x4064, 'PRC255', 'of 128 to 255'),
  stat(0x4068, 'PRC511', 'of 256 to 511'),
  stat(0x406c, 'PRC1023', 'of 512 to 1023'),
  stat(0x4070, 'PRC1522', 'of 1024 and more'),
  stat(0x4074, 'GPRC', 'Good packets received into the FIFO'),
  stat(0x4078, 'BPRC', 'Broadcasts among them'),
  stat(0x407c, 'MPRC', 'Multicasts among them'),
  stat(0x4080, 'GPTC', 'Good packets sent'),
  stat(0x4088, 'GORCL', 'Good octets received, low', low),
  stat(0x408c, 'GORCH', 'Good octets received, high', high),
  stat(0x4090, 'GOTCL', 'Good octets sent, low', low),
  stat(0x4094, 'GOTCH', 'Good octets sent, high', high),
  stat(0x40a0, 'RNBC', 'Packets that found no free receive descriptor (they wait in the FIFO)'),
  stat(0x40a4, 'RUC', 'Undersize, good CRC'),
  stat(0x40a8, 'RFC', 'Fragments: undersize, bad CRC'),
  stat(0x40ac, 'ROC', 'Oversize'),
  stat(0x40b0, 'RJC', 'Jabber: oversize, bad CRC'),
  stat(0x40b4, 'MGTPRC', 'Management packets received', never),
  stat(0x40b8, 'MGTPDC', 'Management packets dropped', never),
  stat(0x40bc, 'MGTPTC', 'Management packets sent', never),
  stat(0x40c0, 'TORL', 'Total octets received, low', low),
  stat(0x40c4, 'TORH', 'Total octets received, high', high),
  stat(0x40c8, 'TOTL', 'Total octets sent, low', low),
  stat(0x40cc, 'TOTH', 'Total octets sent, high', high),
  stat(0x40d0, 'TPR', 'Total packets received, whatever became of them'),
  stat(0x40d4, 'TPT', 'Total packets sent'),
  stat(0x40d8, 'PTC64', 'Packets sent of 64 bytes (lengths with CRC)'),
  stat(0x40dc, 'PTC127', 'of 65 to 127'),
  stat(0x40e0, 'PTC255', 'of 128 to 255'),
  stat(0x40e4, 'PTC511', 'of 256 to 511'),
  stat(0x40e8, 'PTC1023', 'of 512 to 1023'),
  stat(0x40ec, 'PTC1522', 'of 1024 and more'),
  stat(0x40f0, 'MPTC', 'Multicasts sent'),
  stat(0x40f4, 'BPTC', 'Broadcasts sent'),
  stat(0x40f8, 'TSCTC', 'TCP segmentation contexts sent'),
  stat(0x40fc, 'TSCTFC', 'TCP segmentation contexts failed'),
  stat(0x4100, 'IAC', 'Interrupts asserted'),
  stat(0x4104, 'ICRXPTC', 'Expiries of RDTR'),
  stat(0x4108, 'ICRXATC', 'Expiries of RADV'),
  stat(0x410c, 'ICTXPTC', 'Expiries of TIDV'),
  stat(0x4110, 'ICTXATC', 'Expiries of TADV'),
  stat(0x4118, 'ICTXQEC', 'Transmit queue empty'),
  stat(0x411c, 'ICTXQMTC', 'Transmit descriptor low threshold (TXD_LOW)'),
  stat(0x4120, 'ICRXDMTC', 'Receive descriptor minimum threshold'),
  stat(0x4124, 'ICRXOC', 'Receive overruns'),
];
