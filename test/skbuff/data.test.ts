import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NET_IP_ALIGN,
  NET_SKB_PAD,
  SkbError,
  skb_bytes,
  skb_headroom,
  skb_pull,
  skb_push,
  skb_put,
  skb_reserve,
  skb_tailroom,
  skb_trim,
} from '../../src/skbuff/index.js';
import { runs } from '../support/fc.js';
import { chainOf, makeNet, skbOf, some } from './support.js';

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (e) {
    if (e instanceof SkbError) return e.code;
    throw e;
  }
  return 'none';
}

describe('sk_buff data area', () => {
  it('fresh skb has no headroom, its whole size as tailroom, no data', () => {
    const skb = some(makeNet().pool.alloc_skb(128));
    expect([skb_headroom(skb), skb_tailroom(skb), skb.len]).toEqual([0, 128, 0]);
  });

  it('receive skb aligns the IP header to four bytes', () => {
    const skb = some(makeNet().pool.netdev_alloc_skb_ip_align(null, 1522));
    expect(skb_headroom(skb)).toBe(NET_SKB_PAD + NET_IP_ALIGN);
    expect((skb.data + 14) % 4).toBe(0);
    expect(skb.end - skb.data).toBeGreaterThanOrEqual(1522);
  });

  it('reserve, put, push and pull move the offsets as their names say', () => {
    const skb = some(makeNet().pool.alloc_skb(256));
    skb_reserve(skb, 100);
    const at = skb_put(skb, 50);
    expect([at - skb.head, skb.len]).toEqual([100, 50]);
    expect(skb_push(skb, 20) - skb.head).toBe(80);
    expect(skb.len).toBe(70);
    expect(skb_pull(skb, 30) - skb.head).toBe(110);
    expect(skb.len).toBe(40);
    skb_trim(skb, 10);
    expect([skb.len, skb.tail - skb.data]).toEqual([10, 10]);
    skb_trim(skb, 99);
    expect(skb.len).toBe(10);
  });

  it('put past the end is OVERRUN and leaves the skb as it was', () => {
    const skb = some(makeNet().pool.alloc_skb(64));
    expect(codeOf(() => skb_put(skb, 65))).toBe('OVERRUN');
    expect([skb.len, skb.tail]).toEqual([0, skb.head]);
    expect(codeOf(() => skb_reserve(skb, 65))).toBe('OVERRUN');
  });

  it('push under the head is UNDERRUN', () => {
    const skb = skbOf(makeNet(), new Uint8Array(10), 14);
    skb_push(skb, 14);
    expect(codeOf(() => skb_push(skb, 1))).toBe('UNDERRUN');
  });

  it('pull of more than there is returns 0 and takes nothing', () => {
    const skb = skbOf(makeNet(), new Uint8Array(10));
    expect(skb_pull(skb, 11)).toBe(0);
    expect(skb.len).toBe(10);
  });

  it('nonlinear skb refuses put, trim and a pull into the chain', () => {
    const skb = chainOf(makeNet(), [new Uint8Array(10), new Uint8Array(10)]);
    expect(skb_tailroom(skb)).toBe(0);
    expect(codeOf(() => skb_put(skb, 1))).toBe('NONLINEAR');
    expect(codeOf(() => skb_trim(skb, 5))).toBe('NONLINEAR');
    expect(codeOf(() => skb_pull(skb, 11))).toBe('NONLINEAR');
  });

  it('reserve on an skb with data is refused', () => {
    const skb = skbOf(makeNet(), new Uint8Array(10), 0, 54);
    expect(codeOf(() => skb_reserve(skb, 1))).toBe('OVERRUN');
  });

  it('any sequence of operations gives what the same on a plain array gives', () => {
    const op = fc.oneof(
      fc.record({ k: fc.constant('put'), n: fc.nat(80) }),
      fc.record({ k: fc.constant('push'), n: fc.nat(80) }),
      fc.record({ k: fc.constant('pull'), n: fc.nat(80) }),
      fc.record({ k: fc.constant('trim'), n: fc.nat(200) }),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
        const net = makeNet();
        const skb = some(net.pool.alloc_skb(640));
        skb_reserve(skb, 320);
        let model: number[] = [];
        let front = 320;
        let next = 1;
        for (const { k, n } of ops) {
          if (k === 'put') {
            const room = 640 - front - model.length;
            if (n > room) {
              expect(codeOf(() => skb_put(skb, n))).toBe('OVERRUN');
              continue;
            }
            const at = skb_put(skb, n);
            for (let i = 0; i < n; i++) {
              net.arena.u8[at + i] = next & 0xff;
              model.push(next++ & 0xff);
            }
          } else if (k === 'push') {
            if (n > front) {
              expect(codeOf(() => skb_push(skb, n))).toBe('UNDERRUN');
              continue;
            }
            const at = skb_push(skb, n);
            const fresh: number[] = [];
            for (let i = 0; i < n; i++) {
              net.arena.u8[at + i] = next & 0xff;
              fresh.push(next++ & 0xff);
            }
            model = [...fresh, ...model];
            front -= n;
          } else if (k === 'pull') {
            const got = skb_pull(skb, n);
            expect(got === 0).toBe(n > model.length);
            if (n <= model.length) {
              model = model.slice(n);
              front += n;
            }
          } else {
            skb_trim(skb, n);
            model = model.slice(0, n);
          }
        }
        expect([...skb_bytes(skb)]).toEqual(model);
        expect(skb_headroom(skb)).toBe(front);
        expect(skb_tailroom(skb)).toBe(640 - front - model.length);
      }),
      { numRuns: runs(150) },
    );
  });
});
