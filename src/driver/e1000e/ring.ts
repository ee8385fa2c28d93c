import { Cloneable } from '../../sim/index.js';
import {
  consume_skb,
  kfree_skb_reason,
  type Net,
  SKB_DROP_REASON_DEV_READY,
  type SkBuff,
  skb_ring_take,
} from '../../skbuff/index.js';
import { ENOMEM } from '../../uapi/index.js';
import { E1000_RXD_STAT_DD } from './regs.js';

/** Bytes of a descriptor, and alignment of a ring. */
export const DESC_SIZE = 16;
const RING_ALIGN = 4096;

/** A descriptor ring: the descriptors lie in host memory at `dma`, what hangs on each is in `skbs`. */
export class E1000Ring extends Cloneable {
  readonly count: number;
  /** Physical address of descriptor 0; 0 while not allocated. */
  dma: number;
  next_to_use: number;
  next_to_clean: number;
  skbs: (SkBuff | null)[];
  /** Transmit only: index of the last descriptor of the packet that starts here, -1 for none; and when it was queued (jiffies). */
  watch: Int16Array;
  stamp: Int32Array;
  /** Receive only: frames that lay here, received and not yet polled, when the ring was freed. */
  purged: number;

  constructor(count: number) {
    super();
    this.count = count;
    this.dma = 0;
    this.next_to_use = this.next_to_clean = 0;
    this.skbs = [];
    this.watch = new Int16Array(0);
    this.stamp = new Int32Array(0);
    this.purged = 0;
  }
}

/** Allocates the descriptors and slots, all empty. 0 or -ENOMEM. */
export function e1000e_setup_ring(net: Net, ring: E1000Ring): number {
  const dma = net.mem.alloc(ring.count * DESC_SIZE, RING_ALIGN);
  if (dma === 0) return -ENOMEM;
  ring.dma = dma;
  ring.skbs = new Array<SkBuff | null>(ring.count).fill(null);
  ring.watch = new Int16Array(ring.count);
  ring.stamp = new Int32Array(ring.count);
  e1000_blank_ring(net, ring);
  return 0;
}

/** Descriptors to zero, no packets known. Whatever hung on the slots is the caller's. */
export function e1000_blank_ring(net: Net, ring: E1000Ring): void {
  net.arena.u8.fill(0, ring.dma, ring.dma + ring.count * DESC_SIZE);
  ring.next_to_use = ring.next_to_clean = 0;
  ring.skbs.fill(null);
  ring.watch.fill(-1);
}

/**
 * Frees every skb on the ring (`e1000_clean_tx_ring`, `e1000_clean_rx_ring`): a received frame that no poll has seen is dropped as
 * DEV_READY, the others are consumed (they never were packets, or were never reported sent). Returns how many were.
 */
export function e1000e_clean_ring(net: Net, ring: E1000Ring, receive: boolean): number {
  if (ring.dma === 0) return 0;
  let lost = 0;
  for (let i = 0; i < ring.skbs.length; i++) {
    const skb = ring.skbs[i];
    if (skb === null) continue;
    if (receive) skb_ring_take(skb);
    if (receive && (net.arena.i32[((ring.dma + i * DESC_SIZE) >> 2) + 2] & E1000_RXD_STAT_DD) !== 0) {
      ring.purged++;
      kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
    } else {
      lost++;
      consume_skb(skb);
    }
  }
  e1000_blank_ring(net, ring);
  return lost;
}

/** Cleans the ring and gives its memory back. */
export function e1000e_free_ring(net: Net, ring: E1000Ring, receive: boolean): void {
  if (ring.dma === 0) return;
  e1000e_clean_ring(net, ring, receive);
  net.mem.free(ring.dma, ring.count * DESC_SIZE, RING_ALIGN);
  ring.dma = 0;
  ring.skbs = [];
}

/** `e1000_desc_unused`: free descriptors; one always stays empty, so that full and empty differ. */
export function e1000_desc_unused(ring: E1000Ring): number {
  const free = ring.next_to_clean - ring.next_to_use;
  return (free > 0 ? free : free + ring.count) - 1;
}
