import { Cloneable } from '../sim/index.js';
import { SkbError } from './errors.js';
import { kfree_skb_reason } from './free.js';
import type { SkBuff, SkBuffList } from './skb.js';

/** `struct sk_buff_head`: a doubly linked list of skbs; an skb is on one list at most. */
export class SkBuffHead extends Cloneable implements SkBuffList {
  first: SkBuff | null;
  last: SkBuff | null;
  /** Packets on the list. */
  qlen: number;

  constructor() {
    super();
    this.first = null;
    this.last = null;
    this.qlen = 0;
  }
}

export function skb_queue_len(list: SkBuffHead): number {
  return list.qlen;
}

export function skb_queue_empty(list: SkBuffHead): boolean {
  return list.first === null;
}

export function skb_peek(list: SkBuffHead): SkBuff | null {
  return list.first;
}

export function skb_peek_tail(list: SkBuffHead): SkBuff | null {
  return list.last;
}

/** `__skb_queue_tail`: appends. USE_AFTER_FREE for a freed skb or one that is on a list already. */
export function __skb_queue_tail(list: SkBuffHead, skb: SkBuff): void {
  if (skb.list !== null || skb.users === 0) bad_link(skb);
  const last = list.last;
  skb.next = null;
  skb.prev = last;
  skb.list = list;
  if (last === null) list.first = skb;
  else last.next = skb;
  list.last = skb;
  list.qlen++;
}

/** `__skb_queue_head`: puts in front. */
export function __skb_queue_head(list: SkBuffHead, skb: SkBuff): void {
  if (skb.list !== null || skb.users === 0) bad_link(skb);
  const first = list.first;
  skb.prev = null;
  skb.next = first;
  skb.list = list;
  if (first === null) list.last = skb;
  else first.prev = skb;
  list.first = skb;
  list.qlen++;
}

/** `__skb_unlink`: takes the skb out of the list it is on. */
export function __skb_unlink(skb: SkBuff, list: SkBuffHead): void {
  if (skb.list !== list) bad_link(skb);
  const { next, prev } = skb;
  if (prev === null) list.first = next;
  else prev.next = next;
  if (next === null) list.last = prev;
  else next.prev = prev;
  skb.next = null;
  skb.prev = null;
  skb.list = null;
  list.qlen--;
}

/** `skb_dequeue`: takes the first, or null. */
export function skb_dequeue(list: SkBuffHead): SkBuff | null {
  const skb = list.first;
  if (skb === null) return null;
  const next = skb.next;
  list.first = next;
  if (next === null) list.last = null;
  else next.prev = null;
  skb.next = null;
  skb.list = null;
  list.qlen--;
  return skb;
}

/** `skb_queue_purge_reason`: drops every packet of the list for `reason`; returns how many. */
export function skb_queue_purge_reason(list: SkBuffHead, reason: number): number {
  let n = 0;
  for (let skb = skb_dequeue(list); skb !== null; skb = skb_dequeue(list)) {
    kfree_skb_reason(skb, reason);
    n++;
  }
  return n;
}

/** `skb_queue_splice_tail_init`: appends all of `from` to `to`; `from` is empty then. */
export function skb_queue_splice_tail_init(from: SkBuffHead, to: SkBuffHead): void {
  for (let skb = skb_dequeue(from); skb !== null; skb = skb_dequeue(from)) __skb_queue_tail(to, skb);
}

function bad_link(skb: SkBuff): never {
  const why = skb.users === 0 ? 'is free' : skb.list === null ? 'is on no list' : 'is on a list already';
  throw new SkbError('USE_AFTER_FREE', skb.id, `skb #${skb.id} ${why}`);
}
