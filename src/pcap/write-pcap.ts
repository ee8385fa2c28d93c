import { ByteWriter } from './byte-writer.js';
import { PCAP_MAGIC_NS } from './read-pcap.js';
import { LINKTYPE_ETHERNET } from './types.js';
import { checkRange, type PacketInput } from './write-common.js';

/** Options of a {@link PcapWriter}. */
export interface PcapWriterOptions {
  /** LINKTYPE_ number; default Ethernet. */
  linkType?: number;
  /** Longest captured length announced; default 262144. */
  snapLength?: number;
}

/** Writes a classic pcap file with nanoseconds, little-endian: the same packets give the same bytes. */
export class PcapWriter {
  private readonly out: ByteWriter = new ByteWriter();

  constructor(options: PcapWriterOptions = {}) {
    const { linkType = LINKTYPE_ETHERNET, snapLength = 262144 } = options;
    checkRange('linkType', linkType, 0xffff);
    checkRange('snapLength', snapLength, 0xffffffff);
    this.out.u32(PCAP_MAGIC_NS);
    this.out.u16(2);
    this.out.u16(4);
    this.out.u32(0);
    this.out.u32(0);
    this.out.u32(snapLength);
    this.out.u32(linkType);
  }

  /** Adds a packet. Throws PcapError PCAP_ARGUMENT; the format has no comments, flags or second interface, so they are refused. */
  packet(packet: PacketInput): void {
    const { seconds, nanoseconds, data, originalLength = data.length } = packet;
    checkRange('interface', packet.interface ?? 0, 0);
    checkRange('seconds', seconds, 0xffffffff);
    checkRange('nanoseconds', nanoseconds, 999_999_999);
    checkRange('originalLength', originalLength, 0xffffffff);
    checkRange('number of comments', packet.comments?.length ?? 0, 0);
    checkRange('flags', packet.direction === undefined ? (packet.flags ?? 0) : 1, 0);
    this.out.u32(seconds);
    this.out.u32(nanoseconds);
    this.out.u32(data.length);
    this.out.u32(originalLength);
    this.out.put(data);
  }

  /** What has been written since the last call (the first one includes the file header), for appending to the file. */
  take(): Uint8Array {
    return this.out.take();
  }
}
