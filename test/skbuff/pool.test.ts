import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consume_skb,
  copy_from_user,
  drop_reason_name,
  drops_by_reason,
  kfree_skb_reason,
  PagePool,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_UDP_CSUM,
  SKB_MAX_ALLOC,
  type SkBuff,
  SkbError,
  skb_assert_no_leak,
  skb_check_poison,
  skb_clone,
  skb_get,
  skb_live,
  skb_orphan,
  skb_pull,
  skb_push,
  skb_put,
  skb_reserve,
  skb_ring_give,
  skb_ring_take,
} from '../../src/skbuff/index.js';
import { runs } from '../support/fc.js';
import { conserved, makeNet, skbOf, some } from './support.js';

function crime(f: () => unknown): string {
  try {
    f();
  } catch (e) {
    if (e instanceof SkbError) return e.code;
    throw e;
  }
  return 'none';
}

describe('skb pool', () => {
  it('freed skb is handed out again with its data area', () => {
    const net = makeNet();
    const a = some(net.pool.alloc_skb(100));
    const { id, head } = a;
    consume_skb(a);
    const b = some(net.pool.alloc_skb(1500));
    expect([b.id, b.head, b.users, b.len]).toEqual([id, head, 1, 0]);
    expect(net.pool.held_bytes).toBe(2048);
  });

  it('reused buffer carries no journey of the frame it held before', () => {
    const net = makeNet();
    const a = some(net.pool.alloc_skb(100));
    net.arena.tags[a.head >>> 11] = 5;
    consume_skb(a);
    const b = some(net.pool.alloc_skb(100));
    expect([b.head === a.head || b.id === a.id, net.arena.tags[b.head >>> 11], b.journey]).toEqual([true, 0, 0]);
  });

  it('sizes go to classes, and beyond the largest there is none', () => {
    const net = makeNet();
    for (const size of [1, 2048, 2049, 9216, 65600, SKB_MAX_ALLOC]) {
      const skb = some(net.pool.alloc_skb(size));
      expect(skb.end - skb.head).toBeGreaterThanOrEqual(size);
      expect(net.mem.owns(skb.head, skb.end - skb.head)).toBe(true);
      expect(skb.head % 2048).toBe(0);
    }
    expect(net.pool.alloc_skb(SKB_MAX_ALLOC + 1)).toBe(null);
  });

  it('truesize is what the slabs of a 64-bit kernel give', () => {
    const net = makeNet();
    // 64 + 320 fits the small head of 576; 1522+66 -> 1600+320 from a page fragment; 1500 -> 1536+320 -> kmalloc-2k.
    expect(some(net.pool.alloc_skb(64)).truesize).toBe(576 + 256);
    expect(some(net.pool.netdev_alloc_skb_ip_align(null, 1522)).truesize).toBe(1600 + 320 + 256);
    expect(some(net.pool.alloc_skb(1500)).truesize).toBe(2048 + 256);
  });

  it('limit reached gives null and counts nothing', () => {
    const net = makeNet({ limit_bytes: 4096 });
    some(net.pool.alloc_skb(10));
    some(net.pool.alloc_skb(10));
    expect(net.pool.alloc_skb(10)).toBe(null);
    expect(net.pool.allocated).toBe(2);
    expect(conserved(net)).toBe(true);
  });

  it('drop counts under its reason and changes the digest, consume counts no drop', () => {
    const net = makeNet();
    const before = net.sim.digest.hex();
    consume_skb(some(net.pool.alloc_skb(10)));
    expect(net.sim.digest.hex()).toBe(before);
    kfree_skb_reason(some(net.pool.alloc_skb(10)), SKB_DROP_REASON_NO_SOCKET);
    kfree_skb_reason(some(net.pool.alloc_skb(10)), SKB_DROP_REASON_NO_SOCKET);
    kfree_skb_reason(some(net.pool.alloc_skb(10)), SKB_DROP_REASON_UDP_CSUM);
    expect(drops_by_reason(net)).toEqual({ NO_SOCKET: 2, UDP_CSUM: 1 });
    expect(net.sim.digest.hex()).not.toBe(before);
    expect(net.pool.consumed).toBe(1);
    expect(drop_reason_name(SKB_DROP_REASON_UDP_CSUM)).toBe('UDP_CSUM');
    expect(conserved(net)).toBe(true);
  });

  it('a second reference keeps the skb alive', () => {
    const net = makeNet();
    const skb = some(net.pool.alloc_skb(10));
    skb_get(skb);
    consume_skb(skb);
    expect([skb.users, net.pool.live]).toEqual([1, 1]);
    consume_skb(skb);
    expect([skb.users, net.pool.live]).toEqual([0, 0]);
  });

  it('socket is told once, at orphan or at free', () => {
    const net = makeNet();
    let told = 0;
    const sk = {
      skb_destructor(_skb: SkBuff): void {
        told++;
      },
    };
    const a = some(net.pool.alloc_skb(10));
    a.sk = sk;
    skb_orphan(a);
    expect(told).toBe(1);
    consume_skb(a);
    expect(told).toBe(1);
    const b = some(net.pool.alloc_skb(10));
    b.sk = sk;
    consume_skb(b);
    expect(told).toBe(2);
  });

  it('any mix of alloc, clone, get, free conserves and ends empty', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(1000)), { maxLength: 80 }), (ops) => {
        const net = makeNet({ checked: true });
        const refs: SkBuff[] = [];
        for (const [k, n] of ops) {
          const pick = refs.length === 0 ? null : refs[n % refs.length];
          if (k === 0 || pick === null) refs.push(some(net.pool.alloc_skb(n * 9)));
          else if (k === 1) refs.push(skb_clone(pick));
          else if (k === 2) refs.push(skb_get(pick));
          else {
            refs.splice(refs.indexOf(pick), 1);
            if (k === 3) consume_skb(pick);
            else kfree_skb_reason(pick, SKB_DROP_REASON_NO_SOCKET);
          }
          expect(conserved(net)).toBe(true);
          expect(net.pool.live).toBe(new Set(refs).size);
        }
        for (const skb of refs) consume_skb(skb);
        skb_assert_no_leak(net.pool);
        skb_check_poison(net.pool);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('crimes', () => {
  it('double free', () => {
    const skb = some(makeNet().pool.alloc_skb(10));
    consume_skb(skb);
    expect(crime(() => consume_skb(skb))).toBe('DOUBLE_FREE');
    expect(crime(() => kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET))).toBe('DOUBLE_FREE');
  });

  it('use after free by every operation that moves data', () => {
    const skb = skbOf(makeNet(), new Uint8Array(20));
    consume_skb(skb);
    for (const f of [
      () => skb_put(skb, 1),
      () => skb_push(skb, 1),
      () => skb_pull(skb, 1),
      () => skb_reserve(skb, 1),
      () => skb_clone(skb),
    ]) {
      expect(crime(f)).toBe('USE_AFTER_FREE');
    }
  });

  it('write after free is found when the buffer is used again, and by a check of the free ones', () => {
    const net = makeNet({ checked: true });
    const skb = skbOf(net, new Uint8Array(20));
    const at = skb.data;
    consume_skb(skb);
    expect(net.arena.u8[at]).toBe(0x6b);
    skb_check_poison(net.pool);
    net.arena.u8[at + 3] = 0;
    expect(crime(() => skb_check_poison(net.pool))).toBe('USE_AFTER_FREE');
    net.arena.u8[at + 3] = 0x6b;
    const other = some(net.pool.alloc_skb(10));
    consume_skb(other);
    net.arena.u8[at] ^= 1;
    expect(crime(() => net.pool.alloc_skb(10))).toBe('USE_AFTER_FREE');
  });

  it('leak is reported with what the skb is', () => {
    const net = makeNet();
    const skb = skbOf(net, new Uint8Array(33));
    skb.protocol = 0x800;
    skb.journey = 7;
    expect(skb_live(net.pool)).toEqual([
      { id: skb.id, users: 1, len: 33, protocol: 0x800, journey: 7, dev: '', posted: false },
    ]);
    expect(crime(() => skb_assert_no_leak(net.pool))).toBe('LEAK');
    consume_skb(skb);
    expect(crime(() => skb_assert_no_leak(net.pool))).toBe('none');
  });

  it('ring slot reused while the packet in it is still read', () => {
    const net = makeNet();
    const skb = some(net.pool.netdev_alloc_skb_ip_align(null, 1522));
    skb_ring_give(skb);
    expect(crime(() => skb_ring_give(skb))).toBe('RING_SLOT_REUSED');
    expect(crime(() => consume_skb(skb))).toBe('RING_SLOT_REUSED');
    skb_ring_take(skb);
    const clone = skb_clone(skb);
    expect(crime(() => skb_ring_give(skb))).toBe('RING_SLOT_REUSED');
    consume_skb(clone);
    skb_get(skb);
    expect(crime(() => skb_ring_give(skb))).toBe('RING_SLOT_REUSED');
    consume_skb(skb);
    skb_ring_give(skb);
    skb_ring_take(skb);
    consume_skb(skb);
    expect(crime(() => skb_ring_give(skb))).toBe('USE_AFTER_FREE');
  });
});

describe('page pool', () => {
  it('page becomes an skb and comes back when the last clone is freed', () => {
    const net = makeNet({ checked: true });
    const pages = new PagePool(net.pool);
    const addr = pages.page_pool_alloc();
    net.arena.u8.fill(5, addr + 66, addr + 166);
    net.arena.tags[addr >>> 11] = 42;
    const skb = pages.build_skb(addr + 66);
    skb_reserve(skb, 66);
    skb_put(skb, 100);
    expect([skb.journey, skb.len, net.arena.u8[skb.data]]).toEqual([42, 100, 5]);
    const clone = skb_clone(skb);
    consume_skb(skb);
    expect(pages.inflight).toBe(1);
    consume_skb(clone);
    expect(pages.inflight).toBe(0);
    expect(pages.page_pool_alloc()).toBe(addr);
  });

  it('page under a live skb can be neither posted, returned nor built upon again', () => {
    const net = makeNet();
    const pages = new PagePool(net.pool);
    const addr = pages.page_pool_alloc();
    const skb = pages.build_skb(addr);
    expect(crime(() => pages.page_pool_repost(addr))).toBe('RING_SLOT_REUSED');
    expect(crime(() => pages.page_pool_put_full_page(addr))).toBe('RING_SLOT_REUSED');
    expect(crime(() => pages.build_skb(addr))).toBe('RING_SLOT_REUSED');
    consume_skb(skb);
    expect(crime(() => pages.page_pool_put_full_page(addr))).toBe('DOUBLE_FREE');
    expect(crime(() => pages.build_skb(addr))).toBe('USE_AFTER_FREE');
    expect(crime(() => pages.build_skb(addr + 4096))).toBe('USE_AFTER_FREE');
    expect(crime(() => pages.page_pool_repost(addr))).toBe('USE_AFTER_FREE');
  });
});

describe('copies from user memory', () => {
  it('any slice lands as it is', () => {
    const net = makeNet();
    const src = Uint8Array.from({ length: 5000 }, (_, i) => (i * 31) & 0xff);
    fc.assert(
      fc.property(fc.nat(700), fc.oneof(fc.nat(400), fc.nat(4000)), (off, len) => {
        const skb = some(net.pool.alloc_skb(len + 1));
        const at = skb_put(skb, len + 1);
        net.arena.u8[at + len] = 0xee;
        copy_from_user(net.pool, at, src, off, len);
        expect([...net.arena.u8.subarray(at, at + len)]).toEqual([...src.subarray(off, off + len)]);
        expect(net.arena.u8[at + len]).toBe(0xee);
        consume_skb(skb);
      }),
      { numRuns: runs(100) },
    );
  });
});
