import { Cloneable } from '../../../sim/index.js';

const ETH_HLEN = 14;
const VLAN_HLEN = 4;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const IPV6_HLEN = 40;
const TCP_ACK = 0x10;

export const PROTO_TCP = 6;
export const PROTO_UDP = 17;
const NEXT_HOP_OPTIONS = 0;
const NEXT_ROUTING = 43;
const NEXT_FRAGMENT = 44;
const NEXT_AUTHENTICATION = 51;
const NEXT_DESTINATION_OPTIONS = 60;
const ROUTING_TYPE_2 = 2;
const OPTION_PAD1 = 0;
const OPTION_HOME_ADDRESS = 201;
/** Extension headers looked at; a longer chain is left undecoded. */
const MOST_EXTENSIONS = 8;

/**
 * What the chip's parser finds in a received frame; one instance is used for all frames. Offsets are bytes from the start of the
 * frame. A packet whose lengths contradict each other or the frame counts as one that is not IP.
 */
export class RxHeaders extends Cloneable {
  /** 4, 6, or 0 for a frame that is not IP. */
  version = 0;
  /** IP header. */
  l3 = 0;
  /** What follows the IP header and its extensions. */
  l4 = 0;
  /** End of the packet as the IP header says. */
  end = 0;
  /** A fragment: there is no transport header to look at, even in the first. */
  fragment = false;
  /** PROTO_TCP or PROTO_UDP if such a header follows whole, else 0. */
  proto = 0;
  /** Next header after IP, also in a fragment. */
  next = 0;
  /** End of all headers that were recognised: where a split puts the border. */
  headers = 0;
  /** IPv6 has extension headers. */
  extended = false;
  /** Addresses for the hash: those of the IP header, or the home addresses that mobile IPv6 carries in extensions. */
  source = 0;
  destination = 0;
  /** One of the two is a home address. */
  home = false;

  /** Looks at the frame of `length` bytes at `off`; `vet` is the type of a VLAN tag. */
  parse(u8: Uint8Array, off: number, length: number, vet: number): void {
    this.version = 0;
    this.proto = 0;
    this.next = 0;
    this.fragment = false;
    this.extended = false;
    this.home = false;
    let at = ETH_HLEN;
    if (length < ETH_HLEN) return;
    let type = (u8[off + 12] << 8) | u8[off + 13];
    if (type === vet && length >= ETH_HLEN + VLAN_HLEN) {
      at += VLAN_HLEN;
      type = (u8[off + 16] << 8) | u8[off + 17];
    }
    this.l3 = at;
    this.headers = at;
    if (type === TYPE_IPV4) this.parseIpv4(u8, off, length);
    else if (type === TYPE_IPV6) this.parseIpv6(u8, off, length);
  }

  private parseIpv4(u8: Uint8Array, off: number, length: number): void {
    const at = off + this.l3;
    const room = length - this.l3;
    if (room < 20 || u8[at] >>> 4 !== 4) return;
    const header = (u8[at] & 15) << 2;
    const total = (u8[at + 2] << 8) | u8[at + 3];
    if (header < 20 || total < header || total > room) return;
    this.version = 4;
    this.source = this.l3 + 12;
    this.destination = this.l3 + 16;
    this.l4 = this.l3 + header;
    this.end = this.l3 + total;
    this.headers = this.l4;
    this.fragment = (((u8[at + 6] & 0x3f) << 8) | u8[at + 7]) !== 0;
    this.next = u8[at + 9];
    if (!this.fragment) this.parseTransport(u8, off);
  }

  private parseIpv6(u8: Uint8Array, off: number, length: number): void {
    const at = off + this.l3;
    const room = length - this.l3 - IPV6_HLEN;
    if (room < 0 || u8[at] >>> 4 !== 6) return;
    const payload = (u8[at + 4] << 8) | u8[at + 5];
    if (payload > room) return;
    this.version = 6;
    this.source = this.l3 + 8;
    this.destination = this.l3 + 24;
    this.l4 = this.l3 + IPV6_HLEN;
    this.end = this.l4 + payload;
    this.next = u8[at + 6];
    for (let n = 0; n < MOST_EXTENSIONS && this.extension(u8, off); n++) this.extended = true;
    this.headers = this.l4;
    if (!this.fragment) this.parseTransport(u8, off);
  }

  /** Steps over one extension header; false when there is none, or not a whole one. */
  private extension(u8: Uint8Array, off: number): boolean {
    const next = this.next;
    const at = off + this.l4;
    const left = this.end - this.l4;
    if (left < 8 || this.fragment) return false;
    let bytes = 8;
    if (next === NEXT_FRAGMENT) {
      this.fragment = (((u8[at + 2] << 8) | u8[at + 3]) & 0xfff9) !== 0;
    } else if (next === NEXT_AUTHENTICATION) {
      bytes = (u8[at + 1] + 2) << 2;
    } else if (next === NEXT_HOP_OPTIONS || next === NEXT_ROUTING || next === NEXT_DESTINATION_OPTIONS) {
      bytes = (u8[at + 1] + 1) << 3;
    } else {
      return false;
    }
    if (bytes > left) return false;
    if (next === NEXT_ROUTING) this.routing(u8, at, bytes);
    else if (next === NEXT_DESTINATION_OPTIONS) this.options(u8, off, bytes);
    this.next = u8[at];
    this.l4 += bytes;
    return true;
  }

  /** Routing header type 2 with one address (RFC 6275): the home address of the destination. */
  private routing(u8: Uint8Array, at: number, bytes: number): void {
    if (bytes !== 24 || u8[at + 2] !== ROUTING_TYPE_2 || u8[at + 3] !== 1) return;
    this.destination = this.l4 + 8;
    this.home = true;
  }

  /** Destination options: a home address option (RFC 6275) names the home address of the source. */
  private options(u8: Uint8Array, off: number, bytes: number): void {
    const end = this.l4 + bytes;
    let at = this.l4 + 2;
    while (at + 2 <= end) {
      const kind = u8[off + at];
      if (kind === OPTION_PAD1) {
        at++;
        continue;
      }
      const length = u8[off + at + 1];
      if (kind === OPTION_HOME_ADDRESS && length === 16 && at + 18 <= end) {
        this.source = at + 2;
        this.home = true;
        return;
      }
      at += 2 + length;
    }
  }

  private parseTransport(u8: Uint8Array, off: number): void {
    const at = off + this.l4;
    const left = this.end - this.l4;
    if (this.next === PROTO_TCP && left >= 20) {
      const header = (u8[at + 12] >>> 4) << 2;
      if (header < 20 || header > left) return;
      this.proto = PROTO_TCP;
      this.headers = this.l4 + header;
    } else if (this.next === PROTO_UDP && left >= 8) {
      this.proto = PROTO_UDP;
      this.headers = this.l4 + 8;
    }
  }

  /** A TCP segment with the ACK flag; with `pure` only one without data. */
  isAck(u8: Uint8Array, off: number, pure: boolean): boolean {
    if (this.proto !== PROTO_TCP || (u8[off + this.l4 + 13] & TCP_ACK) === 0) return false;
    return !pure || this.headers === this.end;
  }
}
