/** Ops of the adapter as an event target: the low four bits; above them OP_WRITE carries the epoch of its writer. */
export const OP_WATCHDOG = 0;
export const OP_NAPI_DISABLED = 1;
export const OP_TX_TAIL = 2;
/** A guarded register write takes effect, see `e1000_writel`. */
export const OP_WRITE = 3;
export const OP_MSI_TEST = 4;
export const OP_MSI_FAILED = 5;
export const OP_MASK = 15;
/** From one epoch to the next. */
export const EPOCH_STEP = 16;
