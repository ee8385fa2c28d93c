import { DATA, DEXT, EOP, get16, IFCS, IXSM, put16, RS, TSE, TUCMD_IP, TUCMD_TCP, TXSM, VLE } from './data-path.js';
import { packet, slowSum } from './packets.js';
import type { Bench } from './support.js';

/** A packet to be cut up. */
export interface BigPacket {
  version: 4 | 6;
  proto: 6 | 17;
  /** Bytes of TCP options (a multiple of 4). */
  tcpOptions: number;
  payload: number;
  mss: number;
  sequence: number;
  identification: number;
  /** TCP flags. */
  flags: number;
}

export interface Made {
  bytes: Uint8Array;
  ip: number;
  l4: number;
  check: number;
  header: number;
}

/** The packet as a stack hands it over: lengths of the whole, no IP checksum, the pseudo-header sum without the length. */
export function bigPacket(p: BigPacket): Made {
  const base = packet({ version: p.version, proto: p.proto, payload: 0 });
  const header = base.l4 + (p.proto === 6 ? 20 + p.tcpOptions : 8);
  const bytes = new Uint8Array(header + p.payload);
  bytes.set(base.bytes.subarray(0, base.l4 + (p.proto === 6 ? 20 : 8)));
  for (let i = 0; i < p.payload; i++) bytes[header + i] = (i * 7 + (i >>> 8)) & 0xff;
  const { ip, l4, check } = base;
  if (p.version === 4) {
    put16(bytes, ip + 2, 0);
    put16(bytes, ip + 4, p.identification);
    put16(bytes, ip + 10, 0);
  } else put16(bytes, ip + 4, 0);
  if (p.proto === 6) {
    new DataView(bytes.buffer).setUint32(l4 + 4, p.sequence);
    bytes[l4 + 12] = ((20 + p.tcpOptions) >>> 2) << 4;
    bytes[l4 + 13] = p.flags;
    bytes.fill(1, l4 + 20, header);
  }
  const addresses = p.version === 4 ? slowSum(bytes, ip + 12, ip + 20) : slowSum(bytes, ip + 8, ip + 40);
  put16(bytes, check, slowSum(Uint8Array.of(0, p.proto), 0, 2, addresses));
  return { bytes, ip, l4, check, header };
}

/** The frames that a stack without offload would have made of it. */
export function expectedSegments(p: BigPacket, made: Made): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const count = Math.max(1, Math.ceil(p.payload / p.mss));
  for (let n = 0; n < count; n++) {
    const data = made.bytes.subarray(made.header + n * p.mss, made.header + Math.min(p.payload, (n + 1) * p.mss));
    const frame = new Uint8Array(made.header + data.length);
    frame.set(made.bytes.subarray(0, made.header));
    frame.set(data, made.header);
    const { ip, l4, check } = made;
    const upper = frame.length - l4;
    if (p.version === 4) {
      put16(frame, ip + 2, frame.length - ip);
      put16(frame, ip + 4, p.identification + n);
      put16(frame, ip + 10, ~slowSum(frame, ip, l4));
    } else put16(frame, ip + 4, upper);
    if (p.proto === 6) {
      new DataView(frame.buffer).setUint32(l4 + 4, p.sequence + n * p.mss);
      // FIN and PSH are for the last.
      if (n < count - 1) frame[l4 + 13] &= 0xf6;
    } else put16(frame, l4 + 4, upper);
    put16(frame, check, 0);
    const addresses = p.version === 4 ? slowSum(frame, ip + 12, ip + 20) : slowSum(frame, ip + 8, ip + 40);
    const pseudo = slowSum(Uint8Array.of(0, p.proto, upper >>> 8, upper & 0xff), 0, 4, addresses);
    const sum = ~slowSum(frame, l4, frame.length, pseudo) & 0xffff;
    put16(frame, check, p.proto === 17 && sum === 0 ? 0xffff : sum);
    frames.push(frame);
  }
  return frames;
}

/** Bytes of the TCP or UDP payload of a frame that has one. */
export function payloadOf(frame: Uint8Array, made: Made): Uint8Array {
  const total = frame[14] >>> 4 === 4 ? 14 + get16(frame, 16) : 54 + get16(frame, 18);
  return frame.slice(made.header, total);
}

export interface Descriptors {
  words: [number, number, number, number][];
}

/** The context descriptor and data descriptors for a packet in host memory, its data split at `cuts`. */
export function descriptorsFor(b: Bench, p: BigPacket, made: Made, cuts: readonly number[], tag = -1): Descriptors {
  const at = b.place(made.bytes);
  const command = (p.proto === 6 ? TUCMD_TCP : 0) | (p.version === 4 ? TUCMD_IP : 0);
  const ip = made.ip | ((made.ip + 10) << 8) | ((made.l4 - 1) << 16);
  const words: Descriptors['words'] = [
    [ip, made.l4 | (made.check << 8), p.payload | DEXT | TSE | command, (made.header << 8) | (p.mss << 16)],
  ];
  const edges = [0, ...cuts.filter((c) => c > 0 && c < made.bytes.length), made.bytes.length].sort((x, y) => x - y);
  const popts = TXSM | (p.version === 4 ? IXSM : 0);
  for (let i = 0; i + 1 < edges.length; i++) {
    const last = i + 2 === edges.length ? EOP | RS : 0;
    const first = i === 0 && tag >= 0 ? VLE : 0;
    const length = edges[i + 1] - edges[i];
    words.push([at + edges[i], 0, length | DATA | TSE | IFCS | last | first, popts | (tag >= 0 ? tag << 16 : 0)]);
  }
  return { words };
}

/** Puts the descriptors into ring 0 and tells the chip. */
export function sendBig(b: Bench, p: BigPacket, made: Made, cuts: readonly number[], tag = -1): number {
  let last = 0;
  for (const w of descriptorsFor(b, p, made, cuts, tag).words) last = b.txPut(w[0], w[1], w[2], w[3], false);
  b.write(0x3818, b.txTail);
  return last;
}
