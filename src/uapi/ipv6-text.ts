import { AddressError } from './address-error.js';

const GROUP = /^[0-9a-f]{1,4}$/i;
const QUAD = /^(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})$/;

/**
 * The 16 bytes of an IPv6 address in one of the text forms of RFC 4291 §2.2: eight groups, one `::` for one or more groups
 * of zeros, or a dotted quad in place of the last two groups. A zone (`%eth0`) is not part of the address and is refused.
 * @throws AddressError on anything else
 */
export function parseIpv6(text: string): Uint8Array {
  const halves = text.split('::');
  if (halves.length > 2) throw bad(text);
  const head = groups(halves[0], halves.length === 1, text);
  const tail = halves.length === 2 ? groups(halves[1], true, text) : [];
  const zeros = 8 - head.length - tail.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) throw bad(text);
  const bytes = new Uint8Array(16);
  for (let i = 0; i < head.length; i++) putGroup(bytes, i, head[i]);
  for (let i = 0; i < tail.length; i++) putGroup(bytes, head.length + zeros + i, tail[i]);
  return bytes;
}

/**
 * Text of the IPv6 address at `offset` as RFC 5952 recommends it: lower case, no leading zeros, the longest run of two or
 * more zero groups (the first of equals) as `::`, and a dotted quad at the end of an IPv4-mapped address.
 */
export function formatIpv6(bytes: Uint8Array, offset: number = 0): string {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[offset + i] << 8) | bytes[offset + i + 1]);
  const mapped = words[5] === 0xffff && words.slice(0, 5).every((w) => w === 0);
  if (mapped) return `::ffff:${words[6] >> 8}.${words[6] & 255}.${words[7] >> 8}.${words[7] & 255}`;
  const [start, length] = longestZeros(words);
  if (length < 2) return hex(words);
  return `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}

function groups(half: string, quadAllowed: boolean, text: string): number[] {
  if (half === '') return [];
  const parts = half.split(':');
  const out: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (GROUP.test(part)) out.push(Number.parseInt(part, 16));
    else if (quadAllowed && i === parts.length - 1 && QUAD.test(part)) pushQuad(out, part, text);
    else throw bad(text);
  }
  return out;
}

function pushQuad(out: number[], quad: string, text: string): void {
  const octets = quad.split('.').map(Number);
  if (octets.some((o) => o > 255)) throw bad(text);
  out.push((octets[0] << 8) | octets[1], (octets[2] << 8) | octets[3]);
}

function putGroup(bytes: Uint8Array, index: number, value: number): void {
  bytes[index * 2] = value >> 8;
  bytes[index * 2 + 1] = value;
}

/** [start, length] of the longest run of zero groups, the first of equals. */
function longestZeros(words: readonly number[]): readonly [number, number] {
  let start = 0;
  let length = 0;
  let run = 0;
  for (let i = 0; i < words.length; i++) {
    run = words[i] === 0 ? run + 1 : 0;
    if (run > length) {
      length = run;
      start = i - run + 1;
    }
  }
  return [start, length];
}

function hex(words: readonly number[]): string {
  return words.map((w) => w.toString(16)).join(':');
}

function bad(text: string): AddressError {
  return new AddressError('not an IPv6 address', text);
}
