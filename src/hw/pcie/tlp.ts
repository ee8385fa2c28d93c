/** Kinds of request, as format and type of a packet header with a 32-bit address (PCI Express base specification, table of TLP types). */
export const TLP_MEM_READ = 0x00;
export const TLP_MEM_WRITE = 0x40;
/** Format bit of a header with a 64-bit address (four words). */
const TLP_ADDRESS_64 = 0x20;
/** Longest request: 1024 words, written as 0. */
const MAX_WORDS = 1024;

/**
 * Header of a request for `length` bytes at hi:lo, as four words with the first byte in the top bits: format, type and
 * length; requester, tag 0 and byte enables; the address. A transfer longer than a request may be gives its first one.
 */
export function requestHeader(kind: number, requester: number, lo: number, hi: number, length: number): number[] {
  const lead = lo & 3;
  const words = Math.min((lead + Math.max(length, 1) + 3) >> 2, MAX_WORDS);
  const tail = (lead + length) & 3;
  const end = tail === 0 || length === 0 ? 0xf : (1 << tail) - 1;
  const start = (0xf << lead) & 0xf;
  const enables = length === 0 ? 0 : words === 1 ? start & end : (end << 4) | start;
  const word1 = ((requester & 0xffff) << 16) | enables;
  const word0 = words & (MAX_WORDS - 1);
  if (hi === 0) return [(kind << 24) | word0, word1, lo & ~3, 0];
  return [((kind | TLP_ADDRESS_64) << 24) | word0, word1, hi | 0, lo & ~3];
}

/** The requester waits for an answer. */
export function isNonPosted(kind: number): boolean {
  return kind !== TLP_MEM_WRITE;
}
