import { PcapError } from './error.js';
import { OPT_COMMENT, padded, readOptions, text } from './options.js';
import { readTime, type TimeUnit, timeUnit } from './time-unit.js';
import type { Capture, CaptureInterface, CapturePacket } from './types.js';

/** Block type of the section header: the same in both byte orders. */
export const BLOCK_SECTION_HEADER = 0x0a0d0d0a;
/** Interface description block. */
export const BLOCK_INTERFACE = 1;
const BLOCK_PACKET = 2;
const BLOCK_SIMPLE_PACKET = 3;
/** Enhanced packet block. */
export const BLOCK_ENHANCED_PACKET = 6;
/** Byte-order magic of a section header. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Options of an interface description. */
export const IF_NAME = 2;
export const IF_DESCRIPTION = 3;
export const IF_TSRESOL = 9;
export const IF_FCSLEN = 13;
export const IF_TSOFFSET = 14;
/** Flags option of the enhanced packet block (and of the old packet block). */
export const EPB_FLAGS = 2;

/** Reads a pcapng file; blocks that carry no packets (names, statistics, secrets, custom ones) are passed over. */
export function readPcapng(file: Uint8Array, view: DataView): Capture {
  return new PcapngReader(file, view).read();
}

interface Block {
  type: number;
  /** Where the block starts. */
  at: number;
  /** Where its body starts and ends. */
  body: number;
  end: number;
}

class PcapngReader {
  private readonly file: Uint8Array;
  private readonly view: DataView;
  private readonly interfaces: CaptureInterface[] = [];
  private readonly units: TimeUnit[] = [];
  private readonly packets: CapturePacket[] = [];
  private littleEndian = false;
  /** Index of the section's first interface. */
  private base = 0;

  constructor(file: Uint8Array, view: DataView) {
    this.file = file;
    this.view = view;
  }

  read(): Capture {
    let at = 0;
    while (at < this.file.length) {
      const block = this.block(at);
      if (block.type === BLOCK_SECTION_HEADER) this.section(block);
      else if (block.type === BLOCK_INTERFACE) this.interface(block);
      else if (block.type === BLOCK_ENHANCED_PACKET) this.enhanced(block);
      else if (block.type === BLOCK_SIMPLE_PACKET) this.simple(block);
      else if (block.type === BLOCK_PACKET) this.old(block);
      at = block.end + 4;
    }
    return { format: 'pcapng', interfaces: this.interfaces, packets: this.packets };
  }

  private u16(at: number): number {
    return this.view.getUint16(at, this.littleEndian);
  }

  private u32(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }

  /** Checks the frame of the block at `at`: it fits, and its two lengths agree. */
  private block(at: number): Block {
    const left = this.file.length - at;
    if (left < 12)
      throw new PcapError('PCAP_TRUNCATED', at, `truncated capture: a block has at least 12 bytes, ${left} are left`);
    const type = this.u32(at);
    if (type === BLOCK_SECTION_HEADER) this.byteOrder(at);
    const length = this.u32(at + 4);
    if (length < 12 || length % 4 !== 0) throw new PcapError('PCAP_BLOCK', at + 4, `bad block length ${length}`);
    if (length > left) {
      throw new PcapError('PCAP_TRUNCATED', at, `truncated capture: a block of ${length} bytes, ${left} are left`);
    }
    const end = at + length - 4;
    if (this.u32(end) !== length) {
      throw new PcapError('PCAP_BLOCK', end, `the block's second length is ${this.u32(end)}, not ${length}`);
    }
    return { type, at, body: at + 8, end };
  }

  private byteOrder(at: number): void {
    const magic = this.view.getUint32(at + 8);
    if (magic === BYTE_ORDER_MAGIC) this.littleEndian = false;
    else if (magic === 0x4d3c2b1a) this.littleEndian = true;
    else {
      const hex = magic.toString(16).padStart(8, '0');
      throw new PcapError('PCAP_NOT_A_CAPTURE', at + 8, `bad byte-order magic 0x${hex}`);
    }
  }

  private need(block: Block, bytes: number, what: string): void {
    if (block.end - block.body < bytes) {
      throw new PcapError(
        'PCAP_BLOCK',
        block.at,
        `${what} needs ${bytes} bytes, its block has ${block.end - block.body}`,
      );
    }
  }

  private section(block: Block): void {
    this.need(block, 16, 'a section header');
    const major = this.u16(block.body + 4);
    const minor = this.u16(block.body + 6);
    // Minor version 2 was written by some programs and is by the format's own text to be read like 0.
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      throw new PcapError(
        'PCAP_VERSION',
        block.body + 4,
        `pcapng version ${major}.${minor} is not supported, only 1.0`,
      );
    }
    readOptions(this.file, this.view, block.body + 16, block.end, this.littleEndian);
    this.base = this.interfaces.length;
  }

  private interface(block: Block): void {
    this.need(block, 8, 'an interface description');
    const found: CaptureInterface = { linkType: this.u16(block.body), snapLength: this.u32(block.body + 4) };
    let resolution = 6;
    let offset_s = 0n;
    for (const option of readOptions(this.file, this.view, block.body + 8, block.end, this.littleEndian)) {
      const wants = option.code === IF_TSOFFSET ? 8 : option.code === IF_TSRESOL || option.code === IF_FCSLEN ? 1 : -1;
      if (wants >= 0 && option.value.length !== wants) {
        throw new PcapError(
          'PCAP_OPTION',
          option.offset,
          `option ${option.code} has ${option.value.length} bytes, not ${wants}`,
        );
      }
      if (option.code === IF_NAME) found.name = text(option);
      else if (option.code === IF_DESCRIPTION) found.description = text(option);
      else if (option.code === IF_TSRESOL) resolution = option.value[0];
      else if (option.code === IF_FCSLEN) found.fcsLength = option.value[0];
      else if (option.code === IF_TSOFFSET) offset_s = this.view.getBigInt64(option.offset, this.littleEndian);
    }
    this.interfaces.push(found);
    this.units.push(timeUnit(resolution, offset_s));
  }

  private index(id: number, at: number): number {
    const index = this.base + id;
    if (index >= this.interfaces.length) {
      throw new PcapError('PCAP_INTERFACE', at, `a packet of interface ${id}, which its section does not describe`);
    }
    return index;
  }

  private enhanced(block: Block): void {
    this.need(block, 20, 'an enhanced packet');
    this.timed(block, this.index(this.u32(block.body), block.body));
  }

  /** The packet block that the enhanced one replaced differs only in a 16-bit interface id and a drop count. */
  private old(block: Block): void {
    this.need(block, 20, 'a packet');
    this.timed(block, this.index(this.u16(block.body), block.body));
  }

  private timed(block: Block, index: number): void {
    const length = this.u32(block.body + 12);
    const start = block.body + 20;
    const data = this.data(block, start, length);
    const packet: CapturePacket = {
      interface: index,
      ...readTime(this.units[index], this.u32(block.body + 4), this.u32(block.body + 8), block.body + 4),
      data,
      originalLength: this.u32(block.body + 16),
    };
    const comments: string[] = [];
    for (const option of readOptions(this.file, this.view, start + padded(length), block.end, this.littleEndian)) {
      if (option.code === OPT_COMMENT) comments.push(text(option));
      else if (option.code === EPB_FLAGS) packet.flags = this.flags(option.offset, option.value.length);
    }
    if (comments.length > 0) packet.comments = comments;
    this.packets.push(packet);
  }

  private flags(at: number, length: number): number {
    if (length !== 4) throw new PcapError('PCAP_OPTION', at, `packet flags have ${length} bytes, not 4`);
    return this.u32(at);
  }

  private simple(block: Block): void {
    this.need(block, 4, 'a simple packet');
    const index = this.index(0, block.at);
    const originalLength = this.u32(block.body);
    const { snapLength } = this.interfaces[index];
    const length = snapLength > 0 ? Math.min(snapLength, originalLength) : originalLength;
    const data = this.data(block, block.body + 4, length);
    this.packets.push({ interface: index, seconds: 0, nanoseconds: 0, data, originalLength });
  }

  private data(block: Block, start: number, length: number): Uint8Array {
    if (length > block.end - start) {
      throw new PcapError('PCAP_BLOCK', block.at, `a packet of ${length} bytes does not fit into its block`);
    }
    return this.file.subarray(start, start + length);
  }
}
