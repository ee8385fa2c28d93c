/** Words of the checked part of the NVM. */
export const NVM_WORDS = 64;
/** What all words sum to, modulo 2^16. */
export const NVM_SUM = 0xbaba;

/* Words that this model or its driver acts on. */
export const NVM_MAC = 0x00;
export const NVM_INIT_CONTROL1 = 0x0a;
export const NVM_SUBSYSTEM_ID = 0x0b;
export const NVM_SUBSYSTEM_VENDOR = 0x0c;
export const NVM_DEVICE_ID = 0x0d;
export const NVM_SIZE_AND_SIGNATURE = 0x12;
export const NVM_INIT_CONTROL3 = 0x24;
export const NVM_CHECKSUM = 0x3f;

/** Init Control 1: load vendor and device id (0), subsystem ids (1). */
export const ICW1_LOAD_DEVICE = 1;
export const ICW1_LOAD_SUBSYSTEM = 2;
/** Init Control 3: wake-up by magic packet is on after power-up (NVM_WORD24_APME of FreeBSD's em, 0x0400 in Linux). */
export const ICW3_APME = 0x0400;
/** The top bits of word 12h: 01 = the part holds an image. */
export const SIGNATURE_VALID = 1;

/**
 * The image of a plain 82574L network card. What the words are for is the NVM map of the chip as drivers and published
 * images know it; words 03-05, 0a-0f, 18-1f and 30-32 are, but for a bit here and there, those that owners of real cards have
 * published. Only the words named above decide anything here; the rest is there to be read (unverified).
 */
const IMAGE: readonly number[] = [
  // 00 MAC address; 03 compatibility, 04 LED identification, 05 image version 2.0.1, 06-07 OEM
  0x0000, 0x0000, 0x0000, 0x0420, 0xf746, 0x2010, 0xffff, 0xffff,
  // 08-09 board assembly number (none); 0a init control 1, 0b subsystem id, 0c subsystem vendor, 0d device; 0f init control 2
  0x0000,
  0x0000, 0x026b, 0x10d3, 0x8086, 0x10d3, 0x0000, 0x8058,
  // 10-12 NVM words 1-3 (12: size and signature); 17 PCIe electrical idle
  0x0000, 0x2001, 0x7e7c, 0xffff, 0x1000, 0x00c8, 0x0000, 0x2704,
  // 18-1a PCIe init configuration 1-3, 1b PCIe control, 1c PHY and LED 1, 1d device revision, 1f LED 0 and 2
  0x6cc9, 0x3150, 0x070e, 0x460b, 0x2d84, 0x0100, 0xf000, 0x0706,
  // 20 flash parameters, 21 flash address, 22 LAN power, 23 flash vendor, 24 init control 3; 25-27 SMBus pass-through
  0x6000, 0x0080, 0x0f04, 0x7fff, 0x4f01, 0xc600, 0x0000, 0x20ff,
  // 28-2e pass-through and NC-SI firmware (none), 2f vital product data (none)
  0x0028, 0x0003, 0x0000, 0x0000, 0x0000, 0x0003, 0x0000, 0xffff,
  // 30-33 boot agent; the rest of the software section
  0x0100, 0xc000, 0x121c, 0xc007, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x0000, 0x0120,
  0xffff, 0x0000,
];

/** The image for a MAC address (6 bytes), with its checksum. */
export function createNvm(mac: Uint8Array): Uint16Array {
  const words = Uint16Array.from(IMAGE);
  for (let i = 0; i < 3; i++) words[NVM_MAC + i] = mac[2 * i] | (mac[2 * i + 1] << 8);
  words[NVM_CHECKSUM] = nvmChecksum(words);
  return words;
}

/** What word 3f must be for the first 64 words to sum to {@link NVM_SUM}. */
export function nvmChecksum(words: Uint16Array): number {
  let sum = 0;
  for (let i = 0; i < NVM_CHECKSUM; i++) sum += words[i];
  return (NVM_SUM - sum) & 0xffff;
}
