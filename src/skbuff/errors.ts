/** What a driver or protocol can do wrong with a buffer; stable values of `SkbError.code`. */
export type SkbErrorCode =
  | 'DOUBLE_FREE'
  | 'USE_AFTER_FREE'
  | 'LEAK'
  | 'RING_SLOT_REUSED'
  | 'OVERRUN'
  | 'UNDERRUN'
  | 'SHARED'
  | 'NONLINEAR'
  | 'NO_DEVICE';

/**
 * A misuse of an `sk_buff` by driver or protocol code: what a kernel answers with BUG() or a corrupted list.
 * Bytes from the wire never cause one.
 */
export class SkbError extends Error {
  /** Which misuse. */
  readonly code: SkbErrorCode;
  /** Id of the skb, or 0 where a buffer without skb is meant. */
  readonly skb: number;

  constructor(code: SkbErrorCode, skb: number, message: string) {
    super(`${code}: ${message}`);
    this.name = 'SkbError';
    this.code = code;
    this.skb = skb;
  }
}
