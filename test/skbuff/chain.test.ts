import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNNECESSARY,
  consume_skb,
  pskb_expand_head,
  pskb_may_pull,
  pskb_pull,
  pskb_trim,
  pskb_trim_rcsum,
  SkbError,
  skb_assert_no_leak,
  skb_bytes,
  skb_checksum,
  skb_checksum_complete,
  skb_checksum_help,
  skb_clone,
  skb_cloned,
  skb_copy,
  skb_copy_bits,
  skb_copy_datagram,
  skb_cow,
  skb_get,
  skb_headlen,
  skb_linearize,
  skb_postpull_rcsum,
  skb_pull,
  skb_put,
  skb_share_check,
  skb_unshare,
} from '../../src/skbuff/index.js';
import { runs } from '../support/fc.js';
import { canon, chainOf, conserved, join, makeNet, skbOf, slowSum, some } from './support.js';

const partsArb = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 });

describe('clone and copy', () => {
  it('cloned skb expanded gets a private area and the clone keeps the old bytes', () => {
    const net = makeNet({ checked: true });
    const skb = skbOf(net, Uint8Array.of(1, 2, 3, 4), 20);
    skb.network_header = skb.data;
    skb.transport_header = skb.data + 2;
    const clone = skb_clone(skb);
    expect([skb_cloned(skb), skb_cloned(clone)]).toEqual([true, true]);
    expect(pskb_expand_head(skb, 64, 0)).toBe(0);
    expect(skb_cloned(clone)).toBe(false);
    net.arena.u8[skb.data] = 9;
    expect([...skb_bytes(skb)]).toEqual([9, 2, 3, 4]);
    expect([...skb_bytes(clone)]).toEqual([1, 2, 3, 4]);
    expect([skb.network_header - skb.data, skb.transport_header - skb.data, skb.mac_header]).toEqual([0, 2, 0]);
    expect(skb.data - skb.head).toBe(84);
    consume_skb(skb);
    consume_skb(clone);
    skb_assert_no_leak(net.pool);
  });

  it('skb with two users refuses pskb_expand_head', () => {
    const skb = skb_get(skbOf(makeNet(), new Uint8Array(4)));
    expect(() => pskb_expand_head(skb, 1, 0)).toThrow(SkbError);
  });

  it('exhausted pool fails expand and copy and leaves the packet whole', () => {
    const net = makeNet({ limit_bytes: 2048 });
    const skb = skbOf(net, Uint8Array.of(1, 2, 3));
    expect(pskb_expand_head(skb, 64, 0)).toBe(-12);
    expect(skb_copy(skb)).toBe(null);
    expect([...skb_bytes(skb)]).toEqual([1, 2, 3]);
  });

  it('share_check, unshare and cow give what may be changed', () => {
    const net = makeNet();
    const skb = skbOf(net, Uint8Array.of(1, 2, 3));
    expect(skb_share_check(skb)).toBe(skb);
    expect(skb_unshare(skb)).toBe(skb);
    skb_get(skb);
    const mine = skb_share_check(skb);
    expect(mine).not.toBe(skb);
    expect(skb.users).toBe(1);
    const own = some(skb_unshare(mine));
    net.arena.u8[own.data] = 7;
    expect([...skb_bytes(skb)]).toEqual([1, 2, 3]);
    const clone = skb_clone(skb);
    expect(skb_cow(clone, 100)).toBe(0);
    expect(clone.data - clone.head).toBeGreaterThanOrEqual(100);
    expect(skb_cloned(skb)).toBe(false);
    for (const s of [skb, own, clone]) consume_skb(s);
    skb_assert_no_leak(net.pool);
    expect(conserved(net)).toBe(true);
  });

  it('tail of a cloned head is not written, because the clone may have put its own bytes there', () => {
    const net = makeNet();
    const skb = skbOf(net, Uint8Array.of(1, 2, 3), 0, 61);
    skb.frag_list = skbOf(net, Uint8Array.of(4, 5, 6));
    skb.len += 3;
    skb.data_len = 3;
    const clone = skb_clone(skb);
    pskb_trim(clone, 3);
    net.arena.u8.fill(9, skb_put(clone, 2), clone.tail);
    expect(pskb_may_pull(skb, 5)).toBe(true);
    expect([...skb_bytes(skb)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...skb_bytes(clone)]).toEqual([1, 2, 3, 9, 9]);
  });

  it('clone of a chain lives on when the original is trimmed, pulled and freed', () => {
    fc.assert(
      fc.property(partsArb, fc.nat(1500), fc.nat(1500), (parts, trim, pull) => {
        const net = makeNet({ checked: true });
        const all = join(parts);
        const skb = chainOf(net, parts);
        const clone = skb_clone(skb);
        pskb_trim(skb, trim);
        const rest = all.slice(0, trim);
        expect([...skb_bytes(skb)]).toEqual([...rest]);
        expect(pskb_pull(skb, pull) !== 0).toBe(pull <= rest.length);
        expect([...skb_bytes(skb)]).toEqual([...(pull <= rest.length ? rest.slice(pull) : rest)]);
        consume_skb(skb);
        expect([...skb_bytes(clone)]).toEqual([...all]);
        expect(skb_linearize(clone)).toBe(0);
        expect([...skb_bytes(clone)]).toEqual([...all]);
        expect(clone.data_len).toBe(0);
        consume_skb(clone);
        skb_assert_no_leak(net.pool);
        expect(conserved(net)).toBe(true);
      }),
      { numRuns: runs(150) },
    );
  });
});

describe('chains', () => {
  it('may_pull brings exactly the bytes asked for into the head', () => {
    fc.assert(
      fc.property(partsArb, fc.nat(1600), (parts, want) => {
        const net = makeNet({ checked: true });
        const all = join(parts);
        const skb = chainOf(net, parts);
        const before = skb_headlen(skb);
        expect(pskb_may_pull(skb, want)).toBe(want <= all.length);
        expect(skb_headlen(skb)).toBe(want <= all.length ? Math.max(before, want) : before);
        expect([...skb_bytes(skb)]).toEqual([...all]);
        consume_skb(skb);
        skb_assert_no_leak(net.pool);
      }),
      { numRuns: runs(150) },
    );
  });

  it('copies any range to the arena and to user memory, and refuses a range outside', () => {
    fc.assert(
      fc.property(partsArb, fc.nat(1600), fc.nat(1600), fc.nat(9), (parts, offset, len, pad) => {
        const net = makeNet();
        const all = join(parts);
        const skb = chainOf(net, parts);
        const out = new Uint8Array(len + pad);
        const to = some(net.pool.alloc_skb(len + 1));
        const at = skb_put(to, len);
        const fits = offset + len <= all.length;
        expect(skb_copy_datagram(skb, offset, out, pad, len)).toBe(fits ? 0 : -14);
        expect(skb_copy_bits(skb, offset, at, len)).toBe(fits ? 0 : -14);
        if (!fits) return;
        const want = [...all.subarray(offset, offset + len)];
        expect([...out.subarray(pad)]).toEqual(want);
        expect([...skb_bytes(to)]).toEqual(want);
      }),
      { numRuns: runs(150) },
    );
  });

  it('large copies, repeated from one buffer and after growth of the arena, are right', () => {
    const net = makeNet();
    for (const len of [47, 48, 127, 128, 129, 1400, 1472, 2048, 2049, 9000, 1400]) {
      const src = Uint8Array.from({ length: len }, (_, i) => (i * 7 + len) & 0xff);
      for (let round = 0; round < 3; round++) {
        const skb = skbOf(net, src);
        const out = new Uint8Array(len);
        skb_copy_datagram(skb, 0, out, 0, len);
        expect([...out]).toEqual([...src]);
        skb_copy_datagram(skb, 7, out, 0, len - 7);
        expect([...out.subarray(0, len - 7)]).toEqual([...src.subarray(7)]);
        consume_skb(skb);
        if (round === 1 && len === 9000) net.arena.claim(0, net.arena.size());
      }
    }
  });
});

describe('checksums', () => {
  it('sum of any range of any chain is that of the plain bytes', () => {
    fc.assert(
      fc.property(partsArb, fc.nat(1600), fc.nat(1600), fc.nat(65535), (parts, a, b, seed) => {
        const net = makeNet();
        const all = join(parts);
        const offset = Math.min(a, all.length);
        const len = Math.min(b, all.length - offset);
        const sum = skb_checksum(chainOf(net, parts), offset, len, seed);
        expect(canon(sum)).toBe(canon(slowSum(all.subarray(offset, offset + len), seed)));
      }),
      { numRuns: runs(200) },
    );
  });

  it('PARTIAL packet gets its checksum in software, verified by summing all', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 200 }),
        fc.nat(65535),
        fc.boolean(),
        (bytes, pseudo, shared) => {
          const net = makeNet();
          const skb = skbOf(net, bytes);
          const clone = shared ? skb_clone(skb) : null;
          net.arena.dv.setUint16(skb.data + 6, pseudo);
          const before = clone === null ? [] : [...skb_bytes(clone)];
          skb.ip_summed = CHECKSUM_PARTIAL;
          skb.csum_start = skb.data;
          skb.csum_offset = 6;
          expect(skb_checksum_help(skb)).toBe(0);
          expect(skb.ip_summed).toBe(CHECKSUM_NONE);
          // All bytes plus the pseudo header sum to all ones.
          expect(slowSum(skb_bytes(skb), pseudo)).toBe(0xffff);
          if (clone !== null) expect([...skb_bytes(clone)]).toEqual(before);
          skb.csum = pseudo;
          expect(skb_checksum_complete(skb)).toBe(0);
          expect(skb.csum_valid).toBe(1);
        },
      ),
      { numRuns: runs(150) },
    );
  });

  it('PARTIAL checksum that comes out as 0 is stored as ffff', () => {
    const net = makeNet();
    const skb = skbOf(net, Uint8Array.of(0, 0, 0, 0, 0, 0, 0xff, 0xff));
    skb.ip_summed = CHECKSUM_PARTIAL;
    skb.csum_start = skb.data;
    skb.csum_offset = 6;
    expect(skb_checksum_help(skb)).toBe(0);
    expect([...skb_bytes(skb).subarray(6)]).toEqual([0xff, 0xff]);
  });

  it('PARTIAL offsets outside the packet are -EINVAL', () => {
    const skb = skbOf(makeNet(), new Uint8Array(8));
    skb.ip_summed = CHECKSUM_PARTIAL;
    skb.csum_start = skb.data;
    skb.csum_offset = 7;
    expect(skb_checksum_help(skb)).toBe(-22);
    skb.csum_start = skb.data - 1;
    expect(skb_checksum_help(skb)).toBe(-22);
  });

  it('one flipped bit is seen, and UNNECESSARY is believed', () => {
    const net = makeNet();
    const skb = skbOf(net, Uint8Array.of(1, 2, 3, 4, 0, 0));
    net.arena.dv.setUint16(skb.data + 4, ~slowSum(Uint8Array.of(1, 2, 3, 4)) & 0xffff);
    expect(skb_checksum_complete(skb)).toBe(0);
    skb.csum_valid = 0;
    net.arena.u8[skb.data + 1] ^= 0x10;
    expect(skb_checksum_complete(skb)).not.toBe(0);
    skb.ip_summed = CHECKSUM_UNNECESSARY;
    expect(skb_checksum_complete(skb)).toBe(0);
  });

  it('COMPLETE sum stays true through pull and trim', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
        const net = makeNet();
        const skb = skbOf(net, bytes);
        skb.ip_summed = CHECKSUM_COMPLETE;
        skb.csum = slowSum(bytes);
        const trim = Math.min(a, bytes.length);
        pskb_trim_rcsum(skb, trim);
        const pull = Math.min(b, trim);
        const start = skb.data;
        skb_pull(skb, pull);
        skb_postpull_rcsum(skb, start, pull);
        expect(canon(skb.csum)).toBe(canon(slowSum(bytes.subarray(pull, trim))));
      }),
      { numRuns: runs(150) },
    );
  });
});
