/** LINKTYPE_ETHERNET: frames from the destination address on. */
export const LINKTYPE_ETHERNET = 1;

/** An interface of a capture; a classic pcap file has one. */
export interface CaptureInterface {
  /** LINKTYPE_ number; 1 = Ethernet. */
  linkType: number;
  /** Longest captured length the writer announced; 0 = no limit. */
  snapLength: number;
  /** if_name, if given. */
  name?: string;
  /** if_description, if given. */
  description?: string;
  /** Bytes of frame check sequence at the end of each frame, if stated. */
  fcsLength?: number;
}

/** Direction by the flags of a packet block. */
export type PacketDirection = 'inbound' | 'outbound';

/** One packet of a capture. */
export interface CapturePacket {
  /** Index in `interfaces`. */
  interface: number;
  /** Whole seconds since the epoch; 0 if the format gives no time (simple packet block). */
  seconds: number;
  /** Nanoseconds within the second, 0..999999999. */
  nanoseconds: number;
  /** The captured bytes: a view of the file. */
  data: Uint8Array;
  /** Length of the packet on the line; at least that of `data`, unless the file says otherwise. */
  originalLength: number;
  /** opt_comment options, in order; absent without any. */
  comments?: readonly string[];
  /** epb_flags as an unsigned 32-bit number, if given. */
  flags?: number;
}

/** A capture file, read. */
export interface Capture {
  format: 'pcap' | 'pcapng';
  /** All interfaces of all sections. */
  interfaces: CaptureInterface[];
  packets: CapturePacket[];
}

/** Seconds and nanoseconds of an instant in ns (a whole number, 0..2^53 - 1), to spread into a packet to write. */
export function timestamp(time_ns: number): { seconds: number; nanoseconds: number } {
  const seconds = Math.floor(time_ns / 1e9);
  return { seconds, nanoseconds: time_ns - seconds * 1e9 };
}

/** Time of a packet after `origin` (usually the first packet) in whole ns; exact as long as they lie less than 104 days apart. */
export function relativeNs(
  packet: { seconds: number; nanoseconds: number },
  origin: { seconds: number; nanoseconds: number },
): number {
  return (packet.seconds - origin.seconds) * 1e9 + (packet.nanoseconds - origin.nanoseconds);
}

/** What the direction bits (0 and 1) of epb_flags say; undefined if nothing. */
export function directionOf(packet: { flags?: number | undefined }): PacketDirection | undefined {
  const bits = (packet.flags ?? 0) & 3;
  if (bits === 1) return 'inbound';
  return bits === 2 ? 'outbound' : undefined;
}
