import { createHash } from 'node:crypto';

/** A frame of a capture: its number (from 1, as Wireshark counts) and bytes. */
export interface CapturedFrame {
  number: number;
  time_ns: number;
  bytes: Uint8Array;
}

/** A datagram as `softirq replay --json` prints it. */
export interface OracleDatagram {
  family: 4 | 6;
  src: string;
  sport: number;
  length: number;
  sha256: string;
}

/** Reads a classic little-endian microsecond pcap. A second, independent reader: it shares no code with the library's. */
export function readPcapPlain(file: Uint8Array): CapturedFrame[] {
  const dv = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (dv.getUint32(0, true) !== 0xa1b2c3d4) throw new Error('not a little-endian pcap with microseconds');
  const frames: CapturedFrame[] = [];
  for (let at = 24; at < file.length; ) {
    const us = dv.getUint32(at, true) * 1e6 + dv.getUint32(at + 4, true);
    const length = dv.getUint32(at + 8, true);
    frames.push({ number: frames.length + 1, time_ns: us * 1000, bytes: file.subarray(at + 16, at + 16 + length) });
    at += 16 + length;
  }
  const origin = frames[0]?.time_ns ?? 0;
  for (const f of frames) f.time_ns -= origin;
  return frames;
}

interface Parts {
  pieces: Map<number, Uint8Array>;
  end: number;
}

/**
 * What a program bound to `port` of the addresses given must receive, in order: reassembles by offset, joins, looks at the UDP header.
 * Knows only what the captures of this project hold (no options, no overlaps).
 */
export function datagramsFor(
  frames: readonly CapturedFrame[],
  addresses: readonly string[],
  port: number,
): OracleDatagram[] {
  const waiting = new Map<string, Parts>();
  const out: OracleDatagram[] = [];
  for (const { bytes } of frames) {
    const type = (bytes[12] << 8) | bytes[13];
    const packet = type === 0x0800 ? parse4(bytes) : type === 0x86dd ? parse6(bytes) : null;
    if (packet === null || packet.protocol !== 17 || !addresses.includes(packet.dst)) continue;
    const key = `${packet.src} ${packet.dst} ${packet.id}`;
    const parts = waiting.get(key) ?? { pieces: new Map(), end: -1 };
    parts.pieces.set(packet.offset, packet.payload);
    if (!packet.more) parts.end = packet.offset + packet.payload.length;
    const whole = join(parts);
    if (whole === null) {
      waiting.set(key, parts);
      continue;
    }
    waiting.delete(key);
    const dport = (whole[2] << 8) | whole[3];
    if (dport !== port) continue;
    const data = whole.subarray(8, (whole[4] << 8) | whole[5]);
    const sha256 = createHash('sha256').update(data).digest('hex');
    out.push({
      family: packet.family,
      src: packet.src,
      sport: (whole[0] << 8) | whole[1],
      length: data.length,
      sha256,
    });
  }
  return out;
}

interface Packet {
  family: 4 | 6;
  src: string;
  dst: string;
  protocol: number;
  id: string;
  offset: number;
  more: boolean;
  payload: Uint8Array;
}

function parse4(bytes: Uint8Array): Packet {
  const ip = bytes.subarray(14, 14 + ((bytes[16] << 8) | bytes[17]));
  const field = (ip[6] << 8) | ip[7];
  return {
    family: 4,
    src: ip.subarray(12, 16).join('.'),
    dst: ip.subarray(16, 20).join('.'),
    protocol: ip[9],
    id: `${(ip[4] << 8) | ip[5]}`,
    offset: (field & 0x1fff) * 8,
    more: (field & 0x2000) !== 0,
    payload: ip.subarray((ip[0] & 15) * 4),
  };
}

/** Addresses of the captures have one run of zeros, in groups 1 to 6: `fd01::1`. */
function text6(b: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((b[2 * i] << 8) | b[2 * i + 1]).toString(16));
  return groups.join(':').replace(/(:0)+:/, '::');
}

function parse6(bytes: Uint8Array): Packet {
  const ip = bytes.subarray(14, 54 + ((bytes[18] << 8) | bytes[19]));
  const fragmented = ip[6] === 44;
  const field = fragmented ? (ip[42] << 8) | ip[43] : 0;
  return {
    family: 6,
    src: text6(ip.subarray(8, 24)),
    dst: text6(ip.subarray(24, 40)),
    protocol: fragmented ? ip[40] : ip[6],
    id: fragmented ? ip.subarray(44, 48).join('.') : '',
    offset: field & 0xfff8,
    more: (field & 1) !== 0,
    payload: ip.subarray(fragmented ? 48 : 40),
  };
}

function join({ pieces, end }: Parts): Uint8Array | null {
  if (end < 0) return null;
  const whole = new Uint8Array(end);
  for (let at = 0; at < end; ) {
    const piece = pieces.get(at);
    if (piece === undefined) return null;
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
