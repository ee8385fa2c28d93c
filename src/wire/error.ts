/** Stable codes of {@link WireError}. */
export type WireErrorCode =
  | 'FRAME_LENGTH'
  | 'FRAME_DOUBLE_UNREF'
  | 'FRAME_USE_AFTER_FREE'
  | 'FRAME_MODIFIED'
  | 'FRAME_LEAK'
  | 'FAULT_SELECTOR'
  | 'FAULT_ARGUMENT'
  | 'LINK_ARGUMENT'
  | 'PORT_ARGUMENT'
  | 'SWITCH_ARGUMENT';

/** An error a caller of the wire caused; `code` is stable, the message is one line for people. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}
