import { checkPoison, hex, poison } from './checked.js';
import { SKB_OBJECT_SIZE } from './constants.js';
import { SkbError } from './errors.js';
import { init_skb, type SkbPool } from './pool.js';
import type { PageOwner, SkBuff, SkbBuffer } from './skb.js';

/**
 * Receive pages of 2 KiB for drivers that post bare addresses and build the skb when a frame has arrived (`page_pool` with
 * `build_skb`). Pages come back by themselves when the last skb over them is freed.
 */
export class PagePool implements PageOwner {
  readonly pool: SkbPool;
  /** Every page of the pool by address. */
  readonly pages: Map<number, SkbBuffer>;
  free: SkbBuffer | null;
  /** Pages handed out and not yet back (`page_pool` counts them the same way). */
  inflight: number;

  constructor(pool: SkbPool) {
    this.pool = pool;
    this.pages = new Map();
    this.free = null;
    this.inflight = 0;
  }

  /** `page_pool_dev_alloc_pages`: the address of a page for the device to write to; 0 when no memory is left. */
  page_pool_alloc(): number {
    let page = this.free;
    if (page !== null) {
      this.free = page.next;
      page.next = null;
      if (this.pool.checked) checkPoison(this.pool, page, 0);
    } else {
      page = this.pool.newBuffer(0);
      if (page === null) return 0;
      page.owner = this;
      this.pages.set(page.addr, page);
    }
    page.dataref = 0;
    page.posted = 1;
    this.inflight++;
    return page.addr;
  }

  /** `page_pool_put_full_page`: gives an unused page back (ring teardown). DOUBLE_FREE, RING_SLOT_REUSED under a live skb. */
  page_pool_put_full_page(addr: number): void {
    const page = this.page(addr);
    if (page.posted === 0) {
      if (page.dataref > 0) throw new SkbError('RING_SLOT_REUSED', 0, `page 0x${hex(addr)} is under a live skb`);
      throw new SkbError('DOUBLE_FREE', 0, `page 0x${hex(addr)} is free already`);
    }
    if (this.pool.checked) poison(this.pool, page);
    this.page_returned(page);
  }

  /**
   * The driver posts a page again without a fresh allocation (its own recycling). RING_SLOT_REUSED while an skb lives over
   * it, USE_AFTER_FREE when the page was given back.
   */
  page_pool_repost(addr: number): void {
    const page = this.page(addr);
    if (page.dataref > 0) throw new SkbError('RING_SLOT_REUSED', 0, `page 0x${hex(addr)} is under a live skb`);
    if (page.posted === 0) throw new SkbError('USE_AFTER_FREE', 0, `page 0x${hex(addr)} is free`);
  }

  /** Called when the last skb over the page is freed. */
  page_returned(page: SkbBuffer): void {
    page.posted = 0;
    page.next = this.free;
    this.free = page;
    this.inflight--;
  }

  /**
   * `build_skb`: an skb around a page the device has filled; data starts at the page, use `skb_reserve` and `skb_put`.
   * `addr` may be any address inside the page. RING_SLOT_REUSED when an skb lives over it already.
   */
  build_skb(addr: number): SkBuff {
    const base = addr & ~2047;
    const page = this.page(base);
    if (page.dataref > 0) throw new SkbError('RING_SLOT_REUSED', 0, `page 0x${hex(base)} is under a live skb`);
    if (page.posted === 0) throw new SkbError('USE_AFTER_FREE', 0, `page 0x${hex(base)} is free`);
    const skb = this.pool.take_bare();
    skb.buf = page;
    page.posted = 0;
    page.dataref = 1;
    init_skb(skb, base, base + page.size);
    skb.truesize = page.size + SKB_OBJECT_SIZE;
    skb.journey = this.pool.arena.tags[base >>> 11];
    this.pool.count_alloc(skb, page.size);
    return skb;
  }

  private page(addr: number): SkbBuffer {
    const page = this.pages.get(addr);
    if (page === undefined) throw new SkbError('USE_AFTER_FREE', 0, `0x${hex(addr)} is no page of this pool`);
    return page;
  }
}
