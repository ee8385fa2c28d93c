/** State bits of a NAPI instance (`NAPI_STATE_*` of include/linux/netdevice.h in their order), as masks. */
export const NAPIF_STATE_SCHED = 0x1;
/** A schedule was asked for while SCHED was set: whoever completes must schedule again. */
export const NAPIF_STATE_MISSED = 0x2;
/** A disable is waiting for the instance to become free. */
export const NAPIF_STATE_DISABLE = 0x4;
/** Owned by whoever disabled it (in Linux also by netpoll). */
export const NAPIF_STATE_NPSVC = 0x8;
export const NAPIF_STATE_LISTED = 0x10;
export const NAPIF_STATE_NO_BUSY_POLL = 0x20;
export const NAPIF_STATE_IN_BUSY_POLL = 0x40;
export const NAPIF_STATE_PREFER_BUSY_POLL = 0x80;
export const NAPIF_STATE_THREADED = 0x100;
export const NAPIF_STATE_SCHED_THREADED = 0x200;

/** Default weight of an instance: packets per poll. A larger one is only warned of. */
export const NAPI_POLL_WEIGHT = 64;

/** Result of {@link napi_gro_receive} (`enum gro_result`): the packet went up as it is. */
export const GRO_NORMAL = 3;
/** Result of {@link napi_gro_receive}: dropped on its way up. */
export const GRO_DROP = 4;
