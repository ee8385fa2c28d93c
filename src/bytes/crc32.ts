/** CRC-32 of IEEE 802.3 §3.2.9 (reflected polynomial 0xedb88320), the Ethernet frame check sequence. */

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    table[i] = c;
  }
  return table;
}

const TABLE: Int32Array = makeTable();

/**
 * CRC-32 of `length` bytes of `u8` from `offset`. `crc` continues an earlier call's result (0 to start). int32;
 * on the wire the FCS is this value, least significant byte first.
 */
export function crc32(u8: Uint8Array, offset: number, length: number, crc: number = 0): number {
  let c = ~crc;
  const end = offset + length;
  for (let i = offset; i < end; i++) c = TABLE[(c ^ u8[i]) & 0xff] ^ (c >>> 8);
  return ~c;
}
