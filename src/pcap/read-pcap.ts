import { PcapError } from './error.js';
import type { Capture, CaptureInterface, CapturePacket } from './types.js';

/** Magic number of a file with microseconds. */
export const PCAP_MAGIC_US = 0xa1b2c3d4;
/** Magic number of a file with nanoseconds. */
export const PCAP_MAGIC_NS = 0xa1b23c4d;

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Bit of the link type field that says that the FCS length above it is meant. */
const FCS_PRESENT = 0x04000000;

/** Reads a classic pcap file whose magic number has been recognised. */
export function readPcap(file: Uint8Array, view: DataView, littleEndian: boolean, nanoseconds: boolean): Capture {
  if (file.length < FILE_HEADER) {
    throw new PcapError('PCAP_TRUNCATED', file.length, `truncated capture: the file header has ${FILE_HEADER} bytes`);
  }
  const major = view.getUint16(4, littleEndian);
  const minor = view.getUint16(6, littleEndian);
  if (major !== 2 || minor !== 4)
    throw new PcapError('PCAP_VERSION', 4, `pcap version ${major}.${minor} is not supported, only 2.4`);
  const packets: CapturePacket[] = [];
  let at = FILE_HEADER;
  while (at < file.length) {
    if (at + RECORD_HEADER > file.length) throw truncated(file, at, packets.length, 'header');
    const length = view.getUint32(at + 8, littleEndian);
    const start = at + RECORD_HEADER;
    if (length > file.length - start) throw truncated(file, at, packets.length, `data of ${length} bytes`);
    packets.push({
      interface: 0,
      seconds: view.getUint32(at, littleEndian),
      nanoseconds: fraction(view.getUint32(at + 4, littleEndian), nanoseconds, at + 4),
      data: file.subarray(start, start + length),
      originalLength: view.getUint32(at + 12, littleEndian),
    });
    at = start + length;
  }
  return { format: 'pcap', interfaces: [linkOf(view, littleEndian)], packets };
}

function linkOf(view: DataView, littleEndian: boolean): CaptureInterface {
  const network = view.getUint32(20, littleEndian);
  const link: CaptureInterface = { linkType: network & 0xffff, snapLength: view.getUint32(16, littleEndian) };
  if ((network & FCS_PRESENT) !== 0) link.fcsLength = (network >>> 28) * 2;
  return link;
}

function fraction(value: number, nanoseconds: boolean, offset: number): number {
  const limit = nanoseconds ? 1_000_000_000 : 1_000_000;
  if (value >= limit) throw new PcapError('PCAP_TIME', offset, `bad time stamp: ${value} is not below ${limit}`);
  return nanoseconds ? value : value * 1000;
}

function truncated(file: Uint8Array, at: number, packet: number, what: string): PcapError {
  return new PcapError(
    'PCAP_TRUNCATED',
    at,
    `truncated capture: packet ${packet + 1} lacks part of its ${what}, the file ends at ${file.length}`,
  );
}
