/** State bits of a NAPI instance (`NAPI_STATE_*` of include/linux/netdevice.h in their order), as masks. */
export const NAPIF_STATE_SCHED = 1 << 0;
/** A schedule was asked for while SCHED was set: whoever completes must schedule again. */
export const NAPIF_STATE_MISSED = 1 << 1;
/** A disable is waiting for the instance to become free. */
export const NAPIF_STATE_DISABLE = 1 << 2;
/** Owned by whoever disabled it (in Linux also by netpoll). */
export const NAPIF_STATE_NPSVC = 1 << 3;
export const NAPIF_STATE_LISTED = 1 << 4;
export const NAPIF_STATE_NO_BUSY_POLL = 1 << 5;
export const NAPIF_STATE_IN_BUSY_POLL = 1 << 6;
export const NAPIF_STATE_PREFER_BUSY_POLL = 1 << 7;
export const NAPIF_STATE_THREADED = 1 << 8;
export const NAPIF_STATE_SCHED_THREADED = 1 << 9;

/** Default weight of an instance: packets per poll. A larger one is only warned of. */
export const NAPI_POLL_WEIGHT = 64;

/** Result of {@link napi_gro_receive} (`enum gro_result`): the packet went up as it is. */
export const GRO_NORMAL = 3;
/** Result of {@link napi_gro_receive}: dropped on its way up. */
export const GRO_DROP = 4;
