import type { RawPort } from '../../../src/wire/index.js';

const TAG = 0x8100;
const ARP = 0x0806;
const IPV4 = 0x0800;
const MAC = [2, 0, 0, 0, 9, 9];

/**
 * A station on the tagged network `vid` that knows ARP and echo requests for one address. It counts what it answered, and frames for its
 * address that came without a tag or with another.
 */
export class Responder {
  answered = 0;
  untagged = 0;
  private readonly port: RawPort;
  private readonly vid: number;
  private readonly address: readonly number[];

  constructor(port: RawPort, vid: number, address: readonly number[]) {
    this.port = port;
    this.vid = vid;
    this.address = address;
    port.onFrame = (frame) => this.take(frame.bytes);
  }

  private take(frame: Uint8Array): void {
    const type = (frame[12] << 8) | frame[13];
    const tagged = type === TAG && (((frame[14] << 8) | frame[15]) & 0xfff) === this.vid;
    const body = frame.slice(type === TAG ? 18 : 14);
    const inner = type === TAG ? (frame[16] << 8) | frame[17] : type;
    const reply = inner === ARP ? this.arp(body) : inner === IPV4 ? this.echo(body) : null;
    if (reply === null) return;
    if (!tagged) {
      this.untagged++;
      return;
    }
    this.answered++;
    const to = frame.slice(6, 12);
    // One for another network first: the card must not pass it up.
    for (const vid of [this.vid + 1, this.vid]) {
      this.port.send(
        Uint8Array.of(...to, ...MAC, TAG >> 8, TAG & 0xff, vid >> 8, vid & 0xff, inner >> 8, inner & 0xff, ...reply),
      );
    }
  }

  private mine(bytes: Uint8Array, at: number): boolean {
    return this.address.every((byte, i) => bytes[at + i] === byte);
  }

  private arp(body: Uint8Array): Uint8Array | null {
    if (body[7] !== 1 || !this.mine(body, 24)) return null;
    return Uint8Array.of(...body.slice(0, 7), 2, ...MAC, ...this.address, ...body.slice(8, 18));
  }

  private echo(body: Uint8Array): Uint8Array | null {
    if (body[9] !== 1 || body[20] !== 8 || !this.mine(body, 16)) return null;
    const reply = body.slice(0, (body[2] << 8) | body[3]);
    reply.set(body.slice(12, 16), 16);
    reply.set(this.address, 12);
    reply[20] = 0;
    // The type went from 8 to 0, so the checksum grows by as much (RFC 1624).
    const sum = ((reply[22] << 8) | reply[23]) + 0x0800;
    reply[22] = (sum + (sum >> 16)) >> 8;
    reply[23] = sum + (sum >> 16);
    return reply;
  }
}
