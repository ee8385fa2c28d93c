/** What a caller of this room can do wrong; stable values of `DriverError.code`. */
export type DriverErrorCode = 'DMA_RANGE' | 'TIMER_GONE' | 'BAD_OPTION' | 'IRQ_IN_USE' | 'NO_VECTOR';

/** A misuse of the driver room that a kernel answers with BUG(), or a bad option. */
export class DriverError extends Error {
  readonly code: DriverErrorCode;

  constructor(code: DriverErrorCode, message: string) {
    super(message);
    this.name = 'DriverError';
    this.code = code;
  }
}
