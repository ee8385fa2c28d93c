import {
  alloc_skb,
  copy_from_user,
  kfree_skb_reason,
  type Net,
  SKB_DROP_REASON_NOMEM,
  type SkBuff,
  type SkOwner,
  skb_copy_bits,
  skb_put,
  skb_reserve,
} from '../../skbuff/index.js';

/** Headroom for the Ethernet header, so that the network header is 4-byte aligned (`LL_RESERVED_SPACE`). */
export const LL_RESERVED_SPACE = 16;

/** A socket that pays for the memory of what it sends (`sk_wmem_alloc`). */
export interface WmemOwner extends SkOwner {
  /** Bytes charged now, and the limit. */
  wmem_alloc: number;
  sndbuf: number;
}

/**
 * `ip_append_data` in one step: a packet of `length` bytes above IP, with `hlen` bytes of headroom for IP headers, as one skb, or as a head and a
 * `frag_list` of parts of `part` bytes each (a multiple of 8) when it is longer than `room`. Contents are undefined yet. Charged to `owner`.
 * Null: no memory, or the parts exceed twice the owner's send buffer.
 */
export function ip_alloc_chain(
  net: Net,
  hlen: number,
  length: number,
  room: number,
  part: number,
  owner: WmemOwner | null,
): SkBuff | null {
  if (length <= room) return alloc_part(net, hlen, length, owner);
  const head = alloc_part(net, hlen, part, owner);
  if (head === null) return null;
  let last: SkBuff = head;
  for (let done = part; done < length; ) {
    const size = Math.min(part, length - done);
    const over = owner !== null && owner.wmem_alloc > 2 * owner.sndbuf;
    const skb = over ? null : alloc_part(net, hlen, size, owner);
    if (skb === null) {
      kfree_skb_reason(head, SKB_DROP_REASON_NOMEM);
      return null;
    }
    if (last === head) head.frag_list = skb;
    else last.next = skb;
    last = skb;
    head.len += size;
    head.data_len += size;
    done += size;
  }
  return head;
}

function alloc_part(net: Net, hlen: number, size: number, owner: WmemOwner | null): SkBuff | null {
  const skb = alloc_skb(net, LL_RESERVED_SPACE + hlen + size);
  if (skb === null) return null;
  skb_reserve(skb, LL_RESERVED_SPACE + hlen);
  skb_put(skb, size);
  skb.transport_header = skb.data;
  if (owner !== null) {
    skb.sk = owner;
    owner.wmem_alloc += skb.truesize;
  }
  return skb;
}

/** Copies `len` bytes of user memory behind the first `skip` bytes of a packet made by {@link ip_alloc_chain}. */
export function fill_from_user(skb: SkBuff, skip: number, from: Uint8Array, off: number, len: number): void {
  const pool = skb.pool;
  const first = Math.min(len, skb.len - skb.data_len - skip);
  copy_from_user(pool, skb.data + skip, from, off, first);
  let at = off + first;
  for (let part = skb.frag_list; part !== null; part = part.next) {
    copy_from_user(pool, part.data, from, at, part.len);
    at += part.len;
  }
}

/** Copies `len` bytes of the packet `from`, counted from `from.data + offset`, behind the first `skip` bytes of `skb`. */
export function fill_from_skb(skb: SkBuff, skip: number, from: SkBuff, offset: number, len: number): void {
  const first = Math.min(len, skb.len - skb.data_len - skip);
  skb_copy_bits(from, offset, skb.data + skip, first);
  let at = offset + first;
  for (let part = skb.frag_list; part !== null; part = part.next) {
    skb_copy_bits(from, at, part.data, part.len);
    at += part.len;
  }
}
