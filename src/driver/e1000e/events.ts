/** Ops of the adapter as an event target. */
export const OP_WATCHDOG = 0;
export const OP_NAPI_DISABLED = 1;
export const OP_TX_TAIL = 2;
