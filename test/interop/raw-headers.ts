/** Packet headers written byte by byte, apart from the library's own code. */
export function concat(head: readonly number[] | Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

/** One's-complement sum of big-endian words. */
export function sum16(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 === 0 ? bytes[i] * 256 : bytes[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65_536);
  return sum;
}

const u16 = (n: number): number[] => [n >> 8, n & 255];

/** An IPv4 header (RFC 791), identification 7, TTL 64. */
export function ipv4(
  from: readonly number[],
  to: readonly number[],
  protocol: number,
  length: number,
  flags: number,
): Uint8Array {
  const header = Uint8Array.from([
    0x45,
    0,
    ...u16(20 + length),
    0,
    7,
    ...u16(flags),
    64,
    protocol,
    0,
    0,
    ...from,
    ...to,
  ]);
  header.set(u16(~sum16(header) & 0xffff), 10);
  return header;
}

/** An IPv6 header (RFC 8200), hop limit 255. */
export function ipv6(from: readonly number[], to: readonly number[], next: number, length: number): Uint8Array {
  return Uint8Array.from([0x60, 0, 0, 0, ...u16(length), next, 255, ...from, ...to]);
}
