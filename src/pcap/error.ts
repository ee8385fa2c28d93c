/** Stable codes of {@link PcapError}. */
export type PcapErrorCode =
  | 'PCAP_NOT_A_CAPTURE'
  | 'PCAP_TRUNCATED'
  | 'PCAP_VERSION'
  | 'PCAP_BLOCK'
  | 'PCAP_OPTION'
  | 'PCAP_INTERFACE'
  | 'PCAP_TIME'
  | 'PCAP_ARGUMENT';

/** A capture file that cannot be read, or an argument of a writer that cannot be written; the message is one line. */
export class PcapError extends Error {
  readonly code: PcapErrorCode;
  /** Byte offset in the file of what is wrong; -1 for an argument of a writer. */
  readonly offset: number;
  constructor(code: PcapErrorCode, offset: number, message: string) {
    super(offset >= 0 ? `${message} (at byte offset ${offset})` : message);
    this.name = 'PcapError';
    this.code = code;
    this.offset = offset;
  }
}
