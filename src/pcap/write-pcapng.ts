import { ByteWriter } from './byte-writer.js';
import { PcapError } from './error.js';
import { OPT_COMMENT } from './options.js';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_SECTION_HEADER,
  BYTE_ORDER_MAGIC,
  EPB_FLAGS,
  IF_DESCRIPTION,
  IF_FCSLEN,
  IF_NAME,
  IF_TSRESOL,
} from './read-pcapng.js';
import { type CaptureInterface, LINKTYPE_ETHERNET } from './types.js';
import { checkRange, type PacketInput } from './write-common.js';

const SHB_HARDWARE = 2;
const SHB_OS = 3;
const SHB_USERAPPL = 4;
const NS_RESOLUTION = 9;

/** Options of a {@link PcapngWriter}: texts of the section header. Nothing is written that is not given. */
export interface PcapngWriterOptions {
  hardware?: string;
  os?: string;
  application?: string;
  comment?: string;
}

/**
 * Writes a pcapng file with one section, little-endian, in ns: the same calls give the same bytes. Interfaces may be added
 * at any time before their first packet.
 */
export class PcapngWriter {
  private readonly out: ByteWriter = new ByteWriter();
  private interfaces = 0;

  constructor(options: PcapngWriterOptions = {}) {
    const start = this.begin(BLOCK_SECTION_HEADER);
    this.out.u32(BYTE_ORDER_MAGIC);
    this.out.u16(1);
    this.out.u16(0);
    // Section length -1: not stated.
    this.out.u32(0xffffffff);
    this.out.u32(0xffffffff);
    const texts: [number, string | undefined][] = [
      [OPT_COMMENT, options.comment],
      [SHB_HARDWARE, options.hardware],
      [SHB_OS, options.os],
      [SHB_USERAPPL, options.application],
    ];
    for (const [code, value] of texts) this.textOption(code, value);
    if (texts.some(([, value]) => value !== undefined)) this.out.u32(0);
    this.finish(start);
  }

  /** Adds an interface and returns its number, from 0. */
  addInterface(options: Partial<CaptureInterface> = {}): number {
    const { linkType = LINKTYPE_ETHERNET, snapLength = 0, name, description, fcsLength } = options;
    checkRange('linkType', linkType, 0xffff);
    checkRange('snapLength', snapLength, 0xffffffff);
    if (fcsLength !== undefined) checkRange('fcsLength', fcsLength, 255);
    const start = this.begin(BLOCK_INTERFACE);
    this.out.u16(linkType);
    this.out.u16(0);
    this.out.u32(snapLength);
    this.textOption(IF_NAME, name);
    this.textOption(IF_DESCRIPTION, description);
    this.option(IF_TSRESOL, Uint8Array.of(NS_RESOLUTION));
    if (fcsLength !== undefined) this.option(IF_FCSLEN, Uint8Array.of(fcsLength));
    this.out.u32(0);
    this.finish(start);
    return this.interfaces++;
  }

  /** Adds a packet. Throws {@link PcapError} PCAP_ARGUMENT; seconds reach to 2^64 ns (the year 2554). */
  packet(packet: PacketInput): void {
    const { interface: id = 0, seconds, nanoseconds, data, originalLength = data.length, comments = [] } = packet;
    if (this.interfaces === 0)
      throw new PcapError('PCAP_ARGUMENT', -1, 'a packet needs an interface: call addInterface first');
    checkRange('interface', id, this.interfaces - 1);
    checkRange('seconds', seconds, 18_446_744_072);
    checkRange('nanoseconds', nanoseconds, 999_999_999);
    checkRange('originalLength', originalLength, 0xffffffff);
    const flags = flagsOf(packet);
    const start = this.begin(BLOCK_ENHANCED_PACKET);
    this.out.u32(id);
    const stamp = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    this.out.u32(Number(stamp >> 32n));
    this.out.u32(Number(stamp & 0xffffffffn));
    this.out.u32(data.length);
    this.out.u32(originalLength);
    this.out.put(data);
    this.out.pad();
    for (const comment of comments) this.textOption(OPT_COMMENT, comment);
    if (flags !== undefined) {
      this.out.u16(EPB_FLAGS);
      this.out.u16(4);
      this.out.u32(flags);
    }
    if (comments.length > 0 || flags !== undefined) this.out.u32(0);
    this.finish(start);
  }

  /** What has been written since the last call (the first one includes the section header), for appending to the file. */
  take(): Uint8Array {
    return this.out.take();
  }

  private begin(type: number): number {
    const start = this.out.length;
    this.out.u32(type);
    this.out.u32(0);
    return start;
  }

  private finish(start: number): void {
    const length = this.out.length - start + 4;
    this.out.u32(length);
    this.out.patch32(start + 4, length);
  }

  /** Writes a text option if there is a text. */
  private textOption(code: number, value: string | undefined): void {
    if (value !== undefined) this.option(code, new TextEncoder().encode(value));
  }

  private option(code: number, value: Uint8Array): void {
    checkRange('length of an option in bytes', value.length, 0xffff);
    this.out.u16(code);
    this.out.u16(value.length);
    this.out.put(value);
    this.out.pad();
  }
}

function flagsOf(packet: PacketInput): number | undefined {
  if (packet.flags === undefined && packet.direction === undefined) return undefined;
  const flags = packet.flags ?? 0;
  checkRange('flags', flags, 0xffffffff);
  const direction = packet.direction === 'inbound' ? 1 : packet.direction === 'outbound' ? 2 : flags & 3;
  return ((flags & ~3) | direction) >>> 0;
}
