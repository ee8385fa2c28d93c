import { Cloneable } from '../../../sim/index.js';
import {
  MRQC_ENABLE_MASK,
  MRQC_IPV4,
  MRQC_IPV6,
  MRQC_IPV6_EX,
  MRQC_RSS,
  MRQC_TCP_IPV4,
  MRQC_TCP_IPV6,
  MRQC_TCP_IPV6_EX,
  RFCTL_EXTEN,
  RFCTL_IPV6_EX_DIS,
  RFCTL_NEW_IPV6_EXT_DIS,
  RXCSUM_PCSD,
} from '../registers/bits.js';
import { MRQC, RETA0, RFCTL, RSSRK0, RXCSUM } from '../registers/indices.js';
import { PROTO_TCP, type RxHeaders } from './rx-headers.js';

/* RSS types of the write-back formats. */
const TYPE_NONE = 0;
const TYPE_IPV4_TCP = 1;
const TYPE_IPV4 = 2;
const TYPE_IPV6_TCP = 3;
const TYPE_IPV6_EX = 4;
const TYPE_IPV6 = 5;

/** Bit of the "multiple receive queues" word that is the queue: the word is type | queue << 8. */
export const MRQ_QUEUE_1 = 0x100;

/**
 * Receive-side scaling works: switched on in MRQC, and the descriptors have the room for a hash (extended format, packet
 * checksum disabled). Otherwise all frames go to queue 0.
 */
export function rssEnabled(values: Int32Array): boolean {
  return (
    (values[MRQC] & MRQC_ENABLE_MASK) === MRQC_RSS &&
    (values[RXCSUM] & RXCSUM_PCSD) !== 0 &&
    (values[RFCTL] & RFCTL_EXTEN) !== 0
  );
}

/**
 * The Toeplitz hash under the key of RSSRK: for each bit of the input that is set, from the left, the 32 bits of the key at its
 * place are added modulo 2 (Microsoft, "RSS Hashing Functions"). Byte 0 of the key is the low byte of RSSRK[0].
 */
export class Toeplitz extends Cloneable {
  /** The hash of all that was added, int32. */
  hash = 0;
  private readonly values: Int32Array;
  /** The 32 bits of the key at the next input bit. */
  private window = 0;
  /** Byte of the key behind the window. */
  private next = 0;

  constructor(values: Int32Array) {
    super();
    this.values = values;
  }

  start(): void {
    this.hash = 0;
    this.window = (this.key(0) << 24) | (this.key(1) << 16) | (this.key(2) << 8) | this.key(3);
    this.next = 4;
  }

  private key(i: number): number {
    return (this.values[RSSRK0 + (i >> 2)] >>> ((i & 3) << 3)) & 0xff;
  }

  /** Adds `count` bytes at `at`; up to 36 in all, as long as the key goes. */
  add(u8: Uint8Array, at: number, count: number): void {
    let window = this.window;
    let hash = this.hash;
    for (let i = at; i < at + count; i++) {
      const byte = u8[i];
      const coming = this.key(this.next++);
      for (let bit = 7; bit >= 0; bit--) {
        if (((byte >>> bit) & 1) !== 0) hash ^= window;
        window = (window << 1) | ((coming >>> bit) & 1);
      }
    }
    this.window = window;
    this.hash = hash;
  }
}

/** Hash and queue of received frames. */
export class Rss extends Cloneable {
  /** Of the last frame: its hash (int32, 0 if it has none) and type | queue << 8. */
  hash = 0;
  mrq = 0;
  private readonly values: Int32Array;
  private readonly toeplitz: Toeplitz;

  constructor(values: Int32Array) {
    super();
    this.values = values;
    this.toeplitz = new Toeplitz(values);
  }

  /** As after a frame without a type. */
  clear(): void {
    this.hash = 0;
    this.mrq = 0;
  }

  /** Decides on a frame at `off` that was parsed. One without a type has hash 0 and goes to queue 0. */
  classify(u8: Uint8Array, off: number, headers: RxHeaders): void {
    const type = hashType(this.values[MRQC], this.values[RFCTL], headers);
    this.hash = 0;
    this.mrq = type;
    if (type === TYPE_NONE) return;
    const t = this.toeplitz;
    t.start();
    // Types 3 and 4 take home addresses in place of those in the header; only bit 21 of MRQC asks for type 3 without.
    const home = type === TYPE_IPV6_EX || (type === TYPE_IPV6_TCP && (this.values[MRQC] & MRQC_TCP_IPV6_EX) !== 0);
    const size = headers.version === 4 ? 4 : 16;
    const plain = headers.l3 + (headers.version === 4 ? 12 : 8);
    t.add(u8, off + (home ? headers.source : plain), size);
    t.add(u8, off + (home ? headers.destination : plain + size), size);
    if (type === TYPE_IPV4_TCP || type === TYPE_IPV6_TCP) t.add(u8, off + headers.l4, 4);
    this.hash = t.hash;
    // The low seven bits of the hash pick an entry of the indirection table; bit 7 of the entry is the queue.
    const entry = t.hash & 0x7f;
    const byte = (this.values[RETA0 + (entry >> 2)] >>> ((entry & 3) << 3)) & 0xff;
    if ((byte & 0x80) !== 0) this.mrq = type | MRQ_QUEUE_1;
  }
}

/** The most specific of the enabled types that fits. RFCTL can take IPv6 with extensions out of the Ex types. */
function hashType(mrqc: number, rfctl: number, h: RxHeaders): number {
  const tcp = h.proto === PROTO_TCP;
  if (h.version === 4) {
    if (tcp && (mrqc & MRQC_TCP_IPV4) !== 0) return TYPE_IPV4_TCP;
    return (mrqc & MRQC_IPV4) !== 0 ? TYPE_IPV4 : TYPE_NONE;
  }
  if (h.version !== 6) return TYPE_NONE;
  const off = (h.extended && (rfctl & RFCTL_IPV6_EX_DIS) !== 0) || (h.home && (rfctl & RFCTL_NEW_IPV6_EXT_DIS) !== 0);
  if (!off) {
    if (tcp && (mrqc & (MRQC_TCP_IPV6_EX | MRQC_TCP_IPV6)) !== 0) return TYPE_IPV6_TCP;
    if ((mrqc & MRQC_IPV6_EX) !== 0) return TYPE_IPV6_EX;
  }
  return (mrqc & MRQC_IPV6) !== 0 ? TYPE_IPV6 : TYPE_NONE;
}
