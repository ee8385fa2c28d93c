/**
 * Packets and devices: `sk_buff` with its pool, queues and drop accounting, `net_device` with its queue, the registry of
 * packet types, and `Net`, which is what one host's stack hangs on.
 *
 * @packageDocumentation
 */
export * from './checked.js';
export * from './checksum.js';
export * from './clone.js';
export * from './constants.js';
export * from './copy.js';
export * from './data.js';
export { DevWatchdog } from './dev-watchdog.js';
export * from './device.js';
export * from './driver-names.js';
export * from './drop-reasons.js';
export * from './errors.js';
export * from './eth.js';
export * from './ethtool.js';
export { consume_skb, kfree_skb_list_reason, kfree_skb_reason, skb_get, skb_orphan, skb_shared } from './free.js';
export * from './net.js';
export * from './net-tx-action.js';
export * from './netdev.js';
export * from './page-pool.js';
export { SkbPool, type SkbPoolOptions } from './pool.js';
export * from './ptype.js';
export * from './queue.js';
export * from './rx.js';
export { type PageOwner, SkBuff, type SkBuffList, SkbBuffer, type SkOwner } from './skb.js';
export * from './sysctl.js';
export * from './xmit.js';
