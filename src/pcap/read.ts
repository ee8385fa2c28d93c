import { PcapError } from './error.js';
import { PCAP_MAGIC_NS, PCAP_MAGIC_US, readPcap } from './read-pcap.js';
import { BLOCK_SECTION_HEADER, readPcapng } from './read-pcapng.js';
import type { Capture } from './types.js';

/**
 * Reads a capture: pcap (microseconds or nanoseconds) or pcapng, each in both byte orders. Strict: throws
 * {@link PcapError} with one line that names the byte offset when the file is no capture, is cut off or contradicts itself.
 */
export function readCapture(file: Uint8Array): Capture {
  if (file.length === 0) throw new PcapError('PCAP_NOT_A_CAPTURE', 0, 'the file is empty');
  if (file.length < 4) throw new PcapError('PCAP_NOT_A_CAPTURE', 0, `not a capture file: only ${file.length} bytes`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = view.getUint32(0);
  if (magic === BLOCK_SECTION_HEADER) return readPcapng(file, view);
  for (const littleEndian of [false, true]) {
    const value = view.getUint32(0, littleEndian);
    if (value === PCAP_MAGIC_US || value === PCAP_MAGIC_NS) {
      return readPcap(file, view, littleEndian, value === PCAP_MAGIC_NS);
    }
  }
  if (magic >>> 16 === 0x1f8b) {
    throw new PcapError('PCAP_NOT_A_CAPTURE', 0, 'the file is compressed with gzip; decompress it first');
  }
  const hex = magic.toString(16).padStart(8, '0');
  throw new PcapError('PCAP_NOT_A_CAPTURE', 0, `not a pcap or pcapng capture: it starts with 0x${hex}`);
}
