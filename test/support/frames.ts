/** Frames made by hand, byte by byte: the tests' own view of the formats. */

/** Addresses of one end. */
export interface End {
  mac: string;
  ip: string;
  port: number;
}

const bytesOf = (text: string, separator: string, base: number): number[] =>
  text.split(separator).map((x) => Number.parseInt(x, base));

function sum16(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += (i & 1) === 0 ? bytes[i] << 8 : bytes[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65536);
  return sum;
}

const u16 = (n: number): number[] => [(n >> 8) & 0xff, n & 0xff];

/** A UDP datagram over IPv4 in an Ethernet frame, checksums made; `id` is the IPv4 identification. */
export function udp4Frame(from: End, to: End, payload: Uint8Array | string, id: number = 1): Uint8Array {
  const data = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  const src = bytesOf(from.ip, '.', 10);
  const dst = bytesOf(to.ip, '.', 10);
  const length = 8 + data.length;
  const udp = [...u16(from.port), ...u16(to.port), ...u16(length), 0, 0];
  const pseudo = [...src, ...dst, 0, 17, ...u16(length)];
  const check = ~sum16([...pseudo, ...udp, ...data]) & 0xffff;
  udp.splice(6, 2, ...u16(check === 0 ? 0xffff : check));
  const ip = [0x45, 0, ...u16(20 + length), ...u16(id), 0x40, 0, 64, 17, 0, 0, ...src, ...dst];
  ip.splice(10, 2, ...u16(~sum16(ip) & 0xffff));
  return Uint8Array.of(...bytesOf(to.mac, ':', 16), ...bytesOf(from.mac, ':', 16), 8, 0, ...ip, ...udp, ...data);
}
