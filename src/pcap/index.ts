/** Capture files: a strict reader of pcap and pcapng, deterministic writers of pcapng and of pcap with nanoseconds. */
export { PcapError, type PcapErrorCode } from './error.js';
export { readCapture } from './read.js';
export {
  type Capture,
  type CaptureInterface,
  type CapturePacket,
  directionOf,
  LINKTYPE_ETHERNET,
  type PacketDirection,
  relativeNs,
  timestamp,
} from './types.js';
export type { PacketInput } from './write-common.js';
export { PcapWriter, type PcapWriterOptions } from './write-pcap.js';
export { PcapngWriter, type PcapngWriterOptions } from './write-pcapng.js';
