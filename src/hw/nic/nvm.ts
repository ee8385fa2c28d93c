/** Words of the NVM. */
export const NVM_WORDS = 64;
/** What all words sum to, modulo 2^16. */
export const NVM_SUM = 0xbaba;
const CHECKSUM_WORD = 0x3f;

/** Words with a meaning to drivers; the others are ffff, as in an erased part. The contents are this project's own. */
function contents(mac: Uint8Array): [number, number][] {
  return [
    [0x00, mac[0] | (mac[1] << 8)],
    [0x01, mac[2] | (mac[3] << 8)],
    [0x02, mac[4] | (mac[5] << 8)],
    // Compatibility word, image version 1.0, board assembly number 000200-001.
    [0x03, 0x0000],
    [0x05, 0x1000],
    [0x08, 0x0002],
    [0x09, 0x0001],
    // Init control 1, subsystem id, subsystem vendor, device id, vendor.
    [0x0a, 0x0000],
    [0x0b, 0x0000],
    [0x0c, 0x8086],
    [0x0d, 0x10d3],
    [0x0e, 0x8086],
    // Init control 2 and 3: flow control off by default, wake-up by magic packet (APME) off.
    [0x0f, 0x0000],
    [0x14, 0x0000],
    [0x24, 0x0000],
  ];
}

/** An NVM image for a MAC address (6 bytes), with its checksum. */
export function createNvm(mac: Uint8Array): Uint16Array {
  const words = new Uint16Array(NVM_WORDS).fill(0xffff);
  for (const [at, value] of contents(mac)) words[at] = value;
  let sum = 0;
  for (let i = 0; i < CHECKSUM_WORD; i++) sum += words[i];
  words[CHECKSUM_WORD] = (NVM_SUM - sum) & 0xffff;
  return words;
}
