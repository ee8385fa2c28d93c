import { PcapError } from './error.js';

const OPT_ENDOFOPT = 0;
/** Comment, in any block. */
export const OPT_COMMENT = 1;

/** An option of a pcapng block. */
export interface BlockOption {
  code: number;
  /** Where its value starts in the file. */
  offset: number;
  value: Uint8Array;
}

/** The options in [at, end) of a block. Throws {@link PcapError} PCAP_OPTION if one does not fit. */
export function readOptions(
  file: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  littleEndian: boolean,
): BlockOption[] {
  const options: BlockOption[] = [];
  let next = at;
  while (next < end) {
    if (next + 4 > end) throw new PcapError('PCAP_OPTION', next, 'an option header does not fit into its block');
    const code = view.getUint16(next, littleEndian);
    const length = view.getUint16(next + 2, littleEndian);
    if (code === OPT_ENDOFOPT) return options;
    const start = next + 4;
    if (start + length > end) {
      throw new PcapError('PCAP_OPTION', next, `option ${code} of ${length} bytes does not fit into its block`);
    }
    options.push({ code, offset: start, value: file.subarray(start, start + length) });
    next = start + padded(length);
  }
  return options;
}

/** Length rounded up to 32 bits. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

/** The value of an option as text. */
export function text(option: BlockOption): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(option.value);
}
