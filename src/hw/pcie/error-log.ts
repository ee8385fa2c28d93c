import { ERR_COR, ERR_FATAL, ERR_NONFATAL } from './aer.js';
import type { ConfigSpace } from './config-space.js';
import { PCI_ERR_COR_STATUS, PCI_ERR_HEADER_LOG, PCI_ERR_UNCOR_STATUS } from './regs.js';

/** Records an {@link ErrorLog} holds. */
export const ERROR_RECORDS = 64;

/** One error message that reached the root complex, or one error it detected itself. */
export interface ErrorRecord {
  /** ns */
  readonly time_ns: number;
  /** Requester id of the function that reported it, or whose request was at fault. */
  readonly bdf: number;
  /** `ERR_COR`, `ERR_NONFATAL` or `ERR_FATAL`. */
  readonly message: number;
  /** The root complex was the completer and detected it: the function has logged nothing. */
  readonly byRoot: boolean;
  /** The function's AER registers at that moment (0 without AER): uncorrectable and correctable status, header log. */
  readonly uncorrectable: number;
  readonly correctable: number;
  readonly header: readonly number[];
}

/**
 * The errors a root complex knows of: counts by severity, and the latest {@link ERROR_RECORDS} in order.
 */
export class ErrorLog {
  correctable = 0;
  nonfatal = 0;
  fatal = 0;
  /** Latest records, oldest first. */
  readonly records: ErrorRecord[] = [];

  /** A message of `bdf` has come. */
  received(time_ns: number, bdf: number, message: number, config: ConfigSpace): void {
    const aer = config.aerCap;
    const word = (at: number): number => (aer === 0 ? 0 : config.read(aer + at, 4));
    const header = [0, 4, 8, 12].map((i) => word(PCI_ERR_HEADER_LOG + i));
    this.add({
      time_ns,
      bdf,
      message,
      byRoot: false,
      uncorrectable: word(PCI_ERR_UNCOR_STATUS),
      correctable: word(PCI_ERR_COR_STATUS),
      header,
    });
  }

  /** The root complex refused a request of `bdf` with this header. */
  refused(time_ns: number, bdf: number, message: number, status: number, header: readonly number[]): void {
    this.add({ time_ns, bdf, message, byRoot: true, uncorrectable: status, correctable: 0, header });
  }

  private add(record: ErrorRecord): void {
    if (record.message === ERR_COR) this.correctable++;
    else if (record.message === ERR_NONFATAL) this.nonfatal++;
    else if (record.message === ERR_FATAL) this.fatal++;
    if (this.records.length === ERROR_RECORDS) this.records.shift();
    this.records.push(record);
  }
}
