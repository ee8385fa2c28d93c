import type { PhysicalMemory } from '../hw/memory/index.js';
import { type Arena, Cloneable, type Simulation, TP } from '../sim/index.js';
import { checkPoison } from './checked.js';
import {
  NET_IP_ALIGN,
  NET_SKB_PAD,
  SKB_MAX_ALLOC,
  SKB_OBJECT_SIZE,
  SKB_SHARED_INFO_SIZE,
  SKB_SMALL_HEAD_SIZE,
} from './constants.js';
import type { NetDevice } from './device.js';
import { DROP_REASON_MAX } from './drop-reasons.js';
import { SkBuff, SkbBuffer } from './skb.js';

/** What a pool is made of. */
export interface SkbPoolOptions {
  sim: Simulation;
  mem: PhysicalMemory;
  hostId: number;
  /** Poison freed buffers and verify the pattern (default false). */
  checked?: boolean;
  /** Bytes of buffers the pool may hold; beyond it allocations fail (default: no limit). */
  limit_bytes?: number;
}

/** Size classes: 2 KiB << 0 ... 2 KiB << 6 = 128 KiB. */
const CLASSES = 7;

/**
 * Allocator of sk_buffs of one host. An object is made once and keeps its data area while it is on the free list, so that
 * the steady state allocates nothing. `allocated = consumed + dropped + live` holds at any time.
 */
export class SkbPool extends Cloneable {
  readonly sim: Simulation;
  readonly arena: Arena;
  readonly mem: PhysicalMemory;
  /** hostId << 8: `who` in trace records. */
  readonly who: number;
  /** Poison freed buffers, verify them on reuse. */
  checked: boolean;
  limit_bytes: number;
  /** Bytes of data areas taken from the host's memory. */
  held_bytes: number;
  /** Every skb ever made, by id; index 0 is unused. */
  readonly skbs: (SkBuff | null)[];
  /** skbs handed out since the start (clones included). */
  allocated: number;
  /** skbs freed after use. */
  consumed: number;
  /** skbs dropped; the sum of `drops` less the drops of frames that never were an skb. */
  dropped: number;
  /** skbs handed out and not yet freed. */
  live: number;
  /** Drops by reason, of skbs and (`drop_frame`) of frames that never became one. */
  readonly drops: Float64Array;
  /** Free skbs with a data area, by class, and without one. Chained by `next`. */
  readonly free: (SkBuff | null)[];
  bare: SkBuff | null;
  /** Cached views of the user buffer copied from last (see `copy_from_user`). */
  user_base: Uint8Array | null;
  user_start: number;
  user_views: (Uint8Array | null)[];

  constructor(options: SkbPoolOptions) {
    super();
    this.sim = options.sim;
    this.arena = options.sim.arena;
    this.mem = options.mem;
    this.who = options.hostId << 8;
    this.checked = options.checked ?? false;
    this.limit_bytes = options.limit_bytes ?? Number.MAX_SAFE_INTEGER;
    this.held_bytes = 0;
    this.skbs = [null];
    this.allocated = this.consumed = this.dropped = this.live = 0;
    this.drops = new Float64Array(DROP_REASON_MAX);
    this.free = new Array<SkBuff | null>(CLASSES).fill(null);
    this.bare = null;
    this.user_base = null;
    this.user_start = 0;
    this.user_views = [];
  }

  /** The views of a user's array are a cache; a copy makes its own. */
  cloneFields(copy: Record<string, unknown>): void {
    Object.assign(copy, { user_base: null, user_views: [] });
  }

  /**
   * `alloc_skb`: an empty skb with room for `size` bytes, no headroom. `truesize` is what a 6.12 kernel charges (slab
   * rounding included). Null when the pool's limit is reached or `size` is above `SKB_MAX_ALLOC`.
   */
  alloc_skb(size: number): SkBuff | null {
    const skb = this.take(size);
    if (skb === null) return null;
    const want = ((size + 63) & ~63) + SKB_SHARED_INFO_SIZE;
    const slab = want <= SKB_SMALL_HEAD_SIZE ? SKB_SMALL_HEAD_SIZE : 1 << (32 - Math.clz32(want - 1));
    skb.truesize = slab + SKB_OBJECT_SIZE;
    return skb;
  }

  /** `netdev_alloc_skb`: like `alloc_skb` for reception on `dev`, with NET_SKB_PAD of headroom. */
  netdev_alloc_skb(dev: NetDevice | null, length: number): SkBuff | null {
    return this.rx_skb(dev, length, NET_SKB_PAD);
  }

  /** `netdev_alloc_skb_ip_align`: with NET_SKB_PAD + NET_IP_ALIGN of headroom, so that the IP header is aligned. */
  netdev_alloc_skb_ip_align(dev: NetDevice | null, length: number): SkBuff | null {
    return this.rx_skb(dev, length, NET_SKB_PAD + NET_IP_ALIGN);
  }

  private rx_skb(dev: NetDevice | null, length: number, headroom: number): SkBuff | null {
    const size = length + headroom;
    const skb = this.take(size);
    if (skb === null) return null;
    skb.truesize = ((size + 63) & ~63) + SKB_SHARED_INFO_SIZE + SKB_OBJECT_SIZE;
    skb.data = skb.tail = (skb.head + headroom) | 0;
    skb.dev = dev;
    return skb;
  }

  private take(size: number): SkBuff | null {
    const cls = size <= 2048 ? 0 : 21 - Math.clz32(size - 1);
    if (size < 0 || size > SKB_MAX_ALLOC) return null;
    const kept = this.free[cls];
    const skb = kept !== null ? kept : this.take_fresh(cls);
    if (skb === null) return null;
    if (skb === kept) {
      this.free[cls] = skb.next;
      skb.next = null;
    }
    const buf = skb.buf as SkbBuffer;
    if (this.checked) checkPoison(this, buf, skb.id);
    buf.dataref = 1;
    this.arena.tags[buf.addr >>> 11] = 0;
    const room = (size + 63) & ~63;
    init_skb(skb, buf.addr, (buf.addr + (room < buf.size ? room : buf.size)) | 0);
    this.count_alloc(skb, size);
    return skb;
  }

  private take_fresh(cls: number): SkBuff | null {
    const buffer = this.newBuffer(cls);
    if (buffer === null) return null;
    const skb = this.take_bare();
    skb.buf = buffer;
    return skb;
  }

  /** An skb object without data area, for clones and `build_skb`. Not yet counted or initialised. */
  take_bare(): SkBuff {
    const skb = this.bare;
    if (skb !== null) {
      this.bare = skb.next;
      skb.next = null;
      return skb;
    }
    const made = new SkBuff(this.skbs.length, this);
    this.skbs.push(made);
    return made;
  }

  /** Counts a new skb and marks the trace. */
  count_alloc(skb: SkBuff, size: number): void {
    this.allocated++;
    this.live++;
    const trace = this.sim.trace;
    if (trace.on) trace.put(TP.SKB_ALLOC, this.who, skb.journey, skb.id, size, skb.head);
  }

  /** A data area for at least `size` bytes, free or fresh, with one reference; null at the limit or above SKB_MAX_ALLOC. */
  take_buffer(size: number): SkbBuffer | null {
    if (size > SKB_MAX_ALLOC) return null;
    const cls = size <= 2048 ? 0 : 21 - Math.clz32(size - 1);
    const skb = this.free[cls];
    if (skb === null) {
      const made = this.newBuffer(cls);
      if (made !== null) made.dataref = 1;
      return made;
    }
    this.free[cls] = skb.next;
    const buf = skb.buf as SkbBuffer;
    if (this.checked) checkPoison(this, buf, skb.id);
    skb.buf = null;
    skb.next = this.bare;
    this.bare = skb;
    buf.dataref = 1;
    return buf;
  }

  /** A fresh data area of class `cls` from the host's memory; null at the limit. */
  newBuffer(cls: number): SkbBuffer | null {
    const size = 2048 << cls;
    if (this.held_bytes + size > this.limit_bytes) return null;
    const addr = cls === 0 ? this.mem.allocBuffer() : this.mem.alloc(size, 2048);
    if (addr === 0) return null;
    this.held_bytes += size;
    return new SkbBuffer(addr, size, cls);
  }

  /** Counts the drop of a frame that is not an skb (yet): by the NIC, by a driver without a buffer. */
  drop_frame(reason: number, journey: number): void {
    this.drops[reason]++;
    const sim = this.sim;
    sim.digest.mix(reason);
    sim.digest.mixTime();
    if (sim.trace.on) sim.trace.put(TP.SKB_DROP, this.who, journey, 0, reason, 0);
  }

  /** Sum of all drops. */
  totalDrops(): number {
    let sum = 0;
    for (const n of this.drops) sum += n;
    return sum;
  }
}

/** Makes `skb` an empty, unshared packet whose data area is [head, end). */
export function init_skb(skb: SkBuff, head: number, end: number): void {
  skb.head = skb.data = skb.tail = head;
  skb.end = end;
  skb.len = skb.data_len = 0;
  skb.users = 1;
  skb.cloned = 0;
  skb.protocol = skb.pkt_type = skb.ip_summed = 0;
  skb.csum = skb.csum_valid = skb.csum_start = skb.csum_offset = 0;
  skb.mac_header = skb.network_header = skb.transport_header = 0;
  skb.journey = skb.hash = skb.priority = skb.mark = skb.skb_iif = 0;
  skb.cb0 = skb.cb1 = skb.cb2 = skb.cb3 = skb.cb4 = skb.cb5 = skb.cb6 = skb.cb7 = 0;
}
